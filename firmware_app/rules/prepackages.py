"""Prepackages declared by mass: tolerable deficiency, one package, a lot by its sample, characters.

Rules this file obeys:

* A deficiency is nominal minus actual; a package that holds more wrongs nobody.
* The sampling plan names its edition; a sample of another size than the plan's is refused, not scaled.
* Mean and standard deviation are judged unrounded.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec

from firmware_app.quantity import Grams, show_mass, trimmed
from firmware_app.rules.base import Confidence, OutsideTable, Row, RulesError, weakest
from firmware_app.rules.prepackage_rows import DeficiencyRow, PrepackagePack, SamplingRow
from firmware_app.rules.shortage import judge_shortage
from firmware_app.uncertainty.decision import Verdict, capable

MOST_OF_NOMINAL = 2
"""A package of more than twice its nominal quantity is a slip of the pen."""
MILLIGRAM = Decimal("0.001")


class BadSample(RulesError):
    """The figures make no sense or do not fit the sampling plan; the message says what to give instead."""


class Tolerable(msgspec.Struct, frozen=True, kw_only=True):
    """T of one nominal quantity, rounded as the annex says; ``exact_g`` before rounding."""

    nominal_g: Grams
    tolerable_g: Grams
    exact_g: Grams
    clause: str
    confidence: Confidence


class PackageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on one package. ``error_g``: nominal minus actual; ``beyond``: how many T it exceeds, 0…2."""

    verdict: Verdict
    reason: str
    nominal_g: Grams
    actual_g: Grams
    error_g: Grams
    expanded_g: Grams | None
    limit_g: Grams
    twice_g: Grams
    beyond: int
    character_height_mm: Decimal
    label_unit: str
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence


class LotAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on a lot. ``limit_g``: Qn − λ·s, None where single packages only are judged.

    ``error_g``: nominal minus mean. ``beyond_t``: packages short by more than T and at most 2 T.
    """

    verdict: Verdict
    reason: str
    lot: int
    samples: int
    nominal_g: Grams
    mean_g: Grams
    standard_deviation_g: Grams | None
    """Standard deviation s of the sample (n − 1)."""
    error_g: Grams
    limit_g: Grams | None
    factor: Decimal | None
    tolerable_g: Grams
    beyond_t: int
    allowed_beyond_t: int
    beyond_2t: int
    allowed_beyond_2t: int
    sampling_edition: str
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence


def tolerable(pack: PrepackagePack, nominal_g: Grams) -> Tolerable:
    """T of a nominal quantity; raises OutsideTable. Source: Order 70, annex 3."""
    row = _deficiency(pack, nominal_g)
    # A row has one of the two, its shape sees to that.
    exact = row.mass_g or (row.percent or Decimal(0)) * nominal_g / 100
    rounding = next(
        each
        for each in pack.roundings
        if not each.always_up and (each.up_to_g is None or nominal_g <= each.up_to_g)
    )
    steps = (exact / rounding.step_g).to_integral_value(ROUND_HALF_UP)
    return Tolerable(
        nominal_g=nominal_g,
        tolerable_g=steps * rounding.step_g,
        exact_g=exact,
        clause="; ".join(dict.fromkeys((row.clause, rounding.clause))),
        confidence=weakest(row.confidence, rounding.confidence, pack.adoption.confidence),
    )


def character_height(pack: PrepackagePack, nominal_g: Grams) -> Decimal:
    """The least height in mm of the characters of the net content."""
    return next(row.height_mm for row in pack.characters if row.up_to_g is None or nominal_g <= row.up_to_g)


def label_unit(pack: PrepackagePack, nominal_g: Grams) -> str:
    """The unit in which the net content is declared, g or kg."""
    return "g" if nominal_g < pack.label.kilograms_from_g else "kg"


def sampling_row(pack: PrepackagePack, lot: int) -> SamplingRow:
    """The line of the sampling plan for a lot; raises BadSample."""
    if lot < 1:
        raise BadSample(f"a lot of {lot}: give the number of packages in it, 1 or more")
    return next(row for row in pack.sampling if row.lot_to is None or lot <= row.lot_to)


def judge_package(
    pack: PrepackagePack, nominal_g: Grams, actual_g: Grams, standard_g: Grams | None = None
) -> PackageAnswer:
    """The verdict on one package; ``standard_g``: standard uncertainty of the actual mass.

    Raises OutsideTable, and BadSample for figures that make no sense. Source: Order 70, annex 3.
    """
    limit = tolerable(pack, nominal_g)
    _sane(nominal_g, actual_g)
    if standard_g is not None and not (standard_g.is_finite() and standard_g >= 0):
        raise BadSample(f"u {standard_g} g: give a mass from zero up")
    error = nominal_g - actual_g
    expanded = None if standard_g is None else 2 * standard_g
    twice = 2 * limit.tolerable_g
    if expanded is not None and not capable(expanded, limit.tolerable_g):
        verdict = Verdict.CANNOT_JUDGE
        reason = (
            f"U = {show_mass(expanded)} (k = 2) is more than a third of the tolerable "
            f"{show_mass(limit.tolerable_g)}: weigh on a finer scale"
        )
    else:
        verdict = judge_shortage(error, expanded or Decimal(0), limit.tolerable_g)
        reason = _found(error, limit.tolerable_g)
        if verdict is Verdict.UNDECIDED:
            reason += "; too close to tell: weigh more finely"
    return PackageAnswer(
        verdict=verdict,
        reason=reason,
        nominal_g=nominal_g,
        actual_g=actual_g,
        error_g=error,
        expanded_g=expanded,
        limit_g=limit.tolerable_g,
        twice_g=twice,
        beyond=int(error > limit.tolerable_g) + int(error > twice),
        character_height_mm=character_height(pack, nominal_g),
        label_unit=label_unit(pack, nominal_g),
        clause="; ".join(dict.fromkeys((pack.single.clause, limit.clause))),
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        confidence=weakest(limit.confidence, pack.single.confidence),
    )


def judge_lot(pack: PrepackagePack, nominal_g: Grams, lot: int, actual_g: tuple[Grams, ...]) -> LotAnswer:
    """The verdict on a lot by the actual masses of its sample.

    Accepted where the mean is at least Qn − λ·s and no more packages than allowed are short by more than T
    and by more than 2 T. Raises OutsideTable, BadSample. Source: the plan of the pack's edition.
    """
    limit = tolerable(pack, nominal_g)
    plan = sampling_row(pack, lot)
    wanted = lot if plan.samples is None else plan.samples
    if len(actual_g) != wanted:
        raise BadSample(f"a lot of {lot} wants a sample of {wanted} packages; there are {len(actual_g)}")
    for each in actual_g:
        _sane(nominal_g, each)
    mean = sum(actual_g, Decimal(0)) / len(actual_g)
    spread = _spread(actual_g, mean) if len(actual_g) > 1 else None
    floor = None if plan.factor is None or spread is None else nominal_g - plan.factor * spread
    beyond_t, beyond_2t = _beyond(nominal_g, limit.tolerable_g, actual_g)
    faults = []
    if floor is not None and mean < floor:
        faults.append(f"the mean {_mg(mean)}\u00a0g is below {_mg(floor)}\u00a0g")
    for found, allowed, times in (
        (beyond_t, plan.allowed_beyond_t, "T"),
        (beyond_2t, plan.allowed_beyond_2t, "2 T"),
    ):
        if found > allowed:
            faults.append(f"{found} packages are short by more than {times}, allowed {allowed}")
    reason = "; ".join(faults) or "the mean and the single packages are within the plan"
    leans: tuple[Row, ...] = (plan, pack.single) if floor is None else (plan, pack.mean)
    return LotAnswer(
        verdict=Verdict.DOES_NOT_CONFORM if faults else Verdict.CONFORMS,
        reason=f"{reason}; sampling plan of {pack.sampling_edition}",
        lot=lot,
        samples=wanted,
        nominal_g=nominal_g,
        mean_g=mean,
        standard_deviation_g=spread,
        error_g=nominal_g - mean,
        limit_g=floor,
        factor=plan.factor,
        tolerable_g=limit.tolerable_g,
        beyond_t=beyond_t,
        allowed_beyond_t=plan.allowed_beyond_t,
        beyond_2t=beyond_2t,
        allowed_beyond_2t=plan.allowed_beyond_2t,
        sampling_edition=pack.sampling_edition,
        clause="; ".join(dict.fromkeys((*(row.clause for row in leans), limit.clause))),
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        confidence=weakest(limit.confidence, *(row.confidence for row in leans)),
    )


def _deficiency(pack: PrepackagePack, nominal_g: Grams) -> DeficiencyRow:
    if nominal_g.is_finite() and nominal_g > 0:
        for row in pack.deficiencies:
            if nominal_g <= row.up_to_g:
                return row
    top = show_mass(pack.deficiencies[-1].up_to_g)
    given = show_mass(nominal_g) if nominal_g.is_finite() else str(nominal_g)
    raise OutsideTable(f"nominal {given} is outside the table: above zero up to {top}")


def _sane(nominal_g: Grams, actual_g: Grams) -> None:
    if not (actual_g.is_finite() and 0 <= actual_g <= MOST_OF_NOMINAL * nominal_g):
        raise BadSample(
            f"actual {actual_g} g of a package of {show_mass(nominal_g)}: "
            "give its net mass, from zero to twice the nominal"
        )


def _spread(actual_g: tuple[Grams, ...], mean: Grams) -> Grams:
    squares = sum(((each - mean) ** 2 for each in actual_g), Decimal(0))
    return (squares / (len(actual_g) - 1)).sqrt()


def _beyond(nominal_g: Grams, limit_g: Grams, actual_g: tuple[Grams, ...]) -> tuple[int, int]:
    short = [nominal_g - each for each in actual_g]
    beyond_2t = sum(each > 2 * limit_g for each in short)
    return sum(each > limit_g for each in short) - beyond_2t, beyond_2t


def _found(error: Grams, limit: Grams) -> str:
    if error <= 0:
        return "not short"
    if error <= limit:
        return f"short by {show_mass(error)}, tolerable {show_mass(limit)}"
    times = "2 T" if error > 2 * limit else "T"
    return f"short by {show_mass(error)}, more than {times} (T = {show_mass(limit)})"


def _mg(value: Grams) -> str:
    return trimmed(value.quantize(MILLIGRAM))
