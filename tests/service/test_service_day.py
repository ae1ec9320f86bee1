"""The day whose law counts, where the clock may be wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from firmware_app.service.law.day import Day, day_of, same_law


class Pack:
    def __init__(self, first: date, last: date | None = None) -> None:
        self.first, self.last = first, last

    def covers(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)


def at(year: int, month: int = 6, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


OLD, NEW = Pack(date(2016, 1, 1), date(2026, 12, 31)), Pack(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("now", "quality", "known", "on", "earliest"),
    [
        (at(2026), "synchronised", None, 2026, 2026),
        (at(2026), "unsynchronised", None, 2026, 2026),  # a new ledger knows no moment yet
        (at(2027), "synchronised", at(2026), 2027, 2027),
        (at(2027), "battery", at(2026), 2027, 2027),
        (at(2027), "unsynchronised", at(2026), 2027, 2026),
        (at(1970), "unsynchronised", at(2026), 2026, 2026),  # certainly wrong: the known day counts
        (at(2016), "battery", at(2026), 2026, 2026),
    ],
)
def test_the_day_by_the_clock_and_by_what_is_known(now, quality, known, on, earliest):
    found = day_of(now, quality, known)
    assert (found.on.year, found.earliest.year) == (on, earliest)


@pytest.mark.parametrize(
    ("on", "earliest", "same"),
    [
        (date(2026, 6, 1), date(2026, 1, 1), True),
        (date(2027, 2, 1), date(2026, 6, 1), False),
        (date(2027, 2, 1), date(2027, 2, 1), True),
        (date(2036, 1, 1), date(2027, 1, 1), True),
    ],
)
def test_judged_is_only_where_the_same_packs_are_in_force(on, earliest, same):
    assert same_law(Day(on, earliest), [OLD, NEW]) is same
