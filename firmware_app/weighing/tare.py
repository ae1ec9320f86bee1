"""The tare: a load that is taken away from all that follows, as a container is.

Rules this file obeys (clauses of OIML R 76-1:2006):

* A tare is only ever set on a stable load above zero and within Max, and a refusal has a
  reason (4.6.5, 4.6.6).
* It is subtractive: gross stays what it was, so Max still limits the whole load (T.2.7.4.1).
* While it is set the zero does not move: neither by tracking nor on request.
* The tare is a load that was weighed, with its own noise, creep and time; the zero drops out of the net.
"""

from __future__ import annotations

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import CreepState
from firmware_app.weighing.filter import Window
from firmware_app.weighing.reading import WhyNot
from firmware_app.weighing.waiting import Refusal, Wish
from firmware_app.weighing.zero import Seen


class TareKeeper:
    """Holds the tare, if one is set, and decides over it."""

    def __init__(self, calibration: Calibration) -> None:
        self._upwards = calibration.counts_per_gram > 0
        self._capacity = calibration.capacity_counts
        self.wish = Wish()
        self.tare: Seen | None = None

    def clear(self) -> None:
        """Takes the tare away."""
        self.tare = None

    def observe(self, window: Window, why_not: WhyNot | None, creep: CreepState, zero: Seen | None) -> None:
        """Takes every window and whether it is stable (``why_not`` None)."""
        self.wish.watch(window.at_ns, why_not)
        if why_not is not None or not self.wish.pending:
            return
        if zero is None:
            self.wish.answer(window.at_ns, Refusal.NO_ZERO)
            return
        gross = (window.whole.mean - zero.counts) * (1 if self._upwards else -1)
        if gross <= 0 or (self._capacity is not None and gross > self._capacity):
            self.wish.answer(window.at_ns, Refusal.OUT_OF_RANGE)
            return
        self.tare = Seen.of(window, creep)
        self.wish.answer(window.at_ns, None)
