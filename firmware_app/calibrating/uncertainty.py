"""What the pan will know after this calibration: uncertainty over the range, against what class III asks.

The reading's own noise, drift and creep come on top of it when the pan weighs (weighing/doubt.py).
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from firmware_app.calibrating.result import Result
from firmware_app.weighing.calibration import LOOP_DIVISOR

STEPS_OF_MPE = ((500, Decimal("0.5")), (2000, Decimal(1)), (10_000, Decimal("1.5")))
"""OIML R 76-1:2006 Table 6, class III, initial verification: up to n intervals, MPE in intervals."""


class At(msgspec.Struct, frozen=True):
    """Terms of the calibration at one load, standard uncertainties in grams."""

    load_g: float
    standard: float
    fit: float
    weights: float
    hysteresis: float
    repeatability: float


def uncertainty_at(result: Result, load_g: float) -> At:
    """The terms at ``load_g`` within the calibrated range; raises ValueError where refused."""
    if result.curve is None:
        raise ValueError("refused data have no uncertainty")
    counts = result.curve.highest_counts * load_g / result.curve.highest_g
    point = result.curve.at(counts)
    hysteresis = (result.hysteresis_g or 0.0) * result.curve.loop(load_g) / LOOP_DIVISOR
    repeatability = result.repeatability_g
    standard = math.hypot(point.fit, point.weights, hysteresis, repeatability)
    return At(load_g, standard, point.fit, point.weights, hysteresis, repeatability)


def third_of_mpe(load_g: Decimal, interval_g: float) -> Decimal:
    """A third of the initial MPE of class III with e = d = ``interval_g`` (R 76-1 Table 6, 3.7.1)."""
    interval = Decimal(repr(interval_g))
    share = next((mpe for most, mpe in STEPS_OF_MPE if load_g <= most * interval), STEPS_OF_MPE[-1][1])
    return share * interval / 3


def finest_interval(result: Result) -> float:
    """The smallest d of 1, 2 or 5·10ᵏ g of which U(k = 2) takes at most a third of the MPE everywhere."""
    assert result.curve is not None
    highest = result.curve.highest_g
    shares = [0.02, 0.1, 0.25, 0.5, 0.75, 1.0]
    loads = [highest * share for share in shares]
    doubts = [2 * uncertainty_at(result, load).standard for load in loads]
    exponent = math.floor(math.log10(highest)) - 6
    while True:
        for digit in (1, 2, 5):
            interval = digit * 10.0**exponent
            limits = (float(third_of_mpe(Decimal(repr(load)), interval)) for load in loads)
            if all(doubt <= limit for doubt, limit in zip(doubts, limits, strict=True)):
                return float(f"{interval:.6g}")
        exponent += 1
