"""Prepackages: T, one package, a lot. Source of A13: acceptance cases of the fact sheet."""

import math
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from firmware_app.rules.base import Confidence, OutsideTable
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.prepackages import (
    BadSample,
    character_height,
    judge_lot,
    judge_package,
    label_unit,
    sampling_row,
    tolerable,
)
from firmware_app.uncertainty.decision import Verdict

PACK = pack_in_force(PrepackagePack, date(2026, 11, 23))
SAMPLE = tuple(map(D, ["498", "501", "499", "500", "497", "502", "500", "499", "501", "498"]))


@pytest.mark.parametrize(
    ("nominal_g", "exact_g", "tolerable_g"),
    [
        ("50", "4.5", "4.5"),
        ("101", "4.545", "4.5"),
        ("150", "6.75", "6.8"),
        ("301", "9.03", "9.0"),
        ("350", "10.5", "10.5"),
        ("1000", "15", "15"),
        ("1001", "15.015", "15"),
        ("2500", "37.5", "38"),
        ("25000", "250", "250"),
    ],
)
def test_a13_tolerable_deficiency(nominal_g, exact_g, tolerable_g):
    answer = tolerable(PACK, D(nominal_g))
    assert (answer.exact_g, answer.tolerable_g) == (D(exact_g), D(tolerable_g))
    assert answer.confidence is Confidence.SECONDARY


def test_a13_sample_of_ten():
    answer = judge_lot(PACK, D(500), 30, SAMPLE)
    assert answer.mean_g == D("499.5")
    assert round(answer.standard_deviation_g, 3) == D("1.581")
    assert round(answer.limit_g, 2) == D("498.37")
    assert answer.verdict is Verdict.CONFORMS
    assert (answer.sampling_edition, answer.confidence) == ("2005", Confidence.UNCONFIRMED)


def test_a13_factors_are_student_over_root_n():
    plans = [row for row in PACK.sampling if row.factor is not None]
    assert [row.samples for row in plans] == [10, 13, 50, 80, 125]
    for row in plans:
        assert float(row.factor) == pytest.approx(
            student.ppf(0.995, row.samples - 1) / math.sqrt(row.samples), abs=1.5e-3
        )


@pytest.mark.parametrize(
    ("lot", "samples", "allowed"),
    [
        (1, None, 0),
        (10, None, 0),
        (11, 10, 0),
        (50, 10, 0),
        (51, 13, 1),
        (99, 13, 1),
        (100, 50, 3),
        (500, 50, 3),
        (501, 80, 5),
        (3200, 80, 5),
        (3201, 125, 7),
        (10**6, 125, 7),
    ],
)
def test_sampling_plan(lot, samples, allowed):
    # Source: fact sheet 4.2, plan of 2005.
    row = sampling_row(PACK, lot)
    assert (row.samples, row.allowed_beyond_t, row.allowed_beyond_2t) == (samples, allowed, 0)
    assert row.confidence is Confidence.UNCONFIRMED


@pytest.mark.parametrize(
    ("actual_g", "beyond", "verdict"),
    [
        ("520", 0, Verdict.CONFORMS),
        ("485", 0, Verdict.CONFORMS),  # equality passes
        ("484.99", 1, Verdict.DOES_NOT_CONFORM),
        ("470", 1, Verdict.DOES_NOT_CONFORM),
        ("469.99", 2, Verdict.DOES_NOT_CONFORM),
    ],
)
def test_one_package_against_t_and_2t(actual_g, beyond, verdict):
    answer = judge_package(PACK, D(500), D(actual_g))
    assert (answer.limit_g, answer.twice_g) == (15, 30)
    assert (answer.beyond, answer.verdict) == (beyond, verdict)


@pytest.mark.parametrize(
    ("standard_g", "actual_g", "verdict"),
    [
        ("2.5", "491", Verdict.CONFORMS),  # 9 + 5 ≤ 15
        ("2.5", "485", Verdict.UNDECIDED),
        ("2.5", "479", Verdict.DOES_NOT_CONFORM),  # 21 − 5 > 15
        ("2.51", "479", Verdict.CANNOT_JUDGE),  # U is more than a third of T
    ],
)
def test_one_package_weighed_with_doubt(standard_g, actual_g, verdict):
    assert judge_package(PACK, D(500), D(actual_g), D(standard_g)).verdict is verdict


