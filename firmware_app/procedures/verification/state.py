"""The whole state of an examination: one frozen struct that can be written down and read back at any moment.

Rules this file obeys:

* Whatever a power cut must not lose stands here, and nothing stands anywhere else.
* The plan is made once, when scale and stage are known, and held whole: a changed registry harms no visit.
* Every try is kept, also the one that was taken back or done again; nothing that follows from the tries is.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Any

import msgspec

from firmware_app.procedures.challenge.state import ChallengeState
from firmware_app.procedures.context import Head
from firmware_app.procedures.prompts import Problem, Source
from firmware_app.procedures.settle import Window
from firmware_app.procedures.verification.items import Ask, Direction, Item, LeftOut, Method
from firmware_app.quantity import Grams
from firmware_app.registry.person import Person
from firmware_app.registry.registry import Scale, Stall
from firmware_app.rules.checks import PartialRange
from firmware_app.rules.rows import Stage
from firmware_app.standards.sets import Piece
from hardware.scale.confirm import Confirmation

FORMAT = 1
MAX_TRIES = 150
"""Once so many were given nothing can be done again: what is left of the plan (ninety steps at most) still
fits an entry, and every try is in it."""


class Phase(enum.StrEnum):
    """Where the visit stands."""

    NOBODY = "nobody"
    """No inspector has signed in: there is no examination."""
    ASK_STALL = "ask_stall"
    CHOOSE_SCALE = "choose_scale"
    SCALE = "scale"
    """The facts on the nameplate, to be confirmed."""
    DIFFERS = "differs"
    """The registry and the nameplate disagree: nothing is judged by facts that are wrong."""
    RANGE_MAX = "range_max"
    RANGE_E = "range_e"
    SUPPORTS = "supports"
    STAGE = "stage"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    LOOK_ALL = "look_all"
    LOOK = "look"
    AIM = "aim"
    """What is looked at is put before the camera."""
    SHUTTER = "shutter"
    """The camera takes its photo."""
    READY = "ready"
    TRACKING = "tracking"
    INDICATION = "indication"
    LISTEN = "listen"
    """The load is on; a settled indication of the lead is waited for."""
    ADDED = "added"
    RESPONDS = "responds"
    AMOUNT = "amount"
    CHALLENGE = "challenge"
    FAILED = "failed"
    """A point is beyond its limit: do it again, or go on with it."""
    STOPPED = "stopped"
    """An item failed whose failure makes going on pointless."""
    OTHER = "other"
    """What may be done instead: the item again, leave it out, end here."""
    WHY_NOT = "why_not"
    REVIEW = "review"
    CHECKER = "checker"
    SAVING = "saving"
    JUDGED = "judged"
    NOT_SAVED = "not_saved"
    LEFT = "left"


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of the plan. ``load_g``: of the weights ``pieces`` (ids), with those that goods stand in for.

    ``goods``: how often goods took the place of weights below this load. ``wanted_g``: what the rules ask for
    where the weights at hand make only something near it. ``method``: how its error will be found, with small
    weights of ``small_g`` each. ``zero``: it finds E0. ``why_not``: it cannot be done at all.
    """

    id: str
    item: Item
    ask: Ask
    what: str = ""
    """Of an eye's list: the point. Of the corners: the place on the platform."""
    nth: int = 0
    load_g: Grams = Decimal(0)
    wanted_g: Grams | None = None
    goods: int = 0
    pieces: tuple[str, ...] = ()
    e_g: Grams = Decimal(0)
    d_g: Grams = Decimal(0)
    method: Method = Method.CHANGE_POINT
    small_g: Grams = Decimal(0)
    zero: bool = False
    direction: Direction = Direction.NONE
    extra_g: Grams = Decimal(0)
    extra: tuple[str, ...] = ()
    price: Decimal | None = None
    why_not: LeftOut | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An indication as it was given. ``frames``, ``span_ms``: of the settled window of the lead it was taken
    from, ``raw`` (hex) its last frame."""

    value_g: Grams
    text: str
    unit: str
    source: Source
    profile: str = ""
    policy: str = ""
    raw: str = ""
    frames: int = 0
    span_ms: int = 0


class Try(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer to one step. ``dropped``: why it no longer counts (``again``, ``went_back``,
    ``once_more``, ``restarted``)."""

    step: str
    at_ns: int
    shown: Shown | None = None
    added_g: Grams | None = None
    answer: str = ""
    amount: Decimal | None = None
    dropped: str = ""

    @property
    def counts(self) -> bool:
        """Whether the try still stands."""
        return not self.dropped


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that lies on the disk under its SHA-256. ``of``: the point of the list, empty where of all."""

    of: str
    sha256: str
    size: int
    at: str
    clock: str


class Omitted(msgspec.Struct, frozen=True):
    """An item that a person left out, and why."""

    item: Item
    why: LeftOut


class VerificationState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; see the module's rules."""

    format: int = FORMAT
    phase: Phase = Phase.ASK_STALL
    problem: str = ""
    asked_problem: Problem | None = None
    """Of the two questions that have screens of their own."""
    typed: str = ""
    stall: Stall | None = None
    choices: tuple[Scale, ...] = ()
    scale: Scale | None = None
    confirmed: Confirmation | None = None
    """What was confirmed of the protocol by which this scale's lead is read."""
    ranges: tuple[PartialRange, ...] = ()
    """Lower ranges of a multi-interval scale, rising, without the last one, which is the registry's."""
    range_max_g: Grams | None = None
    supports: int = 4
    at_zero: bool = False
    """E0 is found at zero (zero tracking is off), not at ten e."""
    stage: Stage | None = None
    temperature: str = ""
    humidity: str = ""
    plan: tuple[Step, ...] = ()
    drawer: tuple[Piece, ...] = ()
    """Every weight that the plan uses."""
    place: int = 0
    one_by_one: bool = False
    """The appearance list is answered point by point."""
    photos: tuple[Photo, ...] = ()
    photos_failed: tuple[str, ...] = ()
    """Why photos that were asked for did not come about."""
    shown: Shown | None = None
    """Given for this step, while what was added up to its change point is asked for."""
    typing: bool = False
    lead_silent: bool = False
    listening_ns: int = 0
    heard: bool = False
    lead_window: Window | None = None
    tries: tuple[Try, ...] = ()
    refused: int = 0
    """Answers that were not taken: no figures, or none that this scale can show."""
    omitted: tuple[Omitted, ...] = ()
    stopped_at: Item | None = None
    information: bool = False
    leaving: Item | None = None
    last_ns: int = 0
    restarts: int = 0
    """How often time began anew: the appliance was started again while the visit stood open."""
    head: Head = Head()
    """Of the record as the examination began: what the challenge is drawn from."""
    challenge: ChallengeState | None = None
    challenge_why: str = ""
    """Why the challenge cannot be begun."""
    challenge_body: dict[str, Any] | None = None
    challenges_before: tuple[dict[str, Any], ...] = ()
    checker: Person | None = None
    body: dict[str, Any] | None = None
    verdict: str = ""
    entry: int = 0
    slip: str = ""
    reason: str = ""

    @property
    def step(self) -> Step:
        """The step being asked for."""
        return self.plan[self.place]


def changed(state: VerificationState, **fields: object) -> VerificationState:
    """The state with some fields replaced."""
    return msgspec.structs.replace(state, **fields)
