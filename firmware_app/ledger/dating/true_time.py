"""When an entry was really written: the bounds that follow from evidence, whatever its own clock said.

Rules this file obeys:

* Evidence is a stamp of a disciplined clock, a receipt of the county, and the order of the chain. A
  battery-backed or unsynchronised clock is none.
* Within one start of the machine two entries lie as far apart as its monotonic clock says, to its drift.
* Bounds that cross each other are told as a contradiction, never mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.entry import Payload

STAMP = timedelta(seconds=1)
"""Of a disciplined clock: daemons step what is larger; NTP over a mobile line errs by tenths."""
RECEIPT = timedelta(seconds=1)
"""A receipt's time has whole seconds."""
DRIFT = 500e-6
"""Of the monotonic clock: the most that the kernel draws it by (adjtimex(2)); a crystal errs by less."""


class Placed(msgspec.Struct, frozen=True):
    """The bounds of an entry's true time; None where nothing bounds it on that side.

    ``contradiction``: the evidence cannot all be true; then the clock or a receipt lies.
    """

    seq: int
    earliest: datetime | None
    latest: datetime | None
    contradiction: bool = False


class _Mark(msgspec.Struct):
    seq: int
    boot: str
    uptime_s: float
    earliest: datetime | None
    latest: datetime | None


def place(entries: Iterable[Payload], receipts: Mapping[int, str]) -> tuple[Placed, ...]:
    """The bounds of entries that follow each other in a chain. ``receipts``: number to county's time."""
    marks = [_mark(payload, receipts.get(payload.seq)) for payload in entries]
    for before, mark in pairwise(marks):
        _after(before, mark)
    for mark, after in zip(reversed(marks[:-1]), reversed(marks[1:]), strict=True):
        _before(mark, after)
    # What the second pass brought back to an early entry bounds the later ones of the same start.
    for before, mark in pairwise(marks):
        _after(before, mark)
    return tuple(
        Placed(mark.seq, mark.earliest, mark.latest, _crossed(mark.earliest, mark.latest)) for mark in marks
    )


def in_words(placed: Placed) -> str:
    """The bounds for people, to the second."""
    if placed.contradiction:
        return "contradiction"
    if placed.earliest is None and placed.latest is None:
        return "unknown"
    early, late = (
        "…" if each is None else each.isoformat(sep=" ", timespec="seconds")
        for each in (placed.earliest, placed.latest)
    )
    return f"{early} to {late}"


def _mark(payload: Payload, receipted: str | None) -> _Mark:
    mark = _Mark(payload.seq, payload.boot, payload.uptime_ns / 1e9, None, None)
    if payload.clock is ClockQuality.SYNCHRONISED:
        at = datetime.fromisoformat(payload.at)
        mark.earliest, mark.latest = at - STAMP, at + STAMP
    if receipted is not None:
        mark.latest = _sooner(mark.latest, datetime.fromisoformat(receipted) + RECEIPT)
    return mark


def _after(before: _Mark, mark: _Mark) -> None:
    """What an entry before says of the one after it."""
    passed_s = mark.uptime_s - before.uptime_s if mark.boot == before.boot else None
    least_s = 0.0 if passed_s is None else max(0.0, passed_s) * (1 - DRIFT)
    mark.earliest = _later(mark.earliest, _moved(before.earliest, least_s))
    if passed_s is not None:
        mark.latest = _sooner(mark.latest, _moved(before.latest, max(0.0, passed_s) * (1 + DRIFT)))


def _before(mark: _Mark, after: _Mark) -> None:
    """What an entry after says of the one before it."""
    passed_s = after.uptime_s - mark.uptime_s if mark.boot == after.boot else None
    least_s = 0.0 if passed_s is None else max(0.0, passed_s) * (1 - DRIFT)
    mark.latest = _sooner(mark.latest, _moved(after.latest, -least_s))
    if passed_s is not None:
        mark.earliest = _later(mark.earliest, _moved(after.earliest, -max(0.0, passed_s) * (1 + DRIFT)))


def _moved(moment: datetime | None, seconds: float) -> datetime | None:
    return None if moment is None else moment + timedelta(seconds=seconds)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else max(one, other)


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)


def _crossed(earliest: datetime | None, latest: datetime | None) -> bool:
    return earliest is not None and latest is not None and latest < earliest
