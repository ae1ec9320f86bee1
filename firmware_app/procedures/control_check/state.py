"""The whole state of a control check: one frozen struct that can be written down and read back at any moment.

Rules this file obeys:

* Whatever a power cut must not lose stands here; the chart does not: it is read from the record each time.
* One visit is one weighing and one entry. A repetition is another visit, so a first attempt is on record
  before the second begins, and nobody can take it back.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from firmware_app.procedures.prompts import ControlResult, Problem
from firmware_app.procedures.settle import Window
from firmware_app.procedures.taken import Interruption, PanMass
from firmware_app.quantity import Grams
from firmware_app.standards.sets import Piece
from hardware.loadcell.contract import Fault

FORMAT = 1


class ControlPhase(enum.StrEnum):
    """Where the check stands."""

    CLEAR_PAN = "clear_pan"
    PUT_WEIGHT = "put_weight"
    INTERRUPTED = "interrupted"
    SAVING = "saving"
    JUDGED = "judged"
    NOT_SAVED = "not_saved"
    LEFT = "left"


NUMBER = {ControlPhase.CLEAR_PAN: 1, ControlPhase.PUT_WEIGHT: 2}
"""The two things that the person is asked for, in order."""


class ControlCheckState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything. ``resolution_g``: d of the pan. ``wrong``: how often something else lay on the pan.

    ``unfit``: why nothing could rest on the pan for a while, in the driver's last words.
    """

    format: int = FORMAT
    phase: ControlPhase = ControlPhase.CLEAR_PAN
    piece: Piece
    resolution_g: Grams
    calibration: str
    problem: Problem | None = None
    wrong: int = 0
    unfit: str = ""
    pan_window: Window | None = None
    pan_last: PanMass | None = None
    pan_empty: PanMass | None = None
    pan_loaded: PanMass | None = None
    pan_fault: Fault | None = None
    interruptions: tuple[Interruption, ...] = ()
    result: ControlResult | None = None
    body: dict[str, Any] | None = None
    entry: int = 0
    reason: str = ""
