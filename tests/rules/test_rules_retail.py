"""Goods sold by weight: bands, methods, capability. Source of A12: acceptance cases of the fact sheet."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.base import Confidence, OutsideTable
from firmware_app.rules.mpe import Instrument, mpe
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.retail import Sale, damages, judge_retail
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.retail_table import (
    BadSale,
    Excluded,
    bands_for,
    lawful_methods,
    method_row,
    permitted_deviation,
)
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.uncertainty.decision import Verdict

ON = date(2026, 11, 23)
PACK = pack_in_force(RetailPack, ON)
BANDS = ["low", "mid", "high", "top", "gold", "silver"]


def sale(settled_g, actual_g, standard_g=None, recheck_g=None):
    return Sale(
        settled_g=D(settled_g),
        actual_g=D(actual_g),
        standard_g=None if standard_g is None else D(standard_g),
        recheck_g=None if recheck_g is None else D(recheck_g),
    )


def judged(band, *figures, method=2, price=None):
    return judge_retail(PACK, bands_for(PACK, band, price), sale(*figures), method)


A12 = [
    *[("low", *row) for row in (("1000", "20"), ("1001", "40"), ("2000", "40"), ("2001", "80"))],
    *[("low", *row) for row in (("4000", "80"), ("4001", "100"), ("25000", "100"))],
    *[("mid", *row) for row in (("2500", "5"), ("2600", "10"), ("10000", "10"), ("10600", "15"))],
    *[("high", *row) for row in (("1000", "2"), ("1500", "4"), ("4000", "4"), ("4500", "6"))],
    *[("top", *row) for row in (("500", "1"), ("750", "2"), ("2000", "2"), ("2500", "3"))],
]


@pytest.mark.parametrize(("band", "settled_g", "deviation_g"), A12)
def test_a12_deviations_of_annex_1(band, settled_g, deviation_g):
    assert permitted_deviation(PACK, band, D(settled_g)).deviation_g == D(deviation_g)


@pytest.mark.parametrize(
    ("band", "settled_g", "actual_g", "method", "error_g", "limit_g", "verdict"),
    [
        ("mid", "2000", "1950", 2, "50", "5", Verdict.DOES_NOT_CONFORM),
        ("low", "4500", "4390", 2, "110", "100", Verdict.DOES_NOT_CONFORM),
        ("low", "4500", "4390", 3, "110", "200", Verdict.CONFORMS),
        ("low", "2000", "2050", 2, "-50", "40", Verdict.CONFORMS),
        ("low", "2000", "1960", 2, "40", "40", Verdict.CONFORMS),  # equality passes
        ("low", "4500", "4300", 3, "200", "200", Verdict.CONFORMS),
        ("low", "4500", "4299.9", 3, "200.1", "200", Verdict.DOES_NOT_CONFORM),
        ("gold", "10", "9.98", 2, "0.02", "0.01", Verdict.DOES_NOT_CONFORM),
    ],
)
def test_a12_verdicts(band, settled_g, actual_g, method, error_g, limit_g, verdict):
    answer = judged(band, settled_g, actual_g, method=method)
    assert (answer.error_g, answer.limit_g, answer.verdict) == (D(error_g), D(limit_g), verdict)
    assert (answer.pack, answer.confidence) == ("retail-2020", Confidence.SECONDARY)
    assert "annex" in answer.clause and "art. 6" in answer.clause


@pytest.mark.parametrize(
    ("band", "settled_g", "top"),
    [("low", "26000", "25"), ("mid", "15000.001", "15"), ("high", "6100", "6"), ("gold", "100.01", "100")],
)
def test_a12_above_the_table_nothing_is_extrapolated(band, settled_g, top):
    with pytest.raises(OutsideTable, match="outside the table"):
        permitted_deviation(PACK, band, D(settled_g))
    answer = judged(band, settled_g, "1")
    assert answer.verdict is Verdict.CANNOT_JUDGE
    assert (answer.limit_g, answer.deviation_g) == (None, None)
    assert f"ends at {top}" in answer.reason


def test_a12_compensation_figures():
    first = damages(PACK, D(12), sale("3000", "2700"))
    second = damages(PACK, D(96), sale("2000", "1950"))
    assert (first.damages_yuan, first.refund_yuan) == (D(500), D("3.60"))
    assert (second.damages_yuan, second.refund_yuan) == (D(576), D("4.80"))
    assert damages(PACK, D(12), sale("2000", "2050")).refund_yuan == 0


@pytest.mark.parametrize(
    ("price", "band"),
    [
        ("0.01", "low"),
        ("6", "low"),
        ("6.01", "mid"),
        ("30", "mid"),
        ("30.01", "high"),
        ("100", "high"),
        ("100.01", "top"),
        ("9000", "top"),
    ],
)
def test_prices_lead_to_bands_upper_bounds_inclusive(price, band):
    assert [row.band for row in bands_for(PACK, None, D(price))] == [band]


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("fruit", "low"),
        ("水果", "low"),
        (" Meat ", "mid"),
        ("糕点", "mid"),
        ("干菜", "high"),
        ("gold", "gold"),
    ],
)
def test_goods_lead_to_bands(name, band):
    assert [row.band for row in bands_for(PACK, name, None)] == [band]


@pytest.mark.parametrize(("name", "price"), [("moon", None), (None, D(0)), (None, D(-1)), (None, None)])
def test_nonsense_is_refused_with_the_remedy(name, price):
    with pytest.raises(BadSale, match=r"use one of|above zero|give the band"):
        bands_for(PACK, name, price)


@pytest.mark.parametrize("name", ["live-fish", "活禽", "水发物"])
def test_goods_that_the_annex_excepts_have_no_band(name):
    with pytest.raises(Excluded, match="excepted"):
        bands_for(PACK, name, None)


@pytest.mark.parametrize(
    ("actual_g", "verdict", "limit_g"),
    [
        ("1998", Verdict.CONFORMS, "4"),  # within even the smaller of 40 g and 4 g
        ("1990", Verdict.CANNOT_JUDGE, None),  # 10 g: within 40 g, beyond 4 g
        ("1950", Verdict.DOES_NOT_CONFORM, "40"),  # beyond even the larger
    ],
)
def test_goods_and_price_that_disagree_are_both_shown(actual_g, verdict, limit_g):
    answer = judged("fruit", "2000", actual_g, price=D(40))
    assert answer.verdict is verdict
    assert answer.limit_g == (None if limit_g is None else D(limit_g))
    assert [each.band for each in answer.alternatives] == ["low", "high"]
    assert [each.limit_g for each in answer.alternatives] == [40, 4]
    assert "different bands" in answer.reason


def test_goods_and_price_that_agree_are_one_band():
    assert judged("fruit", "2000", "1990", price=D(5)).alternatives == ()


@pytest.mark.parametrize(
    ("standard_g", "method", "verdict", "remaining", "confidence"),
    [
        # mid band at 2 kg: 5 g. A fifth (contrary source) is met up to U = 1 g, a third up to 1.667 g.
        ("0.5", 2, Verdict.DOES_NOT_CONFORM, (), Confidence.SECONDARY),
        ("0.6", 2, Verdict.DOES_NOT_CONFORM, (), Confidence.UNCONFIRMED),
        ("0.83", 2, Verdict.DOES_NOT_CONFORM, (), Confidence.UNCONFIRMED),
        ("0.84", 2, Verdict.CANNOT_JUDGE, (1, 3), Confidence.UNCONFIRMED),
        ("2.5", 2, Verdict.CANNOT_JUDGE, (1, 3), Confidence.UNCONFIRMED),
        ("2.6", 2, Verdict.CANNOT_JUDGE, (1,), Confidence.UNCONFIRMED),
        ("2.5", 3, Verdict.DOES_NOT_CONFORM, (), Confidence.UNCONFIRMED),
        ("2.6", 3, Verdict.CANNOT_JUDGE, (1,), Confidence.UNCONFIRMED),
        ("0.5", 1, Verdict.DOES_NOT_CONFORM, (), Confidence.SECONDARY),
        ("0.84", 1, Verdict.CANNOT_JUDGE, (2, 3), Confidence.SECONDARY),
    ],
)
def test_capability_comes_before_the_verdict(standard_g, method, verdict, remaining, confidence):
    answer = judged("mid", "2000", "1950", standard_g, method=method)
    assert (answer.verdict, answer.remaining, answer.confidence) == (verdict, remaining, confidence)
    assert answer.expanded_g == 2 * D(standard_g)
    for number in remaining:
        assert method_row(PACK, number).needs in answer.reason


@pytest.mark.parametrize(
    ("actual_g", "verdict"),
    [
        ("1996", Verdict.CONFORMS),  # 4 + 1 ≤ 5
        ("1995", Verdict.UNDECIDED),
        ("1994", Verdict.UNDECIDED),  # 6 − 1 is not beyond 5
        ("1993.999", Verdict.DOES_NOT_CONFORM),
    ],
)
def test_nobody_is_accused_within_the_uncertainty(actual_g, verdict):
    assert judged("mid", "2000", actual_g, "0.5").verdict is verdict


@pytest.mark.parametrize(
    ("recheck_g", "actual_g", "error_g", "verdict"),
    [
        (None, "1950", "50", Verdict.DOES_NOT_CONFORM),
        ("2000", "1960", "40", Verdict.CONFORMS),
        ("1965", "1930", "35", Verdict.CONFORMS),  # each of the two differences holds by itself
        ("1955", "1950", "45", Verdict.DOES_NOT_CONFORM),
        ("2000", "1955", "45", Verdict.DOES_NOT_CONFORM),
    ],
)
def test_method_1_has_two_differences(recheck_g, actual_g, error_g, verdict):
    # Source: art. 6 (1), fact sheet 3.3: recheck − settled and weights − recheck, each within the deviation.
    answer = judged("low", "2000", actual_g, None, recheck_g, method=1)
    assert (answer.error_g, answer.verdict) == (D(error_g), verdict)


def test_a_recheck_belongs_to_method_1_and_methods_have_numbers():
    with pytest.raises(BadSale, match="method 1"):
        judged("low", "2000", "1950", None, "2000", method=2)
    with pytest.raises(BadSale, match="use 1, 2, 3"):
        judged("low", "2000", "1950", method=4)


@pytest.mark.parametrize(
    "figures", [("0", "1"), ("-1", "1"), ("NaN", "1"), ("1", "-1"), ("1", "Infinity"), ("1", "1", "-0.1")]
)
def test_figures_that_make_no_sense_are_refused(figures):
    with pytest.raises(BadSale, match="give"):
        sale(*figures)


def kiosk(max_g, e_g, accuracy_class="III"):
    return Instrument(accuracy_class=accuracy_class, max_g=D(max_g), e_g=D(e_g))


@pytest.mark.parametrize(
    ("scale", "band", "settled_g", "stage", "may"),
    [
        # Source: fact sheet 3.3, what a kiosk scale may judge by method 2 (its derived table).
        (kiosk("15000", "5"), "low", "1000", Stage.IN_SERVICE, True),
        (kiosk("15000", "5"), "mid", "2000", Stage.INITIAL, False),
        (kiosk("3000", "1"), "mid", "500", Stage.IN_SERVICE, True),
        (kiosk("3000", "1"), "mid", "1000", Stage.IN_SERVICE, False),
        (kiosk("3000", "1"), "mid", "1000", Stage.INITIAL, True),
        (kiosk("3000", "1"), "mid", "2600", Stage.IN_SERVICE, True),
        (kiosk("3000", "1"), "high", "500", Stage.IN_SERVICE, False),
        (kiosk("3000", "1"), "high", "500", Stage.INITIAL, True),
        (kiosk("3000", "1"), "high", "600", Stage.INITIAL, False),
        (kiosk("3000", "1"), "high", "1500", Stage.INITIAL, True),
        (kiosk("3000", "1"), "top", "500", Stage.INITIAL, False),
        (kiosk("15000", "1", "II"), "mid", "10000", Stage.IN_SERVICE, True),
        (kiosk("15000", "1", "II"), "high", "1000", Stage.IN_SERVICE, False),
        (kiosk("15000", "1", "II"), "high", "1000", Stage.INITIAL, True),
        (kiosk("15000", "1", "II"), "top", "2500", Stage.IN_SERVICE, True),
        (kiosk("15000", "1", "II"), "top", "500", Stage.INITIAL, False),
        (kiosk("3000", "0.2", "II"), "top", "500", Stage.IN_SERVICE, True),
    ],
)
def test_what_a_kiosk_scale_may_judge_by_method_2(scale, band, settled_g, stage, may):
    reach = mpe(pack_in_force(NawiPack, ON), scale, D(settled_g), stage, ON).limit_g
    deviation = permitted_deviation(PACK, band, D(settled_g)).deviation_g
    methods = [row.method for row in lawful_methods(PACK, deviation, reach)]
    assert (2 in methods) is may
    assert 1 in methods


@settings(deadline=None)
@given(st.sampled_from(BANDS), st.data())
def test_deviations_never_fall_with_the_mass(band, data):
    top = int(next(row.up_to_g for row in reversed(PACK.deviations) if row.band == band) * 1000)
    less, more = sorted(data.draw(st.tuples(st.integers(1, top), st.integers(1, top))))
    low = permitted_deviation(PACK, band, D(less) / 1000).deviation_g
    assert 0 < low <= permitted_deviation(PACK, band, D(more) / 1000).deviation_g


@settings(deadline=None)
@given(st.sampled_from(BANDS), st.data(), st.sampled_from([1, 2, 3]))
def test_limits_are_inclusive_and_gains_wrong_nobody(band, data, method):
    top = int(next(row.up_to_g for row in reversed(PACK.deviations) if row.band == band))
    settled = D(data.draw(st.integers(1, top)))
    limit = permitted_deviation(PACK, band, settled).deviation_g * method_row(PACK, method).factor
    if limit < settled:
        at = judged(band, settled, settled - limit, method=method)
        beyond = judged(band, settled, settled - limit - D("0.000001"), method=method)
        assert (at.verdict, beyond.verdict) == (Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM)
    gained = data.draw(st.decimals(0, 1000, places=3))
    assert judged(band, settled, settled + gained, method=method).verdict is Verdict.CONFORMS


@settings(deadline=None)
@given(st.integers(1, 2_000_000), st.integers(0, 2_000_000), st.integers(0, 2_000))
def test_more_doubt_never_turns_into_an_accusation(settled_mg, actual_mg, standard_mg):
    settled, actual = D(settled_mg) / 1000, D(actual_mg) / 1000
    sure = judged("low", settled, actual).verdict
    doubtful = judged("low", settled, actual, D(standard_mg) / 1000).verdict
    assert doubtful in (sure, Verdict.UNDECIDED, Verdict.CANNOT_JUDGE)
