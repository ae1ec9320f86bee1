"""The HX711 as its wires speak: frames, gain pulses, faults and schedule, without any I/O.

Rules this file obeys:

* Bits, times and periods go in, facts come out; nothing here waits, reads or remembers.
* A frame counts only when DOUT was high at every pulse after the 24 data bits.
* The two saturation codes are faults, never counts.
* Sources: Avia HX711 datasheet V2.0 (tables and figures named), and field recordings where it is silent.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

from hardware.loadcell.contract import Fault

DATA_BITS = 24
"""Bits of a conversion, most significant first (datasheet, "Serial Interface")."""
PULSES = {128: 25, 32: 26, 64: 27}
"""Clock pulses of a burst by the gain of the *next* conversion (datasheet table 3): A 128, B 32, A 64."""
CHANNEL = {128: "A", 32: "B", 64: "A"}
"""Input that belongs to each gain (datasheet table 3)."""

OVERLOAD_CODE = 0x7FFFFF
UNDERLOAD_CODE = 0x800000
"""Codes at which the output saturates until the input is back in range (datasheet, "Output data")."""

SCK_HIGH_MIN_NS = 200
SCK_HIGH_MAX_NS = 50_000
"""T3: PD_SCK high time (datasheet figure 2)."""
POWER_DOWN_NS = 60_000
"""PD_SCK high for longer than this powers the chip down (datasheet, "Reset and Power-Down")."""
DATA_VALID_NS = 100
"""T2: DOUT is valid this long after PD_SCK rises, and stays so until it rises again (datasheet figure 2)."""

UPDATE_HIGH_NS = 75_000
"""DOUT goes high this long when a conversion replaces one that was not read (measured: 75 ± 1 µs)."""
LATE_PERIODS = 1.5
RESET_PERIODS = 4.448
"""Periods from an involuntary power-down to the next conversion (measured: 4.435 … 4.457 in 141 of 141)."""
RESET_TOLERANCE = 0.1
SHORTEST_PERIOD = 0.83
LONGEST_PERIOD = 1.05
"""Limits of a real part's period over the nominal one (measured 0.856 … 1.0)."""
POWER_UP_CONVERSIONS = 5
"""Conversions after power-up that are wrong though marked ready: up to +939 counts measured."""
GAIN_CHANGE_CONVERSIONS = 2
"""Conversions after a change of channel or gain that still hold some of the old input."""


class Frame(msgspec.Struct, frozen=True):
    """One burst, judged: its 24-bit ``code``, ``counts`` where that is a reading, and its ``faults``."""

    code: int
    counts: int | None
    faults: tuple[Fault, ...] = ()


def signed(code: int) -> int:
    """The 24-bit two's complement ``code`` as an integer, -8388608 … 8388607."""
    return (code & 0xFFFFFF) - ((code & 0x800000) << 1)


def decode(bits: Sequence[int], gain: int, longest_high_ns: int = 0) -> Frame:
    """The frame in ``bits``, the level of DOUT after each falling edge of PD_SCK.

    ``bits``: one for each pulse, 25 to 27 by ``gain`` (table 3). ``longest_high_ns``: the longest that
    PD_SCK was high, where the reader can know. Raises ValueError for another number of bits.

    >>> decode([0] * 11 + [1] + [0] * 12 + [1], gain=128).counts
    4096
    """
    if len(bits) != PULSES[gain]:
        raise ValueError(f"{len(bits)} bits: gain {gain} takes {PULSES[gain]} pulses")
    code = 0
    for bit in bits[:DATA_BITS]:
        code = code << 1 | bit
    faults = []
    if not all(bits[DATA_BITS:]):
        faults.append(Fault.BAD_TRANSFER)
    if longest_high_ns > SCK_HIGH_MAX_NS:
        faults.append(Fault.SLOW_CLOCK)
    if not faults:
        # Only a sound transfer can say that the bridge is out of range.
        faults = {OVERLOAD_CODE: [Fault.OVERLOAD], UNDERLOAD_CODE: [Fault.UNDERLOAD]}.get(code, [])
    return Frame(code, None if faults else signed(code), tuple(faults))


def gap_fault(gap_ns: float, period_ns: float) -> Fault | None:
    """What the time between two conversions says of the chip: None when on schedule, RESET or LATE."""
    periods = gap_ns / period_ns
    if abs(periods - RESET_PERIODS) <= RESET_TOLERANCE:
        return Fault.RESET
    return Fault.LATE if periods > LATE_PERIODS else None


class Period(msgspec.Struct, frozen=True):
    """The period of one chip, learned from the times between its conversions.

    ``nominal_ns``: by the RATE pin (datasheet table 2). ``gaps``: the last few that a real part can have; of
    these the median counts. Missed conversions and resets are no part of it.
    """

    nominal_ns: int
    gaps: tuple[int, ...] = ()

    MEMORY = 9
    ENOUGH = 3

    @property
    def known(self) -> bool:
        """Whether enough conversions were seen to trust ``ns`` to a per cent."""
        return len(self.gaps) >= self.ENOUGH

    @property
    def ns(self) -> int:
        """The period in nanoseconds; the nominal one while it is not known."""
        return statistics.median_low(self.gaps) if self.known else self.nominal_ns

    @property
    def shortest_ns(self) -> int:
        """No conversion comes sooner after another than this."""
        return int(self.ns * (0.995 if self.known else SHORTEST_PERIOD))

    def learn(self, gap_ns: int) -> Period:
        """The period after one more gap between two conversions; itself when that is no period of a part."""
        if not SHORTEST_PERIOD * self.nominal_ns <= gap_ns <= LONGEST_PERIOD * self.nominal_ns:
            return self
        return Period(self.nominal_ns, (*self.gaps, gap_ns)[-self.MEMORY :])
