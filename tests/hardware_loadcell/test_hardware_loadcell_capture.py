"""The protocol and the simulated chip, each by itself, against a logic capture of a real HX711 at 80 SPS."""

from __future__ import annotations

import bisect
import csv
import itertools
import os
from pathlib import Path

import pytest

from hardware.loadcell import hx711
from hardware.loadcell.clock import VirtualClock
from hardware.loadcell.simulated_chip import SimulatedChip
from hardware.loadcell.spi import SpiLoadCell, SpiOptions
from hardware.loadcell.spidev_fake import FakeSpiDev

RECORDINGS = Path(os.environ.get("STEELYARD_RECORDINGS", Path(__file__).parents[3] / "shared" / "data"))
CAPTURE = RECORDINGS / "hx711" / "hx711-pico-c" / "edges_24MHz.csv"
CODES = [4384, 4147, 4194, 4370, 4390, 4223, 4220, 4386, 4476, 4394, 4389, 4163, 4116, 4325, 4382, 4388, 4337]
"""As published with the capture."""
BETWEEN_READS_NS = 1_000_000
TICK_NS = 42


class Wire:
    """The edges of one signal of the capture."""

    def __init__(self, edges: list[tuple[int, int]]) -> None:
        self.edges = edges
        self._times = [at_ns for at_ns, _ in edges]

    def level(self, at_ns: int) -> int:
        after = bisect.bisect_right(self._times, at_ns)
        return self.edges[after - 1][1] if after else 1


@pytest.fixture(scope="module")
def wires() -> dict[str, Wire]:
    if not CAPTURE.exists():
        pytest.skip(f"no recordings: {CAPTURE} is absent (set STEELYARD_RECORDINGS)")
    edges: dict[str, list[tuple[int, int]]] = {"PD_SCK": [], "DOUT": []}
    with CAPTURE.open() as file:
        for row in csv.DictReader(file):
            edges[row["signal"]].append((round(float(row["time_s"]) * 1e9), int(row["level"])))
    return {name: Wire(of) for name, of in edges.items()}


def reads(wires: dict[str, Wire]) -> list[list[int]]:
    """The times of the falling edges of PD_SCK, one list a read."""
    falls = [at_ns for at_ns, level in wires["PD_SCK"].edges if level == 0]
    starts = [0, *(i for i in range(1, len(falls)) if falls[i] - falls[i - 1] > BETWEEN_READS_NS)]
    return [falls[a:b] for a, b in itertools.pairwise([*starts, len(falls)])]


def ready_times(wires: dict[str, Wire]) -> list[int]:
    """When DOUT fell because a conversion was ready."""
    falls, last_ns = [], -BETWEEN_READS_NS
    for at_ns, level in wires["DOUT"].edges:
        if level == 0 and at_ns - last_ns > BETWEEN_READS_NS:
            falls.append(at_ns)
        last_ns = at_ns
    return falls


def test_protocol_decodes_every_read_of_the_capture(wires):
    frames = [hx711.decode([wires["DOUT"].level(fall) for fall in falls], gain=128) for falls in reads(wires)]

    assert [frame.counts for frame in frames] == CODES
    assert not any(frame.faults for frame in frames)


def chip_of_the_capture(wires: dict[str, Wire]) -> SimulatedChip:
    ready = ready_times(wires)
    codes = iter(CODES)
    gaps = iter([12_191_400, *(b - a for a, b in itertools.pairwise(ready)), 12_191_400])
    return SimulatedChip(lambda *_: next(codes), lambda: next(gaps), first_ready_ns=ready[0])


def test_simulated_chip_gives_every_bit_of_the_capture(wires):
    # given a chip with the captured conversions
    chip = chip_of_the_capture(wires)
    falls = {fall for falls in reads(wires) for fall in falls}
    seen, captured = [], []

    # when the captured PD_SCK drives it
    for at_ns, level in wires["PD_SCK"].edges:
        chip.set_sck(level, at_ns)
        if at_ns in falls:
            seen.append(chip.dout(at_ns))
            captured.append(wires["DOUT"].level(at_ns))

    # then each of the 17 reads has the same 25 bits
    assert len(seen) == 17 * 25
    same = sum(seen[i : i + 25] == captured[i : i + 25] for i in range(0, len(seen), 25))
    assert same == 17
    assert list(chip.read_codes) == CODES
    assert not chip.troubles


def test_simulated_chip_moves_dout_when_the_real_one_did(wires):
    # given both, looked at before each edge of PD_SCK and after the longest delay the datasheet allows (T2)
    chip = chip_of_the_capture(wires)
    edges = wires["PD_SCK"].edges

    # when PD_SCK drives the simulated one
    for (at_ns, level), (next_ns, _) in itertools.pairwise([*edges, (edges[-1][0] + 10_000, 0)]):
        before_ns = at_ns - 1
        if before_ns > ready_times(wires)[0] + TICK_NS:
            assert chip.dout(before_ns) == wires["DOUT"].level(before_ns), before_ns
        chip.set_sck(level, at_ns)
        settled_ns = at_ns + hx711.DATA_VALID_NS

        # then DOUT agrees
        if settled_ns < next_ns - 1:
            assert chip.dout(settled_ns) == wires["DOUT"].level(settled_ns), settled_ns


def test_recorded_counts_pass_chip_and_driver_unchanged():
    """A real start-up log, put before the simulated chip, is what the SPI driver reads."""
    path = RECORDINGS / "hx711" / "coffee-scales" / "startup_2023_raw.csv"
    if not path.exists():
        pytest.skip(f"no recordings: {path} is absent (set STEELYARD_RECORDINGS)")
    with path.open() as file:
        recorded = [int(row["data"]) for row in csv.DictReader(file)]
    left, clock = itertools.chain(recorded, itertools.repeat(0)), VirtualClock()
    chip = SimulatedChip(lambda *_: next(left), lambda: 85_635_000, first_ready_ns=50_000_000)
    bus = FakeSpiDev(chip, clock)
    bus.open(0, 0)
    options = SpiOptions(rate_hz=10)
    bus.max_speed_hz = options.speed_hz
    driver = SpiLoadCell(bus, clock, options)

    read = [driver.read().counts for _ in recorded[1:]]

    assert len(recorded) > 300
    # the conversion that was there before the first edge was seen is not read
    assert read == recorded[1:]
