"""The schedule of faults for every reader, ours and others: what is done to chip, cable or machine.

Rules this file obeys:

* A trial knows no reader: it names moments and pulses of a conversion, and what is done there.
* What is done in one trial is written down before it begins; nothing is left to chance.
* The truth is what the chip was given to convert; a value is wrong when no conversion of that time gave it.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable

import msgspec

from hardware.loadcell.clock import SECOND
from hardware.loadcell.simulated_chip import COLD_TAIL_COUNTS, ChipFault, ScheduledFault, SimulatedChip

US, MS = 1_000, 1_000_000
PERIOD_NS = {10: 95_200_000, 80: 12_191_400}
"""Of real chips (measured)."""
SLOWEST_NS = {10: 100_000_000, 80: 12_500_000}
"""The datasheet's; a real chip is up to 17 % faster."""
PAUSES_NS = (50 * US, 61 * US, 100 * US, MS, 10 * MS)
PAUSED_PULSES = (1, 8, 13, 24, 25)


class Aside(msgspec.Struct, frozen=True):
    """The program is pushed aside for so long after one edge: of ``pulse``, rising (1) or falling (0)."""

    at_ns: int
    pulse: int
    level: int
    for_ns: int


Strike = ScheduledFault | Aside


class Trial(msgspec.Struct, frozen=True):
    """One row of the table.

    ``strikes``: by the conversion rate in Hz. ``seconds``: its least length. ``lasting``: the fault goes on
    until it is mended, so it must be stated whatever else happens. ``high_ns``: of PD_SCK where the machine
    is slow. ``period_ns``: of the conversion of this number, by rate. ``parity``: of every code, None for
    both.
    """

    name: str
    strikes: Callable[[int], tuple[Strike, ...]] = lambda _: ()
    seconds: float = 4.0
    lasting: bool = False
    high_ns: int | None = None
    period_ns: Callable[[int, int], int] = lambda rate_hz, _: PERIOD_NS[rate_hz]
    parity: int | None = None
    gain: int = 128

    def lasts_s(self, rate_hz: int) -> float:
        """Until all is done and values can have come again for a second."""
        last_ns = max((strike.at_ns for strike in self.strikes(rate_hz)), default=0)
        return max(self.seconds, last_ns / SECOND + AFTER_S[rate_hz])


AFTER_S = {10: 3.0, 80: 1.0}
BEGIN_S = {10: 4.0, 80: 1.0}
"""When all that a start costs is over: the package needs 1.4 s, and who polls then learns the period."""
BROKEN_S = 1.5
SETTLED_S = {10: 1.3, 80: 0.2}
"""Between two strikes: a restart, five conversions that settle, some sound ones."""


def broken(fault: ChipFault, mend: ChipFault) -> Callable[[int], tuple[Strike, ...]]:
    """A line that is broken for longer than a fault may stay unsaid, and mended."""
    return lambda rate_hz: (
        ScheduledFault(moment(rate_hz, 0), fault),
        ScheduledFault(moment(rate_hz, 0) + round(BROKEN_S * SECOND), mend),
    )


def each_pulse(fault: ChipFault, pulses: Iterable[int]) -> Callable[[int], tuple[Strike, ...]]:
    """The fault at each of these pulses, a conversion each."""
    wanted = tuple(pulses)
    return lambda rate_hz: tuple(
        ScheduledFault(moment(rate_hz, n), fault, pulse) for n, pulse in enumerate(wanted)
    )


def moment(rate_hz: int, number: int) -> int:
    """When the ``number``-th strike is due."""
    return round((BEGIN_S[rate_hz] + number * SETTLED_S[rate_hz]) * SECOND)


def pauses(rate_hz: int) -> tuple[Strike, ...]:
    edges = itertools.product(PAUSES_NS, PAUSED_PULSES, (1, 0))
    return tuple(
        Aside(moment(rate_hz, n), pulse, level, for_ns) for n, (for_ns, pulse, level) in enumerate(edges)
    )


