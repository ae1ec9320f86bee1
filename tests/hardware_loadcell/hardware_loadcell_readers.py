"""Our drivers, each over the simulated chip in virtual time, and what the program makes of what they say.

Rules this file obeys:

* Each driver runs as it is; only what it stands on (bus, pins, kernel, package) is the room's own fake.
* What a driver said is judged by the program's gate, in the order and at the times at which it was said.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from hardware_loadcell_trials import PERIOD_NS, US, Trial, World, resting

from firmware_app.weighing.gate import Gate
from firmware_app.weighing.reading import PanFault
from hardware.loadcell import gpio, iio, library, library_process, rpigpio_fake, spi
from hardware.loadcell.alignment import Aligner
from hardware.loadcell.clock import SECOND, Clock, VirtualClock
from hardware.loadcell.contract import LoadCell, Sample
from hardware.loadcell.gpio_fitness import WINDOW, Fitness
from hardware.loadcell.gpio_pins import GpioPins
from hardware.loadcell.gpiozero_fake import Bench, ChipFactory, Costs, Moment
from hardware.loadcell.kernel_fake import FakeKernel
from hardware.loadcell.simulated_chip import SimulatedChip
from hardware.loadcell.spidev_fake import FakeSpiDev

SCK, DOUT = 6, 5
STATED_NS = SECOND + 2 * 100_000_000
"""Within a second and two periods of the slowest chip a fault is said, or not at all."""
QUIET_COUNTS = 30
"""Of the mean of four resting corners: no wrong value that matters comes so near."""


@dataclass(frozen=True)
class Read:
    """One answer of a driver: when it was asked for, when it came, and what it was."""

    begun_ns: int
    ended_ns: int
    sample: Sample


@dataclass(frozen=True)
class Driver:
    """How one of our drivers is run, and how far its times may be off."""

    rate_hz: int
    near_ns: int
    run: Callable[[World], list[Read]]


@dataclass(frozen=True)
class Outcome:
    """What one driver and the gate made of one trial.

    ``wrong``: values released that no conversion of their time gave. ``unsaid``: strikes of which nothing was
    said in time. ``slowest_s``: from a strike to the first fault said after it, the longest of the others.
    ``longest_read_s``: of all reads. ``released``: values in all. ``released_at_end`` and ``said_at_end``: in
    the last half second.
    """

    strikes: int
    wrong: int
    unsaid: int
    slowest_s: float
    longest_read_s: float
    released: int
    released_at_end: bool
    said_at_end: bool


# --------------------------------------------------------------------------------------------- the drivers


def read_on(cell: LoadCell, clock: Clock, seconds: float) -> list[Read]:
    reads = []
    while clock.now_ns() < seconds * SECOND:
        begun_ns = clock.now_ns()
        sample = cell.read()
        reads.append(Read(begun_ns, clock.now_ns(), sample))
    return reads


class PausedBus(FakeSpiDev):
    """A bus whose FIFO runs dry within a burst when the trial wants it."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        slow = world.trial.high_ns is not None
        super().__init__(world.chip, clock, call_ns=250 * US if slow else 20 * US)
        self._world = world
        self._at_ns = 0

    def xfer2(self, values: Sequence[int]) -> list[int]:
        self._gap_ns = self._gap if any(values) else None
        return super().xfer2(values)

    def _shift(self, value: int, at_ns: int) -> tuple[int, int]:
        byte, self._at_ns = super()._shift(value, at_ns)
        return byte, self._at_ns

    def _gap(self) -> int:
        return self._world.aside(0, self._at_ns, granularity=4)


def run_spi(world: World) -> list[Read]:
    clock = VirtualClock()
    options = spi.SpiOptions(rate_hz=world.rate_hz, gain=world.trial.gain)
    bus = PausedBus(world, clock)
    bus.open(0, 0)
    bus.mode, bus.max_speed_hz = spi.SPI_MODE, options.speed_hz
    return read_on(spi.SpiLoadCell(bus, clock, options), clock, world.seconds)


