"""A strain-gauge cell with a pan on it: grams put on in virtual time → counts at each conversion.

Rules this file obeys:

* Every step is the exact solution of the equation of motion, so the result does not depend on how often
  anybody asks.
* Time is passed in and never goes back; chance comes from one seeded generator.
* The converter's own averaging is here too: a conversion is the mean of three periods that end 0.68 periods
  before it (fitted to simultaneous records of an HX711 and a 5 kS/s converter: lag 26 … 32 ms at 85/s).
"""

from __future__ import annotations

import math
import random
from collections import deque

import msgspec

SECOND = 1_000_000_000

NOISE_COUNTS = {10: 21.5, 80: 38.7}
"""Noise of one conversion at gain 128 by rate: 50 and 90 nV rms at 5 V excitation (datasheet table 1)."""
REFERENCE_C = 20.0


class Physics(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell is like.

    ``counts_per_gram`` at gain 128; ``zero_counts`` unloaded at 20 °C; ``natural_hz`` and ``damping`` of cell
    and pan; ``creep``: pairs (share of the load, time constant in s); ``zero_g_per_k``, ``span_per_k``
    (relative) and ``thermal_s``, the time constant with which the cell body follows the air; ``noise``: times
    the datasheet's. The defaults are a 15 kg single-point cell within OIML R 60 class C3 creep.
    """

    counts_per_gram: float = 300.0
    zero_counts: float = 84_000.0
    natural_hz: float = 14.0
    damping: float = 0.12
    creep: tuple[tuple[float, float], ...] = ((3e-5, 60.0), (6e-5, 900.0))
    zero_g_per_k: float = 0.2
    span_per_k: float = 1e-5
    thermal_s: float = 300.0
    noise: float = 1.0


class _Body:
    """Deflection of the cell in grams, with its integral over time; loads are steps."""

    def __init__(self, physics: Physics, load_g: float) -> None:
        self._physics = physics
        self._load_g = load_g
        self._position = load_g
        self._speed = 0.0
        self._creep = [share * load_g for share, _ in physics.creep]
        self._integral = 0.0
        self._now_s = 0.0
        self._steps: deque[tuple[float, float]] = deque()

    def put(self, at_s: float, load_g: float) -> None:
        """From ``at_s`` on (or now, if that is past) ``load_g`` rests on the pan."""
        self._steps.append((max(at_s, self._now_s, self._steps[-1][0] if self._steps else 0.0), load_g))

    def integral(self, at_s: float) -> float:
        """Gram-seconds since the beginning; before it, the cell had always been as it was then."""
        while self._steps and self._steps[0][0] <= at_s:
            step_s, load_g = self._steps.popleft()
            self._move(step_s - self._now_s)
            self._load_g = load_g
        self._move(at_s - self._now_s)
        return self._integral - (self._now_s - at_s) * (self._position + math.fsum(self._creep))

    def _move(self, dt: float) -> None:
        if dt <= 0:
            return
        # x'' + 2ζω x' + ω² (x - u) = 0 with u constant, solved exactly; the equation gives the integral.
        omega = 2 * math.pi * self._physics.natural_hz
        decay = self._physics.damping * omega
        swing = omega * math.sqrt(1 - self._physics.damping**2)
        away, speed = self._position - self._load_g, self._speed
        fade, cos, sin = math.exp(-decay * dt), math.cos(swing * dt), math.sin(swing * dt)
        across = (speed + decay * away) / swing
        away_after = fade * (away * cos + across * sin)
        speed_after = fade * (speed * cos - (decay * across + swing * away) * sin)
        self._integral += self._load_g * dt
        self._integral -= ((speed_after - speed) + 2 * decay * (away_after - away)) / omega**2
        self._position, self._speed = self._load_g + away_after, speed_after
        for number, (share, tau) in enumerate(self._physics.creep):
            goal = share * self._load_g
            left = (self._creep[number] - goal) * -math.expm1(-dt / tau)
            self._integral += goal * dt + left * tau
            self._creep[number] -= left
        self._now_s += dt


class SimulatedCell:
    """The cell, the pan and the converter's input stage; ``convert`` is what a simulated chip asks."""

    KERNEL_PERIODS = 3
    LAG_PERIODS = 0.68

    def __init__(
        self,
        physics: Physics | None = None,
        *,
        rate_hz: int = 80,
        seed: int = 1,
        load_g: float = 0.0,
        temperature_c: float = REFERENCE_C,
    ) -> None:
        self._physics = physics or Physics()
        self._chance = random.Random(seed)  # noqa: S311  (a simulation that must repeat itself)
        self._sigma = NOISE_COUNTS[rate_hz] * self._physics.noise * math.sqrt(self.KERNEL_PERIODS)
        self._body = _Body(self._physics, load_g)
        self._air_c = self._cell_c = temperature_c
        self._warmed_s = 0.0
        self._means: deque[float] = deque(maxlen=self.KERNEL_PERIODS)
        self._from_s = 0.0
        self._from_integral = 0.0

    def put(self, load_g: float, at_ns: int) -> None:
        """From ``at_ns`` on ``load_g`` rests on the pan."""
        self._body.put(at_ns / SECOND, load_g)

    def set_air(self, temperature_c: float, at_ns: int) -> None:
        """From ``at_ns`` on the air has this temperature; the cell body follows slowly."""
        self._warm(at_ns / SECOND)
        self._air_c = temperature_c

    def convert(self, ready_ns: int, period_ns: int, gain: int) -> float:
        """Counts of the conversion that is ready at ``ready_ns``.

        ``gain`` 128 and 64 read this bridge (64 gives half the counts), 32 the open input B.
        """
        period_s = period_ns / SECOND
        end_s = ready_ns / SECOND - self.LAG_PERIODS * period_s
        missing = 1 if self._means and end_s - self._from_s < 1.5 * period_s else self.KERNEL_PERIODS
        if missing > 1:
            self._start_window(end_s - missing * period_s)
        for left in reversed(range(missing)):
            self._means.append(self._one_period(end_s - left * period_s, gain))
        return math.fsum(self._means) / len(self._means)

    def _start_window(self, from_s: float) -> None:
        self._means.clear()
        self._from_integral = self._body.integral(from_s)
        self._from_s = from_s

    def _one_period(self, end_s: float, gain: int) -> float:
        """Mean of the input over one period, in counts, with its noise."""
        integral = self._body.integral(end_s)
        grams = (integral - self._from_integral) / (end_s - self._from_s)
        self._from_s, self._from_integral = end_s, integral
        noise = self._chance.gauss(0.0, self._sigma)
        if gain == 32:
            return noise
        self._warm(end_s)
        warmer = self._cell_c - REFERENCE_C
        physics = self._physics
        grams = grams * (1 + physics.span_per_k * warmer) + physics.zero_g_per_k * warmer
        return (physics.zero_counts + physics.counts_per_gram * grams) * gain / 128 + noise

    def _warm(self, at_s: float) -> None:
        dt = max(0.0, at_s - self._warmed_s)
        self._cell_c += (self._air_c - self._cell_c) * -math.expm1(-dt / self._physics.thermal_s)
        self._warmed_s = max(self._warmed_s, at_s)
