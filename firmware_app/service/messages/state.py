"""The state that the core publishes: all that a screen shows, whole."""

from __future__ import annotations

import enum

import msgspec

from firmware_app.procedures.prompts import Prompt
from firmware_app.registry.person import Person, Role
from firmware_app.service.messages.county import FileState
from firmware_app.service.messages.parts import (
    CalibrationCard,
    ControlStatus,
    CountyState,
    LeadState,
    PanState,
    PrinterStatus,
    SeenScan,
)
from firmware_app.service.messages.people import PersonState, SignInState
from firmware_app.service.messages.stick import StickState


class VisitKind(enum.StrEnum):
    SELF_CHECK = "self_check"
    CONTROL_CHECK = "control_check"
    """The daily check of the appliance's own pan."""
    FAIR_WEIGHING = "fair_weighing"
    """Anybody weighs again what was paid for."""
    CHALLENGE = "challenge"
    """An inspector tries whether a scale cheats."""
    VERIFICATION = "verification"
    """An inspector examines a scale on the spot, item by item."""


class VisitState(msgspec.Struct, frozen=True):
    """The visit in progress. ``step`` goes up with every other question, not with the details of one.

    ``waits_for``: who must sign in before it goes on, None where it can; it takes no answer until then.
    """

    visit: str
    step: int
    prompt: Prompt
    waits_for: Person | None = None


class PartState(msgspec.Struct, frozen=True):
    """One process or part, and the code of its trouble (empty when well)."""

    name: str
    problem: str = ""


class ScreenState(msgspec.Struct, frozen=True):
    """How a keeper wants the screen: language of the home, seconds without a touch until the warning."""

    language: str
    idle_s: int


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen shows, whole, up to ten times a second and at least once a second."""

    at: str
    """RFC 3339, local time of the market."""
    clock: str
    pan: PanState
    lead: LeadState
    county: CountyState
    parts: tuple[PartState, ...]
    visit: VisitState | None
    device: str
    simulated: bool
    control: ControlStatus = ControlStatus(state="not_configured")
    scan: SeenScan | None = None
    printer: PrinterStatus | None = None
    """None where no printer is configured."""
    calibration: CalibrationCard | None = None
    person: PersonState | None = None
    """Who is signed in."""
    sign_in: SignInState | None = None
    """The latest attempt to give a PIN, for a while."""
    may: tuple[VisitKind, ...] = (VisitKind.SELF_CHECK,)
    """Kinds of visit that whoever stands there may begin now."""
    registered: tuple[Role, ...] = ()
    """Roles that somebody can sign in with."""
    screen: ScreenState | None = None
    files: tuple[FileState, ...] = ()
    """What came down from the county, by name."""
    stick: StickState | None = None
    """None where the appliance takes no stick."""