@pytest.mark.parametrize(
    ("lot", "changed", "verdict", "words"),
    [
        (30, {}, Verdict.CONFORMS, "within the plan"),
        (30, {0: "484"}, Verdict.DOES_NOT_CONFORM, "1 packages are short by more than T, allowed 0"),
        (30, {0: "469"}, Verdict.DOES_NOT_CONFORM, "more than 2 T, allowed 0"),
        (
            30,
            dict.fromkeys(range(10), "498"),
            Verdict.DOES_NOT_CONFORM,
            "mean 498 g is below 500 g".replace(" g", "\u00a0g"),
        ),
        (10, {0: "490"}, Verdict.CONFORMS, "within"),
        (10, {0: "484"}, Verdict.DOES_NOT_CONFORM, "more than T"),
    ],
)
def test_a_lot(lot, changed, verdict, words):
    sample = tuple(D(changed.get(n, each)) for n, each in enumerate(SAMPLE))
    answer = judge_lot(PACK, D(500), lot, sample)
    assert answer.verdict is verdict
    assert words in answer.reason and "plan of 2005" in answer.reason


def test_one_short_package_is_allowed_in_a_lot_of_51():
    sample = (D(484), *[D(503)] * 12)
    answer = judge_lot(PACK, D(500), 51, sample)
    assert (answer.beyond_t, answer.allowed_beyond_t, answer.verdict) == (1, 1, Verdict.CONFORMS)


@pytest.mark.parametrize(
    ("lot", "sample"), [(0, SAMPLE), (-5, SAMPLE), (51, SAMPLE), (30, SAMPLE[:9]), (9, SAMPLE), (30, ())]
)
def test_a_sample_of_another_size_is_refused(lot, sample):
    with pytest.raises(BadSample):
        judge_lot(PACK, D(500), lot, sample)


@pytest.mark.parametrize("nominal_g", ["0", "-1", "50000.1", "NaN", "Infinity"])
def test_outside_the_table_there_is_no_t(nominal_g):
    with pytest.raises(OutsideTable, match="outside the table"):
        tolerable(PACK, D(nominal_g))


@pytest.mark.parametrize("actual_g", ["-1", "1000.1", "NaN", "Infinity"])
def test_an_absurd_package_is_refused(actual_g):
    with pytest.raises(BadSample, match="net mass"):
        judge_package(PACK, D(500), D(actual_g))
    with pytest.raises(BadSample, match="net mass"):
        judge_lot(PACK, D(500), 30, (*SAMPLE[1:], D(actual_g)))


@pytest.mark.parametrize(
    ("nominal_g", "height_mm", "unit"),
    [
        ("50", 2, "g"),
        ("50.1", 3, "g"),
        ("200", 3, "g"),
        ("999", 4, "g"),
        ("1000", 4, "kg"),
        ("1001", 6, "kg"),
    ],
)
def test_characters_and_unit_of_the_label(nominal_g, height_mm, unit):
    # Source: fact sheet 4.1.
    assert character_height(PACK, D(nominal_g)) == height_mm
    assert label_unit(PACK, D(nominal_g)) == unit


@settings(deadline=None)
@given(st.integers(1, 50_000_000), st.integers(1, 50_000_000))
def test_t_never_falls_with_the_quantity(one_mg, other_mg):
    less, more = sorted((one_mg, other_mg))
    low, high = tolerable(PACK, D(less) / 1000), tolerable(PACK, D(more) / 1000)
    assert 0 < low.exact_g <= high.exact_g
    assert low.tolerable_g <= high.tolerable_g


@settings(deadline=None)
@given(st.integers(1000, 50_000_000))
def test_one_package_at_t_conforms_and_beyond_does_not(nominal_mg):
    nominal = D(nominal_mg) / 1000
    limit = tolerable(PACK, nominal).tolerable_g
    assert judge_package(PACK, nominal, nominal - limit).verdict is Verdict.CONFORMS
    beyond = judge_package(PACK, nominal, nominal - limit - D("0.000001"))
    assert beyond.verdict is Verdict.DOES_NOT_CONFORM


@settings(deadline=None)
@given(st.lists(st.integers(450_000, 520_000), min_size=10, max_size=10))
def test_a_heavier_package_never_spoils_the_counts(sample_mg):
    sample = tuple(D(each) / 1000 for each in sample_mg)
    before = judge_lot(PACK, D(500), 30, sample)
    after = judge_lot(PACK, D(500), 30, (max(sample), *sample[1:]))
    assert after.beyond_t + after.beyond_2t <= before.beyond_t + before.beyond_2t
