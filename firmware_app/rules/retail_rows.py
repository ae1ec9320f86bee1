"""The shape of a pack on goods sold by weight: bands, permitted deviations, ways to check them again.

Rules this file obeys:

* Kinds of goods and prices are kept side by side: the row reads "goods or price", and which of the two
  counts where they disagree is not settled.
* Nothing is evaluated here.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.rules.base import Dated, Row


class BandRow(Row, frozen=True, kw_only=True):
    """One block of the annex: the goods it names and the prices (yuan per kg) it takes.

    ``price_above`` exclusive, ``price_up_to`` inclusive; both None where the band has no prices.
    """

    band: str
    goods: tuple[str, ...] = ()
    price_above: Decimal | None = None
    price_up_to: Decimal | None = None


class DeviationRow(Row, frozen=True, kw_only=True):
    """The permitted negative deviation up to and including ``up_to_g``, above the row before it."""

    band: str
    up_to_g: Decimal
    deviation_g: Decimal


class ExcludedRow(Row, frozen=True, kw_only=True):
    """Goods that the band which seems to name them does not hold."""

    goods: tuple[str, ...]


class MethodRow(Row, frozen=True, kw_only=True):
    """One way to check a weight again; it passes up to ``factor`` times the deviation, inclusive."""

    method: int
    name: str
    needs: str
    factor: Decimal


class ConditionRow(Row, frozen=True, kw_only=True):
    """What is asked of the checking side: its error at most the deviation over ``divisor``.

    ``contrary``: another source's reading of the same condition, kept beside the one that is applied.
    """

    method: int
    divisor: Decimal
    contrary: bool = False


class CompensationRow(Row, frozen=True, kw_only=True):
    """Damages for fraud as multiples of the price paid, with a floor in yuan: information, no verdict."""

    factor: Decimal
    floor_yuan: Decimal


class RetailVector(msgspec.Struct, frozen=True, kw_only=True):
    """A deviation the pack must give, or (``deviation_g`` None) must refuse to give."""

    band: str
    settled_g: Decimal
    deviation_g: Decimal | None = None


class RetailPack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="retail"):
    """Rules for goods settled by weight."""

    bands: tuple[BandRow, ...]
    deviations: tuple[DeviationRow, ...]
    excluded: tuple[ExcludedRow, ...]
    methods: tuple[MethodRow, ...]
    conditions: tuple[ConditionRow, ...]
    sign: Row
    compensation: CompensationRow
    vectors: tuple[RetailVector, ...]
