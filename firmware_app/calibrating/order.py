"""Which order the points carry and ask for, and which of them agree with it.

Rules this file obeys:

* Never an order that the number of loads cannot carry: at least three different loads more than the order.
* A higher order needs evidence: Akaike's criterion for small samples (Hurvich & Tsai 1989) over orders and
  points set aside together, so that a bend is not taken for wrong points nor wrong points for a bend; then
  Fisher's F at one percent on the very same points.
* No sound cell bends by more than half a percent of its range: then it is the loads that are misstated.
* What the readings themselves cannot tell apart is no evidence: the scatter counts as at least their noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from firmware_app.calibrating.fit import Data, Model, Singular, Solution, with_order
from firmware_app.calibrating.robust import Chosen, Task, TooManyDisagree, choose

MOST_ORDER = 3
SPARE_LOADS = 3
LEVEL = 0.01
CERTAIN = 0.5
"""Probability of chance below which points are set aside where it is certain that some are wrong."""
MOST_BEND = 0.005
"""Of the range. Data sheets of cheap beam cells state 0.0005 (TAL220, CZL635: ± 0.05 % of full scale)."""
SAME_LOAD = 1e-4
"""Loads closer than this share of the highest are one load, put on again."""
WORTH = 6.0
"""How much better the criterion must be before an order or a layout of zeros counts as better: at 6 the other
is twenty times less likely (Burnham & Anderson 2002: exp(−Δ/2))."""


class OrderTried(msgspec.Struct, frozen=True):
    """One order: its criterion, the scatter it leaves (g), points set aside, its bend as a share of the
    range, p of the step up to it."""

    order: int
    aicc: float
    scatter_g: float
    aside: int
    bend: float
    p: float | None


@dataclass(frozen=True)
class Decision:
    """The model that stands, its points, and what was tried."""

    chosen: Chosen
    criterion: float
    tried: tuple[OrderTried, ...]
    carried: int


def decide(task: Task, model: Model) -> Decision:
    """Raises Singular or TooManyDisagree where no order can be had at all."""
    carried = most_order(task.data, model.highest_g, len(task.names))
    found: dict[int, tuple[Chosen, float]] = {}
    trouble: Exception = Singular()
    for order in range(1, carried + 1):
        try:
            chosen = choose(task, with_order(model, order))
        except (Singular, TooManyDisagree) as error:
            trouble = error
            continue
        found[order] = chosen, criterion(chosen, task)
    if not found:
        raise trouble
    best = min(found)
    for order in sorted(found):
        sound = bend(found[order][0].solution) <= MOST_BEND
        if sound and found[order][1] < found[best][1] - WORTH:
            best = order
    best, steps = _prove(task, model, best, found)
    best = _misstated(task, model, best, found, steps)
    tried = tuple(
        OrderTried(order, value, _scatter(one), one.aside, bend(one.solution), steps.get(order))
        for order, (one, value) in found.items()
    )
    return Decision(found[best][0], found[best][1], tried, carried)


def _prove(
    task: Task, model: Model, best: int, found: dict[int, tuple[Chosen, float]]
) -> tuple[int, dict[int, float]]:
    """Steps down while a lower order explains the points kept at the higher one as well."""
    steps: dict[int, float] = {}
    for order in sorted(found, reverse=True):
        lower = order - 1
        if lower not in found:
            continue
        kept = found[order][0].solution
        same = task.solve(with_order(model, lower), found[order][0].keep)
        steps[order] = _p(same, kept)
    while best > 1 and best - 1 in found and steps.get(best, 0.0) > LEVEL:
        best -= 1
    return best, steps


def _misstated(
    task: Task, model: Model, best: int, found: dict[int, tuple[Chosen, float]], steps: dict[int, float]
) -> int:
    """Where the points prove a bend that no cell has, some loads are wrong for certain: the likeliest are
    set aside, though each by itself might be chance."""
    proved = [order for order, p in steps.items() if p < LEVEL and bend(found[order][0].solution) > MOST_BEND]
    if proved and best == 1 and not found[1][0].aside:
        again = choose(task, with_order(model, 1), CERTAIN)
        found[1] = again, criterion(again, task)
    return best


def _p(lower: Solution, higher: Solution) -> float:
    """Probability of so large an improvement by chance."""
    from scipy import stats  # heavy to load, and only who calibrates needs it

    variance = higher.rss / max(1, higher.dof)
    if variance <= 0:
        return 0.0
    extra = lower.dof - higher.dof
    return float(stats.f.sf(max(0.0, (lower.rss - higher.rss) / extra) / variance, extra, max(1, higher.dof)))


def most_order(data: Data, highest_g: float, series: int) -> int:
    """The highest order that the different loads can carry."""
    loads = np.sort(data.load) / highest_g
    different = 1 + int(np.count_nonzero(np.diff(loads) > SAME_LOAD))
    return max(1, min(MOST_ORDER, different - SPARE_LOADS - (series - 1)))


def criterion(chosen: Chosen, task: Task) -> float:
    """AICc; a point set aside counts as a parameter of its own."""
    count = len(task.data.load)
    size = len(chosen.solution.parameters) + chosen.aside + 1
    # Agreement below the noise of the readings, or of chance, is worth nothing.
    least = count * (1.0 if task.stated else (0.1 * task.floor_g) ** 2)
    spare = count - size - 1
    if spare <= 0:
        return math.inf
    return (
        count * math.log(max(chosen.solution.rss, least) / count) + 2 * size + 2 * size * (size + 1) / spare
    )


def bend(solution: Solution) -> float:
    """The largest distance of the curve from the straight line that fits it best, as a share of the range."""
    t = np.linspace(0.0, 1.0, 101)
    powers = np.column_stack([t**power for power in range(1, solution.model.order + 1)])
    curve = powers @ solution.parameters[solution.coefficients]
    straight = float(curve @ t) / float(t @ t)
    return float(np.max(np.abs(curve - straight * t)) / solution.model.highest_g)


def _scatter(chosen: Chosen) -> float:
    return float(np.sqrt(np.sum(chosen.solution.residual**2) / max(1, chosen.solution.dof)))
