"""Guard rails: what is refused or warned of before and after the fit, each with what to do.

Rules this file obeys:

* A refusal is never a figure: without sound data there is no calibration.
* Every finding says what was found, in which rows, and what to do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from firmware_app.calibrating.points import FULL_SCALE, Direction, Finding, Point, Severity
from firmware_app.weighing.calibration import UsedWeight

FEWEST_POINTS = 3
FEWEST_LOADS = 3
"""EURAMET cg-18 5.2.1: at least five loads over a whole range, three over a reduced one."""
RECOMMENDED_LOADS = 5
LEAST_CHANGE = 0.01
"""Of the converter's range to one side, that the loads must move it by: below, noise is calibrated."""
MOST_COUNTS_PER_GRAM = 1e5
"""A 100 g cell, the smallest on the market, fills the converter's range with 84 000 counts/g."""
UNSTABLE_SHARE = 5e-4
"""Of the range of counts; a mean known no better was not taken at rest."""
WIDEST_GAP = 0.55
"""Of the highest load between two neighbouring loads (cg-18 5.2.1: loads spread over the range)."""
SHORT_OF_MAX = 0.9
CLASS_III_SHARE = 1 / 500
"""One interval of the coarsest class III instrument (R 76-1 Table 3: n ≥ 500)."""
CLASS_IIII_SHARE = 1 / 100
"""One interval of the coarsest instrument there is (R 76-1 Table 3: class IIII, n ≥ 100)."""


class Range(msgspec.Struct, frozen=True):
    """What the pan is to be: Max and d in grams, where they are known."""

    capacity_g: float | None = None
    resolution_g: float | None = None


def before(points: Sequence[Point], weights: Sequence[UsedWeight], on: date, pan: Range) -> Iterator[Finding]:
    """What can be said of the points as they come."""
    yield from _few(points)
    yield from _saturated(points)
    yield from _unmoved(points)
    yield from _unstable(points)
    yield from _units(points)
    yield from _weights(weights, on)
    yield from _one_direction(points)
    yield from _coverage(points, pan)


def _few(points: Sequence[Point]) -> Iterator[Finding]:
    loads = {round(point.load_g, 6) for point in points}
    if len(points) < FEWEST_POINTS or len(loads) < FEWEST_LOADS:
        yield Finding(
            severity=Severity.REFUSE,
            code="too_few_points",
            words=f"{len(points)} points at {len(loads)} different loads: at least {FEWEST_LOADS} different"
            " loads are needed, the empty pan among them; five, up and down, make a good calibration",
        )
    elif len(loads) < RECOMMENDED_LOADS:
        yield Finding(
            severity=Severity.WARN,
            code="few_loads",
            words=f"{len(loads)} different loads: a bend of the cell cannot be told from this; five or more,"
            " up and down, can (EURAMET cg-18 5.2.1)",
        )


def _saturated(points: Sequence[Point]) -> Iterator[Finding]:
    rows = tuple(point.row for point in points if not -FULL_SCALE < point.counts < FULL_SCALE - 1)
    if rows:
        yield Finding(
            severity=Severity.REFUSE,
            code="saturated",
            words=f"{_rows(rows)}: the converter is at the end of its range ({FULL_SCALE}): take load off,"
            " or choose a lower gain; a saturated reading measures nothing",
            rows=rows,
        )


def _unmoved(points: Sequence[Point]) -> Iterator[Finding]:
    if len(points) < FEWEST_POINTS:
        return
    counts = [point.counts for point in points]
    change = max(counts) - min(counts)
    if change < LEAST_CHANGE * FULL_SCALE:
        yield Finding(
            severity=Severity.REFUSE,
            code="load_too_small",
            words=f"all loads together move the reading by {change:.0f} counts, under 1 % of the converter's"
            f" range ({LEAST_CHANGE * FULL_SCALE:.0f}): use heavier weights, and see that the cell carries"
            " the pan and its four wires are right",
        )


