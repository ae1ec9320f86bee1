"""Two pins through gpiozero: PD_SCK out, DOUT in with its falling edges as they were time-stamped.

Rules this file obeys:

* gpiozero chooses the factory (lgpio on every Raspberry Pi, a Pi 5 too; GPIOZERO_PIN_FACTORY names another).
* Nothing is polled: an edge rings, and who waits for it waits for a bounded time.
* The queue of edges is bounded: a line that floats makes tens of thousands a second.
* With lgpio the line is written and read by lgpio itself: gpiozero's pin asks the kernel for the direction of
  the line before each write, a second system call inside the high phase.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from hardware.loadcell.clock import SECOND, Clock
from hardware.loadcell.contract import DriverUnavailable

MOST_EDGES = 64
"""Falling edges kept; a burst makes at most twelve, and only the last few count."""
SANDWICH_NS = 100_000
"""Two looks at the clock further apart than this were pushed apart: the time between is asked for again."""
TRIES = 3
HERE = (
    "run it on a Raspberry Pi (pip install 'steelyard[pi]'; user in the group gpio); elsewhere use simulated"
)


class Bell(Protocol):
    """Wakes whoever waits for an edge."""

    def ring(self) -> None: ...

    def wait(self, until_ns: int) -> None:
        """Returns when it was rung since the last wait, at the latest at ``until_ns``."""
        ...


class ThreadBell:
    """Rung by gpiozero's thread, waited for by the driver's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, until_ns: int) -> None:
        self._rung.wait(max(0, until_ns - self._clock.now_ns()) / SECOND)
        self._rung.clear()


class GpioPins:
    """The pins of one HX711, PD_SCK low from the start; ``factory`` is gpiozero's.

    ``write`` sets PD_SCK, ``read`` gives the level of DOUT: the shortest way this factory has.
    Raises DriverUnavailable where a pin cannot be had.
    """

    def __init__(self, factory: Any, clock_gpio: int, data_gpio: int, clock: Clock, bell: Bell) -> None:
        from gpiozero import GPIODevice

        self._factory = factory
        self._clock = clock
        self._bell = bell
        self._edges: deque[Any] = deque(maxlen=MOST_EDGES)
        self._devices: list[Any] = []
        try:
            with said("the pins cannot be had"):
                for gpio in (clock_gpio, data_gpio):
                    self._devices.append(GPIODevice(gpio, pin_factory=factory))
                sck, dout = (device.pin for device in self._devices)
                sck.output_with_state(0)
                dout.input_with_pull("up")
                dout.edges = "falling"
                dout.when_changed = self._fell
        except DriverUnavailable:
            for device in self._devices:
                device.close()
            raise
        self.write: Callable[[int], object] = _writer(sck)
        self.read: Callable[[], int] = _reader(dout)

    def edge(self, until_ns: int) -> int | None:
        """The time of the next falling edge of DOUT, monotonic nanoseconds; None if none came in time."""
        while not self._edges:
            if self._clock.now_ns() >= until_ns:
                return None
            self._bell.wait(until_ns)
        return self._moment(self._edges.popleft())

    def close(self) -> None:
        """Leaves PD_SCK low and frees both pins; may be called twice."""
        if not self._devices:
            return
        (sck, dout), self._devices = self._devices, []
        with said("the pins cannot be freed"):
            self.write(0)
            dout.pin.when_changed = None
            dout.close()
            sck.close()

    # ------------------------------------------------------------------------------------------- inside

    def _fell(self, ticks: Any, _level: Any) -> None:
        """In gpiozero's thread."""
        self._edges.append(ticks)
        self._bell.ring()

    def _moment(self, ticks: Any) -> int:
        """gpiozero's ticks, of any scale, as time of our clock; where in doubt rather too early."""
        before_ns = ago_ns = 0
        for _ in range(TRIES):
            before_ns = self._clock.now_ns()
            ago_ns = round(self._factory.ticks_diff(self._factory.ticks(), ticks) * SECOND)
            if self._clock.now_ns() - before_ns <= SANDWICH_NS:
                break
        return before_ns - ago_ns


def _writer(pin: Any) -> Callable[[int], object]:
    lgpio = _lgpio_of(pin)
    if lgpio is not None:
        return partial(lgpio.gpio_write, pin.factory._handle, pin._number)

    def write(level: int) -> None:
        pin.state = level

    return write


def _reader(pin: Any) -> Callable[[], int]:
    lgpio = _lgpio_of(pin)
    if lgpio is not None:
        return partial(lgpio.gpio_read, pin.factory._handle, pin._number)
    return lambda: int(pin.state)


def _lgpio_of(pin: Any) -> Any:
    """The module lgpio where the pin is one of its pins and has what is needed of it."""
    if type(pin).__module__ != "gpiozero.pins.lgpio":
        return None
    import lgpio

    known = isinstance(getattr(pin.factory, "_handle", None), int) and hasattr(pin, "_number")
    return lgpio if known else None


@contextmanager
def said(what: str) -> Iterator[None]:
    """Turns what gpiozero and the library behind it raise into DriverUnavailable."""
    try:
        yield
    except Exception as error:
        if not _of_the_pins(error):
            raise
        raise DriverUnavailable(f"gpio: {what}: {error}") from error


def _of_the_pins(error: Exception) -> bool:
    """Whether gpiozero, the system or the library behind it says so; lgpio's error has a base of no name."""
    from gpiozero import GPIOZeroError

    return isinstance(error, GPIOZeroError | OSError) or type(error).__module__ == "lgpio"


def default_factory() -> Any:
    """gpiozero's factory for this machine; raises DriverUnavailable with the remedy where there is none."""
    try:
        from gpiozero import Device
    except ImportError:
        raise DriverUnavailable(f"gpio: the package gpiozero is not installed: {HERE}") from None
    with warnings.catch_warnings(record=True) as tried, _lgpio_at_home():
        warnings.simplefilter("always")
        try:
            Device.ensure_pin_factory()
        except Exception as error:
            if not _of_the_pins(error) and not isinstance(error, ImportError):
                raise
            # Every factory that was tried warns why it cannot be; the first is the one that is meant.
            reasons = [str(warning.message).removeprefix("Falling back from ") for warning in tried]
            why = reasons[0] if reasons else str(error)
            raise DriverUnavailable(f"gpio: this machine has no pins ({why}): {HERE}") from None
    return Device.pin_factory


@contextmanager
def _lgpio_at_home() -> Iterator[None]:
    """lgpio makes a pipe where it is loaded, or in LG_WD, and goes there: both are undone."""
    if "LG_WD" in os.environ:
        yield
        return
    before = Path.cwd()
    home = os.environ["LG_WD"] = tempfile.mkdtemp(prefix="steelyard-lgpio-")
    try:
        yield
    finally:
        del os.environ["LG_WD"]
        os.chdir(before)
        # The pipe is open at both ends by now and needs its name no longer.
        shutil.rmtree(home, ignore_errors=True)
