"""Fair weighing (公平复秤): a table of state × event, without I/O.

Rules this file obeys:

* Every event has an answer in every state; Cancel ends the visit from everywhere.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* What was paid for is asked before the goods lie on the pan, with the pan hidden. Whoever saw our figure
  first could round what was paid for to it, one way or the other; asked first, it is a claim that label and
  receipt can be held against.
* No person is asked for or kept.
"""

from __future__ import annotations

from typing import Self

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import (
    Cancel,
    CodeGiven,
    Confirmed,
    FigureTyped,
    GoBack,
    Picked,
    Saved,
    SaveFailed,
)
from firmware_app.procedures.fair_weighing import complaint, questions, record, weighing
from firmware_app.procedures.fair_weighing.screens import prompt_of
from firmware_app.procedures.fair_weighing.state import FORMAT, FairPhase, FairState, changed
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.table import Led, Move, Row, VisitRecord, everywhere
from firmware_app.weighing.reading import PanFault, Reading


def saved(_context: Context, state: FairState, event: Saved, _now_ns: int) -> FairState:
    """On disk: now the verdict may be shown."""
    return changed(state, phase=FairPhase.JUDGED, entry=event.entry, slip=event.slip)


def not_saved(_context: Context, state: FairState, event: SaveFailed, _now_ns: int) -> FairState:
    """Not on disk: there is no verdict."""
    return changed(state, phase=FairPhase.NOT_SAVED, reason=event.reason)


ANYWHERE: Row = everywhere(
    {
        Cancel: Move(questions.leave, (FairPhase.LEFT,)),
        Reading: Move(weighing.note_reading),
        PanFault: Move(weighing.note_fault),
    }
)
"""What holds where a state says nothing else."""

TO_PAN = (FairPhase.CLEAR_FOR_BAG, FairPhase.CLEAR_PAN, FairPhase.INTERRUPTED)
"""Where the question of the bag leads."""

CONCLUDED = (FairPhase.BAG_SURE, FairPhase.CLEAR_AGAIN, FairPhase.INTERRUPTED, FairPhase.SAVING)
"""Where the goods on the pan lead."""


def _on_pan(moves: Row, phase: FairPhase) -> Row:
    """A row of a state in which the pan is at work."""
    return {
        **ANYWHERE,
        PanFault: Move(weighing.interrupt, (phase, FairPhase.INTERRUPTED)),
        GoBack: Move(weighing.back_to_bag, (FairPhase.BAG,)),
        **moves,
    }


def _clear(phase: FairPhase) -> Row:
    return _on_pan({Reading: Move(weighing.clear, (phase, weighing.CLEARED[phase]))}, phase)


def _price(phase: FairPhase) -> Row:
    return {
        **ANYWHERE,
        FigureTyped: Move(questions.give_price, (phase, FairPhase.BAND, FairPhase.BAG)),
        Picked: Move(questions.skip_price, (phase, FairPhase.PRICE, FairPhase.PRICE_OF_500G, FairPhase.BAG)),
        GoBack: Move(questions.back, (FairPhase.KIND,)),
    }


