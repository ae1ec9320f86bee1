"""Figures as people read them.

Rules this file obeys:

* No Kivy and no arithmetic that could lose a digit: decimal strings in, text out.
* The unit is legal (g, kg) and hangs on a no-break space; a minus is U+2212, as wide as a digit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

MINUS = "\u2212"
NO_BREAK = "\u00a0"
_GRAMS_PER = {"g": Decimal(1), "kg": Decimal(1000)}


def mass(grams: str, *, signed: bool = False) -> str:
    """``grams`` with its unit: grams below 1 kg, kilograms from there, e.g. ``1.005 kg`` or ``+5 g``.

    Zeros that say nothing are left out. Raises ValueError where ``grams`` is no finite decimal.
    """
    unit = "kg" if abs(_decimal(grams)) >= _GRAMS_PER["kg"] else "g"
    return f"{in_unit(grams, unit, signed=signed)}{NO_BREAK}{unit}"


def in_unit(grams: str, unit: str, *, signed: bool = False, places: int | None = None) -> str:
    """The figure of ``grams`` in ``unit`` (g or kg) without the unit.

    ``places``: exactly so many decimals (half to even); None keeps those that say something. Raises
    ValueError.
    """
    if unit not in _GRAMS_PER:
        raise ValueError(f"unit {unit!r} is not shown: only g and kg are")
    value = _decimal(grams) / _GRAMS_PER[unit]
    text = format(abs(value), "f" if places is None else f".{places}f")
    if places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("0."):
        return text
    sign = MINUS if value < 0 else "+" if signed else ""
    return sign + text


def clock_time(at: str) -> str:
    """Hours and minutes of an RFC 3339 time, e.g. ``14:05``; raises ValueError."""
    return datetime.fromisoformat(at).strftime("%H:%M")


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{text[:40]!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return value
