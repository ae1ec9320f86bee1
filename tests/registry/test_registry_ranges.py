"""The measuring range of a scale as people write it."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.quantity import BadAmount
from firmware_app.registry.ranges import read_range, show_range


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100g~15kg", 100, 15000),
        ("0.1-15 kg", 100, 15000),
        ("(0.1～15)kg", 100, 15000),
        ("（100g—15kg）", 100, 15000),
        ("100 g 至 15 kg", 100, 15000),
        ("20g…3000g", 20, 3000),
        ("0.2到30kg", 200, 30000),
        ("１００ｇ〜１５ｋｇ", 100, 15000),
        ("15kg", None, 15000),
        ("≤15千克", None, 15000),
        ("100克~15公斤", 100, 15000),
    ],
)
def test_ranges_are_understood(text, low, high):
    found = read_range(text)
    assert (found.min_g, found.max_g, found.note) == (low, high, "")


def test_a_unit_that_is_not_legal_is_answered_with_the_legal_one():
    found = read_range("0.2~30斤")
    assert (found.min_g, found.max_g) == (100, 15000)
    assert found.note == "0.2~30斤 is no legal unit: read as 100g~15kg"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no measuring range"),
        ("large", "no measuring range"),
        ("0~15", "has no unit"),
        ("15kg~100g", "goes down"),
        ("1~2~3kg", "no measuring range"),
        ("-5kg", "no measuring range"),
        ("1e3kg", "no measuring range|not known"),
        ("100g~15lb", "not known"),
        ("9" * 200 + "kg", "no measuring range"),
        ("٣kg", "no measuring range"),
    ],
)
def test_nonsense_is_refused_with_an_example(text, words):
    with pytest.raises(BadAmount, match=words):
        read_range(text)


masses = st.integers(1, 10**8).map(lambda milligrams: D(milligrams) / 1000)


@given(masses, masses)
def test_what_is_written_is_read_back(one, other):
    low, high = sorted((one, other))
    found = read_range(show_range(low, high))
    assert (found.min_g, found.max_g) == (low, high)


@given(st.text(max_size=80))
def test_no_text_does_anything_but_be_read_or_refused(text):
    try:
        found = read_range(text)
    except BadAmount:
        return
    assert found.max_g >= (found.min_g or 0)
