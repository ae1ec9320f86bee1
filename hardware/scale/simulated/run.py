"""The simulated market scale as a process: a thin shell of time, pty and bench around pure parts.

Rules this file obeys:

* One loop owns scale and line; wishes of the bench are carried out in it, and answered when done.
* Frames leave on schedule; a wait is always for an event or the next frame.
"""

from __future__ import annotations

import os
import queue
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from hardware.bench import Bench
from hardware.scale.simulated.answers import SicsHost
from hardware.scale.simulated.encoders import ENCODERS, Encoder, toledo_without_check
from hardware.scale.simulated.line import PtyLine
from hardware.scale.simulated.physics import MarketScale, Plate

BENCH_PATIENCE_S = 2.0


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate. ``rate_hz``: frames a second."""

    profile: str
    model: str
    plate: Plate
    link: Path
    bench: Path | None = None
    rate_hz: float = 10.0
    without_check: bool = False

    @property
    def encoder(self) -> Encoder:
        if self.without_check and self.profile == "toledo-continuous":
            return toledo_without_check
        return ENCODERS[self.profile]


class SimulatedScale:
    """A market scale that streams frames on a pty until stopped."""

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.monotonic) -> None:
        """Plugs the line in and opens the bench; raises OSError, ValueError for an unknown model."""
        self._clock = clock
        self._scale = MarketScale(setup.plate, setup.model)
        self._plate = setup.plate
        self._encode = setup.encoder
        self._sics = SicsHost() if setup.profile == "mt-sics" else None
        self._period_s = 1 / setup.rate_hz
        self._powered = True
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        self._line = PtyLine(setup.link)
        self._line.plug()
        self._bench_path = setup.bench
        self._bench = None if setup.bench is None else Bench(setup.bench, self._handlers())

    def stop(self) -> None:
        """Makes ``run`` return; safe in a signal handler and in other threads."""
        self._stopping.set()
        self._wake()

    def run(self) -> None:
        """Streams until ``stop``; removes the link and the bench's socket at the end."""
        try:
            due = self._clock()
            while not self._stopping.is_set():
                now = self._clock()
                if now >= due:
                    self._frame(now)
                    due = max(due + self._period_s, now)
                self._wait(due - now)
        finally:
            self.close()

    def close(self) -> None:
        self._stopping.set()
        self._line.unplug()
        if self._bench is not None:
            bench, self._bench = self._bench, None
            bench.close()
        if self._bench_path is not None:
            self._bench_path.unlink(missing_ok=True)

    def _frame(self, now: float) -> None:
        if not self._powered:
            return
        seen = self._scale.at(now)
        frame = self._encode(seen, self._plate)
        if self._sics is not None:
            waiting = self._sics.stable(frame) if seen.stable else b""
            frame = (frame if self._sics.repeating else b"") + waiting
        self._line.send(frame)

    def _wait(self, seconds: float) -> None:
        line = self._line.fileno()
        ends = [self._wake_in] if line is None else [self._wake_in, line]
        ready, _, _ = select.select(ends, [], [], max(seconds, 0.0))
        if self._wake_in in ready:
            os.read(self._wake_in, 256)
        if line in ready:
            self._hear(self._line.receive())
        while not self._wishes.empty():
            self._wishes.get()()

    def _hear(self, data: bytes) -> None:
        if self._sics is None or not self._powered:
            return
        frame = self._encode(self._scale.at(self._clock()), self._plate)
        self._line.send(self._sics.hear(data, frame))

    def _wake(self) -> None:
        try:
            os.write(self._wake_out, b"!")
        except BlockingIOError:
            return

    def _handlers(self) -> dict[str, Callable[[object], None]]:
        return {
            "load_g": lambda value: self._in_loop(lambda: self._scale.put(_number(value), self._clock())),
            "model": lambda value: self._in_loop(lambda: self._scale.cheat(str(value), self._clock())),
            "powered": lambda value: self._in_loop(lambda: self._power(_yes_or_no(value))),
            "plugged": lambda value: self._in_loop(lambda: self._plug(_yes_or_no(value))),
        }

    def _power(self, on: bool) -> None:
        self._powered = on

    def _plug(self, in_place: bool) -> None:
        if in_place:
            self._line.plug()
        else:
            self._line.unplug()

    def _in_loop(self, act: Callable[[], None]) -> None:
        """Carries ``act`` out in the loop and waits for it; raises ValueError with what it complains of."""
        done = threading.Event()
        complaints: list[str] = []

        def wish() -> None:
            try:
                act()
            except (ValueError, OSError) as error:
                complaints.append(str(error))
            finally:
                done.set()

        self._wishes.put(wish)
        self._wake()
        if not done.wait(BENCH_PATIENCE_S):
            raise ValueError("the simulated scale does not come round to it")
        if complaints:
            raise ValueError(complaints[0])


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"load_g is a number of grams, not {value!r}")
    return float(value)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")
    return value
