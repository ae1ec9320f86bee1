"""Two to four bridges under one pan, each with a driver and a thread of its own, read as one load cell.

Rules this file obeys:

* It opens the corners by the name of their driver and judges nothing: alignment.py puts them together.
* One thread a corner does nothing but read; only the caller's thread touches what they have in common.
* A corner that cannot go on ends the whole, and is named.

Options with a number at their end are of one corner, the others of all::

    driver = "spi"
    corners = 4
    rate_hz = 80
    bus_1 = 0
    bus_2 = 3
    bus_3 = 4
    bus_4 = 5
    trim_1 = 1.00214          # from `steelyard hardware corners`
"""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Self, TypeVar

import msgspec

from hardware.bench import Bench
from hardware.loadcell.alignment import Aligner
from hardware.loadcell.clock import SECOND, MonotonicClock
from hardware.loadcell.contract import (
    BadOption,
    Fault,
    LoadCell,
    LoadCellError,
    Sample,
    remarks_of,
    unfit_of,
)
from hardware.loadcell.named import checker_named, driver_named
from hardware.loadcell.options import take
from hardware.loadcell.simulated import SimulatedOptions
from hardware.loadcell.simulated_platform import Platform

ANSWER_S = 0.95
"""A corner's driver answers within 0.9 s, if only that nothing is there."""
WAITING = 4096
"""Samples that wait for the caller: twelve seconds of four fast corners; what comes then is let go, and the
gap is told."""
JOIN_S = 2.0

_OF_CORNER = re.compile(r"(?P<key>\w+)_(?P<corner>[1-4])")

T = TypeVar("T")
Trim = Annotated[float, msgspec.Meta(ge=0.8, le=1.25)]


class BridgesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of this driver itself: ``driver`` of the corners, how many ``corners``, and their trims."""

    driver: str = "spi"
    corners: Annotated[int, msgspec.Meta(ge=2, le=4)] = 4
    trim_1: Trim = 1.0
    trim_2: Trim = 1.0
    trim_3: Trim = 1.0
    trim_4: Trim = 1.0

    @property
    def trims(self) -> tuple[float, ...]:
        return (self.trim_1, self.trim_2, self.trim_3, self.trim_4)[: self.corners]


class Bridges:
    """Several load cells as one; owns them, and the simulated bench where there is one."""

    def __init__(self, cells: Sequence[LoadCell], trims: Sequence[float], bench: Bench | None = None) -> None:
        self.rate_hz = cells[0].rate_hz
        self.gain = cells[0].gain
        self._cells = tuple(cells)
        self._bench = bench
        self._aligner = Aligner(trims, self.rate_hz)
        self._clock = MonotonicClock()
        self._heard: queue.Queue[tuple[int, Sample | Exception]] = queue.Queue(WAITING)
        self._told: list[Sample] = []
        self._last_ns = 0
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(corner,), name=f"corner {corner + 1}", daemon=True)
            for corner in range(len(self._cells))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def read(self) -> Sample:
        """The next aligned sample; within a second SILENT where no driver of a corner says anything.

        Raises LoadCellError, naming the corner, when one can go no further.
        """
        if self._closing.is_set():
            raise LoadCellError("bridges: the driver is closed: open it again to read")
        deadline_ns = self._clock.now_ns() + int(ANSWER_S * SECOND)
        while True:
            while self._told:
                sample = self._told.pop(0)
                if sample.at_ns >= self._last_ns:
                    self._last_ns = sample.at_ns
                    return sample
            try:
                left_s = max(0, deadline_ns - self._clock.now_ns()) / SECOND
                corner, heard = self._heard.get(timeout=left_s)
            except queue.Empty:
                self._last_ns = self._clock.now_ns()
                return Sample(self._last_ns, None, (Fault.SILENT,))
            if isinstance(heard, Exception):
                raise self._named(corner, heard) from heard
            self._told += self._aligner.feed(corner, heard)

    def close(self) -> None:
        """Ends the threads and closes every corner; may be called twice."""
        self._closing.set()
        for thread in self._threads:
            thread.join(JOIN_S)
        if self._bench is not None:
            self._bench.close()
            self._bench = None
        for cell in self._cells:
            cell.close()

    @property
    def unfit(self) -> str:
        """Which corner is out of order or unfit for verdicts, in words; empty where all are fit."""
        each = zip(self._aligner.corners, self._cells, strict=True)
        said = ((n, corner.out_of_order or unfit_of(cell)) for n, (corner, cell) in enumerate(each, 1))
        return "; ".join(f"corner {number}: {why}" for number, why in said if why)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the corners found out about their machine as they opened."""
        return self._said(remarks_of)

    def diagnosis(self) -> tuple[str, ...]:
        """In words: how fast each corner converts, what the alignment takes away, what the corners say."""
        speeds = ", ".join(f"{SECOND / corner.period.ns:.2f}" for corner in self._aligner.corners)
        skew_ms = self._aligner.skew_ns * 1e-6
        return (
            f"corners 1 … {len(self._cells)} convert {speeds} times a second, each by its own oscillator",
            f"the newest conversions were up to {skew_ms:.1f} ms old; each corner is read at the same moment",
            *self._said(lambda cell: getattr(cell, "diagnosis", lambda: remarks_of(cell))()),
        )

    def _said(self, ask: Callable[[LoadCell], tuple[str, ...]]) -> tuple[str, ...]:
        """Every line of every corner, with its number."""
        return tuple(f"corner {n}: {line}" for n, cell in enumerate(self._cells, 1) for line in ask(cell))

    # ------------------------------------------------------------------------------------------- inside

    def _follow(self, corner: int) -> None:
        """Reads one corner until the end; what stops it is handed on like a sample."""
        cell = self._cells[corner]
        while not self._closing.is_set():
            heard: Sample | Exception
            try:
                heard = cell.read()
            except (LoadCellError, OSError) as error:
                heard = error
            with suppress(queue.Full):
                self._heard.put_nowait((corner, heard))
            if isinstance(heard, Exception):
                return

    @staticmethod
    def _named(corner: int, error: Exception) -> LoadCellError:
        words = f"bridges: corner {corner + 1}: {error}"
        return type(error)(words) if isinstance(error, LoadCellError) else LoadCellError(words)


