"""One HX711 burst on two pins: every pulse driven, read and timed.

Rules this file obeys:

* The high phase is timed, not the pair of calls: the clock is read after the rise and after the fall, and
  before the rise, because a pause inside the call that rises shows only from there.
* DOUT is looked at after the falling edge: it is valid 0.1 µs after the rise and until the next (datasheet
  figure 2), and so the look, which may be slow, is no part of the high phase.
* Between the rise and the fall stands nothing but one look at the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from hardware.loadcell.clock import Clock
from hardware.loadcell.realtime import undisturbed


class Pins(Protocol):
    """What a driver uses of GpioPins: ``write`` sets PD_SCK, ``read`` gives the level of DOUT."""

    write: Callable[[int], object]
    read: Callable[[], int]

    def edge(self, until_ns: int) -> int | None:
        """The time of the next falling edge of DOUT; None if none came in time."""
        ...

    def close(self) -> None: ...


class Burst(msgspec.Struct, frozen=True):
    """What came of one burst.

    ``bits``: DOUT after each pulse. ``longest_ns``: the longest high phase as measured; ``widest_ns``: as it
    may have been at worst. ``began_ns``, ``ended_ns``: of the whole.
    """

    bits: list[int]
    longest_ns: int
    widest_ns: int
    began_ns: int
    ended_ns: int


def clock_out(pins: Pins, clock: Clock, pulses: int, high: int = 1) -> Burst:
    """Drives so many pulses. With ``high`` 0 PD_SCK stays low and the very same calls are timed: a rehearsal
    that the chip does not notice."""
    now_ns, write, read = clock.now_ns, pins.write, pins.read
    bits, longest_ns, widest_ns = [], 0, 0
    began_ns = now_ns()
    with undisturbed():
        for _ in range(pulses):
            before_ns = now_ns()
            write(high)
            risen_ns = now_ns()
            write(0)
            fallen_ns = now_ns()
            bits.append(read())
            longest_ns = max(longest_ns, fallen_ns - risen_ns)
            widest_ns = max(widest_ns, fallen_ns - before_ns)
    return Burst(bits, longest_ns, widest_ns, began_ns, now_ns())
