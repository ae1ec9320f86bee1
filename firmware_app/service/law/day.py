"""The day whose law counts, where the clock may be wrong.

Rules this file obeys:

* A clock that is set says the day. One that nobody vouches for is held against the last moment that is known
  for good (`ledger.known_time`): the present is not before it.
* Judged is only where both have the same law packs; otherwise the clock has to be set first.
* A clock that stands still cannot be told from the present: the record says `unsynchronised`, and the
  county's receipts bound the entry afterwards (`ledger.true_time`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

import msgspec

from firmware_app.ledger.clock import Clock, ClockQuality
from firmware_app.ledger.dating.known_time import KnownTime
from firmware_app.ledger.errors import LedgerError

DOUBTFUL = "clock_doubtful"
WORDS = "the clock is not set, and by what it says another law may be in force: set it first"
"""For programs and logs; people read the kiosk's own words."""


class Dated(Protocol):
    """A law pack, as far as its days go."""

    def covers(self, on: date) -> bool: ...


class Day(msgspec.Struct, frozen=True):
    """``on``: the day to judge by; ``earliest``: the first that it may really be."""

    on: date
    earliest: date


def day_of(now: datetime, quality: str, known: datetime | None) -> Day:
    """The day, by the clock and the last moment known for good."""
    if known is None:
        return Day(now.date(), now.date())
    known = known.astimezone(now.tzinfo)
    if now < known:
        return Day(known.date(), known.date())
    sure = quality != ClockQuality.UNSYNCHRONISED
    return Day(now.date(), now.date() if sure else known.date())


def today(clock: Clock, known_time: KnownTime) -> Day:
    """The day, as the machine knows it now."""
    known = None
    # Where the ledger cannot be read the clock's own word is taken, as in one that knows no moment yet.
    with contextlib.suppress(LedgerError):
        known = known_time.last()
    return day_of(clock.now(), clock.quality(), known)


def same_law(day: Day, packs: Iterable[Dated]) -> bool:
    """Whether the same packs cover the day to judge by and the earliest that it may be."""
    return all(pack.covers(day.on) == pack.covers(day.earliest) for pack in packs)
