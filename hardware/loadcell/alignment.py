"""Several bridges under one pan: their free-running conversions aligned in time and put together into one.

Rules this file obeys:

* No thread, no clock, no I/O: samples go in as they come, aligned samples come out.
* The first corner beats: each of its conversions becomes one sample, once all the others have gone past it.
* Each corner is taken at the middle of what its chip averaged, between two of its conversions that are both
  sound and one period apart; the later one must be vouched for by the one after it, as the gate does.
* What speaks against one corner speaks against all: then there are faults, and no number.

A junction box puts the bridges in parallel and gives the mean of their signals. So does this: the mean of the
corners, each times its trim, which stays within the range of one converter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from hardware.loadcell import hx711
from hardware.loadcell.clock import SECOND
from hardware.loadcell.contract import Fault, Sample

MIDDLE_PERIODS = 2.18
"""Periods from the middle of what a conversion averaged to its falling edge: a mean of three periods that
ends 0.68 periods before (fitted to simultaneous records of an HX711 and a 5 kS/s converter)."""
FLATLINE_RUN = 6
"""Equal codes in a row that no live bridge gives; the other corners' noise would hide them in the sum."""
ALIVE_CHANGES = 5
"""Changes in a row after which a corner once flat is believed again."""
SOON_PERIODS = 6.0
"""A beat that waits for a corner longer than any restart takes is given up."""
MEMORY = 512
"""Samples kept of each corner: five seconds of the fastest part, more than ever wait."""

GRAVEST_FIRST = (
    Fault.SILENT,
    Fault.DISCONNECTED,
    Fault.NOT_A_CHIP,
    Fault.OVERLOAD,
    Fault.UNDERLOAD,
    Fault.FLATLINE,
    Fault.BAD_TRANSFER,
    Fault.SLOW_CLOCK,
    Fault.RESET,
    Fault.SETTLING,
    Fault.LATE,
)
NOTHING_THERE = frozenset({Fault.SILENT, Fault.DISCONNECTED, Fault.NOT_A_CHIP})
OUT_OF_ORDER = NOTHING_THERE | {Fault.FLATLINE}
"""Faults that a person must mend at the corner that has them."""


