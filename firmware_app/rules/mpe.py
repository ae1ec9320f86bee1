"""Maximum permissible errors of a scale, and its error before rounding.

Rules this file obeys:

* Decimal grams throughout; limits are inclusive, equality passes (OIML R 76-1:2006 Table 6).
* Every figure comes from a row of the pack handed in, and the answer names that row.
* Outside the table there is no answer, only a refusal in words.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from firmware_app.quantity import Grams, plain, show_mass
from firmware_app.rules.base import OutsideTable as OutsideTable  # noqa: PLC0414 - sought here too
from firmware_app.rules.rows import (
    ClassRow,
    Confidence,
    Handover,
    NawiPack,
    RulesError,
    Stage,
    StageRow,
    StepRow,
    weakest,
)

HALF = Decimal("0.5")


class BadInstrument(RulesError):
    """The data of the scale do not fit any accuracy class of the pack."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What the law must know of a scale: class (I, II, III, IIII), Max, e and, where known, Min; grams."""

    accuracy_class: str
    max_g: Grams
    e_g: Grams
    min_g: Grams | None = None
    price_computing: bool = False


class MpeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The limit for one load and the rows it stands on.

    ``limit_g``: at ``stage``; ``limit_initial_g``: on initial verification. ``superseded_by``: the text that
    is in force for this scale but whose rows nobody has read; the figures are then unconfirmed.
    """

    load_g: Grams
    stage: Stage
    limit_g: Grams
    limit_initial_g: Grams
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence
    superseded_by: str = ""


def class_row(pack: NawiPack, instrument: Instrument) -> ClassRow:
    """The row of accuracy classes that the scale satisfies; raises BadInstrument with the limit it breaks."""
    name, e = instrument.accuracy_class, instrument.e_g
    known = sorted({row.accuracy_class for row in pack.classes})
    if name not in known:
        raise BadInstrument(f"accuracy class {name!r} is not known: use one of {', '.join(known)}")
    if not (e.is_finite() and e > 0 and e.normalize().as_tuple().digits in {(1,), (2,), (5,)}):
        raise BadInstrument(f"e = {e} g must be 1, 2 or 5 times a power of ten")
    row = _row_for_e(pack, name, e)
    n = instrument.max_g / e
    if not (instrument.max_g.is_finite() and n >= row.n_min and (row.n_max is None or n <= row.n_max)):
        most = "no upper limit" if row.n_max is None else f"at most {row.n_max}"
        raise BadInstrument(
            f"n = Max/e = {plain(n.normalize())} does not fit class {name} with e = {show_mass(e)}: "
            f"at least {row.n_min}, {most} ({row.clause})"
        )
    if instrument.min_g is not None and instrument.min_g < row.min_e * e:
        raise BadInstrument(
            f"Min = {show_mass(instrument.min_g)} is below {plain(row.min_e)} e of class {name} "
            f"({row.clause})"
        )
    return row


def mpe(pack: NawiPack, instrument: Instrument, load_g: Grams, stage: Stage, on: date) -> MpeAnswer:
    """The maximum permissible error for a load (grams, either sign) on a date.

    Raises BadInstrument, and OutsideTable for a load that is negative or above Max.
    Source: OIML R 76-1:2006 Table 6 and 3.5.2.
    """
    classed = class_row(pack, instrument)
    if not load_g.is_finite() or load_g < 0:
        raise OutsideTable(f"load {load_g} g: a load is a mass from zero up to Max")
    if load_g > instrument.max_g:
        raise OutsideTable(
            f"load {show_mass(load_g)} is above Max {show_mass(instrument.max_g)}: "
            "the law gives no limit there"
        )
    step = _step(pack, instrument, load_g)
    life = _stage(pack, stage)
    initial = step.mpe_e * instrument.e_g
    handover = handed_over(pack, instrument, on)
    clauses = [step.clause] if life.clause == step.clause else [step.clause, life.clause]
    confidence = weakest(classed.confidence, step.confidence, life.confidence)
    if handover is not None:
        clauses.append(f"{handover.clause}; its limits are not in this pack")
        confidence = Confidence.UNCONFIRMED
    return MpeAnswer(
        load_g=load_g,
        stage=stage,
        limit_g=initial * life.factor,
        limit_initial_g=initial,
        clause="; ".join(clauses),
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        confidence=confidence,
        superseded_by="" if handover is None else handover.to,
    )


def handed_over(pack: NawiPack, instrument: Instrument, on: date) -> Handover | None:
    """The text that has taken this scale over by that day and whose rows nobody has read, if there is one."""
    for row in pack.handovers:
        concerned = instrument.price_computing or not row.price_computing
        if on >= row.since and concerned and instrument.max_g <= row.max_to_g:
            return row
    return None


def steps_of(pack: NawiPack, instrument: Instrument) -> tuple[Grams, ...]:
    """The loads at which the MPE steps up, rising (500 e and 2000 e for class III); raises BadInstrument."""
    bounds = [row.up_to_e for row in pack.steps if row.accuracy_class == instrument.accuracy_class]
    known = sorted(bound * instrument.e_g for bound in bounds if bound is not None)
    if not known:
        raise BadInstrument(f"class {instrument.accuracy_class!r} has no steps in {pack.id}")
    return tuple(known)


def first_step(pack: NawiPack, instrument: Instrument) -> Grams:
    """The load at which the MPE steps up for the first time (500 e for class III, 50 e for IIII)."""
    return steps_of(pack, instrument)[0]


def reference_limit(pack: NawiPack, answer: MpeAnswer) -> Grams:
    """The largest error allowed to the weights used: a third of the MPE (OIML R 76-1:2006 3.7.1)."""
    return answer.limit_initial_g / pack.reference.divisor


def zero_setting_limit(pack: NawiPack, e_g: Grams) -> Grams:
    """The largest deviation after zeroing or taring, inclusive."""
    return pack.zero_setting.factor_e * e_g


def change_point_error(indication_g: Grams, load_g: Grams, added_g: Grams, e_g: Grams) -> Grams:
    """The error before rounding, E = I + ½e − ΔL − L (OIML R 76-1:2006 A.4.4.3).

    ``added_g``: ΔL, the small weights added until the display went over to I + e.
    """
    return indication_g + HALF * e_g - added_g - load_g


def corrected_error(error_g: Grams, zero_error_g: Grams) -> Grams:
    """Ec = E − E0 (OIML R 76-1:2006 A.4.4.3); E0 is always given, never taken to be zero in silence."""
    return error_g - zero_error_g


def _row_for_e(pack: NawiPack, name: str, e: Grams) -> ClassRow:
    for row in pack.classes:
        if row.accuracy_class == name and row.e_from_g <= e and (row.e_to_g is None or e <= row.e_to_g):
            return row
    raise BadInstrument(f"e = {show_mass(e)} does not exist in accuracy class {name}")


def _step(pack: NawiPack, instrument: Instrument, load_g: Grams) -> StepRow:
    for row in pack.steps:
        if row.accuracy_class == instrument.accuracy_class and (
            row.up_to_e is None or load_g <= row.up_to_e * instrument.e_g
        ):
            return row
    raise OutsideTable(
        f"load {show_mass(load_g)} is beyond the last step of class {instrument.accuracy_class}"
    )


def _stage(pack: NawiPack, stage: Stage) -> StageRow:
    for row in pack.stages:
        if row.stage is stage:
            return row
    raise OutsideTable(f"{pack.id} has no rule for the stage {stage.value!r}")
