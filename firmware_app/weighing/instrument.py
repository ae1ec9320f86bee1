"""The pan as one instrument: samples in, readings and faults out.

Rules this file obeys:

* No clock, no thread, no I/O: samples and times are passed in, events are handed back.
* A fault is never a number. Until a zero exists there is no mass, so there is no Reading at all: the
  SETTLING fault that began the session stands (``missing_zero`` says what it waits for).
* At most one Reading a conversion, in the order of the conversions.

Budget of ``Reading.mass.standard`` (JCGM 100; independent terms, in quadrature):

==================  ==========================================================================
type A              Allan deviation at the length of the window actually used (noise.py)
unrest              range/√12 of the window where it is wider than the noise explains
zero                standard uncertainty of the zero, from its own window (0 where counts are given)
zero drift          random walk from the Allan minimum since the zero, at most 0.5 d/√3 (zero.py)
calibration         fit, weights, hysteresis, repeatability, temperature (Calibration.mass)
==================  ==========================================================================

The mass is not rounded, so no term for a display interval is in it: who rounds it to d and judges the
rounded figure adds d/√12. Creep, temperature and place of the load belong to whoever knows them.
A load outside the calibrated range is never stable. A reading that is not stable carries the same terms:
they do not say where a moving load will end.
"""

from __future__ import annotations

import math

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.filter import LONGEST_NS, Filter
from firmware_app.weighing.gate import GAIN_CHANGE_CONVERSIONS, SECOND, Gate, GateEvent
from firmware_app.weighing.reading import PanEvent, PanFault, Reading, WhyNot
from firmware_app.weighing.stability import BAND_SIGMAS, STAY, Limits, Stability
from firmware_app.weighing.zero import ZeroKeeper, ZeroOutcome, ZeroRefusal
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
        self._zero = ZeroKeeper(calibration, zero, tracking)
        self._bridge: BridgeInfo | None = None
        self._now_ns = 0
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
        self._zero.tick(now_ns)
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
        self._zero.request(self._now_ns)
        if self._fault not in {None, Fault.SETTLING}:
            self._zero.fault(self._now_ns)

    @property
    def zero_outcome(self) -> ZeroOutcome | None:
        """What became of the last request; None while it waits or where none was made."""
        return self._zero.outcome

    @property
    def zero_asked(self) -> bool:
        """Whether a request waits for a stable load."""
        return self._zero.pending

    @property
    def missing_zero(self) -> WhyNot | ZeroRefusal | None:
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
                    self._zero.fault(event.at_ns)
                out.append(event)
            elif event.counts is not None:
                self.released += 1
                reading = self._weigh(event.at_ns, event.counts)
                if reading is not None:
                    out.append(reading)
        return out

    def _interrupt(self, fault: Fault) -> None:
        self._fault = fault
        self._filter.reset()
        self._stability.reset()

    def _weigh(self, at_ns: int, counts: float) -> Reading | None:
        self._fault = None
        window = self._filter.feed(at_ns, counts)
        if self._stability.wants_shorter(window):
            window = self._filter.shorten()
        why_not = self._stability.judge(window)
        self._zero.observe(window, why_not)
        zero, period_ns = self._zero.zero, self._gate.period_ns
        if zero is None or period_ns is None or window.sigma is None:
            return None
        plateau = self._filter.noise.type_a(round(LONGEST_NS / period_ns))
        drift = self._zero.drift(at_ns, LONGEST_NS / SECOND, plateau)
        spread = window.whole.spread
        unrest = spread / math.sqrt(12) if spread > STAY * BAND_SIGMAS * window.sigma else 0.0
        noise = math.hypot(window.type_a, unrest, zero.standard, drift)
        weighed = self.calibration.mass(window.whole.mean - zero.counts, noise)
        if weighed.beyond is not None:
            why_not = WhyNot.OUTSIDE
        return Reading(
            at_ns=at_ns,
            mass=weighed.mass,
            stable=why_not is None,
            why_not=why_not,
            window_s=window.whole.length_s,
            counts=window.whole.mean,
        )


def _limits(calibration: Calibration) -> Limits:
    per_gram = abs(calibration.counts_per_gram)
    return Limits(
        interval=(calibration.resolution_g or 0.0) * per_gram,
        widest=math.inf
        if calibration.capacity_g is None
        else calibration.capacity_g * per_gram / LEAST_DIVISIONS,
    )
