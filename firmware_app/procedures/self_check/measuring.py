"""What was measured of the scale under test: each load by itself, or odd loads near each other as one.

Rules this file obeys:

* Loads are taken together only where none of them says something by itself: a load that is beyond the limit
  beyond doubt, or whose display changed, stands alone, and so do those beside it.
* U holds the reference and the rounding of the scale under test (budget.py, odd_loads.py).
* A load without a usable reference has no mass; it is kept, to be said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from firmware_app.procedures.budget import expanded_g, expanded_of_error, limit_between
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import Way
from firmware_app.procedures.self_check.odd_loads import MILLIGRAM, Averaged, OddLoad, average
from firmware_app.procedures.self_check.state import Attempt, ChangePoint
from firmware_app.quantity import Estimate, Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import change_point_error, corrected_error
from firmware_app.rules.rows import RulesError
from firmware_app.standards.sets import NotUsable, reference_mass
from firmware_app.uncertainty.decision import Verdict, guarded


class Mass(msgspec.Struct, frozen=True, kw_only=True):
    """What lay on the scale by the reference, to the milligram, and what follows for the error; grams.

    ``reference``: as it was known. ``known_g``: its U(k = 2); ``expanded_g``: that of the error.
    """

    reference: Estimate
    mass_g: Grams
    known_g: Grams
    error_g: Grams
    expanded_g: Grams


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged as one. ``mass``: None where the weights must not be used.

    ``nominal_g``: of the weights, by which the law asks; None with goods. ``averaged``: None for one load.
    ``point`` and ``zero``: change points of the load and near zero, where they give the error.
    """

    attempts: tuple[Attempt, ...]
    indication_g: Grams
    nominal_g: Grams | None
    mass: Mass | None
    averaged: Averaged | None = None
    point: ChangePoint | None = None
    zero: ChangePoint | None = None

    @property
    def first(self) -> Attempt:
        """The load that it goes by."""
        return self.attempts[0]


def measured(
    context: Context, scale: Scale, standing: Sequence[Attempt], points: Sequence[ChangePoint] = ()
) -> tuple[Measured, ...]:
    """All loads that stand, in the order in which the first of each was asked for."""
    by_load = {point.number: point for point in points}
    alone = {
        id(attempt): _sharpened(context, scale, _alone(context, scale, attempt), by_load)
        for attempt in standing
    }
    speaking = {
        attempt.load.group
        for attempt in standing
        if attempt.load.group and _speaks(context, scale, alone[id(attempt)])
    }
    found: list[Measured] = []
    for attempt in standing:
        group = attempt.load.group
        together = [each for each in standing if group and each.load.group == group]
        if len(together) < 2 or group in speaking:
            found.append(alone[id(attempt)])
        elif attempt is together[0]:
            found.append(_together(context, scale, together))
    return tuple(found)


def reference_of(context: Context, attempt: Attempt) -> Estimate:
    """The mass of the load by weights, comparison or pan; raises NotUsable."""
    if attempt.way is Way.WEIGHTS:
        return reference_mass(attempt.load.pieces, context.on)
    assert attempt.loaded is not None and attempt.empty is not None
    compared = attempt.compared
    if compared is not None and compared.result is not None and not compared.why_not:
        return Estimate(compared.result.mass.value, compared.standard_g)
    net = attempt.loaded.mass_g - attempt.empty.mass_g
    return Estimate(float(net), math.hypot(attempt.loaded.standard_g, attempt.empty.standard_g))


# ------------------------------------------------------------------------------------------------ inside


def _alone(context: Context, scale: Scale, attempt: Attempt) -> Measured:
    indication = _shown(attempt)
    try:
        reference = reference_of(context, attempt)
    except NotUsable:
        return Measured(
            attempts=(attempt,), indication_g=indication, nominal_g=attempt.load.nominal_g, mass=None
        )
    mass = _milligrams(reference.value)
    return Measured(
        attempts=(attempt,),
        indication_g=indication,
        nominal_g=attempt.load.nominal_g,
        mass=Mass(
            reference=reference,
            mass_g=mass,
            known_g=expanded_g(reference.standard),
            error_g=indication - mass,
            expanded_g=expanded_of_error(reference.standard, scale.d_g),
        ),
    )


def _sharpened(context: Context, scale: Scale, alone: Measured, by_load: dict[int, ChangePoint]) -> Measured:
    """The load by its change point and that near zero, where both were found (R 76-1:2006 A.4.4.3)."""
    point, zero = by_load.get(alone.first.number), by_load.get(0)
    if point is None or zero is None or alone.mass is None:
        return alone
    near_zero = reference_mass(zero.pieces, context.on)
    error = corrected_error(
        change_point_error(point.indication_g, alone.mass.mass_g, point.added_g, scale.e_g),
        change_point_error(zero.indication_g, _milligrams(near_zero.value), zero.added_g, scale.e_g),
    )
    standard = alone.mass.reference.standard
    mass = msgspec.structs.replace(
        alone.mass,
        error_g=error,
        expanded_g=expanded_of_error(standard, max(point.step_g, zero.step_g), near_zero.standard),
    )
    return msgspec.structs.replace(alone, indication_g=point.indication_g, mass=mass, point=point, zero=zero)


def _together(context: Context, scale: Scale, attempts: Sequence[Attempt]) -> Measured:
    """The mean of odd loads, whose reference is the least sure of theirs."""
    loads = []
    for attempt in attempts:
        reference = reference_of(context, attempt)
        loads.append(
            OddLoad(
                indication_g=_shown(attempt),
                mass_g=_milligrams(reference.value),
                standard_g=reference.standard,
            )
        )
    mean = average(loads, scale.d_g)
    return Measured(
        attempts=tuple(attempts),
        indication_g=mean.indication_g,
        nominal_g=None,
        mass=Mass(
            reference=Estimate(float(mean.load_g), mean.reference_g),
            mass_g=mean.load_g,
            known_g=expanded_g(mean.reference_g),
            error_g=mean.error_g,
            expanded_g=mean.expanded_g,
        ),
        averaged=mean,
    )


def _speaks(context: Context, scale: Scale, alone: Measured) -> bool:
    """Whether a load says by itself what no mean may cover up."""
    if alone.first.changed is not None or alone.mass is None:
        return True
    try:
        limit = limit_between(context, scale, alone.mass.mass_g, alone.mass.mass_g)
    except RulesError:
        return True
    return guarded(alone.mass.error_g, alone.mass.expanded_g, limit) is Verdict.DOES_NOT_CONFORM


def _shown(attempt: Attempt) -> Grams:
    assert attempt.figure.value_g is not None
    return attempt.figure.value_g


def _milligrams(value: float) -> Grams:
    return Decimal(repr(value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
