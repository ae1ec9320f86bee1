"""The error of a scale near one load from several odd loads read directly: their rounding averages out.

Rules this file obeys:

* Nothing is assumed of how odd the loads are: the reference says where each one lies between two intervals,
  and the doubt of the mean is that of just these places. Loads that are all alike gain nothing.
* What scatters more than rounding explains is noise of the scale, and is added.
* The reference and the zero are common to all readings: they do not average out.

Of a scale that rounds to d, the rounding of a load m with the error E is a saw tooth of (m + E) mod d. Over
an unknown E two loads that lie δ apart (mod d) have rounding errors whose covariance is d²/12 − δ(d − δ)/2:
the autocorrelation of that saw tooth. Equal loads: d²/12. Half an interval apart: −d²/24, so that two of
them know the mean to d/(2·√12), as a display twice as fine would.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from firmware_app.procedures.budget import expanded_g
from firmware_app.quantity import Grams

MOST = 6
"""Loads near each other that are asked for at most; more patience than that nobody has."""
COARSE_SHARE = 0.1
"""Of d: a reference that is less sure than that does not know where between two intervals the load lies."""
MILLIGRAM = Decimal("0.001")


class OddLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One load read directly: indication, mass by the reference and its standard uncertainty, in grams."""

    indication_g: Grams
    mass_g: Grams
    standard_g: float


class Averaged(msgspec.Struct, frozen=True, kw_only=True):
    """The mean error of some odd loads near their mean; the parts of U(k = 2) as standard uncertainties.

    All in grams. ``rounding_g``: of the mean, at load; ``zero_g``: of the display at zero; ``noise_g``: of
    the scale, of the mean; ``reference_g``: of the masses, taken as common to all.
    """

    count: int
    load_g: Grams
    indication_g: Grams
    error_g: Grams
    expanded_g: Grams
    rounding_g: float
    zero_g: float
    noise_g: float
    reference_g: float


def average(loads: Sequence[OddLoad], d_g: Grams) -> Averaged:
    """The mean of one or more loads; raises ValueError for none.

    Source of the terms: EURAMET cg-18 7.1 (rounding at load and at zero, repeatability); of one load it is
    the budget of a direct reading.
    """
    if not loads:
        raise ValueError("the mean of no loads")
    count, d = len(loads), float(d_g)
    errors = [load.indication_g - load.mass_g for load in loads]
    reference = max(load.standard_g for load in loads)
    rounding = _rounding([float(load.mass_g % d_g) for load in loads], d)
    if reference > COARSE_SHARE * d:
        rounding = max(rounding, d / math.sqrt(12 * count))
    noise = _noise([float(error) for error in errors], rounding, d)
    zero = d / math.sqrt(12)
    return Averaged(
        count=count,
        load_g=_mean([load.mass_g for load in loads]),
        indication_g=_mean([load.indication_g for load in loads]),
        error_g=_mean(errors),
        expanded_g=expanded_g(reference, rounding, zero, noise),
        rounding_g=rounding,
        zero_g=zero,
        noise_g=noise,
        reference_g=reference,
    )


def _rounding(places: list[float], d: float) -> float:
    """Standard uncertainty of the mean rounding of loads at these places between two intervals."""
    total = 0.0
    for one in places:
        for other in places:
            apart = abs(one - other)
            total += d * d / 12 - apart * (d - apart) / 2
    return math.sqrt(max(total, 0.0)) / len(places)


def _noise(errors: list[float], rounding: float, d: float) -> float:
    """Standard uncertainty of the mean by what the errors scatter beyond their rounding."""
    count = len(errors)
    if count < 2:
        return 0.0
    by_rounding = count / (count - 1) * (d * d / 12 - rounding * rounding)
    return math.sqrt(max(0.0, statistics.variance(errors) - by_rounding) / count)


def _mean(values: list[Grams]) -> Grams:
    return (sum(values, Decimal(0)) / len(values)).quantize(MILLIGRAM)
