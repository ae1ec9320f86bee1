"""The time, and how much it may be believed."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_RTC = Path("/sys/class/rtc/rtc0")


class SystemClock:
    """The machine's clock.

    ``quality``: ``synchronised`` once systemd-timesyncd has set it since boot; ``battery`` where a
    real-time clock kept it; else ``unsynchronised``. Source: OIML D 31:2023 6.2.7.
    """

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self.boot = _BOOT_ID.read_text(encoding="ascii").strip()

    def now(self) -> datetime:
        """Local time of the market with its offset."""
        return datetime.now(self._zone)

    def quality(self) -> str:
        if _SYNCHRONISED.exists():
            return "synchronised"
        return "battery" if _RTC.exists() else "unsynchronised"

    def uptime_ns(self) -> int:
        """Nanoseconds since boot, counting sleep."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
