"""A load cell to work with where there is none: cell, chip and cable simulated, read by the real driver.

Rules this file obeys:

* The samples come through the same code as real ones: SpiLoadCell on a fake bus, in real time.
* What is done at the bench (a load put on, the plug pulled) is done by the thread that reads, at its next
  transfer; the bench thread only checks and leaves a wish.
"""

from __future__ import annotations

import math
import queue
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
import zmq

from hardware.bench import Bench, Handler
from hardware.loadcell.clock import Clock, MonotonicClock
from hardware.loadcell.contract import DriverUnavailable, Sample
from hardware.loadcell.options import take
from hardware.loadcell.simulated_cell import Physics, SimulatedCell
from hardware.loadcell.simulated_chip import (
    COLD_TAIL_COUNTS,
    ChipFault,
    ScheduledFault,
    SimulatedChip,
)
from hardware.loadcell.spi import SPI_MODE, SpiLoadCell, SpiOptions
from hardware.loadcell.spidev_fake import FakeSpiDev

PERIOD_NS = {10: 95_200_000, 80: 12_191_400}
"""Periods of real chips by nominal rate (measured: 10.5/s and 82.0/s)."""
OSCILLATOR_JITTER_NS = 300.0
TAIL_COUNTS_PER_GRAM = 1540
"""Sensitivity of the cell whose start-up was recorded."""
BREAKING_LOAD = 3.0
"""Share of the capacity at which a cell is destroyed: the bench refuses more."""

Finite = Annotated[float, msgspec.Meta(ge=-1e7, le=1e7)]


class SimulatedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver.

    ``rate_hz`` as of the RATE pin; ``counts_per_gram`` at gain 128, ``zero_counts`` of the empty pan,
    ``capacity_g`` of the cell, ``noise`` times the datasheet's, ``seed`` of all chance, ``temperature_c`` of
    the air, ``load_g`` on the pan at first, ``oscillator`` of the chip: times the speed of the part that was
    measured, ``bench``: path of the control socket (none: no bench).
    """

    rate_hz: Literal[10, 80] = 80
    counts_per_gram: Annotated[float, msgspec.Meta(ge=0.01, le=100_000)] = 300.0
    zero_counts: Annotated[float, msgspec.Meta(ge=-8_388_608, le=8_388_607)] = 84_000.0
    capacity_g: Annotated[float, msgspec.Meta(gt=0, le=1e7)] = 15_000.0
    noise: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 1.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)] = 1
    temperature_c: Annotated[float, msgspec.Meta(ge=-40, le=85)] = 20.0
    load_g: Finite = 0.0
    oscillator: Annotated[float, msgspec.Meta(ge=0.8, le=1.25)] = 1.0
    bench: str | None = None


class SimulatedLoadCell:
    """A simulated bridge as a LoadCell; ``clock`` real or virtual.

    >>> from hardware.loadcell.clock import VirtualClock
    >>> cell = SimulatedLoadCell(SimulatedOptions(), VirtualClock())
    >>> cell.put(100.0)
    >>> 113_000 < [cell.read().counts for _ in range(100)][-1] < 115_000
    True
    """

    def __init__(self, options: SimulatedOptions, clock: Clock) -> None:
        self._clock = clock
        self._capacity_g = options.capacity_g
        self._begun_ns = clock.now_ns()
        self._wishes: queue.SimpleQueue[Callable[[int], None]] = queue.SimpleQueue()
        self._plugged = True
        physics = Physics(
            counts_per_gram=options.counts_per_gram,
            zero_counts=options.zero_counts,
            zero_g_per_k=Physics().zero_g_per_k * options.capacity_g / 15_000,
            noise=options.noise,
        )
        self._cell = SimulatedCell(
            physics,
            rate_hz=options.rate_hz,
            seed=options.seed,
            load_g=options.load_g,
            temperature_c=options.temperature_c,
        )
        wander = random.Random(options.seed + 1)  # noqa: S311  (a simulation that must repeat itself)
        period_ns = PERIOD_NS[options.rate_hz] / options.oscillator
        scale = options.counts_per_gram / TAIL_COUNTS_PER_GRAM
        self._chip = SimulatedChip(
            self._cell.convert,
            lambda: round(wander.gauss(period_ns, OSCILLATOR_JITTER_NS)),
            cold_tail=[counts * scale for counts in COLD_TAIL_COUNTS],
        )
        bus = FakeSpiDev(self._chip, _Since(clock, self._begun_ns), before_transfer=self._grant)
        bus.open(0, 0)
        bus.mode = SPI_MODE
        bus.max_speed_hz = SpiOptions().speed_hz
        self._driver = SpiLoadCell(bus, clock, SpiOptions(rate_hz=options.rate_hz))
        self.rate_hz = self._driver.rate_hz
        self.gain = self._driver.gain
        self._bench = self._open_bench(options.bench) if options.bench else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def read(self) -> Sample:
        """The next conversion; within a second a Sample with DISCONNECTED if none comes."""
        return self._driver.read()

    def close(self) -> None:
        """Takes the bench away and frees the bus; may be called twice."""
        if self._bench is not None:
            self._bench.close()
            self._bench = None
        self._driver.close()

    # ------------------------------------------------------------------------------------------ the bench

    def put(self, load_g: object) -> None:
        """Puts ``load_g`` on the pan from now on; raises ValueError beyond the breaking load."""
        # Cells under one plate are asked at once and read at different times: the asking counts.
        self.put_at(load_g, self._clock.now_ns() - self._begun_ns)

    def put_at(self, load_g: object, since_ns: int) -> None:
        """As ``put``, so many nanoseconds after the opening; loads come in the order of their times."""
        grams = checked_number("load_g", load_g, self._capacity_g * BREAKING_LOAD)
        self._wishes.put(lambda _: self._cell.put(grams, since_ns))

    def set_temperature(self, temperature_c: object) -> None:
        """Changes the air temperature; the cell follows slowly. Raises ValueError beyond ±100 °C."""
        air_c = checked_number("temperature_c", temperature_c, 100.0)
        self._wishes.put(lambda at_ns: self._cell.set_air(air_c, at_ns))

    def set_plugged(self, plugged: object) -> None:
        """Pulls the plug of the chip or puts it in again; raises ValueError for anything but a bool."""
        if not isinstance(plugged, bool):
            raise ValueError(f"plugged: {plugged!r} is neither true nor false")
        self._wishes.put(lambda at_ns: self._plug(plugged, at_ns))

    def _plug(self, plugged: bool, at_ns: int) -> None:
        if plugged != self._plugged:
            self._plugged = plugged
            self._chip.schedule(ScheduledFault(at_ns, ChipFault.PLUG if plugged else ChipFault.UNPLUG))

    def _grant(self, at_ns: int) -> None:
        while not self._wishes.empty():
            self._wishes.get_nowait()(at_ns)

    def _open_bench(self, path: str) -> Bench:
        handlers: Mapping[str, Handler] = {
            "load_g": self.put,
            "plugged": self.set_plugged,
            "temperature_c": self.set_temperature,
        }
        try:
            return Bench(Path(path), handlers)
        except zmq.ZMQError as error:
            self._driver.close()
            raise DriverUnavailable(f"simulated: the bench socket {path} cannot be made: {error}") from error


class _Since:
    """A clock that counts from the opening, so that a simulated life always begins at zero."""

    def __init__(self, clock: Clock, begun_ns: int) -> None:
        self._clock = clock
        self._begun_ns = begun_ns

    def now_ns(self) -> int:
        return self._clock.now_ns() - self._begun_ns

    def sleep_until(self, at_ns: int) -> None:
        self._clock.sleep_until(at_ns + self._begun_ns)


def checked_number(name: str, value: object, limit: float) -> float:
    """The value as a float; raises ValueError where it is none within ±limit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name}: {value!r} is not a number")
    if abs(value) > limit:
        raise ValueError(f"{name}: {value!r} is beyond ±{limit:g}")
    return float(value)


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    take(SimulatedOptions, options, "simulated")


def open_driver(options: Mapping[str, object]) -> SimulatedLoadCell:
    """A simulated bridge in real time; raises BadOption or DriverUnavailable (the bench socket)."""
    return SimulatedLoadCell(take(SimulatedOptions, options, "simulated"), MonotonicClock())
