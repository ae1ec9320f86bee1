"""Conformity of what is known with doubt: probabilities and guard bands of JCGM 106:2012.

Rules this file obeys:

* All amounts of a call are in one unit, and standard uncertainties are above zero.
* A probability says how sure it is that the true value conforms, given a normal distribution about the
  measured one; it is shown beside a verdict and never replaces the rule in ``decision``.
* A guard band moves the limit by what doubt there is: inwards before clearing, outwards before accusing.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from firmware_app.uncertainty.coverage import quantile


def probability_within(
    value: float, standard: float, lower: float = -math.inf, upper: float = math.inf
) -> float:
    """Probability that the true value lies within the limits, one or both (JCGM 106 7.3 and 7.4)."""
    if not (standard > 0 and math.isfinite(standard) and math.isfinite(value)):
        raise ValueError(f"no probability for the value {value!r} with standard uncertainty {standard!r}")
    if not lower <= upper:
        raise ValueError(f"the lower limit {lower!r} is not below the upper one {upper!r}")
    low, high = (lower - value) / standard, (upper - value) / standard
    if low > 0:
        # Far above the mean both are near one, and their difference would lose every digit.
        low, high = -high, -low
    normal = NormalDist()
    return normal.cdf(high) - normal.cdf(low)


def capability_index(tolerance: float, standard: float) -> float:
    """C_m = T/(4u) of a tolerance of full width T (JCGM 106 7.6); for ± a limit it is limit/U(k = 2)."""
    return tolerance / (4 * standard)


def guard_band(standard: float, confidence: float, dof: float = math.inf) -> float:
    """Width w = z·u of a guard band, or t·u with few degrees of freedom (JCGM 106 8.3).

    A value at the limit less w conforms with probability ``confidence`` (one-sided, 0.5 < confidence < 1).
    """
    if not 0.5 < confidence < 1:
        raise ValueError(f"confidence {confidence!r} must be between 0.5 and 1")
    return quantile(confidence, dof) * standard


def acceptance_limits(lower: float, upper: float, band: float) -> tuple[float, float] | None:
    """Between what a measured value is accepted, guarded by ``band``; None where nothing would be.

    A negative band is guarded rejection: outside these limits a value is rejected (JCGM 106 8.3.2, 8.3.3).
    """
    low, high = lower + band, upper - band
    return (low, high) if low <= high else None


def rejection_limit(limit: float, relative_standard: float, confidence: float) -> float:
    """From what measured value the true one is above ``limit`` with ``confidence``.

    The uncertainty is ``relative_standard`` times the measured value (JCGM 106 8.3.3.2, speed limit). Raises
    ValueError where it is so large that no value would do.
    """
    doubt = guard_band(relative_standard, confidence)
    if doubt >= 1:
        raise ValueError(f"with a relative uncertainty of {relative_standard!r} no value is beyond the limit")
    return limit / (1 - doubt)
