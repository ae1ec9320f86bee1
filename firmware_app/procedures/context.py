"""What a visit must know of the appliance and does not change while it lasts."""

from __future__ import annotations

from datetime import date

import msgspec

from firmware_app.procedures.prompts import ControlPoint
from firmware_app.quantity import Grams
from firmware_app.registry.person import Person
from firmware_app.registry.registry import Registry
from firmware_app.rules.rows import Pack
from firmware_app.standards.sets import Piece, WeightSet
from firmware_app.weighing.control import Chart
from firmware_app.weighing.outlook import Outlook
from hardware.loadcell.contract import Fault
from hardware.scale.confirm import Confirmation


class Pan(msgspec.Struct, frozen=True, kw_only=True):
    """The appliance's own pan: its Max, the id of the calibration in use.

    ``outlook``: what it will know of a load, and how loads on it compare; None where nothing is known of it.
    Only what was weighed decides then, and nothing is compared.
    """

    max_g: Grams
    calibration: str
    outlook: Outlook | None = None


class Controlled(msgspec.Struct, frozen=True, kw_only=True):
    """What the daily control check says of the pan. ``state``: a code for the record.

    ``lock``: code of why nothing may be judged by the pan, empty where it may. ``entry`` and ``at``: the last
    check of this calibration in the record, 0 and empty where there is none.
    """

    state: str
    lock: str = ""
    entry: int = 0
    at: str = ""


class CheckPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a control check needs: the weight, the chart and its last points so far, d of the pan in grams."""

    piece: Piece
    chart: Chart
    points: tuple[ControlPoint, ...]
    resolution_g: Grams


class Head(msgspec.Struct, frozen=True):
    """The last entry of the appliance's own record as the visit began: its number and SHA-256 (hex).

    0 and zeros where there is no record yet.
    """

    seq: int = 0
    hash: str = "0" * 64


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the appliance where it stands; None: it has no sense for it and nobody said.

    ``on_s``: since power came on. ``warm_up_s``: for so long nothing is judged by the pan. ``level``: whether
    it stands level. ``temperature_c``: of the air or the cell.
    """

    on_s: float | None = None
    warm_up_s: float = 0.0
    level: bool | None = None
    temperature_c: float | None = None


class Contacts(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes complaints: the national line for consumers, the market's office where it has a number."""

    hotline: str = "12315"
    market: str = ""


NOT_OBSERVED = Surroundings()
NOT_CONTROLLED = Controlled(state="not_configured")
"""An appliance without a control weight: it judges, and the record says so."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The appliance around a visit.

    ``on``: the day whose law counts. ``pan``: None where none is fitted or calibrated. ``pan_fault``: the
    lasting fault that the pan has as the visit begins. ``lead_profiles``: the
    protocols the lead can be decoded by now, empty where there is no lead. ``confirmations``: the protocols
    that operators have confirmed for models of scales, of the versions the lead decodes by. ``seed``: decides
    the order of the goods; draw it from the system's randomness. ``packs``: None for those delivered with
    the program. ``controlled``: what the daily check says of the pan. ``check``: what such a check needs,
    None where no control weight is configured. ``contacts``: who takes complaints.
    ``head``: what the challenge draws its order from. ``camera``: the driver of the camera, empty where none.
    ``person``: who leads the visit, having signed in, for ``by`` in the record; None where nobody needs to.
    """

    registry: Registry
    weights: tuple[WeightSet, ...]
    on: date
    pan: Pan | None
    pan_fault: Fault | None = None
    lead_profiles: tuple[str, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    seed: int = 0
    packs: tuple[Pack, ...] | None = None
    controlled: Controlled = NOT_CONTROLLED
    check: CheckPlan | None = None
    surroundings: Surroundings = NOT_OBSERVED
    person: Person | None = None
    head: Head = Head()
    contacts: Contacts = Contacts()
    camera: str = ""
