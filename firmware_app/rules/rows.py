"""The shape of a law pack: dated rows, each with its clause, its source and how well it is confirmed.

Rules this file obeys:

* A row that does not say where it comes from is not a row; unknown keys are refused.
* Numbers are Decimals written as text in the pack, so that nothing passes through a float.
* Nothing is evaluated here and nothing is read from disk.
"""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal

import msgspec

from firmware_app.errors import SteelyardError


class RulesError(SteelyardError):
    """Root of what this room raises; the message says what, where and what to do."""


class Confidence(enum.StrEnum):
    """How well a row is known; the mapping to the tags of the fact sheet is in docs/law-packs.md."""

    CONFIRMED = "confirmed"
    """Read in the primary text itself."""
    SECONDARY = "secondary"
    """Read in one or more secondary sources; the row's source says which."""
    UNCONFIRMED = "unconfirmed"
    """Recalled, or carried over from a text that is no longer the one in force."""


def weakest(*confidences: Confidence) -> Confidence:
    """The confidence of an answer that leans on several rows."""
    order = list(Confidence)
    return max(confidences, key=order.index)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row of a pack says about itself; raises ValueError where a field is empty."""

    clause: str
    source: str
    confidence: Confidence

    def __post_init__(self) -> None:
        if not self.clause.strip() or not self.source.strip():
            raise ValueError("a row names its clause and its source")


class Stage(enum.StrEnum):
    """When in its life an instrument is judged."""

    INITIAL = "initial"
    """首次检定."""
    SUBSEQUENT = "subsequent"
    """后续检定: periodic, and after repair."""
    IN_SERVICE = "in_service"
    """使用中检查: in use, a spot check on the market."""


class ClassRow(Row, frozen=True, kw_only=True):
    """One line of the table of accuracy classes. ``e_from_g``/``e_to_g``: inclusive, None where open."""

    accuracy_class: str
    e_from_g: Decimal
    e_to_g: Decimal | None = None
    n_min: int
    n_max: int | None = None
    min_e: Decimal
    """Lower limit of Min in verification scale intervals e."""


class StepRow(Row, frozen=True, kw_only=True):
    """MPE on initial verification up to and including ``up_to_e`` (None: up to Max)."""

    accuracy_class: str
    up_to_e: Decimal | None = None
    mpe_e: Decimal


class StageRow(Row, frozen=True, kw_only=True):
    """How many times the initial MPE is allowed at a stage."""

    stage: Stage
    factor: Decimal


class DivisorRow(Row, frozen=True, kw_only=True):
    """A share of something, as one over ``divisor``."""

    divisor: Decimal


class FactorRow(Row, frozen=True, kw_only=True):
    """A multiple of e."""

    factor_e: Decimal


class Handover(Row, frozen=True, kw_only=True):
    """From ``since`` on, another text takes over a part of the instruments.

    The rows of that text stand in no pack: the figures of this one are then given as unconfirmed, with the
    name of the text that is really in force.
    """

    since: date
    to: str
    price_computing: bool
    max_to_g: Decimal


class MpeVector(msgspec.Struct, frozen=True, kw_only=True):
    """A figure the pack must give, or (``limit_g`` None) must refuse to give."""

    accuracy_class: str
    max_g: Decimal
    e_g: Decimal
    load_g: Decimal
    stage: Stage
    limit_g: Decimal | None = None


class WeightRow(Row, frozen=True, kw_only=True):
    """MPE of one nominal value in mg by weight class; a class that is not named is not defined."""

    nominal_g: Decimal
    mpe_mg: dict[str, Decimal]


class WeightVector(msgspec.Struct, frozen=True, kw_only=True):
    """A figure the pack must give, or (``mpe_mg`` None) must say is not defined."""

    weight_class: str
    nominal_g: Decimal
    mpe_mg: Decimal | None = None


class _Dated(msgspec.Struct, frozen=True, kw_only=True):
    """What every pack has. ``expires`` is the first day on which it is no longer in force."""

    id: str
    version: str
    title: str
    effective: date
    expires: date | None = None
    source: str
    adoption: Row
    """How the national text and the international one whose rows are kept here hang together."""
    sha256: str = ""
    """Hash of the pack's file; never written in the file itself."""

    def covers(self, on: date) -> bool:
        """Whether the pack is in force on that day."""
        return self.effective <= on and (self.expires is None or on < self.expires)


class NawiPack(_Dated, frozen=True, kw_only=True, tag_field="kind", tag="nawi"):
    """Rules for non-automatic weighing instruments."""

    scale_interval: Row
    classes: tuple[ClassRow, ...]
    steps: tuple[StepRow, ...]
    stages: tuple[StageRow, ...]
    reference: DivisorRow
    zero_setting: FactorRow
    eccentricity: DivisorRow
    change_point: Row
    handovers: tuple[Handover, ...] = ()
    vectors: tuple[MpeVector, ...]


class WeightsPack(_Dated, frozen=True, kw_only=True, tag_field="kind", tag="weights"):
    """Maximum permissible errors of weights."""

    weight_classes: tuple[str, ...]
    rows: tuple[WeightRow, ...]
    vectors: tuple[WeightVector, ...]


Pack = NawiPack | WeightsPack
