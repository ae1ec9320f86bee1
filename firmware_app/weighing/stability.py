"""Stable equilibrium: band × time × slope, and the reason when it is not.

Rules this file obeys:

* Limits come from the instrument's own noise, with the display interval d as a floor where one is given
  (OIML R 76-1:2006 4.4.2), so no instrument waits for a quiet that its bridge cannot give.
* It is harder to become stable than to stay so: a static load on a drifting cell is one plateau, and a move
  of less than half an interval shortens what is averaged without ending it.
* Never stable without noise, without a second of rest, or within four conversions of a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from firmware_app.weighing.filter import SETTLED_CONVERSIONS, Window
from firmware_app.weighing.reading import WhyNot
from firmware_app.weighing.stretch import Stretch

SHORTEST_S = 1.0
BAND_SIGMAS = 6.5
"""Range of a second of conversions on a real plateau: 4.0σ at 90 %, 6.4σ at most in ten minutes."""
SLOPE_SIGMAS = 4.0
"""Slope of a real plateau over its own uncertainty: 1.7 at 90 %, 4.5 at most in ten minutes."""
SLOPE_INTERVALS_PER_S = 0.5
"""Half a display interval a second: the same figure as the limit of zero tracking (R 76-1 4.5.7)."""
STAY = 1.6
"""By how much the limits widen while stable."""


class Limits(msgspec.Struct, frozen=True):
    """What the calibration adds to the learned noise, in counts.

    ``interval``: one display interval d; 0 where none is given. ``widest``: a range wider than this is
    never stable, however noisy the bridge; infinite where the capacity is not known.
    """

    interval: float = 0.0
    widest: float = float("inf")


class Stability:
    """Judges windows one after the other; remembers only whether the last one was stable."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._stable = False
        self.noisiest = math.inf
        """Counts of σ beyond which what is connected is no bridge, and never stable."""
        self.two_loads = False
        """Whether the last window was not quiet and its last second was: it tells of two loads."""

    def reset(self) -> None:
        """After a fault stability must be earned again."""
        self._stable = False

    def judge(self, window: Window, recent: Callable[[], Stretch]) -> WhyNot | None:
        """The reason why the load is not stable, in the order of WhyNot; None where it is.

        ``recent`` gives the last second: where that alone is quiet, ``two_loads`` says so.
        """
        why_not = self._unrest(window, window.whole)
        self.two_loads = False
        if why_not is None and window.whole.length_s < SHORTEST_S <= window.rest_s:
            why_not = self._unrest(window, recent())
        elif why_not is not None:
            tail = recent()
            self.two_loads = tail.conversions < window.whole.conversions and (
                self._unrest(window, tail) is None
            )
        if window.since_step < SETTLED_CONVERSIONS or window.whole.conversions < 2:
            why_not = WhyNot.SETTLING
        elif why_not is None and window.rest_s < SHORTEST_S:
            why_not = WhyNot.TOO_SHORT
        self._stable = why_not is None
        return why_not

    # ----------------------------------------------------------------------------------------- inside

    def _unrest(self, window: Window, stretch: Stretch) -> WhyNot | None:
        sigma = window.sigma
        if sigma is None or stretch.spread == 0.0:
            return WhyNot.TOO_SHORT
        if sigma > self.noisiest:
            return WhyNot.UNQUIET
        slack = STAY if self._stable else 1.0
        steepest = max(SLOPE_SIGMAS * stretch.slope_u, SLOPE_INTERVALS_PER_S * self._limits.interval)
        if abs(stretch.slope) > slack * steepest:
            return WhyNot.MOVING
        band = min(max(BAND_SIGMAS * sigma, self._limits.interval), self._limits.widest)
        if stretch.spread > slack * band or window.outliers > (1 if self._stable else 0):
            return WhyNot.UNQUIET
        return None