def _by_corner(options: Mapping[str, object], corners: int) -> list[dict[str, object]]:
    """The options of each corner: those of all, and over them its own; raises BadOption."""
    common = {key: value for key, value in options.items() if not _OF_CORNER.fullmatch(key)}
    each = [dict(common) for _ in range(corners)]
    for key, value in options.items():
        match = _OF_CORNER.fullmatch(key)
        if match is None:
            continue
        if int(match["corner"]) > corners:
            raise BadOption(f"bridges: option {key!r}: there are {corners} corners")
        each[int(match["corner"]) - 1][match["key"]] = value
    return each


def _opened(number: int, make: Callable[[Mapping[str, object]], T], options: Mapping[str, object]) -> T:
    """What ``make`` makes of the options of a corner; what it raises names the corner."""
    try:
        return make(options)
    except LoadCellError as error:
        raise type(error)(f"bridges: corner {number}: {error}") from error


def open_driver(options: Mapping[str, object]) -> Bridges:
    """Opens every corner; raises BadOption or DriverUnavailable, naming the corner."""
    taken, each = _taken(options)
    if taken.driver == "simulated":
        # Simulated corners stand under one plate, so they are made together.
        wanted = [_opened(n, _simulated, of_corner) for n, of_corner in enumerate(each, 1)]
        platform = Platform(wanted, [MonotonicClock()] * len(wanted))
        return Bridges(platform.cells, taken.trims, platform.bench)
    open_corner = driver_named(taken.driver, "bridges")
    cells: list[LoadCell] = []
    try:
        for number, of_corner in enumerate(each, 1):
            cells.append(_opened(number, open_corner, of_corner))
        if len({(cell.rate_hz, cell.gain) for cell in cells}) > 1:
            raise BadOption("bridges: all corners need the same rate_hz and gain")
    except LoadCellError:
        for cell in cells:
            cell.close()
        raise
    return Bridges(cells, taken.trims)


def check_options(options: Mapping[str, object]) -> None:
    """Raises BadOption where ``open_driver`` would; opens nothing."""
    taken, each = _taken(options)
    check = checker_named(taken.driver)
    for number, of_corner in enumerate(each, 1):
        _opened(number, check, of_corner)


def _taken(options: Mapping[str, object]) -> tuple[BridgesOptions, list[dict[str, object]]]:
    """The options of this driver, and those of each corner."""
    own = {key: value for key, value in options.items() if key in BridgesOptions.__struct_fields__}
    taken = take(BridgesOptions, own, "bridges")
    if taken.driver == "bridges":
        raise BadOption("bridges: option driver: name the driver of one corner, such as spi")
    return taken, _by_corner({key: value for key, value in options.items() if key not in own}, taken.corners)


def _simulated(options: Mapping[str, object]) -> SimulatedOptions:
    return take(SimulatedOptions, options, "simulated")
