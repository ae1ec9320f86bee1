"""A scanner that is not there: codes are put under it on its bench, and go the way of a serial line's bytes.

Rules this file obeys:

* What is put on the bench is bytes with an end, understood by hardware.scanning like any scanner's.
* Unplugged it is lost as a real one is: a state, and no codes.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import zmq

from hardware.bench import Bench
from hardware.scale.strict import convert
from hardware.scanner_contract import BadOption, DriverUnavailable, LineState, Refused, Scan
from hardware.scanning import Lines

WAITING = 64
"""Codes on the bench that nobody has read yet; more are refused there."""


class SimulatedScannerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of this driver. ``bench``: path of the control socket."""

    bench: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class SimulatedScanner:
    """A scanner with a bench: ``scan`` (a text), ``plugged`` (true or false)."""

    def __init__(self, bench: Path, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Raises DriverUnavailable where the bench socket cannot be made."""
        self._clock_ns = clock_ns
        self._lines = Lines()
        self._bytes: queue.Queue[bytes] = queue.Queue(WAITING)
        self._state = LineState.OPEN
        try:
            self._bench = Bench(bench, {"scan": self._scan, "plugged": self._plug})
        except zmq.ZMQError as error:
            raise DriverUnavailable(
                f"scanner 'simulated': the bench socket {bench} cannot be made: {error}"
            ) from error

    @property
    def state(self) -> LineState:
        return self._state

    def read(self, timeout_s: float) -> list[Scan | Refused]:
        """What was put on the bench within ``timeout_s``."""
        try:
            data = self._bytes.get(timeout=timeout_s)
        except queue.Empty:
            return []
        return self._lines.feed(data, self._clock_ns()) if self._state is LineState.OPEN else []

    def close(self) -> None:
        """Takes the bench away; may be called twice."""
        if self._state is not LineState.CLOSED:
            self._state = LineState.CLOSED
            self._bench.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _scan(self, text: object) -> None:
        if not isinstance(text, str):
            raise ValueError(f"scan: {text!r} is no text")
        if self._state is not LineState.OPEN:
            raise ValueError("scan: the scanner is unplugged")
        try:
            self._bytes.put_nowait(text.encode() + b"\r")
        except queue.Full:
            raise ValueError(f"scan: {WAITING} codes wait already") from None

    def _plug(self, plugged: object) -> None:
        if not isinstance(plugged, bool):
            raise ValueError(f"plugged: {plugged!r} is neither true nor false")
        self._state = LineState.OPEN if plugged else LineState.LOST


def open_simulated(options: Mapping[str, Any]) -> SimulatedScanner:
    """A scanner with a bench (see SimulatedScannerOptions); raises BadOption, DriverUnavailable."""
    return SimulatedScanner(Path(_options(options).bench))


def check_simulated(options: Mapping[str, Any]) -> None:
    """Raises BadOption where the driver would; opens nothing."""
    _options(options)


def _options(options: Mapping[str, Any]) -> SimulatedScannerOptions:
    return convert(options, SimulatedScannerOptions, "scanner 'simulated'", BadOption)
