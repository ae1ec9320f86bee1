"""The noise of one instrument, learned while it works: σ of one conversion, and its Allan deviations.

Rules this file obeys:

* Robust first: σ comes from a low quantile of the first differences, so moving loads do not widen it much;
  and it falls at once but rises slowly, so a minute of pouring does not teach that pouring is quiet.
* Deviations over longer times are learned on plateaus only, from pairs of neighbouring means.
* What is not yet learned is assumed worse than it will prove, never better.
"""

from __future__ import annotations

import bisect
import math
from collections import deque

MEMORY_S = 15.0
MEMORY_POINTS = 160
ENOUGH = 8
TRUSTED = MEMORY_POINTS
"""Differences after which the rise of σ is held back."""
DOUBLING_NS = 30_000_000_000
"""σ rises by at most a factor of two in this time."""
QUANTILE = 0.3
QUANTILE_OF_NORMAL = 0.385_320
"""The 0.3 quantile of |z| for a standard normal z."""
DECAY_PER_OCTAVE = 0.75
"""Allan variance over twice the length, where not yet learned. White noise would halve it; on the static
log of a real cell it falls by 0.75 an octave (29.5 → 19.2 counts over three octaves)."""
OCTAVE_MEMORY = 32
ASSUMED_PAIRS = 6
"""What is assumed of an octave weighs as much as this many observed pairs: few pairs may agree by chance."""
MAX_OCTAVES = 10


class Octave:
    """Allan variance of means over 2**k conversions: half the mean square of differences of neighbours."""

    def __init__(self) -> None:
        self.open: float | None = None
        self._squares: deque[float] = deque(maxlen=OCTAVE_MEMORY)

    def pair(self, mean: float) -> float | None:
        """Takes the next mean; the mean of two once a pair is full."""
        if self.open is None:
            self.open = mean
            return None
        first, self.open = self.open, None
        self._squares.append((mean - first) ** 2)
        return (first + mean) / 2

    def variance(self, assumed: float) -> float:
        """In counts squared; ``assumed`` is what to think before anything is observed."""
        return (sum(self._squares) / 2 + ASSUMED_PAIRS * assumed) / (len(self._squares) + ASSUMED_PAIRS)


class Noise:
    """Learns from every conversion; says σ and the type A uncertainty of a mean."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._next_ns = 0
        self._learned_ns = 0
        self._sigma: float | None = None
        self._octaves = [Octave() for _ in range(MAX_OCTAVES)]

    @property
    def sigma(self) -> float | None:
        """Standard deviation of one conversion about a constant load; None until eight differences are known.

        Neighbouring conversions share their kernel (ρ₁ ≈ 0.5), so the deviation of their difference,
        σ·√(2 − 2ρ₁), is σ itself. A stream with no differences at all gives None, too.
        """
        return self._sigma

    def type_a(self, conversions: int) -> float:
        """Standard uncertainty in counts of a mean over ``conversions``; infinite while σ is unknown."""
        sigma = self.sigma
        if sigma is None:
            return math.inf
        octave = math.log2(max(1, conversions))
        low = min(int(octave), MAX_OCTAVES - 1)
        below = self._variance(low, sigma)
        above = self._variance(min(low + 1, MAX_OCTAVES - 1), sigma)
        return math.sqrt(below + (above - below) * (octave - low if octave < MAX_OCTAVES - 1 else 0.0))

    def add(self, at_ns: int, counts: float) -> None:
        """Takes every sound conversion, moving or not."""
        last, self._last = self._last, (at_ns, counts)
        if last is None or at_ns < self._next_ns:
            return
        elapsed_ns, self._learned_ns = at_ns - self._learned_ns, at_ns
        if len(self._order) == MEMORY_POINTS:
            # At high rates only every few differences are kept now, so that the memory spans the same time.
            self._next_ns = at_ns + round(MEMORY_S / MEMORY_POINTS * 0.8e9)
        step = abs(counts - last[1])
        self._order.append(step)
        bisect.insort(self._sorted, step)
        if len(self._order) > MEMORY_POINTS:
            self._sorted.pop(bisect.bisect_left(self._sorted, self._order.popleft()))
        self._learn(elapsed_ns)

    def plateau(self, counts: float) -> None:
        """Takes a conversion that belongs to the same load as the one before it."""
        mean = counts
        for octave in self._octaves:
            longer = octave.pair(mean)
            if longer is None:
                return
            mean = longer

    def interrupt_plateau(self) -> None:
        """The load changed: half-filled pairs are given up."""
        for octave in self._octaves:
            octave.open = None

    def interrupt(self) -> None:
        """The stream was broken: the next conversion is no neighbour of the last."""
        self._last = None
        self.interrupt_plateau()

    # ----------------------------------------------------------------------------------------- inside

    def _learn(self, elapsed_ns: int) -> None:
        count = len(self._sorted)
        if count < ENOUGH:
            return
        seen = self._sorted[int(QUANTILE * count)] / QUANTILE_OF_NORMAL or self._step_of_codes()
        if seen is not None and self._sigma is not None and count >= TRUSTED:
            seen = min(seen, self._sigma * 2 ** (elapsed_ns / DOUBLING_NS))
        self._sigma = seen

    def _step_of_codes(self) -> float | None:
        """Noise below the step of a coarse recording: its smallest step stands for σ."""
        at = bisect.bisect_right(self._sorted, 0.0)
        return self._sorted[at] if at < len(self._sorted) else None

    def _variance(self, octave: int, sigma: float) -> float:
        assumed = sigma**2 / 2
        for number in range(octave):
            assumed = self._octaves[number].variance(assumed) * DECAY_PER_OCTAVE
        return self._octaves[octave].variance(assumed)
