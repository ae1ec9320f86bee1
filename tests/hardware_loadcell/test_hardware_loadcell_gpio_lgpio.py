"""The GPIO driver through gpiozero's own LGPIOFactory: only the C library behind it is a stand-in.

What this shows: the lines are claimed as they must be, edges come with the kernel's time, a write asks the
kernel for nothing else, and what lgpio raises is said in words. What it cannot show is how fast a Pi is.
"""

from __future__ import annotations

import sys
from collections import Counter
from types import ModuleType

import gpiozero
import pytest

from hardware.loadcell import gpio, gpio_pins
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import DriverUnavailable
from hardware.loadcell.gpiozero_fake import Bench, Costs
from hardware.loadcell.simulated_chip import SimulatedChip

PERIOD_NS = 12_191_400
PI_5, PI_4 = 0xD04170, 0xC03114
IS_OUT, PULL_UP = 1 << 1, 1 << 5


class Lgpio(ModuleType):
    """The part of the module lgpio that gpiozero uses, on a bench instead of a chip device."""

    LOW, HIGH = 0, 1
    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3
    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = 32, 64, 128

    def __init__(self, bench: Bench) -> None:
        super().__init__("lgpio")
        self.bench = bench
        self.calls: Counter[str] = Counter()
        self.claims: list[tuple] = []
        self.modes: dict[int, int] = {}
        self.opened: list[int] = []
        self.broken = False
        self.error = type("error", (Exception,), {"__module__": "lgpio"})

    def gpiochip_open(self, chip):
        if self.broken:
            raise self.error("can not open gpiochip")
        self.opened.append(chip)
        return 7

    def gpiochip_close(self, handle):
        self.claims.append(("closed", handle))

    def _claim(self, kind, number, flags):
        self.claims.append((kind, number, flags))
        self.modes[number] = flags

    def gpio_claim_input(self, handle, number, flags=0):
        self._claim("input", number, flags)

    def gpio_claim_output(self, handle, number, level=0, flags=0):
        self._claim("output", number, flags | IS_OUT)
        self.bench.drive(level)

    def gpio_claim_alert(self, handle, number, edges, flags=0, notify=None):
        self._claim(f"alert {edges}", number, flags)

    def gpio_free(self, handle, number):
        self.modes.pop(number, None)

    def gpio_get_mode(self, handle, number):
        self.calls["get_mode"] += 1
        return self.modes.get(number, 0)

    def gpio_read(self, handle, number):
        assert handle == 7
        if self.broken:
            raise self.error("GPIO not allocated")
        return self.bench.look() if number == self.bench.data_gpio else 0

    def gpio_write(self, handle, number, level):
        assert handle == 7
        self.calls["write"] += 1
        if number == self.bench.clock_gpio:
            self.bench.drive(int(level))

    def callback(self, handle, number, edges, function):
        lib = self

        class Listener:
            def tell(self, at_ns):
                function(0, number, 0, at_ns)

            def cancel(self):
                lib.bench.listener = None

        if number == self.bench.data_gpio:
            self.bench.listener = Listener()
        return Listener()


@pytest.fixture
def pi(monkeypatch):
    """Makes a Raspberry Pi of that revision, with a chip on its pins and lgpio's stand-in behind gpiozero."""
    made = []

    def make(revision=PI_5, **chip):
        truth = []

        def convert(at_ns, _period_ns, _gain):
            truth.append((at_ns, 1000 * len(truth) - 7))
            return truth[-1][1]

        clock = VirtualClock(5 * SECOND)
        simulated = SimulatedChip(convert, lambda: PERIOD_NS, first_ready_ns=6 * SECOND)
        bench = Bench(simulated, clock, clock_gpio=13, data_gpio=6, costs=Costs())
        lib = Lgpio(bench)
        bench.truth = truth
        monkeypatch.setitem(sys.modules, "lgpio", lib)
        monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
        import gpiozero.pins.lgpio

        monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: revision)
        monkeypatch.setattr("gpiozero.pins.local.monotonic", lambda: clock.now_ns() / 1e9)
        monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
        monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
        monkeypatch.setattr(gpio, "MonotonicClock", lambda: clock)
        monkeypatch.setattr(gpio, "ThreadBell", lambda _clock: bench)
        made.append(lib)
        return lib

    yield make
    if gpiozero.Device.pin_factory is not None:
        gpiozero.Device.pin_factory.close()
    from gpiozero.pins.local import LocalPiFactory

    LocalPiFactory.pins.clear()
    LocalPiFactory._reservations.clear()
    sys.modules.pop("gpiozero.pins.lgpio", None)


