"""Patterns in the figures of a challenge, each with the probability that an honest scale would show it.

Rules this file obeys:

* Every pattern is a statistic linear in the errors. Its bounded parts stand at the end that is worst for us,
  its random parts are normal: p is at most 2 Φ(-x/s), whatever honest scale it is (honest.py).
* Uncertainties of our pan add arithmetically, as if one cause moved every load; trembling adds in quadrature.
* The number of patterns, of splits, of keys and of single loads that were tried is paid for (Bonferroni).
* Pure, on arrays: one challenge and a million take the same lines.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from firmware_app.procedures.challenge.honest import (
    TREMBLE_E,
    Bools,
    Changes,
    Floats,
    Loads,
    least_g,
    most_after_g,
    most_change_g,
    most_g,
)

FALSE_ACCUSATION = 1e-3
"""At most this share of honest challenges may be said to show any pattern at all."""
SMALLEST_P = 1e-6
"""No smaller probability is stated: below it the model itself is what would be doubted."""


class Pattern(enum.StrEnum):
    """What may be seen. Those that compare a load with itself come first."""

    KEYS = "keys"
    POWER = "power"
    REPEAT = "repeat"
    TIME = "time"
    NOMINAL = "nominal"
    THRESHOLD = "threshold"
    RATIO = "ratio"
    OFFSET = "offset"
    SINGLE = "single"


class Seen(NamedTuple):
    """One pattern over a batch: p before the allowance for the other patterns, size, whether it was tried."""

    p: Floats
    estimate: Floats
    tried: bool = True


def shapes(loads: Loads) -> dict[Pattern, Seen]:
    """The patterns over the loads of a challenge: arrays without the last axis."""
    goods = loads.goods & np.ones_like(loads.load_g, dtype=bool)
    all_of = np.ones_like(goods)
    weight = np.where(goods, loads.load_g, 0.0)
    ratio = weight / np.sum(weight * loads.load_g, axis=-1, keepdims=True)
    count = np.sum(~goods, axis=-1)
    found = {
        Pattern.RATIO: _linear(loads, ratio),
        Pattern.OFFSET: _linear(loads, _mean(all_of)),
        Pattern.THRESHOLD: _threshold(loads, goods),
        Pattern.SINGLE: _single(loads),
    }
    if bool(np.all(count > 0)):
        found[Pattern.NOMINAL] = _linear(loads, _mean(goods) - _mean(~goods))
    else:
        found[Pattern.NOMINAL] = _untried(loads.load_g)
    return found


def changes(pairs: Changes, pattern: Pattern) -> Seen:
    """A pattern of pairs, their last axis paid for; the estimate is the change of the most telling pair."""
    if pairs.change_g.shape[-1] == 0:
        return _untried(pairs.change_g)
    tremble = TREMBLE_E * pairs.e_g
    bound = most_change_g(pairs)
    spread = np.hypot(np.sqrt(2) * tremble, pairs.u_moved_g)
    if pattern is Pattern.KEYS:
        # A key may set a stored tare, or take an old one away: only a figure that rises, and rises above what
        # the load can be, is a finding.
        beyond = pairs.after_g - most_after_g(pairs)
        p = np.maximum(_tail(pairs.change_g - bound, spread), _tail(beyond, np.hypot(pairs.u_g, tremble)))
    else:
        p = _tail(np.abs(pairs.change_g) - bound, spread)
    place = np.argmin(p, axis=-1)[..., None]
    least = np.take_along_axis(p, place, axis=-1)[..., 0]
    size = np.take_along_axis(pairs.change_g, place, axis=-1)[..., 0]
    return Seen(np.minimum(1.0, least * p.shape[-1]), size)


def allowed_for(p: Floats | float, tried: int) -> Floats:
    """The probability after allowance for the patterns tried, never below the smallest that is stated."""
    allowed: Floats = np.clip(np.asarray(p, dtype=float) * tried, SMALLEST_P, 1.0)
    return allowed


def fits(loads: Loads) -> dict[Pattern, Floats]:
    """Sum of squares in g² that each shape leaves of the errors; the smallest names what is seen."""
    error, load = loads.error_g, loads.load_g
    goods = loads.goods & np.ones_like(load, dtype=bool)
    on_goods = np.where(goods, error, 0.0)
    on_weights = np.sum(np.where(goods, 0.0, error) ** 2, axis=-1)
    left = {
        Pattern.RATIO: _left(error, load),
        Pattern.OFFSET: _left(error, np.ones_like(load)),
        # What weights hide may be a share of the goods or an amount: the better of the two.
        Pattern.NOMINAL: on_weights
        + np.minimum(_left(on_goods, np.where(goods, load, 0.0)), _left(on_goods, np.where(goods, 1.0, 0.0))),
    }
    rising = np.sort(np.where(goods, load, np.inf), axis=-1)
    steps = [
        np.minimum(
            _left(error, (load >= start).astype(float)), _left(error, np.where(load >= start, load, 0.0))
        )
        for start in np.moveaxis(rising[..., 1:, None], -2, 0)
    ]
    # It has one end more to fit with: it must fit twice as well to be named.
    left[Pattern.THRESHOLD] = 2 * np.min(np.stack(steps), axis=0) if steps else left[Pattern.OFFSET]
    return left


def _left(error: Floats, shape: Floats) -> Floats:
    norm = np.sum(shape * shape, axis=-1)
    size = np.sum(shape * error, axis=-1) / np.where(norm > 0, norm, 1.0)
    rest: Floats = np.sum((error - size[..., None] * shape) ** 2, axis=-1)
    return rest


def _threshold(loads: Loads, goods: Bools) -> Seen:
    """Goods from some load up against those below it, at every split."""
    rank = np.argsort(np.argsort(np.where(goods, loads.load_g, np.inf), axis=-1), axis=-1)
    number = int(np.max(np.sum(goods, axis=-1)))
    splits = [
        _linear(loads, _mean(goods & (rank >= split)) - _mean(goods & (rank < split)))
        for split in range(1, number)
    ]
    if not splits:
        return _untried(loads.load_g)
    p = np.stack([split.p for split in splits], axis=-1)
    size = np.stack([split.estimate for split in splits], axis=-1)
    place = np.argmin(p, axis=-1)[..., None]
    return Seen(
        np.minimum(1.0, np.take_along_axis(p, place, axis=-1)[..., 0] * len(splits)),
        np.take_along_axis(size, place, axis=-1)[..., 0],
    )


def _single(loads: Loads) -> Seen:
    """The one load that is furthest beyond what an honest scale may show."""
    error = loads.error_g
    spread = np.hypot(loads.u_g, TREMBLE_E * loads.e_g)
    p = _tail(np.maximum(error - most_g(loads), -error - least_g(loads)), spread)
    place = np.argmin(p, axis=-1)[..., None]
    least = np.take_along_axis(p, place, axis=-1)[..., 0]
    return Seen(np.minimum(1.0, least * p.shape[-1]), np.take_along_axis(error, place, axis=-1)[..., 0])


def _linear(loads: Loads, share: Floats) -> Seen:
    """The sum of errors times shares against the most that an honest scale makes of it, above and below."""
    up, down = np.maximum(share, 0.0), np.maximum(-share, 0.0)
    most, least = most_g(loads), least_g(loads)
    statistic = np.sum(share * loads.error_g, axis=-1)
    highest = np.sum(up * most + down * least, axis=-1)
    lowest = np.sum(up * least + down * most, axis=-1)
    ours = np.sum(np.abs(share) * loads.u_g, axis=-1)
    spread = np.hypot(ours, np.sqrt(np.sum((share * TREMBLE_E * loads.e_g) ** 2, axis=-1)))
    return Seen(_tail(np.maximum(statistic - highest, -statistic - lowest), spread), statistic)


def _tail(beyond: Floats, spread: Floats) -> Floats:
    """2 Φ(-x/s) of what lies beyond the bound, 1 where nothing does."""
    p: Floats = np.where(beyond > 0, np.minimum(1.0, 2 * ndtr(-beyond / spread)), 1.0)
    return p


def _mean(of: Bools) -> Floats:
    count = np.sum(of, axis=-1, keepdims=True)
    mean: Floats = of / np.where(count > 0, count, 1)
    return mean


def _untried(like: Floats) -> Seen:
    return Seen(np.ones(like.shape[:-1]), np.zeros(like.shape[:-1]), tried=False)
