"""The zero of the pan: found at the start, set on request, tracked within the law.

Rules this file obeys (clauses of OIML R 76-1:2006):

* Zero is only ever set on a stable load, and a refusal has a reason (4.4.2, 4.5.6).
* Initial zero setting at most ±10 % of Max about the calibrated zero (4.5.1 allows 20 % in all); zero setting
  on request and tracking together at most ±2 % of Max about the initial zero (4.5.1: 4 % in all).
* Tracking at most 0.5 d a second, only at gross zero, in stable equilibrium and without a tare (4.5.7).
* Once found, a zero outlives faults: a plug pulled with goods on the pan must not make the goods the zero.
"""

from __future__ import annotations

import msgspec

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import CREEP_S, CreepState
from firmware_app.weighing.filter import Window
from firmware_app.weighing.reading import WhyNot
from firmware_app.weighing.waiting import Refusal, Wish

INITIAL_RANGE = 0.10
LATER_RANGE = 0.02
TRACKING_INTERVALS_PER_S = 0.5
TRACKING_BAND_INTERVALS = 0.5

NO_CREEP: CreepState = tuple(0.0 for _ in CREEP_S)


class Seen(msgspec.Struct, frozen=True):
    """A load that readings refer to, the empty pan or a tare: where and how it was seen.

    ``conversions`` of the window behind it (0: the counts were given and are taken as exact), ``at_ns`` the
    middle of that window, ``creep`` the state of the cell then.
    """

    counts: float
    conversions: int
    at_ns: int
    creep: CreepState = NO_CREEP

    @classmethod
    def of(cls, window: Window, creep: CreepState = NO_CREEP) -> Seen:
        """The load of a window."""
        return cls(window.whole.mean, window.whole.conversions, middle_ns(window), creep)


def middle_ns(window: Window) -> int:
    """The moment in the middle of the window."""
    return window.at_ns - round(window.whole.length_s * 0.5e9)


class ZeroKeeper:
    """Holds the zero and decides over every change of it.

    ``given``: counts of a known zero; None takes the first stable plateau within the initial range.
    """

    def __init__(self, calibration: Calibration, given: float | None = None, tracking: bool = True) -> None:
        self._given = given
        self._interval = calibration.interval_counts
        self._capacity = calibration.capacity_counts
        self._centre = calibration.zero_counts
        self._tracking = tracking and self._interval is not None
        self._initial: float | None = None
        self._tracked_ns = 0
        self.wish = Wish()
        self.zero: Seen | None = None
        self.missing_because: WhyNot | Refusal | None = WhyNot.SETTLING
        """Why there is no zero yet; None once there is one."""

    def observe(self, window: Window, why_not: WhyNot | None, creep: CreepState, *, net: bool) -> None:
        """Takes every window, whether it is stable (``why_not`` None) and whether a tare is set."""
        if self.zero is None and self._given is not None:
            self._initial = self._given
            self._set(Seen(self._given, 0, window.at_ns, creep))
        self.wish.watch(window.at_ns, why_not)
        if why_not is not None:
            self._tracked_ns = window.at_ns
            if self.zero is None and self.missing_because is not Refusal.OUT_OF_RANGE:
                self.missing_because = why_not
            return
        if self.zero is None:
            self._begin(Seen.of(window, creep))
        elif self.wish.pending:
            self._on_request(window, creep, net)
        elif self._tracking and not net:
            self._track(self.zero, window, creep)

    # ----------------------------------------------------------------------------------------- inside

    def _begin(self, found: Seen) -> None:
        if self._centre is not None and self._beyond(found.counts, self._centre, INITIAL_RANGE):
            self.missing_because = Refusal.OUT_OF_RANGE
            if self.wish.pending:
                self.wish.answer(found.at_ns, Refusal.OUT_OF_RANGE)
            return
        self._initial = found.counts
        self._set(found)
        if self.wish.pending:
            self.wish.answer(found.at_ns, None)

    def _on_request(self, window: Window, creep: CreepState, net: bool) -> None:
        found = Seen.of(window, creep)
        if net:
            self.wish.answer(window.at_ns, Refusal.TARED)
        elif self._initial is not None and self._beyond(found.counts, self._initial, LATER_RANGE):
            self.wish.answer(window.at_ns, Refusal.OUT_OF_RANGE)
        else:
            self._set(found)
            self.wish.answer(window.at_ns, None)

    def _track(self, zero: Seen, window: Window, creep: CreepState) -> None:
        interval = self._interval
        elapsed_s = (window.at_ns - self._tracked_ns) * 1e-9
        self._tracked_ns = window.at_ns
        away = window.whole.mean - zero.counts
        if interval is None or abs(away) > TRACKING_BAND_INTERVALS * interval:
            return
        most = TRACKING_INTERVALS_PER_S * interval * elapsed_s
        counts = zero.counts + max(-most, min(most, away))
        if self._initial is None or not self._beyond(counts, self._initial, LATER_RANGE):
            self.zero = Seen(counts, window.whole.conversions, middle_ns(window), creep)

    def _set(self, zero: Seen) -> None:
        self.zero = zero
        self._tracked_ns = zero.at_ns
        self.missing_because = None

    def _beyond(self, counts: float, centre: float, share: float) -> bool:
        return self._capacity is not None and abs(counts - centre) > share * self._capacity
