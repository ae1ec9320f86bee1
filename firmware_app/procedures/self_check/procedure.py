"""The self-check of a trader's scale: a table of state × event, without I/O.

Rules this file obeys:

* Every event has an answer in every state; Cancel ends the visit from everywhere.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* All that must outlive a power cut is in the one state struct.
"""

from __future__ import annotations

from typing import Any, Self

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import (
    Cancel,
    Confirmed,
    FigureTyped,
    GoBack,
    LineSilent,
    LoadIsOn,
    Picked,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    WayChosen,
)
from firmware_app.procedures.prompts import Prompt, VisitResult
from firmware_app.procedures.self_check import comparing, confirming, corners, lead, pan, seeking, steps
from firmware_app.procedures.self_check.screens import prompt_of
from firmware_app.procedures.self_check.state import FORMAT, Phase, SelfCheckState
from firmware_app.procedures.table import Led, Move, Row, everywhere
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication

ANYWHERE: Row = everywhere(
    {
        Cancel: Move(steps.leave, (Phase.LEFT,)),
        Reading: Move(steps.note_reading),
        PanFault: Move(steps.note_fault),
        Indication: Move(steps.note_lead),
        LineSilent: Move(steps.note_silence),
    }
)
"""What holds where a state says nothing else."""

AFTER_FIGURE = (
    Phase.PUT_GOODS,
    Phase.CLEAR_PAN,
    Phase.WEIGH_GOODS,
    Phase.INTERRUPTED,
)
"""Where a figure of goods leads."""

AFTER_CONFIRMING = (Phase.PUT_WEIGHTS, Phase.CHOOSE_WAY)
"""Where weights that were looked at lead: to their first load, or to another way where none are left."""

AFTER_WEIGHTS = (Phase.PUT_WEIGHTS, Phase.OFFER_POINT, Phase.TRY_CORNERS, Phase.SAVING)
"""Where a figure of weights leads."""

AFTER_TURN = (Phase.PUT_GOODS, Phase.SAVING)
"""Where the last turn of a comparison leads."""