def dips(rate_hz: int) -> tuple[Strike, ...]:
    """The supply fails for a moment at eight phases of a period."""
    return tuple(
        ScheduledFault(moment(rate_hz, 2 * n) + n * PERIOD_NS[rate_hz] // 8, ChipFault.BROWN_OUT)
        for n in range(8)
    )


def glitches(rate_hz: int) -> tuple[Strike, ...]:
    """DOUT turned over for half a microsecond while it waits, at phases of a period."""
    return tuple(
        ScheduledFault(
            moment(rate_hz, n) + n * PERIOD_NS[rate_hz] // 16, ChipFault.FLIP, lasts_ns=500 * (1 + n % 3)
        )
        for n in range(16)
    )


def neighbour(rate_hz: int) -> tuple[Strike, ...]:
    """The reader of a second chip, 3 % slower, for three seconds; and once at each third pulse of a read."""
    beat_ns = PERIOD_NS[rate_hz] * 103 // 100
    beats = [
        ScheduledFault(moment(rate_hz, 0) + n * beat_ns, ChipFault.FOREIGN_CLOCKS)
        for n in range(3 * SECOND // beat_ns)
    ]
    met = [
        ScheduledFault(moment(rate_hz, n) + 5 * SECOND, ChipFault.FOREIGN_CLOCKS, pulse)
        for n, pulse in enumerate(range(2, 26, 3))
    ]
    return (*beats, *met)


BITS = range(1, 25)
MENDED_BY = (ChipFault.PLUG, ChipFault.RELEASE)
TRIALS = (
    Trial("unplugged", broken(ChipFault.UNPLUG, ChipFault.PLUG), lasting=True),
    Trial("shorted", broken(ChipFault.SHORT_LOW, ChipFault.RELEASE), lasting=True),
    Trial("floating", broken(ChipFault.FLOAT, ChipFault.RELEASE), lasting=True),
    Trial("supply dips", dips, lasting=True),
    Trial("pushed aside 50 µs … 10 ms", pauses),
    Trial("slow GPIO, 40 µs high", high_ns=40 * US),
    Trial("slow GPIO, 80 µs high", high_ns=80 * US),
    Trial("clock lost, even code", each_pulse(ChipFault.LOSE_CLOCK, BITS), parity=0),
    Trial("clock lost, odd code", each_pulse(ChipFault.LOSE_CLOCK, BITS), parity=1),
    Trial("clock doubled", each_pulse(ChipFault.DOUBLE_CLOCK, BITS)),
    Trial("oscillator 17 % fast", seconds=9, period_ns=lambda rate_hz, _: SLOWEST_NS[rate_hz] * 100 // 117),
    Trial(
        "oscillator gains 17 %",
        seconds=12,
        period_ns=lambda rate_hz, n: SLOWEST_NS[rate_hz] * 100 // (117 if n > 5 * rate_hz else 100),
    ),
    Trial("data bit turned over", each_pulse(ChipFault.FLIP, BITS)),
    Trial("DOUT turned over for 1 µs", glitches),
    Trial(
        "gain pulse lost, wrong gain",
        each_pulse(ChipFault.LOSE_CLOCK, [25, 26, 27] * 4),
        gain=64,
        parity=0,
    ),
    Trial("second chip on the clock", neighbour),
)


def scattered(number: int) -> int:
    """A value that no other conversion nearby has, with every bit in use."""
    return (number * 5_040_001 + 77_777) % 16_000_000 - 8_000_000


def resting(number: int) -> int:
    """A load at rest with some noise of a bridge; even and odd codes take turns."""
    return 84_000 + number * 7 % 13


class World:
    """One chip in one trial, the truth about it, and what becomes of the program that reads it.

    ``value``: counts of the ``number``-th conversion at gain 128. ``tolerance``: counts by which a value may
    miss a conversion of its time and is not yet wrong.
    """

    def __init__(
        self, trial: Trial, rate_hz: int, value: Callable[[int], int] = scattered, tolerance: float = 0.0
    ) -> None:
        self.trial = trial
        self.rate_hz = rate_hz
        self.seconds = trial.lasts_s(rate_hz)
        self.tolerance = tolerance
        self.truth: list[tuple[int, float]] = []
        self.struck: list[int] = []
        strikes = trial.strikes(rate_hz)
        self._asides = [strike for strike in strikes if isinstance(strike, Aside)]
        self._value = value
        self._periods = 0
        self.chip = SimulatedChip(
            self._convert,
            self._next_period_ns,
            cold_tail=COLD_TAIL_COUNTS[:5],
            faults=[strike for strike in strikes if isinstance(strike, ScheduledFault)],
        )

    def aside(self, level: int, at_ns: int, granularity: int = 1) -> int:
        """How long the program is pushed aside after this edge.

        ``granularity``: pulses after which this reader can be met at all (a byte of SPI has four).
        """
        waiting = self._asides[0] if self._asides else None
        pulses = self.chip.pulses
        if waiting is None or pulses is None or at_ns < waiting.at_ns:
            return 0
        due = -(-waiting.pulse // granularity) * granularity
        if min(due, 25) != pulses or (granularity == 1 and waiting.level != level):
            return 0
        self.struck.append(at_ns)
        return self._asides.pop(0).for_ns

    def skip_rises(self) -> None:
        """For a reader that cannot be pushed aside while PD_SCK is high."""
        self._asides = [aside for aside in self._asides if not aside.level]

    def skip_all(self) -> None:
        """For a reader that nothing can push aside in a burst."""
        self._asides = []

    def strikes_ns(self) -> list[int]:
        """When something was broken, in order."""
        chip = [struck.at_ns for struck in self.chip.struck if struck.fault not in MENDED_BY]
        return sorted([*chip, *self.struck])

    def all_struck(self) -> bool:
        """Whether everything that was scheduled happened."""
        return not self._asides and self.chip.scheduled == 0

    def is_true(self, at_ns: int, counts: float, near_ns: int) -> bool:
        """Whether a conversion about that time gave these counts."""
        first = bisect.bisect_left(self.truth, (at_ns - near_ns,))
        for then_ns, of in itertools.islice(self.truth, first, None):
            if then_ns > at_ns + near_ns:
                break
            if abs(of - counts) <= self.tolerance:
                return True
        return False

    def _convert(self, at_ns: int, _period_ns: int, gain: int) -> float:
        counts = self._value(len(self.truth))
        if self.trial.parity is not None:
            counts = counts // 4 * 4 + self.trial.parity * 128 // self.trial.gain
        self.truth.append((at_ns, counts * self.trial.gain // 128))
        return counts * gain / 128

    def _next_period_ns(self) -> int:
        self._periods += 1
        return self.trial.period_ns(self.rate_hz, self._periods)
