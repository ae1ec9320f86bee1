"""The two codings under a slip: deterministic CBOR and bytes as digits; one value, one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.slip import cbor, digits

SCALARS = st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.integers(-30, 300), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1000000000000, "1b000000e8d4a51000"),
        (-1, "20"),
        (-1000, "3903e7"),
        (b"\x01\x02\x03\x04", "4401020304"),
        ("水", "63e6b0b4"),
        ([1, [2, 3], [4, 5]], "8301820203820405"),
        ({1: 2, 3: 4}, "a201020304"),
    ],
)
def test_the_examples_of_rfc_8949_appendix_a(value, encoded):
    assert cbor.encode(value).hex() == encoded
    assert cbor.decode(bytes.fromhex(encoded)) == value


@given(VALUES)
def test_what_is_encoded_is_read_back(value):
    try:
        assert cbor.decode(cbor.encode(value)) == value
    except BadFormat as error:
        assert "depth" in str(error)


@given(st.binary(max_size=60))
def test_bytes_are_refused_or_are_the_one_encoding_of_what_they_say(data):
    try:
        value = cbor.decode(data)
    except BadFormat:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "1800",  # 0 in two bytes
        "190017",
        "5f42010243030405ff",  # indefinite
        "f97e00",  # a float
        "c249010000000000000000",  # a tag
        "a203040102",  # keys out of order
        "a201020103",  # a key twice
        "a1616101",  # a key that is a text
        "61ff",  # no UTF-8
        "5b7fffffffffffffff00",  # a length beyond memory
        "9bffffffffffffffff",
        "818181818100",  # too deep
        "0000",
    ],
)
def test_every_other_encoding_is_refused(encoded):
    with pytest.raises(BadFormat):
        cbor.decode(bytes.fromhex(encoded))


@given(st.binary(max_size=200))
def test_digits_are_read_back(data):
    text = digits.encode(data)

    assert digits.decode(text) == data if data else text == ""
    assert text.isdigit() or not data


@given(st.text(alphabet="0123456789", min_size=1, max_size=60))
def test_digits_are_refused_or_are_the_one_text_of_their_bytes(text):
    try:
        data = digits.decode(text)
    except BadFormat:
        return
    assert digits.encode(data) == text


@pytest.mark.parametrize("text", ["", "1", "12", "256", "999", "٣٣٣", "12a", " 123", "9" * 17, "0" * 18])
def test_what_are_no_digits_of_bytes_is_refused(text):
    with pytest.raises(BadFormat):
        digits.decode(text)
