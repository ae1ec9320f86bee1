"""The daily control check of the appliance's own pan: a table of state × event, without I/O.

Rules this file obeys:

* Every event has an answer in every state; Cancel ends the check from everywhere.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* All that must outlive a power cut is in the one state struct; after one the pan is emptied again, because a
  pan that was started anew has another zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

from firmware_app.procedures import prompts
from firmware_app.procedures.context import Context
from firmware_app.procedures.control_check import steps
from firmware_app.procedures.control_check.record import KIND
from firmware_app.procedures.control_check.state import FORMAT, NUMBER, ControlCheckState, ControlPhase
from firmware_app.procedures.events import Cancel, GoBack, Saved, SaveFailed
from firmware_app.procedures.prompts import ControlResult, Prompt
from firmware_app.procedures.table import BadSnapshot, Led, Move, Row, everywhere
from firmware_app.quantity import plain
from firmware_app.weighing.reading import PanFault, Reading

ANYWHERE: Row = everywhere(
    {
        Cancel: Move(steps.leave, (ControlPhase.LEFT,)),
        Reading: Move(steps.note_reading),
        PanFault: Move(steps.note_fault),
    }
)
"""What holds where a state says nothing else."""

TABLE: dict[ControlPhase, Row] = {
    ControlPhase.CLEAR_PAN: {
        **ANYWHERE,
        Reading: Move(steps.take_empty, (ControlPhase.CLEAR_PAN, ControlPhase.PUT_WEIGHT)),
        PanFault: Move(steps.interrupt, (ControlPhase.CLEAR_PAN, ControlPhase.INTERRUPTED)),
    },
    ControlPhase.PUT_WEIGHT: {
        **ANYWHERE,
        Reading: Move(steps.take_weight, (ControlPhase.PUT_WEIGHT, ControlPhase.SAVING)),
        PanFault: Move(steps.interrupt, (ControlPhase.PUT_WEIGHT, ControlPhase.INTERRUPTED)),
        GoBack: Move(steps.clear_again, (ControlPhase.CLEAR_PAN,)),
    },
    ControlPhase.INTERRUPTED: {
        **ANYWHERE,
        Reading: Move(steps.resume, (ControlPhase.CLEAR_PAN,)),
        PanFault: Move(steps.still_interrupted, (ControlPhase.INTERRUPTED,)),
    },
    ControlPhase.SAVING: {
        **ANYWHERE,
        Saved: Move(steps.saved, (ControlPhase.JUDGED,)),
        SaveFailed: Move(steps.not_saved, (ControlPhase.NOT_SAVED,)),
    },
    ControlPhase.JUDGED: {**ANYWHERE},
    ControlPhase.NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(steps.saved, (ControlPhase.JUDGED,)),
    },
    ControlPhase.LEFT: everywhere({}),
}


WEIGHING = (ControlPhase.CLEAR_PAN, ControlPhase.PUT_WEIGHT, ControlPhase.INTERRUPTED)
"""Before there is an outcome."""


class ControlOutcome(NamedTuple):
    """What comes of a check: the result for the screen, and kind and body of the ledger entry."""

    result: ControlResult
    body: dict[str, Any]
    kind: str = KIND


def _judged(state: ControlCheckState) -> Prompt:
    assert state.result is not None
    return prompts.ControlJudged(state.result, state.entry)


def _interrupted(state: ControlCheckState) -> Prompt:
    assert state.pan_fault is not None
    return prompts.Interrupted(state.pan_fault, 1, len(NUMBER))


def _put_weight(state: ControlCheckState) -> Prompt:
    return prompts.PutControlWeight(
        number=NUMBER[ControlPhase.PUT_WEIGHT],
        count=len(NUMBER),
        nominal_g=plain(state.piece.nominal_g),
        weight=state.piece.id,
        problem=state.problem,
    )


SCREENS: dict[ControlPhase, Callable[[ControlCheckState], Prompt]] = {
    ControlPhase.CLEAR_PAN: lambda state: prompts.ClearPan(
        NUMBER[ControlPhase.CLEAR_PAN], len(NUMBER), state.problem
    ),
    ControlPhase.PUT_WEIGHT: _put_weight,
    ControlPhase.INTERRUPTED: _interrupted,
    ControlPhase.SAVING: lambda _: prompts.Saving(),
    ControlPhase.JUDGED: _judged,
    ControlPhase.NOT_SAVED: lambda state: prompts.NotSaved(state.reason),
    ControlPhase.LEFT: lambda _: prompts.ClearPan(NUMBER[ControlPhase.CLEAR_PAN], len(NUMBER)),
}


class ControlCheck(Led[ControlCheckState]):
    """One check. Feed it every event with its time; show its prompt; save its outcome."""

    TABLE = TABLE
    STATE = ControlCheckState
    FORMAT = FORMAT
    LEFT = ControlPhase.LEFT

    @classmethod
    def start(cls, context: Context) -> Self:
        """A check at the empty pan; ``context.check`` and ``context.pan`` must be there."""
        assert context.check is not None and context.pan is not None
        state = ControlCheckState(
            piece=context.check.piece,
            resolution_g=context.check.resolution_g,
            calibration=context.pan.calibration,
            pan_fault=context.pan_fault,
        )
        if context.pan_fault is not None:
            state = steps.changed(state, phase=ControlPhase.INTERRUPTED)
        return cls(context, state)

    @classmethod
    def ask(cls, _context: Context, state: ControlCheckState) -> Prompt:
        """What the person is asked for."""
        return SCREENS[state.phase](state)

    @classmethod
    def resumed(cls, context: Context, state: ControlCheckState) -> ControlCheckState:
        """With the pan to be emptied again; raises BadSnapshot where weight or calibration are others now."""
        _same_pan(context, state)
        return steps.cleared(state) if state.phase in WEIGHING else state

    @property
    def outcome(self) -> ControlOutcome | None:
        """The outcome once judged, from Saving on; None before."""
        if self._state.result is None or self._state.body is None:
            return None
        return ControlOutcome(self._state.result, self._state.body)


def _same_pan(context: Context, state: ControlCheckState) -> None:
    """A check goes on only with the weight and the calibration that it began with."""
    if state.phase in (ControlPhase.SAVING, ControlPhase.JUDGED, ControlPhase.NOT_SAVED, ControlPhase.LEFT):
        return
    if context.check is None or context.pan is None:
        raise BadSnapshot("the control weight is no longer configured")
    if (context.check.piece, context.pan.calibration) != (state.piece, state.calibration):
        raise BadSnapshot("the control weight or the calibration is another one now")
