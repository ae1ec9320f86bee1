"""How often somebody may ask: a bucket of tokens for each name, in the process, bounded.

Each process counts for itself: behind nginx with n processes the bound is n times as wide at worst, and
nginx's own (`limit_req`, provisioning/county) stands before it.

Rules this file obeys:

* No I/O; the time is passed in.
* Memory is bounded whoever asks: the names that were longest silent are forgotten, and begin full again.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict

from county_gateway.errors import TooOften

MOST_NAMES = 10_000


class Rate:
    """At most ``burst`` at once, refilled with ``per_minute``; ``words``: what is refused, for people."""

    def __init__(self, per_minute: float, burst: int, words: str) -> None:
        self._per_s = per_minute / 60
        self._burst = burst
        self._words = words
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def take(self, name: str, now_s: float) -> None:
        """Counts one; raises TooOften where nothing is left."""
        with self._one_at_a_time:
            left = self._of(name, now_s)
            if left < 1:
                raise TooOften(f"{self._words}: ask again later", math.ceil((1 - left) / self._per_s))
            self._keep(name, left - 1, now_s)

    def look(self, name: str, now_s: float) -> None:
        """As `take`, without counting."""
        with self._one_at_a_time:
            left = self._of(name, now_s)
        if left < 1:
            raise TooOften(f"{self._words}: ask again later", math.ceil((1 - left) / self._per_s))

    def _of(self, name: str, now_s: float) -> float:
        left, then_s = self._left.get(name, (float(self._burst), now_s))
        return min(float(self._burst), left + max(0.0, now_s - then_s) * self._per_s)

    def _keep(self, name: str, left: float, now_s: float) -> None:
        self._left[name] = (left, now_s)
        self._left.move_to_end(name)
        while len(self._left) > MOST_NAMES:
            self._left.popitem(last=False)
