"""The handlers of the items: what is answered to each step, and what may be done instead.

Rules this file obeys:

* Pure functions: nothing is read, written or timed here.
* A point beyond its limit is shown with its figures before anything goes on: done again, or gone on with.
* Leaving out, doing again and ending early are offered at every step, and each is on record.
"""

from __future__ import annotations

from firmware_app.procedures.challenge import machine
from firmware_app.procedures.challenge import state as challenge_state
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Confirmed, Event, FigureTyped, GoBack, Picked
from firmware_app.procedures.verification import arithmetic, embedded, photos
from firmware_app.procedures.verification.beginning import refused
from firmware_app.procedures.verification.figures import bare_number, typed_added, typed_indication
from firmware_app.procedures.verification.items import (
    CHOSEN,
    NO,
    NOT_APPLICABLE,
    OVERLOAD,
    TOGETHER,
    YES,
    Ask,
    LeftOut,
    Method,
)
from firmware_app.procedures.verification.judging import step_verdict
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.moving import (
    dropped,
    entry,
    go,
    item_again,
    looked_at_once,
    may_repeat,
    restarted,
    taken,
)
from firmware_app.procedures.verification.state import (
    Omitted,
    Phase,
    Shown,
    VerificationState,
    changed,
)
from firmware_app.quantity import Grams
from firmware_app.uncertainty.decision import Verdict

ANSWERS = (YES, NO, NOT_APPLICABLE)
LIGHT = 20
"""Goods that take the place of weights are at most a twentieth lighter: the load above must stay near."""


def all_hold(context: Context, state: VerificationState, event: Picked, now_ns: int) -> VerificationState:
    """Some points of the list at once, or point by point."""
    if event.option == photos.PHOTO:
        return photos.wanted(context, state)
    if event.option == "one_by_one":
        return changed(state, phase=Phase.LOOK, one_by_one=True, problem="")
    if event.option != "all_hold":
        return besides(context, state, event, now_ns)
    places = looked_at_once(state)
    for place in places:
        state = taken(changed(state, place=place), now_ns, answer=TOGETHER)
    return go(context, state, places.stop)


def looked(context: Context, state: VerificationState, event: Picked, now_ns: int) -> VerificationState:
    """One point of the list."""
    if event.option == photos.PHOTO:
        return photos.wanted(context, state)
    if event.option not in ANSWERS:
        return besides(context, state, event, now_ns)
    return go(context, taken(state, now_ns, answer=event.option), state.place + 1)


def ready(context: Context, state: VerificationState, _event: Confirmed, now_ns: int) -> VerificationState:
    """The scale is warm, level, and was loaded once."""
    return go(context, taken(state, now_ns, answer=YES), state.place + 1)


def responded(context: Context, state: VerificationState, event: Picked, now_ns: int) -> VerificationState:
    """Whether the small extra load moved the indication."""
    if event.option not in (YES, NO):
        return besides(context, state, event, now_ns)
    return settle(context, taken(state, now_ns, answer=event.option))


def indicated(
    context: Context, state: VerificationState, event: FigureTyped, now_ns: int
) -> VerificationState:
    """The indication that was typed."""
    shown = typed_indication(state, event)
    if isinstance(shown, str):
        return refused(changed(state, phase=Phase.INDICATION), shown)
    return take_indication(context, state, shown, now_ns)


def take_indication(
    context: Context, state: VerificationState, shown: Shown, now_ns: int
) -> VerificationState:
    """The indication of this step, typed or from the lead; what is asked for next goes by the step."""
    anew = restarted(context, state, now_ns)
    if anew is not None and anew.problem:
        return anew
    with_it = changed(anew or state, shown=shown, problem="", lead_window=None)
    if state.step.ask is Ask.PRICE:
        return changed(with_it, phase=Phase.AMOUNT)
    if state.step.method is Method.CHANGE_POINT:
        return changed(with_it, phase=Phase.ADDED)
    return take_point(context, with_it, None, now_ns)


def not_indicated(
    context: Context, state: VerificationState, event: Picked, now_ns: int
) -> VerificationState:
    """The scale does not indicate the load that is on it; or anything else that a step offers."""
    if event.option != OVERLOAD:
        return besides(context, state, event, now_ns)
    return settle(context, taken(changed(state, phase=Phase.INDICATION), now_ns, answer=OVERLOAD))


def added(context: Context, state: VerificationState, event: FigureTyped, now_ns: int) -> VerificationState:
    """What was added up to the change point."""
    mass = typed_added(state.step, event)
    return refused(state, mass) if isinstance(mass, str) else take_point(context, state, mass, now_ns)


def no_change_point(
    context: Context, state: VerificationState, event: Picked, now_ns: int
) -> VerificationState:
    """No change point can be found: the direct reading stands, known to half an interval."""
    if event.option == "direct":
        return take_point(context, state, None, now_ns)
    return besides(context, state, event, now_ns)


