"""The SPI driver on a simulated chip, through a spidev-shaped fake, in virtual time."""

from __future__ import annotations

import random
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.loadcell import spi, spi_wire
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError
from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip
from hardware.loadcell.spidev_fake import FakeSpiDev

PERIOD = {10: 95_200_000, 80: 12_191_400}
NEAR_NS = 150_000


class Rig:
    """A chip whose n-th conversion reads ``value(n)``, the fake bus and the driver on it."""

    def __init__(self, *, value=None, options=None, clock=None, bus=None, **chip) -> None:
        self.options = spi.SpiOptions(**(options or {}))
        self.clock = clock or VirtualClock()
        self.truth: list[tuple[int, int, int]] = []
        self._value = value or (lambda number: 1000 * number - 400_000)
        period_ns = PERIOD[self.options.rate_hz]
        self.chip = SimulatedChip(self._convert, lambda: period_ns, **chip)
        self.bus = (bus or FakeSpiDev)(self.chip, self.clock)
        self.bus.open(0, 0)
        self.bus.mode = spi.SPI_MODE
        self.bus.max_speed_hz = self.options.speed_hz
        self.driver = spi.SpiLoadCell(self.bus, self.clock, self.options)

    def _convert(self, at_ns: int, _period: int, gain: int) -> float:
        counts = self._value(len(self.truth)) * gain // 128
        self.truth.append((at_ns, counts, gain))
        return counts

    def real(self, sample) -> tuple[int, int, int]:
        """The conversion that became ready when the sample says so."""
        at_ns, counts, gain = min(self.truth, key=lambda conversion: abs(conversion[0] - sample.at_ns))
        assert abs(at_ns - sample.at_ns) < NEAR_NS
        return at_ns, counts, gain

    def read(self, number: int) -> list:
        return [self.driver.read() for _ in range(number)]

    def fault(self, fault: ChipFault, after_ns: int = 0) -> None:
        self.chip.schedule(ScheduledFault(self.clock.now_ns() + after_ns, fault))


class StrikingBus(FakeSpiDev):
    """Does ``fault`` to pulse ``pulse`` of burst ``burst`` (both from 0)."""

    def __init__(self, chip, clock, *, fault: ChipFault, burst: int, pulse: int) -> None:
        super().__init__(chip, clock)
        self._fault, self._burst, self._pulse = fault, burst, pulse

    def xfer2(self, values):
        if any(values):
            if self._burst == 0:
                at_ns = (
                    self._clock.now_ns() + self._call_ns + (8 + 2 * self._pulse) * SECOND // self.max_speed_hz
                )
                self.chip.schedule(ScheduledFault(at_ns - 1, self._fault))
            self._burst -= 1
        return super().xfer2(values)


@pytest.mark.parametrize("speed_hz", [100_000, 1_000_000, 2_500_000])
@pytest.mark.parametrize("gain", [128, 64, 32])
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_every_conversion_is_read_once_and_timed(rate_hz, gain, speed_hz):
    rig = Rig(options={"rate_hz": rate_hz, "gain": gain, "speed_hz": speed_hz})

    samples = rig.read(120)

    # the first five after opening are flagged, as a power-up cannot be told from it
    assert [sample.faults for sample in samples] == [(Fault.SETTLING,)] * 5 + [()] * 115
    conversions = [rig.real(sample) for sample in samples]
    assert [sample.counts for sample in samples] == [counts for _, counts, _ in conversions]
    assert {of for *_, of in conversions[1:]} == {gain}
    first = rig.truth.index(conversions[0])
    assert conversions == rig.truth[first : first + 120]
    assert not rig.chip.troubles


@pytest.mark.parametrize(("rate_hz", "most"), [(80, 4.0), (10, 5.0)])
def test_waiting_costs_few_transfers(rate_hz, most):
    rig = Rig(options={"rate_hz": rate_hz})
    rig.read(20)
    before = rig.bus.transfers

    rig.read(200)

    assert (rig.bus.transfers - before) / 200 <= most


@pytest.mark.parametrize(("counts", "fault"), [(8_388_607, Fault.OVERLOAD), (-8_388_608, Fault.UNDERLOAD)])
def test_saturation_is_a_fault_and_no_number(counts, fault):
    rig = Rig(value=lambda _: counts)

    samples = rig.read(10)

    assert {sample.counts for sample in samples} == {None}
    assert all(fault in sample.faults for sample in samples)