TABLE: dict[FairPhase, Row] = {
    FairPhase.ASK_WHAT: {
        **ANYWHERE,
        Picked: Move(questions.pick_what, (FairPhase.ASK_WHAT, FairPhase.SETTLED)),
    },
    FairPhase.SETTLED: {
        **ANYWHERE,
        FigureTyped: Move(questions.give_settled, (FairPhase.SETTLED, FairPhase.KIND, FairPhase.BAG)),
        Picked: Move(questions.only_money, (FairPhase.SETTLED, FairPhase.AMOUNT)),
        GoBack: Move(questions.back, (FairPhase.ASK_WHAT,)),
    },
    FairPhase.AMOUNT: {
        **ANYWHERE,
        FigureTyped: Move(questions.give_amount, (FairPhase.AMOUNT, FairPhase.KIND)),
        GoBack: Move(questions.back, (FairPhase.SETTLED,)),
    },
    FairPhase.KIND: {
        **ANYWHERE,
        Picked: Move(
            questions.pick_kind, (FairPhase.KIND, FairPhase.KIND_ELSE, FairPhase.PRICE, FairPhase.BAG)
        ),
        GoBack: Move(questions.back, (FairPhase.SETTLED,)),
    },
    FairPhase.KIND_ELSE: {
        **ANYWHERE,
        Picked: Move(questions.pick_kind, (FairPhase.KIND_ELSE, FairPhase.PRICE, FairPhase.BAG)),
        GoBack: Move(questions.back, (FairPhase.KIND,)),
    },
    FairPhase.PRICE: _price(FairPhase.PRICE),
    FairPhase.PRICE_OF_500G: _price(FairPhase.PRICE_OF_500G),
    FairPhase.BAND: {
        **ANYWHERE,
        Picked: Move(questions.pick_band, (FairPhase.BAND, FairPhase.BAG)),
        GoBack: Move(questions.back, (FairPhase.PRICE,)),
    },
    FairPhase.BAG: {
        **ANYWHERE,
        Picked: Move(questions.pick_bag, (FairPhase.BAG, FairPhase.BAG_TYPED, *TO_PAN)),
        GoBack: Move(questions.back, (FairPhase.SETTLED, FairPhase.KIND, FairPhase.PRICE, FairPhase.BAND)),
    },
    FairPhase.BAG_TYPED: {
        **ANYWHERE,
        FigureTyped: Move(questions.give_bag, (FairPhase.BAG_TYPED, *TO_PAN)),
        GoBack: Move(questions.back, (FairPhase.BAG,)),
    },
    FairPhase.CLEAR_FOR_BAG: _clear(FairPhase.CLEAR_FOR_BAG),
    FairPhase.PUT_BAG: _on_pan(
        {
            Confirmed: Move(weighing.bag_is_on),
            Reading: Move(weighing.weigh_bag, (FairPhase.PUT_BAG, FairPhase.CLEAR_PAN)),
        },
        FairPhase.PUT_BAG,
    ),
    FairPhase.CLEAR_PAN: _clear(FairPhase.CLEAR_PAN),
    FairPhase.PUT_GOODS: _on_pan(
        {
            Reading: Move(weighing.weigh_goods, (FairPhase.PUT_GOODS, *CONCLUDED)),
            Picked: Move(weighing.give_up, (FairPhase.PUT_GOODS, FairPhase.SAVING)),
        },
        FairPhase.PUT_GOODS,
    ),
    FairPhase.BAG_SURE: {
        **ANYWHERE,
        Picked: Move(weighing.bag_sure, (FairPhase.BAG_SURE, *CONCLUDED)),
        GoBack: Move(weighing.back_to_bag, (FairPhase.BAG,)),
    },
    FairPhase.CLEAR_AGAIN: _clear(FairPhase.CLEAR_AGAIN),
    FairPhase.PUT_AGAIN: _on_pan(
        {
            Reading: Move(weighing.weigh_goods, (FairPhase.PUT_AGAIN, FairPhase.SAVING)),
            Picked: Move(weighing.give_up, (FairPhase.PUT_AGAIN, FairPhase.SAVING)),
        },
        FairPhase.PUT_AGAIN,
    ),
    FairPhase.INTERRUPTED: {
        **ANYWHERE,
        Reading: Move(weighing.resume, tuple(weighing.CLEARED)),
        PanFault: Move(weighing.still_interrupted, (FairPhase.INTERRUPTED,)),
        GoBack: Move(weighing.back_to_bag, (FairPhase.BAG,)),
    },
    FairPhase.SAVING: {
        **ANYWHERE,
        Saved: Move(saved, (FairPhase.JUDGED,)),
        SaveFailed: Move(not_saved, (FairPhase.NOT_SAVED,)),
    },
    FairPhase.JUDGED: {
        **ANYWHERE,
        Picked: Move(complaint.begin, (FairPhase.JUDGED, FairPhase.COMPLAINT_STALL)),
    },
    FairPhase.NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(saved, (FairPhase.JUDGED,)),
    },
    FairPhase.COMPLAINT_STALL: {
        **ANYWHERE,
        CodeGiven: Move(complaint.give_stall, (FairPhase.COMPLAINT_STALL, FairPhase.COMPLAINT_KIND)),
        Picked: Move(complaint.skip_stall, (FairPhase.COMPLAINT_STALL, FairPhase.COMPLAINT_KIND)),
        GoBack: Move(complaint.back, (FairPhase.JUDGED,)),
    },
    FairPhase.COMPLAINT_KIND: {
        **ANYWHERE,
        Picked: Move(complaint.pick_kind, (FairPhase.COMPLAINT_KIND, FairPhase.COMPLAINT_HOLD)),
        GoBack: Move(complaint.back, (FairPhase.COMPLAINT_STALL,)),
    },
    FairPhase.COMPLAINT_HOLD: {
        **ANYWHERE,
        Confirmed: Move(complaint.file, (FairPhase.SAVING_COMPLAINT,)),
        GoBack: Move(complaint.back, (FairPhase.COMPLAINT_KIND,)),
    },
    FairPhase.SAVING_COMPLAINT: {
        **ANYWHERE,
        Saved: Move(complaint.saved, (FairPhase.COMPLAINED,)),
        SaveFailed: Move(complaint.not_saved, (FairPhase.COMPLAINT_NOT_SAVED,)),
    },
    FairPhase.COMPLAINED: {**ANYWHERE},
    FairPhase.COMPLAINT_NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(complaint.saved, (FairPhase.COMPLAINED,)),
    },
    FairPhase.LEFT: everywhere({}),
}

COMPLAINING = (
    FairPhase.COMPLAINT_STALL,
    FairPhase.COMPLAINT_KIND,
    FairPhase.COMPLAINT_HOLD,
    FairPhase.SAVING_COMPLAINT,
    FairPhase.COMPLAINED,
    FairPhase.COMPLAINT_NOT_SAVED,
)
"""The second part of a visit, whose verdict is saved already."""


class FairWeighing(Led[FairState]):
    """One visit. Feed it every event with its time; show its prompt; save its outcome."""

    TABLE = TABLE
    STATE = FairState
    FORMAT = FORMAT
    LEFT = FairPhase.LEFT

    @classmethod
    def start(cls, context: Context) -> Self:
        """A visit at its first question."""
        return cls(context, FairState(pan_fault=context.pan_fault))

    @classmethod
    def ask(cls, context: Context, state: FairState) -> Prompt:
        """What the person is asked for."""
        return prompt_of(context, state)

    @classmethod
    def resumed(cls, _context: Context, state: FairState) -> FairState:
        """With the pan to be emptied again where it was at work."""
        clear = weighing.CLEAR_OF.get(state.phase, state.back_to)
        return state if clear is None else weighing.cleared(state, clear)

    @property
    def outcome(self) -> VisitRecord | None:
        """The entry of the weighing from Saving on, that of the complaint once it was filed; None before."""
        state = self._state
        if state.phase in COMPLAINING:
            return None if state.complaint is None else VisitRecord(complaint.KIND, state.complaint)
        return None if state.body is None else VisitRecord(record.KIND, state.body)

    @property
    def part(self) -> int:
        """How many entries of this visit are saved and done with: one once a complaint was begun."""
        return int(self._state.complaining)
