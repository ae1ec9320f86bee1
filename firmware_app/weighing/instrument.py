"""The pan as one instrument: samples in, readings and faults out.

Rules this file obeys:

* No clock, no thread, no I/O: samples and times are passed in, events are handed back.
* A fault is never a number. Until a zero exists there is no mass, so there is no Reading at all: the
  SETTLING fault that began the session stands (``missing_zero`` says what it waits for).
* At most one Reading a conversion, in the order of the conversions.
* Zero, tare and a reading that is asked for wait for rest, and are refused with the reason (waiting.py).

``Reading.mass.standard`` is worked out in doubt.py. The mass is not rounded, so no term for a display
interval is in it: who rounds it to d and judges the rounded figure adds d/√12. The place of the load on the
pan belongs to whoever knows it. A load outside the calibrated range is never stable. A reading that is not
stable carries the same terms: they do not say where a moving load will end.
"""

from __future__ import annotations

import math

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.cell import Creep
from firmware_app.weighing.codes import NOISIEST_CODES, CodeStep
from firmware_app.weighing.doubt import Doubt, Terms
from firmware_app.weighing.drift import ZeroDrift
from firmware_app.weighing.filter import Filter, Window
from firmware_app.weighing.gate import GAIN_CHANGE_CONVERSIONS, SECOND, Gate, GateEvent
from firmware_app.weighing.reading import PanEvent, PanFault, Reading, WhyNot
from firmware_app.weighing.stability import Limits, Stability
from firmware_app.weighing.tare import TareKeeper
from firmware_app.weighing.waiting import Outcome, Refusal, Wish
from firmware_app.weighing.zero import Seen, ZeroKeeper
from hardware.loadcell.contract import BridgeInfo, Fault, Sample

LEAST_DIVISIONS = 500
"""A class III instrument has at least 500 intervals (R 76-1 Table 3): a bridge whose range over a second is
wider than Max/500 is not weighing, however steady its noise."""