def _unstable(points: Sequence[Point]) -> Iterator[Finding]:
    counts = [point.counts for point in points]
    limit = UNSTABLE_SHARE * (max(counts) - min(counts)) if counts else 0.0
    rows = tuple(point.row for point in points if (point.counts_u or 0.0) > limit > 0.0)
    if rows:
        yield Finding(
            severity=Severity.REFUSE,
            code="unstable",
            words=f"{_rows(rows)}: the reading was not at rest (its uncertainty is over {limit:.0f} counts):"
            " shield the pan from wind and knocks, wait, and take the point again",
            rows=rows,
        )


def _units(points: Sequence[Point]) -> Iterator[Finding]:
    loads = [point.load_g for point in points]
    counts = [point.counts for point in points]
    span = max(loads, default=0.0) - min(loads, default=0.0)
    if span > 0 and (max(counts) - min(counts)) / span > MOST_COUNTS_PER_GRAM:
        yield Finding(
            severity=Severity.WARN,
            code="unit",
            words=f"{span:g} g moved the reading by {max(counts) - min(counts):.0f} counts, as no cell of the"
            " trade does: are the loads in kilograms? Then head their column kg",
        )


def _weights(weights: Sequence[UsedWeight], on: date) -> Iterator[Finding]:
    for weight in weights:
        if on > weight.valid_to:
            yield Finding(
                severity=Severity.REFUSE,
                code="weight_expired",
                words=f"weight {weight.id} has a certificate to {weight.valid_to}: on {on} it stands for"
                " nothing; have the set verified, or use another",
            )


def _one_direction(points: Sequence[Point]) -> Iterator[Finding]:
    directions = {point.direction for point in points if point.load_g}
    if directions == {Direction.UP, Direction.DOWN}:
        return
    how = "only while loading" if directions == {Direction.UP} else "only while unloading"
    if Direction.UNKNOWN in directions:
        how = "without saying whether by loading or unloading"
    yield Finding(
        severity=Severity.WARN,
        code="one_direction",
        words=f"the loads were taken {how}: hysteresis is not known from them; take every load up and down",
    )


def _coverage(points: Sequence[Point], pan: Range) -> Iterator[Finding]:
    highest = max((point.load_g for point in points), default=0.0)
    if pan.capacity_g and highest < SHORT_OF_MAX * pan.capacity_g:
        yield Finding(
            severity=Severity.WARN,
            code="short_of_max",
            words=f"the highest load is {highest:g} g, Max is {pan.capacity_g:g} g: above"
            f" {highest:g} g nothing is weighed; put on more to calibrate the rest",
        )
    loads = sorted({point.load_g for point in points if point.load_g >= 0})
    gaps = [(above - below, below, above) for below, above in itertools.pairwise(loads)]
    if len(loads) > FEWEST_LOADS and gaps:
        gap, below, above = max(gaps)
        if gap > WIDEST_GAP * highest:
            yield Finding(
                severity=Severity.WARN,
                code="gap",
                words=f"nothing between {below:g} g and {above:g} g: a bend there would not be seen",
            )


def scattered(scatter_g: float, highest_g: float) -> Iterator[Finding]:
    """What the scatter about the curve says of the cell or the data."""
    if scatter_g > CLASS_IIII_SHARE * highest_g:
        yield Finding(
            severity=Severity.REFUSE,
            code="scatter",
            words=f"the points scatter by {scatter_g:.3g} g about the curve, more than 1/100 of the range:"
            " loads and counts do not belong together; see that the columns and rows are right, and that"
            " the cell moves freely",
        )
    elif scatter_g > CLASS_III_SHARE * highest_g:
        yield Finding(
            severity=Severity.WARN,
            code="scatter",
            words=f"the points scatter by {scatter_g:.3g} g about the curve, more than 1/500 of the range:"
            " no class III pan can be had from this; look for friction, a loose cell or misstated loads",
        )


def _rows(rows: Sequence[int]) -> str:
    return f"row {rows[0]}" if len(rows) == 1 else f"rows {', '.join(map(str, rows))}"
