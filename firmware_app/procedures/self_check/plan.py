"""Which ways of loading are open to a scale now, and which loads they ask for.

Rules this file obeys:

* Goods are asked for in ranges in random order: a cheating scale reads standard weights truthfully.
* One load lies near the trader's usual sale, one above the first MPE step. Where rounding alone would leave
  an exact scale undecided, odd loads near the usual sale are judged together (odd_loads.py).
* A range that the pan cannot weigh well enough, alone or with a weight beside the goods, is not asked for.
"""

from __future__ import annotations

import random
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from firmware_app.procedures.budget import expected, instrument_of, limit_between, tells_honest
from firmware_app.procedures.capability.answer import first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way, WayOffered
from firmware_app.procedures.self_check.state import Planned
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import class_row, first_step, steps_of
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, RulesError
from firmware_app.standards.select import TARGETS, choose_loads
from firmware_app.standards.sets import Piece
from firmware_app.weighing.substitution import Way as How
from hardware.loadcell.contract import Fault

GOODS_LOADS = 3
NEAR = Decimal("0.3")
"""Goods near the usual sale differ from it by at most this share: easily found, and of one error."""
GOODS_TO = Decimal(2)
"""Upper end of the trade range in multiples of the first MPE step: 5 kg for 15 kg/5 g of class III."""
LEAST_MINS = 2
"""Goods weigh at least so many times Min: below it the relative error of any scale is large."""
CLEAR_OF_STEP_D = 2
"""By so many d the goods lie clear of an MPE step, so that it is known which limit is theirs."""
WIDTH_D = 10
"""A range is at least so many d wide."""
PAN_SHARE = Decimal("0.95")
"""Share of the pan's Max that is asked for, so that goods somewhat heavier do not overload it."""


class Band(msgspec.Struct, frozen=True):
    """A range of goods; ``group``: its loads are judged together."""

    low_g: Grams
    high_g: Grams
    group: int = 0


def pieces_of(context: Context) -> tuple[Piece, ...]:
    """Every weight in the drawer."""
    return tuple(piece for weight_set in context.weights for piece in weight_set.pieces)


def plan_weights(context: Context, scale: Scale, refused: tuple[Piece, ...] = ()) -> tuple[Planned, ...]:
    """The loads from the drawer but ``refused``, rising; empty where none serve. Raises RulesError."""
    pack = _law(context, scale)
    left_out = {piece.id for piece in refused}
    pieces = tuple(piece for piece in pieces_of(context) if piece.id not in left_out)
    loads = choose_loads(pack, instrument_of(scale), scale.d_g, pieces, context.on, usual_g=scale.usual_g)
    return tuple(
        Planned(number=number, nominal_g=load.nominal_g, pieces=load.pieces)
        for number, load in enumerate(loads, 1)
    )


def plan_goods(context: Context, scale: Scale) -> tuple[Planned, ...]:
    """Three loads of goods in random order; empty where the pan serves none. Raises RulesError.

    Near the usual sale, where one direct reading would leave an exact scale undecided, two odd loads judged
    together; above the first MPE step, as far as pan and scale reach, one by itself.
    """
    pack = _law(context, scale)
    usual = [band for band in (_usual(context, scale, pack),) if band and _weighable(context, scale, band)]
    upper = [band for band in (_upper(context, scale, pack),) if band and _weighable(context, scale, band)]
    bands: list[Band] = []
    if usual and _rounds_away(context, scale, usual[0]):
        together = Band(usual[0].low_g, usual[0].high_g, group=1)
        bands = [together] * (GOODS_LOADS - len(upper)) + upper
    elif usual or upper:
        between = [band for band in _between(scale, pack, usual, upper) if _weighable(context, scale, band)]
        bands = _filled([*usual, *between, *upper], scale.d_g)
    # Only the order is drawn; the seed itself comes from the system's randomness.
    random.Random(context.seed).shuffle(bands)  # noqa: S311
    return tuple(
        Planned(number=number, low_g=band.low_g, high_g=band.high_g, group=band.group)
        for number, band in enumerate(bands, 1)
    )


def usual_sale(pack: NawiPack, scale: Scale) -> Grams:
    """What the trader usually sells at once: as the registry says, else a share of the first MPE step."""
    return scale.usual_g or TARGETS[0] * first_step(pack, instrument_of(scale))


def _usual(context: Context, scale: Scale, pack: NawiPack) -> Band | None:
    """The range near the usual sale, on one side of every MPE step."""
    if context.pan is None:
        return None
    wanted = usual_sale(pack, scale)
    low = max((1 - NEAR) * wanted, LEAST_MINS * scale.min_g)
    high = max((1 + NEAR) * wanted, Decimal("1.5") * low)
    clear = CLEAR_OF_STEP_D * scale.d_g
    for step in steps_of(pack, instrument_of(scale)):
        if low - clear < step < high + clear:
            if wanted <= step:
                high = step - clear
            else:
                low = step + clear
    return _band(scale, low, min(high, _reach(context, scale)))


