"""The appliance's own pan in the visit: emptied, loaded with the goods, at fault and back again.

Rules this file obeys:

* While a fault lasts nothing is taken, and the figure already given stays given.
* A pan that is unfit for verdicts is not offered; one that becomes so is weighed on, and nothing is judged.
* What lies on the empty pan is subtracted; what cannot be the goods is asked for again.
* Where the reading is not good enough and weights beside the goods would be, comparing.py goes on.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.self_check import comparing
from firmware_app.procedures.self_check.plan import ways_offered
from firmware_app.procedures.self_check.state import Phase, SelfCheckState
from firmware_app.procedures.self_check.steps import (
    changed,
    interrupted,
    is_empty,
    next_load,
    note_fault,
    note_reading,
    scale_of,
)
from firmware_app.procedures.settle import PAN_AT_REST, SECOND, Window, settled
from firmware_app.quantity import Grams
from firmware_app.weighing.reading import PanFault, Reading

LEAST_SHARE, MOST_SHARE = Decimal("0.6"), Decimal("1.5")
"""Mass on the pan over figure of the scale. The worst scale on record shows 800 g for 500 g, a share of 0.63;
beyond these ends goods were more likely left behind or added."""
INSIST_NS = 10 * SECOND
"""How long goods beyond those ends must lie still to be taken all the same."""


def reading_offers(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """Where the way is chosen, a pan that comes back is offered again."""
    return _offered(context, state, note_reading(context, state, event, now_ns))


def fault_offers(context: Context, state: SelfCheckState, event: PanFault, now_ns: int) -> SelfCheckState:
    """Where the way is chosen, a pan at fault is no longer offered."""
    return _offered(context, state, note_fault(context, state, event, now_ns))


def clear_pan(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """An empty pan at rest is taken as the zero of the goods."""
    seen = note_reading(context, state, event, now_ns)
    if settled(seen.pan_window, PAN_AT_REST) and is_empty(seen):
        return changed(seen, phase=Phase.WEIGH_GOODS, pan_empty=seen.pan_last, pan_window=None)
    return seen


def weigh_goods(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """Goods at rest on the pan are the reference of the load, or the first turn of a comparison."""
    seen = note_reading(context, state, event, now_ns)
    window = seen.pan_window
    if window is None or not settled(window, PAN_AT_REST) or not seen.pan_last or not seen.pan_empty:
        return seen
    net = seen.pan_last.mass_g - seen.pan_empty.mass_g
    if net <= scale_of(seen).e_g:
        return changed(seen, problem=None)
    problem = _wrong_goods(context, seen, net, window)
    if problem is not None:
        return changed(seen, problem=problem)
    weighed = msgspec.structs.replace(seen.attempts[-1], empty=seen.pan_empty, loaded=seen.pan_last)
    taken = changed(seen, attempts=(*seen.attempts[:-1], weighed))
    missed = comparing.limit_missed(context, taken, weighed)
    if missed is not None:
        if not comparing.rested(window):
            return changed(seen, problem=None)
        beside = comparing.with_weights(context, weighed, missed)
        if beside is not None:
            return comparing.begin(taken, beside)
    return next_load(context, changed(taken, pan_window=None))


def interrupt(context: Context, state: SelfCheckState, event: PanFault, now_ns: int) -> SelfCheckState:
    """A lasting fault while the pan is needed: nothing is judged until it is gone."""
    seen = note_fault(context, state, event, now_ns)
    return interrupted(seen, state.phase) if event.lasting else seen


def still_interrupted(
    context: Context, state: SelfCheckState, event: PanFault, now_ns: int
) -> SelfCheckState:
    """The fault goes on, or another one shows itself."""
    seen = note_fault(context, state, event, now_ns)
    if event.lasting and event.fault is not state.pan_fault:
        return interrupted(seen, state.back_to or Phase.CLEAR_PAN)
    return seen


def resume(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """The pan is back: it is emptied again, because its zero may be another; the figure given stays."""
    seen = note_reading(context, state, event, now_ns)
    return changed(seen, phase=Phase.CLEAR_PAN, back_to=None, pan_empty=None)


def _wrong_goods(context: Context, state: SelfCheckState, net: Grams, window: Window) -> Problem | None:
    """Why what lies on the pan cannot be the goods that lay on the scale."""
    shown = state.attempts[-1].figure.value_g
    assert shown is not None and state.pan_last is not None
    if net <= scale_of(state).min_g:
        return Problem.GOODS_TOO_LIGHT
    if context.pan is not None and state.pan_last.mass_g > context.pan.max_g:
        return Problem.GOODS_TOO_HEAVY
    if window.last_ns - window.since_ns >= INSIST_NS:
        return None
    if net < LEAST_SHARE * shown:
        return Problem.GOODS_TOO_LIGHT
    return Problem.GOODS_TOO_HEAVY if net > MOST_SHARE * shown else None


def _offered(context: Context, before: SelfCheckState, after: SelfCheckState) -> SelfCheckState:
    if (before.pan_fault, before.pan_unfit) == (after.pan_fault, after.pan_unfit):
        return after
    ways = ways_offered(context, scale_of(after), after.pan_fault, after.pan_unfit, after.refused)
    return changed(after, ways=ways)
