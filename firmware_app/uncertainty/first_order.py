"""First-order propagation with degrees of freedom: the law of propagation of JCGM 100 5.1, by GTC.

Rules this file obeys:

* Inputs are independent of each other; one that enters twice (a weight, the air) is one input, used twice.
* The effective degrees of freedom are those of Welch and Satterthwaite (JCGM 100 G.4.1).
* Where first order sees nothing of an input that is in doubt, the result says so.
* Loading this file loads GTC and SciPy, so commands load it when they are run.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import msgspec
from GTC import core, rp, ureal

from firmware_app.uncertainty.budget import Budget, Quantity
from firmware_app.uncertainty.coverage import coverage_factor
from firmware_app.uncertainty.errors import NotDifferentiable, NoValue
from firmware_app.uncertainty.expression import FUNCTIONS, NEGATIVE, Arithmetic, evaluate

INTERVAL = 0.95
"""Coverage probability of the intervals that are compared with those of a Monte Carlo."""

LARGEST_RESULT = 1e290
"""From here on a multiple of it, or a sum of many, might be no number."""


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What an input does to the result.

    ``standard_uncertainty`` in the unit of the input, ``sensitivity`` ∂y/∂x (None of an exact one),
    ``contribution`` |∂y/∂x|·u(x) in the unit of the result, ``share`` its part of the variance (0 … 1);
    ``dof`` None: infinitely many.
    """

    name: str
    value: float
    unit: str
    distribution: str
    standard_uncertainty: float
    dof: float | None
    sensitivity: float | None
    contribution: float
    share: float


class FirstOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A result with its uncertainty to first order, all in the unit of the result.

    ``expanded`` is k·u; ``effective_dof`` None: infinitely many; ``interval_95`` by t of these.
    """

    value: float
    standard_uncertainty: float
    k: float
    expanded: float
    effective_dof: float | None
    interval_95: tuple[float, float]
    contributions: tuple[Contribution, ...]
    notes: tuple[str, ...]


def first_order(budget: Budget) -> FirstOrder:
    """The result of a budget to first order; raises NoValue and NotDifferentiable."""
    # Exact inputs stay plain numbers: a slope that multiplies no doubt need not exist.
    doubts = {each.name: _uncertain(each) for each in budget.inputs if each.standard}
    values = {each.name: each.estimate for each in budget.inputs}
    value = float(evaluate(budget.model, values))
    result = _propagated(budget, {**values, **doubts})
    standard, dof = _standard_and_dof(result)
    k = coverage_factor(dof) if budget.k is None else budget.k
    half = coverage_factor(dof, INTERVAL) * standard
    slopes = [_slope(result, doubts[name]) if name in doubts else None for name in values]
    parts = [abs(slope or 0.0) * each.standard for slope, each in zip(slopes, budget.inputs, strict=True)]
    return FirstOrder(
        value=value,
        standard_uncertainty=standard,
        k=k,
        expanded=k * standard,
        effective_dof=None if math.isinf(dof) else dof,
        interval_95=(value - half, value + half),
        contributions=tuple(
            _contribution(each, slope, part, standard)
            for each, slope, part in zip(budget.inputs, slopes, parts, strict=True)
        ),
        notes=_notes(budget.inputs, parts),
    )


def _standard_and_dof(result: Any) -> tuple[float, float]:
    try:
        standard = float(core.uncertainty(result))
        dof = float(core.dof(result)) if standard else math.inf
    except ArithmeticError:
        standard = dof = math.nan
    if math.isnan(dof) or not standard < LARGEST_RESULT:
        raise NotDifferentiable("there is no first order, as the model is too steep here")
    return standard, dof


def _slope(result: Any, doubt: Any) -> float:
    if isinstance(result, float):
        return 0.0  # of a model such as x ** 0, in which no doubt is left
    return float(rp.sensitivity(result, doubt)) + 0.0  # a zero without a sign


def _uncertain(known: Quantity) -> Any:
    return ureal(known.estimate, known.standard, known.dof)


def _propagated(budget: Budget, values: dict[str, Any]) -> Any:
    """The result as an uncertain number of GTC, or as a float where nothing in the model is in doubt."""
    try:
        return evaluate(budget.model, values, _UNCERTAIN)
    except NoValue as error:
        # With plain numbers the model did have a value: what is missing is a slope.
        raise NotDifferentiable(
            f"there is no first order, as the model has a kink or is too steep: {error}"
        ) from error


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, float) and isinstance(exponent, float):
        return math.pow(base, exponent)
    if not isinstance(exponent, float) and core.value(base) < 0:
        raise ArithmeticError("a negative number has no powers beside the whole ones")
    return base**exponent


_UNCERTAIN: Arithmetic = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _power,
    NEGATIVE: operator.neg,
    "abs": core.magnitude,
    **{name: getattr(core, name) for name in FUNCTIONS if name != "abs"},
}


def _contribution(known: Quantity, slope: float | None, part: float, standard: float) -> Contribution:
    return Contribution(
        name=known.name,
        value=known.estimate,
        unit=known.unit,
        distribution="observations" if known.distribution is None else known.distribution.value,
        standard_uncertainty=known.standard,
        dof=None if math.isinf(known.dof) else known.dof,
        sensitivity=slope,
        contribution=part,
        share=(part / standard) ** 2 if standard else 0.0,
    )


def _notes(inputs: tuple[Quantity, ...], parts: list[float]) -> tuple[str, ...]:
    notes = [
        f"{known.name}: all observations are equal; the resolution of what showed them is an input of its own"
        for known in inputs
        if known.distribution is None and known.standard == 0
    ]
    unseen = [known.name for known, part in zip(inputs, parts, strict=True) if known.standard and not part]
    if unseen:
        notes.append(f"first order sees nothing of {', '.join(unseen)}: compare with a Monte Carlo")
    return tuple(notes)