TABLE: dict[Phase, Row] = {
    Phase.ASK_STALL: {
        **ANYWHERE,
        StallTyped: Move(steps.find_stall, (Phase.ASK_STALL, Phase.CHOOSE_SCALE)),
    },
    Phase.CHOOSE_SCALE: {
        **ANYWHERE,
        ScaleChosen: Move(steps.choose_scale, (Phase.CHOOSE_SCALE, Phase.CHOOSE_WAY)),
        StallTyped: Move(steps.find_stall, (Phase.CHOOSE_SCALE,)),
        GoBack: Move(steps.back_to_stall, (Phase.ASK_STALL,)),
    },
    Phase.CHOOSE_WAY: {
        **ANYWHERE,
        WayChosen: Move(
            confirming.choose_way,
            (Phase.CHOOSE_WAY, Phase.CONFIRM_WEIGHTS, Phase.PUT_WEIGHTS, Phase.PUT_GOODS),
        ),
        GoBack: Move(steps.back_to_scale, (Phase.CHOOSE_SCALE,)),
        Reading: Move(pan.reading_offers),
        PanFault: Move(pan.fault_offers),
    },
    Phase.CONFIRM_WEIGHTS: {
        **ANYWHERE,
        Reading: Move(confirming.take_pile, (Phase.CONFIRM_WEIGHTS, Phase.CONFIRM_PIECE, *AFTER_CONFIRMING)),
        PanFault: Move(confirming.fault, (Phase.CONFIRM_WEIGHTS, *AFTER_CONFIRMING)),
        Confirmed: Move(confirming.skip, AFTER_CONFIRMING),
        GoBack: Move(steps.go_back, (Phase.CONFIRM_WEIGHTS, Phase.CHOOSE_WAY)),
    },
    Phase.CONFIRM_PIECE: {
        **ANYWHERE,
        Reading: Move(confirming.take_piece, (Phase.CONFIRM_PIECE, Phase.CONFIRM_WEIGHTS, *AFTER_CONFIRMING)),
        PanFault: Move(confirming.fault, (Phase.CONFIRM_PIECE, *AFTER_CONFIRMING)),
        Confirmed: Move(confirming.skip, AFTER_CONFIRMING),
        GoBack: Move(steps.go_back, (Phase.CONFIRM_PIECE, Phase.CHOOSE_WAY)),
    },
    Phase.PUT_WEIGHTS: {
        **ANYWHERE,
        FigureTyped: Move(steps.figure_typed, AFTER_WEIGHTS),
        LoadIsOn: Move(lead.listen, (Phase.PUT_WEIGHTS, Phase.LISTEN_WEIGHTS)),
        TypeInstead: Move(steps.type_instead, (Phase.PUT_WEIGHTS,)),
        GoBack: Move(steps.go_back, (Phase.PUT_WEIGHTS, Phase.CHOOSE_WAY)),
        LineSilent: Move(lead.silence, (Phase.PUT_WEIGHTS,)),
    },
    Phase.LISTEN_WEIGHTS: {
        **ANYWHERE,
        FigureTyped: Move(steps.figure_typed, AFTER_WEIGHTS),
        TypeInstead: Move(steps.type_instead, (Phase.PUT_WEIGHTS,)),
        GoBack: Move(steps.go_back, (Phase.LISTEN_WEIGHTS, Phase.PUT_WEIGHTS, Phase.CHOOSE_WAY)),
        Reading: Move(lead.wait_reading, (Phase.LISTEN_WEIGHTS, Phase.PUT_WEIGHTS)),
        PanFault: Move(lead.wait_fault, (Phase.LISTEN_WEIGHTS, Phase.PUT_WEIGHTS)),
        Indication: Move(lead.hear, (Phase.LISTEN_WEIGHTS, *AFTER_WEIGHTS)),
        LineSilent: Move(lead.silence, (Phase.PUT_WEIGHTS,)),
    },
    Phase.OFFER_POINT: {
        **ANYWHERE,
        Picked: Move(seeking.decide, (Phase.OFFER_POINT, Phase.POINT_SHOWN, Phase.SAVING)),
        GoBack: Move(seeking.back_to_load, (Phase.OFFER_POINT, Phase.PUT_WEIGHTS)),
    },
    Phase.POINT_SHOWN: {
        **ANYWHERE,
        FigureTyped: Move(seeking.shown, (Phase.POINT_SHOWN, Phase.POINT_ADDED)),
        Picked: Move(seeking.leave_it, (Phase.POINT_SHOWN, Phase.SAVING)),
        GoBack: Move(seeking.back_to_offer, (Phase.OFFER_POINT,)),
    },
    Phase.POINT_ADDED: {
        **ANYWHERE,
        FigureTyped: Move(seeking.added, (Phase.POINT_ADDED, Phase.POINT_SHOWN, Phase.SAVING)),
        Picked: Move(seeking.leave_it, (Phase.POINT_ADDED, Phase.SAVING)),
        GoBack: Move(seeking.back_to_shown, (Phase.POINT_SHOWN,)),
    },
    Phase.TRY_CORNERS: {
        **ANYWHERE,
        Picked: Move(corners.answer, (Phase.TRY_CORNERS, Phase.SAVING)),
        GoBack: Move(seeking.back_to_load, (Phase.TRY_CORNERS, Phase.PUT_WEIGHTS)),
    },
    Phase.PUT_GOODS: {
        **ANYWHERE,
        FigureTyped: Move(steps.figure_typed, AFTER_FIGURE),
        LoadIsOn: Move(lead.listen, (Phase.PUT_GOODS, Phase.LISTEN_GOODS)),
        TypeInstead: Move(steps.type_instead, (Phase.PUT_GOODS,)),
        GoBack: Move(steps.go_back, (Phase.PUT_GOODS, Phase.CHOOSE_WAY)),
        LineSilent: Move(lead.silence, (Phase.PUT_GOODS,)),
    },
    Phase.LISTEN_GOODS: {
        **ANYWHERE,
        FigureTyped: Move(steps.figure_typed, AFTER_FIGURE),
        TypeInstead: Move(steps.type_instead, (Phase.PUT_GOODS,)),
        GoBack: Move(steps.go_back, (Phase.LISTEN_GOODS, Phase.PUT_GOODS, Phase.CHOOSE_WAY)),
        Reading: Move(lead.wait_reading, (Phase.LISTEN_GOODS, Phase.PUT_GOODS)),
        PanFault: Move(lead.wait_fault, (Phase.LISTEN_GOODS, Phase.PUT_GOODS)),
        Indication: Move(lead.hear, (Phase.LISTEN_GOODS, *AFTER_FIGURE)),
        LineSilent: Move(lead.silence, (Phase.PUT_GOODS,)),
    },
    Phase.CLEAR_PAN: {
        **ANYWHERE,
        Reading: Move(pan.clear_pan, (Phase.CLEAR_PAN, Phase.WEIGH_GOODS)),
        PanFault: Move(pan.interrupt, (Phase.CLEAR_PAN, Phase.INTERRUPTED)),
        GoBack: Move(steps.back_to_figure, (Phase.CLEAR_PAN, Phase.PUT_GOODS)),
    },
    Phase.WEIGH_GOODS: {
        **ANYWHERE,
        Reading: Move(
            pan.weigh_goods, (Phase.WEIGH_GOODS, Phase.PUT_REFERENCE, Phase.PUT_GOODS, Phase.SAVING)
        ),
        PanFault: Move(pan.interrupt, (Phase.WEIGH_GOODS, Phase.INTERRUPTED)),
        GoBack: Move(steps.back_to_figure, (Phase.WEIGH_GOODS, Phase.PUT_GOODS)),
    },
    Phase.PUT_REFERENCE: {
        **ANYWHERE,
        Reading: Move(comparing.take_turn, (Phase.PUT_REFERENCE, Phase.GOODS_AGAIN, *AFTER_TURN)),
        PanFault: Move(comparing.interrupt, (Phase.PUT_REFERENCE, Phase.INTERRUPTED)),
        GoBack: Move(steps.back_to_figure, (Phase.PUT_REFERENCE, Phase.PUT_GOODS)),
    },
    Phase.GOODS_AGAIN: {
        **ANYWHERE,
        Reading: Move(comparing.take_turn, (Phase.GOODS_AGAIN, Phase.PUT_REFERENCE, *AFTER_TURN)),
        PanFault: Move(comparing.interrupt, (Phase.GOODS_AGAIN, Phase.INTERRUPTED)),
        GoBack: Move(steps.back_to_figure, (Phase.GOODS_AGAIN, Phase.PUT_GOODS)),
    },
    Phase.INTERRUPTED: {
        **ANYWHERE,
        Reading: Move(pan.resume, (Phase.CLEAR_PAN,)),
        PanFault: Move(pan.still_interrupted, (Phase.INTERRUPTED,)),
        GoBack: Move(steps.back_to_figure, (Phase.INTERRUPTED, Phase.PUT_GOODS)),
    },
    Phase.SAVING: {
        **ANYWHERE,
        Saved: Move(steps.saved, (Phase.JUDGED,)),
        SaveFailed: Move(steps.not_saved, (Phase.NOT_SAVED,)),
    },
    Phase.JUDGED: {**ANYWHERE},
    Phase.NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(steps.saved, (Phase.JUDGED,)),
    },
    Phase.LEFT: everywhere({}),
}


class Outcome(msgspec.Struct, frozen=True):
    """What a judged visit leaves: the result for the screen, and kind and body of the ledger entry."""

    result: VisitResult
    body: dict[str, Any]
    kind: str = "self_check"


class SelfCheck(Led[SelfCheckState]):
    """One visit. Feed it every event with its time; show its prompt; save its outcome.

    >>> visit = SelfCheck.start(context)
    >>> visit.handle(StallTyped("12"), now_ns)
    True
    """

    TABLE = TABLE
    STATE = SelfCheckState
    FORMAT = FORMAT
    LEFT = Phase.LEFT

    @classmethod
    def start(cls, context: Context) -> Self:
        """A visit at its first question."""
        return cls(context, SelfCheckState(pan_fault=context.pan_fault))

    @classmethod
    def ask(cls, _context: Context, state: SelfCheckState) -> Prompt:
        """What the person is asked for."""
        return prompt_of(state)

    @property
    def outcome(self) -> Outcome | None:
        """The outcome once judged, from Saving on; None before."""
        if self._state.result is None or self._state.body is None:
            return None
        return Outcome(self._state.result, self._state.body)
