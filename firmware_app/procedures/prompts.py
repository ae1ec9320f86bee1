"""What a procedure asks of the person in front of the screen.

Rules this file obeys:

* A prompt holds codes and figures, never sentences: the screen finds the words in its language.
* Masses are decimal strings of grams under names ending in ``_g``.
* A prompt is all that a screen needs; nothing else of the visit is fetched.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.procedures.law import Law
from firmware_app.procedures.page import Page, PageJudged
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.control import Basis, NextStep, Outcome, Reason
from hardware.loadcell.contract import Fault


class Way(enum.StrEnum):
    """How the scale under test is loaded."""

    WEIGHTS = "weights"
    """Reference weights out of the drawer."""
    GOODS = "goods"
    """Any goods, compared with the appliance's own pan, figure first."""


class Source(enum.StrEnum):
    """Where the indication comes from."""

    TYPED = "typed"
    LABEL = "label"
    """Scanned from a label that the scale printed, compared and confirmed by the person."""
    LEAD = "lead"


class Problem(enum.StrEnum):
    """Why the last answer was not taken."""

    UNKNOWN_STALL = "unknown_stall"
    NOT_A_MASS = "not_a_mass"
    NOT_A_MULTIPLE = "not_a_multiple"
    """The figure cannot come from this scale: it is no multiple of its scale interval d."""
    BEYOND_MAX = "beyond_max"
    LEAD_SILENT = "lead_silent"
    LEAD_UNSTABLE = "lead_unstable"
    LEAD_OVERLOAD = "lead_overload"
    LEAD_NO_UNIT = "lead_no_unit"
    PAN_NOT_EMPTY = "pan_not_empty"
    PAN_EMPTY = "pan_empty"
    GOODS_TOO_LIGHT = "goods_too_light"
    GOODS_TOO_HEAVY = "goods_too_heavy"
    NOT_THE_CONTROL_WEIGHT = "not_the_control_weight"
    """What lies on the pan is far from the mass of the control weight."""
    WEIGHTS_TOO_LIGHT = "weights_too_light"
    """Less lies on the pan than the weights asked for weigh: one is missing, or short."""
    WEIGHTS_TOO_HEAVY = "weights_too_heavy"
    OTHER_WEIGHTS = "other_weights"
    """What lies on the pan has not the mass of the weights that were asked for."""
    GOODS_CHANGED = "goods_changed"
    """What lies on the pan is not what lay there before the weights."""
    PAN_UNFIT = "pan_unfit"
    """The driver says that nothing may rest on the pan now: no check of it does either."""
    TOO_MUCH_ADDED = "too_much_added"
    """More small weights than the display needs to go over to the next interval."""
    ONCE_MORE = "once_more"
    """The turns lie too unevenly in time, or too far apart, to be compared."""


class OnPan(enum.StrEnum):
    """What lies on the pan while goods and weights change places."""

    GOODS = "goods"
    NOTHING = "nothing"
    WEIGHTS = "weights"
    OTHER = "other"
    """Neither what is asked for nor what lay there before."""


class StallCard(msgspec.Struct, frozen=True):
    """A stall as the registry knows it. Names no person."""

    code: str
    name: str


class ScaleCard(msgspec.Struct, frozen=True, kw_only=True):
    """A scale under test as the registry knows it; empty text where a field is not known."""

    id: str
    stall: str
    maker: str
    model: str
    serial: str
    accuracy_class: str
    max_g: str
    min_g: str
    e_g: str
    d_g: str
    production_code: str = ""
    repair_code: str = ""
    verification_code: str = ""
    seal: str = ""
    verification_due: str = ""
    profile: str = ""
    """Serial protocol of its lead; empty where it has none."""


class WayOffered(msgspec.Struct, frozen=True):
    """One way of loading and, where it is not possible now, the code of the reason."""

    way: Way
    possible: bool
    why_not: str = ""


class AskStall(msgspec.Struct, frozen=True, tag="ask_stall"):
    problem: Problem | None = None
    typed: str = ""


class ChooseScale(msgspec.Struct, frozen=True, tag="choose_scale"):
    stall: StallCard
    scales: tuple[ScaleCard, ...]


class ChooseWay(msgspec.Struct, frozen=True, tag="choose_way"):
    scale: ScaleCard
    ways: tuple[WayOffered, ...]


class PutWeights(msgspec.Struct, frozen=True, tag="put_weights", kw_only=True):
    """Put reference weights on the scale under test and give its figure (typed, or say that it is on).

    ``refused_g``: weights of the drawer that were found wrong and are to be left alone.
    """

    number: int
    count: int
    nominal_g: str
    pieces_g: tuple[str, ...]
    source: Source
    scale: ScaleCard
    problem: Problem | None = None
    refused_g: tuple[str, ...] = ()


class PutGoods(msgspec.Struct, frozen=True, tag="put_goods", kw_only=True):
    """Put goods between ``low_g`` and ``high_g`` on the scale under test and give its figure.

    ``other``: goods of this range have been weighed already; these must weigh something else.
    """

    number: int
    count: int
    low_g: str
    high_g: str
    source: Source
    scale: ScaleCard
    problem: Problem | None = None
    other: bool = False


