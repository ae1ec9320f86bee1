"""HX711 read through two general-purpose pins by gpiozero: the program itself makes the clock.

Rules this file obeys:

* Every high phase of PD_SCK is timed: beyond 50 µs (T3) the read is refused as SLOW_CLOCK. The clock is read
  after the rise and after the fall; a pause inside the call that rises shows only from before it, so where
  that wider time passes 60 µs the read waits until the next conversion, on schedule, shows that the chip
  was not restarted. The low phase may last (T4 has no maximum), so a slow pair of calls harms nothing.
* Ready is a falling edge of DOUT, time-stamped by the kernel and waited for; nothing is polled.
* A burst starts only where it should end before the next conversion, and counts only where it did.
* Whether the machine is fast enough is measured before the first read and with every one (gpio_fitness.py).
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping
from typing import Self

from hardware.loadcell import hx711, realtime
from hardware.loadcell.clock import SECOND, Clock, MonotonicClock
from hardware.loadcell.contract import Fault, LoadCellError, Sample
from hardware.loadcell.gpio_burst import Burst, Pins, clock_out
from hardware.loadcell.gpio_fitness import Fitness
from hardware.loadcell.gpio_options import GpioOptions, take_options
from hardware.loadcell.gpio_pins import GpioPins, ThreadBell, default_factory, said

ANSWER_NS = 900_000_000
"""read() answers within this, so that with its burst it stays below the promised second."""
REHEARSAL_NS = 2_000_000_000
"""A listener takes a sampler for silent after 2.5 s."""
SPARE_NS = 200_000
"""A burst ends this long before the next conversion: DOUT's 75 µs high, and the oscillator's wander."""
RESTART_PERIODS = 2.5
"""A longer time without an edge is no missed conversion: the chip was restarted."""
NOISE_PERIODS = 0.75
"""No oscillator changes so much between two conversions: an edge sooner than this is a disturbance."""
GAIN_AFTER_RESET = 128
"""An older edition of the datasheet has the chip come back with this gain, V2.0 with the last one."""
AFTERTASTE_NS = 1_000_000
"""Factories that stamp an edge when it is told do so within this after a burst."""


class GpioLoadCell:
    """One HX711 on two pins; ``pins`` and ``clock`` are passed in, ``open_driver`` makes the real ones.

    ``fitness``: what is known of the machine already; it is tried until that is settled. ``refused``: what
    the system did not allow.

    >>> with open_driver({"clock_gpio": 13, "data_gpio": 6}) as cell:      # doctest: +SKIP
    ...     print(cell.unfit or "fast enough", cell.read().counts)
    """

    def __init__(
        self,
        pins: Pins,
        clock: Clock,
        options: GpioOptions,
        *,
        fitness: Fitness | None = None,
        refused: tuple[str, ...] = (),
    ) -> None:
        self.rate_hz: float = float(options.rate_hz)
        self.gain: int = options.gain
        self._pins: Pins | None = pins
        self._clock = clock
        self._refused = refused
        self._pulses = hx711.PULSES[options.gain]
        self._period = hx711.Period(SECOND // options.rate_hz)
        self._fitness = fitness or Fitness()
        self._lasted: deque[int] = deque([0], maxlen=9)
        self._fell_ns: int | None = None
        self._ready_ns: int | None = None
        self._quiet_ns = 0
        self._held: Sample | None = None
        self._explained = self._noisy = self._late = False
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        self._rehearse(pins)
        self.remarks = self.diagnosis()

    @property
    def unfit(self) -> str:
        """Why no verdict may rest on this machine, in words with figures; empty when it is fast enough."""
        return self._fitness.unfit

    def diagnosis(self) -> tuple[str, ...]:
        """In words: how fast this machine is, and what the system did not allow."""
        return (self._fitness.in_words(), *self._refused)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves PD_SCK low and the pins free; may be called twice."""
        if self._pins is not None:
            pins, self._pins = self._pins, None
            pins.close()

    def read(self) -> Sample:
        """The next conversion, timed at the falling edge of DOUT, or within a second why there is none.

        Raises DriverUnavailable when the pins fail, LoadCellError after close().
        """
        if self._pins is None:
            raise LoadCellError("gpio: the driver is closed: open it again to read")
        with said("the pins failed"):
            return self._read(self._pins, self._clock.now_ns() + ANSWER_NS)

    # ------------------------------------------------------------------------------------------- inside

    def _rehearse(self, pins: Pins) -> None:
        """Times the very calls of a read with PD_SCK kept low, which the chip does not notice."""
        until_ns = self._clock.now_ns() + REHEARSAL_NS
        with said("the pins failed"):
            while not self._fitness.settled and self._clock.now_ns() < until_ns:
                self._fitness.note(self._clock_out(pins, 0).longest_ns)
        self._fitness.conclude()
        self._quiet_ns = self._clock.now_ns()

    def _clock_out(self, pins: Pins, high: int) -> Burst:
        burst = clock_out(pins, self._clock, self._pulses, high)
        self._lasted.append(burst.ended_ns - burst.began_ns)
        return burst

    def _read(self, pins: Pins, deadline_ns: int) -> Sample:
        while self._ready_ns is not None or self._await(pins, deadline_ns):
            assert self._ready_ns is not None
            if self._held is not None:
                return self._vouched(self._held, self._ready_ns)
            at_ns, self._ready_ns = self._ready_ns, None
            if self._clock.now_ns() + statistics.median_low(self._lasted) >= self._next_update_ns(at_ns):
                self._late = True
                continue
            if self._noisy or pins.read():
                self._noisy = False
                return self._garbled(at_ns, (Fault.BAD_TRANSFER,))
            sample = self._read_conversion(pins, at_ns)
            if sample is not None:
                return sample
        return self._nothing(pins)

    def _read_conversion(self, pins: Pins, at_ns: int) -> Sample | None:
        """The conversion that fell ready then; None where the next one must vouch for it."""
        burst = self._clock_out(pins, 1)
        self._quiet_ns, self._late = burst.ended_ns, False
        self._fitness.note(burst.longest_ns)
        frame = hx711.decode(burst.bits, self.gain, burst.longest_ns)
        overran = burst.ended_ns > self._next_update_ns(at_ns)
        in_doubt = burst.widest_ns > hx711.POWER_DOWN_NS
        self._explained = overran or in_doubt
        faults = frame.faults
        if (overran or not pins.read()) and Fault.BAD_TRANSFER not in faults:
            faults = (Fault.BAD_TRANSFER, *(fault for fault in faults if fault is Fault.SLOW_CLOCK))
        if Fault.BAD_TRANSFER in faults or Fault.SLOW_CLOCK in faults:
            return self._garbled(at_ns, faults)
        if self._unsettled:
            self._unsettled -= 1
            return Sample(at_ns, frame.counts, (*faults, Fault.SETTLING))
        sample = Sample(at_ns, frame.counts, faults)
        if in_doubt:
            self._held = sample
            return None
        return sample

    def _garbled(self, at_ns: int, faults: tuple[Fault, ...]) -> Sample:
        """No reading; where the chip may have counted other pulses than were meant, its gain is not known."""
        if Fault.BAD_TRANSFER in faults:
            self._unsettled = max(self._unsettled, hx711.GAIN_CHANGE_CONVERSIONS)
        return Sample(at_ns, None, faults)

    def _vouched(self, held: Sample, next_ns: int) -> Sample:
        """The read that was in doubt, sound if the next conversion came on schedule after it."""
        self._held = None
        if next_ns - held.at_ns <= hx711.LATE_PERIODS * self._period.ns:
            return held
        return Sample(held.at_ns, None, (Fault.RESET,))

    def _await(self, pins: Pins, deadline_ns: int) -> bool:
        """Waits for a falling edge that can be a conversion; False if none came in time."""
        while self._clock.now_ns() < deadline_ns and (at_ns := pins.edge(deadline_ns)) is not None:
            if at_ns <= self._quiet_ns:
                continue  # made by the data bits of our own burst
            gap_ns = None if self._fell_ns is None else at_ns - self._fell_ns
            if gap_ns is not None and gap_ns < NOISE_PERIODS * self._period.ns:
                self._noisy |= at_ns > self._quiet_ns + AFTERTASTE_NS
                continue
            if gap_ns is not None:
                if gap_ns > RESTART_PERIODS * self._period.ns:
                    self._restarted(gap_ns)
                self._period = self._period.learn(gap_ns)
            self._explained = False
            self._fell_ns = self._ready_ns = at_ns
            return True
        return False

    def _restarted(self, gap_ns: int) -> None:
        """A living chip lets DOUT fall every period: this one was restarted, by our clock or its supply."""
        if not (self._explained and hx711.gap_fault(gap_ns, self._period.ns) is Fault.RESET):
            # Only restarts as brief as those on record are known to leave no tail.
            self._unsettled = hx711.POWER_UP_CONVERSIONS
        elif self.gain != GAIN_AFTER_RESET:
            self._unsettled = max(self._unsettled, hx711.GAIN_CHANGE_CONVERSIONS)

    def _nothing(self, pins: Pins) -> Sample:
        """Why no conversion could be read: none came, or each was over before it could be read."""
        self._held = None
        if self._late:
            fault = Fault.SLOW_CLOCK
            self._fitness.note(ANSWER_NS)
        elif self._noisy:
            fault = Fault.BAD_TRANSFER
        else:
            fault = Fault.DISCONNECTED if pins.read() else Fault.NOT_A_CHIP
        self._late = self._noisy = False
        self._fell_ns = None
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        return Sample(self._clock.now_ns(), None, (fault,))

    def _next_update_ns(self, at_ns: int) -> int:
        """Until when the conversion of that edge can be read without meeting the next one."""
        return at_ns + self._period.shortest_ns - SPARE_NS


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    take_options(options)


def open_driver(options: Mapping[str, object]) -> GpioLoadCell:
    """Opens the HX711 on two pins and measures the machine; raises BadOption or DriverUnavailable."""
    taken = take_options(options)
    clock = MonotonicClock()
    # First, because the threads of the library behind gpiozero inherit it.
    refused = realtime.claim() if taken.realtime else ()
    try:
        return _opened(taken, clock, refused)
    except LoadCellError:
        if taken.realtime:
            realtime.release()
        raise


def _opened(taken: GpioOptions, clock: Clock, refused: tuple[str, ...]) -> GpioLoadCell:
    pins = GpioPins(default_factory(), taken.clock_gpio, taken.data_gpio, clock, ThreadBell(clock))
    try:
        return GpioLoadCell(pins, clock, taken, refused=refused)
    except LoadCellError:
        pins.close()
        raise
