"""The noise of one instrument, learned while it works: σ of one conversion, and the law of its means.

Rules this file obeys:

* Robust first: σ comes from a low quantile of the first differences, so moving loads do not widen it much;
  and it falls at once but rises slowly, so a minute of pouring does not teach that pouring is quiet.
* The law is learned on plateaus only, from second differences of neighbouring means (Hadamard): creep and
  drift, which are steady over seconds, are no noise and have terms of their own.
* What is not yet learned is assumed as of a common bridge; the fewer the observations, the wider the
  standard uncertainty, as that of a t distribution is (JCGM 101 6.4.9.4).
* How long to average is learned from first differences (Allan), which do see the drift.
"""

from __future__ import annotations

import bisect
import math
from collections import deque

from firmware_app.weighing.allan import HADAMARD_LOSS, HADAMARD_OF_FLICKER, Law, kernel_share

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

WHITE_OF_SIGMA = 2.5
"""White noise before the kernel over σ², until learned: 1.4 on the static log, 4.5 for an ideal kernel."""
FLICKER_OF_SIGMA = 0.1
"""Floor of the Allan variance over σ², until learned: 0.07 on the static log; 0.06 (80 SPS) to 0.2 (10 SPS)
follow from the datasheet, whose noise rises less from 10 to 80 SPS than white noise would (50 → 90 nV)."""
WALK_REACHES_FLICKER_AT = 2048
"""Conversions at which a random walk is assumed to reach the floor, until learned."""
PRIOR_DOF = 6.0
"""What is assumed of the noise of a mean is worth so many observations: bridges differ by a factor of two."""
PRIOR_WEIGHT = 0.5
"""The same for one octave of the fit, observed or not, of which a mean is told by several."""
LEAST_OF_PRIOR = 0.02
"""Share of what is assumed from which each fit begins at least: a product never comes back from zero."""
HADAMARD_DOF = 0.5
"""Degrees of freedom that a second difference of overlapping white means brings: 1/(1 + 2·0.47)."""
OCTAVES = 14
"""Up to 8192 conversions: twelve minutes at 11/s, 1.7 minutes at 80/s."""
FIT_FROM_OCTAVE = 2
"""Shorter means tell more of the kernel than of the noise."""
FIT_EVERY_OCTAVE = 4
"""The law is fitted anew whenever a mean over 16 conversions is complete."""
FORGET = 1 / 64
"""Weight of the newest observation of an octave once 64 are known."""
OUTLYING = 16.0
"""A square beyond so many variances (4σ) is a touch of the pan: it counts no more than this."""
ROUNDS = 4
SIGMA_MOVED = 0.05
"""The law is fitted anew, too, when σ has changed by this share."""
TRUSTED_PAIRS = 6.0
"""Observations of an octave from which on its Allan variance may set the length of the window."""


class Octave:
    """Means over 2**k conversions: mean squares of their first and second differences.

    ``count`` and ``pairs``: how many of these they rest on, at most 64.
    """

    __slots__ = ("before", "count", "first", "hadamard", "half", "last", "pairs")

    def __init__(self) -> None:
        self.half: float | None = None
        self.last: float | None = None
        self.before: float | None = None
        self.count = self.pairs = 0.0
        self.hadamard = self.first = 0.0

    def interrupt(self) -> None:
        """What comes next is no neighbour of what came before."""
        self.half = self.last = self.before = None

    def take(self, mean: float) -> float | None:
        """Takes the next mean; gives the mean of two once a pair is full."""
        last, before = self.last, self.before
        if last is not None:
            square = (mean - last) ** 2 / 2
            self.pairs = min(self.pairs + 1, 1 / FORGET)
            self.first += (square - self.first) / self.pairs
            if before is not None:
                square = (mean - 2 * last + before) ** 2 / 6
                if self.count > PRIOR_DOF:
                    square = min(square, OUTLYING * self.hadamard)
                self.count = min(self.count + 1, 1 / FORGET)
                self.hadamard += (square - self.hadamard) / self.count
        self.before, self.last = last, mean
        half, self.half = self.half, mean
        if half is None:
            return None
        self.half = None
        return (half + mean) / 2