class ClearPan(msgspec.Struct, frozen=True, tag="clear_pan"):
    """Take everything off the appliance's pan; goes on by itself."""

    number: int
    count: int
    problem: Problem | None = None


class WeighGoods(msgspec.Struct, frozen=True, tag="weigh_goods"):
    """Put the same goods on the appliance's pan; goes on by itself when the pan is stable."""

    number: int
    count: int
    indication_g: str
    problem: Problem | None = None


class SwapOnPan(msgspec.Struct, frozen=True, tag="swap_on_pan", kw_only=True):
    """Goods and reference weights change places on the appliance's pan; goes on by itself when it lies still.

    ``put``: what is wanted there, ``goods`` or ``weights`` (of ``nominal_g``, made of ``pieces_g``).
    ``on_pan``: what lies there now, to be taken off first where it is not that. ``confirms``: no goods are
    compared; the weights are looked at before they are used, and ``refused_g`` are those to be left alone.
    """

    number: int
    count: int
    put: OnPan
    on_pan: OnPan
    nominal_g: str
    pieces_g: tuple[str, ...]
    problem: Problem | None = None
    confirms: bool = False
    refused_g: tuple[str, ...] = ()


class PutControlWeight(msgspec.Struct, frozen=True, tag="put_control_weight", kw_only=True):
    """Put the control weight in the middle of the appliance's pan; goes on by itself when it lies still."""

    number: int
    count: int
    nominal_g: str
    weight: str
    problem: Problem | None = None


class Interrupted(msgspec.Struct, frozen=True, tag="interrupted"):
    """A part needed now is at fault: nothing is judged; goes on by itself when the fault is gone."""

    fault: Fault
    number: int
    count: int


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """One load judged. ``limit_g``: in service, used for the verdict; ``limit_initial_g``: half of it.

    ``readings``: so many loads near each other were judged together; the figures are then their means.
    """

    number: int
    load_g: str
    load_u_g: str
    indication_g: str
    source: Source
    error_g: str
    expanded_g: str
    limit_g: str
    limit_initial_g: str
    verdict: Verdict
    reason: str = ""
    readings: int = 1


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be seen to: its code, the day it is due (ISO 8601, empty where none), by which line."""

    code: str
    on: str = ""
    law: Law


class VisitResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a self-check. ``next_step``: code of what would decide or help, empty if nothing.

    ``weights``: code of whether those used were confirmed on the pan before, empty where none were used.
    ``hint``: code of what to mind in weighing. ``reminders``: what is to be seen to of the scale itself (due,
    overdue, a code missing).
    """

    verdict: Verdict
    way: Way
    scale: ScaleCard
    loads: tuple[LoadResult, ...]
    law: Law
    next_step: str = ""
    weights: str = ""
    hint: str = ""
    reminders: tuple[Reminder, ...] = ()


class AskWitness(msgspec.Struct, frozen=True, tag="ask_witness", kw_only=True):
    """A second inspector vouches by PIN, as the person who leads the visit looks on; goes on by itself.

    Answered by the command ``Witness``, which the procedure hears as ``Witnessed``. ``first``: the name of
    the person who leads, whose number is not taken. ``number`` of ``count`` as in every prompt.
    """

    first: str
    number: int = 0
    count: int = 0


class Saving(msgspec.Struct, frozen=True, tag="saving"):
    """Judged, but not yet on disk: shown only until the ledger has answered."""


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """The verdict, saved: ``entry`` is its number in the ledger, ``slip`` the text of its QR code."""

    result: VisitResult
    entry: int
    slip: str


class ControlPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One check on the chart: deviation, action limits, and the moving average, empty where there is none."""

    deviation_g: str
    lower_g: str
    upper_g: str
    outcome: Outcome
    ewma_g: str = ""


class ControlResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a control check. ``checks``: in control so far under this calibration, of ``needed``
    for limits from history. ``points``: the last ones, this check at the end."""

    outcome: Outcome
    reason: Reason
    next_step: NextStep
    basis: Basis
    weight: str
    nominal_g: str
    deviation_g: str
    expanded_g: str
    lower_g: str
    upper_g: str
    checks: int
    needed: int
    points: tuple[ControlPoint, ...]


class ControlJudged(msgspec.Struct, frozen=True, tag="control_judged"):
    """The control check, saved: ``entry`` is its number in the ledger."""

    result: ControlResult
    entry: int


class NotSaved(msgspec.Struct, frozen=True, tag="not_saved"):
    """The ledger refused (disk full, disk read-only …): there is no verdict. ``reason`` is a code."""

    reason: str


Prompt = (
    AskStall
    | ChooseScale
    | ChooseWay
    | PutWeights
    | PutGoods
    | ClearPan
    | WeighGoods
    | SwapOnPan
    | PutControlWeight
    | Interrupted
    | AskWitness
    | Saving
    | Judged
    | ControlJudged
    | NotSaved
    | Page
    | PageJudged
)
