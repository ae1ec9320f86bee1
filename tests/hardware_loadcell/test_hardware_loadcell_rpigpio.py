"""The stub of RPi.GPIO: pins, counts and time, seen from a library's side."""

from __future__ import annotations

import importlib
import sys
import time

import pytest

from hardware.loadcell import rpigpio_fake
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.simulated_chip import SimulatedChip

PERIOD = 95_200_000


def chip_of(counts: int, ready_ns: int = 1_000_000) -> SimulatedChip:
    return SimulatedChip(lambda *_: counts, lambda: PERIOD, first_ready_ns=ready_ns)


def clock_out(gpio, sck: int, dout: int, pulses: int) -> list[int]:
    bits = []
    for _ in range(pulses):
        gpio.output(sck, True)
        gpio.output(sck, False)
        bits.append(gpio.input(dout))
    return bits


def test_bits_pulses_and_high_phases_are_what_the_library_makes():
    clock = VirtualClock()
    with rpigpio_fake.install(chip_of(4116), clock, call_ns=3_000) as board:
        gpio = importlib.import_module("RPi.GPIO")
        gpio.setmode(gpio.BCM)
        gpio.setup(6, gpio.OUT)
        gpio.setup(5, gpio.IN)
        time.sleep(0.01)
        bits = clock_out(gpio, 6, 5, 25)
        gpio.cleanup()

    assert int("".join(map(str, bits[:24])), 2) == 4116
    assert bits[24] == 1
    assert board.clocks == {6: 25}
    assert board.longest_high_ns == 3_000
    assert board.calls["input"] == 25


def test_several_chips_on_one_clock_each_answer_on_their_own_pin():
    with rpigpio_fake.install({17: chip_of(1000), 27: chip_of(-2000)}, VirtualClock()) as board:
        gpio = importlib.import_module("RPi.GPIO")
        gpio.setup(11, gpio.OUT)
        gpio.setup([17, 27, 22], gpio.IN)
        time.sleep(0.01)
        codes = [0, 0]
        for _ in range(24):
            gpio.output(11, 1)
            gpio.output(11, 0)
            codes = [code << 1 | gpio.input(pin) for code, pin in zip(codes, (17, 27), strict=True)]
        nobody = gpio.input(22)

    assert codes == [1000, -2000 & 0xFFFFFF]
    assert board.clocks == {11: 24}
    assert nobody == 1


def test_two_chips_with_a_clock_each_do_not_disturb_one_another():
    chips = {17: chip_of(1000), 27: chip_of(-2000)}
    with rpigpio_fake.install(chips, VirtualClock(), clocked_by={17: 11, 27: 10}):
        gpio = importlib.import_module("RPi.GPIO")
        gpio.setup((11, 10), gpio.OUT)
        gpio.setup((17, 27), gpio.IN)
        time.sleep(0.01)
        first = clock_out(gpio, 11, 17, 25)
        second = clock_out(gpio, 10, 27, 25)

    assert int("".join(map(str, first[:24])), 2) == 1000
    assert int("".join(map(str, second[:24])), 2) == -2000 & 0xFFFFFF


def test_stall_after_an_edge_powers_the_chip_down():
    chip = chip_of(4116)
    edges = []

    def stall(edge) -> int:
        edges.append(edge)
        return 70_000 if (edge.number, edge.level) == (3, 1) else 0

    with rpigpio_fake.install(chip, VirtualClock(), stall=stall) as board:
        gpio = importlib.import_module("RPi.GPIO")
        gpio.setup(6, gpio.OUT)
        gpio.setup(5, gpio.IN)
        time.sleep(0.01)
        clock_out(gpio, 6, 5, 5)

    assert board.longest_high_ns == 70_000 + rpigpio_fake.CALL_NS
    assert [edge.number for edge in edges if edge.level] == [1, 2, 3, 4, 5]
    assert any("powered down" in trouble.what for trouble in chip.troubles)


def test_time_is_virtual_while_installed_and_real_again_after():
    clock = VirtualClock()
    before = (time.sleep, time.perf_counter, time.monotonic_ns, sys.modules.get("RPi.GPIO"))
    begun = time.monotonic()

    with rpigpio_fake.install(chip_of(1), clock) as board:
        time.sleep(3600)
        assert time.perf_counter() > 3600
        assert time.monotonic_ns() > 3600 * SECOND
    board.uninstall()

    assert (time.sleep, time.perf_counter, time.monotonic_ns, sys.modules.get("RPi.GPIO")) == before
    assert time.monotonic() - begun < 60


def test_library_that_never_returns_is_ended_when_its_time_is_over():
    clock = VirtualClock()
    with rpigpio_fake.install(chip_of(1, ready_ns=1 << 60), clock, until_ns=10 * SECOND) as board:
        package = importlib.import_module("hx711")
        with pytest.raises(rpigpio_fake.OutOfTime):
            package.HX711(dout_pin=5, pd_sck_pin=6).get_raw_data(2)

    assert board.clocks[6] == 0
    assert "hx711" not in sys.modules  # it would hold the stub of this board


def test_package_runs_unmodified_on_board_after_board():
    for counts in (4116, -4116):
        with rpigpio_fake.install(chip_of(counts), VirtualClock(), until_ns=20 * SECOND) as board:
            package = importlib.import_module("hx711")
            assert package.HX711(dout_pin=5, pd_sck_pin=6).get_raw_data(3) == [counts] * 3
        assert board.clocks[6] % 25 == 2  # the constructor's first read is at gain 64


def test_recursion_inside_the_gain_pulses_clocks_twenty_nine_pulses_into_one_conversion():
    """What the package does when it is pushed aside in a gain pulse, as measured of it elsewhere too."""
    chip = chip_of(4116)

    def stall(edge) -> int:
        return 61_000 if (edge.number, edge.level) == (27 * 3 + 25, 0) else 0

    with rpigpio_fake.install(chip, VirtualClock(), stall=stall, until_ns=20 * SECOND):
        package = importlib.import_module("hx711")
        package.HX711(dout_pin=5, pd_sck_pin=6, gain=64).get_raw_data(5)

    assert [trouble.what.split(":")[0] for trouble in chip.troubles] == ["pulse 28", "pulse 29"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda gpio: gpio.output(6, 1), RuntimeError),
        (lambda gpio: gpio.input(5), RuntimeError),
        (lambda gpio: gpio.setmode(10), ValueError),
        (lambda gpio: gpio.add_event_detect(5), AttributeError),
    ],
)
def test_what_rpi_gpio_refuses_is_refused(call, error):
    with rpigpio_fake.install(chip_of(1), VirtualClock()):
        gpio = importlib.import_module("RPi.GPIO")
        with pytest.raises(error):
            call(gpio)


def test_paced_time_waits_for_what_is_slept_only():
    clock = rpigpio_fake.PacedClock()
    begun_ns = time.monotonic_ns()

    for _ in range(1000):
        clock.sleep_until(clock.now_ns() + 5_000)
    clock.sleep_until(clock.now_ns() + 50_000_000)

    assert time.monotonic_ns() - begun_ns > 45_000_000
    assert abs(clock.now_ns() - begun_ns - 55_000_000) < 5_000_000
