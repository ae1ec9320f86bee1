"""The limits of OIML R 76-1:2006 / JJG 539-2016 as the pack gives them.

Sources: acceptance cases A1 (R 76 A.4.4.3 example restated by a public calculation methodology), A2 (derived
from Table 6) and A3 (zero-setting rule) of the project's metrology fact sheet.
"""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.rules.mpe import (
    BadInstrument,
    Instrument,
    OutsideTable,
    change_point_error,
    corrected_error,
    first_step,
    mpe,
    zero_setting_limit,
)
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import Confidence, NawiPack, Stage
from firmware_app.uncertainty.decision import Verdict, simple

ON = date(2026, 11, 23)
PACK = pack_in_force(NawiPack, ON)


def scale(accuracy_class="III", max_g="15000", e_g="5", min_g=None, price_computing=False):
    return Instrument(
        accuracy_class=accuracy_class,
        max_g=D(max_g),
        e_g=D(e_g),
        min_g=None if min_g is None else D(min_g),
        price_computing=price_computing,
    )


A2 = [
    *[("15000", "5", *row) for row in (("100", "2.5"), ("2500", "2.5"), ("2505", "5"))],
    *[("15000", "5", *row) for row in (("10000", "5"), ("10005", "7.5"), ("15000", "7.5"))],
    *[("30000", "10", *row) for row in (("200", "5"), ("5000", "5"), ("5010", "10"))],
    *[("30000", "10", *row) for row in (("20000", "10"), ("20010", "15"), ("30000", "15"))],
    *[("3000", "1", *row) for row in (("20", "0.5"), ("500", "0.5"), ("501", "1"))],
    *[("3000", "1", *row) for row in (("2001", "1.5"), ("3000", "1.5"))],
]


@pytest.mark.parametrize(("max_g", "e_g", "load_g", "limit_g"), A2)
def test_a2_limits_of_table_6(max_g, e_g, load_g, limit_g):
    given_scale = scale(max_g=max_g, e_g=e_g)
    initial = mpe(PACK, given_scale, D(load_g), Stage.INITIAL, ON)
    in_service = mpe(PACK, given_scale, D(load_g), Stage.IN_SERVICE, ON)
    assert initial.limit_g == initial.limit_initial_g == D(limit_g)
    assert in_service.limit_g == 2 * D(limit_g)
    assert in_service.limit_initial_g == D(limit_g)


def test_a2_eccentric_load():
    load = D(15000) / PACK.eccentricity.divisor
    assert load == 5000
    assert mpe(PACK, scale(), load, Stage.INITIAL, ON).limit_g == 5
    assert mpe(PACK, scale(), load, Stage.IN_SERVICE, ON).limit_g == 10


def test_a1_error_before_rounding():
    zero = change_point_error(D(50), D(50), D("2"), D(5))
    error = change_point_error(D(1000), D(1000), D("1.5"), D(5))
    assert (zero, error) == (D("0.5"), D("1.0"))
    assert corrected_error(error, zero) == D("0.5")
    limit = mpe(PACK, scale(), D(1000), Stage.INITIAL, ON).limit_g
    assert limit == D("2.5")
    assert simple(corrected_error(error, zero), limit) is Verdict.CONFORMS


@pytest.mark.parametrize(
    ("added_g", "error_g", "passes"), [("2.5", "0", True), ("1.0", "1.5", False), ("1.25", "1.25", True)]
)
def test_a3_zero_setting(added_g, error_g, passes):
    error = change_point_error(D(0), D(0), D(added_g), D(5))
    assert error == D(error_g)
    assert (abs(error) <= zero_setting_limit(PACK, D(5))) is passes


@pytest.mark.parametrize(
    ("accuracy_class", "max_g", "e_g", "load_g", "initial_e"),
    [
        ("II", "15000", "1", "5000", "0.5"),
        ("II", "15000", "1", "5001", "1"),
        ("II", "50000", "1", "20001", "1.5"),
        ("IIII", "5000", "5", "250", "0.5"),
        ("IIII", "5000", "5", "1000", "1"),
        ("IIII", "5000", "5", "1005", "1.5"),
        ("I", "1000", "0.001", "50", "0.5"),
        ("I", "1000", "0.001", "1000", "1.5"),
    ],
)
def test_other_classes(accuracy_class, max_g, e_g, load_g, initial_e):
    given_scale = scale(accuracy_class, max_g, e_g)
    assert mpe(PACK, given_scale, D(load_g), Stage.INITIAL, ON).limit_g == D(initial_e) * D(e_g)


