"""Our own pan in the challenge: emptied, loaded with the goods, at fault and back again.

Rules this file obeys:

* While a fault lasts nothing is taken, and the figure already given stays given.
* A pan that becomes unfit for verdicts is weighed on, and nothing is judged by it.
* What lies on the empty pan is subtracted; what cannot be the goods is asked for again.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.challenge.looks import interrupted, is_empty, next_trial
from firmware_app.procedures.challenge.state import ChallengeState, Phase, changed, first_look
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.settle import PAN_AT_REST, SECOND, Window, follow, settled
from firmware_app.procedures.taken import pan_mass
from firmware_app.quantity import Grams
from firmware_app.weighing.reading import PanFault, Reading

LEAST_SHARE, MOST_SHARE = Decimal("0.6"), Decimal("1.5")
"""Mass on the pan over figure of the scale; beyond these ends goods were more likely left behind or added."""
INSIST_NS = 10 * SECOND
"""How long goods beyond those ends must lie still to be taken all the same."""


def note_reading(_context: Context, state: ChallengeState, event: Reading, now_ns: int) -> ChallengeState:
    """The pan works; a run of stable readings is followed."""
    if not event.stable:
        return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=None, pan_last=None)
    mass = pan_mass(event)
    window = follow(state.pan_window, mass.mass_g, now_ns, PAN_AT_REST, state.scale.e_g)
    return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=window, pan_last=mass)


def note_fault(_context: Context, state: ChallengeState, event: PanFault, _now_ns: int) -> ChallengeState:
    """A lasting fault is remembered; a dropped sample only begins the run of readings anew."""
    fault = event.fault if event.lasting else state.pan_fault
    return changed(state, pan_fault=fault, pan_window=None, pan_last=None)


def clear_pan(context: Context, state: ChallengeState, event: Reading, now_ns: int) -> ChallengeState:
    """An empty pan at rest is taken as the zero of the goods."""
    seen = note_reading(context, state, event, now_ns)
    if settled(seen.pan_window, PAN_AT_REST) and is_empty(seen):
        return changed(seen, phase=Phase.WEIGH, pan_empty=seen.pan_last, pan_window=None)
    return seen


def weigh(context: Context, state: ChallengeState, event: Reading, now_ns: int) -> ChallengeState:
    """Goods at rest on the pan are the reference of the load."""
    seen = note_reading(context, state, event, now_ns)
    window = seen.pan_window
    if window is None or not settled(window, PAN_AT_REST) or not seen.pan_last or not seen.pan_empty:
        return seen
    net = seen.pan_last.mass_g - seen.pan_empty.mass_g
    if net <= seen.scale.e_g:
        return changed(seen, problem="")
    problem = _wrong_goods(context, seen, net, window)
    if problem:
        return changed(seen, problem=problem)
    first = first_look(seen)
    weighed = msgspec.structs.replace(first, empty=seen.pan_empty, loaded=seen.pan_last)
    looks = tuple(weighed if look is first else look for look in seen.looks)
    return next_trial(context, changed(seen, looks=looks, pan_window=None))


def interrupt(context: Context, state: ChallengeState, event: PanFault, now_ns: int) -> ChallengeState:
    """A lasting fault while the pan is needed: nothing is weighed until it is gone."""
    seen = note_fault(context, state, event, now_ns)
    return interrupted(seen, state.phase) if event.lasting else seen


def still_interrupted(
    context: Context, state: ChallengeState, event: PanFault, now_ns: int
) -> ChallengeState:
    """The fault goes on, or another one shows itself."""
    seen = note_fault(context, state, event, now_ns)
    if event.lasting and event.fault is not state.pan_fault:
        return interrupted(seen, state.back_to)
    return seen


def resume(context: Context, state: ChallengeState, event: Reading, now_ns: int) -> ChallengeState:
    """The pan is back: it is emptied again, since its zero may be another one; the figure stays given."""
    seen = note_reading(context, state, event, now_ns)
    return changed(seen, phase=Phase.CLEAR_PAN, pan_empty=None)


def _wrong_goods(context: Context, state: ChallengeState, net: Grams, window: Window) -> str:
    """Why what lies on the pan cannot be the goods that lay on the scale, empty where it can."""
    figure = first_look(state).figure
    assert figure is not None and figure.value_g is not None and state.pan_last is not None
    if context.pan is not None and state.pan_last.mass_g > context.pan.max_g:
        return Problem.GOODS_TOO_HEAVY.value
    if window.last_ns - window.since_ns >= INSIST_NS:
        return ""
    if net < LEAST_SHARE * figure.value_g:
        return Problem.GOODS_TOO_LIGHT.value
    return Problem.GOODS_TOO_HEAVY.value if net > MOST_SHARE * figure.value_g else ""