@pytest.mark.parametrize("counts", [0, -1, 1, 8_388_606, -8_388_607])
def test_no_true_value_is_taken_for_a_fault(counts):
    assert Rig(value=lambda _: counts).read(8)[-1] == pytest.approx(Rig(value=lambda _: counts).read(8)[-1])
    sample = Rig(value=lambda _: counts).read(8)[-1]
    assert (sample.counts, sample.faults) == (counts, ())


@pytest.mark.parametrize(
    ("fault", "said"),
    [(ChipFault.UNPLUG, Fault.DISCONNECTED), (ChipFault.SHORT_LOW, Fault.NOT_A_CHIP)],
)
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_dead_line_is_named_within_a_second_again_and_again(fault, said, rate_hz):
    rig = Rig(options={"rate_hz": rate_hz}, faults=[ScheduledFault(0, fault)])

    for _ in range(3):
        begun_ns, before = rig.clock.now_ns(), rig.bus.transfers
        sample = rig.driver.read()
        assert (sample.counts, sample.faults) == (None, (said,))
        assert rig.clock.now_ns() - begun_ns < SECOND
        assert rig.bus.transfers - before < 1000


@pytest.mark.parametrize("rate_hz", [10, 80])
@pytest.mark.parametrize("after", [0.01, 0.5, 0.93, 0.99])
def test_plug_pulled_and_put_in_again(rate_hz, after):
    # given a bridge that is being read
    rig = Rig(options={"rate_hz": rate_hz}, value=lambda _: 84_000, cold_tail=(900.0, 900.0, 400.0, 60.0))
    rig.read(20)

    # when the plug is pulled at any moment of a period
    rig.fault(ChipFault.UNPLUG, int(after * PERIOD[rate_hz]))
    pulled_ns = rig.clock.now_ns()
    while Fault.DISCONNECTED not in (sample := rig.driver.read()).faults:
        assert (sample.counts, sample.faults) in [(84_000, ()), (None, (Fault.BAD_TRANSFER,))]
    assert sample.at_ns - pulled_ns < SECOND + PERIOD[rate_hz]
    rig.read(2)
    rig.fault(ChipFault.PLUG)

    # then the first conversions after it are settling, and no wrong one passes
    again = [sample for sample in rig.read(12) if Fault.DISCONNECTED not in sample.faults]
    assert [sample.faults for sample in again[:5]] == [(Fault.SETTLING,)] * 5
    assert {(sample.counts, sample.faults) for sample in again[5:]} == {(84_000, ())}


def test_line_shorted_while_running_gives_no_count():
    rig = Rig()
    rig.read(20)
    rig.fault(ChipFault.SHORT_LOW, 3_000_000)

    samples = rig.read(4)

    assert {sample.counts for sample in samples} == {None}
    assert samples[0].faults in ((Fault.BAD_TRANSFER,), (Fault.NOT_A_CHIP,))
    assert samples[-1].faults == (Fault.NOT_A_CHIP,)


def test_floating_line_gives_no_count_that_could_be_weighed():
    rig = Rig()
    rig.read(20)
    rig.fault(ChipFault.FLOAT)
    rig.driver.read()

    samples = rig.read(200)

    assert all(sample.faults for sample in samples)


@pytest.mark.parametrize("rate_hz", [10, 80])
@pytest.mark.parametrize("after", [0.001, 0.4, 0.97])
def test_brown_out_starts_the_settling_anew(rate_hz, after):
    rig = Rig(
        options={"rate_hz": rate_hz}, value=lambda _: 84_000, cold_tail=(900.0, 900.0, 400.0, 60.0, 20.0)
    )
    rig.read(20)
    rig.fault(ChipFault.BROWN_OUT, int(after * PERIOD[rate_hz]))

    samples = rig.read(20)

    sound = [sample for sample in samples if not sample.faults]
    assert {sample.counts for sample in sound} == {84_000}
    assert sum(Fault.SETTLING in sample.faults for sample in samples) == 5
    assert len(sound) >= 14


