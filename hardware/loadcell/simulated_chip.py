"""An HX711 in virtual time: pin edges go in, the level of DOUT comes out.

Rules this file obeys:

* It shares no code and no constant with the protocol or a driver, so each is checked against the other.
* Time is passed in with every call and never goes back; between calls the chip lives on by itself.
* Whatever a reader does against the datasheet is answered as the chip answers, and written to ``troubles``.
* Faults come from a schedule, at a stated nanosecond.
* Numbers: Avia HX711 datasheet V2.0; where it is silent, captures and field recordings of real chips.
"""

from __future__ import annotations

import enum
import hashlib
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

Convert = Callable[[int, int, int], float]
"""(time of the conversion in ns, its period in ns, gain) → counts before clamping and rounding."""

NEVER = 1 << 62
GAIN_AFTER = {25: 128, 26: 32, 27: 64}
"""Gain of the next conversion by the number of pulses."""
COLD_TAIL_COUNTS = (915.0, 939.0, 903.0, 443.0, 69.0, 28.0)
"""By how much the first conversions after a cold power-up were too high (1 kg cell, 1540 counts/g: 0.6 g)."""


class ChipFault(enum.StrEnum):
    """What can be done to the chip or its cable."""

    UNPLUG = "unplug"
    """The cable is out: the chip has no supply, a pull-up holds DOUT high."""
    PLUG = "plug"
    """The cable is in again: a cold start."""
    BROWN_OUT = "brown_out"
    """The supply dips below what the chip needs and is back at once."""
    SHORT_LOW = "short_low"
    """DOUT is shorted to ground; the chip goes on behind it."""
    FLOAT = "float"
    """Nothing drives DOUT and nothing pulls it: it follows the hum around it."""
    RELEASE = "release"
    """The line is whole again."""
    LOSE_CLOCK = "lose_clock"
    """The next pulse does not reach the chip."""
    DOUBLE_CLOCK = "double_clock"
    """The next pulse reaches the chip twice (a glitch on its edge)."""
    FLIP = "flip"
    """Interference turns DOUT over, for so long as it lasts or until PD_SCK rises again: a whole bit."""
    FOREIGN_CLOCKS = "foreign_clocks"
    """A second chip hangs on the same PD_SCK, and its reader clocks a conversion out of that one."""


PULSE_FAULTS = frozenset({ChipFault.LOSE_CLOCK, ChipFault.DOUBLE_CLOCK})
"""Faults that wait for a pulse in any case."""


class ScheduledFault(msgspec.Struct, frozen=True):
    """One fault at one moment; a LOSE_CLOCK or DOUBLE_CLOCK strikes the first pulse from then on.

    ``pulse``: strikes no sooner than the next pulse of this number in a conversion (from 1). ``lasts_ns``: of
    a FLIP (0: until PD_SCK rises again).
    """

    at_ns: int
    fault: ChipFault
    pulse: int = 0
    lasts_ns: int = 0


class Trouble(msgspec.Struct, frozen=True):
    """Something a reader did against the datasheet, or that was done to it."""

    at_ns: int
    what: str