def united(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Every fault once, the gravest first (a reader that names one names that)."""
    found = set(faults)
    known = tuple(fault for fault in GRAVEST_FIRST if fault in found)
    return known + tuple(sorted(found.difference(GRAVEST_FIRST)))


class Part(msgspec.Struct, frozen=True):
    """What one corner says of one moment: counts, or the faults against them."""

    counts: float | None
    faults: tuple[Fault, ...]


class Corner:
    """The stream of one bridge: what it read at a moment, and what speaks against that."""

    def __init__(self, nominal_rate_hz: float) -> None:
        self.period = hx711.Period(round(SECOND / nominal_rate_hz))
        self._samples: deque[Sample] = deque(maxlen=MEMORY)
        self._code: float | None = None
        self._equal = 1
        self._changes = ALIVE_CHANGES

    @property
    def middle_ns(self) -> int:
        """From the middle of what a conversion averaged to its edge."""
        return round(MIDDLE_PERIODS * self.period.ns)

    def add(self, sample: Sample) -> None:
        """Takes the next sample of the driver."""
        last = self._samples[-1] if self._samples else None
        if last is not None and last.counts is not None and sample.counts is not None:
            self.period = self.period.learn(sample.at_ns - last.at_ns)
        if sample.counts is not None and self._flat(sample.counts):
            sample = Sample(sample.at_ns, None, (*sample.faults, Fault.FLATLINE))
        self._samples.append(sample)

    def at(self, moment_ns: int) -> Part | None:
        """What the corner says of the moment; None while it cannot be told yet."""
        later = next((k for k, sample in enumerate(self._samples) if sample.at_ns >= moment_ns), None)
        if later is None:
            return self._gone()
        right = self._samples[later]
        exact = right.at_ns == moment_ns
        if not exact and later == 0:
            return Part(None, (Fault.SETTLING,))  # the corner had not begun
        left = right if exact else self._samples[later - 1]
        faults = {*left.faults, *right.faults}
        if not exact:
            faults |= self._gap(left, right)
        if not faults:
            if later + 1 == len(self._samples):
                return None
            faults |= self._gap(right, self._samples[later + 1]) & {Fault.RESET}
        if faults or left.counts is None or right.counts is None:
            return Part(None, united(faults or {Fault.LATE}))
        share = 1.0 if exact else (moment_ns - left.at_ns) / (right.at_ns - left.at_ns)
        return Part(left.counts + share * (right.counts - left.counts), ())

    @property
    def out_of_order(self) -> Fault | None:
        """What must be mended at this corner, by its last sample."""
        last = self._samples[-1].faults if self._samples else ()
        return next((fault for fault in last if fault in OUT_OF_ORDER), None)

    def age_ns(self, moment_ns: int) -> int:
        """How old the newest conversion is at the moment: the skew of a reader that takes the newest."""
        return min((moment_ns - s.at_ns for s in self._samples if s.at_ns <= moment_ns), default=0)

    def forget_before(self, moment_ns: int) -> None:
        """Drops what no later moment needs."""
        while len(self._samples) > 1 and self._samples[1].at_ns <= moment_ns:
            self._samples.popleft()

    # ------------------------------------------------------------------------------------------- inside

    def _gone(self) -> Part | None:
        """Nothing was heard as late as that: an answer only where the corner has said that it is gone."""
        last = self._samples[-1] if self._samples else None
        return Part(None, last.faults) if last is not None and NOTHING_THERE & set(last.faults) else None

    def _gap(self, earlier: Sample, later: Sample) -> set[Fault]:
        """What the time between two samples says; a pause longer than a reset may end with one."""
        gap_ns = later.at_ns - earlier.at_ns
        fault = hx711.gap_fault(gap_ns, self.period.ns)
        longest_ns = (hx711.RESET_PERIODS + hx711.RESET_TOLERANCE) * self.period.ns
        if fault is None:
            return set()
        return {Fault.RESET} if gap_ns > longest_ns and later.counts is not None else {fault}

    def _flat(self, counts: float) -> bool:
        same, self._code = counts == self._code, counts
        self._equal = self._equal + 1 if same else 1
        self._changes = 0 if self._equal >= FLATLINE_RUN else self._changes + (not same)
        return self._changes < ALIVE_CHANGES


class Aligner:
    """Corners in, one stream out; ``trims``: one factor a corner, near 1."""

    def __init__(self, trims: Sequence[float], nominal_rate_hz: float) -> None:
        self.corners = [Corner(nominal_rate_hz) for _ in trims]
        self.skew_ns = 0
        """Age of the oldest of the corners' newest conversions, at worst: what the alignment takes away."""
        self._trims = tuple(trims)
        self._beats: deque[int] = deque(maxlen=MEMORY)

    def feed(self, corner: int, sample: Sample) -> list[Sample]:
        """What can be told now that ``corner`` (from 0) has read ``sample``; in the order of time."""
        self.corners[corner].add(sample)
        if corner == 0:
            self._beats.append(sample.at_ns)
        told = []
        while self._beats and (whole := self._whole(self._beats[0])) is not None:
            self._beats.popleft()
            told.append(whole)
        return told

    # ------------------------------------------------------------------------------------------- inside

    def _whole(self, beat_ns: int) -> Sample | None:
        """The sample of one beat; None while it must wait for a corner."""
        beat = self.corners[0]
        moments = [beat_ns + corner.middle_ns - beat.middle_ns for corner in self.corners]
        parts = [corner.at(moment) for corner, moment in zip(self.corners, moments, strict=True)]
        faults = {fault for part in parts if part is not None for fault in part.faults}
        if None in parts:
            given_up = self._beats[-1] - beat_ns > SOON_PERIODS * beat.period.ns
            if not (given_up or faults & NOTHING_THERE):
                return None
            faults.add(Fault.LATE)
        counts = [part.counts for part in parts if part is not None and part.counts is not None]
        if not faults:
            self.skew_ns = max(self.skew_ns, *(corner.age_ns(beat_ns) for corner in self.corners))
        for corner, moment in zip(self.corners, moments, strict=True):
            corner.forget_before(moment)
        if faults:
            return Sample(beat_ns, None, united(faults))
        total = sum(trim * value for trim, value in zip(self._trims, counts, strict=True))
        return Sample(beat_ns, total / len(counts), (), tuple(counts))
