"""The indication over the lead: from "the load is on" to a settled figure, or to why there is none.

Rules this file obeys:

* Only frames that came after the load was said to be on count, and only a run of them that is at rest.
* Whatever the lead does not do within its patience ends in a problem and the number pad.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, LineSilent, Picked
from firmware_app.procedures.figures import MAX_RAW, lead_unit, speaks_of_load
from firmware_app.procedures.prompts import Source
from firmware_app.procedures.settle import LEAD_PATIENCE_NS, Seen, Window, follow, lead_policy, settled
from firmware_app.procedures.verification.beginning import refused
from firmware_app.procedures.verification.figures import problem_of, step_is_signed
from firmware_app.procedures.verification.state import Phase, Shown, VerificationState, changed
from firmware_app.procedures.verification.taking import not_indicated, take_indication
from firmware_app.quantity import GRAMS_PER, Grams
from hardware.scale.contract import Indication

MILLISECOND = 1_000_000


def over_lead(context: Context, state: VerificationState) -> bool:
    """Whether the indication is asked of the lead."""
    assert state.scale is not None
    return state.scale.profile in context.lead_profiles and not state.typing and not state.lead_silent


def listen(context: Context, state: VerificationState, _event: Event, now_ns: int) -> VerificationState:
    """The load is on: from here on the lead counts. Without a lead the answer is ignored."""
    if not over_lead(context, state):
        return state
    return changed(state, phase=Phase.LISTEN, problem="", listening_ns=now_ns, heard=False, lead_window=None)


def type_instead(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """The lead does not help: figures are typed from here on."""
    return changed(state, phase=Phase.INDICATION, typing=True, problem="", lead_window=None)


def typed_or_besides(
    context: Context, state: VerificationState, event: Picked, now_ns: int
) -> VerificationState:
    """The lead does not help, or anything else that a step offers."""
    if event.option == "type_instead":
        return type_instead(context, state, event, now_ns)
    return not_indicated(context, state, event, now_ns)


def silent(
    _context: Context, state: VerificationState, _event: LineSilent, _now_ns: int
) -> VerificationState:
    """The lead is lost: the next figure is typed."""
    return changed(state, lead_silent=True, lead_window=None)


def lost(context: Context, state: VerificationState, event: LineSilent, now_ns: int) -> VerificationState:
    """The lead is lost while a figure is waited for: the number pad takes over at once."""
    return _ask_again(silent(context, state, event, now_ns), "lead_silent")


def speaks(
    _context: Context, state: VerificationState, _event: Indication, _now_ns: int
) -> VerificationState:
    """The lead speaks again: the next indication may come over it."""
    return changed(state, lead_silent=False) if state.lead_silent else state


def wait(_context: Context, state: VerificationState, _event: Event, now_ns: int) -> VerificationState:
    """Something else is heard meanwhile: time passes."""
    return _patient(state, now_ns)


def hear(context: Context, state: VerificationState, event: Indication, now_ns: int) -> VerificationState:
    """One frame while the load is on."""
    scale = state.scale
    assert scale is not None
    if not speaks_of_load(event, scale):
        return _patient(state, now_ns)
    heard = changed(state, heard=True)
    unit = lead_unit(event, scale)
    policy = lead_policy(event.stable)
    if event.overload or unit is None:
        return _ask_again(heard, "lead_overload" if event.overload else "lead_no_unit")
    if event.value is None or event.underload or event.error is not None or policy is None:
        return _patient(changed(heard, lead_window=None), now_ns)
    value = event.value * GRAMS_PER[unit]
    seen = Seen(now_ns, value, event.stable, event.raw[:MAX_RAW].hex())
    window = follow(heard.lead_window, value, now_ns, policy, scale.d_g, seen=seen)
    if not settled(window, policy):
        return _patient(changed(heard, lead_window=window), now_ns)
    shown = _shown(event, value, unit, window)
    problem = problem_of(heard, value)
    if problem or (value < 0 and not step_is_signed(state.step)):
        return _ask_again(heard, problem or "not_a_mass")
    return take_indication(context, heard, shown, now_ns)


def _shown(event: Indication, value: Grams, unit: str, window: Window) -> Shown:
    """The indication with the last frame of its window."""
    return Shown(
        value_g=value,
        text=event.raw_text[:16],
        unit=unit,
        source=Source.LEAD,
        profile=event.profile,
        policy=window.policy,
        raw=event.raw[:MAX_RAW].hex(),
        frames=window.count,
        span_ms=(window.last_ns - window.since_ns) // MILLISECOND,
    )


def _patient(state: VerificationState, now_ns: int) -> VerificationState:
    """The state, still listening, or the problem once the patience is over."""
    waited = now_ns - state.listening_ns
    if waited < 0:
        # The clock began anew (the appliance was restarted): so does the patience.
        return changed(state, listening_ns=now_ns)
    if waited < LEAD_PATIENCE_NS:
        return state
    if state.heard:
        return refused(changed(state, phase=Phase.INDICATION, lead_window=None), "lead_unstable")
    return _ask_again(changed(state, lead_silent=True), "lead_silent")


def _ask_again(state: VerificationState, problem: str) -> VerificationState:
    return refused(changed(state, phase=Phase.INDICATION, lead_window=None), problem)
