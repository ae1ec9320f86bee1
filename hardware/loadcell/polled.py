"""Conversions that were found by looking now and then: which can be believed, by their times. No I/O.

Rules this file obeys:

* A reader that looks at DOUT now and then knows of an edge only that it lies between two looks; a burst may
  therefore run into the next conversion and mix two values, which no bit of it shows.
* A read counts only where its edge lies one period after that of the read before, where it ended before the
  next conversion could come, and where the read after it did not find DOUT low too soon.
* Nothing here waits or reads a clock.
"""

from __future__ import annotations

import enum
from collections import deque

import msgspec

from hardware.loadcell import hx711
from hardware.loadcell.clock import SECOND
from hardware.loadcell.contract import Fault, Sample

SPARE_NS = 1_000_000
"""A read ends this long before the next conversion may come: DOUT is high 75 µs before it (measured)."""
SPAN = 40
DOUBT = 0.01
"""Over 40 periods of 95 ms two ends that are each 20 ms uncertain give the period to 0.5 %; doubled, for the
oscillator's wander with temperature in the four seconds that this takes."""
RESTART_PERIODS = 2.0
"""A chip that is silent for longer has restarted (4.448 periods); whether its supply failed is not known."""


class Timing(enum.Enum):
    """What the time of a read says of it."""

    SOUND = enum.auto()
    TOO_SOON = enum.auto()
    """DOUT was low before any chip of this rate can have converted again."""
    UNCERTAIN = enum.auto()
    """Conversions were missed, or the burst may have met the next one."""


class Look(msgspec.Struct, frozen=True):
    """One read, in monotonic nanoseconds: DOUT was last high at ``quiet_ns`` and low at ``seen_ns``.

    ``end_ns``: when the last pulse was over.
    """

    quiet_ns: int
    seen_ns: int
    end_ns: int

    @property
    def edge_ns(self) -> int:
        """The middle of what is known of the edge."""
        return (self.quiet_ns + self.seen_ns) // 2

    def after(self, before: Look, period: Bounds) -> Look:
        """This look with its edge as near to that of ``before`` as the period allows."""
        quiet_ns = max(self.quiet_ns, before.quiet_ns + period.shortest_ns)
        return Look(quiet_ns, min(self.seen_ns, before.seen_ns + period.longest_ns), self.end_ns)


class Bounds(msgspec.Struct, frozen=True):
    """Between which limits the period of a chip lies, ns."""

    shortest_ns: int
    longest_ns: int


def judge(before: Look | None, look: Look, period: Bounds) -> Timing:
    """The timing of ``look``, given the read before it (None: nothing is known of the chip's phase).

    >>> ms = 1_000_000
    >>> first, second = Look(0, 10 * ms, 11 * ms), Look(95 * ms, 105 * ms, 106 * ms)
    >>> judge(first, second, Bounds(83 * ms, 105 * ms))
    <Timing.SOUND: 1>
    """
    if before is not None and look.seen_ns < before.quiet_ns + period.shortest_ns:
        return Timing.TOO_SOON
    if before is not None and look.quiet_ns > before.seen_ns + period.longest_ns:
        return Timing.UNCERTAIN
    if look.end_ns + SPARE_NS > look.quiet_ns + period.shortest_ns:
        return Timing.UNCERTAIN
    return Timing.SOUND


class Follower:
    """Follows one chip from read to read and makes Samples of them, each one held until the next read.

    ``stuck_low``: DOUT was low all the time, also when it should have been high.
    """

    def __init__(self, rate_hz: float) -> None:
        self.stuck_low = False
        self._any_part = Bounds(
            round(hx711.SHORTEST_PERIOD * SECOND / rate_hz), round(hx711.LONGEST_PERIOD * SECOND / rate_hz)
        )
        self._ends: deque[int] = deque(maxlen=SPAN + 1)
        self._restart_ns = RESTART_PERIODS * SECOND / rate_hz
        self._before: Look | None = None
        self._held: Sample | None = None
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        self._soon = 0

    def absent(self) -> None:
        """Nothing came for so long that the chip must be taken for newly powered."""
        self._held = None
        if not self._soon:
            self._before = None
        self._unsettled = hx711.POWER_UP_CONVERSIONS

    def lost(self) -> None:
        """A read broke off: neither the chip's phase nor its gain is known."""
        self._held = self._before = None
        self._unsettle()

    def follow(self, look: Look, counts: int | None, faults: tuple[Fault, ...]) -> list[Sample]:
        """What is known now that a read gave ``counts``, or ``faults``: the Samples that may go out.

        A value waits for the next read: where that finds DOUT low before any conversion can be there, DOUT
        was not high after the last pulse, and the value is a bad transfer. A fault goes out at once; of a
        dead line that is read again and again, only the first.
        """
        period = self._period()
        timing = judge(self._before, look, period)
        out = self._let_go(timing)
        if self._before is not None and look.quiet_ns - self._before.seen_ns > self._restart_ns:
            self._unsettled = hx711.POWER_UP_CONVERSIONS
        if timing is Timing.SOUND and self._before is not None:
            look = look.after(self._before, period)
            self._ends.append(look.end_ns)
        else:
            self._ends.clear()
        self._before = look
        self._soon = self._soon + 1 if timing is Timing.TOO_SOON else 0
        self.stuck_low = self._soon > 0 and counts == 0
        if timing is not Timing.SOUND:
            faults = (Fault.BAD_TRANSFER,)
        if Fault.BAD_TRANSFER in faults or Fault.SLOW_CLOCK in faults:
            # The chip counted other pulses than 25 to 27, or fell asleep: its gain is not known.
            self._unsettle()
            return out if self._soon > 1 else [*out, Sample(look.edge_ns, None, faults)]
        if self._unsettled:
            self._unsettled -= 1
            settling: tuple[Fault, ...] = (Fault.SETTLING,)
        else:
            settling = ()
        if faults:
            return [*out, Sample(look.edge_ns, None, (*faults, *settling))]
        self._held = Sample(look.edge_ns, counts, settling)
        return out

    # ------------------------------------------------------------------------------------------- inside

    def _period(self) -> Bounds:
        """What is known of this chip's period: that of any part until SPAN reads came one after the other."""
        if len(self._ends) <= SPAN:
            return self._any_part
        mean_ns = (self._ends[-1] - self._ends[0]) / SPAN
        return Bounds(round(mean_ns * (1 - DOUBT)), round(mean_ns * (1 + DOUBT)))

    def _let_go(self, timing: Timing) -> list[Sample]:
        held, self._held = self._held, None
        if held is None:
            return []
        return [Sample(held.at_ns, None, (Fault.BAD_TRANSFER,)) if timing is Timing.TOO_SOON else held]

    def _unsettle(self) -> None:
        self._unsettled = max(self._unsettled, hx711.GAIN_CHANGE_CONVERSIONS)
