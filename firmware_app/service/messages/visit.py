"""What is said at the door about a visit: it is opened, answered, closed, and its slip printed."""

from __future__ import annotations

import msgspec

from firmware_app.procedures.events import Answer
from firmware_app.service.messages.state import VisitKind


class StartVisit(msgspec.Struct, frozen=True, tag="start_visit"):
    """Opens a visit under an id made by the caller (so that a repetition opens nothing twice)."""

    visit: str
    kind: VisitKind


class GiveAnswer(msgspec.Struct, frozen=True, tag="give_answer"):
    """Answers the prompt of ``step``; an answer to another step is ignored."""

    visit: str
    step: int
    answer: Answer


class CloseVisit(msgspec.Struct, frozen=True, tag="close_visit"):
    """The person is done with the verdict, or leaves: back to the home screen."""

    visit: str


class PrintSlip(msgspec.Struct, frozen=True, tag="print_slip"):
    """Prints the slip of an entry. ``job``: made by the caller, so that a repetition prints nothing twice."""

    job: str
    entry: int


class CancelSlip(msgspec.Struct, frozen=True, tag="cancel_slip"):
    """Takes back the slips of an entry that still wait; one that is being printed comes out."""

    entry: int