class Noise:
    """Learns from every conversion; says σ and the law of the means."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._next_ns = 0
        self._learned_ns = 0
        self._sigma: float | None = None
        self._octaves = [Octave() for _ in range(OCTAVES)]
        self._fitted_sigma = 0.0
        self._law: Law | None = None
        self._last_law: Law | None = None
        self._widenings: dict[float, float] = {}

    @property
    def sigma(self) -> float | None:
        """Standard deviation of one conversion about a constant load; None until eight differences are known.

        Neighbouring conversions share their kernel (ρ₁ ≈ 0.5), so the deviation of their difference,
        σ·√(2 − 2ρ₁), is σ itself. A stream with no differences at all gives None, too.
        """
        return self._sigma

    def law(self) -> Law | None:
        """The law of the noise as far as it is known; None while σ is unknown."""
        if self._law is None and self._sigma is not None:
            self._law = self._last_law = self._fit(self._sigma)
            self._widenings.clear()
        return self._law

    def dof(self, conversions: float) -> float:
        """Degrees of freedom of the variance of a mean: what is assumed counts as PRIOR_DOF."""
        return PRIOR_DOF + sum(
            HADAMARD_DOF * octave.count
            for number, octave in enumerate(self._octaves)
            if conversions / 8 <= 1 << number <= 2 * conversions and number >= FIT_FROM_OCTAVE
        )

    def type_a(self, conversions: int) -> float:
        """Standard uncertainty in counts of a mean over ``conversions``; infinite while σ is unknown."""
        law = self.law()
        return math.inf if law is None else math.sqrt(law.allan(conversions) * self.widening(conversions))

    def difference(self, one: int, other: int, lag: float) -> float:
        """Variance of the difference of two means whose centres are ``lag`` conversions apart."""
        law = self.law()
        return math.inf if law is None else law.difference(one, other, lag) * self.widening(min(one, other))

    def widening(self, conversions: float) -> float:
        """Variance of a t distribution over that of a normal one (JCGM 101 6.4.9.4)."""
        self.law()
        widening = self._widenings.get(conversions)
        if widening is None:
            dof = self.dof(conversions)
            widening = self._widenings[conversions] = dof / (dof - 2)
        return widening

    def quietest(self, shortest: float, longest: float) -> float | None:
        """Conversions of the lowest Allan deviation between these; None while it is not known.

        Interpolated between octaves by the parabola through the lowest and its neighbours.
        """
        known = [
            (number, math.log(octave.first))
            for number, octave in enumerate(self._octaves)
            if octave.pairs >= TRUSTED_PAIRS and octave.first > 0 and shortest / 2 <= 1 << number
        ]
        known = known[: next((i for i, (n, _) in enumerate(known) if 1 << n > 4 * longest), len(known))]
        if len(known) < 3:
            return None
        lowest = min(range(len(known)), key=lambda index: known[index][1])
        number = float(known[lowest][0])
        if 0 < lowest < len(known) - 1:
            left, here, right = (known[i][1] for i in (lowest - 1, lowest, lowest + 1))
            bend = left - 2 * here + right
            number += 0.5 * (left - right) / bend if bend > 0 else 0.0
        return min(max(math.exp2(number), shortest), longest)

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
        for number, octave in enumerate(self._octaves):
            longer = octave.take(mean)
            if longer is None:
                if number > FIT_EVERY_OCTAVE:
                    self._law = None
                return
            mean = longer

    def interrupt_plateau(self) -> None:
        """The load changed: half-filled means are given up."""
        for octave in self._octaves:
            octave.interrupt()

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
        if seen is not None and abs(seen - self._fitted_sigma) > SIGMA_MOVED * self._fitted_sigma:
            self._fitted_sigma = seen
            self._law = None

    def _step_of_codes(self) -> float | None:
        """Noise below the step of a coarse recording: its smallest step stands for σ."""
        at = bisect.bisect_right(self._sorted, 0.0)
        return self._sorted[at] if at < len(self._sorted) else None

    def _fit(self, sigma: float) -> Law:
        """White, flicker and walk that explain the octaves best, what is assumed among them.

        Mean squares of noise have a spread of their own size, so it is the likelihood of gamma variables
        that is made greatest, by multiplicative steps, under which no part can become negative (the
        Itakura-Saito form of non-negative matrix factorization, Févotte et al. 2009).
        """
        flicker = FLICKER_OF_SIGMA * sigma**2
        parts = [WHITE_OF_SIGMA * sigma**2, flicker, 3 * flicker / WALK_REACHES_FLICKER_AT]
        rows = []
        for number in range(FIT_FROM_OCTAVE, OCTAVES):
            octave, size = self._octaves[number], 1 << number
            shape = (kernel_share(size, HADAMARD_LOSS) / size, HADAMARD_OF_FLICKER, size / 6)
            assumed = sum(p * s for p, s in zip(parts, shape, strict=True))
            weight = HADAMARD_DOF * octave.count
            seen = (weight * octave.hadamard + PRIOR_WEIGHT * assumed) / (weight + PRIOR_WEIGHT)
            rows.append((shape, seen, weight + PRIOR_WEIGHT))
        if self._last_law is not None:
            # Each fit goes on where the last one stopped, so a few rounds suffice.
            last = self._last_law
            known = (last.white, last.flicker, last.walk)
            parts = [max(part, LEAST_OF_PRIOR * least) for part, least in zip(known, parts, strict=True)]
        for _ in range(ROUNDS):
            up, down = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
            for shape, seen, weight in rows:
                fitted = shape[0] * parts[0] + shape[1] * parts[1] + shape[2] * parts[2]
                ratio = weight / fitted
                for j in range(3):
                    up[j] += ratio * seen / fitted * shape[j]
                    down[j] += ratio * shape[j]
            parts = [part * u / d for part, u, d in zip(parts, up, down, strict=True)]
        return Law(parts[0], parts[1], parts[2])
