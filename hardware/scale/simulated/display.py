"""What a market scale shows at one moment: in grams as its physics gives it, and as its display says it.

Rules this file obeys:

* Digits are Decimals whose exponent is the number of decimals shown; trailing zeros stay.
* Out of range there is no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

GRAMS: Mapping[str, Decimal] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "ct": Decimal("0.2"),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
    "gr": Decimal("0.06479891"),
}
"""Grams in one unit (OIML R 76-1, 2.1; international avoirdupois pound)."""


class Plate(msgspec.Struct, frozen=True, kw_only=True):
    """What the data plate says, in grams; e = d on a market scale."""

    max_g: Decimal
    e_g: Decimal


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the display tells at one moment; ``grams`` and ``tare_g`` are multiples of e, grams is net."""

    grams: Decimal
    stable: bool
    overload: bool
    underload: bool
    tare_g: Decimal = Decimal(0)

    @property
    def zero(self) -> bool:
        return self.grams == 0

    @property
    def out_of_range(self) -> bool:
        return self.overload or self.underload


class Display(msgspec.Struct, frozen=True, kw_only=True):
    """The display as digits in a unit, which is what a protocol sends.

    ``value``: None out of range. ``interval``: d in the same unit. ``kind``: gross, net or tare.
    ``auxiliary``: digits behind the verified ones. ``unit_price`` and ``amount``: of a price-computing scale.
    """

    value: Decimal | None
    unit: str = "kg"
    stable: bool = True
    overload: bool = False
    underload: bool = False
    kind: str = "gross"
    tare: Decimal = Decimal(0)
    interval: Decimal = Decimal(1)
    auxiliary: str = ""
    unit_price: Decimal = Decimal("0.00")
    amount: Decimal = Decimal("0.00")

    @property
    def zero(self) -> bool:
        return self.value == 0

    @property
    def negative(self) -> bool:
        return self.value is not None and self.value < 0

    @property
    def decimals(self) -> int:
        """Decimals shown, those of d where there is no value."""
        return decimals_of(self.interval if self.value is None else self.value)

    @property
    def digits(self) -> str:
        """The value without its sign; raises ValueError out of range."""
        if self.value is None:
            raise ValueError("nothing is displayed out of range")
        return format(abs(self.value), "f")


def decimals_of(number: Decimal) -> int:
    """Digits behind the point, as written."""
    return max(0, -int(number.as_tuple().exponent))


def display_of(shown: Shown, plate: Plate, unit: str = "kg") -> Display:
    """What the display says of ``shown`` in ``unit``; raises ValueError when e has no end in that unit."""
    interval = (plate.e_g / GRAMS[unit]).normalize()
    if interval * GRAMS[unit] != plate.e_g:
        raise ValueError(f"e = {plate.e_g} g is no decimal number of {unit}")
    places = Decimal(1).scaleb(min(0, int(interval.as_tuple().exponent)))
    return Display(
        value=None if shown.out_of_range else (shown.grams / GRAMS[unit]).quantize(places),
        unit=unit,
        stable=shown.stable,
        overload=shown.overload,
        underload=shown.underload,
        kind="net" if shown.tare_g else "gross",
        tare=(shown.tare_g / GRAMS[unit]).quantize(places),
        interval=interval.quantize(places),
    )
