"""The challenge as a visit of its own: stall, scale, the machine, the record.

Rules this file obeys:

* What is drawn from is the head of the record as the visit began, kept from then on.
* The machine answers everything but Cancel and what the ledger says.
* Only inspectors begin it: the service sees to that.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Self

import msgspec

from firmware_app.procedures import prompts
from firmware_app.procedures.cards import scale_card, stall_card
from firmware_app.procedures.challenge import machine
from firmware_app.procedures.challenge.outcome import judged_page
from firmware_app.procedures.challenge.state import ChallengeState, Phase
from firmware_app.procedures.context import Context, Head
from firmware_app.procedures.events import (
    Cancel,
    Confirmed,
    Event,
    FigureTyped,
    GoBack,
    LineSilent,
    Picked,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
)
from firmware_app.procedures.page import Confirm, Page
from firmware_app.procedures.prompts import Problem, Prompt
from firmware_app.procedures.table import Led, Move, Row, VisitRecord, everywhere
from firmware_app.registry.confirmations import confirmation_for, with_confirmed_lead
from firmware_app.registry.registry import Scale, Stall
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import Fault
from hardware.scale.confirm import Confirmation
from hardware.scale.contract import Indication

FORMAT = 1
KIND = "challenge"
"""Kind of the ledger entry."""


class VisitPhase(enum.StrEnum):
    """Where the visit stands."""

    ASK_STALL = "ask_stall"
    CHOOSE_SCALE = "choose_scale"
    CANNOT = "cannot"
    """This scale cannot be challenged now; the page says why."""
    RUNNING = "running"
    """The machine leads; machine.py has its own table."""
    SAVING = "saving"
    JUDGED = "judged"
    NOT_SAVED = "not_saved"
    LEFT = "left"


class VisitState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the visit; ``run``: the challenge, from the choice of the scale on."""

    format: int = FORMAT
    phase: VisitPhase = VisitPhase.ASK_STALL
    head: Head
    problem: str = ""
    typed: str = ""
    stall: Stall | None = None
    choices: tuple[Scale, ...] = ()
    scale: Scale | None = None
    confirmed: Confirmation | None = None
    pan_fault: Fault | None = None
    pan_unfit: str = ""
    run: ChallengeState | None = None
    entry: int = 0
    slip: str = ""
    reason: str = ""


def _changed(state: VisitState, **fields: object) -> VisitState:
    return msgspec.structs.replace(state, **fields)


def leave(_context: Context, state: VisitState, _event: Event, _now_ns: int) -> VisitState:
    """The visit is over without more."""
    return _changed(state, phase=VisitPhase.LEFT)


def note_reading(_context: Context, state: VisitState, event: Reading, _now_ns: int) -> VisitState:
    """The pan works."""
    if (state.pan_fault, state.pan_unfit) == (None, event.unfit):
        return state
    return _changed(state, pan_fault=None, pan_unfit=event.unfit)


def note_fault(_context: Context, state: VisitState, event: PanFault, _now_ns: int) -> VisitState:
    """A lasting fault is remembered."""
    return _changed(state, pan_fault=event.fault) if event.lasting else state


def find_stall(context: Context, state: VisitState, event: StallTyped, _now_ns: int) -> VisitState:
    """A known code leads to its scales, an unknown one back to the question."""
    found = context.registry.find(event.code)
    if found is None:
        return _changed(state, problem=Problem.UNKNOWN_STALL.value, typed=event.code[:32])
    return _changed(
        state,
        phase=VisitPhase.CHOOSE_SCALE,
        problem="",
        typed=event.code[:32],
        stall=found.stall,
        choices=found.scales,
    )


def back_to_stall(_context: Context, state: VisitState, _event: Event, _now_ns: int) -> VisitState:
    """Back to the first question."""
    return _changed(state, phase=VisitPhase.ASK_STALL, problem="", typed="")


def choose_scale(context: Context, state: VisitState, event: ScaleChosen, _now_ns: int) -> VisitState:
    """One of the scales shown is taken where it can be challenged now; else why not is said."""
    scale = next((scale for scale in state.choices if scale.id == event.scale), None)
    if scale is None:
        return state
    why = machine.why_not(context, scale, state.pan_fault, state.pan_unfit)
    if why:
        return _changed(state, phase=VisitPhase.CANNOT, problem=why)
    known = confirmation_for(scale, context.confirmations)
    read = with_confirmed_lead(scale, known)
    return _changed(
        state,
        phase=VisitPhase.RUNNING,
        problem="",
        scale=read,
        confirmed=known if known is not None and known.profile == read.profile else None,
        run=machine.begin(context, read, head=state.head),
    )


def back_to_scale(_context: Context, state: VisitState, _event: Event, _now_ns: int) -> VisitState:
    """Back to the scales of the stall."""
    return _changed(state, phase=VisitPhase.CHOOSE_SCALE, problem="")


def run(context: Context, state: VisitState, event: Event, now_ns: int) -> VisitState:
    """The machine takes the event; where it is done, its record goes to the ledger."""
    assert state.run is not None
    after = machine.step(context, state.run, event, now_ns)
    if after is state.run:
        return state
    phase = VisitPhase.SAVING if machine.done(after) else VisitPhase.RUNNING
    return _changed(state, run=after, phase=phase)


