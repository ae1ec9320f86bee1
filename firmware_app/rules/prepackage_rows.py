"""The shape of a pack on prepackages: tolerable deficiency, rounding, sampling plan, characters.

Rules this file obeys:

* A row holds from the row before it up to and including its own bound.
* Nothing is evaluated here.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.rules.base import Dated, Row


class DeficiencyRow(Row, frozen=True, kw_only=True):
    """Tolerable deficiency T up to ``up_to_g``: either a percentage of Qn or a mass; raises ValueError."""

    up_to_g: Decimal
    percent: Decimal | None = None
    mass_g: Decimal | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.percent is None) == (self.mass_g is None):
            raise ValueError("a deficiency is either a percentage or a mass")


class RoundingRow(Row, frozen=True, kw_only=True):
    """T is rounded to ``step_g`` up to and including ``up_to_g`` (None: above); half a step goes up.

    ``always_up``: another source's way to round, kept beside the one that is applied.
    """

    up_to_g: Decimal | None = None
    step_g: Decimal
    always_up: bool = False


class SamplingRow(Row, frozen=True, kw_only=True):
    """For lots up to ``lot_to`` (None: all above): n (None: all), λ, packages allowed beyond T and 2 T."""

    lot_to: int | None = None
    samples: int | None = None
    factor: Decimal | None = None
    """λ of q̄ ≥ Qn − λ·s; None where only the single packs are judged."""
    allowed_beyond_t: int
    allowed_beyond_2t: int


class CharacterRow(Row, frozen=True, kw_only=True):
    """Least height of the characters of the net content up to and including ``up_to_g`` (None: above)."""

    up_to_g: Decimal | None = None
    height_mm: Decimal


class LabelRow(Row, frozen=True, kw_only=True):
    """Below ``kilograms_from_g`` the net content is declared in g, from there in kg."""

    kilograms_from_g: Decimal


class DeficiencyVector(msgspec.Struct, frozen=True, kw_only=True):
    """A T the pack must give, or (``tolerable_g`` None) must refuse to give."""

    nominal_g: Decimal
    tolerable_g: Decimal | None = None


class PrepackagePack(Dated, frozen=True, kw_only=True, tag_field="kind", tag="prepackages"):
    """Rules for the net content of prepackages declared by mass."""

    sampling_edition: str
    deficiencies: tuple[DeficiencyRow, ...]
    roundings: tuple[RoundingRow, ...]
    single: Row
    mean: Row
    sampling: tuple[SamplingRow, ...]
    characters: tuple[CharacterRow, ...]
    label: LabelRow
    vectors: tuple[DeficiencyVector, ...]
