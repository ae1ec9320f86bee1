"""The on-site examination of a scale (现场核查): a table of state × event, without I/O.

Rules this file obeys:

* Every event has an answer in every state; Cancel ends the visit from everywhere.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* All that must outlive a power cut is in the one state struct.
* It ends in a record of what was found on the spot, never in a certificate.
"""

from __future__ import annotations

from typing import Self

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import (
    Cancel,
    Confirmed,
    FigureTyped,
    GoBack,
    LineSilent,
    LoadIsOn,
    PhotoFailed,
    PhotoTaken,
    Picked,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    Witnessed,
)
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.table import Led, Move, Row, VisitRecord, everywhere
from firmware_app.procedures.verification import beginning, embedded, ending, lead, photos, taking, tracking
from firmware_app.procedures.verification.moving import ONWARD
from firmware_app.procedures.verification.record import KIND
from firmware_app.procedures.verification.screens import prompt_of
from firmware_app.procedures.verification.state import FORMAT, Phase, VerificationState
from firmware_app.registry.person import Role
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication

ANYWHERE: Row = everywhere(
    {
        Cancel: Move(beginning.leave, (Phase.LEFT,)),
        Indication: Move(lead.speaks),
        LineSilent: Move(lead.silent),
    }
)
"""What holds where a state says nothing else."""

BACK = Move(taking.back, ONWARD)
BESIDE = (*ONWARD, Phase.OTHER)
"""Where what a step offers besides its answer may lead."""
LISTED = (Phase.LOOK_ALL, Phase.LOOK)
ANSWERED = (*BESIDE, Phase.FAILED)
AFTER_INDICATION = (*ONWARD, Phase.ADDED, Phase.AMOUNT, Phase.FAILED)


