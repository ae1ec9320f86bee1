"""The handlers of the pan: emptied, the bag on it, the goods on it, and once more before anybody is accused.

Rules this file obeys:

* While a fault lasts nothing is taken. After one, and after a power cut, the pan is emptied again: a pan that
  was started anew has another zero.
* What lies on the empty pan is subtracted; what cannot be the goods is said, and taken only if it stays.
* A shortage is weighed twice, the goods taken off between: a hand, a draught or a corner makes no accusation.
* Goods that do not come to rest (they drip, they live, they roll) are not judged.
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Confirmed, Event, Picked
from firmware_app.procedures.fair_weighing import law
from firmware_app.procedures.fair_weighing.case import case_of
from firmware_app.procedures.fair_weighing.judging import Found, agree, find
from firmware_app.procedures.fair_weighing.ready import not_ready, outlook
from firmware_app.procedures.fair_weighing.record import body_of, judged_page
from firmware_app.procedures.fair_weighing.state import (
    MAX_KEPT,
    Bag,
    FairPhase,
    FairState,
    Interruption,
    Weighed,
    What,
    changed,
)
from firmware_app.procedures.settle import SECOND, Policy, Window, follow, settled
from firmware_app.procedures.taken import PanMass, pan_mass
from firmware_app.quantity import Grams
from firmware_app.uncertainty.decision import CAPABILITY, Verdict
from firmware_app.weighing.reading import PanFault, Reading

AT_REST = Policy(name="fair-at-rest", version=1, window_ns=1 * SECOND, band=Decimal("0.5"))
"""Readings of the pan, all of them stable; the interval is the third of the limit that the pan must know the
goods within. Longer than for a scale under test: goods drip, and nobody waits for a figure here."""
LEAST_INTERVAL_G = Decimal("0.4")
"""A pan that does not rest within the half of this will not decide what asks for more."""
NO_LIMIT_G = Decimal(3)
"""The interval where the law gives no limit: what is shown is information only."""
EMPTY_WITHIN_G = Decimal(5)
"""What may lie on the empty pan: crumbs, a wet spot. It is subtracted, not ignored."""
NOTHING_SHARE = Decimal("0.1")
"""Less than this share of what was paid for is no load yet."""
LEAST_SHARE, MOST_SHARE = Decimal("0.6"), Decimal("1.5")
"""Mass on the pan over mass paid for. The worst scale on record shows 800 g for 500 g, a share of 0.63;
beyond these ends goods were more likely left behind or added."""
INSIST_NS = 10 * SECOND
"""How long goods beyond those ends must lie still to be taken all the same."""
PATIENCE_NS = 20 * SECOND
"""How long goods may lie on the pan without coming to rest before that is said."""
GIVE_UP, IN_BAG, NO_BAG_ON = "give_up", "in_bag", "bare"
UNREST, TOO_LIGHT, TOO_HEAVY = "fair_unrest", "fair_too_light", "fair_too_heavy"
OTHER_GOODS, OVERLOADED, NO_BAG_FELT = "fair_other_goods", "fair_overloaded", "fair_no_bag_felt"
BAG_TOO_HEAVY, BAG_LEFT = "fair_bag_too_heavy", "fair_bag_left"

CLEARED = {
    FairPhase.CLEAR_FOR_BAG: FairPhase.PUT_BAG,
    FairPhase.CLEAR_PAN: FairPhase.PUT_GOODS,
    FairPhase.CLEAR_AGAIN: FairPhase.PUT_AGAIN,
}
"""What the empty pan leads to."""
CLEAR_OF = {put: clear for clear, put in CLEARED.items()}
WHAT = {FairPhase.PUT_BAG: "bag", FairPhase.PUT_GOODS: "goods", FairPhase.PUT_AGAIN: "again"}


def note_reading(_context: Context, state: FairState, event: Reading, now_ns: int) -> FairState:
    """The pan works; a run of stable readings is followed."""
    if not event.stable:
        return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=None, pan_last=None)
    mass = pan_mass(event)
    window = follow(state.pan_window, mass.mass_g, now_ns, AT_REST, _interval_g(state))
    return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=window, pan_last=mass)


def note_fault(_context: Context, state: FairState, event: PanFault, _now_ns: int) -> FairState:
    """A lasting fault is remembered; a dropped sample only begins the run of readings anew."""
    fault = event.fault if event.lasting else state.pan_fault
    return changed(state, pan_fault=fault, pan_window=None, pan_last=None)


def to_pan(context: Context, state: FairState, clear: FairPhase) -> FairState:
    """To the pan, which is to be empty first; a fault interrupts. What the law permits is looked up once."""
    limit, serves = law.tightest(context, state), outlook(context, state)
    waits = changed(cleared(state, clear), limit_g=limit, serves=serves)
    return _interrupted(waits, clear) if state.pan_fault is not None else waits


def back_to_bag(_context: Context, state: FairState, _event: Event, _now_ns: int) -> FairState:
    """From the pan back to the question of the bag; what was weighed stays on record and counts no more."""
    return changed(
        _dropped(state, "went_back"), phase=FairPhase.BAG, problem="", gave_up=False, bag_looked=False
    )


def clear(context: Context, state: FairState, event: Reading, now_ns: int) -> FairState:
    """An empty pan at rest is the zero of what comes next."""
    seen = note_reading(context, state, event, now_ns)
    if seen.pan_last is None or not settled(seen.pan_window, AT_REST):
        return seen
    if abs(seen.pan_last.mass_g) > EMPTY_WITHIN_G:
        return changed(seen, problem="")
    if _bag_left(seen, seen.pan_last):
        return changed(seen, problem=BAG_LEFT)
    return changed(
        seen,
        phase=CLEARED[state.phase],
        shown=state.shown or CLEARED[state.phase] is not FairPhase.PUT_BAG,
        pan_empty=seen.pan_last,
        pan_window=None,
        problem="",
        bag_confirmed=False,
        unrest_ns=None,
    )


def bag_is_on(_context: Context, state: FairState, _event: Confirmed, _now_ns: int) -> FairState:
    """The empty bag lies there: its next rest is taken."""
    return changed(state, bag_confirmed=True)


def weigh_bag(context: Context, state: FairState, event: Reading, now_ns: int) -> FairState:
    """The empty bag at rest, once it was said to lie there."""
    seen = note_reading(context, state, event, now_ns)
    if not seen.bag_confirmed or seen.pan_last is None or seen.pan_empty is None:
        return seen
    if not settled(seen.pan_window, AT_REST):
        return seen
    assert seen.settled is not None and seen.settled.value_g is not None
    net = seen.pan_last.mass_g - seen.pan_empty.mass_g
    if net >= seen.settled.value_g:
        return changed(seen, problem=BAG_TOO_HEAVY, bag_confirmed=False)
    felt = 2 * math.hypot(seen.pan_empty.standard_g, seen.pan_last.standard_g)
    if float(net) <= felt and seen.problem != NO_BAG_FELT:
        # A thin bag may be lighter than what the pan can tell; said once more, that is taken as it is.
        return changed(seen, problem=NO_BAG_FELT, bag_confirmed=False)
    return cleared(_weighed(context, seen), FairPhase.CLEAR_PAN)


def weigh_goods(context: Context, state: FairState, event: Reading, now_ns: int) -> FairState:
    """Goods at rest on the pan; a shortage is weighed once more before it counts."""
    seen = note_reading(context, state, event, now_ns)
    assert seen.settled is not None and seen.settled.value_g is not None and seen.pan_empty is not None
    on_pan = Decimal(repr(event.mass.value)) - seen.pan_empty.mass_g
    if on_pan <= NOTHING_SHARE * seen.settled.value_g:
        return changed(seen, problem="", unrest_ns=None)
    window = seen.pan_window
    if window is None or seen.pan_last is None or not settled(window, AT_REST):
        return _unrest(seen, now_ns)
    problem = _wrong(context, seen, window)
    if problem:
        return changed(seen, problem=problem, unrest_ns=None)
    return conclude(context, _weighed(context, changed(seen, unrest_ns=None)))


def give_up(context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """The goods do not come to rest: that is the outcome."""
    if event.option != GIVE_UP or state.problem != UNREST:
        return state
    return judged(context, changed(state, gave_up=True))


def bag_sure(context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """In their bag, as was said; or without it, and then nothing is taken off for it."""
    if event.option == IN_BAG:
        return conclude(context, changed(state, bag_looked=True))
    if event.option != NO_BAG_ON:
        return state
    weighed = tuple(
        msgspec.structs.replace(each, dropped="goods_without_bag") if each.what == "bag" else each
        for each in state.weighed
    )
    return conclude(context, changed(state, bag=Bag.BARE, weighed=weighed))


def conclude(context: Context, state: FairState) -> FairState:
    """The verdict on its way to the ledger, or first the doubts that a shortage must stand."""
    found = found_of(context, state)
    if found.verdict not in (Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED) or state.standing("again"):
        return judged(context, state)
    if state.bag is Bag.WEIGHED and not state.bag_looked:
        bare = found_of(context, changed(state, bag=Bag.BARE))
        if bare.verdict is not found.verdict:
            return changed(state, phase=FairPhase.BAG_SURE, problem="")
    if found.verdict is Verdict.UNDECIDED:
        return judged(context, state)
    return to_pan(context, state, FairPhase.CLEAR_AGAIN)


def judged(context: Context, state: FairState) -> FairState:
    """What comes of it, to be saved."""
    found = found_of(context, state)
    return changed(
        state,
        phase=FairPhase.SAVING,
        problem="",
        pan_window=None,
        verdict=found.verdict,
        page=judged_page(context, state, found),
        body=body_of(context, state, found),
    )


def found_of(context: Context, state: FairState) -> Found:
    """What the law of the day says of the weighings that stand."""
    return find(law.packs_of(context), case_of(state, not_ready(context)))


# -------------------------------------------------------------------------------------------- faults


def interrupt(context: Context, state: FairState, event: PanFault, now_ns: int) -> FairState:
    """A lasting fault while the pan is needed: nothing is weighed until it is gone."""
    seen = note_fault(context, state, event, now_ns)
    return _interrupted(seen, CLEAR_OF.get(state.phase, state.phase)) if event.lasting else seen


def still_interrupted(context: Context, state: FairState, event: PanFault, now_ns: int) -> FairState:
    """The fault goes on, or another one shows itself."""
    seen = note_fault(context, state, event, now_ns)
    if event.lasting and event.fault is not state.pan_fault:
        return _interrupted(seen, state.back_to or FairPhase.CLEAR_PAN)
    return seen


def resume(context: Context, state: FairState, event: Reading, now_ns: int) -> FairState:
    """The pan is back: it begins with the empty pan, since its zero may be another one."""
    return note_reading(context, cleared(state, state.back_to or FairPhase.CLEAR_PAN), event, now_ns)


def cleared(state: FairState, clear: FairPhase) -> FairState:
    """The state in which the pan is to be emptied; what was weighed before is kept."""
    return changed(
        state,
        phase=clear,
        problem="",
        note=("", ""),
        pan_window=None,
        pan_last=None,
        pan_empty=None,
        unrest_ns=None,
        bag_confirmed=False,
        back_to=None,
    )


# ------------------------------------------------------------------------------------------- helpers


def _interval_g(state: FairState) -> Grams:
    return NO_LIMIT_G if state.limit_g is None else max(state.limit_g / CAPABILITY, LEAST_INTERVAL_G)


def _bag_left(state: FairState, now: PanMass) -> bool:
    """Whether the bag may still lie there: the pan is not as empty as it was before it, beyond its doubt."""
    bag = state.standing("bag")
    if bag is None or state.phase is FairPhase.CLEAR_FOR_BAG:
        return False
    more, doubt = now.mass_g - bag.empty.mass_g, 2 * math.hypot(now.standard_g, bag.empty.standard_g)
    return more > bag.net_g / 2 and float(more) > doubt


def _wrong(context: Context, state: FairState, window: Window) -> str:
    """Why what lies on the pan cannot be the goods that were paid for."""
    assert state.pan_last is not None and state.pan_empty is not None and state.settled is not None
    net, paid = state.pan_last.mass_g - state.pan_empty.mass_g, state.settled.value_g
    assert paid is not None
    if context.pan is not None and state.pan_last.mass_g > context.pan.max_g:
        return OVERLOADED
    if window.last_ns - window.since_ns >= INSIST_NS:
        return ""
    if state.phase is FairPhase.PUT_AGAIN:
        first = found_of(context, state)
        again = changed(_weighed(context, state))
        same = first.limit_g is None or agree(case_of(again, ""), first.limit_g)
        return "" if same else OTHER_GOODS
    bag = state.standing("bag")
    net -= bag.net_g if bag is not None else state.bag_typed_g or Decimal(0)
    if net < LEAST_SHARE * paid:
        return TOO_LIGHT
    # The packing of a package may weigh more than what is in it, and nobody knows how much.
    heavy_packing = state.what is What.PACKAGE and state.bag is Bag.UNKNOWN
    return TOO_HEAVY if net > MOST_SHARE * paid and not heavy_packing else ""


def _unrest(state: FairState, now_ns: int) -> FairState:
    since = now_ns if state.unrest_ns is None or now_ns < state.unrest_ns else state.unrest_ns
    problem = UNREST if now_ns - since >= PATIENCE_NS else state.problem
    return changed(state, unrest_ns=since, problem=problem)


def _weighed(context: Context, state: FairState) -> FairState:
    """The state with what rests on the pan taken; an earlier one of the same counts no more."""
    assert state.pan_empty is not None and state.pan_last is not None
    taken = Weighed(
        what=WHAT[state.phase],
        empty=state.pan_empty,
        loaded=state.pan_last,
        calibration="" if context.pan is None else context.pan.calibration,
    )
    before = _dropped(state, "weighed_again", taken.what)
    if len(before.weighed) >= MAX_KEPT:
        oldest = next(place for place, each in enumerate(before.weighed) if each.dropped)
        left = (*before.weighed[:oldest], *before.weighed[oldest + 1 :], taken)
        return changed(before, weighed=left, weighed_more=before.weighed_more + 1)
    return changed(before, weighed=(*before.weighed, taken))


def _dropped(state: FairState, why: str, what: str = "") -> FairState:
    """The state in which weighings (of that, or all) stand no longer."""
    weighed = tuple(
        msgspec.structs.replace(each, dropped=why) if not each.dropped and what in ("", each.what) else each
        for each in state.weighed
    )
    return changed(state, weighed=weighed)


def _interrupted(state: FairState, back_to: FairPhase) -> FairState:
    assert state.pan_fault is not None
    noted = (*state.interruptions, Interruption(back_to, state.pan_fault))[-MAX_KEPT:]
    return changed(
        state, phase=FairPhase.INTERRUPTED, back_to=back_to, interruptions=noted, problem="", note=("", "")
    )
