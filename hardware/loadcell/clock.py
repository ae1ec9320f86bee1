"""Time as the drivers see it: monotonic nanoseconds, real or virtual.

Rules this file obeys:

* A driver never asks the operating system for the time itself; whoever opens it passes a clock.
* Waiting is counted in the same nanoseconds, so a whole day can pass in a test at once.
"""

from __future__ import annotations

import time
from typing import Protocol

SECOND = 1_000_000_000


class Clock(Protocol):
    """Says what time it is and lets time pass."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...

    def sleep_until(self, at_ns: int) -> None:
        """Returns once ``now_ns() >= at_ns``; at once when that is already so."""
        ...


class MonotonicClock:
    """The clock of the machine (CLOCK_MONOTONIC: one scale for all its processes)."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until(self, at_ns: int) -> None:
        while (left_ns := at_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / SECOND)


class VirtualClock:
    """Time that passes only when somebody waits.

    >>> clock = VirtualClock()
    >>> clock.sleep_until(5 * SECOND)
    >>> clock.now_ns()
    5000000000
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until(self, at_ns: int) -> None:
        self._now_ns = max(self._now_ns, at_ns)
