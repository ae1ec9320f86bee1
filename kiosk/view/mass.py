"""Figures of the screens that the language room has no form for.

Rules this file obeys:

* Digits are evidence: what the scale showed keeps its digits; only errors and loads are rounded, for
  reading, and the record keeps them whole.
* A figure and its unit are joined by a no-break space; the minus sign is a true one.
* Units are g and kg, whatever the language (计量法 art. 3).
* What a load that could not be judged lacks arrives as an empty text and is shown as a dash.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

NBSP = "\u00a0"
MINUS = "\u2212"
READABLE = Decimal("0.1")
NONE = "—"


def trimmed(value: Decimal) -> str:
    """Digits without exponent and trailing zeros, with a true minus sign."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", MINUS)


def live_figure(grams: str) -> str:
    """The pan's figure in kilograms with every digit sent, at least three decimals: ``1.505``."""
    value = Decimal(grams).scaleb(-3)
    text = format(value, f".{max(3, _decimals(value))}f")
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def like_scale(grams: str, interval_g: str | None = None) -> str:
    """An indication as the scale shows it, in kg with the decimals of its scale interval: ``1.005 kg``."""
    value = Decimal(grams).scaleb(-3)
    step = Decimal(interval_g).scaleb(-3).normalize() if interval_g else Decimal("0.001")
    decimals = max(_decimals(step), _decimals(value.normalize()))
    return f"{format(value, f'.{decimals}f').replace('-', MINUS)}{NBSP}kg"


def signed(grams: str) -> str:
    """An error, sign always shown, to 0.1 g: ``+0.5 g``, ``−100 g``, ``0 g``."""
    if not grams:
        return NONE
    value = Decimal(grams).quantize(READABLE, ROUND_HALF_EVEN)
    return f"{'+' if value > 0 else ''}{trimmed(value)}{NBSP}g"


def doubt(grams: str) -> str:
    """An expanded uncertainty, rounded up to 0.1 g, with ± before it."""
    if not grams:
        return NONE
    return f"±{trimmed(Decimal(grams).quantize(READABLE, ROUND_UP))}{NBSP}g"


def limit(grams: str) -> str:
    """A limit on both sides, exact: ``±5 g``."""
    if not grams:
        return NONE
    return f"±{trimmed(Decimal(grams))}{NBSP}g"


def load(grams: str) -> str:
    """A load to 0.1 g, in grams below 1 kg and in kilograms from there."""
    if not grams:
        return NONE
    value = Decimal(grams)
    if -int(value.as_tuple().exponent) > 1:
        value = value.quantize(READABLE, ROUND_HALF_EVEN)
    if abs(value) < 1000:
        return f"{trimmed(value)}{NBSP}g"
    return f"{trimmed(value.scaleb(-3))}{NBSP}kg"


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)
