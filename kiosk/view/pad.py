"""The number pad's memory: which digits have been typed, without a screen.

Rules this file obeys:

* A key that cannot lead to a lawful entry changes nothing.
* The figure is kept as typed: trailing zeros are evidence of what the scale showed.
"""

from __future__ import annotations

import enum
import re

import msgspec

DIGITS = "0123456789"
MINUS = "-"
MAX_DIGITS = 7
MAX_CODE = 12


class Unit(enum.StrEnum):
    """What a figure is typed in. A key of the pad stands for each unit of ``MASSES``."""

    KG = "kg"
    G = "g"
    YUAN = "CNY"
    YUAN_PER_KG = "CNY/kg"
    YUAN_PER_500G = "CNY/500g"
    NONE = ""


MASSES = (Unit.KG, Unit.G)

_FIGURE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


class Pad(msgspec.Struct, frozen=True):
    """What stands in the field. ``unit`` None: a code is typed, not a figure.

    ``label``: the figure was filled in from a scanned label, and no key has touched it since. ``signed``: it
    may be below zero.
    """

    text: str = ""
    unit: Unit | None = None
    label: bool = False
    signed: bool = False

    @property
    def complete(self) -> bool:
        """Whether OK may be pressed."""
        if self.unit is None:
            return bool(self.text)
        return self.text[-1:] not in ("", ".", MINUS)

    def press(self, key: str) -> Pad:
        """The pad after ``key``: a digit, ``point``, ``minus``, ``delete``, ``kg`` or ``g``; others change
        nothing."""
        if self.unit is not None and key in MASSES:
            return self if self.unit == key else Pad(self.text, Unit(key), signed=self.signed)
        text = self._typed(key)
        return self if text == self.text else Pad(text, self.unit, signed=self.signed)

    def _typed(self, key: str) -> str:
        sign, text, digit = "", self.text, len(key) == 1 and key in DIGITS
        if key == "delete":
            return text[:-1]
        if self.unit is None:
            return text + key if digit and len(text) < MAX_CODE else text
        if text.startswith(MINUS):
            sign, text = MINUS, text[1:]
        if key == "minus" and self.signed:
            # The key turns the sign over, wherever the finger is within the figure.
            return ("" if sign else MINUS) + text
        if key == "point" and "." not in text:
            return f"{sign}{text or '0'}."
        if digit and len(text.replace(".", "")) < MAX_DIGITS:
            # A scale never shows 05: a second digit replaces a lone zero.
            return sign + ("" if text == "0" else text) + key
        return sign + text


def filled(figure: str, unit: str) -> Pad | None:
    """The pad with the figure of a label, None where it could not have been typed."""
    fits = _FIGURE.fullmatch(figure) is not None and len(figure.replace(".", "")) <= MAX_DIGITS
    return Pad(figure, Unit(unit), label=True) if fits and unit in (*MASSES, Unit.YUAN) else None
