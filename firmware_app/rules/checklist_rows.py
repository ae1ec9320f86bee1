"""The shape of a pack of check items: what a person looks at, in words, with no figure to judge by.

Rules this file obeys:

* The words are our own; the clause says where the requirement stands.
* Nothing is evaluated here.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.rules.base import Dated, Row
from firmware_app.rules.plan_rows import Scope


class Concerned(enum.StrEnum):
    """Whom or what an item is about."""

    SCALE = "scale"
    ORGANISER = "organiser"
    TRADER = "trader"


class ItemRow(Row, frozen=True, kw_only=True):
    """One thing to look at or be reminded of; ``item`` is its name in a record."""

    item: str
    concerned: Concerned
    words_zh: str
    words_en: str


class ItemVector(msgspec.Struct, frozen=True, kw_only=True):
    """An item the pack must have, and whom it must concern."""

    item: str
    concerned: Concerned


class ChecklistPack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="checklist"):
    """Check items and duties of one text, in the order in which they are gone through."""

    scope: Scope | None = None
    """The scales whose items they are, None: all of them; duties have none."""
    items: tuple[ItemRow, ...]
    vectors: tuple[ItemVector, ...]
