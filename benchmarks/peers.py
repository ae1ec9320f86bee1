"""Other people's HX711 libraries, as pip installs them, over the simulated chip in virtual time.

    pip install -e '.[dev,benchmarks-hx711]' && pip install --no-deps adafruit-circuitpython-hx711==1.1.2

``hx711`` and ``hx711-multi`` find a stub of RPi.GPIO, ``joyit`` a pin factory of gpiozero; nothing of theirs
is changed. Adafruit's runs on pins of CircuitPython only (on Linux Blinka 10 has no ``disable_interrupts``
and each read raises AttributeError): it is given those, and a stub of ``microcontroller``. Interrupts are
held off in its burst, so it is not pushed aside there. Each is called as its README says, again and again.

Not run: ``hx711-gpiozero`` 0.0.3 (clocks whole SPI words and never looks whether a conversion is ready),
``hx711-rpi-py`` (its build needs a C++ library first), packages for MicroPython and for an Arduino between.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "hardware_loadcell")]

from hardware_loadcell_trials import MS, US, World  # noqa: E402

from hardware.loadcell import rpigpio_fake  # noqa: E402
from hardware.loadcell.clock import SECOND, VirtualClock  # noqa: E402
from hardware.loadcell.gpiozero_fake import Bench, ChipFactory, Costs, Moment  # noqa: E402
from hardware.loadcell.rpigpio_fake import OutOfTime  # noqa: E402

DOUT, SCK = 5, 6


@dataclass(frozen=True)
class Call:
    """One call of a library: when, and what came of it.

    ``ended_ns``: None where it never came back. ``values``: counts it returned. ``stated``: it raised, or
    returned None or False, as its page says of an error. ``firm``: values that it says are stable, where it
    says such a thing.
    """

    begun_ns: int
    ended_ns: int | None
    values: tuple[float, ...] = ()
    stated: bool = False
    firm: tuple[float, ...] | None = None


Ask = Callable[[], Any]


def call_again_and_again(ask: Ask, clock: VirtualClock) -> list[Call]:
    """Until the time that the board gives is over."""
    begun_ns = clock.now_ns()
    calls: list[Call] = []
    while True:
        try:
            answer = ask()
        except OutOfTime:
            return [*calls, Call(begun_ns, None)]
        except Exception:  # noqa: BLE001  (whatever a library raises is its way to state a fault)
            answer = None
        values = answer if isinstance(answer, list) else [answer]
        numbers = tuple(float(v) for v in values if v is not None and v is not False)
        calls.append(Call(begun_ns, clock.now_ns(), numbers, len(numbers) < len(values)))
        begun_ns = clock.now_ns()
        # a call that comes back at once with nothing is asked again, as a program with a display would
        clock.sleep_until(begun_ns + 1_000_000)


def _on_rpi_gpio(world: World, make: Callable[[], Ask]) -> list[Call]:
    clock = VirtualClock()
    board = rpigpio_fake.install(
        world.chip,
        clock,
        stall=lambda edge: world.aside(edge.level, edge.at_ns),
        call_ns=world.trial.high_ns or rpigpio_fake.CALL_NS,
        until_ns=round(world.seconds * SECOND),
    )
    logging.disable(logging.CRITICAL)
    try:
        with board:
            try:
                ask = make()
            except OutOfTime:
                return [Call(0, None)]
            return call_again_and_again(ask, clock)
    finally:
        logging.disable(logging.NOTSET)


def hx711(world: World) -> list[Call]:
    """hx711 1.1.2.3: get_raw_data, the fewest that it takes (two)."""

    def make() -> Ask:
        device = importlib.import_module("hx711").HX711(DOUT, SCK, world.trial.gain)
        return lambda: device.get_raw_data(2)

    return _on_rpi_gpio(world, make)


def hx711_multi(world: World) -> list[Call]:
    """hx711-multi 1.4.1: read_raw, three to a value (of one or two it makes None)."""

    def make() -> Ask:
        for name in [name for name in sys.modules if name.startswith("hx711_multi")]:
            del sys.modules[name]
        device = importlib.import_module("hx711_multi").HX711(
            DOUT, SCK, world.trial.gain, log_level="CRITICAL"
        )
        return lambda: device.read_raw(3)

    return _on_rpi_gpio(world, make)


class _Timed(Bench):
    """A bench whose time ends, so that a library that loops for ever is got out of its loop."""

    until_ns = 1 << 62
    IDLE_NS, IDLE_LOOK_NS = 200 * US, MS
    """A look in a loop that waits costs a millisecond: the loop is coarser, and the run shorter."""
    driven_ns = 0

    def drive(self, level: int) -> None:
        super().drive(level)
        self.driven_ns = self.clock.now_ns()

    def look(self) -> int:
        if self.clock.now_ns() - self.driven_ns > self.IDLE_NS:
            self.pass_time(self.IDLE_LOOK_NS)
        return super().look()

    def pass_time(self, duration_ns: int) -> None:
        super().pass_time(duration_ns)
        self._fallen.clear()  # nobody waits for an edge here
        if self.clock.now_ns() > self.until_ns:
            raise OutOfTime


def _bench(world: World, clock: VirtualClock, *, interruptible: bool) -> _Timed:
    edges = {Moment.BEFORE_FALL: 1, Moment.AFTER_FALL: 0} if interruptible else {}
    high_ns = world.trial.high_ns or 15 * US
    bench = _Timed(
        world.chip,
        clock,
        clock_gpio=SCK,
        data_gpio=DOUT,
        costs=Costs(high_ns * 2 // 3, high_ns // 3, 40 * US),
        meddle=lambda where, at_ns: world.aside(edges[where], at_ns) if where in edges else 0,
    )
    bench.until_ns = round(world.seconds * SECOND)
    return bench


def joyit(world: World) -> list[Call]:
    """joyit-hx711py 0.1.1: read(); its offset binary is turned into counts."""
    from gpiozero import Device

    clock = VirtualClock()
    before, Device.pin_factory = Device.pin_factory, ChipFactory(_bench(world, clock, interruptible=True))
    try:
        device = importlib.import_module("JoyIT_hx711py.JoyIT_hx711py").HX711(DOUT, SCK, world.trial.gain)
        return call_again_and_again(lambda: device.read() - 0x800000, clock)
    except OutOfTime:
        return [Call(0, None)]
    finally:
        Device.pin_factory = before


class _Pin:
    """digitalio.DigitalInOut, as far as the library uses it."""

    def __init__(self, bench: Bench, number: int) -> None:
        self._bench, self._number, self._level = bench, number, 0

    @property
    def value(self) -> bool:
        return bool(self._bench.look() if self._number == DOUT else self._level)

    @value.setter
    def value(self, level: bool) -> None:
        self._level = int(level)
        self._bench.drive(self._level)


@contextmanager
def _microcontroller(bench: Bench) -> Iterator[None]:
    module = ModuleType("microcontroller")
    module.__dict__.update(
        delay_us=lambda us: bench.pass_time(us * US),
        disable_interrupts=lambda: None,
        enable_interrupts=lambda: None,
    )
    digitalio = ModuleType("digitalio")
    digitalio.__dict__["DigitalInOut"] = _Pin
    names = {"microcontroller": module, "digitalio": digitalio}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                del sys.modules[name]
            else:
                sys.modules[name] = old
        sys.modules.pop("adafruit_hx711.hx711", None)


def adafruit(world: World) -> list[Call]:
    """adafruit-circuitpython-hx711 1.1.2: read(); its negative values, 2**32 too high, are put right."""
    clock = VirtualClock()
    world.skip_all()
    bench = _bench(world, clock, interruptible=False)
    bench.costs = Costs(1_000, 1_000, 40 * US) if world.trial.high_ns is None else bench.costs
    with _microcontroller(bench):
        package = importlib.import_module("adafruit_hx711.hx711")
        try:
            device = package.HX711(_Pin(bench, DOUT), _Pin(bench, SCK))
        except OutOfTime:
            return [Call(0, None)]
        gain = package.HX711.CHAN_A_GAIN_64 if world.trial.gain == 64 else package.HX711.CHAN_A_GAIN_128

        def ask() -> int:
            value = device.read(gain)
            return value - (1 << 32) if value >= 1 << 31 else value

        return call_again_and_again(ask, clock)


PEERS: dict[str, tuple[str, Callable[[World], list[Call]]]] = {
    "hx711": ("hx711", hx711),
    "hx711-multi": ("hx711_multi", hx711_multi),
    "joyit": ("JoyIT_hx711py", joyit),
    "adafruit": ("adafruit_hx711", adafruit),
}
"""Each with the module that it brings."""


def installed() -> dict[str, Callable[[World], list[Call]]]:
    """Those that are here; says on standard error which are not."""
    found = {name: run for name, (module, run) in PEERS.items() if importlib.util.find_spec(module)}
    for name in PEERS.keys() - found.keys():
        print(f"{name} is not installed: see benchmarks/peers.py", file=sys.stderr)
    return found
