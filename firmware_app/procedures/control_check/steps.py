"""The handlers of the control check: each takes context, state, event and time, and gives the next state.

Rules this file obeys:

* Pure functions: nothing is read, written or timed here.
* While a fault lasts nothing is taken, nor while the driver says that nothing may rest on the pan. After a
  fault the pan must be empty again: a restarted pan has a new zero.
* What lies on the empty pan is subtracted; what cannot be the weight is said, and taken only if it stays.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.control_check.record import judge_check
from firmware_app.procedures.control_check.state import NUMBER, ControlCheckState, ControlPhase
from firmware_app.procedures.events import Event, Saved, SaveFailed
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.settle import CONTROL_AT_REST, SECOND, Window, follow, settled
from firmware_app.procedures.taken import Interruption, pan_mass
from firmware_app.weighing.reading import PanFault, Reading

MAX_INTERRUPTIONS = 50
OTHER_SHARE = Decimal("0.05")
"""Share of its nominal mass by which something else on the pan differs from the weight. The next pieces of a
1-2-2-5 set differ by more; a pan that errs by so much is far beyond every limit of the chart."""
INSIST_NS = 10 * SECOND
"""How long such a load must lie still to be taken all the same: perhaps it is the pan that is so far off."""


def changed(state: ControlCheckState, **fields: object) -> ControlCheckState:
    """The state with some fields replaced."""
    return msgspec.structs.replace(state, **fields)


def leave(_context: Context, state: ControlCheckState, _event: Event, _now_ns: int) -> ControlCheckState:
    """The check is over without more."""
    return changed(state, phase=ControlPhase.LEFT)


def clear_again(
    _context: Context, state: ControlCheckState, _event: Event, _now_ns: int
) -> ControlCheckState:
    """Back to the empty pan."""
    return cleared(state)


def note_reading(
    _context: Context, state: ControlCheckState, event: Reading, now_ns: int
) -> ControlCheckState:
    """The pan works; a run of stable readings is followed, of such as a judgement may rest on."""
    if event.unfit:
        # The chart opens and locks the pan for verdicts: it stands on nothing that these may not stand on.
        return changed(
            state,
            pan_fault=None,
            pan_window=None,
            pan_last=None,
            unfit=event.unfit,
            problem=Problem.PAN_UNFIT,
        )
    fit = None if state.problem is Problem.PAN_UNFIT else state.problem
    if not event.stable:
        return changed(state, pan_fault=None, pan_window=None, pan_last=None, problem=fit)
    mass = pan_mass(event)
    window = follow(state.pan_window, mass.mass_g, now_ns, CONTROL_AT_REST, state.resolution_g)
    return changed(state, pan_fault=None, pan_window=window, pan_last=mass, problem=fit)


def note_fault(
    _context: Context, state: ControlCheckState, event: PanFault, _now_ns: int
) -> ControlCheckState:
    """A lasting fault is remembered; a dropped sample only begins the run of readings anew."""
    fault = event.fault if event.lasting else state.pan_fault
    return changed(state, pan_fault=fault, pan_window=None, pan_last=None)


def take_empty(context: Context, state: ControlCheckState, event: Reading, now_ns: int) -> ControlCheckState:
    """An empty pan at rest is the zero of the weighing."""
    seen = note_reading(context, state, event, now_ns)
    if seen.pan_last is None or not settled(seen.pan_window, CONTROL_AT_REST):
        return seen
    if abs(seen.pan_last.mass_g) > OTHER_SHARE * seen.piece.nominal_g:
        return seen
    return changed(
        seen, phase=ControlPhase.PUT_WEIGHT, pan_empty=seen.pan_last, pan_window=None, problem=None
    )


def take_weight(context: Context, state: ControlCheckState, event: Reading, now_ns: int) -> ControlCheckState:
    """The weight at rest on the pan is judged by the chart."""
    seen = note_reading(context, state, event, now_ns)
    window = seen.pan_window
    if window is None or seen.pan_last is None or seen.pan_empty is None:
        return seen
    if not settled(window, CONTROL_AT_REST):
        return seen
    net, nominal = seen.pan_last.mass_g - seen.pan_empty.mass_g, seen.piece.nominal_g
    if abs(net) <= OTHER_SHARE * nominal:
        return changed(seen, problem=None)
    if abs(net - nominal) > OTHER_SHARE * nominal and not _insists(window):
        first = seen.problem is None
        return changed(seen, problem=Problem.NOT_THE_CONTROL_WEIGHT, wrong=seen.wrong + first)
    taken = changed(seen, pan_loaded=seen.pan_last, problem=None)
    result, body = judge_check(context, taken)
    return changed(taken, phase=ControlPhase.SAVING, pan_window=None, result=result, body=body)


def interrupt(context: Context, state: ControlCheckState, event: PanFault, now_ns: int) -> ControlCheckState:
    """A lasting fault: nothing is weighed until it is gone."""
    seen = note_fault(context, state, event, now_ns)
    if not event.lasting:
        return seen
    noted = (*seen.interruptions, Interruption(NUMBER.get(state.phase, 1), event.fault))[-MAX_INTERRUPTIONS:]
    return changed(seen, phase=ControlPhase.INTERRUPTED, interruptions=noted, problem=None)


def still_interrupted(
    context: Context, state: ControlCheckState, event: PanFault, now_ns: int
) -> ControlCheckState:
    """The fault goes on, or another one shows itself."""
    if event.lasting and event.fault is not state.pan_fault:
        return interrupt(context, state, event, now_ns)
    return note_fault(context, state, event, now_ns)


def resume(context: Context, state: ControlCheckState, event: Reading, now_ns: int) -> ControlCheckState:
    """The pan is back: it begins with the empty pan, since its zero may be another one."""
    return note_reading(context, cleared(state), event, now_ns)


def saved(_context: Context, state: ControlCheckState, event: Saved, _now_ns: int) -> ControlCheckState:
    """On disk: now the outcome may be shown."""
    return changed(state, phase=ControlPhase.JUDGED, entry=event.entry)


def not_saved(
    _context: Context, state: ControlCheckState, event: SaveFailed, _now_ns: int
) -> ControlCheckState:
    """Not on disk: there is no outcome."""
    return changed(state, phase=ControlPhase.NOT_SAVED, reason=event.reason)


def cleared(state: ControlCheckState) -> ControlCheckState:
    """The state at its beginning again; what was noted on the way is kept."""
    return changed(
        state,
        phase=ControlPhase.CLEAR_PAN,
        problem=None,
        pan_window=None,
        pan_last=None,
        pan_empty=None,
        pan_fault=None,
    )


def _insists(window: Window) -> bool:
    return window.last_ns - window.since_ns >= INSIST_NS
