"""What judging an old record once more takes and gives: corrections of the standards, and the new verdict.

Rules this file obeys:

* A record is judged again by what stands in its body and by its own pack, never by today's registry, drawer
  or law.
* Without a correction the new verdict is the recorded one; with one, only what rests on the corrected
  standard changes.
* Of an effect whose sign or size nobody can know the worst is taken: it widens U, it shifts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from firmware_app.errors import SteelyardError
from firmware_app.quantity import Grams
from firmware_app.rules.rows import Pack
from firmware_app.uncertainty.decision import Verdict


class CannotRejudge(SteelyardError):
    """The record cannot be judged again; the message says what it lacks."""


class Corrected(msgspec.Struct, frozen=True):
    """What a weight is now known to be: conventional mass and its standard uncertainty, in grams."""

    mass_g: Grams
    standard_g: float


class PanDoubt(msgspec.Struct, frozen=True):
    """By how much the pan may be off because a weight of its calibration was: ``off_g`` at ``nominal_g``.

    The record of a calibration does not say how the curve shared the error out, so at a load above the weight
    it is taken to have grown in proportion, as of a line through that weight alone, and below not to have
    shrunk.
    """

    off_g: Grams
    nominal_g: Grams

    def at(self, load_g: Grams) -> Grams:
        """The most that a weighing of ``load_g`` may be off, in grams."""
        return abs(self.off_g) * max(Decimal(1), load_g / self.nominal_g)


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is now known otherwise than when the record was written.

    ``weights``: by id, those that the record names with the certificate concerned. ``pan``: doubts that its
    calibration has come into. ``pan_lock``: code of why nothing may be judged by the pan, empty where it may.
    """

    weights: Mapping[str, Corrected] = {}
    pan: tuple[PanDoubt, ...] = ()
    pan_lock: str = ""

    def pan_doubt(self, load_g: Grams) -> Grams:
        """All doubts of the pan together at a load, in grams."""
        return sum((doubt.at(load_g) for doubt in self.pan), Decimal(0))


NOTHING_CHANGED = Correction()


class RejudgedLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One load judged again; masses are decimal strings of grams as in the record, empty where unknown."""

    number: int
    load_g: str = ""
    error_g: str = ""
    expanded_g: str = ""
    limit_g: str = ""
    verdict: Verdict
    reason: str = ""


class Rejudged(msgspec.Struct, frozen=True, kw_only=True):
    """A record judged again. ``reason``: code, where not the loads alone say why."""

    verdict: Verdict
    loads: tuple[RejudgedLoad, ...] = ()
    reason: str = ""


class Rejudger(Protocol):
    """Judges the body of one version of one procedure again; raises CannotRejudge.

    ``packs``: those at hand, None for those delivered with the program; the pack that the body cites is taken
    from them by id and hash (`rules.pack.pack_of`).
    """

    def __call__(
        self, body: Mapping[str, Any], correction: Correction, packs: tuple[Pack, ...] | None
    ) -> Rejudged: ...
