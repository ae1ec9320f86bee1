"""Which points belong together: least trimmed squares first, then point by point as long as they agree.

Rules this file obeys:

* One wrong row, or a few, must not hide: the first fit looks at the better half only (Rousseeuw & Van
  Driessen 2006: elemental subsets and concentration steps), and no point is judged by a fit that holds it.
* From there points join in the order of their distance (forward search, Hadi & Simonoff 1993). Of the sets
  passed on the way the one stands whose remainder is least likely chance: Fisher's F of the points left out,
  times the number of ways in which so many could have been picked (Bonferroni).
* Deterministic: subsets are all there are, or drawn from a generator with a fixed seed.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from firmware_app.calibrating.fit import (
    Array,
    Data,
    Indices,
    Model,
    Singular,
    Solution,
    design,
    parameters_of,
    predicted,
    solve,
)

Flags = NDArray[np.bool_]

LEVEL = 0.01
"""Probability of setting any point aside in a sound file."""
MOST_SHARE = 0.3
"""Of the points, that may be set aside; beyond it nobody can say which half is right."""
MOST_SUBSETS = 2000
BEST = 10
TURNS = 20
STEPS = 200
SEED = 20_060_101
HOPELESS = 20.0
"""Times by which all points may scatter more than the better half before they count as several stories."""
NORMAL = NormalDist()
QUIET = 4.0
"""A point within this many of its own standard uncertainties is never set aside."""


class TooManyDisagree(Exception):
    """More points disagree than may be set aside."""


@dataclass(frozen=True)
class Task:
    """What is given: points, a first guess of the zeros of their series, and what is known beforehand.

    ``floor_g``: points that agree more closely than this are never set aside. ``stated``: the readings come
    with an uncertainty. ``suspects``: points that are under suspicion from elsewhere; they need no
    correction for having been picked.
    """

    data: Data
    zeros: Array
    names: Indices
    floor_g: float
    stated: bool = False
    suspects: Flags | None = None

    def solve(self, model: Model, keep: Flags) -> Solution:
        """Raises Singular."""
        return solve(self.data.only(keep), model, self.zeros, self.names)


@dataclass(frozen=True)
class Chosen:
    """The points that agree, the fit of them, how far each point is away, and its deviation; in grams."""

    keep: Flags
    solution: Solution
    away: Array
    spread: Array

    @property
    def aside(self) -> int:
        return int(np.count_nonzero(~self.keep))


def choose(task: Task, model: Model, level: float = LEVEL) -> Chosen:
    """The largest set of points that one model explains; raises Singular, TooManyDisagree.

    ``level``: probability at which a set is taken for chance; above ``LEVEL`` only where it is certain from
    elsewhere that some points are wrong.
    """
    count, suspects = len(task.data.load), task.suspects
    path = _path(task, model)
    whole = path[-1]
    if not np.any(np.abs(whole.away) > _least(task)):
        return whole
    most = math.floor(MOST_SHARE * count)
    best, best_p = whole, math.log(level)
    stages = [(stage, math.log(math.comb(count, stage.aside))) for stage in path[:-1] if stage.aside <= most]
    if suspects is not None and 0 < np.count_nonzero(suspects) <= most:
        with contextlib.suppress(Singular):
            stages.append((_examine(task, model, ~suspects), 0.0))
    for stage, ways in stages:
        chance = ways + _log_p(whole.solution, stage.solution)
        if chance < best_p:
            best, best_p = stage, chance
    best = _let_in(best, task, model)
    if best is whole and _hopeless(path[0], whole):
        raise TooManyDisagree
    return best


def _path(task: Task, model: Model) -> list[Chosen]:
    """From the better half to all points, the nearest first; many points in steps of half a percent."""
    step = max(1, len(task.data.load) // STEPS)
    keep = _trimmed(task, model)
    path = [_examine(task, model, keep)]
    while not keep.all():
        ratio = np.where(keep, math.inf, np.abs(path[-1].away) / path[-1].spread)
        keep = keep.copy()
        keep[np.argsort(ratio, kind="stable")[: min(step, int(np.count_nonzero(~keep)))]] = True
        path.append(_examine(task, model, keep))
    return path


def _let_in(stage: Chosen, task: Task, model: Model) -> Chosen:
    """Takes back, nearest first, what alone would not have been set aside."""
    while stage.aside:
        ratio = np.where(stage.keep, math.inf, np.abs(stage.away) / stage.spread)
        nearest = int(np.argmin(ratio))
        keep = stage.keep.copy()
        keep[nearest] = True
        more = _examine(task, model, keep)
        close = abs(stage.away[nearest]) <= _least(task)[nearest]
        chance = math.log(len(keep)) + _log_p(more.solution, stage.solution)
        if chance < math.log(LEVEL) and not close:
            return stage
        stage = more
    return stage


def _log_p(more: Solution, fewer: Solution) -> float:
    """Log of the probability that so much less is left over by chance when the other points go."""
    from scipy import stats  # heavy to load, and only who calibrates needs it

    gone = more.dof - fewer.dof
    if fewer.dof < 1 or gone < 1:
        return 0.0
    variance = max(fewer.rss / fewer.dof, 1e-300)
    return float(stats.f.logsf(max(0.0, more.rss - fewer.rss) / gone / variance, gone, fewer.dof))


def _hopeless(half: Chosen, whole: Chosen) -> bool:
    """Whether half of the points agree far better than all: more are wrong than may be set aside."""
    if half.solution.dof < 2:
        return False
    deviation = math.sqrt(half.solution.rss / half.solution.dof) * _widened(float(np.mean(half.keep)))
    return bool(math.sqrt(whole.solution.rss / max(1, whole.solution.dof)) > HOPELESS * deviation)


def _least(task: Task) -> Array:
    """Grams that a point must be away at least to be set aside."""
    quiet = QUIET * task.data.standard if task.stated else np.zeros_like(task.data.standard)
    return np.maximum(task.floor_g, quiet)


def _examine(task: Task, model: Model, keep: Flags) -> Chosen:
    solution, data = task.solve(model, keep), task.data
    count, kept = len(data.load), int(np.count_nonzero(keep))
    deviation = math.sqrt(solution.rss / max(1, solution.dof)) * _widened(kept / count)
    said, leverage = predicted(solution, data)
    # In or out of the fit: a kept point pulls the curve to itself, another is predicted by it.
    own = np.where(keep, np.maximum(1e-6, data.standard**2 - leverage**2), data.standard**2 + leverage**2)
    spread = np.maximum(deviation * np.sqrt(own), 0.1 * task.floor_g)
    return Chosen(keep, solution, data.load - said, spread)


def _widened(share: float) -> float:
    """By how much the scatter of the closest ``share`` of normal points is below that of all."""
    if share >= 1:
        return 1.0
    edge = NORMAL.inv_cdf((share + 1) / 2)
    variance = 1 - 2 * edge * NORMAL.pdf(edge) / share
    return 1 / math.sqrt(max(variance, 1e-3))


def _trimmed(task: Task, model: Model) -> Flags:
    """The better half: the subset of least squares among those found by concentration."""
    data, names = task.data, task.names
    count, size = len(data.load), parameters_of(model, len(names))
    half = (count + size + 1) // 2
    matrix = design(data, model, names, task.zeros) / data.standard[:, None]
    target = data.load / data.standard
    subsets = _subsets(count, size)
    square = matrix[subsets]
    # A subset with a series or a load missing determines nothing.
    sound = np.linalg.cond(square) < 1e10
    if not np.any(sound):
        raise Singular
    solved = np.linalg.solve(square[sound], target[subsets[sound]][..., None])[..., 0]
    squares = (target - solved @ matrix.T) ** 2
    worth = np.sort(squares, axis=1)[:, :half].sum(axis=1)
    found: tuple[float, Flags] | None = None
    for start in np.argsort(worth)[:BEST]:
        keep = _closest(squares[start], half)
        for _ in range(TURNS):
            fitted, *_ = np.linalg.lstsq(matrix[keep], target[keep], rcond=None)
            turned = _closest((target - matrix @ fitted) ** 2, half)
            if np.array_equal(turned, keep):
                break
            keep = turned
        fitted, _, rank, _ = np.linalg.lstsq(matrix[keep], target[keep], rcond=None)
        total = float(np.sum((target[keep] - matrix[keep] @ fitted) ** 2))
        if rank == size and (found is None or total < found[0]):
            found = total, keep
    if found is None:
        raise Singular
    return found[1]


def _closest(squares: Array, half: int) -> Flags:
    keep = np.zeros(len(squares), dtype=np.bool_)
    keep[np.argsort(squares, kind="stable")[:half]] = True
    return keep


def _subsets(count: int, size: int) -> Indices:
    if count < size:
        raise Singular
    if math.comb(count, size) <= MOST_SUBSETS:
        return np.array(list(itertools.combinations(range(count), size)), dtype=np.int64)
    generator = np.random.default_rng(SEED)
    return np.argsort(generator.random((MOST_SUBSETS, count)), axis=1)[:, :size].astype(np.int64)
