"""The handlers of what a person sees on the scale under test: figures, second looks, keys, power.

Rules this file obeys:

* Pure functions: nothing is read, written, timed or drawn by lot here.
* Taken back or refused is kept, never deleted.
* A state is left only by a handler named in the table of machine.py.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.challenge.judging import judge
from firmware_app.procedures.challenge.plan import Again
from firmware_app.procedures.challenge.state import (
    MAX_LOOKS,
    ChallengeState,
    Kind,
    Look,
    Phase,
    Stop,
    changed,
    first_look,
    interval_at,
)
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Confirmed, Event, FigureTyped, Picked
from firmware_app.procedures.figures import problem_of, typed_figure
from firmware_app.procedures.prompts import Problem, Way
from firmware_app.procedures.settle import PAN_AT_REST, SECOND, settled
from firmware_app.procedures.taken import Figure
from firmware_app.registry.registry import Scale

SAME, OTHER, ABSENT, CANNOT = "same", "changed", "no_such_key", "cannot"
FROM_LEAD, TYPE = "from_lead", "type_it"
"""What can be picked, in ``Picked``."""
HOLD_NS = 10 * SECOND
"""How long a load lies before the second look: a buyer reads the display within seconds."""
LEAST_SHARE, MOST_SHARE = Decimal("0.5"), Decimal(2)
"""A figure so far beyond the range is of other goods: the worst scale on record shows 800 g for 500 g."""
TOO_SOON, TARE_IS_SET = "challenge_too_soon", "challenge_tare_is_set"
ASKED = {Kind.FIRST: Phase.LOAD, Kind.HELD: Phase.HOLD, Kind.KEY: Phase.KEY}


def begin_trials(context: Context, state: ChallengeState, _event: Confirmed, _now_ns: int) -> ChallengeState:
    """The first load is asked for."""
    return ask_trial(context, state, 1)


def figure_typed(context: Context, state: ChallengeState, event: FigureTyped, now_ns: int) -> ChallengeState:
    """A typed figure, or one from a label, taken or refused."""
    return give_figure(context, state, typed_figure(event.figure, event.unit, label=event.label), now_ns)


def pick_at_load(_context: Context, state: ChallengeState, event: Picked, now_ns: int) -> ChallengeState:
    """The figure is to come over the lead, or no longer."""
    return _source(state, event, now_ns)


def pick_at_hold(context: Context, state: ChallengeState, event: Picked, now_ns: int) -> ChallengeState:
    """After a while the figure is the same, or another."""
    # A clock that began anew (the appliance was restarted) says nothing: the load lies since now.
    since = state.since_ns if state.since_ns is not None and state.since_ns <= now_ns else now_ns
    waited = changed(state, since_ns=since)
    if event.option == OTHER:
        return _quiet(changed(waited, phase=Phase.CHANGED, asked=Phase.HOLD))
    if event.option != SAME:
        return _source(waited, event, now_ns)
    if now_ns - since < HOLD_NS:
        return changed(waited, problem=TOO_SOON)
    return _noted(context, waited, Look(trial=state.number, kind=Kind.HELD, at_ns=now_ns))


def pick_at_key(context: Context, state: ChallengeState, event: Picked, now_ns: int) -> ChallengeState:
    """After the key the figure is the same, or another; or the scale has no such key."""
    if event.option == OTHER:
        return _quiet(changed(state, phase=Phase.CHANGED, asked=Phase.KEY))
    if event.option not in (SAME, ABSENT):
        return _source(state, event, now_ns)
    look = Look(
        trial=state.number, kind=Kind.KEY, key=key_of(state), absent=event.option == ABSENT, at_ns=now_ns
    )
    return _noted(context, state, look)


def powered(_context: Context, state: ChallengeState, _event: Confirmed, _now_ns: int) -> ChallengeState:
    """The scale is on again: the goods go on it once more."""
    return changed(state, phase=Phase.LOAD, problem="")


def pick_at_power(context: Context, state: ChallengeState, event: Picked, _now_ns: int) -> ChallengeState:
    """The scale cannot be switched off: the trial is left out, and the record says so."""
    if event.option != CANNOT:
        return state
    return next_trial(context, changed(state, left_out=(*state.left_out, state.number)))


def go_back(context: Context, state: ChallengeState, _event: Event, _now_ns: int) -> ChallengeState:
    """One question back; what was seen there stops counting and is kept."""
    if len(state.looks) >= MAX_LOOKS:
        return state
    if state.phase is Phase.CHANGED:
        return _quiet(changed(state, phase=state.asked))
    standing = state.standing
    if standing:
        last = standing[-1]
        place = state.key if state.phase is Phase.KEY else len(state.trial.keys)
        key = max(place - 1, 0) if last.kind is Kind.KEY else 0
        return _quiet(changed(_dropped(state, (last,)), phase=ASKED[last.kind], key=key))
    if state.number > 1:
        before = changed(state, number=state.number - 1)
        left_out = tuple(number for number in state.left_out if number != before.number)
        return ask_trial(context, changed(_dropped(state, before.standing), left_out=left_out), before.number)
    return _quiet(changed(state, phase=Phase.READY))


# ------------------------------------------------------------------------------------- the way onward


def give_figure(context: Context, state: ChallengeState, figure: Figure, now_ns: int) -> ChallengeState:
    """A figure of the load, checked against the scale and kept either way."""
    state = changed(state, listening_ns=None, lead_window=None)
    asked = state.asked if state.phase is Phase.CHANGED else state.phase
    kind = next(kind for kind, phase in ASKED.items() if phase is asked)
    look = Look(
        trial=state.number,
        kind=kind,
        key=key_of(state) if kind is Kind.KEY else "",
        figure=figure,
        at_ns=now_ns,
        problem=_problem(state, figure, kind),
    )
    if look.problem:
        if len(state.looks) >= MAX_LOOKS:
            return changed(state, problem=look.problem, refused_more=state.refused_more + 1)
        return changed(state, problem=look.problem, looks=(*state.looks, look))
    return _noted(context, state, look)


def ask_trial(_context: Context, state: ChallengeState, number: int) -> ChallengeState:
    """The question of the trial of that number."""
    power = state.trials[number - 1].again is Again.POWER
    asked = changed(state, phase=Phase.POWER if power else Phase.LOAD, number=number, key=0, pan_empty=None)
    return _quiet(asked)


def next_trial(context: Context, state: ChallengeState) -> ChallengeState:
    """The next trial, or after the last one what it all comes to."""
    if state.number < len(state.trials):
        return ask_trial(context, state, state.number + 1)
    result, body = judge(context, state)
    return _quiet(changed(state, phase=Phase.DONE, result=result, body=body))


def key_of(state: ChallengeState) -> str:
    """The key that is asked for."""
    return state.trial.keys[state.key]


def is_empty(state: ChallengeState) -> bool:
    """What lies within one e of zero is the zero of the goods; it is subtracted, not ignored."""
    return state.pan_last is not None and abs(state.pan_last.mass_g) <= state.scale.e_g


def interrupted(state: ChallengeState, back_to: Phase) -> ChallengeState:
    """Stopped by the fault that the pan has, to go on at ``back_to``."""
    assert state.pan_fault is not None
    stops = (*state.interruptions, Stop(state.number, state.pan_fault))[-MAX_LOOKS:]
    return changed(state, phase=Phase.INTERRUPTED, back_to=back_to, interruptions=stops, problem="")


def _noted(context: Context, state: ChallengeState, look: Look) -> ChallengeState:
    """The state with a look that counts, at the next question of the same load or beyond it."""
    seen = _quiet(changed(state, looks=(*state.looks, look)))
    trial = state.trial
    if look.kind is Kind.FIRST and trial.hold:
        return changed(seen, phase=Phase.HOLD, since_ns=look.at_ns)
    pressed = 0 if look.kind is not Kind.KEY else state.key + 1
    if pressed < len(trial.keys):
        return changed(seen, phase=Phase.KEY, key=pressed)
    return next_trial(context, seen) if trial.way is Way.WEIGHTS else _to_pan(seen)


def _to_pan(state: ChallengeState) -> ChallengeState:
    """After the scale: to the pan, which must be empty first; a fault interrupts."""
    cleared = changed(state, pan_window=None, pan_empty=None)
    if state.pan_fault is not None:
        return interrupted(cleared, Phase.CLEAR_PAN)
    if settled(state.pan_window, PAN_AT_REST) and is_empty(state):
        return changed(cleared, phase=Phase.WEIGH, pan_empty=state.pan_last)
    return changed(cleared, phase=Phase.CLEAR_PAN)


def _problem(state: ChallengeState, figure: Figure, kind: Kind) -> str:
    """Why the figure is not taken, empty where it is."""
    problem = problem_of(figure, _shown_in(state, figure))
    if problem is not None:
        return problem.value
    assert figure.value_g is not None
    if kind is not Kind.FIRST:
        first = first_look(state).figure
        assert first is not None and first.value_g is not None
        # A tare takes the load from the display: an honest scale does so when asked.
        tared = kind is Kind.KEY and figure.value_g < min(state.scale.min_g, first.value_g)
        return TARE_IS_SET if tared else ""
    if state.trial.way is Way.WEIGHTS:
        return ""
    if figure.value_g < LEAST_SHARE * state.trial.low_g:
        return Problem.GOODS_TOO_LIGHT.value
    return Problem.GOODS_TOO_HEAVY.value if figure.value_g > MOST_SHARE * state.trial.high_g else ""


def _source(state: ChallengeState, event: Picked, now_ns: int) -> ChallengeState:
    """From here on the lead counts, or the person's fingers; without a lead nothing changes."""
    if event.option == FROM_LEAD and state.lead:
        return changed(_quiet(state), listening_ns=now_ns, heard=False)
    return _quiet(state) if event.option == TYPE and state.listening_ns is not None else state


def _dropped(state: ChallengeState, looks: tuple[Look, ...]) -> ChallengeState:
    kept = tuple(
        msgspec.structs.replace(look, dropped="went_back") if look in looks else look for look in state.looks
    )
    return changed(state, looks=kept)


def _quiet(state: ChallengeState) -> ChallengeState:
    return changed(state, problem="", listening_ns=None, lead_window=None)


def _shown_in(state: ChallengeState, figure: Figure) -> Scale:
    """The scale with the interval in which it shows such a figure."""
    if figure.value_g is None:
        return state.scale
    return msgspec.structs.replace(state.scale, d_g=interval_at(state, figure.value_g))
