"""Social credit codes and market units. Source of A15: acceptance cases of the fact sheet."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firmware_app.quantity import BadAmount
from firmware_app.rules.base import Confidence
from firmware_app.rules.code_rows import CodePack
from firmware_app.rules.codes import check_character, check_code
from firmware_app.rules.legal_units import unit_note
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.unit_rows import UnitsPack

ON = date(2026, 11, 23)
CODES, UNITS = pack_in_force(CodePack, ON), pack_in_force(UnitsPack, ON)
ALPHABET = CODES.whole.alphabet


@pytest.mark.parametrize(
    ("code", "valid", "expected"),
    [
        ("91350100M000100Y43", True, "3"),
        ("91350100M000100Y4Z", False, "3"),
        ("11320000MB151840XJ", True, "J"),
        (" 11320000mb151840xj ", True, "J"),
        ("11320000MB151840XK", False, "J"),
    ],
)
def test_a15_check_character(code, valid, expected):
    answer = check_code(CODES, code)
    assert (answer.valid, answer.expected) == (valid, expected)
    assert answer.confidence is Confidence.SECONDARY
    assert bool(answer.reason) is not valid


def test_the_inner_check_is_kept_apart():
    answer = check_code(CODES, "91350100M000100Y56")
    assert answer.valid and answer.organisation_valid is False
    assert answer.organisation_expected == "4"
    assert answer.organisation_confidence is Confidence.UNCONFIRMED


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "18 characters, not 0"),
        ("91350100M000100Y4", "18 characters, not 17"),
        ("91350100M000100Y433", "not 19+"),
        ("9" * 100_000, "not 19+"),
        ("91350100I000100Y43", "I cannot stand"),
        ("９1350100M000100Y43", "cannot stand"),
        ("91350100M000100Y4\n3", "not 19"),
    ],
)
def test_what_is_no_code_is_refused_in_words(code, words):
    answer = check_code(CODES, code)
    assert not answer.valid and words in answer.reason


BODIES = st.text(ALPHABET, min_size=17, max_size=17)


@settings(deadline=None)
@given(BODIES, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body, place, other):
    assume(other != body[place])
    last = check_character(CODES.whole, body)
    assert check_code(CODES, body + last).valid
    assert not check_code(CODES, body[:place] + other + body[place + 1 :] + last).valid


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_anything_but_an_answer(text):
    answer = check_code(CODES, text)
    assert answer.valid or answer.reason


def test_weights_are_powers_of_three():
    # Source: fact sheet 9, weights 3^(i−1) mod 31.
    assert list(CODES.whole.weights) == [pow(3, n, 31) for n in range(17)]


@pytest.mark.parametrize(
    ("text", "mass_g", "words"),
    [
        ("4斤", "2000", "4斤 is 2\u00a0kg"),
        (" 1.5 市斤", "750", "is 750\u00a0g"),
        ("2两", "100", "is 100\u00a0g"),
    ],
)
def test_market_units_are_answered_in_legal_ones(text, mass_g, words):
    note = unit_note(UNITS, text)
    assert note.mass_g == D(mass_g)
    assert words in note.words and "计量法 art. 3" in note.clause


@pytest.mark.parametrize("text", ["2kg", "2公斤", "500 g", "5克"])
def test_legal_units_need_no_note(text):
    assert unit_note(UNITS, text) is None


def test_no_amount_no_note():
    with pytest.raises(BadAmount):
        unit_note(UNITS, "斤")
