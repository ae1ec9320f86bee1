"""What an entry says of time: when, how far that may be believed, and since when the machine runs.

Rules this file obeys:

* Time of day never orders anything: numbers and the chain do. It is recorded with its quality.
* The clock is passed in; nothing here reads the machine.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Protocol

import msgspec


class ClockQuality(enum.StrEnum):
    """How far the time of day may be believed (OIML D 31:2023 6.2.7)."""

    SYNCHRONISED = "synchronised"
    """Disciplined by a time service."""
    BATTERY = "battery"
    """Kept by a battery-backed clock."""
    UNSYNCHRONISED = "unsynchronised"
    """Nobody vouches for it."""


class Clock(Protocol):
    """Says what time it is. ``boot``: id of this start of the machine."""

    boot: str

    def now(self) -> datetime:
        """Local time with its offset."""
        ...

    def quality(self) -> str:
        """A ClockQuality."""
        ...

    def uptime_ns(self) -> int:
        """Nanoseconds since the start, counting sleep."""
        ...


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. ``at``: RFC 3339 with offset; ``boot``: id of this start; ``uptime_ns``: since then."""

    at: str
    clock: ClockQuality
    boot: str
    uptime_ns: int


def stamp(clock: Clock) -> Stamp:
    """The present moment; raises ValueError where the clock has no zone or an unknown quality."""
    now = clock.now()
    if now.tzinfo is None:
        raise ValueError("a time without its offset is no time")
    return Stamp(
        at=now.isoformat(timespec="milliseconds"),
        clock=ClockQuality(clock.quality()),
        boot=clock.boot,
        uptime_ns=clock.uptime_ns(),
    )
