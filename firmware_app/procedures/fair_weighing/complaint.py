"""The handlers of the complaint: about which stall, of what kind, and meant by a press that is held.

Rules this file obeys:

* A complaint is an entry of its own that names the entry of the weighing. It is never taken back: whoever
  thinks otherwise later says so in a second one.
* No person is asked for, named or kept; the stall is asked for and may be left out.
* Only what the registry knows is written: nobody's words stand in the record.
"""

from __future__ import annotations

from typing import Any

import msgspec

from firmware_app.procedures.cards import scale_card, stall_card
from firmware_app.procedures.context import Context
from firmware_app.procedures.events import CodeGiven, Confirmed, Event, Picked, Saved, SaveFailed
from firmware_app.procedures.fair_weighing.state import FairPhase, FairState, changed
from firmware_app.registry.labels import find_label
from firmware_app.uncertainty.decision import Verdict

KIND = "complaint"
"""Kind of the ledger entry."""
COMPLAIN, NO_STALL = "complain", "no_stall"
UNKNOWN_STALL = "fair_unknown_stall"
SHORT_WEIGHT = "short_weight"
KINDS = (SHORT_WEIGHT, "refused_recheck", "refused_redress", "other_matter")
"""What can be complained of. Short weight only where the weighing did not find the opposite."""


def kinds(state: FairState) -> tuple[str, ...]:
    """The kinds of complaint that this weighing leaves open."""
    return tuple(kind for kind in KINDS if kind != SHORT_WEIGHT or state.verdict is not Verdict.CONFORMS)


def begin(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """From the verdict to the complaint."""
    if event.option != COMPLAIN:
        return state
    return changed(state, phase=FairPhase.COMPLAINT_STALL, problem="", complaining=True)


def give_stall(context: Context, state: FairState, event: CodeGiven, _now_ns: int) -> FairState:
    """The stall, or a scale on it; a code that is not in the registry is asked for again."""
    place = find_label(context.registry, event.code)
    found = None if place is None else context.registry.find(place.scale or place.stall)
    if place is None or found is None:
        return changed(state, problem=UNKNOWN_STALL)
    scale = found.scales[0] if place.scale else None
    return changed(state, phase=FairPhase.COMPLAINT_KIND, problem="", stall=found.stall, scale_named=scale)


def skip_stall(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """On without a stall."""
    if event.option != NO_STALL:
        return state
    return changed(state, phase=FairPhase.COMPLAINT_KIND, problem="", stall=None, scale_named=None)


def pick_kind(_context: Context, state: FairState, event: Picked, _now_ns: int) -> FairState:
    """What is complained of."""
    if event.option not in kinds(state):
        return state
    return changed(state, phase=FairPhase.COMPLAINT_HOLD, complaint_kind=event.option)


def file(context: Context, state: FairState, _event: Confirmed, _now_ns: int) -> FairState:
    """The press was held: the complaint is on its way to the ledger."""
    return changed(state, phase=FairPhase.SAVING_COMPLAINT, complaint=body_of(context, state))


def saved(_context: Context, state: FairState, event: Saved, _now_ns: int) -> FairState:
    """On disk: it has a number now."""
    return changed(state, phase=FairPhase.COMPLAINED, complaint_entry=event.entry, complaint_slip=event.slip)


def not_saved(_context: Context, state: FairState, event: SaveFailed, _now_ns: int) -> FairState:
    """Not on disk: there is no complaint."""
    return changed(state, phase=FairPhase.COMPLAINT_NOT_SAVED, reason=event.reason)


BACK = {
    FairPhase.COMPLAINT_STALL: FairPhase.JUDGED,
    FairPhase.COMPLAINT_KIND: FairPhase.COMPLAINT_STALL,
    FairPhase.COMPLAINT_HOLD: FairPhase.COMPLAINT_KIND,
}


def back(_context: Context, state: FairState, _event: Event, _now_ns: int) -> FairState:
    """One question back, at last to the verdict."""
    return changed(state, phase=BACK[state.phase], problem="")


def body_of(context: Context, state: FairState) -> dict[str, Any]:
    """The body of the entry: it judges nothing, so the verdict stands under the weighing."""
    assert state.verdict is not None
    stall, scale = state.stall, state.scale_named
    return {
        "procedure": KIND,
        "procedure_version": 1,
        "weighing": {"entry": state.entry, "verdict": state.verdict.value},
        "matter": state.complaint_kind,
        "stall": None if stall is None else msgspec.to_builtins(stall_card(stall)),
        "scale": None if scale is None else msgspec.to_builtins(scale_card(scale)),
        "contacts": msgspec.to_builtins(context.contacts),
    }
