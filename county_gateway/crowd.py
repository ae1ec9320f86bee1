"""How many are served at once, and when the others come back: a queue that is kept by those who wait in it.

Inside there is room for as many as can be answered within a few seconds. When an outage ends, everybody comes
in the same second. Whoever is not served then is given a time, one after another at the pace at which answers
leave, so that they come as fast as they can be served and no faster.

Rules this file obeys:

* No I/O; time and chance are passed in. It takes the same few numbers for ten as for ten thousand.
* Rather too early than too late: a refusal costs next to nothing, a gateway with nothing to do costs all.
"""

from __future__ import annotations

import math
from collections.abc import Callable

FIRST_PACE = 200.0
"""Answers a second that are hoped for before any were counted."""
COUNTED_S = 2.0
"""Over so long answers are counted."""
EAGER = 1.5
"""So many times the pace are asked to come: those who do not come, and the quarter by which appliances come
later than told (`firmware_app.upload.loop`), leave no gap."""
SOONEST_S, FURTHEST_S = 1.0, 240.0
"""An appliance waits 5 min at most (`upload.loop`), told or not."""
INSIDE_S = 5.0
"""Nobody should be inside for longer: an appliance waits 15 s for an answer, and the pace may halve in it."""
LEAST = 8
"""Room however slow it goes: more than the threads that work at once, so that none of them waits."""


class Crowd:
    """Room for ``most`` at once. ``chance``: a number in 0 … 1, evenly distributed, at each call."""

    def __init__(self, most: int, chance: Callable[[], float]) -> None:
        self._most = most
        self._chance = chance
        self._inside = 0
        self._pace = FIRST_PACE
        self._room = min(most, LEAST)
        self._told_until = 0.0
        self._since: float | None = None
        self._left = 0
        self._refused = False

    def enter(self, now_s: float) -> bool:
        """Lets one in where there is room; whoever was let in leaves."""
        if self._inside >= self._room:
            self._refused = True
            return False
        self._inside += 1
        self._since = now_s if self._since is None else self._since
        return True

    def leave(self, now_s: float) -> None:
        """One was answered."""
        self._inside -= 1
        self._left += 1
        if self._since is None or now_s - self._since < COUNTED_S:
            return
        pace = self._left / (now_s - self._since)
        # With room left over it is not we who are slow: only a crowd tells how fast we are.
        if self._refused or pace > self._pace:
            self._pace = (self._pace + 3 * pace) / 4
            # Little's law: those inside are the pace times the time that each of them is inside.
            self._room = min(self._most, max(LEAST, int(pace * INSIDE_S)))
        self._since, self._left, self._refused = now_s, 0, False

    def come_back_in(self, now_s: float) -> int:
        """Whole seconds after which one who was refused should come: the next turn that nobody was given."""
        turn = max(self._told_until, now_s + SOONEST_S)
        if turn - now_s > FURTHEST_S:
            return math.ceil(FURTHEST_S * (1 + self._chance()) / 2)
        self._told_until = turn + 1 / (EAGER * max(self._pace, 1.0))
        return math.ceil(turn - now_s)
