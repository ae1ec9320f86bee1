"""The daily control check of the appliance's own pan: a table of state × event, without I/O.

Rules this file obeys:

* Every event has an answer in every state; Cancel ends the check from everywhere.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* All that must outlive a power cut is in the one state struct; after one the pan is emptied again, because a
  pan that was started anew has another zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self, get_args

import msgspec

from firmware_app.procedures import control_steps as steps
from firmware_app.procedures import prompts
from firmware_app.procedures.context import Context
from firmware_app.procedures.control_record import KIND
from firmware_app.procedures.control_state import FORMAT, NUMBER, ControlCheckState, ControlPhase
from firmware_app.procedures.events import Cancel, Event, GoBack, Saved, SaveFailed
from firmware_app.procedures.prompts import ControlResult, Prompt
from firmware_app.procedures.self_check import BadSnapshot
from firmware_app.quantity import plain
from firmware_app.weighing.reading import PanFault, Reading

Handler = Callable[[Context, ControlCheckState, Any, int], ControlCheckState]
"""Takes context, state, event and monotonic nanoseconds; gives the next state."""


class Move(NamedTuple):
    """What happens on an event: the handler and the states it may lead to (none: the state stays)."""

    handler: Handler
    to: tuple[ControlPhase, ...] = ()


Row = dict[type[Event], Move]

ANYWHERE: Row = {
    **{event: Move(steps.stay) for event in get_args(Event)},
    Cancel: Move(steps.leave, (ControlPhase.LEFT,)),
    Reading: Move(steps.note_reading),
    PanFault: Move(steps.note_fault),
}
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
    ControlPhase.LEFT: {event: Move(steps.stay) for event in ANYWHERE},
}


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

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[ControlCheckState] = msgspec.msgpack.Decoder(ControlCheckState)


class ControlCheck:
    """One check. Feed it every event with its time; show its prompt; save its outcome."""

    scale = None
    """No scale under test takes part."""
    confirmed = None

    def __init__(self, context: Context, state: ControlCheckState) -> None:
        self._context = context
        self._state = state
        self._prompt = SCREENS[state.phase](state)

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
    def restore(cls, context: Context, snapshot: bytes) -> Self:
        """The check as it stood at ``snapshot()``, with the pan to be emptied again; raises BadSnapshot."""
        try:
            state = _decoder.decode(snapshot)
            if state.format != FORMAT:
                raise BadSnapshot(f"snapshot of format {state.format}: this program reads format {FORMAT}")
            _same_pan(context, state)
            if state.phase in (ControlPhase.PUT_WEIGHT, ControlPhase.INTERRUPTED):
                state = steps.cleared(state)
            return cls(context, state)
        except (msgspec.DecodeError, AssertionError) as error:
            raise BadSnapshot(f"not a snapshot of a control check: {error}") from error

    def snapshot(self) -> bytes:
        """The whole check in bytes (MessagePack)."""
        return _encoder.encode(self._state)

    def handle(self, event: Event, now_ns: int) -> bool:
        """Takes an event at a monotonic time; True where the prompt has changed."""
        move = TABLE[self._state.phase][type(event)]
        state = move.handler(self._context, self._state, event, now_ns)
        assert state.phase in (move.to or (self._state.phase,)), f"{self._state.phase} to {state.phase}"
        if state is self._state:
            return False
        self._state = state
        before, self._prompt = self._prompt, SCREENS[state.phase](state)
        return self._prompt != before

    @property
    def prompt(self) -> Prompt:
        """What the person is asked for now."""
        return self._prompt

    @property
    def state(self) -> ControlCheckState:
        """The whole state, to be looked at."""
        return self._state

    @property
    def outcome(self) -> ControlOutcome | None:
        """The outcome once judged, from Saving on; None before."""
        if self._state.result is None or self._state.body is None:
            return None
        return ControlOutcome(self._state.result, self._state.body)

    @property
    def finished(self) -> bool:
        """Whether the check is over and shows nothing more: it was left, before or after its outcome."""
        return self._state.phase is ControlPhase.LEFT


def _same_pan(context: Context, state: ControlCheckState) -> None:
    """A check goes on only with the weight and the calibration that it began with."""
    if state.phase in (ControlPhase.SAVING, ControlPhase.JUDGED, ControlPhase.NOT_SAVED, ControlPhase.LEFT):
        return
    if context.check is None or context.pan is None:
        raise BadSnapshot("the control weight is no longer configured")
    if (context.check.piece, context.pan.calibration) != (state.piece, state.calibration):
        raise BadSnapshot("the control weight or the calibration is another one now")