def take_point(
    context: Context, state: VerificationState, mass: Grams | None, now_ns: int
) -> VerificationState:
    """The point as it stands now: goods must weigh what the weights do, a point must keep its limit."""
    tried = taken(state, now_ns, shown=state.shown, added_g=mass)
    if state.step.ask is Ask.SUBSTITUTE and (problem := _goods_problem(tried)):
        return refused(changed(state, phase=Phase.INDICATION, shown=None), problem)
    return settle(context, tried)


def settle(context: Context, state: VerificationState) -> VerificationState:
    """On to the next step, or to the figures of a point that is beyond its limit."""
    found = step_verdict(state, state.step, rules_of(context, state))
    if found is Verdict.DOES_NOT_CONFORM:
        return changed(state, phase=Phase.FAILED, problem="")
    return go(context, state, state.place + 1)


def paid(context: Context, state: VerificationState, event: FigureTyped, now_ns: int) -> VerificationState:
    """The price to pay that the scale shows."""
    amount = bare_number(event.figure)
    if amount is None:
        return refused(state, "verif_not_an_amount")
    return settle(context, taken(state, now_ns, shown=state.shown, amount=amount))


def challenged(context: Context, state: VerificationState, event: Event, now_ns: int) -> VerificationState:
    """One event for the challenge; once it is done the examination goes on."""
    assert state.challenge is not None
    if isinstance(event, Picked) and event.option == embedded.OTHER:
        return besides(context, state, event, now_ns)
    inside = machine.step(context, state.challenge, event, now_ns)
    if inside is state.challenge:
        first = isinstance(event, GoBack) and inside.phase is challenge_state.Phase.READY
        return back(context, state, event, now_ns) if first else state
    led = changed(state, challenge=inside)
    return go(context, embedded.finished(led), state.place) if machine.done(inside) else led


def failed(context: Context, state: VerificationState, event: Picked, now_ns: int) -> VerificationState:
    """Go on with it, or do it once more; the first try is kept."""
    if event.option == "once_more" and may_repeat(state):
        return go(context, dropped(state, {state.step.id}, "once_more"), state.place)
    if event.option == "go_on":
        return go(context, state, state.place + 1)
    return besides(context, state, event, now_ns)


def stopped(context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """End here, or go on for information only."""
    if event.option == "go_on":
        return go(context, changed(state, information=True), state.place)
    if event.option == "again" and state.stopped_at is not None and may_repeat(state):
        return item_again(context, state, state.stopped_at, "again")
    return changed(state, phase=Phase.REVIEW, problem="") if event.option == "end" else state


def besides(_context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """What every step offers besides its answer, on a page of its own."""
    return changed(state, phase=Phase.OTHER, problem="") if event.option == "other" else state


def other(context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """Leave the item out, begin it again, or end here."""
    match event.option:
        case "leave_out":
            return changed(state, phase=Phase.WHY_NOT, leaving=state.step.item, shown=None, problem="")
        case "again" if may_repeat(state):
            return item_again(context, state, state.step.item, "again")
        case "finish":
            return changed(state, phase=Phase.REVIEW, shown=None, problem="")
    return state


def left_out(context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """The item is left out for one of the reasons."""
    if state.leaving is None or event.option not in {why.value for why in CHOSEN}:
        return state
    kept = tuple(each for each in state.omitted if each.item is not state.leaving)
    omitted = (*kept, Omitted(state.leaving, LeftOut(event.option)))
    return go(context, changed(state, omitted=omitted), state.place)


def not_left_out(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """It is done after all."""
    return changed(state, phase=entry(state, state.step), shown=None, leaving=None, problem="")


def back(context: Context, state: VerificationState, _event: Event, _now_ns: int) -> VerificationState:
    """One question back: to the indication of this step, or to the step before."""
    if state.shown is not None and state.phase in (Phase.ADDED, Phase.AMOUNT):
        return changed(state, phase=Phase.INDICATION, shown=None, problem="")
    if state.phase is Phase.LISTEN:
        return changed(state, phase=Phase.INDICATION, problem="", lead_window=None)
    places = range(state.place) if state.phase is not Phase.FAILED else range(state.place + 1)
    done = [n for n in places if arithmetic.counting(state, state.plan[n]) is not None]
    if not done or not may_repeat(state):
        return state
    earlier = changed(
        dropped(state, {state.plan[done[-1]].id}, "went_back"), stopped_at=None, information=False
    )
    return go(context, earlier, done[-1])


def _goods_problem(state: VerificationState) -> str:
    """Code of why these goods cannot stand in for the weights, empty where they can."""
    step = state.step
    before = next(each for each in state.plan if each.id == step.what)
    weighed, load = arithmetic.measured(state, before), arithmetic.load_of(state, before)
    if weighed is None or load is None:
        return "verif_goods_too_early"
    tried = state.tries[-1]
    mass = load + arithmetic.before_rounding(step, tried) - arithmetic.before_rounding(before, weighed)
    if mass > load:
        return "goods_too_heavy"
    return "goods_too_light" if load - mass > load / LIGHT else ""
