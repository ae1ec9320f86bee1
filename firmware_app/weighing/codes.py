"""What one code of the converter is worth in a stream, and how noisy a bridge can be at most.

Rules this file obeys:

* A live chip gives whole codes. A recording may be scaled by its logger: then all differences are multiples
  of one code in other units, which is found as their greatest common divisor.
* A step that is a power of ten is the rounding of a logger and tells nothing of the chip: no rule then.
"""

from __future__ import annotations

import math

FULL_RANGE = 1 << 24
"""Codes from one end of the range to the other (HX711 datasheet: 24 bits)."""
NOISE_FREE_SIGMAS = 6.6
"""Peak to peak of noise over its σ (the usual 99.9 %)."""
LEAST_INTERVALS = 100
"""No instrument has fewer verification scale intervals (R 76-1 Table 3)."""
NOISIEST_CODES = FULL_RANGE / 2 / NOISE_FREE_SIGMAS / LEAST_INTERVALS
"""12 710: beyond this not even a cell that used the chip's whole range one way would show an interval. It is
300 times the noise of the datasheet; shaken pans of the field reach 40 times."""
ENOUGH = 12
"""Differences that must agree."""
EXACT = 1e-3
"""How nearly whole the multiples must be, in codes."""


class CodeStep:
    """Learns the worth of one code; ``step`` is None while it is not known, ``settled`` once it is final."""

    def __init__(self) -> None:
        self.step: float | None = None
        self.settled = False
        self._first: float | None = None
        self._differences: list[float] = []

    def feed(self, counts: float) -> None:
        """Takes the next conversion."""
        if self._first is None:
            self._first = counts
            return
        difference = abs(counts - self._first)
        if difference and difference not in self._differences:
            self._differences.append(difference)
        if len(self._differences) < ENOUGH:
            return
        self.settled = True
        step = 0.0
        for each in self._differences:
            step = _common(step, each)
            step = each / round(each / step)  # the larger length knows the step better
        whole = 1.0 if float(self._first).is_integer() and step.is_integer() else step
        decade = math.log10(step) if step else 0.0
        if whole == 1.0 or (step and abs(decade - round(decade)) > EXACT and self._fits(step)):
            self.step = whole

    def _fits(self, step: float) -> bool:
        largest = max(self._differences)
        return largest / step < FULL_RANGE and all(
            abs(each / step - round(each / step)) < EXACT * 10 for each in self._differences
        )


def _common(one: float, other: float) -> float:
    """Greatest common divisor of two lengths; a rest smaller than half a code of the whole range is none."""
    smallest = max(one, other) / (2 * FULL_RANGE)
    while other > smallest:
        one, other = other, math.fmod(one, other)
        if one - other < smallest:
            other = 0.0
    return one