def proven() -> Fitness:
    """A machine that was tried and found fast enough."""
    fitness = Fitness()
    for _ in range(WINDOW):
        fitness.note(9 * US)
    return fitness


def run_gpio(world: World) -> list[Read]:
    clock = VirtualClock()
    edges = {Moment.BEFORE_FALL: 1, Moment.AFTER_FALL: 0}
    high_ns = world.trial.high_ns
    bench = Bench(
        world.chip,
        clock,
        clock_gpio=SCK,
        data_gpio=DOUT,
        costs=Costs() if high_ns is None else Costs(high_ns * 3 // 4, high_ns // 4, high_ns),
        meddle=lambda where, at_ns: world.aside(edges[where], at_ns) if where in edges else 0,
    )
    pins = GpioPins(ChipFactory(bench), SCK, DOUT, clock, bench)
    options = gpio.GpioOptions(
        clock_gpio=SCK, data_gpio=DOUT, rate_hz=world.rate_hz, gain=world.trial.gain, realtime=False
    )
    cell = gpio.GpioLoadCell(pins, clock, options, fitness=proven())
    return read_on(cell, clock, world.seconds)


def iio_cell(chip: SimulatedChip, clock: VirtualClock, mode: str, gain: int, **kernel) -> iio.IioLoadCell:
    return iio.IioLoadCell(FakeKernel(chip, clock, **kernel), clock, iio.IioOptions(mode=mode, gain=gain))


def run_iio(mode: str) -> Callable[[World], list[Read]]:
    def run(world: World) -> list[Read]:
        clock = VirtualClock()
        world.skip_rises()
        cell = iio_cell(
            world.chip,
            clock,
            mode,
            world.trial.gain,
            half_period_ns=world.trial.high_ns or 2_500,
            stall=lambda _: world.aside(0, clock.now_ns()),
        )
        with cell:
            return read_on(cell, clock, world.seconds)

    return run


class Played:
    """A child whose reports were made before, played back at their times."""

    def __init__(self, events: list, clock: VirtualClock) -> None:
        self.events, self.clock = events, clock

    def next_event(self, timeout_s: float):
        until_ns = self.clock.now_ns() + max(0, int(timeout_s * SECOND))
        if self.events:
            told_ns = getattr(self.events[0], "end_ns", 0)
            if told_ns <= until_ns:
                self.clock.sleep_until(told_ns)
                return self.events.pop(0)
        self.clock.sleep_until(until_ns)
        return None

    def end(self) -> None:
        return None


@contextlib.contextmanager
def quiet_log() -> Iterator[None]:
    """Keeps the package's chatter, a line for every look, away from the log of the tests."""
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    yield
    root.handlers = before


def library_cell(
    chip: SimulatedChip, clock: VirtualClock, seconds: float, gain: int, **board
) -> library.LibraryLoadCell:
    """The driver on what the package, run to its end before, reported."""
    events: list = []
    until_ns = int((seconds + 2) * SECOND)
    stub = rpigpio_fake.install(chip, VirtualClock(), until_ns=until_ns, **board)
    with stub, quiet_log(), pytest.raises(rpigpio_fake.OutOfTime):
        library_process.run(DOUT, SCK, gain, events.append)
    return library.LibraryLoadCell(lambda: Played(events, clock), clock, library.LibraryOptions(gain=gain))


def run_library(world: World) -> list[Read]:
    clock = VirtualClock()
    cell = library_cell(
        world.chip,
        clock,
        world.seconds,
        world.trial.gain,
        stall=lambda edge: world.aside(edge.level, edge.at_ns),
        call_ns=world.trial.high_ns or rpigpio_fake.CALL_NS,
    )
    return read_on(cell, clock, world.seconds)


DRIVERS = {
    "spi": Driver(80, 1_000_000, run_spi),
    "gpio": Driver(80, 1_000_000, run_gpio),
    "iio buffer": Driver(10, 30_000_000, run_iio("buffer")),
    "iio files": Driver(10, 30_000_000, run_iio("files")),
    "library": Driver(10, 30_000_000, run_library),
}


# ----------------------------------------------------------------------------------------------- corners


def run_corners(driver: Driver, trial: Trial) -> tuple[World, list[Read]]:
    """Four corners of one driver under one plate: the first one has the fault, the others are well."""
    struck = World(trial, driver.rate_hz, resting)
    streams = [driver.run(struck)]
    streams += [
        well(driver.rate_hz, driver.run, struck.seconds, trial.gain, speed) for speed in (97, 103, 105)
    ]
    aligner = Aligner([1.0] * len(streams), float(driver.rate_hz))
    tagged = [[(read.ended_ns, corner, read) for read in of] for corner, of in enumerate(streams)]
    told, last_ns, begun_ns = [], 0, 0
    for ended_ns, corner, read in heapq.merge(*tagged, key=lambda one: one[:2]):
        for sample in aligner.feed(corner, read.sample):
            if sample.at_ns >= last_ns:  # as bridges.py hands them on
                last_ns = sample.at_ns
                told.append(Read(begun_ns, ended_ns, sample))
                begun_ns = ended_ns
    return struck, told


@functools.cache
def well(
    rate_hz: int, run: Callable[[World], list[Read]], seconds: float, gain: int, percent: int
) -> list[Read]:
    """What a corner says to which nothing is done, its oscillator so fast."""
    period_ns = PERIOD_NS[rate_hz] * 100 // percent
    trial = Trial("well", seconds=seconds, gain=gain, period_ns=lambda *_: period_ns)
    return run(World(trial, rate_hz, lambda number: resting(number * 3)))


# ---------------------------------------------------------------------------------------------- judgement


def judge(world: World, reads: Iterable[Read], is_wrong: Callable[[Sample], bool]) -> Outcome:
    """What the gate lets through of what was read, and when a fault was said."""
    gate = Gate(float(world.rate_hz))
    said: list[int] = []
    released: list[tuple[int, Sample]] = []
    longest_ns = 0
    for read in reads:
        longest_ns = max(longest_ns, read.ended_ns - read.begun_ns)
        for event in gate.feed(read.sample):
            if isinstance(event, PanFault):
                said.append(read.ended_ns)
            else:
                released.append((read.ended_ns, event))
    strikes = world.strikes_ns()
    late: list[int] = []
    for strike, following in zip(strikes, [*strikes[1:], 1 << 62][: len(strikes)], strict=True):
        until_ns = min(strike + STATED_NS, following)
        stated = [at_ns - strike for at_ns in said if strike <= at_ns < until_ns]
        late += stated[:1]
    end_ns = (world.seconds - 0.5) * SECOND
    return Outcome(
        strikes=len(strikes),
        wrong=sum(is_wrong(sample) for _, sample in released),
        unsaid=len(strikes) - len(late),
        slowest_s=max(late, default=0) / SECOND,
        longest_read_s=longest_ns / SECOND,
        released=len(released),
        released_at_end=any(at_ns > end_ns for at_ns, _ in released),
        said_at_end=any(at_ns > end_ns for at_ns in said),
    )


def put_to(driver: Driver, trial: Trial) -> Outcome:
    """One driver in one trial: every released value must be a conversion of its time, to the count."""
    world = World(trial, driver.rate_hz)
    reads = driver.run(world)
    assert world.all_struck(), f"{world.chip.scheduled} strikes did not happen"
    return judge(world, reads, lambda s: not world.is_true(s.at_ns, s.counts, driver.near_ns))


def put_corners_to(driver: Driver, trial: Trial) -> Outcome:
    """Four corners in one trial: every released value must be the load at rest."""
    world, reads = run_corners(driver, trial)
    rest = resting(3) * trial.gain / 128
    return judge(world, reads, lambda s: abs(s.counts - rest) > QUIET_COUNTS)
