"""Coverage factors: how many standard uncertainties hold a probability.

Rules this file obeys:

* k = 2 is 95.45 % of a normal distribution and nothing else; with few degrees of freedom k is larger
  (JCGM 100 G.3 and G.4; EA-4/02 annex E).
* Degrees of freedom need not be whole: t is taken at the very value (JCGM 100 G.4.2 allows it).
"""

from __future__ import annotations

import math
from statistics import NormalDist

PROBABILITY_OF_K_2 = math.erf(math.sqrt(2))
"""0.9545, the probability within two standard deviations of a normal distribution."""

_STANDARD = NormalDist()


def quantile(probability: float, dof: float = math.inf) -> float:
    """The one-sided quantile z, or t of ``dof`` degrees of freedom (0 < probability < 1, dof > 0)."""
    if not (0 < probability < 1 and dof > 0):
        raise ValueError(f"no quantile of probability {probability!r} with {dof!r} degrees of freedom")
    if math.isinf(dof):
        return _STANDARD.inv_cdf(probability)
    from scipy.special import stdtrit  # heavy to load, and the appliance starts without it

    return float(stdtrit(dof, probability))


def coverage_factor(dof: float = math.inf, probability: float = PROBABILITY_OF_K_2) -> float:
    """The two-sided factor k with which k·u holds ``probability``."""
    if math.isinf(dof) and probability == PROBABILITY_OF_K_2:
        return 2.0
    return quantile((1 + probability) / 2, dof)


def factor_with_limit(limited: float, normal: float, probability: float = PROBABILITY_OF_K_2) -> float:
    """The two-sided factor k where one part is known by a limit only (rectangular) and the rest is normal.

    Both are standard uncertainties in one unit. The limit alone gives k = 1.65 for 95 %, as a rectangular
    distribution has no tails (EA-4/02 M:2022 S9.14); k = 2 would hold everything and say too much. Exact: the
    distribution function of the sum is an integral of the normal one.
    """
    if not (limited >= 0 and normal >= 0 and limited + normal > 0 and 0 < probability < 1):
        raise ValueError(f"no factor for {limited!r} and {normal!r} with probability {probability!r}")
    half = math.sqrt(3) * limited
    total = math.hypot(limited, normal)
    if limited < 1e-6 * total:
        return coverage_factor(math.inf, probability)
    if normal < 1e-6 * total:
        return probability * half / total

    def integral(x: float) -> float:
        return x * _STANDARD.cdf(x) + _STANDARD.pdf(x)

    def held(expanded: float) -> float:
        above, below = (expanded + half) / normal, (expanded - half) / normal
        return normal / half * (integral(above) - integral(below)) - 1

    low, high = 0.0, half + 10 * normal
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle) < probability else (low, middle)
    return high / total
