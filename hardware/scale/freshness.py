"""When a stream of Indications is too old to speak of the present.

Rules this file obeys:

* The frame period is learned from the Indications; five periods without one and the last is void.
* No clock of its own: monotonic times are passed in, as ``Indication.last_ns`` has them.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from hardware.scale.contract import Indication

MISSED_PERIODS = 5
FIRST_LIMIT_NS = 1_000_000_000
"""Silence allowed until a period is known: a Yaohua indicator that stops may mean overload."""
SHORTEST_LIMIT_NS = 250_000_000
LONGEST_LIMIT_NS = 10_000_000_000
WINDOW = 16


class Freshness:
    """Learns the frame period from Indications and says when the line has fallen silent."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=WINDOW)

    @property
    def limit_ns(self) -> int:
        """The silence after which the last Indication is void."""
        if len(self._times) < 2 or self._times[-1] == self._times[0]:
            return FIRST_LIMIT_NS
        period = (self._times[-1] - self._times[0]) // (len(self._times) - 1)
        # Adapters hand over several frames at once: their pauses are not those of the scale.
        pause = max(after - before for before, after in pairwise(self._times))
        return min(max(MISSED_PERIODS * period, pause * 3 // 2, SHORTEST_LIMIT_NS), LONGEST_LIMIT_NS)

    def saw(self, indication: Indication) -> None:
        """Takes note of an Indication; after a silence the period is learned anew."""
        if len(self._times) > 1 and self.silent(indication.last_ns):
            self._times.clear()
        self._times.append(indication.last_ns)

    def silent(self, now_ns: int) -> bool:
        """Whether the last Indication is void at ``now_ns``; True while there is none."""
        return not self._times or now_ns - self._times[-1] > self.limit_ns

    def reset(self) -> None:
        """Forgets everything: the line was lost."""
        self._times.clear()
