"""Which ways of loading are open to a scale now, and which loads they ask for.

Rules this file obeys:

* Goods are asked for in ranges in random order: a cheating scale reads standard weights truthfully.
* Goods are as light as the law and the budget let them be: the ranges begin where an exact scale is found
  right in spite of its rounding (budget.py). Light goods are little trouble, and what people buy.
* A range that the pan cannot weigh well enough, alone or with a weight beside the goods, is not asked for.
"""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from firmware_app.procedures.budget import expected, instrument_of, limit_between, tells_honest
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way, WayOffered
from firmware_app.procedures.state import Planned
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import class_row, first_step, steps_of
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, RulesError
from firmware_app.standards.select import choose_loads
from firmware_app.standards.sets import Piece
from firmware_app.weighing.substitution import Way as How
from hardware.loadcell.contract import Fault

GOODS_LOADS = 3
GOODS_TO = Decimal(2)
"""Upper end of the trade range in multiples of the first MPE step: 5 kg for 15 kg/5 g of class III."""
LEAST_MINS = 2
"""Goods weigh at least so many times Min: below it the relative error of any scale is large."""
CLEAR_OF_STEP_D = 2
"""By so many d the goods lie clear of an MPE step, so that it is known which limit is theirs."""
PAN_SHARE = Decimal("0.95")
"""Share of the pan's Max that is asked for, so that goods somewhat heavier do not overload it."""


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
    """Up to three ranges of goods in random order; empty where the pan serves none. Raises RulesError."""
    bands = [band for band in _bands(context, scale) if _weighable(context, scale, *band)]
    # Only the order is drawn; the seed itself comes from the system's randomness.
    random.Random(context.seed).shuffle(bands)  # noqa: S311
    return tuple(
        Planned(number=number, low_g=low, high_g=high) for number, (low, high) in enumerate(bands, 1)
    )


def _bands(context: Context, scale: Scale) -> list[tuple[Grams, Grams]]:
    """Three ranges side by side, rising; empty where there is no room for them below the pan's Max."""
    if context.pan is None:
        return []
    pack = _law(context, scale)
    top = min(
        GOODS_TO * first_step(pack, instrument_of(scale)),
        PAN_SHARE * scale.max_g,
        PAN_SHARE * context.pan.max_g,
    )
    bottom = _lightest(context, scale, pack)
    if top < Decimal("1.5") * bottom:
        # The pan ends too soon: smaller goods it is, and rounding may leave the verdict undecided.
        bottom = max(LEAST_MINS * scale.min_g, top / 3)
    width = (top - bottom) / GOODS_LOADS
    if width < 10 * scale.d_g:
        return []
    return [
        (
            _to_interval(bottom + width * index, scale.d_g, ROUND_CEILING),
            _to_interval(bottom + width * (index + 1), scale.d_g, ROUND_FLOOR),
        )
        for index in range(GOODS_LOADS)
    ]


def _lightest(context: Context, scale: Scale, pack: NawiPack) -> Grams:
    """The lightest goods by which an exact scale is found right whatever its rounding."""
    instrument, clear = instrument_of(scale), CLEAR_OF_STEP_D * scale.d_g
    starts = [LEAST_MINS * scale.min_g, *(step + clear for step in steps_of(pack, instrument))]
    for start in starts:
        if start <= scale.max_g:
            limit = limit_between(context, scale, start, start)
            chosen = expected(context, start, limit)
            known = float(chosen.expanded_g) / 2
            if chosen.way is not How.NEITHER and tells_honest(known, scale.d_g, limit):
                return start
    return scale.max_g


def _weighable(context: Context, scale: Scale, low_g: Grams, high_g: Grams) -> bool:
    """Whether the pan knows goods of this range well enough, by one way or the other."""
    return all(
        expected(context, load, limit_between(context, scale, load, load)).way is not How.NEITHER
        for load in (low_g, (low_g + high_g) / 2, high_g)
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
        return "" if plan_goods(context, scale) else _why_no_band(context, scale)
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _why_no_band(context: Context, scale: Scale) -> str:
    return "pan_too_coarse" if _bands(context, scale) else "pan_too_small"


def _to_interval(value: Grams, d_g: Grams, rounding: str) -> Grams:
    return (value / d_g).to_integral_value(rounding) * d_g