def back_in_run(context: Context, state: VisitState, event: GoBack, now_ns: int) -> VisitState:
    """One question back; from the first page to the choice of the scale."""
    assert state.run is not None
    if state.run.phase is Phase.READY:
        return _changed(state, phase=VisitPhase.CHOOSE_SCALE, run=None, scale=None, confirmed=None)
    return run(context, state, event, now_ns)


def saved(_context: Context, state: VisitState, event: Saved, _now_ns: int) -> VisitState:
    """On disk: now the outcome may be shown."""
    return _changed(state, phase=VisitPhase.JUDGED, entry=event.entry, slip=event.slip)


def not_saved(_context: Context, state: VisitState, event: SaveFailed, _now_ns: int) -> VisitState:
    """Not on disk: there is no outcome."""
    return _changed(state, phase=VisitPhase.NOT_SAVED, reason=event.reason)


ANYWHERE: Row = everywhere(
    {
        Cancel: Move(leave, (VisitPhase.LEFT,)),
        Reading: Move(note_reading),
        PanFault: Move(note_fault),
    }
)
"""What holds where a state says nothing else."""

RUN = Move(run, (VisitPhase.RUNNING, VisitPhase.SAVING))

TABLE: dict[VisitPhase, Row] = {
    VisitPhase.ASK_STALL: {
        **ANYWHERE,
        StallTyped: Move(find_stall, (VisitPhase.ASK_STALL, VisitPhase.CHOOSE_SCALE)),
    },
    VisitPhase.CHOOSE_SCALE: {
        **ANYWHERE,
        ScaleChosen: Move(choose_scale, (VisitPhase.CHOOSE_SCALE, VisitPhase.CANNOT, VisitPhase.RUNNING)),
        StallTyped: Move(find_stall, (VisitPhase.CHOOSE_SCALE,)),
        GoBack: Move(back_to_stall, (VisitPhase.ASK_STALL,)),
    },
    VisitPhase.CANNOT: {
        **ANYWHERE,
        Confirmed: Move(back_to_scale, (VisitPhase.CHOOSE_SCALE,)),
        GoBack: Move(back_to_scale, (VisitPhase.CHOOSE_SCALE,)),
    },
    VisitPhase.RUNNING: {
        **ANYWHERE,
        Confirmed: RUN,
        FigureTyped: RUN,
        Picked: RUN,
        GoBack: Move(back_in_run, (VisitPhase.RUNNING, VisitPhase.CHOOSE_SCALE)),
        Reading: RUN,
        PanFault: RUN,
        Indication: RUN,
        LineSilent: RUN,
    },
    VisitPhase.SAVING: {
        **ANYWHERE,
        Saved: Move(saved, (VisitPhase.JUDGED,)),
        SaveFailed: Move(not_saved, (VisitPhase.NOT_SAVED,)),
    },
    VisitPhase.JUDGED: {**ANYWHERE},
    VisitPhase.NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(saved, (VisitPhase.JUDGED,)),
    },
    VisitPhase.LEFT: everywhere({}),
}


def _ask_stall(state: VisitState) -> Prompt:
    return prompts.AskStall(Problem(state.problem) if state.problem else None, state.typed)


def _choose_scale(state: VisitState) -> Prompt:
    assert state.stall is not None
    return prompts.ChooseScale(stall_card(state.stall), tuple(scale_card(scale) for scale in state.choices))


def _cannot(state: VisitState) -> Prompt:
    return Page(key="challenge_cannot", wants=Confirm(label="challenge_back"), problem=state.problem)


def _running(state: VisitState) -> Prompt:
    assert state.run is not None
    return machine.ask(state.run)


def _judged(state: VisitState) -> Prompt:
    assert state.run is not None
    return judged_page(machine.result(state.run), entry=state.entry, slip=state.slip)


SCREENS: dict[VisitPhase, Callable[[VisitState], Prompt]] = {
    VisitPhase.ASK_STALL: _ask_stall,
    VisitPhase.CHOOSE_SCALE: _choose_scale,
    VisitPhase.CANNOT: _cannot,
    VisitPhase.RUNNING: _running,
    VisitPhase.SAVING: lambda _: prompts.Saving(),
    VisitPhase.JUDGED: _judged,
    VisitPhase.NOT_SAVED: lambda state: prompts.NotSaved(state.reason),
    VisitPhase.LEFT: lambda _: prompts.AskStall(),
}


class Challenge(Led[VisitState]):
    """One visit. Feed it every event with its time; show its prompt; save its outcome."""

    TABLE = TABLE
    STATE = VisitState
    FORMAT = FORMAT
    LEFT = VisitPhase.LEFT

    @classmethod
    def start(cls, context: Context) -> Self:
        """A visit at its first question."""
        return cls(context, VisitState(head=context.head, pan_fault=context.pan_fault))

    @classmethod
    def ask(cls, _context: Context, state: VisitState) -> Prompt:
        """What the person is asked for."""
        return SCREENS[state.phase](state)

    @classmethod
    def resumed(cls, _context: Context, state: VisitState) -> VisitState:
        """As the machine goes on after a pause."""
        return state if state.run is None else _changed(state, run=machine.resumed(state.run))

    @property
    def outcome(self) -> VisitRecord | None:
        """What comes of the visit, from Saving on; None before."""
        state = self._state
        if state.run is None or state.stall is None or not machine.done(state.run):
            return None
        body = {**machine.record(state.run), "stall": msgspec.to_builtins(stall_card(state.stall))}
        return VisitRecord(KIND, body)
