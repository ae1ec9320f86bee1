"""The shape of a pack on units: which ones trade may use, and what the old market units are in them.

Rules this file obeys:

* Nothing is evaluated here.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.rules.base import Dated, Row


class MarketUnitRow(Row, frozen=True, kw_only=True):
    """A unit that people still say and that no price, label or record may use."""

    names: tuple[str, ...]
    grams: Decimal


class UnitVector(msgspec.Struct, frozen=True, kw_only=True):
    """An amount with its unit, whether that is a market unit, and the grams it stands for."""

    amount: str
    market: bool
    grams: Decimal


class UnitsPack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="units"):
    """Rules on units of mass in trade."""

    legal: Row
    market: tuple[MarketUnitRow, ...]
    vectors: tuple[UnitVector, ...]
