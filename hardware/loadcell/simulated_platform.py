"""A plate on two to four simulated cells: a load put somewhere on it presses on each by the place.

Rules this file obeys:

* Each corner is a whole simulated bridge with a chip, an oscillator, a zero and a sensitivity of its own.
* Corners are counted clockwise as seen from above, from the front left: as a junction box is numbered.
* The shares of a load are those of a plate that bends: they always add up to the load.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import zmq

from hardware.bench import Bench, Handler
from hardware.loadcell.clock import Clock
from hardware.loadcell.contract import DriverUnavailable
from hardware.loadcell.simulated import PERIOD_NS, SimulatedLoadCell, SimulatedOptions, checked_number

SENSITIVITY_SPREAD = 0.03
"""Cells of one delivery differ by up to this; makers of cheap half bridges state ±2 … ±5 %."""
ZERO_SPREAD_COUNTS = 30_000
RATES_HZ = {10: (10.0, 11.7), 80: (80.0, 93.0)}
"""What chips of either setting of the RATE pin really convert (measured on several)."""

Place = tuple[float, float]
"""Across and along the plate: -1 … 1 from left to right and from front to back; the cells stand at ±1."""


def shares(count: int, place: Place) -> tuple[float, ...]:
    """The part of a load at ``place`` that each of two to four corners carries; they add up to one."""
    x, y = place
    if count == 2:
        return (1 - x) / 2, (1 + x) / 2
    if count == 3:
        front = (1 - y) / 2
        return (front - x) / 2, 1 - front, (front + x) / 2
    left, right, front, back = (1 - x) / 2, (1 + x) / 2, (1 - y) / 2, (1 + y) / 2
    return left * front, left * back, right * back, right * front


class Platform:
    """The cells of one plate, in their order, and the bench in front of them.

    ``options`` and ``clocks``: one for each corner (in real time the same clock). ``load_g`` and ``bench``
    are the plate's, ``seed`` decides how the corners differ.
    """

    def __init__(self, options: Sequence[SimulatedOptions], clocks: Sequence[Clock]) -> None:
        self._load_g = options[0].load_g
        self._place: Place = (0.0, 0.0)
        self._capacity_g = sum(each.capacity_g for each in options)
        self.sensitivities: list[float] = []
        """Of each corner over what its options say."""
        self.cells: list[SimulatedLoadCell] = []
        for number, (each, clock) in enumerate(zip(options, clocks, strict=True)):
            chance = random.Random(each.seed * 101 + number)  # noqa: S311  (a simulation that repeats itself)
            sensitivity = 1 + chance.uniform(-SENSITIVITY_SPREAD, SENSITIVITY_SPREAD)
            speed = chance.uniform(*RATES_HZ[each.rate_hz]) * PERIOD_NS[each.rate_hz] * 1e-9
            own = msgspec.structs.replace(
                each,
                counts_per_gram=each.counts_per_gram * sensitivity,
                zero_counts=each.zero_counts + chance.uniform(-ZERO_SPREAD_COUNTS, ZERO_SPREAD_COUNTS),
                oscillator=each.oscillator * speed,
                seed=each.seed * 101 + number,
                load_g=self._load_g / len(options),
                bench=None,
            )
            self.sensitivities.append(sensitivity)
            self.cells.append(SimulatedLoadCell(own, clock))
        self.bench = self._open_bench(options[0].bench) if options[0].bench else None

    def put(self, load_g: object) -> None:
        """Puts ``load_g`` where the last load stood; raises ValueError beyond what breaks the cells."""
        self._load_g = checked_number("load_g", load_g, self._capacity_g)
        self._press()

    def move(self, place: object) -> None:
        """Moves what is on the plate to [x, y], each -1 … 1; raises ValueError."""
        if not isinstance(place, list | tuple) or len(place) != 2:
            raise ValueError(f"position: {place!r} is not [x, y]")
        x, y = (checked_number("position", value, 1.0) for value in place)
        self._place = x, y
        self._press()

    def plug(self, corner: object) -> None:
        """Pulls the plug of a corner (its number from 1, negative) or puts it in (positive)."""
        most = len(self.cells)
        if isinstance(corner, bool) or not isinstance(corner, int) or not 1 <= abs(corner) <= most:
            raise ValueError(f"plugged_corner: {corner!r} is none of ±1 … ±{most}")
        self.cells[abs(corner) - 1].set_plugged(corner > 0)

    def plug_all(self, plugged: object) -> None:
        """Pulls every plug or puts it in; raises ValueError for anything but a bool."""
        for cell in self.cells:
            cell.set_plugged(plugged)

    def set_temperature(self, temperature_c: object) -> None:
        """Changes the air temperature around all corners; raises ValueError beyond ±100 °C."""
        for cell in self.cells:
            cell.set_temperature(temperature_c)

    # ------------------------------------------------------------------------------------------- inside

    def _press(self) -> None:
        for cell, share in zip(self.cells, shares(len(self.cells), self._place), strict=True):
            cell.put(share * self._load_g)

    def _open_bench(self, path: str) -> Bench:
        handlers: Mapping[str, Handler] = {
            "load_g": self.put,
            "position": self.move,
            "plugged": self.plug_all,
            "plugged_corner": self.plug,
            "temperature_c": self.set_temperature,
        }
        try:
            return Bench(Path(path), handlers)
        except zmq.ZMQError as error:
            for cell in self.cells:
                cell.close()
            raise DriverUnavailable(f"simulated: the bench socket {path} cannot be made: {error}") from error
