"""The noise of a bridge as a law over time: white, flicker and random walk, and what follows from it.

Rules this file obeys:

* Lengths and lags are in conversions, variances in counts squared; no clock, no I/O, nothing learned here.
* White noise reaches us through the chip's kernel, a mean of three conversions: short means of it scatter
  less than σ²/n says, long ones more than σ²/√n of independent conversions would.
* Two means of one instrument are never independent: how far apart they lie decides what they share.

Sources: D. W. Allan, Proc. IEEE 54 (1966) 221 and IEEE Std 1139 (power laws and their variances); the
Hadamard variance is the second difference that a steady drift does not touch (IEEE Std 1139 annex).
"""

from __future__ import annotations

import math

import msgspec

ALLAN_LOSS = 4 / 3
"""Of the Allan variance of white noise over n conversions the kernel of three takes 4/(3n) (n ≥ 2)."""
HADAMARD_LOSS = 40 / 27
"""The same for the Hadamard variance."""
HADAMARD_OF_FLICKER = math.log(256 / 27) / (4 * math.log(2))
"""Hadamard over Allan variance of flicker noise: 0.811."""
KERNEL_OF_ONE = 1 / 9
"""Allan variance of single conversions of white noise through the kernel, over that before it."""


def kernel_share(conversions: float, loss: float) -> float:
    """Share of the variance of white noise that the kernel leaves over this many conversions."""
    return max(KERNEL_OF_ONE, 1 - loss / conversions)


def _of_mean(conversions: float) -> float:
    """Variance of a mean over so many conversions, for white noise of variance one before the kernel."""
    return max(1 / 3, 1 - 8 / (9 * conversions)) / conversions


def _area(x: float) -> float:
    """Second integral of ln|x|, without the terms that cancel in every difference of means."""
    return 0.5 * x * x * math.log(abs(x)) if x else 0.0


class Law(msgspec.Struct, frozen=True):
    """A power law: ``white`` variance of one conversion before the kernel, ``flicker`` the floor of the Allan
    variance, ``walk`` the variance that a random walk gains a conversion.
    """

    white: float
    flicker: float
    walk: float

    def allan(self, conversions: float) -> float:
        """Allan variance of means over so many conversions: half that of the difference of neighbours."""
        white = self.white * kernel_share(conversions, ALLAN_LOSS) / conversions
        return white + self.flicker + self.walk * conversions / 3

    def difference(self, one: float, other: float, lag: float) -> float:
        """Variance of the difference of means over ``one`` and ``other`` conversions, centres ``lag`` apart.

        The same window twice differs by nothing; neighbours by twice the Allan variance; far ones by more,
        as the logarithm of the lag for flicker noise and as the lag itself for a random walk.
        """
        lag = abs(lag)
        half, rest = (one + other) / 2, abs(one - other) / 2
        shared = max(0.0, min(half - lag, one, other))
        white = self.white * max(0.0, _of_mean(one) + _of_mean(other) - 2 * shared / (one * other))
        between = _area(lag + half) - _area(lag + rest) - _area(lag - rest) + _area(lag - half)
        apart = between / (one * other) - _area(one) / one**2 - _area(other) / other**2
        flicker = self.flicker / math.log(2) * max(0.0, apart)
        walk = self.walk * (lag - (one + other) / 6 if lag >= half else self._walked(one, other, lag))
        return white + flicker + max(0.0, walk)

    @staticmethod
    def _walked(one: float, other: float, lag: float) -> float:
        """Mean distance between the windows less that within them, for windows that overlap."""

        def cubed(x: float) -> float:
            return abs(x) ** 3 / 6

        half, rest = (one + other) / 2, abs(one - other) / 2
        across = (cubed(lag + half) - cubed(lag + rest) - cubed(lag - rest) + cubed(lag - half)) / (
            one * other
        )
        return across - (one + other) / 6
