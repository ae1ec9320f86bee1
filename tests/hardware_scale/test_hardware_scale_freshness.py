"""Freshness: five frame periods of silence void an indication."""

from __future__ import annotations

import pytest

from hardware.scale.contract import Indication
from hardware.scale.freshness import FIRST_LIMIT_NS, Freshness

MS = 1_000_000


def fed(*times_ms: float) -> Freshness:
    fresh = Freshness()
    for time in times_ms:
        fresh.saw(Indication(profile="test", value=None, last_ns=int(time * MS)))
    return fresh


def test_nothing_heard_is_silence() -> None:
    assert Freshness().silent(0)


def test_until_a_period_is_known_a_second_is_allowed() -> None:
    assert fed(0).limit_ns == FIRST_LIMIT_NS
    assert not fed(0).silent(999 * MS)
    assert fed(0).silent(1001 * MS)


@pytest.mark.parametrize(
    ("period", "limit"), [(100, 500), (200, 1000), (1000, 5000), (20, 250), (9000, 10000)]
)
def test_five_periods_within_bounds(period: int, limit: int) -> None:
    fresh = fed(*range(0, 10 * period, period))
    last = 9 * period
    assert not fresh.silent((last + limit) * MS)
    assert fresh.silent((last + limit) * MS + 1)


def test_frames_handed_over_in_fours_have_the_period_of_the_stream() -> None:
    """Given an adapter that hands over four frames each 400 ms, then its pause is no silence."""
    times = [batch * 400 for batch in range(5) for _ in range(4)]
    assert not fed(*times).silent((1600 + 400) * MS)
    assert fed(*times).silent((1600 + 700) * MS)


def test_after_a_silence_the_period_is_learned_anew() -> None:
    fresh = fed(*range(0, 1000, 100), 60_000, 62_000, 64_000)
    assert fresh.limit_ns == 10_000 * MS


def test_frames_at_one_instant_tell_no_period() -> None:
    assert fed(5, 5, 5).limit_ns == FIRST_LIMIT_NS


def test_reset_forgets() -> None:
    fresh = fed(0, 100)
    fresh.reset()
    assert fresh.silent(100 * MS)
