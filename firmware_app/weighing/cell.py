"""What is known of the load cell from its class: limits that no instrument can learn of itself.

Rules this file obeys:

* Every figure is a limit (half width of a rectangular distribution, JCGM 100 4.3.7) with its source; the sign
  and the size of this very cell within it are unknown.
* Left out of the calibration file, the cell is taken for a common one of OIML R 60 class C3.
* Chance and time are passed in; nothing is read from anywhere.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

RECTANGULAR = math.sqrt(3)
HOUR_S = 3600.0

CREEP_S = (8.0, 40.0, 200.0, 1000.0)
"""Time constants that stand for the parts of half an hour, each five times the last, in which a cell creeps.
Nothing says in which of them this cell does, so each has a quarter of the variance, independently."""
CREEP_TIME_S = 1800.0
"""Creep is stated for half an hour of load (R 60-1:2021 5.3.2)."""
CALIBRATED_AFTER_S = (3.0, 30.0)
"""How long a weight has rested on the pan when a calibration reads it, from the first stable reading to a
keeper who looks away: anywhere between, evenly on a scale of logarithms. Creep until then is calibrated."""

CreepState = tuple[float, ...]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a cell, and of the air it works in.

    ``creep``: change in half an hour, relative to the load. ``zero_per_k``: relative to ``emax_g`` a kelvin.
    ``span_per_k``: relative a kelvin. ``air_k``: by what the air may differ from that of the calibration, and
    ``air_k_per_h``: how fast it may change. ``emax_g``: capacity of the cell; None takes that of the pan.

    The defaults are OIML R 60-1:2021 class C3 (3000 intervals v, p_LC = 0.7): creep 0.7·1.5·0.7 v = 0.735 v
    at E_max; zero 0.7 v_min per 5 K with v_min = E_max/10 000; span 0.7·1.5 v over the 20 K from 20 to 40 °C;
    and the air of R 76-1:2006 A.4.1.2, at most 5 K an hour.
    """

    emax_g: Annotated[float, Meta(ge=1, le=1e7, description="g")] | None = None
    creep: Annotated[float, Meta(ge=0, le=0.05, description="relative in 30 min, limit")] = 2.45e-4
    zero_per_k: Annotated[float, Meta(ge=0, le=0.01, description="of E_max a kelvin, limit")] = 1.4e-5
    span_per_k: Annotated[float, Meta(ge=0, le=0.01, description="relative a kelvin, limit")] = 1.75e-5
    air_k: Annotated[float, Meta(ge=0, le=60, description="K from the calibration, limit")] = 10.0
    air_k_per_h: Annotated[float, Meta(ge=0, le=100, description="K an hour, limit")] = 5.0
    source: Annotated[str, Meta(max_length=200)] = "OIML R 60-1:2021 class C3; R 76-1:2006 A.4.1.2"

    def zero_drift_g(self, seconds: float, capacity_g: float) -> float:
        """Standard uncertainty of how far the air has moved the zero after so many seconds.

        The product of two rectangular quantities about zero: the coefficient and the change of the air.
        """
        warmer = min(self.air_k_per_h * seconds / HOUR_S, self.air_k)
        return (self.emax_g or capacity_g) * self.zero_per_k / RECTANGULAR * warmer / RECTANGULAR

    def span_u(self) -> float:
        """Relative standard uncertainty of the span from air other than that of the calibration."""
        return self.span_per_k / RECTANGULAR * self.air_k / RECTANGULAR

    def zero_shift_g(self, capacity_g: float) -> float:
        """How far the zero may have moved since the last time, from one end of the air to the other.

        With that the zero return after a load, half an interval v (R 60-1:2021 5.3.3).
        """
        emax_g = self.emax_g or capacity_g
        return emax_g * (2 * self.air_k * self.zero_per_k + 0.5 / 3000)


class Creep:
    """How far the cell has crept in each decade, in grams of load that have come to rest there.

    The state follows the load as the deformation of the cell does, linearly (Boltzmann), so former loads are
    in it, with the return after them.
    """

    def __init__(self, cell: Cell) -> None:
        # In half an hour each decade is in by 1 − e^(−1800/τ); together they make the limit's deviation.
        part = cell.creep / RECTANGULAR / math.sqrt(len(CREEP_S))
        self._deviations = tuple(part / -math.expm1(-CREEP_TIME_S / tau) for tau in CREEP_S)
        self._calibrated = tuple(_calibrated(tau) for tau in CREEP_S)
        self._state = [0.0 for _ in CREEP_S]
        self._at_ns: int | None = None

    def follow(self, at_ns: int, load_g: float) -> None:
        """The load has been ``load_g`` since the last call."""
        if self._at_ns is not None:
            past_s = (at_ns - self._at_ns) * 1e-9
            for number, tau in enumerate(CREEP_S):
                self._state[number] += (load_g - self._state[number]) * -math.expm1(-past_s / tau)
        self._at_ns = at_ns

    @property
    def state(self) -> CreepState:
        """What to keep with a zero or a tare that is seen now."""
        return tuple(self._state)

    def doubt_g(self, then: CreepState, net_g: float) -> float:
        """Standard uncertainty of the creep in a load of ``net_g`` above one that was seen at ``then``.

        Creep that a calibrated load had shown, too, when it was read is part of the calibration.
        """
        variance = 0.0
        for deviation, now, before, (mean, spread) in zip(
            self._deviations, self._state, then, self._calibrated, strict=True
        ):
            variance += deviation**2 * ((now - before - net_g * mean) ** 2 + (net_g * spread) ** 2)
        return math.sqrt(variance)

    def contrast_g(self, weights: Sequence[float], states: Sequence[CreepState]) -> float:
        """Standard uncertainty of the creep in a weighted sum of loads seen in these states."""
        return math.hypot(
            *(
                deviation * sum(w * state[number] for w, state in zip(weights, states, strict=True))
                for number, deviation in enumerate(self._deviations)
            )
        )


def _calibrated(tau: float) -> tuple[float, float]:
    """Mean and standard deviation of the share that had crept when the calibration read its weights."""
    first, last = (math.log(after) for after in CALIBRATED_AFTER_S)
    steps = 32
    shares = [-math.expm1(-math.exp(first + (last - first) * (n + 0.5) / steps) / tau) for n in range(steps)]
    return statistics.fmean(shares), statistics.pstdev(shares)
