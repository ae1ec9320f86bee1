"""From points to a result: guard rails, zeros, order, loop, temperature, uncertainty, and named mistakes.

Rules this file obeys:

* Where the scatter exceeds what was stated, the larger is used (Birge 1932); never the other way round.
* What few points teach is widened by Student's t, so that k = 2 covers as much as it says (JCGM 100 G.3).
* Loads put on and pulls have each their own zero: a hook or a plate hangs on one side only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from firmware_app.calibrating import guard
from firmware_app.calibrating.fit import Array, Data, Indices, Model, Singular, Solution, predicted, shares
from firmware_app.calibrating.guard import Range
from firmware_app.calibrating.mistakes import name_mistakes
from firmware_app.calibrating.order import MOST_BEND, Decision, decide
from firmware_app.calibrating.points import Direction, Finding, Point, Severity
from firmware_app.calibrating.result import Result, Row, ZeroOf
from firmware_app.calibrating.robust import Task, TooManyDisagree
from firmware_app.calibrating.series import Layout, layouts
from firmware_app.uncertainty.coverage import quantile
from firmware_app.weighing.calibration import UsedWeight
from firmware_app.weighing.curve import Curve

FLOOR = 1e-5
"""Of the range: points that agree more closely than this are never set aside; no HX711 cell is better."""
LEAST_WARMTH_K = 5.0
"""Spread of temperatures from which a coefficient may be learned (R 76-1 3.9.2.3 states limits per 5 K)."""
LEAST_LOOP_LOADS = 2
COVERED = 0.975
NORMAL = 1.959964
LEVEL = 0.01


def calibrate(
    points: Sequence[Point],
    *,
    on: date,
    weights: Sequence[UsedWeight] = (),
    pan: Range | None = None,
    class_loop_g: float | None = None,
    suspects: frozenset[int] = frozenset(),
) -> Result:
    """The calibration that ``points`` make, or why they make none.

    ``on``: the day, for the certificates. ``class_loop_g``: width of the hysteresis loop that the class of
    the cell allows, used where it was not measured. ``suspects``: rows under suspicion from another cell that
    carried the same loads.
    """
    pan = pan or Range()
    findings = list(guard.before(points, weights, on, pan))
    if any(one.severity is Severity.REFUSE for one in findings):
        return Result(findings=tuple(findings), weights=tuple(weights))
    try:
        decision, task, layout = _decide(points, suspects)
    except Singular:
        return _refusal(findings, "singular", "the points do not determine a line: take more different loads")
    except TooManyDisagree:
        return _refusal(
            findings,
            "too_many_disagree",
            "more than three in ten points disagree with the others, so nobody can say which are right:"
            " look at the units of the columns, and take the points again",
        )
    solution = decision.chosen.solution
    try:
        curve, terms = _curve(decision, task)
    except ValueError as error:
        return _refusal(findings, "not_monotone", f"no usable curve: {error}; look at the order of the rows")
    findings += guard.scattered(terms.scatter_g, solution.model.highest_g)
    if any(one.severity is Severity.REFUSE for one in findings):
        return Result(findings=tuple(findings), weights=tuple(weights))
    findings += _bent(decision)
    loop_g, loop_u, loop_from = _loop(solution, terms, class_loop_g)
    if loop_from == "missing" and not any(one.code == "one_direction" for one in findings):
        findings.append(
            Finding(
                severity=Severity.WARN,
                code="loop_unknown",
                words="fewer than two loads between zero and the highest were taken both up and down:"
                " hysteresis is not known from them; take more loads both ways",
            )
        )
    rows = _rows(points, decision, task, terms)
    rows, named = name_mistakes(rows, points, decision.chosen, terms.slope, suspects)
    warmth = _span_per_k(solution, terms)
    temperatures = [p.temperature_c for p in points if p.temperature_c is not None]
    stated = task.stated
    if stated and terms.chi_square > 1.5:
        findings.append(
            Finding(
                severity=Severity.NOTE,
                code="birge",
                words=f"the points scatter {math.sqrt(terms.chi_square):.1f} times as much as their stated"
                " uncertainty: the scatter is used (placing of the loads, drift or creep are in it)",
            )
        )
    return Result(
        findings=(*findings, *layout.findings(solution, terms.slope), *named),
        rows=rows,
        curve=curve,
        counts_per_gram=curve.highest_counts / curve.highest_g,
        zeros=tuple(
            ZeroOf(layout.names[int(name)], float(zero))
            for name, zero in zip(solution.names, solution.zeros, strict=True)
        ),
        zero_counts=float(solution.zeros[-1]),
        tried=decision.tried,
        carried=decision.carried,
        dof=solution.dof,
        factor=terms.factor,
        scatter_g=terms.scatter_g,
        reduced_chi_square=terms.chi_square if stated else None,
        repeatability_g=terms.repeatability_g,
        hysteresis_g=loop_g,
        hysteresis_u_g=loop_u,
        hysteresis_from=loop_from,
        temperature_c=float(np.mean(temperatures)) if temperatures else None,
        span_per_k=warmth[0],
        span_per_k_u=warmth[1],
        weights=tuple(weights),
    )


class Terms:
    """What the scatter about the curve teaches. ``scale``: multiplies the covariance of the fit."""

    def __init__(self, decision: Decision, task: Task) -> None:
        solution, keep = decision.chosen.solution, decision.chosen.keep
        self.dof = max(1, solution.dof)
        self.chi_square = solution.rss / self.dof
        self.factor = quantile(COVERED, self.dof) / NORMAL
        standard = task.data.standard[keep]
        typical = float(np.sqrt(np.mean(standard**2)))
        seen = max(self.chi_square, 1.0) if task.stated else self.chi_square
        self.scale = seen * self.factor**2
        self.deviation = math.sqrt(seen) * task.data.standard
        self.scatter_g = math.sqrt(seen) * typical
        beyond = max(0.0, self.scatter_g**2 - typical**2) if task.stated else self.scatter_g**2
        self.repeatability_g = math.sqrt(beyond) * self.factor
        slope = solution.parameters[solution.coefficients][0] / solution.model.span
        self.slope = float(slope)
        """Grams a count at zero."""


def _decide(points: Sequence[Point], suspects: frozenset[int]) -> tuple[Decision, Task, Layout]:
    """The best decision over the layouts of zeros that the file may mean; raises as ``decide``."""
    best: tuple[Decision, Task, Layout] | None = None
    trouble: Exception = Singular()
    for layout in layouts(points):
        task, model = _task(points, layout, suspects)
        try:
            decision = decide(task, model)
        except (Singular, TooManyDisagree) as error:
            trouble = error
            continue
        rank = decision.chosen.aside, decision.criterion
        if best is None or rank < (best[0].chosen.aside, best[0].criterion):
            best = decision, task, layout
    if best is None:
        raise trouble
    return best


def _task(points: Sequence[Point], layout: Layout, suspects: frozenset[int]) -> tuple[Task, Model]:
    loads = np.array([point.load_g for point in points])
    counts = np.array([point.counts for point in points])
    series = np.array(layout.series, dtype=np.int64)
    highest = float(np.max(np.abs(loads)))
    if highest <= 0:
        raise Singular
    names = np.unique(series)
    slope = _slope(loads, counts, series)
    zeros = np.array([np.median((counts - slope * loads)[series == name]) for name in names])
    stated = all(point.counts_u for point in points)
    standard = np.array([(p.counts_u or 0.0) / abs(slope) if stated else 1.0 for p in points])
    sides = {Direction.UP: -0.5, Direction.DOWN: 0.5, Direction.UNKNOWN: 0.0}
    warmth = np.array(
        [point.temperature_c if point.temperature_c is not None else math.nan for point in points]
    )
    warm = bool(np.all(np.isfinite(warmth)) and np.ptp(warmth) >= LEAST_WARMTH_K)
    data = Data(
        load=loads,
        load_u=np.array([point.load_u_g for point in points]),
        counts=counts,
        standard=standard,
        series=series,
        side=np.array([sides[point.direction] for point in points]),
        warmth=warmth - np.mean(warmth) if warm else np.zeros(len(points)),
    )
    marked = np.array([point.row in suspects for point in points])
    task = Task(data, zeros, names, FLOOR * highest, stated, marked if suspects else None)
    return task, Model(1, slope * highest, highest, loop=_has_loop(points), warm=warm)


def _slope(loads: Array, counts: Array, series: Indices) -> float:
    """Counts a gram: the median of all pairs within a series (Theil 1950); no single wrong row moves it."""
    pairs: list[Array] = []
    for name in np.unique(series):
        x, y = loads[series == name][:500], counts[series == name][:500]
        away = x[:, None] - x[None, :]
        above = away > 0
        pairs.append((y[:, None] - y[None, :])[above] / away[above])
    every = np.concatenate(pairs)
    slope = float(np.median(every)) if len(every) else 0.0
    if slope == 0:
        raise Singular
    return slope


def _has_loop(points: Sequence[Point]) -> bool:
    """Whether enough loads between zero and the highest were taken both ways."""
    highest = max(abs(point.load_g) for point in points)
    ways: dict[float, set[Direction]] = {}
    for point in points:
        if 0.05 * highest < abs(point.load_g) < 0.95 * highest:
            ways.setdefault(round(point.load_g, 3), set()).add(point.direction)
    both = [load for load, seen in ways.items() if {Direction.UP, Direction.DOWN} <= seen]
    return len(both) >= LEAST_LOOP_LOADS


def _curve(decision: Decision, task: Task) -> tuple[Curve, Terms]:
    """The curve over the loads that were kept; raises ValueError where it does not rise."""
    solution, keep = decision.chosen.solution, decision.chosen.keep
    terms = Terms(decision, task)
    t = shares(task.data, solution.model, solution.names, solution.zeros)[keep]
    loads = task.data.load[keep]
    if loads.max() <= 0:
        raise ValueError("no load above zero; is the sign of the loads the other way round?")
    reach = float(t[np.argmax(loads)])
    lowest = min(0.0, float(t[np.argmin(loads)])) if loads.min() < 0 else 0.0
    grow = np.array([reach**power for power in range(1, solution.model.order + 1)])
    part = solution.coefficients
    covariance = solution.covariance[part, part] * terms.scale * np.outer(grow, grow)
    covariance = (covariance + covariance.T) / 2
    curve = Curve(
        lowest_counts=lowest * solution.model.span,
        highest_counts=reach * solution.model.span,
        coefficients_g=tuple(map(float, solution.parameters[part] * grow)),
        covariance_g2=tuple(tuple(map(float, row)) for row in covariance),
        weights_g=tuple(map(float, solution.moved[part] * grow)),
    )
    return curve, terms


def _loop(solution: Solution, terms: Terms, class_loop_g: float | None) -> tuple[float | None, float, str]:
    """Width of the hysteresis loop, its standard uncertainty, and where it is known from."""
    if solution.model.loop:
        at = solution.coefficients.stop
        width = abs(float(solution.parameters[at]))
        doubt = math.sqrt(float(solution.covariance[at, at]) * terms.scale)
        # The width that is used holds its own doubt: what was not resolved is not zero.
        return math.hypot(width, doubt), doubt, "measured"
    return (None, 0.0, "missing") if class_loop_g is None else (class_loop_g, 0.0, "class")


def _span_per_k(solution: Solution, terms: Terms) -> tuple[float, float]:
    """Relative change of grams a count a kelvin, where temperatures were far enough apart."""
    if not solution.model.warm:
        return 0.0, 0.0
    slope = float(solution.parameters[solution.coefficients][0])
    value = float(solution.parameters[-1]) / slope
    return value, math.sqrt(float(solution.covariance[-1, -1]) * terms.scale) / abs(slope)


def _bent(decision: Decision) -> list[Finding]:
    best = decision.chosen.solution.model.order
    for tried in decision.tried:
        if tried.order > best and tried.bend > MOST_BEND and (tried.p or 1.0) < LEVEL:
            return [
                Finding(
                    severity=Severity.WARN,
                    code="bend_too_large",
                    words=f"order {tried.order} would need a bend of {tried.bend:.1%} of the range: no sound"
                    f" cell bends by more than {MOST_BEND:.1%}, so it is the loads that are misstated",
                )
            ]
    return []


def _rows(points: Sequence[Point], decision: Decision, task: Task, terms: Terms) -> tuple[Row, ...]:
    chosen = decision.chosen
    bare = replace(chosen.solution.model, loop=False)
    if chosen.solution.model.loop:
        at = chosen.solution.coefficients.stop
        keep = np.arange(len(chosen.solution.parameters)) != at
        plain = replace(
            chosen.solution,
            model=bare,
            parameters=chosen.solution.parameters[keep],
            covariance=chosen.solution.covariance[np.ix_(keep, keep)],
        )
    else:
        plain = chosen.solution
    curve, _ = predicted(plain, task.data)
    return tuple(
        Row(
            row=point.row,
            load_g=point.load_g,
            counts=point.counts,
            direction=point.direction,
            curve_g=float(value),
            residual_g=float(value - point.load_g),
            u_g=math.hypot(float(deviation), point.load_u_g),
            used=bool(used),
            away=float(-away / spread),
        )
        for point, value, deviation, used, away, spread in zip(
            points, curve, terms.deviation, chosen.keep, chosen.away, chosen.spread, strict=True
        )
    )


def _refusal(findings: list[Finding], code: str, words: str) -> Result:
    return Result(findings=(*findings, Finding(severity=Severity.REFUSE, code=code, words=words)))