def opened(**options):
    return gpio.open_driver({"realtime": False, **options})


def test_conversions_are_read_and_stamped_with_the_kernels_time(pi):
    lib = pi()

    with opened() as cell:
        samples = [cell.read() for _ in range(40)]

    assert [(sample.at_ns, sample.counts) for sample in samples[5:]] == [
        (pytest.approx(at_ns, abs=100), counts) for at_ns, counts in lib.bench.truth[5:40]
    ]
    assert not lib.bench.chip.troubles


def test_lines_are_claimed_pulled_and_given_back(pi):
    lib = pi()
    with opened() as cell:
        cell.read()

    assert ("output", 13, IS_OUT) in lib.claims
    # the alert keeps the pull-up that tells an unplugged line from a shorted one
    assert (f"alert {lib.FALLING_EDGE}", 6, PULL_UP) in lib.claims
    assert lib.claims[-2:] == [("input", 6, lib.SET_PULL_NONE), ("input", 13, lib.SET_PULL_NONE)]
    assert lib.bench.listener is None


def test_nothing_but_the_write_itself_stands_between_rise_and_fall(pi):
    lib = pi()
    with opened() as cell:
        lib.calls.clear()
        for _ in range(10):
            cell.read()

    assert lib.calls["write"] >= 10 * 50
    # gpiozero's own way asks for the direction of the line before every write
    assert lib.calls["get_mode"] <= 4


@pytest.mark.parametrize("revision", [PI_5, PI_4])
def test_any_raspberry_pi_will_do(pi, revision):
    lib = pi(revision)

    with opened() as cell:
        assert cell.unfit == ""

    assert lib.opened


def test_what_lgpio_raises_is_said(pi):
    lib = pi()
    with opened() as cell:
        lib.broken = True
        with pytest.raises(DriverUnavailable, match="gpio: the pins failed: GPIO not allocated"):
            for _ in range(3):
                cell.read()
        lib.broken = False


def test_a_chip_that_may_not_be_opened_is_said_with_the_remedy(pi):
    pi().broken = True

    with pytest.raises(DriverUnavailable, match=r"no pins .*can not open gpiochip.*group gpio"):
        opened()


def test_priority_is_given_back_where_the_pins_cannot_be_had(pi, monkeypatch):
    pi().broken = True
    done = []
    monkeypatch.setattr(gpio.realtime, "claim", lambda: done.append("claimed") or ())
    monkeypatch.setattr(gpio.realtime, "release", lambda: done.append("released"))

    with pytest.raises(DriverUnavailable):
        gpio.open_driver({})

    assert done == ["claimed", "released"]


def test_missing_gpiozero_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiozero", None)

    with pytest.raises(DriverUnavailable, match=r"gpiozero is not installed.*pip install 'steelyard\[pi\]'"):
        gpio_pins.default_factory()


def test_lgpio_leaves_nothing_behind_where_the_program_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LG_WD", raising=False)
    seen = []

    class Home:
        @staticmethod
        def ensure_pin_factory():
            seen.append(gpio_pins.os.environ["LG_WD"])
            gpio_pins.os.chdir(seen[0])

        pin_factory = "made"

    monkeypatch.setattr(gpiozero, "Device", Home)

    assert gpio_pins.default_factory() == "made"
    assert gpio_pins.Path.cwd() == tmp_path
    assert not gpio_pins.Path(seen[0]).exists() and "LG_WD" not in gpio_pins.os.environ
