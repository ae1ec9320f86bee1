"""What is asked of a scale in the challenge, and in which order: the deck, and the draw from it.

Rules this file obeys:

* Goods lie in ranges that rise by equal ratios: a cheat that begins at some load shows.
* The deck follows from scale, pan and drawer; the order follows from the draw and nothing else.
* A challenge needs our pan: without it goods have no mass, and nothing is begun.
"""

from __future__ import annotations

import enum
import itertools
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from firmware_app.procedures.budget import instrument_of
from firmware_app.procedures.capability.answer import first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.challenge.draw import Draw, Ticket
from firmware_app.procedures.challenge.keys import KEYS
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import class_row, first_step
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, RulesError
from firmware_app.standards.select import choose_loads
from firmware_app.standards.sets import Piece
from hardware.loadcell.contract import Fault

GOODS_LOADS = 5
WEIGHT_LOADS = 2
GOODS_TO = Decimal(2)
"""Upper end of the goods in multiples of the first MPE step: 5 kg for 15 kg/5 g of class III."""
LEAST_MINS = 2
"""Goods weigh at least so many times Min: below it the relative error of any scale is large."""
MAX_SHARE = Decimal("0.95")
"""Share of the smaller Max that is asked for, so that goods somewhat heavier do not overload it."""
NARROWEST_D = 10
"""A range is at least so many d wide, so that nobody need cut the goods to fit."""


class Again(enum.StrEnum):
    """Why the goods of the load before lie on the scale once more."""

    NO = ""
    REPEAT = "repeat"
    POWER = "power"
    """The scale was switched off and on before."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One load: goods between ``low_g`` and ``high_g``, or weights of ``nominal_g``.

    ``hold``: the figure is read a second time after a while. ``keys``: pressed while the load lies.
    """

    number: int
    way: Way
    low_g: Grams = Decimal(0)
    high_g: Grams = Decimal(0)
    nominal_g: Grams = Decimal(0)
    pieces: tuple[Piece, ...] = ()
    again: Again = Again.NO
    hold: bool = False
    keys: tuple[str, ...] = ()


class Deck(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn from: ranges of goods rising, loads of weights rising, ids of the keys in their order."""

    goods: tuple[tuple[Grams, Grams], ...]
    weights: tuple[tuple[Piece, ...], ...]
    keys: tuple[str, ...]


def nominal(pieces: tuple[Piece, ...]) -> Grams:
    """The nominal mass of the pieces together."""
    return sum((piece.nominal_g for piece in pieces), Decimal(0))


def deck_for(context: Context, scale: Scale, *, several: bool = False) -> Deck:
    """The deck for a scale; without goods where our pan serves none. Raises RulesError.

    ``several``: it has several ranges, and its Min is that of the first, which has an e of its own.
    """
    pack = pack_in_force(NawiPack, context.on, context.packs, instrument_of(scale))
    instrument = instrument_of(scale)
    if several:
        instrument = msgspec.structs.replace(instrument, min_g=None)
    class_row(pack, instrument)
    pieces = tuple(piece for each in context.weights for piece in each.pieces)
    loads = choose_loads(pack, instrument, scale.d_g, pieces, context.on)
    most = Decimal(0) if context.pan is None else context.pan.max_g
    top = min(GOODS_TO * first_step(pack, instrument), MAX_SHARE * scale.max_g, MAX_SHARE * most)
    return Deck(
        goods=_ranges(max(LEAST_MINS * scale.min_g, NARROWEST_D * scale.d_g), top, scale.d_g),
        weights=tuple(load.pieces for load in loads),
        keys=tuple(key.id for key in KEYS) if scale.price_computing else (),
    )


def drawn(deck: Deck, ticket: Ticket) -> tuple[Trial, ...]:
    """The trials in drawn order.

    In this order: the loads of weights are shuffled and the first two stay; the goods rising and then these
    are shuffled; the places of goods are shuffled. Of these, the first that holds goods of the upper half and
    is not the last to come gets the keys. Of the others, the first with goods of the upper half gets the
    second look, the first behind the keys the power cycle (which would lock what only keys show), and the
    first that is not that one the repetition. The keys are shuffled.
    """
    draw = Draw(ticket)
    weights = draw.shuffled(range(len(deck.weights)))[:WEIGHT_LOADS]
    goods = len(deck.goods)
    order = draw.shuffled((*range(goods), *(goods + index for index in weights)))
    places = draw.shuffled([place for place, card in enumerate(order) if card < goods])
    pressed = next(place for place in places if order[place] >= goods // 2 and place != max(places))
    others = [place for place in places if place != pressed]
    hold = next(place for place in others if order[place] >= goods // 2)
    power = next(place for place in others if place > pressed)
    repeat = next(place for place in others if place != power)
    keys = draw.shuffled(deck.keys)
    trials: list[Trial] = []
    for place, card in enumerate(order):
        asked = _trial(deck, card)
        trials.append(
            msgspec.structs.replace(asked, hold=place == hold, keys=keys if place == pressed else ())
        )
        for wanted, why in ((power, Again.POWER), (repeat, Again.REPEAT)):
            if place == wanted:
                trials.append(msgspec.structs.replace(asked, again=why))
    return tuple(msgspec.structs.replace(trial, number=number) for number, trial in enumerate(trials, 1))


def why_not(
    context: Context,
    scale: Scale,
    pan_fault: Fault | None = None,
    pan_unfit: str = "",
    *,
    several: bool = False,
) -> str:
    """Code of why this scale cannot be challenged now, empty where it can. ``several``: see ``deck_for``."""
    # What the pan says now counts, not the fault that it had as the visit began.
    now = msgspec.structs.replace(context, pan_fault=pan_fault)
    failed = first_failed(pan_ready(now, unfit=pan_unfit))
    if failed is not None:
        return failed.reason
    try:
        return "" if deck_for(context, scale, several=several).goods else "pan_too_small"
    except NoPackInForce:
        return "no_rules"
    except RulesError:
        return "scale_data"


def _trial(deck: Deck, card: int) -> Trial:
    if card < len(deck.goods):
        low, high = deck.goods[card]
        return Trial(number=0, way=Way.GOODS, low_g=low, high_g=high)
    pieces = deck.weights[card - len(deck.goods)]
    return Trial(number=0, way=Way.WEIGHTS, nominal_g=nominal(pieces), pieces=pieces)


def _ranges(bottom: Grams, top: Grams, d_g: Grams) -> tuple[tuple[Grams, Grams], ...]:
    """Ranges side by side, each as many times heavier than the last; none where they become too narrow."""
    if top <= bottom:
        return ()
    ratio = (top / bottom) ** (Decimal(1) / GOODS_LOADS)
    ends = [bottom * ratio**index for index in range(GOODS_LOADS + 1)]
    ranges = tuple(
        (_to_interval(low, d_g, ROUND_CEILING), _to_interval(high, d_g, ROUND_FLOOR))
        for low, high in itertools.pairwise(ends)
    )
    return ranges if all(high - low >= NARROWEST_D * d_g for low, high in ranges) else ()


def _to_interval(value: Grams, d_g: Grams, rounding: str) -> Grams:
    # The last bound is the top itself but for the last digits of the power.
    return (value.quantize(Decimal("0.001")) / d_g).to_integral_value(rounding) * d_g
