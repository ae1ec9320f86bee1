"""What an honest scale may show at most: the model against which every pattern is tried.

Rules this file obeys:

* Honest is not perfect. An honest scale may use up its whole maximum permissible error in service by any
  curve, stand far from where it was adjusted, be worn, be loaded at a corner and be read to its interval.
* What is bounded is taken at its worst end, so the probability is the largest that any honest scale has.
* Only what is known by its spread (our own U, the trembling of the last digit) is left to chance.

The error of a figure, before our own: |f(m)| ≤ MPE in service (OIML R 76-1:2006 3.5.2) + gravity·m + corner·m
+ wear + half an interval. Arrays have any shape; grams throughout.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GRAVITY_UP, GRAVITY_DOWN = 0.0007, 0.0025
"""Share of the load by which a scale adjusted elsewhere in China reads too much or too little here.

Normal gravity (WGS 84 with the free-air gradient) at 18° N and at 54° N, sea level, against 37° N between
2400 m and 3000 m: +6.6e-4 and -2.5e-3.
"""
CORNER = 0.003
"""Share of the load that a worn scale errs by at a corner, ten intervals at Max/3 of 3000 intervals."""
WEAR_E = 1.0
"""Intervals e for a worn scale's repeatability and the drift of its zero between two zeros."""
TREMBLE_E = 0.2
"""Standard deviation of an indication before rounding, in e: wind, a shaking table."""


class Loads(NamedTuple):
    """The first figures, last axis: loads. ``goods``: False for reference weights.

    ``u_g``: standard uncertainty of ``load_g``. ``limit_g``: MPE in service. ``e_g``, ``d_g``: intervals.
    """

    load_g: Floats
    u_g: Floats
    shown_g: Floats
    limit_g: Floats
    e_g: Floats
    d_g: Floats
    goods: Bools

    @property
    def error_g(self) -> Floats:
        return self.shown_g - self.load_g


class Changes(NamedTuple):
    """Pairs of figures, last axis: pairs. ``change_g``: of the error from one to the other.

    ``after_g``: the error of the second. ``u_g``: of the load under it. ``moved``: the load was taken off
    and put on again between; ``u_moved_g``: of the difference of its masses where it was weighed twice.
    """

    change_g: Floats
    after_g: Floats
    load_g: Floats
    u_g: Floats
    limit_g: Floats
    e_g: Floats
    d_g: Floats
    moved: Bools
    u_moved_g: Floats


def most_g(loads: Loads) -> Floats:
    """The largest error that an honest scale shows above."""
    return _bound(loads.load_g, loads.limit_g, loads.e_g, loads.d_g, GRAVITY_UP)


def least_g(loads: Loads) -> Floats:
    """The largest that it shows below, as a positive number."""
    return _bound(loads.load_g, loads.limit_g, loads.e_g, loads.d_g, GRAVITY_DOWN)


def most_after_g(changes: Changes) -> Floats:
    """The largest error above of the second figure."""
    return _bound(changes.load_g, changes.limit_g, changes.e_g, changes.d_g, GRAVITY_UP)


def most_change_g(changes: Changes) -> Floats:
    """The largest change of the figure of one load.

    Where it lies: creep and a knock within the wear, and one interval. Creep in half an hour is at most half
    an interval (type examination, OIML R 76-1:2006), and this is a minute. Where it was taken off between,
    also repeatability up to the MPE (3.6.1) and opposite corners.
    """
    lies = WEAR_E * changes.e_g + changes.d_g
    again = np.where(changes.moved, changes.limit_g + 2 * CORNER * changes.load_g, 0.0)
    bound: Floats = lies + again
    return bound


def _bound(load: Floats, limit: Floats, e: Floats, d: Floats, gravity: float) -> Floats:
    bound: Floats = limit + (gravity + CORNER) * load + WEAR_E * e + d / 2
    return bound
