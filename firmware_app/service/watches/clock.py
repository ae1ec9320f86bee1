"""The watch over the clock: every step of it stands in the audit trail (OIML D 31:2023 6.2.7).

Rules this file obeys:

* The time since the machine was started is the witness; a turn that took long in between says nothing.
* A full disk must not stop the core: the step is then told by the stamps of the entries around it.
"""

from __future__ import annotations

import contextlib

from firmware_app.ledger.clock import Clock
from firmware_app.ledger.dating.clock_step import KIND, ClockStep, StepWatch, step_since
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.store import Ledger

APART_NS = 100_000_000
"""Two readings further apart than this are not of one moment."""


class ClockWatch:
    """Looks at the clock once at the start and then at every turn."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._watch = StepWatch()

    def start(self) -> None:
        """Compares with the last entry, before the first one of this run."""
        last = self._ledger.entry(self._ledger.head_seq)
        if last is not None:
            clock = self._clock
            self._record(step_since(last.payload, clock.now(), clock.boot, clock.uptime_ns()))

    def turn(self) -> None:
        """Compares with the turn before."""
        before_ns = self._clock.uptime_ns()
        now = self._clock.now()
        after_ns = self._clock.uptime_ns()
        if after_ns - before_ns < APART_NS:
            self._record(self._watch.look(now, before_ns))

    def _record(self, step: ClockStep | None) -> None:
        if step is not None:
            with contextlib.suppress(StoreFailed):
                self._ledger.append(KIND, step)
