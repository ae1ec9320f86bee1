"""The gate: which conversions may be weighed. Transfer validity only; statistics come later.

Rules this file obeys:

* No clock and no I/O: samples and times are passed in, events are handed back.
* Every sample that carries a conversion leaves as exactly one event: released, or a fault that names it.
  Only the last one may be left, because nothing vouches for a conversion but the one after it.
* No rule looks at the size of the counts (a recording may be in scaled grams), save the two codes at
  which the chip saturates.
* Fault codes and reasons: HX711 datasheet V2.0 (settling table, PD_SCK > 60 µs) and field recordings.
"""

from __future__ import annotations

import math
import statistics
from collections import deque

from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault, Sample

SECOND = 1_000_000_000

POWER_UP_CONVERSIONS = 5
"""Wrong though marked ready after a power-up: up to +939 counts measured, beyond the datasheet's 400 ms."""
GAIN_CHANGE_CONVERSIONS = 2
"""Wrong after a change of channel or gain while the chip stays awake."""
FLATLINE_RUN = 6
"""Equal codes in a row that no live bridge gives: at 20 codes of noise five equal pairs in a row come once
in 10⁸ conversions. One more than is discarded after power-up, so a dead sensor never releases anything."""
FLATLINE_LONGEST_RUN = 60
EQUAL_PAIRS = 1 / 50
"""Share of neighbours that are equal on a live bridge before anything is learned; a recording rounded by
its logger has more, and is given the run that is as improbable."""
CHANCE = 1e-8
ALIVE_CHANGES = 5
"""Changes in a row after which a line once flat is believed again."""

LATE_PERIODS = 1.5
RESET_PERIODS = (4.3, 4.6)
"""After an involuntary reset the next conversion comes 4.448 periods later (4.435 … 4.457 in 141 cases)."""
NEAR_NOMINAL = 0.3
"""Intervals that may be the period of a chip of known nominal rate; real ones are 5 … 17 % shorter."""
SHORTEST_NS = 5_000_000
"""No chip converts faster (20 MHz clock: 144/s); what comes sooner was read twice or waited in a buffer."""
MOST_WAITING = 32
GONE_NS = SECOND

LASTING = frozenset(
    {
        Fault.OVERLOAD,
        Fault.UNDERLOAD,
        Fault.DISCONNECTED,
        Fault.NOT_A_CHIP,
        Fault.SETTLING,
        Fault.FLATLINE,
        Fault.SILENT,
    }
)
"""Faults that go on until a Reading follows; the others cost one sample."""
NOTHING_THERE = frozenset({Fault.DISCONNECTED, Fault.NOT_A_CHIP, Fault.SILENT})
"""Faults after which the chip must be treated as newly powered."""

SATURATED_HIGH = 0x7FFFFF
SATURATED_LOW = -0x800000

GateEvent = Sample | PanFault
"""A released conversion, or why there is none."""


class Period:
    """The conversion period, learned from the stream: chips differ by 15 % from the nominal rate.

    Half of the last intervals may be wrong (pauses, reads that came late, a burst out of a buffer): the
    median names the right ones, and their mean is the period even where times are rounded. Where the nominal
    rate is known, only intervals near it are looked at, if there are any.
    """

    ENOUGH = 5
    MEMORY = 32
    EVERY = 8
    """Intervals after which a period that rests on a full memory is worked out anew: oscillators are slow."""

    def __init__(self, nominal_rate_hz: float | None = None) -> None:
        self._nominal_ns = SECOND / nominal_rate_hz if nominal_rate_hz else None
        self._intervals: deque[int] = deque(maxlen=self.MEMORY)
        self._value: float | None = None
        self._new = 0

    def learn(self, interval_ns: int) -> None:
        """Takes the time between two successive conversions."""
        if interval_ns < SHORTEST_NS:
            return
        self._intervals.append(interval_ns)
        self._new += 1
        full = len(self._intervals) == self.MEMORY
        if len(self._intervals) >= self.ENOUGH and (not full or self._new >= self.EVERY):
            self._new = 0
            near = [i for i in self._intervals if self._near_nominal(i)]
            typical = statistics.median_low(near or self._intervals)
            self._value = statistics.fmean(i for i in self._intervals if abs(i - typical) <= 0.25 * typical)

    def _near_nominal(self, interval_ns: int) -> bool:
        return self._nominal_ns is not None and abs(interval_ns / self._nominal_ns - 1) <= NEAR_NOMINAL

    @property
    def ns(self) -> float | None:
        """The period in nanoseconds; None until five intervals are known."""
        return self._value


