"""Which ways of loading are open to a scale now, and which loads they ask for.

Rules this file obeys:

* Goods are asked for in ranges in random order: a cheating scale reads standard weights truthfully.
* The ranges lie where the figure of an honest scale can be told from a dishonest one in spite of its
  rounding, that is above the first MPE step, as far as the pan reaches.
"""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way, WayOffered
from firmware_app.procedures.state import Planned
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import Instrument, class_row, first_step
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, RulesError
from firmware_app.standards.select import choose_loads
from firmware_app.standards.sets import Piece
from hardware.loadcell.contract import Fault

GOODS_LOADS = 3
GOODS_FROM = Decimal("1.1")
GOODS_TO = Decimal("2.8")
"""Ends of the trade range in multiples of the first MPE step: 2.75 kg to 7 kg for 15 kg/5 g of class III."""
PAN_SHARE = Decimal("0.95")
"""Share of the pan's Max that is asked for, so that goods somewhat heavier do not overload it."""


def instrument_of(scale: Scale) -> Instrument:
    """The scale as the law sees it."""
    return Instrument(
        accuracy_class=scale.accuracy_class,
        max_g=scale.max_g,
        e_g=scale.e_g,
        min_g=scale.min_g,
        price_computing=scale.price_computing,
    )


def pieces_of(context: Context) -> tuple[Piece, ...]:
    """Every weight in the drawer."""
    return tuple(piece for weight_set in context.weights for piece in weight_set.pieces)


def plan_weights(context: Context, scale: Scale) -> tuple[Planned, ...]:
    """The loads from the drawer, rising; empty where none serve. Raises RulesError."""
    pack = _law(context, scale)
    loads = choose_loads(pack, instrument_of(scale), scale.d_g, pieces_of(context), context.on)
    return tuple(
        Planned(number=number, nominal_g=load.nominal_g, pieces=load.pieces)
        for number, load in enumerate(loads, 1)
    )


def plan_goods(context: Context, scale: Scale) -> tuple[Planned, ...]:
    """Three ranges of goods in random order; empty where the pan is too small. Raises RulesError."""
    if context.pan is None:
        return ()
    step = first_step(_law(context, scale), instrument_of(scale))
    top = min(GOODS_TO * step, PAN_SHARE * scale.max_g, PAN_SHARE * context.pan.max_g)
    bottom = GOODS_FROM * step
    if top < Decimal("1.5") * bottom:
        # The pan ends near the step: smaller goods it is, and rounding may leave the verdict undecided.
        bottom = max(scale.min_g * 2, top / 3)
    width = (top - bottom) / GOODS_LOADS
    if width < 10 * scale.d_g:
        return ()
    bands = [(bottom + width * index, bottom + width * (index + 1)) for index in range(GOODS_LOADS)]
    # Only the order is drawn; the seed itself comes from the system's randomness.
    random.Random(context.seed).shuffle(bands)  # noqa: S311
    return tuple(
        Planned(
            number=number,
            low_g=_to_interval(low, scale.d_g, ROUND_CEILING),
            high_g=_to_interval(high, scale.d_g, ROUND_FLOOR),
        )
        for number, (low, high) in enumerate(bands, 1)
    )


def ways_offered(
    context: Context, scale: Scale, pan_fault: Fault | None, pan_unfit: str = ""
) -> tuple[WayOffered, ...]:
    """Both ways, each possible or with the code of why not; ``pan_unfit``: no verdict may rest on the pan."""
    return (
        _offer(Way.WEIGHTS, _why_no_weights(context, scale)),
        _offer(Way.GOODS, _why_no_goods(context, scale, pan_fault, pan_unfit)),
    )


def _law(context: Context, scale: Scale) -> NawiPack:
    """The pack of the day, once the scale is known to fit one of its classes."""
    pack = pack_in_force(NawiPack, context.on, context.packs)
    class_row(pack, instrument_of(scale))
    return pack


def _offer(way: Way, why_not: str) -> WayOffered:
    return WayOffered(way, not why_not, why_not)


def _why_no_weights(context: Context, scale: Scale) -> str:
    pieces = pieces_of(context)
    if not pieces:
        return "no_weights"
    if all(piece.unusable(context.on) for piece in pieces):
        return "weights_expired"
    try:
        return "" if plan_weights(context, scale) else "weights_unfit"
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _why_no_goods(context: Context, scale: Scale, pan_fault: Fault | None, pan_unfit: str) -> str:
    if context.pan is None:
        return "no_pan"
    if pan_fault is not None:
        return "pan_fault"
    if pan_unfit or context.controlled.lock:
        return "pan_unfit" if pan_unfit else context.controlled.lock
    try:
        return "" if plan_goods(context, scale) else "pan_too_small"
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _to_interval(value: Grams, d_g: Grams, rounding: str) -> Grams:
    return (value / d_g).to_integral_value(rounding) * d_g
