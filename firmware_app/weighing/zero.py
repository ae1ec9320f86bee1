"""The zero of the pan: found at the start, set on request, tracked within the law.

Rules this file obeys (clauses of OIML R 76-1:2006):

* Zero is only ever set on a stable load, and a refusal has a reason (4.4.2, 4.5.6).
* Initial zero setting at most ±10 % of Max about the calibrated zero (4.5.1 allows 20 % in all); zero setting
  on request and tracking together at most ±2 % of Max about the initial zero (4.5.1: 4 % in all).
* Tracking at most 0.5 d a second, only at gross zero and in stable equilibrium (4.5.7).
* Once found, a zero outlives faults: a plug pulled with goods on the pan must not make the goods the zero.
"""

from __future__ import annotations

import enum
import math

import msgspec

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.filter import Window
from firmware_app.weighing.reading import WhyNot

INITIAL_RANGE = 0.10
LATER_RANGE = 0.02
TRACKING_INTERVALS_PER_S = 0.5
TRACKING_BAND_INTERVALS = 0.5
REQUEST_TIMEOUT_NS = 5_000_000_000
ZERO_RETURN_INTERVALS = 0.5
"""How far a sound instrument's zero may have moved after half an hour of load (R 76-1 3.9.4.2)."""


class ZeroRefusal(enum.StrEnum):
    """Why the zero was not set."""

    FAULT = "fault"
    """The pan is at fault; nothing can be zeroed."""
    NOT_STABLE = "not_stable"
    """The pan did not come to rest in time."""
    OUT_OF_RANGE = "out_of_range"
    """Something is on the pan, or the cell is bent: more than the law lets a zero hide."""


class ZeroOutcome(msgspec.Struct, frozen=True):
    """What became of a request: set (``refusal`` None), or refused; ``why_not`` where it was not stable."""

    at_ns: int
    refusal: ZeroRefusal | None
    why_not: WhyNot | None = None


class Zero(msgspec.Struct, frozen=True):
    """The counts of the empty pan, their standard uncertainty and when they were seen."""

    counts: float
    standard: float
    at_ns: int


class ZeroKeeper:
    """Holds the zero and decides over every change of it.

    ``given``: counts of a known zero; None takes the first stable plateau within the initial range.
    """

    def __init__(self, calibration: Calibration, given: float | None = None, tracking: bool = True) -> None:
        self._scale = calibration
        self._given = given
        self._tracking = tracking and calibration.resolution_g is not None
        self._initial: float | None = None
        self._asked_ns: int | None = None
        self._why_not: WhyNot | None = None
        self._tracked_ns = 0
        self.zero: Zero | None = None
        self.outcome: ZeroOutcome | None = None
        self.missing_because: WhyNot | ZeroRefusal | None = WhyNot.SETTLING
        """Why there is no zero yet; None once there is one."""

    def request(self, now_ns: int) -> None:
        """Asks for zero on the next stable load; the answer is ``outcome``, None until then."""
        self._asked_ns, self.outcome, self._why_not = now_ns, None, None

    @property
    def pending(self) -> bool:
        """Whether a request waits for a stable load."""
        return self._asked_ns is not None

    def fault(self, now_ns: int) -> None:
        """The pan is at fault: a waiting request is refused."""
        if self._asked_ns is not None:
            self._answer(now_ns, ZeroRefusal.FAULT)

    def tick(self, now_ns: int) -> None:
        """Refuses a request that has waited too long."""
        if self._asked_ns is not None and now_ns - self._asked_ns > REQUEST_TIMEOUT_NS:
            self._answer(now_ns, ZeroRefusal.NOT_STABLE, self._why_not)

    def observe(self, window: Window, why_not: WhyNot | None) -> None:
        """Takes every window and whether it is stable (``why_not`` None)."""
        if self.zero is None and self._given is not None:
            self._initial = self._given
            self._set(Zero(self._given, 0.0, window.at_ns))
        self._why_not = why_not
        self.tick(window.at_ns)
        if why_not is not None:
            self._tracked_ns = window.at_ns
            if self.zero is None and self.missing_because is not ZeroRefusal.OUT_OF_RANGE:
                self.missing_because = why_not
            return
        found = Zero(window.whole.mean, window.type_a, window.at_ns)
        if self.zero is None:
            self._begin(found)
        elif self._asked_ns is not None:
            self._on_request(found)
        elif self._tracking:
            self._track(self.zero, found)

    def drift(self, at_ns: int, plateau_s: float, deviation: float) -> float:
        """Standard uncertainty in counts from what the zero may have moved since it was seen.

        Beyond the Allan minimum (``deviation`` counts at ``plateau_s``) a cell walks at random: the static
        log's 13.7 counts at 2.7 s become 82 at 88 s, 6.0 times as much, where √(88/2.7) says 5.7. An
        instrument with a display interval is held to the zero return of R 76-1 3.9.4.2, ±0.5 d.
        """
        if self.zero is None:
            return math.inf
        age_s = max(0.0, (at_ns - self.zero.at_ns) * 1e-9)
        walked = deviation * math.sqrt(age_s / plateau_s)
        interval = self._counts(self._scale.resolution_g)
        return walked if interval is None else min(walked, ZERO_RETURN_INTERVALS * interval / math.sqrt(3))

    # ----------------------------------------------------------------------------------------- inside

    def _begin(self, found: Zero) -> None:
        centre = self._scale.zero_counts
        if centre is not None and self._beyond(found.counts, centre, INITIAL_RANGE):
            self.missing_because = ZeroRefusal.OUT_OF_RANGE
            if self._asked_ns is not None:
                self._answer(found.at_ns, ZeroRefusal.OUT_OF_RANGE)
            return
        self._initial = found.counts
        self._set(found)
        if self._asked_ns is not None:
            self._answer(found.at_ns, None)

    def _on_request(self, found: Zero) -> None:
        if self._initial is not None and self._beyond(found.counts, self._initial, LATER_RANGE):
            self._answer(found.at_ns, ZeroRefusal.OUT_OF_RANGE)
            return
        self._set(found)
        self._answer(found.at_ns, None)

    def _track(self, zero: Zero, found: Zero) -> None:
        interval = self._counts(self._scale.resolution_g)
        elapsed_s = (found.at_ns - self._tracked_ns) * 1e-9
        self._tracked_ns = found.at_ns
        away = found.counts - zero.counts
        if interval is None or abs(away) > TRACKING_BAND_INTERVALS * interval:
            return
        most = TRACKING_INTERVALS_PER_S * interval * elapsed_s
        counts = zero.counts + max(-most, min(most, away))
        if self._initial is None or not self._beyond(counts, self._initial, LATER_RANGE):
            self._set(Zero(counts, found.standard, found.at_ns))

    def _set(self, zero: Zero) -> None:
        self.zero = zero
        self._tracked_ns = zero.at_ns
        self.missing_because = None

    def _answer(self, at_ns: int, refusal: ZeroRefusal | None, why_not: WhyNot | None = None) -> None:
        self._asked_ns = None
        self.outcome = ZeroOutcome(at_ns, refusal, why_not)

    def _beyond(self, counts: float, centre: float, share: float) -> bool:
        capacity = self._counts(self._scale.capacity_g)
        return capacity is not None and abs(counts - centre) > share * capacity

    def _counts(self, grams: float | None) -> float | None:
        return None if grams is None else grams * abs(self._scale.counts_per_gram)
