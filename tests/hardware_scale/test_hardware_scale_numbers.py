"""Numbers, units and checks as they stand on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.checks import CHECKS
from hardware.scale.numbers import Form, read_number
from hardware.scale.units import SPELLINGS


@pytest.mark.parametrize(
    ("form", "text", "decimals", "minus", "value", "auxiliary"),
    [
        (Form.DIGITS, "  3862", 2, False, "38.62", None),
        (Form.DIGITS, "000005", 3, True, "-0.005", None),
        (Form.DIGITS, "12", -2, False, "1200", None),
        (Form.DIGITS, "12", None, False, None, None),
        (Form.DIGITS, "1 2", 0, False, None, None),
        (Form.DECIMAL, "-  1,250", None, False, "-1.250", None),
        (Form.DECIMAL, "-0.00", None, False, "-0.00", None),
        (Form.DECIMAL, "1.5", None, True, "-1.5", None),
        (Form.DECIMAL, "+9999999E", None, False, None, None),
        (Form.DECIMAL, "1.2.3", None, False, None, None),
        (Form.DECIMAL, "", None, False, None, None),
        (Form.AUXILIARY, "+007.12/3", None, False, "7.123", "3"),
        (Form.AUXILIARY, "+  123.5[6]", None, False, "123.56", "6"),
        (Form.AUXILIARY, "-123.5[6", None, False, "-123.56", "6"),
        (Form.AUXILIARY, "  123.56", None, False, "123.56", None),
        (Form.AUXILIARY, "1.2/34", None, False, None, None),
        (Form.AUXILIARY, "/3", None, False, None, None),
        (Form.REVERSED, "000.3000", None, False, "3.000", None),
        (Form.REVERSED, "00.1000-", None, False, "-1.00", None),
        (Form.REVERSED, "-00.1000", None, False, None, None),
        (Form.POUNDS_OUNCES, "12:07.50", None, False, "199.50", None),
        (Form.POUNDS_OUNCES, "-0:01", None, False, "-1", None),
        (Form.POUNDS_OUNCES, "1:16.0", None, False, None, None),
        (Form.EXPONENT, "-3;1234", None, False, "1.234", None),
        (Form.EXPONENT, "2;-12", None, False, "-1200", None),
        (Form.EXPONENT, "-3;", None, False, None, None),
        (Form.BCD_LITTLE, "\x34\x12\x00", 3, False, "1.234", None),
        (Form.BCD_LITTLE, "\x3a\x12\x00", 3, False, None, None),
        (Form.INTEGER_LITTLE, "\xa3\x01\x00\x00", 2, False, "4.19", None),
        (Form.INTEGER_LITTLE, "\xff\xff\xff\xff", 0, False, "-1", None),
        (Form.INTEGER_BIG, "\x00\xeb", 1, False, "23.5", None),
        (Form.INTEGER_BIG, "\xff\xff", 1, True, "0.1", None),
        (Form.MAGNITUDE_LITTLE, "\x6f\x04", 1, False, "113.5", None),
        (Form.MAGNITUDE_BIG, "\x00\x00\x30\x39", 2, True, "-123.45", None),
    ],
)
def test_a_number_is_its_digits_with_a_point(
    form: Form, text: str, decimals: int | None, minus: bool, value: str | None, auxiliary: str | None
) -> None:
    number = read_number(form, text, decimals, minus)
    assert (None if number is None else str(number.value)) == value
    if number is not None:
        assert number.auxiliary == auxiliary


@given(
    st.sampled_from(Form),
    st.text(alphabet=[chr(n) for n in range(256)], min_size=1, max_size=12),
    st.booleans(),
)
def test_any_text_is_a_finite_number_or_none(form: Form, text: str, minus: bool) -> None:
    number = read_number(form, text, 3, minus)
    assert number is None or number.value.is_finite()


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-3, 6))
def test_integers_come_back_exactly(whole: int, decimals: int) -> None:
    for form, order in ((Form.INTEGER_LITTLE, "little"), (Form.INTEGER_BIG, "big")):
        text = whole.to_bytes(4, order, signed=True).decode("latin-1")  # type: ignore[arg-type]
        number = read_number(form, text, decimals, minus=False)
        assert number is not None
        assert number.value == Decimal(whole).scaleb(-decimals)


@pytest.mark.parametrize(
    ("sent", "unit"),
    [
        ("kg", "kg"),
        ("GN", "gr"),
        ("斤".encode("gb18030").decode("latin-1"), "斤"),
        ("市斤".encode().decode("latin-1"), "斤"),
        ("公斤".encode("gb18030").decode("latin-1"), "kg"),
        ("两".encode("gb18030").decode("latin-1"), "两"),
        ("tl", "tael"),
    ],
)
def test_a_unit_is_known_by_its_spelling(sent: str, unit: str) -> None:
    assert SPELLINGS[sent] == unit


@pytest.mark.parametrize("word", ["GS", "g s", "KGS", "", " kg"])
def test_what_is_no_unit_is_none(word: str) -> None:
    assert word not in SPELLINGS


@pytest.mark.parametrize(
    ("kind", "covered", "due"),
    [
        ("bcc", b"S 00.488kg", b"e"),
        ("bcc", b"9800000", b"1"),
        ("xor-hex", b"WG004.139kg", b"3D"),
        ("xor-hex", b"+0015600", b"19"),
        ("xor-or-40", bytes.fromhex("02 41 42"), b"\x41"),
        ("sum7", bytes.fromhex("02 31 30 20 20 20 20 32 30 30 20 20 20 20 30 30 0D"), b"\x1e"),
        ("crc16-modbus", bytes.fromhex("01 03 00 00 00 02"), b"\xc4\x0b"),
        ("crc16-modbus", bytes.fromhex("01 03 04 FF FF FF FF"), b"\xfb\xa7"),
        ("crc-massa", bytes.fromhex("23"), b"\x23\x00"),
        ("crc-massa", bytes.fromhex("24 00 00 00 00 01 01 00 01 00 00 00 00"), b"\xfc\x23"),
    ],
)
def test_checks_of_real_frames(kind: str, covered: bytes, due: bytes) -> None:
    assert CHECKS[kind].of(covered) == due
    assert len(due) == CHECKS[kind].width


@pytest.mark.parametrize("kind", sorted(CHECKS))
@given(data=st.binary(min_size=1, max_size=20), place=st.integers(0, 19), flip=st.integers(1, 0x7F))
def test_every_check_sees_one_changed_byte(kind: str, data: bytes, place: int, flip: int) -> None:
    """Given one byte changed in its low seven bits, then every check differs; one of them masks bit 6."""
    if kind == "xor-or-40":
        flip &= 0x3F
    changed = bytearray(data)
    changed[place % len(data)] ^= flip
    assert (CHECKS[kind].of(bytes(changed)) == CHECKS[kind].of(data)) == (flip == 0)
