"""The uncertainty budget of one reading: what is learned of the noise, and what the cell's class says.

Rules this file obeys:

* Terms are independent and added in quadrature (JCGM 100 5.1.2); what two windows share is not counted twice,
  because the noise term is the variance of the *difference* of the two.
* Nothing is added for caution: a term that is not known is the distribution that its source gives it.
* A mass is never better known than the mean of its own window, also where it is the zero itself.

==============  =================================================================================
noise           difference of the load's window and the zero's (or tare's): Allan law, learned (noise.py)
unrest          scatter of the window's quarters where its range is wider than the noise explains
drift           of the zero since it was seen: learned on the empty pan, cell data before that (drift.py)
creep           of the cell under this load and after former ones (cell.py)
span            of the cell in other air than that of the calibration, where no sensor tells it
calibration     fit, weights, hysteresis, repeatability, temperature (Calibration.mass)
==============  =================================================================================
"""

from __future__ import annotations

import math

import msgspec

from firmware_app.quantity import Estimate
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import Creep
from firmware_app.weighing.curve import Beyond
from firmware_app.weighing.drift import ZeroDrift
from firmware_app.weighing.filter import USUAL_MINIMUM_S, Filter, Window
from firmware_app.weighing.stability import BAND_SIGMAS, STAY
from firmware_app.weighing.zero import Seen, middle_ns

AFRESH_NS = 95_000_000
"""A tenth of a second, less than a period of 10 SPS."""


class Terms(msgspec.Struct, frozen=True):
    """The terms of one reading, standard uncertainties in grams."""

    noise: float
    unrest: float
    drift: float
    creep: float
    span: float
    calibration: float


class Doubt:
    """Works the budget out for one instrument."""

    def __init__(self, calibration: Calibration, line: Filter, drift: ZeroDrift, creep: Creep) -> None:
        self._calibration = calibration
        self._grams = 1 / abs(calibration.counts_per_gram)
        self._line = line
        self._noise = line.noise
        self._drift = drift
        self._creep = creep
        self._cell = None if calibration.capacity_g is None else calibration.cell
        self._wandered: tuple[int, Seen, int, float, float] | None = None
        self.terms: Terms | None = None
        """Of the last mass."""

    def mass(
        self, window: Window, zero: Seen, tare: Seen | None, period_s: float, temperature_c: float | None
    ) -> tuple[Estimate, Beyond | None]:
        """The mass in the window above zero, or above the tare where one is set; and whether gross is beyond.

        A net mass is the difference of two gross ones on the curve; calibrated errors that grow with the load
        are those of the net load.
        """
        against = tare or zero
        noise, drift = self._wander(window, against, period_s)
        unrest = 0.0
        spread, sigma = window.whole.spread, window.sigma
        if sigma is not None and spread > STAY * BAND_SIGMAS * sigma:
            unrest = self._grams * self._line.unrest()
        weighed = self._calibration.mass(window.whole.mean - against.counts, 0.0, temperature_c)
        value, calibration, beyond = weighed.mass.value, weighed.mass.standard, weighed.beyond
        if tare is not None:
            gross = self._calibration.mass(window.whole.mean - zero.counts, 0.0, temperature_c)
            tared = self._calibration.mass(tare.counts - zero.counts, 0.0, temperature_c)
            value, beyond = gross.mass.value - tared.mass.value, gross.beyond
        creep = span = 0.0
        if self._cell is not None:
            creep = self._creep.doubt_g(against.creep, value)
            if temperature_c is None or self._calibration.temperature_c is None:
                span = abs(value) * self._cell.span_u()
        self.terms = Terms(noise, unrest, drift, creep, span, calibration)
        return Estimate(value, math.hypot(noise, unrest, drift, creep, span, calibration)), beyond

    def difference(self, one: Seen, other: Seen, period_s: float) -> float:
        """Variance in counts squared by which two windows differ by noise and a wandering zero.

        What the air does to the zero steadily is not in it: that drops out of turns.
        """
        seconds = abs(one.at_ns - other.at_ns) * 1e-9
        noise = self._noise.difference(one.conversions, other.conversions, seconds / period_s)
        return noise + self._drift.variance(seconds, 0.0)

    # ----------------------------------------------------------------------------------------- inside

    def _wander(self, window: Window, against: Seen, period_s: float) -> tuple[float, float]:
        """Terms of noise and drift in grams, worked out ten times a second: they change more slowly."""
        known = self._wandered
        if (
            known is not None
            and known[1] is against
            and 0 <= window.at_ns - known[0] < AFRESH_NS
            and window.whole.conversions >= known[2]
        ):
            return known[3], known[4]
        noise = self._grams * math.sqrt(self._noise_variance(window, against, period_s))
        since_s = max(0.0, (middle_ns(window) - against.at_ns) * 1e-9)
        drift = self._grams * math.sqrt(self._drift.variance(since_s, self._assumed(since_s, period_s)))
        self._wandered = window.at_ns, against, window.whole.conversions, noise, drift
        return noise, drift

    def _noise_variance(self, window: Window, against: Seen, period_s: float) -> float:
        law = self._noise.law()
        if law is None:
            return math.inf
        count = window.whole.conversions
        alone = law.allan(count)
        if not against.conversions:
            return alone * self._noise.widening(count)
        lag = (middle_ns(window) - against.at_ns) * 1e-9 / period_s
        apart = law.difference(count, against.conversions, lag)
        return max(alone, apart) * self._noise.widening(min(count, against.conversions))

    def _assumed(self, since_s: float, period_s: float) -> float:
        """Variance in counts squared of the drift of the zero, from what is known beforehand."""
        if self._cell is not None and self._calibration.capacity_g is not None:
            return (self._cell.zero_drift_g(since_s, self._calibration.capacity_g) / self._grams) ** 2
        # Of a cell of which nothing is known: a random walk that begins at the Allan minimum.
        law = self._noise.law()
        plateau = math.inf if law is None else law.allan(USUAL_MINIMUM_S / period_s)
        return plateau * since_s / USUAL_MINIMUM_S
