"""Conversions that were found by looking now and then: which can be believed, by their times. No I/O.

Rules this file obeys:

* A reader that looks at DOUT now and then knows of an edge only that it lies between two looks; a burst may
  therefore run into the next conversion and mix two values, which no bit of it shows.
* A read counts only where its edge lies one period after that of the read before, and where it ended
  before the next conversion could come.
* Nothing here waits or reads a clock.
"""

from __future__ import annotations

import enum

import msgspec

from hardware.loadcell import hx711
from hardware.loadcell.clock import SECOND
from hardware.loadcell.contract import Fault, Sample

SPARE_NS = 1_000_000
"""A read ends this long before the next conversion may come: DOUT is high 75 µs before it (measured)."""
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


def judge(before: Look | None, look: Look, rate_hz: float) -> Timing:
    """The timing of ``look``, given the read before it (None: nothing is known of the chip's phase).

    >>> ms = 1_000_000
    >>> first, second = Look(0, 10 * ms, 11 * ms), Look(95 * ms, 105 * ms, 106 * ms)
    >>> judge(first, second, rate_hz=10.0)
    <Timing.SOUND: 1>
    """
    shortest_ns = hx711.SHORTEST_PERIOD * SECOND / rate_hz
    longest_ns = hx711.LONGEST_PERIOD * SECOND / rate_hz
    if before is not None and look.seen_ns < before.quiet_ns + shortest_ns:
        return Timing.TOO_SOON
    if before is not None and look.quiet_ns > before.seen_ns + longest_ns:
        return Timing.UNCERTAIN
    if look.end_ns + SPARE_NS > look.quiet_ns + shortest_ns:
        return Timing.UNCERTAIN
    return Timing.SOUND


class Follower:
    """Follows one chip from read to read and makes Samples of them.

    ``stuck_low``: the last read found DOUT low all the time, also when it should have been high.
    """

    def __init__(self, rate_hz: float) -> None:
        self.stuck_low = False
        self._rate_hz = rate_hz
        self._restart_ns = RESTART_PERIODS * SECOND / rate_hz
        self._before: Look | None = None
        self._unsettled = hx711.POWER_UP_CONVERSIONS
        self._soon = 0

    def absent(self) -> None:
        """Nothing came for so long that the chip must be taken for newly powered."""
        if not self._soon:
            self._before = None
        self._unsettled = hx711.POWER_UP_CONVERSIONS

    def lost(self) -> None:
        """Something broke off: neither the chip's phase nor its gain is known."""
        self._before = None
        self.unsettle()

    def unsettle(self) -> None:
        """The next conversions may be of another gain, or still hold some of it."""
        self._unsettled = max(self._unsettled, hx711.GAIN_CHANGE_CONVERSIONS)

    def follow(
        self, look: Look, counts: int | None, faults: tuple[Fault, ...], *, low_after: bool
    ) -> Sample | None:
        """The Sample of one read; None where a dead line is read again and again."""
        timing = judge(self._before, look, self._rate_hz)
        if self._before is not None and look.quiet_ns - self._before.seen_ns > self._restart_ns:
            self._unsettled = hx711.POWER_UP_CONVERSIONS
        self._before = look
        self.stuck_low = low_after and counts == 0
        self._soon = self._soon + 1 if timing is Timing.TOO_SOON else 0
        if self._soon > 1:
            self.unsettle()
            return None
        if low_after or timing is not Timing.SOUND:
            faults = (Fault.BAD_TRANSFER,)
        if Fault.BAD_TRANSFER in faults or Fault.SLOW_CLOCK in faults:
            # The chip counted other pulses than 25 to 27, or fell asleep: its gain is not known.
            self.unsettle()
            return Sample(look.edge_ns, None, faults)
        settling = (Fault.SETTLING,) if self._unsettled else ()
        self._unsettled = max(0, self._unsettled - 1)
        return Sample(look.edge_ns, None if faults else counts, (*faults, *settling))
