"""How fast the zero of this instrument wanders, learned from the empty pan.

Rules this file obeys:

* Only an empty pan in stable equilibrium tells of the zero; what its noise explains is no drift.
* A zero walks at random: the static log's Allan deviation grows from 13.7 counts at 2.7 s to 82 at 88 s, 6.0
  times, where √(88/2.7) says 5.7.
* What the data of the cell say stands until the pan has been seen to wander more.
"""

from __future__ import annotations

import math

from firmware_app.weighing.filter import Window
from firmware_app.weighing.noise import Noise
from firmware_app.weighing.zero import Seen, middle_ns

WHOLE_S = 1.9
"""A shorter window has just been cut because its noise was uncommon: it would feign a walk."""
IDLE_S = 10.0
"""An empty pan tells every ten seconds how far its zero has moved."""
MEMORY = 30
"""Five minutes of an empty pan."""
ASSUMED = 4
"""What is assumed is worth so many observations."""
CERTAIN = 2.0
"""A walk is seen where it is more than so many standard deviations of what noise alone feigns."""


class ZeroDrift:
    """The random walk of the zero; ``walk`` is its variance a second in counts squared, as observed."""

    def __init__(self) -> None:
        self.walk = 0.0
        self._by_noise = 0.0
        self._seen = 0
        self._last: Seen | None = None

    def reset(self) -> None:
        """Something happened on the pan: what comes next tells of another zero."""
        self._last = None

    def watch(self, window: Window, noise: Noise, period_s: float) -> None:
        """Takes the window of an empty pan at rest."""
        if window.whole.length_s < WHOLE_S:
            return
        middle = middle_ns(window)
        last = self._last
        if last is None:
            self._last = Seen.of(window)
            return
        seconds = (middle - last.at_ns) * 1e-9
        if seconds < IDLE_S:
            return
        found = self._last = Seen.of(window)
        law = noise.law()
        if law is not None:
            by_noise = law.difference(last.conversions, found.conversions, seconds / period_s)
            moved = (found.counts - last.counts) ** 2 - by_noise
            self._seen = min(self._seen + 1, MEMORY)
            self.walk += (moved / seconds - self.walk) / self._seen
            self._by_noise += (by_noise / seconds - self._by_noise) / self._seen

    def variance(self, seconds: float, assumed: float) -> float:
        """Of the change of the zero after so many seconds, beyond its noise, in counts squared.

        ``assumed``: what the data of the cell say.
        """
        if not self._seen or self.walk <= CERTAIN * math.sqrt(2 / self._seen) * self._by_noise:
            return assumed
        observed = max(self.walk * seconds, assumed)
        return (ASSUMED * assumed + self._seen * observed) / (ASSUMED + self._seen)
