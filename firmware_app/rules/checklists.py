"""What a person looks at or is reminded of: check items for a scale, duties at the market; no figures.

Rules this file obeys:

* Items of every text in force hold side by side; where two texts name the same item, the later text's counts.
* A reminder is no verdict: nothing here conforms or does not.
"""

from __future__ import annotations

from datetime import date

import msgspec

from firmware_app.rules.base import Confidence
from firmware_app.rules.checklist_rows import ChecklistPack, Concerned
from firmware_app.rules.mpe import Instrument
from firmware_app.rules.pack import packs_in_force
from firmware_app.rules.rows import Pack


class CheckItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at or be reminded of, with the line of the text that asks for it."""

    item: str
    concerned: Concerned
    words_zh: str
    words_en: str
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence


def check_items(
    on: date, instrument: Instrument, packs: tuple[Pack, ...] | None = None
) -> tuple[CheckItem, ...]:
    """What is looked at on this scale on that day, in order; empty where no text in force says anything."""
    return _items(on, packs, (Concerned.SCALE,), instrument)


def duties(
    on: date, concerned: Concerned | None = None, packs: tuple[Pack, ...] | None = None
) -> tuple[CheckItem, ...]:
    """The duties at a market on that day, as reminders; None: of organisers and traders."""
    whom = (Concerned.ORGANISER, Concerned.TRADER) if concerned is None else (concerned,)
    return _items(on, packs, whom, None)


def _items(
    on: date, packs: tuple[Pack, ...] | None, whom: tuple[Concerned, ...], instrument: Instrument | None
) -> tuple[CheckItem, ...]:
    found: dict[tuple[Concerned, str], CheckItem] = {}
    newest = sorted(packs_in_force(ChecklistPack, on, packs, instrument), key=lambda pack: pack.effective)
    for pack in newest:
        for row in pack.items:
            if row.concerned in whom:
                # The place is that of the text that named it first, the words are the later text's.
                found[row.concerned, row.item] = CheckItem(
                    item=row.item,
                    concerned=row.concerned,
                    words_zh=row.words_zh,
                    words_en=row.words_en,
                    clause=row.clause,
                    pack=pack.id,
                    version=pack.version,
                    sha256=pack.sha256,
                    confidence=row.confidence,
                )
    return tuple(found.values())
