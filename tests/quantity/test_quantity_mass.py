"""Grams as Decimals and amounts typed by people."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.quantity import GRAMS_PER, BadAmount, Estimate, grams, plain, show_mass, trimmed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2505g", "2505"),
        ("2.505 kg", "2505.000"),
        (" 0.5kg ", "500.0"),
        ("+5 斤", "2500"),
        ("3两", "150"),
        ("1公斤", "1000"),
        ("20 mg", "0.020"),
        ("-3g", "-3"),
        ("1.5t", "1500000.0"),
    ],
)
def test_an_amount_is_exact(text: str, expected: str) -> None:
    assert grams(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "g",
        "1,5 kg",
        "5 pounds",
        "1e3 g",
        "nan g",
        "1.5.2 g",
        "5 kg g",
        "²g",
        "0x10g",
        "9" * 41 + "g",
        "1 2 g",
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_type(text: str) -> None:
    with pytest.raises(BadAmount, match=r"give a number and a unit|use one of"):
        grams(text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("999.5", "999.5\u00a0g"),
        ("1000", "1\u00a0kg"),
        ("2505.0", "2.505\u00a0kg"),
        ("-1500", "-1.5\u00a0kg"),
        ("0.000", "0\u00a0g"),
        ("1E+3", "1\u00a0kg"),
        ("-0.0", "0\u00a0g"),
    ],
)
def test_a_mass_is_shown_with_its_legal_unit_that_never_parts_from_it(value: str, shown: str) -> None:
    assert show_mass(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "wire", "people"),
    [
        ("1E+3", "1000", "1000"),
        ("1.500", "1.500", "1.5"),
        ("0.00", "0.00", "0"),
        ("-0.0", "-0.0", "0"),
        ("-0.50", "-0.50", "-0.5"),
    ],
)
def test_digits_without_exponent(value: str, wire: str, people: str) -> None:
    assert plain(Decimal(value)) == wire
    assert trimmed(Decimal(value)) == people


@given(st.decimals(min_value=-999_999, max_value=999_999, places=4), st.sampled_from(sorted(GRAMS_PER)))
def test_whatever_is_written_with_a_unit_is_read_as_that_mass(value: Decimal, unit: str) -> None:
    assert grams(f"{plain(value)} {unit}") == value * GRAMS_PER[unit]


@given(st.text(max_size=60))
def test_hostile_text_is_an_amount_or_refused(text: str) -> None:
    try:
        assert grams(text).is_finite()
    except BadAmount as refused:
        assert len(str(refused)) < 300


@pytest.mark.parametrize(
    ("value", "standard"), [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (1.0, -1e-9), (1.0, math.inf)]
)
def test_no_estimate_without_a_doubt_that_is_a_number(value: float, standard: float) -> None:
    with pytest.raises(ValueError, match="not an estimate"):
        Estimate(value, standard)


def test_estimates_expand_and_subtract() -> None:
    difference = Estimate(10.0, 3.0).minus(Estimate(4.0, 4.0))

    assert difference == Estimate(6.0, 5.0)
    assert difference.expanded() == 10.0
    assert difference.expanded(3.0) == 15.0
