"""The lead in the challenge: from the wish to read it to a settled figure, or to why there is none.

Rules this file obeys:

* Only frames that came after the wish count, and only a run of them that is at rest.
* Whatever the lead does not do within its patience ends in a problem, and the figure is typed.
"""

from __future__ import annotations

from firmware_app.procedures.challenge.looks import HOLD_NS, TOO_SOON, give_figure
from firmware_app.procedures.challenge.pan import note_fault, note_reading
from firmware_app.procedures.challenge.state import ChallengeState, Phase, changed
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import LineSilent
from firmware_app.procedures.figures import lead_figure, seen_of, speaks_of_load
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.settle import LEAD_PATIENCE_NS, follow, lead_policy, settled
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication


def hear(context: Context, state: ChallengeState, event: Indication, now_ns: int) -> ChallengeState:
    """One frame; it means something only while the lead is listened to."""
    if state.listening_ns is None or not speaks_of_load(event, state.scale):
        return _patient(state, now_ns)
    if event.overload:
        return _stop(state, Problem.LEAD_OVERLOAD)
    seen, policy = seen_of(event, state.scale, now_ns), lead_policy(event.stable)
    heard = changed(state, heard=True)
    if seen is None or policy is None or seen.value_g < state.scale.min_g:
        return _patient(changed(heard, lead_window=None), now_ns)
    window = follow(heard.lead_window, seen.value_g, now_ns, policy, state.scale.d_g, seen=seen)
    if not settled(window, policy):
        return _patient(changed(heard, lead_window=window), now_ns)
    if state.phase is Phase.HOLD and state.since_ns is not None and now_ns - state.since_ns < HOLD_NS:
        return changed(heard, listening_ns=None, lead_window=None, problem=TOO_SOON)
    return give_figure(context, heard, lead_figure(event, seen.value_g, window), now_ns)


def silence(_context: Context, state: ChallengeState, _event: LineSilent, _now_ns: int) -> ChallengeState:
    """The lead is lost: where it was listened to, the figure is typed."""
    return state if state.listening_ns is None else _stop(state, Problem.LEAD_SILENT)


def wait_reading(context: Context, state: ChallengeState, event: Reading, now_ns: int) -> ChallengeState:
    """A reading of the pan meanwhile: time passes."""
    return _patient(note_reading(context, state, event, now_ns), now_ns)


def wait_fault(context: Context, state: ChallengeState, event: PanFault, now_ns: int) -> ChallengeState:
    """A fault of the pan meanwhile: time passes."""
    return _patient(note_fault(context, state, event, now_ns), now_ns)


def _patient(state: ChallengeState, now_ns: int) -> ChallengeState:
    """The state, still listening, or the problem once the patience is over."""
    if state.listening_ns is None:
        return state
    waited = now_ns - state.listening_ns
    if waited < 0:
        # The clock began anew (the appliance was restarted): so does the patience.
        return changed(state, listening_ns=now_ns)
    if waited < LEAD_PATIENCE_NS:
        return state
    return _stop(state, Problem.LEAD_UNSTABLE if state.heard else Problem.LEAD_SILENT)


def _stop(state: ChallengeState, problem: Problem) -> ChallengeState:
    return changed(state, listening_ns=None, lead_window=None, problem=problem.value)
