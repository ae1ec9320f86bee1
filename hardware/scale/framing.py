"""Cuts a stream of bytes into frames and checks them: no I/O, no clock, no protocol.

Rules this file obeys:

* What comes out depends on the bytes only, never on how they were portioned out.
* A candidate that fails costs one byte, never a buffer: the next try begins one byte later.
* Memory is bounded by the longest frame: the oldest byte is dropped first, and every drop is counted.
* A frame is cut by position and length where it has one: its bytes may be anything, CR and LF included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

BLOCK = 1024
"""Bytes taken in at a time, so that a large ``feed`` cannot grow the buffer."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """How frames stand in the stream.

    ``kind``: "length" (one of ``starts``, then ``lengths`` bytes in all), "end" (one of ``starts``, then
    anything up to ``end``) or "terminator" (anything up to ``end``). ``lengths``: one length, or two that
    differ by one byte: the longer has a check behind it, the shorter has none and is told apart by what
    follows it. ``longest``: bytes after which a missing ``end`` is given up.
    """

    kind: Literal["length", "end", "terminator"]
    starts: tuple[bytes, ...] = ()
    end: bytes = b""
    lengths: tuple[int, ...] = ()
    longest: int = 64

    def candidate(self, data: bytearray, at: int, ended: bool) -> int | None:
        """Length of the frame that may begin at ``at``: 0 for none, None while more bytes must be seen."""
        begin = self._begins(data, at, ended) if self.starts else True
        if not begin:
            return None if begin is None else 0
        if self.kind == "length":
            return self._by_length(data, at, ended)
        found = data.find(self.end, at, at + self.longest)
        if found >= 0:
            return found + len(self.end) - at
        return None if len(data) - at < self.longest and not ended else 0

    def _begins(self, data: bytearray, at: int, ended: bool) -> bool | None:
        if any(data.startswith(start, at) for start in self.starts):
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


class Framer(Generic[T]):
    """Cuts a stream by a Cut; a judge decides what is a frame.

    ``judge(candidate)`` returns None for "this is no frame". ``skipped`` counts the bytes that belonged
    to none.
    """

    def __init__(self, cut: Cut, judge: Callable[[bytes], Judged[T] | None]) -> None:
        self._cut = cut
        self._judge = judge
        self._buffer = bytearray()
        self._base = 0
        self._times: deque[tuple[int, int]] = deque()
        self.skipped = 0

    def feed(self, data: bytes, at_ns: int = 0) -> list[Framed[T]]:
        """The frames completed by ``data``, which arrived at ``at_ns``."""
        done: list[Framed[T]] = []
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

    def _advance(self, done: list[Framed[T]], ended: bool) -> None:
        at = 0
        while at < len(self._buffer):
            length = self._cut.candidate(self._buffer, at, ended)
            if length is None:
                break
            judged = self._judge(bytes(self._buffer[at : at + length])) if length else None
            if judged is not None:
                done.append(self._framed(judged.what, at, length))
            if judged is not None and judged.whole:
                at += length
            else:
                at += 1
                self.skipped += 1
        del self._buffer[:at]
        self._base += at
        while len(self._times) > 1 and self._times[1][0] <= self._base:
            self._times.popleft()

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


class CheckRule(NamedTuple):
    """A check as sent: how many bytes it takes, and what they are for the bytes it covers."""

    width: int
    of: Callable[[bytes], bytes]


def xor_hex(data: bytes) -> bytes:
    """XOR of all bytes as two upper-case hexadecimal characters, high nibble first (Yaohua tF=0).

    Blind to bytes that change places and to the same change made twice.
    """
    total = 0
    for byte in data:
        total ^= byte
    return b"%02X" % total


def sum7(data: bytes) -> bytes:
    """Two's complement of the sum of the low seven bits (Toledo continuous): sum and check give 0 mod 128."""
    return bytes([-sum(byte & 0x7F for byte in data) & 0x7F])


CHECKS: Mapping[str, CheckRule] = {"xor-hex": CheckRule(2, xor_hex), "sum7": CheckRule(1, sum7)}
"""Every check a profile may name; a new one is a line here and a vector in the profile that needs it."""
