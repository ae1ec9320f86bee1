"""When a line that was lost is looked for again: rarer and rarer, with jitter, at once where it stays.

Rules this file obeys:

* It knows of no device: whoever owns one says when it came, was heard, and was lost.
* A line that goes again at once is tried rarer; one that stays, or brings a byte, is back.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 3.0
JITTER = 0.25
STEADY_S = 2.0
"""A line that stays this long, or brings a byte, is back."""
LOOK_S = 0.25
"""How often it is looked whether the path still names the device that is open."""


class Comeback:
    """The times at which one line is tried and looked at; ``clock`` in seconds, ``rng`` for the jitter.

    ``next_try``: by that clock, not to be opened before.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, rng: random.Random | None = None) -> None:
        self._clock = clock
        self._rng = rng if rng is not None else random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._wait_s = FIRST_WAIT_S
        self.next_try = self._came = self._looked = self._clock()

    def came(self) -> None:
        """The line is open."""
        self._came = self._looked = self._clock()

    def lost(self) -> None:
        """The line is gone, or could not be opened: the next try is put off."""
        jitter = 1 + JITTER * self._rng.uniform(-1, 1)
        self.next_try = self._clock() + self._wait_s * jitter
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    def due(self, heard: bool) -> bool:
        """Whether to look now if the path still names the open device; ``heard``: it just brought bytes."""
        now = self._clock()
        if heard or now - self._came >= STEADY_S:
            self._wait_s = FIRST_WAIT_S
        if now - self._looked < LOOK_S:
            return False
        self._looked = now
        return True

    def wait(self, timeout_s: float, closing: threading.Event, open_it: Callable[[], bool]) -> None:
        """Tries until ``open_it`` says that it is open, for at most ``timeout_s`` or until ``closing``."""
        until = self._clock() + timeout_s
        while not closing.is_set():
            now = self._clock()
            if now >= self.next_try:
                if open_it():
                    return
            elif now >= until:
                return
            else:
                closing.wait(min(self.next_try, until) - now)