class Instrument:
    """Gate, filter, stability and zero of one pan, in a row.

    ``nominal_rate_hz``: 10 or 80 where known (it only speeds up learning the period). ``zero``: counts of a
    known zero; None takes the first stable plateau. ``tracking``: zero tracking, where a display interval
    is known.

    >>> pan = Instrument(Calibration.assumed(420.0))
    >>> for sample in samples: events = pan.feed(sample)       # doctest: +SKIP
    """

    def __init__(
        self,
        calibration: Calibration,
        nominal_rate_hz: float | None = None,
        zero: float | None = None,
        tracking: bool = True,
    ) -> None:
        self.calibration = calibration
        self.samples = 0
        """Samples taken."""
        self.released = 0
        """Conversions that the gate let pass."""
        self._gate = Gate(nominal_rate_hz)
        limits = _limits(calibration)
        self._filter = Filter(limits.interval / 2)
        self._stability = Stability(limits)
        self._codes = CodeStep()
        self._zero = ZeroKeeper(calibration, zero, tracking)
        self._tare = TareKeeper(calibration)
        self._reading = Wish()
        self._drift = ZeroDrift()
        self._creep = Creep(calibration.cell)
        self._doubt = Doubt(calibration, self._filter, self._drift, self._creep)
        self.temperature_c: float | None = None
        """Of the cell body, where a sensor is fitted; whoever reads the sensor sets it."""
        self._bridge: BridgeInfo | None = None
        self._now_ns = 0
        self._window: Window | None = None
        self._fault: Fault | None = Fault.SETTLING

    def feed(self, sample: Sample) -> list[PanEvent]:
        """What follows from one more sample: the Reading of the one before it, or faults."""
        self._now_ns = max(self._now_ns, sample.at_ns)
        self.samples += 1
        return self._take(self._gate.feed(sample))

    def tick(self, now_ns: int) -> list[PanEvent]:
        """What follows from the passing of time: DISCONNECTED when no conversion has come for a second."""
        self._now_ns = max(self._now_ns, now_ns)
        events = self._take(self._gate.tick(now_ns))
        for wish in self._wishes:
            wish.tick(now_ns)
        return events

    def restart(self, bridge: BridgeInfo) -> list[PanEvent]:
        """A new session or rate is a power-up, a new gain a change of channel; the same again is nothing."""
        last, self._bridge = self._bridge, bridge
        if last is None or (last.session, last.rate_hz) != (bridge.session, bridge.rate_hz):
            events = self._take(self._gate.restart())
        elif last.gain != bridge.gain:
            events = self._take(self._gate.restart(GAIN_CHANGE_CONVERSIONS))
        else:
            return []
        self._interrupt(Fault.SETTLING)
        return [*events, PanFault(max(self._now_ns, bridge.at_ns), Fault.SETTLING, True)]

    def flush(self) -> list[PanEvent]:
        """The end of the stream: what is still held is given up."""
        return self._take(self._gate.flush())

    def request_zero(self) -> None:
        """Asks for zero on the next stable load within five seconds; ``zero_outcome`` is the answer."""
        self._ask(self._zero.wish)

    @property
    def zero_outcome(self) -> Outcome | None:
        """What became of the last request; None while it waits or where none was made."""
        return self._zero.wish.outcome

    @property
    def zero_asked(self) -> bool:
        """Whether a request waits for a stable load."""
        return self._zero.wish.pending

    def request_tare(self) -> None:
        """Asks that the next stable load be taken away from all that follows; ``tare_outcome`` answers."""
        self._ask(self._tare.wish)

    def clear_tare(self) -> None:
        """Readings are gross again, at once."""
        self._tare.clear()

    @property
    def tare_outcome(self) -> Outcome | None:
        """What became of the last request; None while it waits or where none was made."""
        return self._tare.wish.outcome

    def request_reading(self) -> None:
        """Asks for the next stable reading within five seconds; ``reading_outcome`` holds it."""
        self._ask(self._reading)

    @property
    def reading_outcome(self) -> Outcome | None:
        """The reading that was asked for, or why there is none; None while it is waited for."""
        return self._reading.outcome

    @property
    def zero(self) -> Seen | None:
        """The zero in use; None until there is one."""
        return self._zero.zero

    @property
    def seen(self) -> Seen | None:
        """The load of the last reading, as substitution takes it; None before the first."""
        return None if self._window is None else Seen.of(self._window, self._creep.state)

    def difference(self, one: Seen, other: Seen) -> float:
        """Variance in counts squared of the difference of two loads by noise and drift; see ``seen``."""
        period_ns = self._gate.period_ns
        return math.inf if period_ns is None else self._doubt.difference(one, other, period_ns * 1e-9)

    @property
    def terms(self) -> Terms | None:
        """The budget of the last reading, term by term; None before the first."""
        return self._doubt.terms

    @property
    def window_s(self) -> float:
        """The length up to which this instrument averages: its Allan minimum, 2 … 3 s."""
        return self._filter.longest_s

    @property
    def missing_zero(self) -> WhyNot | Refusal | None:
        """Why there is no zero, hence no mass, yet; None once there is one."""
        return self._zero.missing_because

    @property
    def period_s(self) -> float | None:
        """The learned conversion period; None while it is not known."""
        return None if self._gate.period_ns is None else self._gate.period_ns / SECOND

    # ----------------------------------------------------------------------------------------- inside

    def _take(self, events: list[GateEvent]) -> list[PanEvent]:
        out: list[PanEvent] = []
        for event in events:
            if isinstance(event, PanFault):
                if event.lasting:
                    self._interrupt(event.fault)
                    for wish in self._wishes:
                        wish.fault(event.at_ns)
                out.append(event)
            elif event.counts is not None:
                self.released += 1
                reading = self._weigh(event.at_ns, event.counts)
                if reading is not None:
                    out.append(reading)
        return out

    @property
    def _wishes(self) -> tuple[Wish, Wish, Wish]:
        return self._zero.wish, self._tare.wish, self._reading

    def _ask(self, wish: Wish) -> None:
        wish.ask(self._now_ns)
        if self._fault not in {None, Fault.SETTLING}:
            wish.fault(self._now_ns)

    def _interrupt(self, fault: Fault) -> None:
        self._fault = fault
        self._filter.reset()
        self._stability.reset()
        self._drift.reset()

    def _weigh(self, at_ns: int, counts: float) -> Reading | None:
        self._fault = None
        window = self._filter.feed(at_ns, counts)
        if not self._codes.settled:
            self._codes.feed(counts)
            if self._codes.step is not None:
                self._stability.noisiest = NOISIEST_CODES * self._codes.step
        why_not = self._stability.judge(window, self._filter.recent)
        if self._stability.two_loads:
            window = self._filter.shorten()
            why_not = self._stability.judge(window, self._filter.recent)
        self._window = window
        self._follow(window)
        tare = self._tare.tare
        self._zero.observe(window, why_not, self._creep.state, net=tare is not None)
        self._tare.observe(window, why_not, self._creep.state, self._zero.zero)
        zero, tare, period_ns = self._zero.zero, self._tare.tare, self._gate.period_ns
        if zero is None or period_ns is None or window.sigma is None:
            self._reading.watch(at_ns, why_not)
            return None
        self._watch_zero(window, why_not, zero, period_ns * 1e-9)
        mass, beyond = self._doubt.mass(window, zero, tare, period_ns * 1e-9, self.temperature_c)
        if beyond is not None:
            why_not = WhyNot.OUTSIDE
        reading = Reading(
            at_ns=at_ns,
            mass=mass,
            stable=why_not is None,
            why_not=why_not,
            window_s=window.whole.length_s,
            counts=window.whole.mean,
            net=tare is not None,
            unfit="" if self._bridge is None else self._bridge.unfit,
            conversions=window.whole.conversions,
            creep=self._creep.state,
        )
        self._reading.watch(at_ns, why_not)
        if reading.stable and self._reading.pending:
            self._reading.answer(at_ns, None, reading=reading)
        return reading

    def _follow(self, window: Window) -> None:
        """The cell creeps towards the load that is on it, whatever the screen says."""
        zero = self._zero.zero
        load = 0.0 if zero is None else self.calibration.grams(window.whole.mean - zero.counts)
        self._creep.follow(window.at_ns, load)

    def _watch_zero(self, window: Window, why_not: WhyNot | None, zero: Seen, period_s: float) -> None:
        """An empty pan at rest tells how its zero wanders."""
        band = self.calibration.interval_counts
        if why_not is not None or band is None or abs(window.whole.mean - zero.counts) > band / 2:
            self._drift.reset()
        else:
            self._drift.watch(window, self._filter.noise, period_s)


def _limits(calibration: Calibration) -> Limits:
    capacity = calibration.capacity_counts
    return Limits(
        interval=calibration.interval_counts or 0.0,
        widest=math.inf if capacity is None else capacity / LEAST_DIVISIONS,
    )
