"""The other tests of R 76 as the pack gives them. Source: fact sheet 1.3, 1.5; acceptance case A2."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.base import Confidence, OutsideTable
from firmware_app.rules.checks import (
    PartialRange,
    discrimination_load,
    discrimination_points,
    eccentric_load,
    judge_repeatability,
    least_weights,
    load_points,
    mpe_in_range,
    price_to_pay,
    range_at,
    repeatability_row,
)
from firmware_app.rules.mpe import BadInstrument, Instrument, mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack, Platform, Stage
from firmware_app.uncertainty.decision import Verdict

ON = date(2026, 11, 23)
PACK = pack_in_force(NawiPack, ON)


def scale(max_g="15000", e_g="5", accuracy_class="III", **more):
    return Instrument(accuracy_class=accuracy_class, max_g=D(max_g), e_g=D(e_g), **more)


RANGES = (PartialRange(max_g=D(15000), e_g=D(5)), PartialRange(max_g=D(30000), e_g=D(10)))
WHOLE = scale("30000", "10")


@pytest.mark.parametrize(
    ("more", "load_g"),
    [
        ({}, "5000"),  # A2
        ({"supports": 1}, "5000"),
        ({"additive_tare_g": D(3000)}, "6000"),
        ({"supports": 6}, "3000"),
        ({"supports": 5, "platform": Platform.MANY_SUPPORTS}, "3750"),
        ({"platform": Platform.MINIMAL_OFF_CENTRE}, "1500"),
        ({"platform": Platform.ROLLING}, "12000"),
    ],
)
def test_eccentric_loads(more, load_g):
    assert eccentric_load(PACK, D(15000), **more) == D(load_g)


def test_nothing_rests_on_no_support():
    with pytest.raises(BadInstrument, match="1 or more"):
        eccentric_load(PACK, D(15000), supports=0)


@pytest.mark.parametrize(("accuracy_class", "weighings"), [("I", 6), ("II", 6), ("III", 3), ("IIII", 3)])
def test_how_often_the_same_load_is_weighed(accuracy_class, weighings):
    row = repeatability_row(PACK, accuracy_class)
    assert (row.weighings, row.fractions, row.confidence) == (weighings, (D("0.8"),), Confidence.SECONDARY)


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ("1 2 3", Verdict.CONFORMS),
        ("-7.5 0 0", Verdict.CONFORMS),  # spread and error equal to the limit pass
        ("-4 4 0", Verdict.DOES_NOT_CONFORM),  # each within 7.5, the spread is 8
        ("8 8 8", Verdict.DOES_NOT_CONFORM),  # no spread, but each beyond
    ],
)
def test_repeatability_is_spread_and_single_errors(errors, verdict):
    limit = mpe(PACK, scale(), D(12000), Stage.INITIAL, ON)
    answer = judge_repeatability(PACK, scale(), tuple(map(D, errors.split())), limit)
    assert (answer.verdict, answer.limit_g) == (verdict, D("7.5"))
    assert "repeatability" in answer.clause and "Table 6" in answer.clause


def test_too_few_weighings_are_no_repeatability():
    limit = mpe(PACK, scale(), D(12000), Stage.INITIAL, ON)
    with pytest.raises(OutsideTable, match="asks for 3"):
        judge_repeatability(PACK, scale(), (D(1), D(2)), limit)


def test_discrimination():
    assert discrimination_load(PACK, D(5)) == 7
    assert discrimination_points(PACK, scale()) == (100, 7500, 15000)
    assert discrimination_points(PACK, scale(min_g=D(200))) == (200, 7500, 15000)


@pytest.mark.parametrize(
    ("repeatability_g", "least_g"),
    [(None, "7500"), ("1.6", "7500"), ("1.5", "5000"), ("1.1", "5000"), ("1.0", "3000"), ("0", "3000")],
)
def test_substitution_goes_by_the_repeatability(repeatability_g, least_g):
    found = None if repeatability_g is None else D(repeatability_g)
    assert least_weights(PACK, scale(), found) == D(least_g)
    assert all(row.confidence is Confidence.UNCONFIRMED for row in PACK.substitution)


@pytest.mark.parametrize(
    ("given_scale", "loads"),
    [
        (scale(), (100, 2500, 7500, 10000, 15000)),
        (scale("30000", "10"), (200, 5000, 15000, 20000, 30000)),
        (scale("5000", "5", "IIII"), (50, 250, 1000, 2500, 5000)),
    ],
)
def test_load_points_of_the_weighing_test(given_scale, loads):
    assert load_points(PACK, given_scale) == loads
    assert len(loads) >= PACK.load_points.least
    assert PACK.load_points.confidence is Confidence.UNCONFIRMED


@pytest.mark.parametrize(
    ("load_g", "active", "limit_g"),
    [
        ("2500", None, "2.5"),
        ("15000", None, "7.5"),
        ("15000.001", None, "10"),  # 1500 e of the second range
        ("2500", 2, "5"),
        ("15000", 2, "10"),
        ("30000", None, "15"),
    ],
)
def test_e_is_that_of_the_range_that_counts(load_g, active, limit_g):
    answer = mpe_in_range(PACK, WHOLE, RANGES, D(load_g), stage=Stage.INITIAL, on=ON, active=active)
    assert answer.limit_g == D(limit_g)
    assert "partial range" in answer.clause


@pytest.mark.parametrize(("load_g", "active"), [("30001", None), ("15001", 1)])
def test_above_its_range_a_load_has_no_limit(load_g, active):
    with pytest.raises(OutsideTable):
        mpe_in_range(PACK, WHOLE, RANGES, D(load_g), stage=Stage.INITIAL, on=ON, active=active)


@pytest.mark.parametrize(
    ("ranges", "active", "words"),
    [((), None, "rise"), (RANGES[::-1], None, "rise"), (RANGES, 0, "1 to 2"), (RANGES, 3, "1 to 2")],
)
def test_ranges_rise_and_are_counted_from_one(ranges, active, words):
    with pytest.raises(BadInstrument, match=words):
        range_at(ranges, D(100), active)


@pytest.mark.parametrize(("whole_max_g", "taken_over"), [("60000", True), ("150000", False)])
def test_which_text_counts_goes_by_the_max_of_the_whole(whole_max_g, taken_over):
    ranges = (PartialRange(max_g=D(30000), e_g=D(10)), PartialRange(max_g=D(whole_max_g), e_g=D(50)))
    whole = scale(whole_max_g, "50", price_computing=True)
    answer = mpe_in_range(PACK, whole, ranges, D(1000), stage=Stage.INITIAL, on=date(2027, 1, 8))
    assert bool(answer.superseded_by) is taken_over


@settings(deadline=None)
@given(st.integers(0, 30_000_000), st.integers(0, 30_000_000))
def test_limits_of_ranges_never_fall_with_the_load(one_mg, other_mg):
    less, more = sorted((one_mg, other_mg))
    low, high = (
        mpe_in_range(PACK, WHOLE, RANGES, D(each) / 1000, stage=Stage.IN_SERVICE, on=ON).limit_g
        for each in (less, more)
    )
    assert 0 < low <= high


@pytest.mark.parametrize(
    ("price", "mass_g", "yuan"), [("12", "2505", "30.06"), ("9.99", "1", "0.01"), ("3", "2215", "6.65")]
)
def test_price_to_pay_is_rounded_to_the_fen(price, mass_g, yuan):
    assert price_to_pay(PACK, D(price), D(mass_g)) == D(yuan)
