"""The transport ``replay``: a file of raw bytes, or a recording with its original gaps, as a line.

Rules this file obeys:

* Nothing is ever sent: there is nobody at the other end.
* A loss that was recorded is a loss again: empty, with state LOST, until the line was back.
* A recording is read through once before it is believed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Self

import msgspec
from msgspec import Meta

from hardware.scale.contract import BadOption, LineLost, LineState, Transport
from hardware.scale.recorder import Recorded, is_recording, read_recording
from hardware.scale.strict import convert

CHUNK = 4096
REPLAY_STEP_S = 0.02
SECOND = 1_000_000_000


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the transport ``replay``.

    ``file``: raw bytes, or a recording (hardware.scale.recorder), whose own times are kept. For raw bytes:
    ``bytes_per_s``: 0 for as fast as they are read (a line of 9600 baud carries 960); ``gaps``: pairs
    ``[offset, seconds]``: nothing comes for so long before the byte at that offset. For a recording:
    ``speed``: 2 for twice as fast.
    """

    file: Annotated[str, Meta(min_length=1, max_length=4096)]
    bytes_per_s: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    gaps: Annotated[
        tuple[tuple[Annotated[int, Meta(ge=0)], Annotated[float, Meta(ge=0, le=3600)]], ...],
        Meta(max_length=10_000),
    ] = ()
    speed: Annotated[float, Meta(gt=0, le=1000)] = 1.0


def check_replay(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the options of ``open_replay`` are wrong; opens nothing."""
    convert(options, ReplayOptions, "scale transport 'replay'", BadOption)


def open_replay(options: Mapping[str, Any]) -> Transport:
    """A file as a line (see ReplayOptions); raises BadOption, and BadRecording for a broken recording."""
    wishes = convert(options, ReplayOptions, "scale transport 'replay'", BadOption)
    path = Path(wishes.file)
    try:
        if is_recording(path):
            return RecordingReplay(deque(read_recording(path)), wishes.speed)
        file = path.open("rb")
    except OSError as error:
        raise BadOption(f"scale transport 'replay': {wishes.file}: {error.strerror}") from error
    return Replay(wishes, file)


class RecordingReplay:
    """A recording as a line, with the gaps it was recorded with; CLOSED when all is read."""

    def __init__(
        self, events: deque[Recorded], speed: float = 1.0, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._events = events
        self._speed = speed
        self._clock = clock
        self._began_ns = clock()
        self._lost = False
        self._closing = threading.Event()

    @property
    def state(self) -> LineState:
        if self._closing.is_set():
            return LineState.CLOSED
        return LineState.LOST if self._lost else LineState.OPEN

    def read(self, timeout_s: float) -> bytes:
        until_ns = self._clock() + int(timeout_s * SECOND)
        while not self._closing.is_set():
            if not self._events:
                self.close()
                return b""
            due_ns = self._began_ns + int(self._events[0].at_ns / self._speed)
            now_ns = self._clock()
            if due_ns > now_ns:
                self._closing.wait(max(min(due_ns, until_ns) - now_ns, 0) / SECOND)
                if due_ns > self._clock():
                    return b""
            event = self._events.popleft()
            if event.event == "line":
                self._lost = event.words != LineState.OPEN.value
                return b""
            if event.data:
                return event.data
        return b""

    def write(self, data: bytes) -> None:
        """Nobody listens at the other end of a recording; raises LineLost."""
        raise LineLost(f"a replay takes no bytes: {len(data)} not sent")

    def close(self) -> None:
        self._closing.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Replay:
    """A file of raw bytes as a line; CLOSED when all is read."""

    def __init__(
        self, options: ReplayOptions, file: BinaryIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = file
        self._rate = options.bytes_per_s
        self._gaps = sorted(options.gaps)
        self._clock = clock
        self._offset = 0
        self._due = clock()
        self._closing = threading.Event()

    @property
    def state(self) -> LineState:
        return LineState.CLOSED if self._closing.is_set() else LineState.OPEN

    def read(self, timeout_s: float) -> bytes:
        now = self._clock()
        while self._gaps and self._gaps[0][0] <= self._offset:
            self._due = max(self._due, now) + self._gaps.pop(0)[1]
        wait = self._due - now
        if wait > 0:
            self._closing.wait(min(wait, timeout_s))
        if wait > timeout_s or self._closing.is_set():
            return b""
        size = max(1, int(self._rate * REPLAY_STEP_S)) if self._rate else CHUNK
        if self._gaps:
            size = min(size, self._gaps[0][0] - self._offset)
        data = self._file.read(min(size, CHUNK))
        self._offset += len(data)
        if self._rate:
            # A reader that was away catches up by one step at most.
            self._due = max(self._due, self._clock() - REPLAY_STEP_S) + len(data) / self._rate
        if not data:
            self.close()
        return data

    def write(self, data: bytes) -> None:
        """Nobody listens at the other end of a recording; raises LineLost."""
        raise LineLost(f"a replay takes no bytes: {len(data)} not sent")

    def close(self) -> None:
        self._closing.set()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
