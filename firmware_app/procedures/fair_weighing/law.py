"""Which bands of the retail table may count, and what the packs of the day say; nothing is measured here.

Rules this file obeys:

* Kind and price are both looked up. Where they lead to two bands the person is asked, or both are judged.
* A day without a pack gives no bands and no verdict.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeVar

from firmware_app.procedures.context import Context
from firmware_app.procedures.fair_weighing.state import FairState, What
from firmware_app.procedures.law import Law
from firmware_app.quantity import Grams
from firmware_app.rules.base import Dated, OutsideTable, Row
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.prepackages import tolerable
from firmware_app.rules.retail_rows import BandRow, ExcludedRow, RetailPack
from firmware_app.rules.retail_table import BadSale, bands_for, permitted_deviation
from firmware_app.rules.unit_rows import UnitsPack

P = TypeVar("P", bound=Dated)

OTHER_FOOD, EXCLUDED, PRECIOUS, NOT_FOOD = "other_food", "excluded", "precious", "not_food"
KINDS_BESIDE = (OTHER_FOOD, EXCLUDED, PRECIOUS, NOT_FOOD)
"""Kinds that are no band of food: food that no row names, goods the table excepts, gold and silver (annex 2,
which goes by the piece and has no prices), goods that the table does not speak of."""
BY_KIND, BY_PRICE, BOTH = "by_kind", "by_price", "both"


class Packs(NamedTuple):
    """The packs that a fair weighing is judged by; None where none is in force (or, of a record, cited)."""

    retail: RetailPack | None
    packages: PrepackagePack | None


def packs_of(context: Context) -> Packs:
    """Those in force on the day."""
    return Packs(_in_force(RetailPack, context), _in_force(PrepackagePack, context))


def _in_force(kind: type[P], context: Context) -> P | None:
    try:
        return pack_in_force(kind, context.on, context.packs)
    except NoPackInForce:
        return None


def units_law(context: Context) -> Law | None:
    """The line by which a market unit is answered in a legal one."""
    pack = _in_force(UnitsPack, context)
    return None if pack is None else law_of(pack, pack.legal)


def law_of(pack: Dated, row: Row) -> Law:
    """A row as screens and records cite it."""
    return Law(pack.id, pack.version, pack.sha256, row.clause, row.confidence)


def kinds(pack: RetailPack | None) -> tuple[str, ...]:
    """The bands of food that name goods, in the order of the table."""
    if pack is None:
        return ()
    return tuple(band.band for band in pack.bands if band.goods and band.price_above is not None)


def has_prices(pack: RetailPack | None, kind: str) -> bool:
    """Whether a price can lead to a band: of food only."""
    return pack is not None and (kind == OTHER_FOOD or kind in kinds(pack))


def bands_by_kind(pack: RetailPack | None, kind: str) -> tuple[BandRow, ...]:
    """The bands that the kind names: one of food, or those of gold and silver."""
    if pack is None:
        return ()
    if kind == PRECIOUS:
        return tuple(band for band in pack.bands if band.goods and band.price_above is None)
    return tuple(band for band in pack.bands if band.band == kind)


def band_by_price(pack: RetailPack | None, kind: str, price: Decimal | None) -> BandRow | None:
    """The band that the price per kg falls in; None where no price counts or none is known."""
    if pack is None or price is None or not has_prices(pack, kind):
        return None
    try:
        return bands_for(pack, None, price)[0]
    except BadSale:
        return None


def bands_of(
    pack: RetailPack | None, kind: str, price: Decimal | None, counts_band: str
) -> tuple[BandRow, ...]:
    """The bands that are judged: the one chosen, or each that kind and price lead to."""
    by_kind, by_price = bands_by_kind(pack, kind), band_by_price(pack, kind, price)
    if by_price is None or counts_band == BY_KIND:
        return by_kind
    if counts_band == BY_PRICE:
        return (by_price,)
    return tuple(dict.fromkeys((*by_kind, by_price)))


def excluded_row(pack: RetailPack) -> ExcludedRow | None:
    """The row that excepts live and water-soaked goods."""
    return pack.excluded[0] if pack.excluded else None


def permitted(pack: RetailPack | None, band: BandRow | None, settled_g: Grams | None) -> Grams | None:
    """The permitted deviation of a mass in a band, None where the table gives none."""
    if pack is None or band is None or settled_g is None:
        return None
    try:
        return permitted_deviation(pack, band.band, settled_g).deviation_g
    except OutsideTable:
        return None


def tightest(context: Context, state: FairState) -> Grams | None:
    """The smallest limit that may count, None where the law gives none."""
    if state.settled is None or state.settled.value_g is None:
        return None
    mass = state.settled.value_g
    packs = packs_of(context)
    if state.what is What.PACKAGE:
        try:
            return None if packs.packages is None else tolerable(packs.packages, mass).tolerable_g
        except OutsideTable:
            return None
    pack = packs.retail
    limits = (
        permitted(pack, band, mass) for band in bands_of(pack, state.kind, state.price, state.counts_band)
    )
    return min((limit for limit in limits if limit is not None), default=None)
