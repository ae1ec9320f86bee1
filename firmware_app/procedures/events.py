"""What happens to a procedure: answers of the person, and what the instruments say."""

from __future__ import annotations

import msgspec

from firmware_app.procedures.prompts import Way
from firmware_app.registry.person import Role
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication


class StallTyped(msgspec.Struct, frozen=True, tag="stall_typed"):
    """A stall number typed, or the text of a scanned stall or scale code."""

    code: str


class ScaleChosen(msgspec.Struct, frozen=True, tag="scale_chosen"):
    scale: str


class WayChosen(msgspec.Struct, frozen=True, tag="way_chosen"):
    way: Way


class FigureTyped(msgspec.Struct, frozen=True, tag="figure_typed"):
    """The figure read off the scale under test, in its own unit as shown, e.g. ``1.005`` and ``kg``.

    ``label``: it was filled in from a label that the scale printed, and confirmed untouched; ``code``: the
    digits of that label, written by the desk that read them and by nobody else.
    """

    figure: str
    unit: str
    label: bool = False
    code: str = ""


class LoadIsOn(msgspec.Struct, frozen=True, tag="load_is_on"):
    """The load is on the scale under test: take its figure from the lead."""


class TypeInstead(msgspec.Struct, frozen=True, tag="type_instead"):
    """The lead does not help: let me type the figure."""


class Picked(msgspec.Struct, frozen=True, tag="picked"):
    """One of the options of a page, or of those beside it."""

    option: str


class CodeGiven(msgspec.Struct, frozen=True, tag="code_given"):
    """A code that a page asked for, scanned or typed."""

    code: str


class Confirmed(msgspec.Struct, frozen=True, tag="confirmed"):
    """What a page asked for is done."""


class GoBack(msgspec.Struct, frozen=True, tag="go_back"):
    """One question back; what was already measured is kept in the record as a first attempt."""


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Leave the visit; always leads home."""


Answer = (
    StallTyped
    | ScaleChosen
    | WayChosen
    | FigureTyped
    | LoadIsOn
    | TypeInstead
    | Picked
    | CodeGiven
    | Confirmed
    | GoBack
    | Cancel
)


class Saved(msgspec.Struct, frozen=True, tag="saved"):
    """The ledger has the outcome on disk."""

    entry: int
    slip: str


class SaveFailed(msgspec.Struct, frozen=True, tag="save_failed"):
    reason: str


class LineSilent(msgspec.Struct, frozen=True, tag="line_silent"):
    """The lead says nothing (lost, or no frame in time): the last indication is void."""


class Witnessed(msgspec.Struct, frozen=True, tag="witnessed"):
    """A second person has vouched for this visit by PIN: never the one who leads it, always an inspector."""

    number: str
    name: str
    role: Role


class PhotoTaken(msgspec.Struct, frozen=True, kw_only=True, tag="photo_taken"):
    """A photo is on the disk under its SHA-256 (hex). ``size``: bytes; ``at``: by a clock of that quality."""

    sha256: str
    size: int
    at: str
    clock: str


class PhotoFailed(msgspec.Struct, frozen=True, tag="photo_failed"):
    """There is no photo; ``why`` is the code of the camera's trouble, or of the disk's."""

    why: str


Event = (
    Answer
    | Reading
    | PanFault
    | Indication
    | LineSilent
    | Saved
    | SaveFailed
    | Witnessed
    | PhotoTaken
    | PhotoFailed
)
