"""How numbers are written on the wire, and the exact Decimal each of them means.

Rules this file obeys:

* A value is made from the digits as sent by placing a point, never by arithmetic on floats.
* Text that is not wholly a number of its form is no number: None, never a guess.
* The digit behind the verified ones is part of the value and is handed over apart as well.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

BLANK = " \0"

_DIGITS = re.compile(r"[ \0]*([0-9]+)")
_DECIMAL = re.compile(r"[ \0]*([+-]?)[ \0]*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)[ \0]*")
_AUXILIARY = re.compile(r"([ \0+-]*[0-9]+[.,]?[0-9]*)(?:/([0-9])|\[([0-9])\]?)([ \0]*)")
_POUNDS_OUNCES = re.compile(r" *(-?) *([0-9]+):([0-9]{1,2}(?:\.[0-9]+)?)")
_EXPONENT = re.compile(r"(-?[0-9]);(-?[0-9]{1,9})")
_OUNCES_PER_POUND = 16


class Form(enum.StrEnum):
    """How a number is written."""

    DIGITS = "digits"
    """Digits only, blanks in front; the point is told by ``decimals``."""
    DECIMAL = "decimal"
    """Sign and point (or comma) among the digits, blanks around and behind the sign."""
    AUXILIARY = "auxiliary"
    """As decimal, or with the digit behind the verified ones marked: ``7.12/3``, ``123.5[6]``."""
    REVERSED = "reversed"
    """As decimal, least significant character first: ``00.1000-`` is -1.00."""
    POUNDS_OUNCES = "lb:oz"
    """``12:07.50``; the value is given exactly in ounces, 199.50."""
    EXPONENT = "exponent;mantissa"
    """``-3;1234`` is 1.234."""
    BCD_LITTLE = "bcd-little"
    """Two digits a byte, the lowest byte first; the point is told by ``decimals``."""
    INTEGER_LITTLE = "integer-little"
    """Two's complement, low byte first; the point is told by ``decimals``."""
    INTEGER_BIG = "integer-big"
    """Two's complement, high byte first; the point is told by ``decimals``."""
    MAGNITUDE_LITTLE = "magnitude-little"
    """Without sign, low byte first; the point is told by ``decimals``."""
    MAGNITUDE_BIG = "magnitude-big"
    """Without sign, high byte first; the point is told by ``decimals``."""


POINTLESS = frozenset(
    {
        Form.DIGITS,
        Form.BCD_LITTLE,
        Form.INTEGER_LITTLE,
        Form.INTEGER_BIG,
        Form.MAGNITUDE_LITTLE,
        Form.MAGNITUDE_BIG,
    }
)
"""Forms that need ``decimals`` from elsewhere."""


class Number(NamedTuple):
    """Digits as sent, their exact value, and the digit behind the verified ones where it is marked."""

    text: str
    value: Decimal
    auxiliary: str | None = None


def read_number(form: Form, text: str, decimals: int | None, minus: bool) -> Number | None:
    """The number in ``text`` (bytes one to one), None if it is none; ``minus``: the sign stands elsewhere."""
    if form in _BINARY:
        return _signed(_BINARY[form](text.encode("latin-1")), decimals, minus)
    match form:
        case Form.DIGITS:
            number = _digits(text, decimals, minus)
        case Form.BCD_LITTLE:
            number = _digits(text.encode("latin-1")[::-1].hex(), decimals, minus)
        case Form.AUXILIARY:
            number = _auxiliary(text, minus)
        case Form.REVERSED:
            number = _decimal(text[::-1], text.strip(BLANK), minus)
        case Form.POUNDS_OUNCES:
            number = _pounds_ounces(text)
        case Form.EXPONENT:
            number = _exponent(text, minus)
        case _:
            number = _decimal(text, text.strip(BLANK), minus)
    return number


_BINARY: Mapping[Form, Callable[[bytes], int]] = {
    Form.INTEGER_LITTLE: lambda data: int.from_bytes(data, "little", signed=True),
    Form.INTEGER_BIG: lambda data: int.from_bytes(data, "big", signed=True),
    Form.MAGNITUDE_LITTLE: lambda data: int.from_bytes(data, "little"),
    Form.MAGNITUDE_BIG: lambda data: int.from_bytes(data, "big"),
}


def _digits(text: str, decimals: int | None, minus: bool) -> Number | None:
    digits = _DIGITS.fullmatch(text)
    return None if digits is None else _placed(digits[1], decimals, minus)


def _exponent(text: str, minus: bool) -> Number | None:
    found = _EXPONENT.fullmatch(text)
    return None if found is None else _signed(int(found[2]), -int(found[1]), minus)


def _placed(digits: str, decimals: int | None, minus: bool) -> Number | None:
    if decimals is None:
        return None
    whole = digits + "0" * -decimals
    whole = whole.zfill(max(decimals, 0) + 1)
    cut = len(whole) - max(decimals, 0)
    return Number(digits, Decimal(f"{'-' if minus else ''}{whole[:cut]}.{whole[cut:]}"))


def _signed(number: int, decimals: int | None, minus: bool) -> Number | None:
    placed = _placed(str(abs(number)), decimals, minus != (number < 0))
    return None if placed is None else placed._replace(text=str(number))


def _decimal(text: str, sent: str, minus: bool) -> Number | None:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    sign, digits = found.groups()
    if minus and not sign:
        sign = "-"
    return Number(sent, Decimal(sign + digits.replace(",", ".")))


def _auxiliary(text: str, minus: bool) -> Number | None:
    found = _AUXILIARY.fullmatch(text)
    if found is None:
        return _decimal(text, text.strip(BLANK), minus)
    verified, slash, bracket, _ = found.groups()
    digit = slash or bracket
    number = _decimal(verified + digit, text.strip(BLANK), minus)
    return None if number is None else number._replace(auxiliary=digit)


def _pounds_ounces(text: str) -> Number | None:
    found = _POUNDS_OUNCES.fullmatch(text)
    if found is None or Decimal(found[3]) >= _OUNCES_PER_POUND:
        return None
    ounces = int(found[2]) * _OUNCES_PER_POUND + Decimal(found[3])
    return Number(text.strip(BLANK), -ounces if found[1] else ounces)
