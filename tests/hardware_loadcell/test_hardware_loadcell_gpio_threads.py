"""The GPIO driver in real time: an edge is told by another thread, as lgpio does, and wakes the reader."""

from __future__ import annotations

import threading
import time

import pytest
from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin
from test_hardware_loadcell_gpio import DOUT, SCK, proven

from hardware.loadcell import gpio
from hardware.loadcell.clock import SECOND, MonotonicClock
from hardware.loadcell.contract import Fault
from hardware.loadcell.gpio_pins import GpioPins, ThreadBell
from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip

PERIOD_NS = 12_191_400


class World:
    """A chip that lives in real time, and the thread that sees DOUT fall."""

    def __init__(self) -> None:
        self.truth: dict[int, int] = {}
        self.lock = threading.Lock()
        self.begun_ns = time.monotonic_ns()
        self.chip = SimulatedChip(self._convert, lambda: PERIOD_NS, first_ready_ns=20_000_000)
        self.pin: MockPin | None = None
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _convert(self, at_ns: int, _period_ns: int, _gain: int) -> float:
        counts = 4000 + 7 * len(self.truth)
        self.truth[counts] = at_ns + self.begun_ns
        return counts

    def now_ns(self) -> int:
        return time.monotonic_ns() - self.begun_ns

    def _watch(self) -> None:
        was = 1
        while not self.closing.wait(0.0003):
            with self.lock:
                level = self.chip.dout(self.now_ns())
            if was and not level and self.pin is not None and self.pin.when_changed is not None:
                PiPin._call_when_changed(self.pin, time.monotonic(), 0)
            was = level


def pin_class(world: World) -> type[MockPin]:
    class WiredPin(MockPin):
        def _set_state(self, value):
            if self._number == SCK:
                with world.lock:
                    world.chip.set_sck(int(value), world.now_ns())
            self._state = value

        def _get_state(self):
            if self._number != DOUT:
                return self._state
            with world.lock:
                return bool(world.chip.dout(world.now_ns()))

        def _set_pull(self, value):
            self._pull = value

    return WiredPin


@pytest.fixture
def world():
    made = World()
    yield made
    made.closing.set()
    made.thread.join()


def test_threads_meet_and_nothing_hangs(world):
    clock = MonotonicClock()
    pins = GpioPins(MockFactory(pin_class=pin_class(world)), SCK, DOUT, clock, ThreadBell(clock))
    world.pin = pins._devices[1].pin
    world.thread.start()

    with gpio.GpioLoadCell(pins, clock, gpio.GpioOptions(realtime=False), fitness=proven()) as cell:
        samples = [cell.read() for _ in range(60)]
        with world.lock:
            world.chip.schedule(ScheduledFault(world.now_ns(), ChipFault.UNPLUG))
        begun_ns = time.monotonic_ns()
        while Fault.DISCONNECTED not in (last := cell.read()).faults:
            assert time.monotonic_ns() - begun_ns < 5 * SECOND
        assert last.counts is None

    # a crowded machine may push the reader aside at any moment, so how many are sound is not asked
    sound = [sample for sample in samples if not sample.faults]
    assert all(sample.counts in world.truth for sample in sound)
    assert all(abs(world.truth[sample.counts] - sample.at_ns) < PERIOD_NS for sample in sound)
    assert any(sample.counts is not None for sample in samples)
