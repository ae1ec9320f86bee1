"""What people type: masses, prices and amounts of money, bounded at this one entrance.

Rules this file obeys:

* Market units are understood and answered in the legal one, never taken as they stand (计量法 art. 3).
* An amount of money tells a mass only within the rounding that it may have had.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from firmware_app.procedures.context import Context
from firmware_app.procedures.page import GRAM, KILOGRAM, YUAN, YUAN_PER_500G, YUAN_PER_KG
from firmware_app.quantity import GRAMS_PER, Grams
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.unit_rows import UnitsPack

MASS_UNITS = (KILOGRAM, GRAM)
PRICE_UNITS = (YUAN_PER_KG, YUAN_PER_500G)
PER_KG = {YUAN_PER_KG: Decimal(1), YUAN_PER_500G: Decimal(2)}
MAX_CHARACTERS = 8
MOST_YUAN = Decimal(100_000)
JIAO, FEN, ONE_YUAN = Decimal("0.1"), Decimal("0.01"), Decimal(1)
MILLIGRAM = Decimal("0.001")

_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{0,6})?")


def number(text: str) -> Decimal | None:
    """The number in what was typed, above zero; None where it is none of at most 8 characters."""
    shown = unicodedata.normalize("NFKC", text[: MAX_CHARACTERS * 2]).strip()
    if len(shown) > MAX_CHARACTERS or _NUMBER.fullmatch(shown) is None:
        return None
    value = Decimal(shown)
    return value if value > 0 else None


def in_legal_mass(context: Context, value: Decimal, unit: str) -> Grams | None:
    """The grams of an amount in a market unit, None where the unit is no such one."""
    for row in _market(context):
        if unit in row:
            return value * GRAMS_PER[unit] if unit in GRAMS_PER else None
    return None


def in_legal_price(context: Context, value: Decimal, unit: str) -> Decimal | None:
    """Yuan per kg of a price per market unit, None where the unit is no such one."""
    money, _, mass = unit.partition("/")
    per = in_legal_mass(context, Decimal(1), mass) if money == YUAN else None
    return None if per is None else value * 1000 / per


def half_of(value: Decimal, *, label: bool) -> Decimal:
    """By how much an amount of money may have been rounded, in yuan.

    A scale rounds to the nearest fen or jiao: an amount that ends in a fen was not rounded to the jiao, any
    other may have been. People leave out or add all that is smaller than what they say, up to a yuan.
    """
    if label:
        return (JIAO if value % JIAO == 0 else FEN) / 2
    return next((step for step in (ONE_YUAN, JIAO) if value % step == 0), FEN)


def mass_of(yuan: Decimal, half: Decimal, price: Decimal) -> tuple[Grams, Grams, Grams]:
    """The mass that an amount of money pays for at a price per kg: its middle, least and most."""
    middle, low, high = (
        (amount * 1000 / price).quantize(MILLIGRAM)
        for amount in (yuan, max(yuan - half, FEN / 2), yuan + half)
    )
    return middle, low, high


def _market(context: Context) -> tuple[tuple[str, ...], ...]:
    try:
        pack = pack_in_force(UnitsPack, context.on, context.packs)
    except NoPackInForce:
        return ()
    return tuple(row.names for row in pack.market)
