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
from hardware.scale.simulated.answers import Host
from hardware.scale.simulated.display import Display, Plate, display_of
from hardware.scale.simulated.encoders import ENCODERS, HID, UNITS, VARIANTS, Encoder
from hardware.scale.simulated.hid_line import HidLine
from hardware.scale.simulated.hosts import HOSTS
from hardware.scale.simulated.line import PtyLine
from hardware.scale.simulated.physics import MarketScale

BENCH_PATIENCE_S = 2.0
MOST_KEYS = 32

PROFILES = sorted(ENCODERS)
"""Protocols that can be simulated."""

ONCE_AT_REST = frozenset({"acs-p215", "mettler-label", "jik-block", "jwi-block"})
"""Protocols that send by themselves only when a weight has come to rest, once, and at the key ``print``."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate. ``rate_hz``: frames a second. ``variant``: another shape of the protocol, by name.

    ``link``: where the line is found; of a HID scale the folder that stands for the root of /sys and /dev.
    """

    profile: str
    model: str
    plate: Plate
    link: Path
    bench: Path | None = None
    rate_hz: float = 10.0
    variant: str | None = None

    @property
    def encoder(self) -> Encoder:
        """What turns the display into the bytes of a frame."""
        if self.variant is not None:
            return VARIANTS[self.profile][self.variant]
        return ENCODERS[self.profile]


class SimulatedScale:
    """A market scale on a pty that streams frames, or answers when asked, until stopped."""

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.monotonic) -> None:
        """Plugs the line in and opens the bench; raises OSError, ValueError for an unknown model."""
        self._clock = clock
        self._scale = MarketScale(setup.plate, setup.model, clock())
        self._plate = setup.plate
        self._unit = UNITS.get(setup.profile, "kg")
        self._encode = setup.encoder
        self._host: Host | None = HOSTS[setup.profile]() if setup.profile in HOSTS else None
        self._once = setup.profile in ONCE_AT_REST
        self._sent: Display | None = None
        self._period_s = 1 / setup.rate_hz
        self._powered = True
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_out, False)
        self._line: PtyLine | HidLine = HidLine(setup.link) if setup.profile in HID else PtyLine(setup.link)
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

    def _display(self, now: float) -> Display:
        return display_of(self._scale.at(now), self._plate, self._unit)

    def _frame(self, now: float) -> None:
        if not self._powered:
            return
        seen = self._display(now)
        self._line.send(self._unasked(seen))
        if self._host is not None and seen.stable:
            self._line.send(self._host.rest(seen))

    def _unasked(self, seen: Display) -> bytes:
        """What is sent at this moment without being asked."""
        if self._host is not None and not self._host.repeating:
            return b""
        if self._once:
            seen_before, self._sent = self._sent, seen if seen.stable else None
            if not seen.stable or seen == seen_before:
                return b""
        return self._encode(seen)

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
        if self._host is None or not self._powered:
            return
        now = self._clock()
        heard = self._host.hear(data, self._display(now))
        self._line.send(heard.answer)
        for key in heard.keys:
            self._scale.press(key, now)

    def _wake(self) -> None:
        try:
            os.write(self._wake_out, b"!")
        except BlockingIOError:
            return

    def _handlers(self) -> dict[str, Callable[[object], None]]:
        return {
            "load_g": lambda value: self._in_loop(lambda: self._scale.put(_number(value), self._clock())),
            "position": lambda value: self._in_loop(lambda: self._scale.move(str(value), self._clock())),
            "press": lambda value: self._in_loop(lambda: self._press(_keys(value))),
            "remote": lambda value: self._in_loop(
                lambda: self._scale.remote(_yes_or_no(value), self._clock())
            ),
            "model": lambda value: self._in_loop(lambda: self._scale.cheat(str(value), self._clock())),
            "powered": lambda value: self._in_loop(lambda: self._power(_yes_or_no(value))),
            "plugged": lambda value: self._in_loop(lambda: self._plug(_yes_or_no(value))),
        }

    def _press(self, keys: list[str]) -> None:
        for key in keys:
            self._scale.press(key, self._clock())
            if key == "print" and self._powered:
                self._line.send(self._encode(self._display(self._clock())))

    def _power(self, on: bool) -> None:
        if on and not self._powered:
            self._scale.switch_on(self._clock())
            self._sent = None
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


def _keys(value: object) -> list[str]:
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(keys) > MOST_KEYS:
        raise ValueError(f"press is a key or a list of at most {MOST_KEYS} keys, not {value!r}")
    return keys


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")
    return value
