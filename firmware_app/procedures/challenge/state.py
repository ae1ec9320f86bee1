"""The whole state of a challenge: one frozen struct that can be written down and read back at any moment.

Rules this file obeys:

* Whatever a power cut must not lose stands here, and nothing stands anywhere else.
* The state refers to nothing: scale, pieces, trials and figures are held whole, the draw's ticket too.
* Every look at the scale is kept, also the one that was refused or taken back.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from firmware_app.procedures.challenge.draw import Ticket
from firmware_app.procedures.challenge.plan import Deck, Trial
from firmware_app.procedures.law import Law
from firmware_app.procedures.settle import Window
from firmware_app.procedures.taken import Figure, PanMass
from firmware_app.quantity import Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.checks import PartialRange
from firmware_app.uncertainty.decision import Verdict
from hardware.loadcell.contract import Fault

MAX_LOOKS = 40
"""Looks kept in full, nearly twice those of a challenge without a slip; what is refused beyond them is only
counted, and nothing can be taken back. An entry takes about 48,000 bytes, a look over the lead about 500."""


class Phase(enum.StrEnum):
    """Where the challenge stands."""

    READY = "ready"
    LOAD = "load"
    """A load lies on the scale under test; its figure is asked for."""
    HOLD = "hold"
    """The same load still lies; the figure is looked at a second time."""
    KEY = "key"
    """The same load still lies; a key was pressed."""
    CHANGED = "changed"
    """The figure changed; the new one is asked for."""
    POWER = "power"
    """The scale is switched off and on."""
    CLEAR_PAN = "clear_pan"
    WEIGH = "weigh"
    """The goods go on our pan."""
    INTERRUPTED = "interrupted"
    DONE = "done"


class Kind(enum.StrEnum):
    """What was looked at."""

    FIRST = "first"
    HELD = "held"
    KEY = "key"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the scale under test.

    ``figure``: None where the person says that it is the same as the first. ``key``: pressed before.
    ``absent``: the scale has no such key. ``problem``: why the figure was refused. ``dropped``: why it no
    longer counts. ``empty``/``loaded``: our pan before and with the goods, at the first look of a load.
    """

    trial: int
    kind: Kind
    key: str = ""
    figure: Figure | None = None
    absent: bool = False
    at_ns: int = 0
    problem: str = ""
    dropped: str = ""
    empty: PanMass | None = None
    loaded: PanMass | None = None

    @property
    def counts(self) -> bool:
        """Whether the look still stands."""
        return not self.problem and not self.dropped


class Stop(msgspec.Struct, frozen=True):
    """A fault of the pan that stopped the challenge at a trial."""

    trial: int
    fault: Fault


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one pattern comes to.

    ``p``: upper bound of the probability that an honest scale shows at least this; 1 where nothing speaks for
    it. ``tested``: False where the loads do not let it be seen. ``estimate``: its size as a decimal string,
    in ``unit`` (``%`` or ``g``). ``explained``: an honest scale may show this.
    """

    pattern: str
    p: float
    tested: bool
    explained: bool
    estimate: str = ""
    unit: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the challenge comes to. ``pattern``: the one that fits best of those not explained, else empty.

    ``p_text``: bound of its probability as it is said, after allowance for the number of patterns tried.
    """

    verdict: Verdict
    reason: str
    next_step: str
    pattern: str
    p_text: str
    found: tuple[Found, ...]
    readings: int
    beyond: int
    law: Law


class ChallengeState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; see the module's rules. ``key``: place of the key in its trial."""

    scale: Scale
    ranges: tuple[PartialRange, ...] = ()
    """Of a multi-interval scale, rising, the last one the registry's; empty where there is one range."""
    ticket: Ticket
    deck: Deck
    trials: tuple[Trial, ...]
    phase: Phase = Phase.READY
    number: int = 1
    key: int = 0
    problem: str = ""
    looks: tuple[Look, ...] = ()
    refused_more: int = 0
    left_out: tuple[int, ...] = ()
    """Trials that could not be done (a scale that cannot be switched off)."""
    asked: Phase = Phase.HOLD
    """Where CHANGED was asked from."""
    since_ns: int | None = None
    """Since when the load lies for the second look; None after a restart."""
    lead: bool = False
    """The lead of this scale can be read."""
    listening_ns: int | None = None
    lead_window: Window | None = None
    heard: bool = False
    pan_window: Window | None = None
    pan_last: PanMass | None = None
    pan_empty: PanMass | None = None
    pan_fault: Fault | None = None
    pan_unfit: str = ""
    back_to: Phase = Phase.CLEAR_PAN
    interruptions: tuple[Stop, ...] = ()
    result: Result | None = None
    body: dict[str, Any] | None = None

    @property
    def trial(self) -> Trial:
        """The trial being asked for."""
        return self.trials[self.number - 1]

    @property
    def standing(self) -> tuple[Look, ...]:
        """The looks of this trial that stand, in order."""
        return tuple(look for look in self.looks if look.counts and look.trial == self.number)


def interval_at(state: ChallengeState, shown_g: Grams) -> Grams:
    """The interval in which the scale shows such a figure: d, or e of the lower range that it lies in."""
    lower = next((each for each in state.ranges if shown_g <= each.max_g), None)
    return state.scale.d_g if lower is None or lower.e_g == state.scale.e_g else lower.e_g


def changed(state: ChallengeState, **fields: object) -> ChallengeState:
    """The state with some fields replaced."""
    return msgspec.structs.replace(state, **fields)


def first_look(state: ChallengeState) -> Look:
    """The figure that the load of this trial gave first."""
    return state.standing[0]