def _upper(context: Context, scale: Scale, pack: NawiPack) -> Band | None:
    """The range above the first MPE step, up to twice that."""
    if context.pan is None:
        return None
    step = first_step(pack, instrument_of(scale))
    return _band(scale, step + CLEAR_OF_STEP_D * scale.d_g, min(GOODS_TO * step, _reach(context, scale)))


def _between(scale: Scale, pack: NawiPack, usual: list[Band], upper: list[Band]) -> list[Band]:
    """The range between the usual sale and the first MPE step, where both are asked for."""
    step = first_step(pack, instrument_of(scale)) - CLEAR_OF_STEP_D * scale.d_g
    band = _band(scale, usual[0].high_g, step) if usual and upper else None
    return [] if band is None else [band]


def _filled(bands: list[Band], d_g: Grams) -> list[Band]:
    """As many ranges as loads: the widest is split until there are, or until none is wide enough."""
    while len(bands) < GOODS_LOADS:
        widest = max(bands, key=lambda band: band.high_g - band.low_g)
        middle = _to_interval((widest.low_g + widest.high_g) / 2, d_g, ROUND_FLOOR)
        if min(middle - widest.low_g, widest.high_g - middle) < WIDTH_D * d_g:
            break
        place = bands.index(widest)
        bands[place : place + 1] = [Band(widest.low_g, middle), Band(middle, widest.high_g)]
    return bands


def _band(scale: Scale, low_g: Grams, high_g: Grams) -> Band | None:
    """The range in whole intervals; None where it is too narrow for goods to be found."""
    low = _to_interval(low_g, scale.d_g, ROUND_CEILING)
    high = _to_interval(high_g, scale.d_g, ROUND_FLOOR)
    return Band(low, high) if high - low >= WIDTH_D * scale.d_g else None


def _reach(context: Context, scale: Scale) -> Grams:
    assert context.pan is not None
    return PAN_SHARE * min(scale.max_g, context.pan.max_g)


def _rounds_away(context: Context, scale: Scale, band: Band) -> bool:
    """Whether a direct reading there leaves an exact scale undecided, so that several are needed."""
    limit = limit_between(context, scale, band.low_g, band.high_g)
    known = expected(context, band.high_g, limit).expanded_g
    return not tells_honest(float(known) / 2, scale.d_g, limit)


def _weighable(context: Context, scale: Scale, band: Band) -> bool:
    """Whether the pan knows goods of this range well enough, by one way or the other."""
    return all(
        expected(context, load, limit_between(context, scale, load, load)).way is not How.NEITHER
        for load in (band.low_g, (band.low_g + band.high_g) / 2, band.high_g)
    )


def ways_offered(
    context: Context,
    scale: Scale,
    pan_fault: Fault | None,
    pan_unfit: str = "",
    refused: tuple[Piece, ...] = (),
) -> tuple[WayOffered, ...]:
    """Both ways, each possible or with the code of why not; ``pan_unfit``: no verdict may rest on the pan.

    ``refused``: weights that were found to be not what they should be.
    """
    return (
        _offer(Way.WEIGHTS, _why_no_weights(context, scale, refused)),
        _offer(Way.GOODS, _why_no_goods(context, scale, pan_fault, pan_unfit)),
    )


def _law(context: Context, scale: Scale) -> NawiPack:
    """The pack of the day, once the scale is known to fit one of its classes."""
    pack = pack_in_force(NawiPack, context.on, context.packs, instrument_of(scale))
    class_row(pack, instrument_of(scale))
    return pack


def _offer(way: Way, why_not: str) -> WayOffered:
    return WayOffered(way, not why_not, why_not)


def _why_no_weights(context: Context, scale: Scale, refused: tuple[Piece, ...]) -> str:
    pieces = pieces_of(context)
    if not pieces:
        return "no_weights"
    if all(piece.unusable(context.on) for piece in pieces):
        return "weights_expired"
    try:
        if plan_weights(context, scale, refused):
            return ""
        return "weights_refused" if refused else "weights_unfit"
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _why_no_goods(context: Context, scale: Scale, pan_fault: Fault | None, pan_unfit: str) -> str:
    # What the pan says now counts, not the fault that it had as the visit began.
    now = msgspec.structs.replace(context, pan_fault=pan_fault)
    failed = first_failed(pan_ready(now, unfit=pan_unfit))
    if failed is not None:
        return failed.reason
    try:
        return "" if plan_goods(context, scale) else _why_no_band(context, scale)
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _why_no_band(context: Context, scale: Scale) -> str:
    pack = _law(context, scale)
    any_ = _usual(context, scale, pack) or _upper(context, scale, pack)
    return "pan_too_coarse" if any_ else "pan_too_small"


def _to_interval(value: Grams, d_g: Grams, rounding: str) -> Grams:
    return (value / d_g).to_integral_value(rounding) * d_g
