"""The time, and how much it may be believed.

Rules this file obeys:

* The kernel's word counts, whichever daemon disciplines its clock: chrony, systemd-timesyncd and ntpd tell
  it all, and it takes its word back by itself when none of them has for hours (STA_UNSYNC; adjtimex(2)).
* A battery-backed clock counts only if this start took its time from it and its time can be true.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_app.ledger.clock import ClockQuality

STA_UNSYNC = 0x40
"""linux/timex.h: nobody disciplines the clock."""
NEVER_BEFORE_S = 1_767_225_600
"""2026-01-01: this program is younger, so a clock that says less has lost its time."""
RTC_AGREES_S = 300
"""The kernel sets the battery-backed clock every 11 minutes while it is disciplined; a crystal loses less
than this in a month without (20 ppm: 52 s)."""
MARKER = "clock-was-set"
"""In the run directory: the id of the start in which the kernel's clock was disciplined."""


class _Timex(ctypes.Structure):
    """struct timex (adjtimex(2)), as far as the status and as large as the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def kernel_disciplined() -> bool:
    """Whether the kernel's clock is disciplined; False where it cannot be asked."""
    state = _Timex()
    try:
        answer: int = _libc().adjtimex(ctypes.byref(state))
    except (OSError, AttributeError):
        return False
    return answer >= 0 and not state.status & STA_UNSYNC


@functools.cache
def _libc() -> ctypes.CDLL:
    """Opened once: opening it costs a hundred times the question."""
    return ctypes.CDLL(None, use_errno=True)


class SystemClock:
    """The machine's clock.

    ``quality``: ``synchronised`` while the kernel's clock is disciplined; ``battery`` where it runs on from
    when it was last set in this start, or a battery-backed clock gave this start its time; else
    ``unsynchronised``.
    ``run_dir``: remembers over restarts of a process that it was set; ``root``: of /proc and /sys.
    Source: OIML D 31:2023 6.2.7.
    """

    def __init__(
        self,
        time_zone: str,
        *,
        run_dir: Path | None = None,
        root: Path = Path("/"),
        disciplined: Callable[[], bool] = kernel_disciplined,
    ) -> None:
        self.use(time_zone)
        self.boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        self._disciplined = disciplined
        self._rtc = root / "sys/class/rtc/rtc0"
        self._gave = self._rtc / "hctosys"
        self._marker = None if run_dir is None else run_dir / MARKER
        self._was_set = self._remembered()

    def use(self, time_zone: str) -> None:
        """The market's time zone from now on."""
        self._zone = ZoneInfo(time_zone)

    def now(self) -> datetime:
        """Local time of the market with its offset."""
        return datetime.now(self._zone)

    def quality(self) -> str:
        if self._disciplined():
            self._remember()
            return ClockQuality.SYNCHRONISED
        kept = self._was_set or self._rtc_kept()
        return ClockQuality.BATTERY if kept else ClockQuality.UNSYNCHRONISED

    def uptime_ns(self) -> int:
        """Nanoseconds since boot, counting sleep."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def _rtc_kept(self) -> bool:
        """Whether the battery-backed clock gave this start its time, and still says the same."""
        # Every entry asks, and to be told that there is none by an error costs five times this look.
        if not os.access(self._gave, os.F_OK):
            return False
        try:
            gave = self._gave.read_text(encoding="ascii").strip() == "1"
            says_s = int((self._rtc / "since_epoch").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return False
        return gave and says_s >= NEVER_BEFORE_S and abs(says_s - self.now().timestamp()) <= RTC_AGREES_S

    def _remember(self) -> None:
        if self._was_set:
            return
        self._was_set = True
        if self._marker is not None:
            # Lost with the run directory, it is asked of the kernel again; it is no evidence.
            with contextlib.suppress(OSError):
                self._marker.write_text(self.boot, encoding="ascii")

    def _remembered(self) -> bool:
        try:
            return self._marker is not None and self._marker.read_text(encoding="ascii") == self.boot
        except (OSError, ValueError):
            return False
