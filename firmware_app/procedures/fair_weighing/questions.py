"""The handlers of the questions: what is weighed again, what was paid for, of which kind, in which bag.

Rules this file obeys:

* Pure functions: nothing is read, written or timed here.
* What was refused or answered again is kept beside what counts.
* Which of two bands counts is asked, never guessed; who does not know is judged by both.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, FigureTyped, Picked
from firmware_app.procedures.fair_weighing import figures, law
from firmware_app.procedures.fair_weighing.ready import not_ready
from firmware_app.procedures.fair_weighing.state import (
    MAX_KEPT,
    Bag,
    FairPhase,
    FairState,
    Given,
    Settled,
    What,
    changed,
)
from firmware_app.procedures.fair_weighing.weighing import to_pan
from firmware_app.procedures.page import YUAN
from firmware_app.procedures.prompts import Source
from firmware_app.quantity import GRAMS_PER, Grams, plain

NO_PRICE, PER_500G, PER_KG, ELSE = "no_price", "per_500g", "per_kg", "else"
BANDS_PICKED = (law.BY_KIND, law.BY_PRICE, law.BOTH)
NOT_A_MASS, NOT_AN_AMOUNT, NOT_A_PRICE = "fair_not_a_mass", "fair_not_an_amount", "fair_not_a_price"
MARKET_UNIT, BEYOND_PAN, BAG_TOO_HEAVY = "fair_market_unit", "fair_beyond_pan", "fair_bag_too_heavy"


def leave(_context: Context, state: FairState, _event: Event, _now_ns: int) -> FairState:
    """The visit is over without more."""
    return changed(state, phase=FairPhase.LEFT)


def why_not(context: Context, state: FairState, what: What) -> str:
    """Code of why that cannot be weighed again now, empty where it can."""
    packs = law.packs_of(context)
    failed = not_ready(context, state.pan_unfit)
    if failed:
        return f"fair_{failed}"
    return "fair_no_rules" if (packs.retail if what is What.GOODS else packs.packages) is None else ""


def pick_what(context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """Goods or a package, where that is possible now."""
    if event.option not in tuple(What) or why_not(context, state, What(event.option)):
        return state
    picked = What(event.option)
    if picked is not state.what:
        # What was said of the one says nothing of the other.
        state = changed(state, settled=None, kind="", price=None, counts_band="", bag=None)
    return _ask(_taken(state, "what", event.option), FairPhase.SETTLED, what=picked)


def give_settled(context: Context, state: FairState, event: FigureTyped, _now_ns: int) -> FairState:
    """What was paid for, as a mass; of a package its net content."""
    assert state.what is not None and context.pan is not None
    value = figures.number(event.figure)
    answered = _market_unit(context, state, event, value)
    if answered is not None:
        return answered
    if value is None or event.unit not in figures.MASS_UNITS:
        return _refused(state, event, NOT_A_MASS)
    mass = value * GRAMS_PER[event.unit]
    if mass > context.pan.max_g:
        return _refused(state, event, BEYOND_PAN)
    settled = Settled(source=_source(event), value_g=mass, low_g=mass, high_g=mass, label=_label(event))
    after = FairPhase.BAG if state.what is What.PACKAGE else FairPhase.KIND
    return _ask(_figure_taken(state, event), after, settled=settled, counts_band="")


def only_money(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """Only the amount of money is known."""
    if event.option != YUAN or state.what is not What.GOODS:
        return state
    return _ask(state, FairPhase.AMOUNT)


def give_amount(_context: Context, state: FairState, event: FigureTyped, _now_ns: int) -> FairState:
    """The amount of money; the mass follows from it when the price is known."""
    value = figures.number(event.figure)
    if value is None or event.unit != YUAN or value > figures.MOST_YUAN:
        return _refused(state, event, NOT_AN_AMOUNT)
    half = figures.half_of(value, label=event.label)
    settled = Settled(source=_source(event), yuan=value, half_yuan=half, label=_label(event))
    return _ask(_figure_taken(state, event), FairPhase.KIND, settled=settled, counts_band="")


def pick_kind(context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """The kind of goods leads to the price, or past it where no price counts; or to the other kinds."""
    if event.option == ELSE and state.phase is FairPhase.KIND:
        return _ask(state, FairPhase.KIND_ELSE)
    first = state.phase is FairPhase.KIND
    if event.option not in (law.kinds(law.packs_of(context).retail) if first else law.KINDS_BESIDE):
        return state
    picked = _taken(changed(state, kind=event.option, price=None, counts_band=""), "kind", event.option)
    return _ask(picked, FairPhase.PRICE if asks_price(context, picked) else FairPhase.BAG)


def asks_price(context: Context, state: FairState) -> bool:
    """Whether the price is of use: for the band, or to know the mass from an amount of money."""
    assert state.settled is not None
    return state.settled.yuan is not None or law.has_prices(law.packs_of(context).retail, state.kind)


def price_needed(state: FairState) -> bool:
    """Whether nothing can be judged without the price."""
    assert state.settled is not None
    return state.settled.yuan is not None or state.kind == law.OTHER_FOOD


def skip_price(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """On without a price, where the kind alone names a band; or the price of another quantity."""
    if event.option in (PER_500G, PER_KG):
        return _ask(state, FairPhase.PRICE_OF_500G if event.option == PER_500G else FairPhase.PRICE)
    if event.option != NO_PRICE or price_needed(state):
        return state
    return _ask(_taken(state, "price", NO_PRICE), FairPhase.BAG, price=None, counts_band="")


def give_price(context: Context, state: FairState, event: FigureTyped, _now_ns: int) -> FairState:
    """The price per kg, or per 500 g; it may lead to another band than the kind."""
    assert state.settled is not None and context.pan is not None
    value = figures.number(event.figure)
    answered = _market_price(context, state, event, value)
    if answered is not None:
        return answered
    if value is None or event.unit not in figures.PRICE_UNITS or value > figures.MOST_YUAN:
        return _refused(state, event, NOT_A_PRICE)
    price = value * figures.PER_KG[event.unit]
    settled = _with_mass(state.settled, price)
    if settled.high_g is not None and settled.high_g > context.pan.max_g:
        return _refused(state, event, BEYOND_PAN)
    priced = changed(_figure_taken(state, event), price=price, settled=settled, counts_band="")
    return _ask(priced, FairPhase.BAND if two_bands(context, priced) else FairPhase.BAG)


def two_bands(context: Context, state: FairState) -> bool:
    """Whether kind and price lead to different bands of the table."""
    pack = law.packs_of(context).retail
    by_price = law.band_by_price(pack, state.kind, state.price)
    by_kind = law.bands_by_kind(pack, state.kind)
    return by_price is not None and bool(by_kind) and by_price not in by_kind


def pick_band(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """By the kind, by the price, or by both."""
    if event.option not in BANDS_PICKED:
        return state
    counts = "" if event.option == law.BOTH else event.option
    return _ask(_taken(state, "band", event.option), FairPhase.BAG, counts_band=counts)


def pick_bag(context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """How the bag is allowed for; an equal empty one goes to the pan first."""
    if event.option not in tuple(Bag):
        return state
    picked = changed(_taken(state, "bag", event.option), bag=Bag(event.option))
    if picked.bag is Bag.TYPED:
        return _ask(picked, FairPhase.BAG_TYPED)
    return to_pan(
        context, picked, FairPhase.CLEAR_FOR_BAG if picked.bag is Bag.WEIGHED else FairPhase.CLEAR_PAN
    )


def give_bag(context: Context, state: FairState, event: FigureTyped, _now_ns: int) -> FairState:
    """The mass of the bag as somebody says it is."""
    assert state.settled is not None and state.settled.value_g is not None
    value = figures.number(event.figure)
    answered = _market_unit(context, state, event, value)
    if answered is not None:
        return answered
    if value is None or event.unit not in figures.MASS_UNITS:
        return _refused(state, event, NOT_A_MASS)
    mass = value * GRAMS_PER[event.unit]
    if mass >= state.settled.value_g:
        return _refused(state, event, BAG_TOO_HEAVY)
    last_place = Decimal(1).scaleb(int(value.as_tuple().exponent)) * GRAMS_PER[event.unit]
    taken = changed(_figure_taken(state, event), bag_typed_g=mass, bag_half_g=last_place / 2)
    return to_pan(context, taken, FairPhase.CLEAR_PAN)


# --------------------------------------------------------------------------------------------- back


def back(context: Context, state: FairState, _event: Event, _now_ns: int) -> FairState:
    """One question back; its answer is asked for again."""
    return _ask(state, before(context, state))


BEFORE = {
    FairPhase.SETTLED: FairPhase.ASK_WHAT,
    FairPhase.AMOUNT: FairPhase.SETTLED,
    FairPhase.KIND: FairPhase.SETTLED,
    FairPhase.KIND_ELSE: FairPhase.KIND,
    FairPhase.PRICE: FairPhase.KIND,
    FairPhase.PRICE_OF_500G: FairPhase.KIND,
    FairPhase.BAND: FairPhase.PRICE,
    FairPhase.BAG_TYPED: FairPhase.BAG,
}


def before(context: Context, state: FairState) -> FairPhase:
    """The question before this one; before the bag it is the last one that was asked."""
    if state.phase is not FairPhase.BAG:
        return BEFORE[state.phase]
    if state.what is What.PACKAGE:
        return FairPhase.SETTLED
    if two_bands(context, state):
        return FairPhase.BAND
    return FairPhase.PRICE if asks_price(context, state) else FairPhase.KIND


# --------------------------------------------------------------------------------------------- helpers


def _ask(state: FairState, phase: FairPhase, **fields: object) -> FairState:
    return changed(state, phase=phase, problem="", note=("", ""), **fields)


def _source(event: FigureTyped) -> Source:
    return Source.LABEL if event.label else Source.TYPED


def _label(event: FigureTyped) -> str:
    return event.code if event.label else ""


def _with_mass(settled: Settled, price: Decimal) -> Settled:
    if settled.yuan is None or settled.half_yuan is None:
        return settled
    value, low, high = figures.mass_of(settled.yuan, settled.half_yuan, price)
    return msgspec.structs.replace(settled, value_g=value, low_g=low, high_g=high)


def _market_unit(
    context: Context, state: FairState, event: FigureTyped, value: Decimal | None
) -> FairState | None:
    """The question again with the mass in the legal unit, None where the unit is no market unit."""
    mass: Grams | None = None if value is None else figures.in_legal_mass(context, value, event.unit)
    return None if mass is None else _refused(state, event, MARKET_UNIT, ("fair_in_legal_unit", plain(mass)))


def _market_price(
    context: Context, state: FairState, event: FigureTyped, value: Decimal | None
) -> FairState | None:
    price = None if value is None else figures.in_legal_price(context, value, event.unit)
    return None if price is None else _refused(state, event, MARKET_UNIT, ("fair_price", plain(price)))


def _refused(
    state: FairState, event: FigureTyped, problem: str, note: tuple[str, str] = ("", "")
) -> FairState:
    kept = _kept(state, _given(state, event, problem))
    return changed(kept, problem=problem, note=note)


def _figure_taken(state: FairState, event: FigureTyped) -> FairState:
    return _kept(_answered_again(state, state.phase.value), _given(state, event, ""))


def _taken(state: FairState, question: str, option: str) -> FairState:
    given = Given(question=question, source=Source.TYPED, text=option, unit="", blind=not state.shown)
    return _kept(_answered_again(state, question), given)


def _given(state: FairState, event: FigureTyped, problem: str) -> Given:
    return Given(
        question=state.phase.value,
        source=_source(event),
        text=event.figure[: figures.MAX_CHARACTERS],
        unit=event.unit[:8],
        label=_label(event),
        blind=not state.shown,
        problem=problem,
    )


ALIKE = ({"settled", "amount"}, {"price", "price_of_500g"})
"""Questions of which one answer takes the place of the other's."""


def _answered_again(state: FairState, question: str) -> FairState:
    same = next((alike for alike in ALIKE if question in alike), {question})
    given = tuple(
        msgspec.structs.replace(each, dropped="answered_again")
        if each.question in same and not each.problem and not each.dropped
        else each
        for each in state.given
    )
    return changed(state, given=given)


def _kept(state: FairState, given: Given) -> FairState:
    """With one more answer on record; beyond the bound refused ones make room, the rest is counted."""
    if len(state.given) < MAX_KEPT:
        return changed(state, given=(*state.given, given))
    if given.problem:
        return changed(state, given_more=state.given_more + 1)
    oldest = next((place for place, each in enumerate(state.given) if each.problem or each.dropped), 0)
    left = (*state.given[:oldest], *state.given[oldest + 1 :], given)
    return changed(state, given=left, given_more=state.given_more + 1)