@pytest.mark.parametrize(
    ("accuracy_class", "max_g", "e_g", "min_g", "words"),
    [
        ("V", "15000", "5", None, "not known"),
        ("III", "15000", "3", None, "power of ten"),
        ("III", "15000", "0", None, "power of ten"),
        ("III", "15000", "-5", None, "power of ten"),
        ("III", "15000", "NaN", None, "power of ten"),
        ("III", "15000", "15", None, "power of ten"),
        ("III", "2495", "5", None, "at least 500"),
        ("III", "50005", "5", None, "at most 10000"),
        ("III", "Infinity", "5", None, "at least 500"),
        ("III", "15000", "0.05", None, "does not exist"),
        ("IIII", "5005", "5", None, "at most 1000"),
        ("III", "15000", "5", "95", "Min"),
        ("I", "40", "0.001", None, "at least 50000"),
    ],
)
def test_an_instrument_that_fits_no_class_is_refused(accuracy_class, max_g, e_g, min_g, words):
    with pytest.raises(BadInstrument, match=words):
        mpe(PACK, scale(accuracy_class, max_g, e_g, min_g), D(0), Stage.INITIAL, ON)


@pytest.mark.parametrize("load_g", ["15000.001", "-0.001", "NaN", "Infinity"])
def test_outside_the_range_there_is_no_limit(load_g):
    with pytest.raises(OutsideTable):
        mpe(PACK, scale(), D(load_g), Stage.IN_SERVICE, ON)


SCALES = st.sampled_from(
    [scale(), scale(max_g="30000", e_g="10"), scale("II", "15000", "1"), scale("IIII", "5000", "5")]
)


@settings(deadline=None)
@given(SCALES, st.data(), st.sampled_from(Stage))
def test_limits_never_fall_with_the_load(given_scale, data, stage):
    top = int(given_scale.max_g * 1000)
    less, more = sorted(data.draw(st.tuples(st.integers(0, top), st.integers(0, top))))
    low = mpe(PACK, given_scale, D(less) / 1000, stage, ON)
    high = mpe(PACK, given_scale, D(more) / 1000, stage, ON)
    assert 0 < low.limit_g <= high.limit_g
    assert low.limit_g >= low.limit_initial_g


@settings(deadline=None)
@given(SCALES, st.integers(0, 5_000_000), st.integers(-30_000, 30_000))
def test_limits_are_inclusive_and_symmetric(given_scale, load_mg, error_mg):
    answer = mpe(PACK, given_scale, D(load_mg) / 1000, Stage.IN_SERVICE, ON)
    error = D(error_mg) / 1000
    assert simple(error, answer.limit_g) is simple(-error, answer.limit_g)
    assert simple(answer.limit_g, answer.limit_g) is Verdict.CONFORMS
    assert simple(answer.limit_g + D("0.001"), answer.limit_g) is Verdict.DOES_NOT_CONFORM


def test_the_step_itself_still_has_the_smaller_limit():
    step = first_step(PACK, scale())
    assert step == 2500
    assert mpe(PACK, scale(), step, Stage.INITIAL, ON).limit_g == D("2.5")
    assert mpe(PACK, scale(), step + D("0.001"), Stage.INITIAL, ON).limit_g == D(5)


def test_the_answer_names_the_rows_it_stands_on():
    answer = mpe(PACK, scale(), D(1000), Stage.IN_SERVICE, ON)
    assert "Table 6" in answer.clause and "3.5.2" in answer.clause
    assert (answer.pack, answer.version, len(answer.sha256)) == ("jjg539-2016", "2", 64)
    assert answer.confidence is Confidence.SECONDARY


def test_subsequent_verification_is_only_recalled():
    answer = mpe(PACK, scale(), D(1000), Stage.SUBSEQUENT, ON)
    assert answer.limit_g == D("2.5")
    assert answer.confidence is Confidence.UNCONFIRMED


@pytest.mark.parametrize(
    ("on", "price_computing", "max_g", "e_g", "taken_over"),
    [
        (date(2027, 1, 7), True, "15000", "5", False),
        (date(2027, 1, 8), True, "15000", "5", True),
        (date(2027, 1, 8), False, "15000", "5", False),
        (date(2027, 1, 8), True, "100000", "20", True),
        (date(2027, 1, 8), True, "150000", "50", False),
    ],
)
def test_price_computing_scales_are_handed_over_to_a_text_nobody_has_read(
    on, price_computing, max_g, e_g, taken_over
):
    given_scale = scale(max_g=max_g, e_g=e_g, price_computing=price_computing)
    answer = mpe(PACK, given_scale, D(1000), Stage.IN_SERVICE, on)
    assert answer.limit_g == D(e_g)
    assert (answer.superseded_by == "JJG 1204-2025") is taken_over
    assert ("JJG 1204-2025" in answer.clause) is taken_over
    assert (answer.confidence is Confidence.UNCONFIRMED) is taken_over
