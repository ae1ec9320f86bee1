"""Cuts a stream of bytes into frames: no I/O, no clock, no protocol.

Rules this file obeys:

* What comes out depends on the bytes only, never on how they were portioned out; where silence ends a
  frame, on the bytes and their times.
* A candidate that fails costs one byte, never a buffer: the next try begins one byte later.
* Memory is bounded by the longest frame: the oldest byte is dropped first, and every drop is counted.
* A frame is cut by position and length where it has one: its bytes may be anything, CR and LF included.
* Where ``whole_lines`` is set a line begins at the start, behind an end or behind a byte that is no text:
  the torn tail of a longer line, which has lost its sign or its head, is not taken for a line.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

BLOCK = 1024
"""Bytes taken in at a time, so that a large ``feed`` cannot grow the buffer."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """How frames stand in the stream.

    ``kind``: "length" (one of ``starts``, then ``lengths`` bytes in all), "end" (one of ``starts``, then
    anything up to ``end``), "terminator" (anything up to ``end``), "counted" (one of ``starts``; the bytes
    ``count_at`` say how many bytes there are besides ``more``) or "gap" (what comes between two silences of
    ``gap_ns``). ``lengths``: one length, or two that differ by one byte: the longer has a check behind it,
    the shorter has none and is told apart by what follows it. ``longest``: bytes after which a frame is
    given up. ``in_phase``: frames without a byte between before the first of them is believed.
    """

    kind: Literal["length", "end", "terminator", "counted", "gap"]
    starts: tuple[bytes, ...] = ()
    end: bytes = b""
    lengths: tuple[int, ...] = ()
    longest: int = 64
    count_at: tuple[int, int] = (0, 0)
    order: Literal["little", "big"] = "little"
    more: int = 0
    gap_ns: int = 0
    in_phase: int = 1
    whole_lines: bool = False

    def candidate(self, data: bytearray, at: int, ended: bool) -> int | None:
        """Length of the frame that may begin at ``at``: 0 for none, None while more bytes must be seen."""
        begin = self._begins(data, at, ended) if self.starts else True
        if not begin:
            return None if begin is None else 0
        if self.kind == "length":
            return self._by_length(data, at, ended)
        if self.kind == "counted":
            return self._by_count(data, at, ended)
        found = data.find(self.end, at, at + self.longest)
        if found >= 0:
            return found + len(self.end) - at
        return None if len(data) - at < self.longest and not ended else 0

    def _begins(self, data: bytearray, at: int, ended: bool) -> bool | None:
        if data.startswith(self.starts, at):
            return True
        if not ended and any(start.startswith(data[at : at + len(start)]) for start in self.starts):
            return None
        return False

    def _by_length(self, data: bytearray, at: int, ended: bool) -> int | None:
        there = len(data) - at
        shorter = self.lengths[-1]
        if there < shorter:
            return 0 if ended else None
        if len(self.lengths) == 1:
            return shorter
        # A start byte behind the shorter frame opens the next frame, unless another start follows it:
        # then the first one is a check that happens to have that value.
        behind = bytes(data[at + shorter : at + shorter + 2])
        if behind and behind[:1] not in self.starts:
            return shorter + 1
        if len(behind) == 2:
            return shorter + 1 if behind[1:] in self.starts else shorter
        return shorter + len(behind) if ended else None

    def _by_count(self, data: bytearray, at: int, ended: bool) -> int | None:
        there = len(data) - at
        first, last = self.count_at
        if there < last:
            return 0 if ended else None
        length = int.from_bytes(data[at + first - 1 : at + last], self.order) + self.more
        if length > self.longest:
            return 0
        return length if there >= length else 0 if ended else None


class Framed(NamedTuple, Generic[T]):
    """A frame: what was made of it, its bytes, its offset in the stream, times of its first and last byte."""

    what: T
    raw: bytes
    at: int
    first_ns: int
    last_ns: int


class Judged(NamedTuple, Generic[T]):
    """What a judge says of a candidate: ``whole`` is False when it is worth a word but not to be believed."""

    what: T
    whole: bool


class Lane(NamedTuple, Generic[T]):
    """One way to cut, and who decides what is a frame; the judge returns None for "this is no frame"."""

    cut: Cut
    judge: Callable[[bytes], Judged[T] | None]


class _Found(NamedTuple, Generic[T]):
    length: int
    judged: Judged[T] | None
    lane: Lane[T] | None


def _opening(lanes: Sequence[Lane[T]]) -> re.Pattern[bytes] | None:
    """Finds a byte that may open a frame; None where any byte may."""
    if not all(lane.cut.starts for lane in lanes):
        return None
    return re.compile(
        b"[" + b"".join(re.escape(start[:1]) for lane in lanes for start in lane.cut.starts) + b"]"
    )


class Framer(Generic[T]):
    """Cuts a stream by lanes: at each byte the first lane that has a whole frame there wins.

    ``skipped`` counts the bytes that belonged to no frame.
    """

    def __init__(self, lanes: Sequence[Lane[T]]) -> None:
        self._lanes = tuple(lanes)
        self._gap_ns = min((lane.cut.gap_ns for lane in lanes if lane.cut.kind == "gap"), default=0)
        self._buffer = bytearray()
        self._base = 0
        self._times: deque[tuple[int, int]] = deque()
        self._silences: deque[int] = deque([0])
        self._next = -1
        self._lane: Lane[T] | None = None
        self._before = 0
        self._opening = _opening(lanes)
        self.skipped = 0

    def feed(self, data: bytes, at_ns: int = 0) -> list[Framed[T]]:
        """The frames completed by ``data``, which arrived at ``at_ns``; no data tells the passing of time."""
        done: list[Framed[T]] = []
        if self._gap_ns:
            self._note_silence(at_ns)
            self._advance(done, ended=False)
        for begin in range(0, len(data), BLOCK):
            if not self._times or self._times[-1][1] != at_ns:
                self._times.append((self._base + len(self._buffer), at_ns))
            self._buffer += data[begin : begin + BLOCK]
            self._advance(done, ended=False)
        return done

    def finish(self) -> list[Framed[T]]:
        """The frames that only the end of the stream completes; the rest is dropped."""
        done: list[Framed[T]] = []
        self._advance(done, ended=True)
        return done

    def reset(self) -> None:
        """Drops a half-received frame; offsets go on counting."""
        self.skipped += len(self._buffer)
        self._base += len(self._buffer)
        self._buffer.clear()
        self._times.clear()
        self._silences = deque([self._base])
        self._next = -1
        self._before = 0

    def _note_silence(self, at_ns: int) -> None:
        end = self._base + len(self._buffer)
        if self._times and at_ns - self._times[-1][1] >= self._gap_ns and self._silences[-1] != end:
            self._silences.append(end)

    def _advance(self, done: list[Framed[T]], ended: bool) -> None:
        at = 0
        while at < len(self._buffer):
            if self._opening is not None:
                opening = self._opening.search(self._buffer, at)
                begin = len(self._buffer) if opening is None else opening.start()
                self.skipped += begin - at
                at = begin
                if opening is None:
                    break
            found = self._find(at, ended)
            if found is None:
                break
            if found.judged is not None:
                done.append(self._framed(found.judged.what, at, found.length))
            if found.judged is not None and found.judged.whole:
                at += found.length
                self._next, self._lane = self._base + at, found.lane
            else:
                at += 1
                self.skipped += 1
        self._before = self._buffer[at - 1] if at else self._before
        del self._buffer[:at]
        self._base += at
        while len(self._times) > 1 and self._times[1][0] <= self._base:
            self._times.popleft()
        while len(self._silences) > 1 and self._silences[1] <= self._base:
            self._silences.popleft()

    def _find(self, at: int, ended: bool) -> _Found[T] | None:
        """What stands at ``at``; None while more bytes must be seen."""
        doubtful: _Found[T] = _Found(0, None, None)
        in_row = self._next == self._base + at
        lanes = sorted(self._lanes, key=lambda lane: lane is not self._lane) if in_row else self._lanes
        for lane in lanes:
            length = self._length(lane, at, ended)
            if length is None:
                return None
            judged = lane.judge(bytes(self._buffer[at : at + length])) if length else None
            if judged is None:
                continue
            if not judged.whole:
                doubtful = doubtful if doubtful.judged else _Found(length, judged, lane)
                continue
            if lane.cut.in_phase > 1 and not (in_row and lane is self._lane):
                believed = self._in_phase(lane, at + length, ended)
                if believed is None:
                    return None
                if not believed:
                    continue
            return _Found(length, judged, lane)
        return doubtful

    def _length(self, lane: Lane[T], at: int, ended: bool) -> int | None:
        if lane.cut.whole_lines and not self._begins_line(lane.cut, at):
            return 0
        if lane.cut.kind != "gap":
            return lane.cut.candidate(self._buffer, at, ended)
        begin = self._base + at
        if begin not in self._silences:
            return 0
        there = len(self._buffer) - at
        end = next((silence for silence in self._silences if silence > begin), None)
        if end is None:
            return None if not ended and there <= lane.cut.longest else there * ended
        return end - begin if end - begin <= lane.cut.longest else 0

    def _begins_line(self, cut: Cut, at: int) -> bool:
        before = self._buffer[at - 1] if at else self._before
        return not 0x20 <= before <= 0x7E or before == cut.end[-1]

    def _in_phase(self, lane: Lane[T], at: int, ended: bool) -> bool | None:
        """Whether enough frames follow each other from ``at`` on; None while more bytes must be seen."""
        for _ in range(lane.cut.in_phase - 1):
            if at >= len(self._buffer):
                return False if ended else None
            length = self._length(lane, at, ended)
            if length is None:
                return None
            judged = lane.judge(bytes(self._buffer[at : at + length])) if length else None
            if judged is None or not judged.whole:
                return False
            at += length
        return True

    def _framed(self, what: T, at: int, length: int) -> Framed[T]:
        first = self._base + at
        raw = bytes(self._buffer[at : at + length])
        return Framed(what, raw, first, self._time_of(first), self._time_of(first + length - 1))

    def _time_of(self, offset: int) -> int:
        time = self._times[0][1]
        for begin, at_ns in self._times:
            if begin > offset:
                break
            time = at_ns
        return time
