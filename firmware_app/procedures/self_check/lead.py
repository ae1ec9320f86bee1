"""Listening to the lead: from LoadIsOn to a settled indication, or to the reason why there is none.

Rules this file obeys:

* Only frames that came after LoadIsOn count, and only a run of them that is at rest.
* Whatever the lead does not do within its patience ends in a problem that offers another way.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import LineSilent, LoadIsOn
from firmware_app.procedures.figures import MAX_RAW, lead_figure, lead_unit, speaks_of_load
from firmware_app.procedures.prompts import Problem, Source, Way
from firmware_app.procedures.self_check.after import Watch
from firmware_app.procedures.self_check.state import Phase, SelfCheckState
from firmware_app.procedures.self_check.steps import (
    PUT,
    changed,
    give_figure,
    note_fault,
    note_lead,
    note_reading,
    note_silence,
)
from firmware_app.procedures.settle import LEAD_PATIENCE_NS, Seen, follow, lead_policy, settled
from firmware_app.quantity import GRAMS_PER, Grams
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication

LISTEN = {Way.WEIGHTS: Phase.LISTEN_WEIGHTS, Way.GOODS: Phase.LISTEN_GOODS}


def listen(_context: Context, state: SelfCheckState, _event: LoadIsOn, now_ns: int) -> SelfCheckState:
    """The load is on: from here on the lead counts. Without a lead the answer is ignored."""
    assert state.way is not None
    if state.source is not Source.LEAD:
        return state
    return changed(
        state,
        phase=LISTEN[state.way],
        problem=None,
        listening_ns=now_ns,
        heard=False,
        light=False,
        lead_window=None,
        watch=None,
    )


def hear(context: Context, state: SelfCheckState, event: Indication, now_ns: int) -> SelfCheckState:
    """One frame while the load is on."""
    seen = note_lead(context, state, event, now_ns)
    scale = seen.scale
    assert scale is not None
    if not speaks_of_load(event, scale):
        return _patient(seen, now_ns)
    if event.overload:
        return _ask_again(seen, Problem.LEAD_OVERLOAD)
    seen = changed(seen, heard=True)
    if event.value is None or event.underload or event.error is not None:
        return _patient(changed(seen, lead_window=None), now_ns)
    unit = lead_unit(event, scale)
    if unit is None:
        return _ask_again(seen, Problem.LEAD_NO_UNIT, Source.TYPED)
    return _weigh(context, seen, event, event.value * GRAMS_PER[unit], now_ns)


def _weigh(
    context: Context, state: SelfCheckState, event: Indication, value_g: Grams, now_ns: int
) -> SelfCheckState:
    """A mass that the lead says: taken once it has settled at Min or above."""
    assert state.scale is not None
    light = value_g < state.scale.min_g
    policy = lead_policy(event.stable)
    if light or policy is None:
        return _patient(changed(state, lead_window=None, light=light), now_ns)
    seen = Seen(now_ns, value_g, event.stable, event.raw[:MAX_RAW].hex())
    window = follow(state.lead_window, value_g, now_ns, policy, state.scale.d_g, seen=seen)
    if settled(window, policy):
        figure = lead_figure(event, value_g, window)
        given = give_figure(context, changed(state, lead_window=None), figure, now_ns)
        return _watching(given, seen) if len(given.attempts) > len(state.attempts) else given
    return _patient(changed(state, lead_window=window, light=False), now_ns)


def _watching(state: SelfCheckState, seen: Seen) -> SelfCheckState:
    """From here on the display must not change while the load lies; a refused figure is not watched."""
    place = len(state.attempts) - 1
    if not state.attempts[place].counts:
        return state
    watch = Watch(attempt=place, since_ns=seen.at_ns, figure_g=seen.value_g, last=seen)
    return changed(state, watch=watch)


def silence(context: Context, state: SelfCheckState, event: LineSilent, now_ns: int) -> SelfCheckState:
    """The lead is lost while a figure is asked for: the number pad takes over at once."""
    seen = note_silence(context, state, event, now_ns)
    if state.source is not Source.LEAD:
        return seen
    return _ask_again(seen, Problem.LEAD_SILENT, Source.TYPED)


def wait_reading(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """A reading of the pan meanwhile: time passes."""
    return _patient(note_reading(context, state, event, now_ns), now_ns)


def wait_fault(context: Context, state: SelfCheckState, event: PanFault, now_ns: int) -> SelfCheckState:
    """A fault of the pan meanwhile: time passes."""
    return _patient(note_fault(context, state, event, now_ns), now_ns)


def _patient(state: SelfCheckState, now_ns: int) -> SelfCheckState:
    """The state, still listening, or the problem once the patience is over."""
    waited = now_ns - state.listening_ns
    if waited < 0:
        # The clock began anew (the appliance was restarted): so does the patience.
        return changed(state, listening_ns=now_ns)
    if waited < LEAD_PATIENCE_NS:
        return state
    if not state.heard:
        return _ask_again(changed(state, lead_silent=True), Problem.LEAD_SILENT, Source.TYPED)
    return _ask_again(state, Problem.GOODS_TOO_LIGHT if state.light else Problem.LEAD_UNSTABLE)


def _ask_again(state: SelfCheckState, problem: Problem, source: Source = Source.LEAD) -> SelfCheckState:
    assert state.way is not None
    return changed(state, phase=PUT[state.way], problem=problem, source=source, lead_window=None)