@given(
    code=st.integers(-8_388_607, 8_388_606),
    gain=st.sampled_from([128, 64, 32]),
    pulse=st.integers(0, 23),
)
@settings(max_examples=60, deadline=None)
def test_lost_clock_inside_an_even_code_is_seen_and_the_gain_not_trusted(code, gain, pulse):
    """DOUT still shows the last data bit where it should be high; of an odd code that bit is 1 too."""
    even = code // 2 * 2 * 128 // gain
    even = even if abs(even) < 8_388_607 else 4116
    rig = Rig(
        value=lambda _: even,
        options={"gain": gain},
        bus=lambda chip, clock: StrikingBus(chip, clock, fault=ChipFault.LOSE_CLOCK, burst=20, pulse=pulse),
    )
    samples = rig.read(20)
    hit, *after = rig.read(8)

    if rig.real(samples[-1])[1] % 2 == 0:
        assert (hit.counts, hit.faults) == (None, (Fault.BAD_TRANSFER,))
        assert [sample.faults for sample in after[:2]] == [(Fault.SETTLING,)] * 2
    assert {(sample.counts, sample.faults) for sample in after[2:]} == {(even * gain // 128, ())}


@pytest.mark.parametrize("fault", [ChipFault.LOSE_CLOCK, ChipFault.DOUBLE_CLOCK])
@pytest.mark.parametrize("pulse", [0, 12, 23, 24])
@pytest.mark.parametrize("gain", [128, 64])
def test_one_struck_pulse_spoils_two_conversions_at_most(fault, pulse, gain):
    """What the wires cannot tell (see the driver's page) is over with the next burst."""
    rig = Rig(
        value=lambda _: 84_002,
        options={"gain": gain},
        bus=lambda chip, clock: StrikingBus(chip, clock, fault=fault, burst=20, pulse=pulse),
    )
    rig.read(20)

    samples = rig.read(10)

    right = [sample.counts == 84_002 * gain // 128 for sample in samples]
    assert all(right[2:])
    assert not samples[9].faults


@pytest.mark.parametrize("pulse", range(1, 25))
def test_interference_shorter_than_half_a_bit_is_seen(pulse):
    """A bit is looked at twice within a microsecond; what turns one of the looks over is seen."""
    rig = Rig(value=lambda number: 84_000 + number)
    rig.read(20)
    rig.chip.schedule(ScheduledFault(rig.clock.now_ns(), ChipFault.FLIP, pulse, lasts_ns=600))

    hit, *after = rig.read(6)

    assert (hit.counts, hit.faults) == (None, (Fault.BAD_TRANSFER,))
    assert [sample.faults for sample in after] == [(Fault.SETTLING,)] * 2 + [()] * 3


class RudeClock(VirtualClock):
    """Sleeps too long now and then, as a process does that others push aside."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    def sleep_until(self, at_ns: int) -> None:
        late_ns = self._chance.randrange(50_000)
        if self._chance.random() < 0.02:
            late_ns = self._chance.randrange(90_000_000)
        super().sleep_until(at_ns + late_ns)


class RudeBus(FakeSpiDev):
    """A bus whose FIFO runs dry between bytes, and whose calls begin late now and then."""

    def __init__(self, chip, clock, seed: int) -> None:
        self._chance = random.Random(seed)
        super().__init__(chip, clock, gap_ns=lambda: self._chance.choice([0, 0, 0, 2_000, 30_000]))

    def xfer2(self, values):
        if self._chance.random() < 0.01:
            self._clock.sleep_until(self._clock.now_ns())
        return super().xfer2(values)


@pytest.mark.parametrize("seed", range(8))
def test_preempted_program_reads_every_value_right_or_not_at_all(seed):
    # given a host that is pushed aside for up to 90 ms, inside and between transfers
    clock = RudeClock(seed)
    rig = Rig(
        clock=clock,
        bus=lambda chip, clock: RudeBus(chip, clock, seed),
        value=lambda number: (number * 7919) % 8_000_000 - 4_000_000,
    )

    # when it reads for a while
    samples = rig.read(400)

    # then no value that is handed out is wrong, PD_SCK never powered the chip down, and most are read
    real = {counts for _, counts, _ in rig.truth}
    given_out = [sample for sample in samples if sample.counts is not None]
    assert all(sample.counts in real for sample in given_out)
    for sample in given_out:
        later = min(at_ns for at_ns, counts, _ in rig.truth if counts == sample.counts)
        assert abs(sample.at_ns - later) < PERIOD[80] // 2
    assert len(given_out) > 380
    assert not any("powered down" in trouble.what for trouble in rig.chip.troubles)


def test_pause_of_the_host_is_not_taken_for_a_power_failure():
    rig = Rig(options={"rate_hz": 80})
    rig.read(30)

    rig.clock.sleep_until(rig.clock.now_ns() + 8 * PERIOD[80])

    assert all(sample.faults == () for sample in rig.read(10))


def test_close_leaves_the_clock_low_and_the_bus_free():
    rig = Rig()
    with rig.driver as cell:
        cell.read()
    cell.close()

    assert rig.bus.opened is None
    rig.chip.advance(rig.clock.now_ns() + SECOND)
    assert not rig.chip.troubles
    with pytest.raises(LoadCellError, match="closed"):
        cell.read()


def test_failing_bus_is_said_in_words():
    rig = Rig()
    rig.bus.close()

    with pytest.raises(DriverUnavailable, match="the bus failed: Bad file descriptor"):
        rig.driver.read()


@pytest.mark.parametrize(("gain", "last"), [(128, 0b1000_0000), (32, 0b1010_0000), (64, 0b1010_1000)])
def test_burst_on_the_wire(gain, last):
    assert spi_wire.burst(gain) == [0x00] + [0xAA] * 6 + [last]


@pytest.mark.parametrize(
    ("reply", "faults"),
    [
        ([0x00] * 6 + [0xFF], ()),
        ([0xFF] * 6 + [0xFF], ()),
        ([0x00] * 6 + [0x7F], (Fault.BAD_TRANSFER,)),
        ([0x00] * 6 + [0xFE], (Fault.BAD_TRANSFER,)),
        ([0x80] + [0x00] * 5 + [0xFF], (Fault.BAD_TRANSFER,)),
        ([0x40] + [0x00] * 5 + [0xFF], (Fault.BAD_TRANSFER,)),
    ],
    ids=["zero", "minus one", "late high", "falls again", "high phase only", "low phase only"],
)
def test_both_phases_and_the_whole_last_byte_must_agree(reply, faults):
    assert spi_wire.decode([0x00, *reply], 128).faults == faults


def test_burst_that_finds_dout_high_is_not_a_reading_of_minus_one():
    gone = [0xFF] * 8

    assert spi_wire.decode(gone, 128).faults == (Fault.BAD_TRANSFER,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"speed": 1}, "did you mean 'speed_hz'"),
        ({"speed_hz": 50_000}, "speed_hz.*>= 100000"),
        ({"gain": 100}, "gain: is none of"),
        ({"rate_hz": "eighty"}, "rate_hz"),
        ({"bus": -1}, "bus"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(options, words):
    with pytest.raises(BadOption, match=words):
        spi.open_driver(options)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file"), "no /dev/spidev0.1: switch SPI on"),
        (PermissionError(13, "Permission denied"), "group spi"),
        (OSError(16, "Device or resource busy"), "busy"),
    ],
)
def test_what_keeps_the_bus_from_opening_is_said(monkeypatch, error, words):
    class Refusing:
        def open(self, bus, device):
            raise error

    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=Refusing))

    with pytest.raises(DriverUnavailable, match=words):
        spi.open_driver({"device": "1"})


def test_missing_spidev_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "spidev", None)

    with pytest.raises(DriverUnavailable, match="pip install spidev"):
        spi.open_driver({})


class NodeBus(FakeSpiDev):
    """A bus whose device is a file, so that it can be locked as the kernel's is."""

    def __init__(self, node, clock) -> None:
        super().__init__(SimulatedChip(lambda *_: 1, lambda: PERIOD[80]), clock)
        self._file = node.open("wb")

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        super().close()
        self._file.close()


@pytest.fixture
def buses(monkeypatch, tmp_path):
    """Every bus that is opened, all of them the same device."""
    clock, made = VirtualClock(), []

    def make() -> NodeBus:
        made.append(NodeBus(tmp_path / "spidev0.0", clock))
        return made[-1]

    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=make))
    monkeypatch.setattr(spi, "MonotonicClock", lambda: clock)
    return made


def test_second_reader_of_one_device_is_refused_until_the_first_has_gone(buses):
    with spi.open_driver({}), pytest.raises(DriverUnavailable, match=r"spidev0\.0 has a reader already"):
        spi.open_driver({})

    assert buses[1].opened is None
    assert buses[1].transfers == 0
    with spi.open_driver({}) as cell:
        assert cell.read().counts == 1


def test_open_driver_sets_the_bus_up(buses):
    with spi.open_driver({"bus": 1, "speed_hz": 500_000, "rate_hz": "80"}) as cell:
        (bus,) = buses
        assert (bus.opened, bus.mode, bus.max_speed_hz) == ((1, 0), 1, 500_000)
        assert cell.read().counts == 1
