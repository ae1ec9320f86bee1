"""What the annexes and art. 6 say of goods sold by weight: bands, deviations, methods and conditions.

Rules this file obeys:

* Above the top of a band there is no figure; nothing is extrapolated.
* Goods and price may lead to two bands; both are given, none is preferred.
"""

from __future__ import annotations

from decimal import Decimal

from firmware_app.quantity import Grams, show_mass
from firmware_app.rules.base import OutsideTable, RulesError
from firmware_app.rules.retail_rows import (
    BandRow,
    ConditionRow,
    DeviationRow,
    ExcludedRow,
    MethodRow,
    RetailPack,
)

WEIGHTS, BETTER_SCALE, EQUAL_SCALE = 1, 2, 3
"""The three methods of art. 6 by their numbers."""


class BadSale(RulesError):
    """The figures of the sale make no sense; the message says what to give instead."""


class Excluded(RulesError):
    """The goods are named as an exception: the annex gives them no deviation, ``row`` says where."""

    def __init__(self, name: str, row: ExcludedRow) -> None:
        super().__init__(f"{name} is excepted from the table ({row.clause})")
        self.row = row


def bands_for(pack: RetailPack, name: str | None, price: Decimal | None) -> tuple[BandRow, ...]:
    """The bands that a name (of a band or of goods) and a price (yuan per kg) lead to, each once.

    Raises BadSale where neither leads anywhere, Excluded for goods the annex excepts.
    """
    found = []
    if name is not None:
        found.append(_band_named(pack, name))
    if price is not None:
        found.append(_band_priced(pack, price))
    if not found:
        raise BadSale("give the band, the goods or the price: without them there is no permitted deviation")
    return tuple(dict.fromkeys(found))


def permitted_deviation(pack: RetailPack, band: str, settled_g: Grams) -> DeviationRow:
    """The row for a settled mass, bounds inclusive; raises OutsideTable. Source: Order 66, annexes."""
    rows = [row for row in pack.deviations if row.band == band]
    for row in rows:
        if 0 < settled_g <= row.up_to_g:
            return row
    top = f"it ends at {show_mass(rows[-1].up_to_g)}" if rows else "it has no rows"
    raise OutsideTable(f"{show_mass(settled_g)} is outside the table of the band {band!r}: {top}")


def method_row(pack: RetailPack, method: int) -> MethodRow:
    """The row of a method by its number; raises BadSale."""
    for row in pack.methods:
        if row.method == method:
            return row
    raise BadSale(f"method {method} is not known: use {', '.join(str(row.method) for row in pack.methods)}")


def lawful_methods(pack: RetailPack, deviation_g: Grams, reach_g: Grams) -> tuple[MethodRow, ...]:
    """The methods that a scale may serve whose MPE, or U (k = 2), is ``reach_g``, the stricter first.

    Method 1 does not go by the scale but by weights, and is always among them. Source: Order 66, art. 6.
    """
    return tuple(
        row
        for row in pack.methods
        if row.method == WEIGHTS or reach_g * condition(pack, row.method).divisor <= deviation_g
    )


def condition(pack: RetailPack, method: int) -> ConditionRow:
    """The reading of a method's condition that is applied; the pack is proven to have one for each."""
    return next(row for row in pack.conditions if row.method == method and not row.contrary)


def beyond_doubt(pack: RetailPack, method: int, expanded: Grams, deviation: Grams) -> bool:
    """Whether the sources disagree on the condition and even the strictest of them is satisfied."""
    readings = [row.divisor for row in pack.conditions if row.method == method]
    return len(readings) > 1 and expanded * max(readings) <= deviation


def _band_named(pack: RetailPack, name: str) -> BandRow:
    wanted = name.strip().lower()
    for excepted in pack.excluded:
        if wanted in excepted.goods:
            raise Excluded(name, excepted)
    for band in pack.bands:
        if wanted == band.band or wanted in band.goods:
            return band
    bands = ", ".join(band.band for band in pack.bands)
    goods = ", ".join(each for band in pack.bands for each in band.goods if each.isascii())
    raise BadSale(f"{name!r} is no band and no goods of the table: use one of {bands}; or {goods}")


def _band_priced(pack: RetailPack, price: Decimal) -> BandRow:
    for band in pack.bands:
        if (
            band.price_above is not None
            and price.is_finite()
            and price > band.price_above
            and (band.price_up_to is None or price <= band.price_up_to)
        ):
            return band
    raise BadSale(f"price {price} yuan/kg: give a price above zero")
