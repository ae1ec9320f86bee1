"""EAN-13 and the labels that scales print with a price or a weight in it: pure, strict, no I/O.

Rules this file obeys:

* A code whose check digit fails is no code; nothing is repaired.
* What the digits of a label mean is a country's or a shop's choice: it is a Layout, never a guess.
* Prices and weights are Decimals made from the digits as scanned.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from decimal import Decimal

import msgspec

LENGTH = 13
BODY_DIGITS = 10
"""Digits between the two of the prefix and the check digit."""

_DIGITS = re.compile(r"[0-9]+")
_VARIABLE = range(20, 30)

# GS1 General Specifications 7.9.2: the weighted product of each digit 0 … 9.
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
_OVER_FOUR: Sequence[Sequence[int]] = (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)
_OVER_FIVE: Sequence[Sequence[int]] = (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS)


class Ean13Error(Exception):
    """The scanned text is no such label, or a layout cannot be; the message says why."""


class Carries(enum.StrEnum):
    """What the variable digits of a label are."""

    PRICE = "price"
    WEIGHT = "weight"


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a shop's labels are laid out: prefix (2), item, perhaps an inner check digit, value, check digit.

    ``prefixes``: two digits each, 20 to 29. ``decimals``: places of the value; a weight is in kilograms,
    a price in the currency's unit. ``inner_check``: a digit over the value stands in front of it.
    """

    prefixes: tuple[str, ...]
    carries: Carries
    item_digits: int = 5
    value_digits: int = 5
    decimals: int
    inner_check: bool = False

    def __post_init__(self) -> None:
        wrong = [prefix for prefix in self.prefixes if not _is_variable(prefix)]
        if wrong or not self.prefixes:
            raise Ean13Error(f"prefixes of variable measure are 20 to 29, not {', '.join(wrong) or 'none'}")
        if self.item_digits < 1 or self.value_digits < 1:
            raise Ean13Error("a label has at least one digit of item and one of value")
        if self.item_digits + self.inner_check + self.value_digits != BODY_DIGITS:
            raise Ean13Error(f"item, inner check digit and value fill {BODY_DIGITS} digits exactly")
        if not 0 <= self.decimals <= self.value_digits:
            raise Ean13Error(f"{self.decimals} decimals in a value of {self.value_digits} digits")
        if self.inner_check and self.value_digits not in (4, 5):
            raise Ean13Error("an inner check digit is defined over four or five digits (GS1 7.9.3, 7.9.4)")


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One scale label as scanned. ``value``: price, or weight in kilograms, with the layout's decimals."""

    code: str
    item: str
    carries: Carries
    value: Decimal


def check_digit(digits: str) -> str:
    """The last digit of a code of which ``digits`` are all others (GS1 7.9.1: 3 and 1 from the right)."""
    _digits_only(digits, "digits")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def price_check_digit(value: str) -> str:
    """The inner check digit over a value of four or five digits (GS1 7.9.3 and 7.9.4); raises Ean13Error."""
    _digits_only(value, "a value")
    if len(value) == len(_OVER_FOUR):
        return str(3 * _weighted(value, _OVER_FOUR) % 10)
    if len(value) == len(_OVER_FIVE):
        return str(_FIVE_MINUS.index(-_weighted(value, _OVER_FIVE) % 10))
    raise Ean13Error(f"an inner check digit is over four or five digits, not {len(value)}")


def checked(code: str) -> str:
    """``code`` itself; raises Ean13Error when it is not an EAN-13 with the right check digit."""
    _digits_only(code, "an EAN-13")
    if len(code) != LENGTH:
        raise Ean13Error(f"an EAN-13 has {LENGTH} digits, not {len(code)}")
    due = check_digit(code[:-1])
    if code[-1] != due:
        raise Ean13Error(f"the check digit of {code} is {code[-1]}, {due} is due: scan again")
    return code


def label(code: str, layouts: Sequence[Layout]) -> Label:
    """What a scale label says under the one layout that has its prefix; raises Ean13Error."""
    checked(code)
    prefix = code[:2]
    fits = [layout for layout in layouts if prefix in layout.prefixes]
    if len(fits) != 1:
        why = "belongs to no layout" if not fits else "belongs to several layouts"
        raise Ean13Error(f"prefix {prefix} {why}: the shop's labels are set up under it once")
    layout = fits[0]
    item = code[2 : 2 + layout.item_digits]
    value = code[-1 - layout.value_digits : -1]
    if layout.inner_check:
        inner, due = code[2 + layout.item_digits], price_check_digit(value)
        if inner != due:
            raise Ean13Error(
                f"the inner check digit of {code} is {inner}, {due} is due: another layout, or misread"
            )
    return Label(
        code=code,
        item=item,
        carries=layout.carries,
        value=Decimal(value).scaleb(-layout.decimals),
    )


def _weighted(value: str, weights: Sequence[Sequence[int]]) -> int:
    return sum(weight[int(digit)] for digit, weight in zip(value, weights, strict=True))


def _is_variable(prefix: str) -> bool:
    return len(prefix) == 2 and _DIGITS.fullmatch(prefix) is not None and int(prefix) in _VARIABLE


def _digits_only(text: str, what: str) -> None:
    if len(text) > 64 or not _DIGITS.fullmatch(text):
        raise Ean13Error(f"{what} consists of digits 0 to 9")