class Flatline:
    """Whether the same code comes again and again, which no live bridge does."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._run = 0
        self._changes = 0
        self._flat = False
        self._equal = 0
        self._pairs = 0

    def shown_by(self, counts: float) -> bool:
        """Whether the line is flat, this code included; once flat, five changes in a row show life."""
        if counts == self._last:
            self._run += 1
            self._changes = 0
            self._flat = self._flat or (self._run >= FLATLINE_RUN and self._run >= self._improbable_run())
            return self._flat
        if not self._flat:
            self._equal += max(0, self._run - 1)
            self._pairs += self._run
        self._last = counts
        self._run = 1
        self._changes += 1
        self._flat = self._flat and self._changes <= ALIVE_CHANGES
        return self._flat

    def _improbable_run(self) -> int:
        prior = FLATLINE_LONGEST_RUN
        share = (self._equal + prior * EQUAL_PAIRS) / (self._pairs + prior)
        return min(FLATLINE_LONGEST_RUN, 1 + math.floor(math.log(CHANCE) / math.log(share)))


class Gate:
    """Holds each conversion until the next one arrives on schedule, and passes on what is sound.

    >>> gate = Gate()
    >>> for sample in samples: events = gate.feed(sample)       # doctest: +SKIP
    """

    def __init__(self, nominal_rate_hz: float | None = None) -> None:
        self._nominal_rate_hz = nominal_rate_hz
        self._period = Period(nominal_rate_hz)
        self._flatline = Flatline()
        self._waiting: list[Sample] = []
        self._held: Sample | None = None
        self._held_fault: Fault | None = None
        self._settling_next = POWER_UP_CONVERSIONS
        self._last_ns: int | None = None
        self._watched_ns: int | None = None
        self._released_ns: int | None = None
        self._gone = False

    @property
    def period_ns(self) -> float | None:
        """The learned conversion period; None while it is not known."""
        return self._period.ns

    def restart(self, conversions: int = POWER_UP_CONVERSIONS) -> list[GateEvent]:
        """Discards the next ``conversions``: POWER_UP_CONVERSIONS of a new session, GAIN_CHANGE_CONVERSIONS.

        The conversion held until now belongs to the past and is dropped.
        """
        events = self._abandon(Fault.SETTLING)
        if conversions >= POWER_UP_CONVERSIONS:
            self._power_up()
            self._last_ns = self._watched_ns = None
            self._gone = False
        self._settling_next = max(self._settling_next, conversions)
        self._flatline = Flatline()
        return events

    def feed(self, sample: Sample) -> list[GateEvent]:
        """What is known now that ``sample`` has arrived; one whose time goes back is a bad transfer."""
        if self._last_ns is not None and sample.at_ns < self._last_ns:
            spoiled = PanFault(self._last_ns, Fault.BAD_TRANSFER, self._lasts(self._last_ns), sample.at_ns)
            return [*self._abandon(Fault.BAD_TRANSFER), spoiled]
        self._watched_ns = sample.at_ns
        gone = [fault for fault in sample.faults if fault in NOTHING_THERE]
        if sample.counts is None and gone:
            return self._lose(sample.at_ns, gone[0])
        events: list[GateEvent] = []
        if self._last_ns is not None and sample.at_ns - self._last_ns > GONE_NS and not self._gone:
            events += self._lose(self._last_ns + GONE_NS, Fault.DISCONNECTED)
        if self._gone:
            self._gone = False
            self._last_ns = None
        if self._period.ns is not None:
            interval_ns = None if self._last_ns is None else sample.at_ns - self._last_ns
            events += self._pass(sample)
            if interval_ns is not None:
                self._period.learn(interval_ns)
            return events
        if len(self._waiting) == MOST_WAITING:
            too_old = self._waiting.pop(0).at_ns
            events.append(PanFault(too_old, Fault.SETTLING, True, too_old))
        self._waiting.append(sample)
        if len(self._waiting) > 1:
            self._period.learn(sample.at_ns - self._waiting[-2].at_ns)
        self._last_ns = sample.at_ns
        if self._period.ns is not None:
            waiting, self._waiting, self._last_ns = self._waiting, [], None
            for earlier in waiting:
                events += self._pass(earlier)
        return events

    def tick(self, now_ns: int) -> list[GateEvent]:
        """DISCONNECTED, once, when no conversion has come for a second."""
        if self._watched_ns is None:
            self._watched_ns = now_ns
        if self._gone or now_ns - self._watched_ns <= GONE_NS:
            return []
        return self._lose(now_ns, Fault.DISCONNECTED)

    def flush(self) -> list[GateEvent]:
        """Ends the stream: the last conversion is given up, for nothing came after it to vouch for it.

        Conversions that were still waiting for the period are told as settling.
        """
        self._held = None
        waiting, self._waiting = self._waiting, []
        return [PanFault(s.at_ns, Fault.SETTLING, True, s.at_ns) for s in waiting[:-1]]

    # ----------------------------------------------------------------------------------------- inside

    def _power_up(self) -> None:
        self._period = Period(self._nominal_rate_hz)
        self._flatline = Flatline()
        self._waiting = []
        self._held = None
        self._settling_next = POWER_UP_CONVERSIONS

    def _pass(self, sample: Sample) -> list[GateEvent]:
        fault = self._judge(sample)
        events = self._settle_held(sample.at_ns, fault)
        self._last_ns = sample.at_ns
        if fault is None or fault is Fault.SETTLING:
            self._held, self._held_fault = sample, fault
        else:
            events.append(PanFault(sample.at_ns, fault, self._lasts(sample.at_ns, fault), sample.at_ns))
        return events

    def _settle_held(self, now_ns: int, next_fault: Fault | None) -> list[GateEvent]:
        """What becomes of the held conversion, from the time of the next one and what that one is."""
        held, self._held = self._held, None
        if self._last_ns is None or self._period.ns is None:
            return []
        periods = (now_ns - self._last_ns) / self._period.ns
        if RESET_PERIODS[0] <= periods <= RESET_PERIODS[1]:
            return [PanFault(now_ns, Fault.RESET, self._lasts(now_ns), self._last_ns)]
        if periods > RESET_PERIODS[1]:
            # PD_SCK may have been held high for long, with a reset at its end: the read before is in doubt.
            return [PanFault(now_ns, Fault.LATE, self._lasts(now_ns), self._last_ns)]
        events: list[GateEvent] = []
        if held is not None:
            doubt = next_fault if next_fault is Fault.FLATLINE else self._held_fault
            if doubt is None:
                self._released_ns = held.at_ns
                events.append(held)
            else:
                events.append(PanFault(held.at_ns, doubt, True, held.at_ns))
        if periods > LATE_PERIODS:
            # Too short a pause for a reset: conversions were missed, the one before is whole.
            events.append(PanFault(now_ns, Fault.LATE, self._lasts(now_ns)))
        return events

    def _judge(self, sample: Sample) -> Fault | None:
        """The fault of the sample by itself and by its likeness to those before it."""
        counts = sample.counts
        if counts is None or not math.isfinite(counts):
            return sample.faults[0] if sample.faults else Fault.BAD_TRANSFER
        flat = self._flatline.shown_by(counts)
        settling = self._settling_next > 0
        self._settling_next = max(0, self._settling_next - 1)
        if sample.faults:
            return sample.faults[0]
        if counts >= SATURATED_HIGH:
            return Fault.OVERLOAD
        if counts <= SATURATED_LOW:
            return Fault.UNDERLOAD
        if flat:
            return Fault.FLATLINE
        return Fault.SETTLING if settling else None

    def _lose(self, at_ns: int, fault: Fault) -> list[GateEvent]:
        """Nothing is there any more: all that was learned of the chip is forgotten."""
        events = self._abandon(fault)
        self._power_up()
        self._gone = True
        self._last_ns = at_ns
        return [*events, PanFault(at_ns, fault, True)]

    def _abandon(self, fault: Fault) -> list[GateEvent]:
        """Gives up what was held: with nothing on schedule after it, it may be corrupt."""
        doubtful = [*self._waiting, *([self._held] if self._held else [])]
        self._held, self._waiting = None, []
        return [PanFault(s.at_ns, fault, True, s.at_ns) for s in doubtful]

    def _lasts(self, at_ns: int, fault: Fault | None = None) -> bool:
        """Whether the fault goes on: by its kind, or because nothing was released for a second."""
        if fault in LASTING:
            return True
        return self._released_ns is None or at_ns - self._released_ns > GONE_NS
