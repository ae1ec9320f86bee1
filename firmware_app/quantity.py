"""Quantities: Decimal grams for what the law counts, Estimates for what is only known with doubt.

Rules this file obeys:

* Every legal value (nominal, indication, MPE, error) is a Decimal in grams and stays exact.
* Only estimates are floats, and an estimate never travels without its standard uncertainty.
* Amounts typed by people carry a unit; a bare number is refused.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

import msgspec

Grams = Decimal
"""A legal value of mass in grams."""

GRAMS_PER = {
    "mg": Decimal("0.001"),
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "克": Decimal(1),
    "公斤": Decimal(1000),
    "千克": Decimal(1000),
    "斤": Decimal(500),
    "市斤": Decimal(500),
    "两": Decimal(50),
}
"""Grams in one of the unit; 斤 and 两 are understood on entry and never shown (计量法 art. 3)."""

_AMOUNT = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,9})?)\s*([^\d\s.+-]+)")


class BadAmount(ValueError):
    """The text is not an amount of mass; the message says what to type instead."""


def grams(text: str) -> Grams:
    """The amount in ``text`` in grams, e.g. ``2505g``, ``2.505 kg``, ``5斤``; raises BadAmount."""
    match = _AMOUNT.fullmatch(text.strip()) if len(text) <= 40 else None
    if match is None:
        raise BadAmount(f"{text[:40]!r} is not a mass: give a number and a unit, such as 2505g or 2.505kg")
    number, unit = match.groups()
    if unit not in GRAMS_PER:
        raise BadAmount(f"unit {unit!r} in {text!r} is not known: use one of {', '.join(GRAMS_PER)}")
    return Decimal(number) * GRAMS_PER[unit]


def plain(value: Decimal) -> str:
    """The Decimal as digits without exponent, trailing zeros kept (the form on the wire)."""
    return format(value, "f")


def trimmed(value: Decimal) -> str:
    """The Decimal as digits without exponent and without trailing zeros (the form for people)."""
    if not value:
        return "0"  # Decimal keeps the sign of a zero; people do not
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_mass(value: Grams) -> str:
    """The mass with its legal unit: grams below 1 kg, kilograms from there; a no-break space between."""
    if abs(value) < GRAMS_PER["kg"]:
        return f"{trimmed(value)}\u00a0g"
    return f"{trimmed(value / GRAMS_PER['kg'])}\u00a0kg"


class Estimate(msgspec.Struct, frozen=True):
    """A value that is known with doubt: ``value`` and its ``standard`` uncertainty, both in grams.

    Source: JCGM 100 2.3.1.
    """

    value: float
    standard: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.standard) and self.standard >= 0):
            raise ValueError(f"not an estimate: {self.value!r} with standard uncertainty {self.standard!r}")

    def expanded(self, k: float = 2.0) -> float:
        """Expanded uncertainty U = k·u (JCGM 100 2.3.5)."""
        return k * self.standard

    def minus(self, other: Estimate) -> Estimate:
        """The difference of two independent estimates."""
        return Estimate(self.value - other.value, math.hypot(self.standard, other.standard))