TABLE: dict[Phase, Row] = {
    Phase.NOBODY: {**ANYWHERE, Confirmed: Move(beginning.leave, (Phase.LEFT,))},
    Phase.ASK_STALL: {
        **ANYWHERE,
        StallTyped: Move(beginning.find_stall, (Phase.ASK_STALL, Phase.CHOOSE_SCALE)),
    },
    Phase.CHOOSE_SCALE: {
        **ANYWHERE,
        ScaleChosen: Move(beginning.choose_scale, (Phase.CHOOSE_SCALE, Phase.SCALE)),
        StallTyped: Move(beginning.find_stall, (Phase.CHOOSE_SCALE,)),
        GoBack: Move(beginning.back_to_stall, (Phase.ASK_STALL,)),
    },
    Phase.SCALE: {
        **ANYWHERE,
        Picked: Move(
            beginning.confirm_scale,
            (Phase.SCALE, Phase.STAGE, Phase.DIFFERS, Phase.SUPPORTS, Phase.RANGE_MAX),
        ),
        GoBack: Move(beginning.back_to_scale, (Phase.CHOOSE_SCALE,)),
    },
    Phase.DIFFERS: {
        **ANYWHERE,
        Confirmed: Move(beginning.leave, (Phase.LEFT,)),
        GoBack: Move(beginning.back_to_facts, (Phase.SCALE,)),
    },
    Phase.RANGE_MAX: {
        **ANYWHERE,
        FigureTyped: Move(beginning.range_max, (Phase.RANGE_MAX, Phase.RANGE_E)),
        GoBack: Move(beginning.back_to_facts, (Phase.SCALE,)),
    },
    Phase.RANGE_E: {
        **ANYWHERE,
        FigureTyped: Move(beginning.range_e, (Phase.RANGE_E, Phase.SCALE)),
        GoBack: Move(beginning.back_to_facts, (Phase.SCALE,)),
    },
    Phase.SUPPORTS: {
        **ANYWHERE,
        FigureTyped: Move(beginning.supports, (Phase.SUPPORTS, Phase.SCALE)),
        GoBack: Move(beginning.back_to_facts, (Phase.SCALE,)),
    },
    Phase.STAGE: {
        **ANYWHERE,
        Picked: Move(beginning.choose_stage, (Phase.STAGE, Phase.SCALE, Phase.TEMPERATURE)),
        GoBack: Move(beginning.back_to_facts, (Phase.SCALE,)),
    },
    Phase.TEMPERATURE: {
        **ANYWHERE,
        FigureTyped: Move(beginning.temperature, (Phase.TEMPERATURE, Phase.HUMIDITY)),
        Picked: Move(beginning.about_temperature, (Phase.TEMPERATURE, Phase.HUMIDITY)),
        GoBack: Move(beginning.back_to_stage, (Phase.STAGE,)),
    },
    Phase.HUMIDITY: {
        **ANYWHERE,
        FigureTyped: Move(beginning.humidity, (Phase.HUMIDITY, *ONWARD)),
        Picked: Move(beginning.about_humidity, (Phase.HUMIDITY, *ONWARD)),
        GoBack: Move(beginning.back_to_temperature, (Phase.TEMPERATURE,)),
    },
    Phase.LOOK_ALL: {
        **ANYWHERE,
        Picked: Move(taking.all_hold, (*BESIDE, Phase.AIM)),
        GoBack: BACK,
    },
    Phase.LOOK: {
        **ANYWHERE,
        Picked: Move(taking.looked, (*BESIDE, Phase.AIM)),
        GoBack: BACK,
    },
    Phase.AIM: {
        **ANYWHERE,
        Picked: Move(photos.aimed, (Phase.AIM, Phase.SHUTTER, *LISTED)),
        GoBack: Move(photos.back_to_list, LISTED),
    },
    Phase.SHUTTER: {
        **ANYWHERE,
        PhotoTaken: Move(photos.taken, (Phase.AIM,)),
        PhotoFailed: Move(photos.failed, (Phase.AIM,)),
        GoBack: Move(photos.given_up, (Phase.AIM,)),
    },
    Phase.READY: {
        **ANYWHERE,
        Confirmed: Move(taking.ready, ONWARD),
        Picked: Move(taking.besides, BESIDE),
        GoBack: BACK,
    },
    Phase.TRACKING: {
        **ANYWHERE,
        Picked: Move(tracking.tracked, BESIDE),
        GoBack: BACK,
    },
    Phase.INDICATION: {
        **ANYWHERE,
        FigureTyped: Move(taking.indicated, AFTER_INDICATION),
        Confirmed: Move(lead.listen, (Phase.INDICATION, Phase.LISTEN)),
        LoadIsOn: Move(lead.listen, (Phase.INDICATION, Phase.LISTEN)),
        TypeInstead: Move(lead.type_instead, (Phase.INDICATION,)),
        Picked: Move(lead.typed_or_besides, (*BESIDE, Phase.FAILED)),
        GoBack: BACK,
    },
    Phase.LISTEN: {
        **ANYWHERE,
        FigureTyped: Move(taking.indicated, AFTER_INDICATION),
        TypeInstead: Move(lead.type_instead, (Phase.INDICATION,)),
        Picked: Move(lead.typed_or_besides, (Phase.LISTEN, *ANSWERED)),
        Reading: Move(lead.wait, (Phase.LISTEN, Phase.INDICATION)),
        PanFault: Move(lead.wait, (Phase.LISTEN, Phase.INDICATION)),
        Indication: Move(lead.hear, (Phase.LISTEN, *AFTER_INDICATION)),
        LineSilent: Move(lead.lost, (Phase.INDICATION,)),
        GoBack: Move(taking.back, (Phase.INDICATION,)),
    },
    Phase.ADDED: {
        **ANYWHERE,
        FigureTyped: Move(taking.added, (Phase.ADDED, *ANSWERED)),
        Picked: Move(taking.no_change_point, (Phase.ADDED, *ANSWERED)),
        GoBack: Move(taking.back, (Phase.INDICATION,)),
    },
    Phase.RESPONDS: {
        **ANYWHERE,
        Picked: Move(taking.responded, ANSWERED),
        GoBack: BACK,
    },
    Phase.AMOUNT: {
        **ANYWHERE,
        FigureTyped: Move(taking.paid, (Phase.AMOUNT, *ANSWERED)),
        Picked: Move(taking.besides, (Phase.AMOUNT, *BESIDE)),
        GoBack: Move(taking.back, (Phase.INDICATION,)),
    },
    Phase.CHALLENGE: {
        **{event: Move(taking.challenged, (Phase.CHALLENGE, *BESIDE)) for event in ANYWHERE},
        Cancel: ANYWHERE[Cancel],
        Saved: ANYWHERE[Saved],
        SaveFailed: ANYWHERE[SaveFailed],
    },
    Phase.FAILED: {
        **ANYWHERE,
        Picked: Move(taking.failed, ANSWERED),
        GoBack: Move(taking.back, (Phase.FAILED, *ONWARD)),
    },
    Phase.STOPPED: {
        **ANYWHERE,
        Picked: Move(taking.stopped, ONWARD),
        GoBack: BACK,
    },
    Phase.OTHER: {
        **ANYWHERE,
        Picked: Move(taking.other, (*ONWARD, Phase.OTHER, Phase.WHY_NOT)),
        GoBack: Move(taking.not_left_out, ONWARD),
    },
    Phase.WHY_NOT: {
        **ANYWHERE,
        Picked: Move(taking.left_out, (Phase.WHY_NOT, *ONWARD)),
        GoBack: Move(taking.not_left_out, ONWARD),
    },
    Phase.REVIEW: {
        **ANYWHERE,
        Picked: Move(ending.review, (*ONWARD, Phase.CHECKER, Phase.SAVING)),
    },
    Phase.CHECKER: {
        **ANYWHERE,
        Witnessed: Move(ending.witnessed, (Phase.CHECKER, Phase.SAVING)),
        GoBack: Move(ending.back_to_review, (Phase.REVIEW,)),
    },
    Phase.SAVING: {
        **ANYWHERE,
        Saved: Move(ending.saved, (Phase.JUDGED,)),
        SaveFailed: Move(ending.not_saved, (Phase.NOT_SAVED,)),
    },
    Phase.JUDGED: {**ANYWHERE},
    Phase.NOT_SAVED: {
        **ANYWHERE,
        Saved: Move(ending.saved, (Phase.JUDGED,)),
    },
    Phase.LEFT: everywhere({}),
}


class Verification(Led[VerificationState]):
    """One examination, begun by an inspector who has signed in (``context.person``)."""

    TABLE = TABLE
    STATE = VerificationState
    FORMAT = FORMAT
    LEFT = Phase.LEFT

    @classmethod
    def start(cls, context: Context) -> Self:
        """At the first question; where no inspector has signed in, at the word that one must."""
        person = context.person
        allowed = person is not None and person.role is Role.INSPECTOR
        first = Phase.ASK_STALL if allowed else Phase.NOBODY
        return cls(context, VerificationState(phase=first, head=context.head))

    @classmethod
    def ask(cls, context: Context, state: VerificationState) -> Prompt:
        """What the person is asked for."""
        return prompt_of(context, state)

    @classmethod
    def resumed(cls, _context: Context, state: VerificationState) -> VerificationState:
        """As it stood; what the challenge knew of times is void, and so is a photo that was being taken."""
        return photos.resumed(embedded.resumed(state))

    @property
    def outcome(self) -> VisitRecord | None:
        """The record once closed, from Saving on; None before."""
        return None if self._state.body is None else VisitRecord(KIND, self._state.body)
