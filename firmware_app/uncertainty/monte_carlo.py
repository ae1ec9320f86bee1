"""Propagation of distributions: what the model gives for values drawn of every input (JCGM 101).

Rules this file obeys:

* Memory is bounded: inputs are drawn in blocks, only the results are kept (8 bytes a trial).
* The random numbers are seeded by the caller; the same seed gives the same result.
* A trial without a value makes no result: the model is not defined where its inputs may be.
* A moment that does not exist (t of one or two degrees of freedom) is left out, never estimated.
"""

from __future__ import annotations

import math
import operator
from typing import Any, cast

import msgspec
import numpy as np
import numpy.typing as npt

from firmware_app.uncertainty.budget import Budget, Distribution, Quantity
from firmware_app.uncertainty.errors import BudgetError, NoValue
from firmware_app.uncertainty.expression import FUNCTIONS, NEGATIVE, Arithmetic, evaluate
from firmware_app.uncertainty.first_order import INTERVAL, LARGEST_RESULT, FirstOrder

MIN_TRIALS = 1_000
ADVISED_TRIALS = round(1e4 / (1 - INTERVAL))
"""JCGM 101 7.2.2: 10⁴ times as many as 1/(1 − p)."""
MAX_TRIALS = 10_000_000
"""80 MB of results."""
BLOCK = 1 << 14

Array = npt.NDArray[np.float64]

_ARRAYS: Arithmetic = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": np.float_power,
    NEGATIVE: operator.neg,
    **{name: getattr(np, name) for name in FUNCTIONS},
}


class MonteCarlo(msgspec.Struct, frozen=True, kw_only=True):
    """A result by propagation of distributions, all in the unit of the result.

    ``value`` and ``standard_uncertainty``: mean and standard deviation of the results, None where some
    input has so few degrees of freedom that there is none. ``symmetric_95`` leaves out 2.5 % on either
    side, ``shortest_95`` is the shortest interval with 95 % (JCGM 101 7.7).
    ``sampling_error_of_u`` and ``sampling_error_of_ends``: what another seed would change the standard
    uncertainty and the ends of ``symmetric_95`` by (k = 1).
    ``first_order_is_enough``: both ends of the first-order interval agree with ``symmetric_95`` within
    ``tolerance``, half a unit of the second digit of u (JCGM 101 7.9.2 and 8.2); None where
    nobody compared, or too few trials to tell.
    """

    trials: int
    seed: int
    value: float | None
    standard_uncertainty: float | None
    median: float
    symmetric_95: tuple[float, float]
    shortest_95: tuple[float, float]
    sampling_error_of_u: float | None
    sampling_error_of_ends: float
    tolerance: float | None = None
    first_order_is_enough: bool | None = None
    notes: tuple[str, ...] = ()


