"""Which points share a zero: cycles, and the two sides of a cell that is pushed and pulled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firmware_app.calibrating.fit import Solution
from firmware_app.calibrating.points import Finding, Point, Severity

LEAST_ON_A_SIDE = 3
"""Loads of one sign from which on they may have a zero of their own."""
PULLED, PUSHED = "loads below zero", "loads above zero"
APART_SIGMAS = 4.0


@dataclass(frozen=True)
class Layout:
    """The series of every point, rising, and the names of the series."""

    series: tuple[int, ...]
    names: dict[int, str]

    def findings(self, solution: Solution, slope: float) -> list[Finding]:
        """That the two sides of a cell do not meet at zero, where they do not."""
        if set(self.names.values()) != {PULLED, PUSHED} or len(solution.zeros) != 2:
            return []
        away = abs(float(solution.zeros[1] - solution.zeros[0]) * slope)
        doubt = float((solution.rss / max(1, solution.dof)) ** 0.5 * solution.covariance[0, 0] ** 0.5)
        if away < APART_SIGMAS * doubt:
            return []
        return [
            Finding(
                severity=Severity.NOTE,
                code="two_zeros",
                words=f"loads above and below zero have zeros {away:.3g} g apart: a hook, a plate or slack"
                " hangs on one side only; each side was given its own zero",
            )
        ]


def layouts(points: Sequence[Point]) -> Iterator[Layout]:
    """What the file may mean: one zero a cycle; of loads of both signs one a side."""
    above = sum(1 for point in points if point.load_g > 0)
    below = sum(1 for point in points if point.load_g < 0)
    cycles = {point.cycle for point in points}
    if min(above, below) < LEAST_ON_A_SIDE or len(cycles) > 1:
        yield Layout(
            tuple(point.cycle for point in points),
            {cycle: f"cycle {cycle}" for cycle in cycles}
            if len(cycles) > 1
            else dict.fromkeys(cycles, "zero"),
        )
        return
    names = {0: PULLED, 1: PUSHED}
    for lone in (0, 1):
        series = tuple(_side(points, number, lone) for number in range(len(points)))
        yield Layout(series, names)
        if all(point.load_g for point in points):
            return


def _side(points: Sequence[Point], number: int, lone: int) -> int:
    """0 below zero, 1 above; no load belongs to the loads beside it, between the two to ``lone``."""
    point = points[number]
    if point.load_g:
        return int(point.load_g > 0)
    around = [points[at].load_g for at in (number - 1, number + 1) if 0 <= at < len(points)]
    sides = {int(load > 0) for load in around if load}
    return sides.pop() if len(sides) == 1 else lone
