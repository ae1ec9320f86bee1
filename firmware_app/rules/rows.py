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

from firmware_app.rules.base import Confidence as Confidence  # noqa: PLC0414 - sought here too
from firmware_app.rules.base import Dated, Row
from firmware_app.rules.base import RulesError as RulesError  # noqa: PLC0414 - sought here too
from firmware_app.rules.base import weakest as weakest  # noqa: PLC0414 - sought here too
from firmware_app.rules.checklist_rows import ChecklistPack
from firmware_app.rules.code_rows import CodePack
from firmware_app.rules.plan_rows import PlanRows, PlanVector, Scope
from firmware_app.rules.plan_rows import Stage as Stage  # noqa: PLC0414 - sought here too
from firmware_app.rules.prepackage_rows import PrepackagePack
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.unit_rows import UnitsPack


class Platform(enum.StrEnum):
    """What carries the load, as far as the eccentric load goes by it."""

    MANY_SUPPORTS = "many_supports"
    """More than four points of support."""
    MINIMAL_OFF_CENTRE = "minimal_off_centre"
    """Tank or hopper."""
    ROLLING = "rolling"


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


class EccentricLoadRow(Row, frozen=True, kw_only=True):
    """The eccentric load of a platform as a fraction of Max and additive tare; raises ValueError.

    Either ``fraction``, or one over the number of supports less ``supports_less``.
    """

    platform: Platform
    fraction: Decimal | None = None
    supports_less: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.fraction is None) == (self.supports_less is None):
            raise ValueError("an eccentric load is either a fraction or goes by the supports")


class RepeatabilityRow(Row, frozen=True, kw_only=True):
    """How often and at which fractions of Max the same load is weighed; ``recalled`` rows are not applied."""

    accuracy_class: str
    weighings: int
    fractions: tuple[Decimal, ...]
    series: int
    recalled: bool = False


class DiscriminationRow(Row, frozen=True, kw_only=True):
    """The extra load in d that must change the display, tried at Min and at fractions of Max."""

    factor_d: Decimal
    fractions_of_max: tuple[Decimal, ...]


class SubstitutionRow(Row, frozen=True, kw_only=True):
    """Weights of Max over ``divisor`` suffice where the repeatability is at most ``repeatability_e`` e."""

    divisor: Decimal
    repeatability_e: Decimal | None = None


class LoadPointsRow(Row, frozen=True, kw_only=True):
    """The loads of the weighing test besides Min and the steps of the MPE, and how many at least."""

    fractions_of_max: tuple[Decimal, ...]
    least: int


class PriceRow(Row, frozen=True, kw_only=True):
    """The smallest coin step of a price to pay."""

    step_yuan: Decimal


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


class NawiPack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="nawi"):
    """Rules for non-automatic weighing instruments."""

    scale_interval: Row
    classes: tuple[ClassRow, ...]
    steps: tuple[StepRow, ...]
    stages: tuple[StageRow, ...]
    reference: DivisorRow
    zero_setting: FactorRow
    eccentricity: DivisorRow
    partial_eccentric_loads: tuple[EccentricLoadRow, ...]
    change_point: Row
    repeatability: tuple[RepeatabilityRow, ...]
    discrimination: DiscriminationRow
    substitution: tuple[SubstitutionRow, ...]
    partial_range: Row
    load_points: LoadPointsRow
    price_computing: PriceRow
    handovers: tuple[Handover, ...] = ()
    scope: Scope | None = None
    """The scales that the pack is about, None: all of them."""
    plan: PlanRows | None = None
    """How a scale is tested; None in packs of before there were such rows."""
    vectors: tuple[MpeVector, ...]
    plan_vectors: tuple[PlanVector, ...] = ()


class WeightsPack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="weights"):
    """Maximum permissible errors of weights."""

    weight_classes: tuple[str, ...]
    rows: tuple[WeightRow, ...]
    vectors: tuple[WeightVector, ...]


Pack = NawiPack | WeightsPack | RetailPack | PrepackagePack | CodePack | UnitsPack | ChecklistPack
