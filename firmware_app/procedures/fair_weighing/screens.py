"""From the state of a fair weighing to the prompt on the screen: codes and figures, no sentences.

Rules this file obeys:

* While answers are asked for that the pan could suggest, the pan is hidden (``blind``).
* What was answered stands beside the next question, so that a slip of the finger is seen before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.procedures import prompts
from firmware_app.procedures.context import Context
from firmware_app.procedures.fair_weighing import complaint, law, questions
from firmware_app.procedures.fair_weighing.record import CENTIGRAM, TENTH, contacts, mass
from firmware_app.procedures.fair_weighing.state import Bag, FairPhase, FairState, What
from firmware_app.procedures.fair_weighing.weighing import GIVE_UP, IN_BAG, NO_BAG_ON, UNREST
from firmware_app.procedures.law import Law
from firmware_app.procedures.page import (
    GRAM,
    KILOGRAM,
    YUAN,
    YUAN_PER_500G,
    YUAN_PER_KG,
    Amount,
    Code,
    Confirm,
    Fact,
    Option,
    Page,
    PageJudged,
    Pick,
    Picture,
    Wait,
    Wanted,
)
from firmware_app.procedures.prompts import Problem, Prompt
from firmware_app.quantity import trimmed

GOODS_STEPS, PACKAGE_STEPS = 5, 3
"""What a person is asked for: paid, kind, price, bag, goods on the pan; or content, packing, package."""
NUMBER = {
    FairPhase.SETTLED: 1,
    FairPhase.AMOUNT: 1,
    FairPhase.KIND: 2,
    FairPhase.KIND_ELSE: 2,
    FairPhase.PRICE: 3,
    FairPhase.PRICE_OF_500G: 3,
    FairPhase.BAND: 3,
    FairPhase.BAG: 4,
    FairPhase.BAG_TYPED: 4,
    FairPhase.CLEAR_FOR_BAG: 4,
    FairPhase.PUT_BAG: 4,
}
"""Where a visit with goods stands; everything else is the last step."""


def prompt_of(context: Context, state: FairState) -> Prompt:
    """The prompt of the state; a visit that was left shows the first question again."""
    return SCREENS[state.phase](context, state)


def place(state: FairState) -> tuple[int, int]:
    """Number and count of the step, zeros where none is counted."""
    if state.what is None or state.phase is FairPhase.ASK_WHAT:
        return 0, 0
    phase = state.back_to or state.phase
    if state.what is What.GOODS:
        return NUMBER.get(phase, GOODS_STEPS), GOODS_STEPS
    number = NUMBER.get(phase, GOODS_STEPS)
    return (1 if number == 1 else number - 2), PACKAGE_STEPS


def _ask_what(context: Context, state: FairState) -> Prompt:
    options = tuple(
        Option(id=what.value, label=f"fair_{what.value}", why_not=questions.why_not(context, state, what))
        for what in What
    )
    return _page(state, "fair_what", Pick(options), blind=True)


def _settled(context: Context, state: FairState) -> Prompt:
    if state.what is What.PACKAGE:
        wants = Amount((GRAM, KILOGRAM))
        return _page(state, "fair_content", wants, law=_units(context, state), blind=True)
    # A label with a price on it, scanned here, goes by the same way as a touch of this.
    beside = (Option(id=YUAN, label="fair_only_money"),)
    wants = Amount((KILOGRAM, GRAM), label=True)
    return _page(state, "fair_paid", wants, beside=beside, law=_units(context, state), blind=True)


def _amount(_context: Context, state: FairState) -> Prompt:
    return _page(state, "fair_amount", Amount((YUAN,), label=True), blind=True)


def _kind(context: Context, state: FairState) -> Prompt:
    kinds = (*law.kinds(law.packs_of(context).retail), questions.ELSE)
    options = tuple(Option(id=kind, label=f"fair_kind_{kind}") for kind in kinds)
    return _page(state, "fair_kind", Pick(options), facts=_said(state), blind=True)


def _kind_else(_context: Context, state: FairState) -> Prompt:
    options = tuple(Option(id=kind, label=f"fair_kind_{kind}") for kind in law.KINDS_BESIDE)
    return _page(state, "fair_kind_else", Pick(options), facts=_said(state), blind=True)


def _price(context: Context, state: FairState) -> Prompt:
    per_kg = state.phase is FairPhase.PRICE
    other = questions.PER_500G if per_kg else questions.PER_KG
    beside = [Option(id=other, label=f"fair_{other}")]
    if not questions.price_needed(state):
        beside.append(Option(id=questions.NO_PRICE, label="fair_no_price"))
    return _page(
        state,
        "fair_price" if per_kg else "fair_price_of_500g",
        Amount((YUAN_PER_KG if per_kg else YUAN_PER_500G,)),
        beside=tuple(beside),
        law=_units(context, state),
        blind=True,
    )


def _band(context: Context, state: FairState) -> Prompt:
    pack = law.packs_of(context).retail
    assert state.settled is not None
    by_kind = next(iter(law.bands_by_kind(pack, state.kind)), None)
    by_price = law.band_by_price(pack, state.kind, state.price)
    facts = []
    for label, band in (("fair_by_kind", by_kind), ("fair_by_price", by_price)):
        limit = law.permitted(pack, band, state.settled.value_g)
        facts.append(
            Fact(label=label, value="fair_no_figure", words=True)
            if limit is None
            else mass(label, limit, CENTIGRAM)
        )
    options = tuple(Option(id=each, label=f"fair_{each}") for each in questions.BANDS_PICKED)
    cited = None if pack is None else law.law_of(pack, pack.adoption)
    return _page(state, "fair_band", Pick(options), facts=(*_said(state), *facts), law=cited, blind=True)


def _bag(_context: Context, state: FairState) -> Prompt:
    thing = "packing" if state.what is What.PACKAGE else "bag"
    options = tuple(Option(id=bag.value, label=f"fair_{thing}_{bag.value}") for bag in Bag)
    return _page(state, f"fair_{thing}", Pick(options), facts=_said(state), blind=True)


def _bag_typed(context: Context, state: FairState) -> Prompt:
    return _page(state, "fair_bag_typed", Amount((GRAM,)), law=_units(context, state), blind=True)


def _clear(_context: Context, state: FairState) -> Prompt:
    return prompts.ClearPan(*place(state), Problem.PAN_NOT_EMPTY if state.problem else None)


def _put_bag(_context: Context, state: FairState) -> Prompt:
    key = "fair_put_packing" if state.what is What.PACKAGE else "fair_put_bag"
    return _page(state, key, Confirm(label="fair_bag_is_on"), picture=Picture.GOODS_ON_PAN)


def _put_goods(_context: Context, state: FairState) -> Prompt:
    again = state.phase is FairPhase.PUT_AGAIN
    package = state.what is What.PACKAGE
    key = "fair_put_again" if again else "fair_put_package" if package else "fair_put_goods"
    facts = [fact for fact in _said(state) if fact.label != "fair_price"]
    if state.limit_g is not None:
        facts.append(mass("fair_permitted", state.limit_g, CENTIGRAM))
    if state.serves:
        facts.append(Fact(label="fair_pan_serves", value=state.serves, words=True))
    beside = (Option(id=GIVE_UP, label="fair_give_up"),) if state.problem == UNREST else ()
    return _page(state, key, Wait(), facts=tuple(facts), picture=Picture.GOODS_ON_PAN, beside=beside)


def _bag_sure(_context: Context, state: FairState) -> Prompt:
    thing = "packing" if state.what is What.PACKAGE else "bag"
    options = (
        Option(id=IN_BAG, label=f"fair_in_{thing}"),
        Option(id=NO_BAG_ON, label=f"fair_without_{thing}"),
    )
    bag = state.standing("bag")
    facts = () if bag is None else (mass(f"fair_{thing}_mass", bag.net_g, TENTH),)
    return _page(state, f"fair_{thing}_sure", Pick(options), facts=facts, blind=True)


def _interrupted(_context: Context, state: FairState) -> Prompt:
    assert state.pan_fault is not None
    return prompts.Interrupted(state.pan_fault, *place(state))


def _judged(_context: Context, state: FairState) -> Prompt:
    assert state.page is not None
    return msgspec.structs.replace(state.page, entry=state.entry, slip=state.slip)


def _stall(_context: Context, state: FairState) -> Prompt:
    beside = (Option(id=complaint.NO_STALL, label="fair_no_stall"),)
    return _uncounted(state, "fair_complaint_stall", Code(), beside=beside)


def _complaint_kind(_context: Context, state: FairState) -> Prompt:
    options = (Option(id=kind, label=f"fair_complaint_{kind}") for kind in complaint.kinds(state))
    return _uncounted(state, "fair_complaint_kind", Pick(tuple(options)), facts=_about(state))


def _complaint_hold(_context: Context, state: FairState) -> Prompt:
    matter = Fact(
        label="fair_complaint_matter",
        value=f"fair_complaint_{state.complaint_kind}",
        words=True,
    )
    return _uncounted(
        state,
        "fair_complaint_hold",
        Confirm(label="fair_file_complaint", hold=True),
        facts=(*_about(state), matter),
    )


def _complained(context: Context, state: FairState) -> Prompt:
    return PageJudged(
        key="fair_complained",
        verdict=None,
        entry=state.complaint_entry,
        slip=state.complaint_slip,
        facts=(*_about(state), *contacts(context)),
    )


SCREENS: dict[FairPhase, Callable[[Context, FairState], Prompt]] = {
    FairPhase.ASK_WHAT: _ask_what,
    FairPhase.SETTLED: _settled,
    FairPhase.AMOUNT: _amount,
    FairPhase.KIND: _kind,
    FairPhase.KIND_ELSE: _kind_else,
    FairPhase.PRICE: _price,
    FairPhase.PRICE_OF_500G: _price,
    FairPhase.BAND: _band,
    FairPhase.BAG: _bag,
    FairPhase.BAG_TYPED: _bag_typed,
    FairPhase.CLEAR_FOR_BAG: _clear,
    FairPhase.PUT_BAG: _put_bag,
    FairPhase.CLEAR_PAN: _clear,
    FairPhase.PUT_GOODS: _put_goods,
    FairPhase.BAG_SURE: _bag_sure,
    FairPhase.CLEAR_AGAIN: _clear,
    FairPhase.PUT_AGAIN: _put_goods,
    FairPhase.INTERRUPTED: _interrupted,
    FairPhase.SAVING: lambda _context, _state: prompts.Saving(),
    FairPhase.JUDGED: _judged,
    FairPhase.NOT_SAVED: lambda _context, state: prompts.NotSaved(state.reason),
    FairPhase.COMPLAINT_STALL: _stall,
    FairPhase.COMPLAINT_KIND: _complaint_kind,
    FairPhase.COMPLAINT_HOLD: _complaint_hold,
    FairPhase.SAVING_COMPLAINT: lambda _context, _state: prompts.Saving(),
    FairPhase.COMPLAINED: _complained,
    FairPhase.COMPLAINT_NOT_SAVED: lambda _context, state: prompts.NotSaved(state.reason),
    FairPhase.LEFT: _ask_what,
}


def _page(state: FairState, key: str, wants: Wanted, *, facts: tuple[Fact, ...] = (), **fields: Any) -> Page:
    number, count = place(state)
    return _uncounted(state, key, wants, number=number, count=count, facts=(*_note(state), *facts), **fields)


def _uncounted(state: FairState, key: str, wants: Wanted, **fields: Any) -> Page:
    return Page(key=key, wants=wants, problem=state.problem, **fields)


def _note(state: FairState) -> tuple[Fact, ...]:
    """The answer to a market unit, in the legal one."""
    label, value = state.note
    if not label:
        return ()
    unit = YUAN_PER_KG if label == "fair_price" else GRAM
    return (Fact(label=label, value=trimmed(Decimal(value)), unit=unit),)


def _said(state: FairState) -> tuple[Fact, ...]:
    """What was paid for and at what price, as it was understood."""
    facts = []
    if state.settled is not None and state.settled.value_g is not None:
        package = state.what is What.PACKAGE
        facts.append(mass("fair_nominal" if package else "fair_settled", state.settled.value_g))
    if state.price is not None:
        facts.append(Fact(label="fair_price", value=trimmed(state.price), unit=YUAN_PER_KG))
    return tuple(facts)


def _about(state: FairState) -> tuple[Fact, ...]:
    """What a complaint is about: the weighing by its number, and the stall where one was named."""
    facts = [Fact(label="fair_weighing_entry", value=str(state.entry), legal=False)]
    if state.stall is not None:
        facts.append(Fact(label="fair_stall", value=state.stall.code, legal=False))
    return tuple(facts)


def _units(context: Context, state: FairState) -> Law | None:
    return law.units_law(context) if state.problem == questions.MARKET_UNIT else None