def monte_carlo(budget: Budget, trials: int, seed: int, compared: FirstOrder | None = None) -> MonteCarlo:
    """The result of a budget from ``trials`` draws; ``compared`` is what first order says of it.

    Raises NoValue where the model has none for some draw, BudgetError for a number of trials out of range.
    """
    if not MIN_TRIALS <= trials <= MAX_TRIALS:
        raise BudgetError(f"{trials} trials: give {MIN_TRIALS} … {MAX_TRIALS}")
    results = _drawn(budget, trials, np.random.default_rng(seed))
    least_dof = min(
        (each.dof for each in budget.inputs if each.is_student and each.standard), default=math.inf
    )
    mean, deviation, error = _moments(results)
    results.sort()
    symmetric = _symmetric(results)
    notes = []
    if least_dof <= 2:
        notes.append(
            "with so few observations there is no standard uncertainty (JCGM 101 6.4.9.4), only intervals"
        )
    if trials < ADVISED_TRIALS:
        notes.append(
            f"the ends of the intervals are rough: {ADVISED_TRIALS} trials are advised (JCGM 101 7.2.2)"
        )
    rough = _error_of_ends(results)
    tolerance = enough = None
    if compared is not None:
        tolerance = numerical_tolerance(compared.standard_uncertainty)
        enough = _agree(symmetric, compared.interval_95, tolerance, rough)
        if enough is None:
            notes.append("too few trials to tell whether first order is enough")
    return MonteCarlo(
        trials=trials,
        seed=seed,
        value=mean if least_dof > 1 else None,
        standard_uncertainty=deviation if least_dof > 2 else None,
        median=float(results[(trials - 1) // 2] + results[trials // 2]) / 2,
        symmetric_95=symmetric,
        shortest_95=_shortest(results),
        sampling_error_of_u=error if least_dof > 4 else None,
        sampling_error_of_ends=rough,
        tolerance=tolerance,
        first_order_is_enough=enough,
        notes=tuple(notes),
    )


def numerical_tolerance(standard: float) -> float:
    """Half a unit of the second significant digit of ``standard`` (JCGM 101 7.9.2); 0 of 0."""
    return 0.5 * 10.0 ** (math.floor(math.log10(standard)) - 1) if standard > 0 else 0.0


def draw(known: Quantity, count: int, random: np.random.Generator) -> Array | float:
    """``count`` values of an input (JCGM 101 6.4); the estimate itself where it is exact."""
    if known.standard == 0:
        return known.estimate
    width = known.half_width
    if known.is_student:
        return known.estimate + known.standard * random.standard_t(known.dof, count)
    match known.distribution:
        case Distribution.RECTANGULAR:
            return known.estimate + width * (2 * random.random(count) - 1)
        case Distribution.TRIANGULAR:
            return known.estimate + width * (random.random(count) - random.random(count))
        case Distribution.U_SHAPED:
            return known.estimate + width * np.cos(math.pi * random.random(count))
        case _:
            return known.estimate + known.standard * random.standard_normal(count)


def _drawn(budget: Budget, trials: int, random: np.random.Generator) -> Array:
    results = np.empty(trials)
    with np.errstate(divide="raise", over="raise", invalid="raise", under="ignore"):
        for start in range(0, trials, BLOCK):
            count = min(BLOCK, trials - start)
            results[start : start + count] = _block(budget, count, random)
    return results


def _block(budget: Budget, count: int, random: np.random.Generator) -> Array | float:
    """Results of one block; what was drawn for it is gone when it returns."""
    values: dict[str, Any] = {each.name: draw(each, count, random) for each in budget.inputs}
    try:
        return cast(Array | float, evaluate(budget.model, values, _ARRAYS))
    except NoValue as error:
        raise NoValue(f"for some of the values that the inputs may have: {error}") from error


def _moments(results: Array) -> tuple[float, float, float]:
    """Mean, standard deviation, and the standard error of that from the fourth moment; block by block."""
    count = len(results)
    low, high = float(results.min()), float(results.max())
    if not max(-low, high) < LARGEST_RESULT:
        raise NoValue("some results of the draws are too large for figures")
    mean = float(results.mean())
    widest = max(high - mean, mean - low)
    if widest <= 0:
        return mean, 0.0, 0.0
    second = fourth = 0.0
    for start in range(0, count, BLOCK):
        # Of one, so that the fourth power of a small or large unit is still a number.
        square = ((results[start : start + BLOCK] - mean) / widest) ** 2
        second += float(square.sum())
        fourth += float(np.dot(square, square))
    variance = second / (count - 1)
    deviation = math.sqrt(variance)
    spread = math.sqrt(max(fourth / count - variance**2, 0.0) / count)
    return mean, widest * deviation, widest * spread / (2 * deviation)


def _symmetric(ordered: Array) -> tuple[float, float]:
    """The interval with as many results below as above (JCGM 101 7.7.2)."""
    inside = _inside(ordered)
    low = (len(ordered) - inside + 1) // 2
    return float(ordered[low - 1]), float(ordered[low + inside - 1])


def _shortest(ordered: Array) -> tuple[float, float]:
    """The shortest of all intervals with as many results (JCGM 101 7.7.3 and 5.3.4)."""
    inside = _inside(ordered)
    low = int(np.argmin(ordered[inside:] - ordered[: len(ordered) - inside]))
    return float(ordered[low]), float(ordered[low + inside])


def _error_of_ends(ordered: Array) -> float:
    """Standard error of the ends of the symmetric interval, from the results next to them in order."""
    count = len(ordered)
    steps = math.ceil(math.sqrt(count * INTERVAL * (1 - INTERVAL) / 2))
    low = round(count * (1 - INTERVAL) / 2)
    high = count - 1 - low
    return max(
        float(ordered[low + steps] - ordered[max(low - steps, 0)]) / 2,
        float(ordered[min(high + steps, count - 1)] - ordered[high - steps]) / 2,
    )


def _agree(
    drawn: tuple[float, float], assumed: tuple[float, float], tolerance: float, rough: float
) -> bool | None:
    """Whether both ends agree within the tolerance; None where another seed might say otherwise."""
    apart = max(abs(one - other) for one, other in zip(drawn, assumed, strict=True))
    if apart + 2 * rough <= tolerance:
        return True
    return False if apart - 2 * rough > tolerance else None


def _inside(ordered: Array) -> int:
    return math.floor(INTERVAL * len(ordered) + 0.5)