class SimulatedChip:
    """One chip and its cable.

    ``convert``: the bridge in front of it. ``next_period_ns``: the free-running oscillator, asked once a
    conversion. ``first_ready_ns``: when DOUT first falls (default: a cold start at 0). ``keeps_gain``: the
    two editions of the datasheet disagree whether a power-down returns to gain 128. ``cold_tail``: counts
    added to the first conversions after a cold start. ``line_delay_ns``: T2, from a rising PD_SCK to DOUT.
    ``struck``: the faults that were done, each with the time at which it was.
    """

    UNREAD_HIGH_NS = 75_000
    POWER_DOWN_AFTER_NS = 60_000
    START_PERIODS = 4.448
    FLOAT_FLIP_NS = 7_000
    MEMORY = 10_000
    FOREIGN_PULSES, FOREIGN_PULSE_NS = 25, 4_000
    BITS = 24
    TOP, BOTTOM = (1 << 23) - 1, -(1 << 23)

    def __init__(
        self,
        convert: Convert,
        next_period_ns: Callable[[], int],
        *,
        first_ready_ns: int | None = None,
        keeps_gain: bool = True,
        cold_tail: Iterable[float] = (),
        line_delay_ns: int = 50,
        faults: Iterable[ScheduledFault] = (),
    ) -> None:
        self.troubles: deque[Trouble] = deque(maxlen=self.MEMORY)
        self.struck: list[ScheduledFault] = []
        self.read_codes: deque[int] = deque(maxlen=self.MEMORY)
        self._convert = convert
        self._next_period_ns = next_period_ns
        self._keeps_gain = keeps_gain
        self._cold_tail = tuple(cold_tail)
        self._line_delay_ns = line_delay_ns
        self._faults = sorted(faults, key=lambda fault: fault.at_ns)
        self._now_ns = 0
        # The two wires.
        self._sck = 0
        self._sck_off_ns = NEVER
        self._waiting: list[ScheduledFault] = []
        self._foreign: deque[int] = deque()
        self._flip_ends_ns = 0
        self._line: ChipFault | None = None
        self._dout = 1
        self._dout_next = 1
        self._dout_next_ns = NEVER
        # The chip.
        self._supplied = True
        self._awake = True
        self._gain = 128
        self._converted = 0
        self._code = 0
        self._pulses: int | None = None
        self._period_ns = next_period_ns()
        cold_ns = round(self.START_PERIODS * self._period_ns)
        self._ready_ns = cold_ns if first_ready_ns is None else first_ready_ns
        self._update_ns = max(0, self._ready_ns - self.UNREAD_HIGH_NS)

    # -------------------------------------------------------------------------------------- the two pins

    def set_sck(self, level: int, at_ns: int) -> None:
        """Drives PD_SCK to ``level`` at ``at_ns``."""
        self.advance(at_ns)
        if level == self._sck:
            return
        self._sck = level
        if not level:
            self._fall(at_ns)
            return
        self._flip_ends_ns = min(self._flip_ends_ns, at_ns)
        struck = self._struck_at_this_pulse(at_ns)
        if struck is not ChipFault.LOSE_CLOCK:
            self._sck_off_ns = at_ns + self.POWER_DOWN_AFTER_NS if self._supplied else NEVER
            self._clock(at_ns)
        if struck is ChipFault.DOUBLE_CLOCK:
            self._clock(at_ns)

    def dout(self, at_ns: int) -> int:
        """The level of DOUT at ``at_ns``."""
        return self.dout_run(at_ns)[0]

    def dout_run(self, at_ns: int) -> tuple[int, int]:
        """The level of DOUT at ``at_ns`` and until when it stays so if PD_SCK does not move."""
        self.advance(at_ns)
        until_ns = self._next_happening_ns()
        if self._line is ChipFault.SHORT_LOW:
            return 0, until_ns
        if self._line is ChipFault.FLOAT:
            flip = at_ns // self.FLOAT_FLIP_NS
            hum = hashlib.blake2b(flip.to_bytes(8, "big"), digest_size=1).digest()[0] & 1
            return hum, min(until_ns, (flip + 1) * self.FLOAT_FLIP_NS)
        if at_ns < self._flip_ends_ns:
            return 1 - self._dout, min(until_ns, self._flip_ends_ns)
        return self._dout, until_ns

    @property
    def pulses(self) -> int | None:
        """Pulses that were counted since the conversion was ready; None while there is none."""
        return self._pulses

    @property
    def scheduled(self) -> int:
        """Faults that have not struck yet."""
        return len(self._faults) + len(self._waiting)

    def schedule(self, *faults: ScheduledFault) -> None:
        """Adds faults to those that are still to come; one in the past happens at the next call."""
        self._faults = sorted([*self._faults, *faults], key=lambda fault: fault.at_ns)

    # ------------------------------------------------------------------------------------------ its life

    def advance(self, at_ns: int) -> None:
        """Lives until ``at_ns``; raises ValueError when time goes back."""
        if at_ns < self._now_ns:
            raise ValueError(f"time went back from {self._now_ns} to {at_ns} ns")
        while (next_ns := self._next_happening_ns()) <= at_ns:
            self._now_ns = max(self._now_ns, next_ns)
            self._happen(next_ns)
        self._now_ns = at_ns

    def _next_happening_ns(self) -> int:
        fault_ns = self._faults[0].at_ns if self._faults else NEVER
        foreign_ns = self._foreign[0] if self._foreign else NEVER
        return min(
            fault_ns, foreign_ns, self._dout_next_ns, self._sck_off_ns, self._update_ns, self._ready_ns
        )

    def _happen(self, at_ns: int) -> None:
        if self._dout_next_ns == at_ns:
            self._dout, self._dout_next_ns = self._dout_next, NEVER
        elif self._sck_off_ns == at_ns:
            self._trouble(at_ns, "PD_SCK high for more than 60 µs: powered down")
            self._awake = False
            self._stop()
        elif self._update_ns == at_ns:
            self._update(at_ns)
        elif self._ready_ns == at_ns:
            self._become_ready(at_ns)
        elif self._foreign and self._foreign[0] == at_ns:
            self._foreign.popleft()
            self._clock(at_ns)
        else:
            fault = self._faults.pop(0)
            if fault.pulse or fault.fault in PULSE_FAULTS:
                self._waiting.append(fault)
            else:
                self._strike(fault, self._now_ns)

    def _update(self, at_ns: int) -> None:
        """A new conversion takes the place of the old one; DOUT is high until it is there."""
        if self._pulses is not None and 0 < self._pulses <= self.BITS:
            self._trouble(at_ns, f"read of {self._pulses} pulses runs into the next conversion")
        self._pulses = None
        self._update_ns = NEVER
        self._drive(1, at_ns)

    def _become_ready(self, at_ns: int) -> None:
        counts = self._convert(at_ns, self._period_ns, self._gain)
        if self._converted < len(self._cold_tail):
            counts += self._cold_tail[self._converted]
        self._converted += 1
        self._code = max(self.BOTTOM, min(self.TOP, round(counts))) & 0xFFFFFF
        self._pulses = 0
        self._drive(0, at_ns)
        self._period_ns = self._next_period_ns()
        self._ready_ns = at_ns + self._period_ns
        self._update_ns = self._ready_ns - self.UNREAD_HIGH_NS

    def _clock(self, at_ns: int) -> None:
        """One rising edge of PD_SCK, as the chip sees it."""
        if not (self._supplied and self._awake):
            return
        if self._pulses is None:
            self._trouble(at_ns, "clock while no conversion is ready")
            return
        self._pulses += 1
        if self._pulses <= self.BITS:
            self._drive(self._code >> (self.BITS - self._pulses) & 1, at_ns + self._line_delay_ns)
        elif self._pulses in GAIN_AFTER:
            self._gain = GAIN_AFTER[self._pulses]
            self._drive(1, at_ns + self._line_delay_ns)
            if self._pulses == self.BITS + 1:
                self.read_codes.append(self._code)
        else:
            self._trouble(at_ns, f"pulse {self._pulses}: at most 27 are allowed")

    def _fall(self, at_ns: int) -> None:
        self._sck_off_ns = NEVER
        if self._supplied and not self._awake:
            self._awake = True
            self._start(at_ns)

    def _start(self, at_ns: int) -> None:
        if not self._keeps_gain:
            self._gain = 128
        self._period_ns = self._next_period_ns()
        self._ready_ns = at_ns + round(self.START_PERIODS * self._period_ns)
        self._update_ns = NEVER

    def _stop(self) -> None:
        self._sck_off_ns = self._update_ns = self._ready_ns = self._dout_next_ns = NEVER
        self._pulses = None
        self._dout = 1

    def _drive(self, level: int, at_ns: int) -> None:
        if self._dout_next_ns != NEVER:
            self._dout, self._dout_next_ns = self._dout_next, NEVER
        if at_ns <= self._now_ns or level == self._dout:
            self._dout = level
        else:
            self._dout_next, self._dout_next_ns = level, at_ns

    def _struck_at_this_pulse(self, at_ns: int) -> ChipFault | None:
        """Lets a fault strike that waited for this pulse of PD_SCK."""
        coming = None if self._pulses is None else self._pulses + 1
        for fault in self._waiting:
            if fault.pulse in (0, coming):
                self._waiting.remove(fault)
                self._strike(fault, at_ns)
                return fault.fault
        return None

    def _strike(self, struck: ScheduledFault, at_ns: int) -> None:
        fault = struck.fault
        self.struck.append(msgspec.structs.replace(struck, at_ns=at_ns))
        self._trouble(at_ns, fault)
        if fault is ChipFault.FLIP:
            self._flip_ends_ns = at_ns + struck.lasts_ns if struck.lasts_ns else NEVER
        elif fault is ChipFault.FOREIGN_CLOCKS:
            first_ns = at_ns + self.FOREIGN_PULSE_NS // 2
            self._foreign.extend(first_ns + n * self.FOREIGN_PULSE_NS for n in range(self.FOREIGN_PULSES))
        elif fault in (ChipFault.SHORT_LOW, ChipFault.FLOAT):
            self._line = fault
        elif fault is ChipFault.RELEASE:
            self._line = None
        elif fault not in PULSE_FAULTS:
            self._supply(fault, at_ns)

    def _supply(self, fault: ChipFault, at_ns: int) -> None:
        if fault in (ChipFault.UNPLUG, ChipFault.BROWN_OUT):
            self._supplied = False
            self._stop()
        if fault in (ChipFault.PLUG, ChipFault.BROWN_OUT) and not self._supplied:
            self._supplied = True
            self._awake = True
            self._converted = 0
            self._gain = 128
            self._start(at_ns)

    def _trouble(self, at_ns: int, what: str) -> None:
        self.troubles.append(Trouble(at_ns, what))
