"""The whole state of a self-check: one frozen struct that can be written down and read back at any moment.

Rules this file obeys:

* Whatever a power cut must not lose stands here, and nothing stands anywhere else.
* The state refers to nothing: scale, pieces and figures are held whole, so a changed registry harms no visit.
* Every attempt is kept, also the one that was refused or taken back.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from firmware_app.procedures.prompts import OnPan, Problem, Source, VisitResult, Way, WayOffered
from firmware_app.procedures.self_check.after import Changed, Watch
from firmware_app.procedures.settle import Window
from firmware_app.procedures.taken import Figure, Interruption, PanMass
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale, Stall
from firmware_app.standards.sets import Piece
from firmware_app.weighing.substitution import Substituted
from hardware.loadcell.contract import Fault
from hardware.scale.confirm import Confirmation

FORMAT = 2
MAX_ATTEMPTS = 200
"""Attempts kept in full; what is refused beyond them is only counted, and nothing can be taken back."""


class Phase(enum.StrEnum):
    """Where the visit stands."""

    ASK_STALL = "ask_stall"
    CHOOSE_SCALE = "choose_scale"
    CHOOSE_WAY = "choose_way"
    PUT_WEIGHTS = "put_weights"
    LISTEN_WEIGHTS = "listen_weights"
    """Weights are on; a settled indication of the lead is waited for."""
    PUT_GOODS = "put_goods"
    LISTEN_GOODS = "listen_goods"
    CLEAR_PAN = "clear_pan"
    WEIGH_GOODS = "weigh_goods"
    PUT_REFERENCE = "put_reference"
    """Weights take the place of the goods on the pan."""
    CONFIRM_WEIGHTS = "confirm_weights"
    """The weights of the plan lie on the pan together, before they are used."""
    CONFIRM_PIECE = "confirm_piece"
    """One of them after the other, where together they were not what they should be."""
    OFFER_POINT = "offer_point"
    """The loads did not decide, and there are small weights by which the change point can be sought."""
    POINT_SHOWN = "point_shown"
    """Weights are on again; what the display shows is asked for."""
    TRY_CORNERS = "try_corners"
    """The loads were not found right; it is asked what the display does when they lie in a corner."""
    POINT_ADDED = "point_added"
    """Small weights are added until the display goes over; how much it took is asked for."""
    GOODS_AGAIN = "goods_again"
    """The goods take the place of the weights."""
    INTERRUPTED = "interrupted"
    SAVING = "saving"
    JUDGED = "judged"
    NOT_SAVED = "not_saved"
    LEFT = "left"


class Corners(enum.StrEnum):
    """What a person says of the display with the load in the corners of the scale."""

    NOT_ASKED = ""
    CHANGES = "changes"
    SAME = "same"
    NOT_TRIED = "not_tried"


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One load asked for: weights of ``nominal_g``, or goods between ``low_g`` and ``high_g``.

    ``group``: number of the loads that are judged together, 0 where the load is judged by itself. ``more``:
    asked for because those before it did not decide.
    """

    number: int
    nominal_g: Grams | None = None
    pieces: tuple[Piece, ...] = ()
    low_g: Grams | None = None
    high_g: Grams | None = None
    group: int = 0
    more: bool = False


class Comparing(msgspec.Struct, frozen=True, kw_only=True):
    """Goods and weights that change places on the pan: goods first, then in turns.

    ``needed_g``: the U that the comparison must reach, also the most by which the goods may have changed.
    ``turns``: readings so far, the goods' at even places. ``moved``: what lay there in the last turn has left
    the pan.
    """

    pieces: tuple[Piece, ...]
    needed_g: Grams
    turns: tuple[PanMass, ...]
    moved: bool = False
    on_pan: OnPan = OnPan.GOODS


class Confirming(msgspec.Struct, frozen=True, kw_only=True):
    """Weights looked at on the pan before they are used: all ``pieces`` together, or the one of ``place``.

    ``cleared``: what lay there before has left the pan. ``since_ns``: since when this is asked for.
    """

    pieces: tuple[Piece, ...]
    since_ns: int
    place: int = -1
    cleared: bool = True


class Pile(msgspec.Struct, frozen=True, kw_only=True):
    """Weights as they lay on the pan: what they should weigh, and what they did, grams.

    ``within_g``: tolerances and U(k = 2) of the pan, by which they may differ. ``finds_g``: a deviation of
    more than that from the certified mass is surely found; less may hide. ``found``: ``confirmed``, or why
    not.
    """

    pieces: tuple[str, ...]
    expected_g: Grams
    seen_g: Grams
    within_g: Grams
    finds_g: Grams
    found: str
    loaded: PanMass


class ChangePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One change point of the display: the load, what it showed, and ΔL in steps of ``step_g``; grams.

    ``number``: of the load of the plan, 0 for the one near zero that gives E0.
    """

    number: int
    nominal_g: Grams
    pieces: tuple[Piece, ...]
    indication_g: Grams
    added_g: Grams
    step_g: Grams


class Seeking(msgspec.Struct, frozen=True, kw_only=True):
    """Change points still to be found: of the load near zero first, then of ``loads`` by their numbers.

    ``small``: the weights to add. ``place``: -1 near zero. ``shown_g``: the display before anything is added.
    """

    loads: tuple[int, ...]
    zero: tuple[Piece, ...]
    small: tuple[Piece, ...]
    place: int = -1
    shown_g: Grams | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``scheme``: the last turns, which counted. ``result``: None where they gave none.

    ``moved_g``: half width of what the goods (or the pan) have changed by meanwhile. ``standard_g``: u with
    that in it, for k = 2. ``why_not``: code of why the direct reading stands all the same, else empty.
    """

    pieces: tuple[Piece, ...]
    turns: tuple[PanMass, ...]
    scheme: str = ""
    result: Substituted | None = None
    moved_g: float = 0.0
    standard_g: float = 0.0
    why_not: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One figure given for one load. ``problem``: why it was refused. ``dropped``: why it no longer counts.

    ``blind``: no mass of this load had been seen on the pan when the figure was given. ``empty``/``loaded``:
    the pan before and with the goods; ``compared``: with weights beside them. ``changed``: what the display
    did afterwards, while the load still lay.
    """

    number: int
    way: Way
    scale: str
    load: Planned
    figure: Figure
    blind: bool = True
    problem: Problem | None = None
    dropped: str = ""
    empty: PanMass | None = None
    loaded: PanMass | None = None
    compared: Compared | None = None
    changed: Changed | None = None

    @property
    def counts(self) -> bool:
        """Whether the attempt still stands."""
        return self.problem is None and not self.dropped


class SelfCheckState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; see the module's rules."""

    format: int = FORMAT
    phase: Phase = Phase.ASK_STALL
    problem: Problem | None = None
    typed: str = ""
    stall: Stall | None = None
    choices: tuple[Scale, ...] = ()
    scale: Scale | None = None
    confirmed: Confirmation | None = None
    """What was confirmed of the protocol by which this scale's lead is read."""
    ways: tuple[WayOffered, ...] = ()
    way: Way | None = None
    plan: tuple[Planned, ...] = ()
    number: int = 0
    source: Source = Source.TYPED
    attempts: tuple[Attempt, ...] = ()
    refused_more: int = 0
    typing: bool = False
    """The person asked to type for the rest of the visit."""
    lead_silent: bool = False
    listening_ns: int = 0
    heard: bool = False
    """The lead has spoken since it is listened to."""
    light: bool = False
    """The last thing it said was less than Min."""
    lead_window: Window | None = None
    watch: Watch | None = None
    """The display after the last figure that was taken over the lead."""
    pan_window: Window | None = None
    pan_last: PanMass | None = None
    pan_empty: PanMass | None = None
    comparing: Comparing | None = None
    confirming: Confirming | None = None
    piles: tuple[Pile, ...] = ()
    """Weights that were looked at on the pan, whatever came of it."""
    refused: tuple[Piece, ...] = ()
    """Weights that are not what they should be: no load of this visit is made of them."""
    unconfirmed: str = ""
    """Why weights were used that nobody had looked at; empty where none were."""
    seeking: Seeking | None = None
    points: tuple[ChangePoint, ...] = ()
    corners: Corners = Corners.NOT_ASKED
    sought: bool = False
    """It was asked already whether change points shall be sought."""
    pan_fault: Fault | None = None
    pan_unfit: str = ""
    """Why no verdict may rest on the pan, as it last said."""
    interruptions: tuple[Interruption, ...] = ()
    back_to: Phase | None = None
    result: VisitResult | None = None
    body: dict[str, Any] | None = None
    entry: int = 0
    slip: str = ""
    reason: str = ""

    @property
    def load(self) -> Planned:
        """The load being asked for."""
        return self.plan[self.number - 1]
