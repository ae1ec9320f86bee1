"""What time it is, how far it may be believed, and since when the machine has been running.

Rules this file obeys:

* Time of day never orders anything: numbers and the chain do. It is recorded with its quality.
* A clock is passed in; only `SystemClock` reads the machine.
"""

from __future__ import annotations

import ctypes
import enum
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec


class ClockQuality(enum.StrEnum):
    """How far the time of day may be believed."""

    SYNCHRONISED = "synchronised"
    """Disciplined by a time service now."""
    BATTERY = "battery"
    """Set from a battery-backed clock at start."""
    UNSYNCHRONISED = "unsynchronised"
    """Nobody vouches for it."""


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. ``at``: RFC 3339 with offset; ``boot``: id of this start; ``uptime_ns``: since then."""

    at: str
    clock: ClockQuality
    boot: str
    uptime_ns: int


class Clock(Protocol):
    """Says what time it is."""

    def stamp(self) -> Stamp: ...


class SystemClock:
    """The machine's own clock (Linux)."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._rtc = root / "sys/class/rtc/rtc0/hctosys"
        self._boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

    def stamp(self) -> Stamp:
        return Stamp(
            at=datetime.now().astimezone().isoformat(timespec="milliseconds"),
            clock=self._quality(),
            boot=self._boot,
            uptime_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        )

    def _quality(self) -> ClockQuality:
        if _kernel_says_synchronised():
            return ClockQuality.SYNCHRONISED
        try:
            set_from_battery = self._rtc.read_text(encoding="ascii").strip() == "1"
        except OSError:
            set_from_battery = False
        return ClockQuality.BATTERY if set_from_battery else ClockQuality.UNSYNCHRONISED


TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def _kernel_says_synchronised() -> bool:
    # struct timex is 208 bytes on 64-bit Linux; modes = 0 only reads and needs no privilege.
    timex = ctypes.create_string_buffer(512)
    libc = ctypes.CDLL(None)
    state: int = libc.adjtimex(timex)
    return 0 <= state < TIME_ERROR
