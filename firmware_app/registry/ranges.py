"""The measuring range of a scale as people write it: ``100g~15kg``, ``(0.1～15)kg``, ``0.2-30斤``.

Rules this file obeys:

* A unit that stands behind the last figure holds for the first one too.
* 斤 and 两 are understood, and answered with the legal unit (计量法 art. 3).
* Text from outside is bounded before it is looked at.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from firmware_app.quantity import BadAmount, Grams, grams, show_mass

MAX_CHARACTERS = 60
NOT_LEGAL = ("斤", "市斤", "两")
EXAMPLE = "100g~15kg"

_BETWEEN = re.compile(r"\s*(?:~|∼|〜|–|—|−|-|至|到|…|\.\.\.?)\s*")
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[^\d\s.]*)")


class Range(msgspec.Struct, frozen=True):
    """Min and Max in grams; ``min_g`` None where only a Max was written. ``note``: what to write instead."""

    min_g: Grams | None
    max_g: Grams
    note: str = ""


def read_range(text: str) -> Range:
    """The range in the text; raises BadAmount with the remedy."""
    shown = text[:MAX_CHARACTERS]
    plain = unicodedata.normalize("NFKC", shown).strip() if len(text) <= MAX_CHARACTERS else ""
    # Brackets hold the figures together before their unit; of a single figure they say Max ≤.
    plain = re.sub(r"[()\[\]]", "", plain).removeprefix("≤").removeprefix("<=").strip()
    parts = _BETWEEN.split(plain)
    matches = [_AMOUNT.fullmatch(part) for part in parts]
    if not 1 <= len(parts) <= 2 or None in matches:
        raise BadAmount(f"{shown!r} is no measuring range: give one such as {EXAMPLE}")
    found = [(match["number"], match["unit"]) for match in matches if match is not None]
    last_unit = found[-1][1]
    if not last_unit:
        raise BadAmount(f"{shown!r} has no unit: give one such as {EXAMPLE}")
    masses = [grams(f"{number}{unit or last_unit}") for number, unit in found]
    units = {unit for _, unit in found}
    low = masses[0] if len(masses) == 2 else None
    note = ""
    if units & set(NOT_LEGAL):
        note = f"{shown} is no legal unit: read as {show_range(low, masses[-1])}"
    if low is not None and low > masses[-1]:
        raise BadAmount(f"{shown!r}: the range goes down: give one such as {EXAMPLE}")
    return Range(low, masses[-1], note)


def show_range(min_g: Grams | None, max_g: Grams) -> str:
    """The range as the ledger of instruments has it: ``100g~15kg``."""
    shown = [show_mass(each).replace("\u00a0", "") for each in (min_g, max_g) if each is not None]
    return "~".join(shown)
