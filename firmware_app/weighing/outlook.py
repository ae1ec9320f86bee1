"""What a pan will tell of a load that does not lie on it yet: the budget before the weighing.

Rules this file obeys:

* Pure; the terms are those of a reading (doubt.py), each at the value that a careful person gives it.
* It is for planning only. What was weighed is judged by the budget of its own reading.
"""

from __future__ import annotations

import math

import msgspec

from firmware_app.quantity import Estimate
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import Creep
from firmware_app.weighing.substitution import Variance
from firmware_app.weighing.zero import NO_CREEP

REST_NS = 3_000_000_000
"""A reading is taken after so much rest of the load."""
SINCE_ZERO_S = 60.0
"""So long ago the empty pan was seen: goods are carried over from another scale."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The calibration of a pan and its noise. ``noise_g``: of one reading against another (Terms.noise).

    ``difference``: variance in counts squared of the difference of two windows (Instrument.difference).
    """

    calibration: Calibration
    difference: Variance
    noise_g: float = 0.0

    def direct(self, load_g: float) -> Estimate:
        """A load of grams with the standard uncertainty that one reading of it is expected to have."""
        calibration, cell = self.calibration, self.calibration.cell
        known = calibration.mass(load_g * calibration.counts_per_gram).mass.standard
        if calibration.capacity_g is None:
            return Estimate(load_g, math.hypot(known, self.noise_g))
        creep = Creep(cell)
        creep.follow(0, load_g)
        creep.follow(REST_NS, load_g)
        drift = cell.zero_drift_g(SINCE_ZERO_S, calibration.capacity_g)
        terms = (known, self.noise_g, drift, creep.doubt_g(NO_CREEP, load_g), load_g * cell.span_u())
        return Estimate(load_g, math.hypot(*terms))
