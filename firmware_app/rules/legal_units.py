"""Market units that people still say: understood on entry, answered in grams and kilograms.

Rules this file obeys:

* The note says what the amount is in the legal unit and by which clause; it never stands in a record.
"""

from __future__ import annotations

import msgspec

from firmware_app.quantity import Grams, grams, show_mass
from firmware_app.rules.base import Confidence, weakest
from firmware_app.rules.unit_rows import UnitsPack


class UnitNote(msgspec.Struct, frozen=True, kw_only=True):
    """An amount that was given in a market unit, in grams, with the words that say so."""

    mass_g: Grams
    words: str
    clause: str
    confidence: Confidence


def unit_note(pack: UnitsPack, text: str) -> UnitNote | None:
    """The note for an amount as typed, None where its unit is legal; raises BadAmount.

    Source: 计量法 art. 3.
    """
    mass = grams(text)
    unit = text.strip().lstrip("+-0123456789.").strip()
    for row in pack.market:
        if unit in row.names:
            return UnitNote(
                mass_g=mass,
                words=f"{text.strip()} is {show_mass(mass)}; {unit} is no legal unit of measurement",
                clause=row.clause,
                confidence=weakest(row.confidence, pack.legal.confidence),
            )
    return None
