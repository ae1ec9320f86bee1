"""The bring-up of the bench: every fault of a simulated chip, and every real recording, gets its remedy."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from weighing_data import HX711, bridge_stream, coffee, need, rocket, rocket_files, samples

from firmware_app.weighing.bring_up.check import bring_up, worst
from firmware_app.weighing.bring_up.facts import Bridge, Finding, Level
from firmware_app.weighing.bring_up.signal import scatter
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import Fault, Sample
from hardware.loadcell.simulated_cell import Physics, SimulatedCell
from hardware.loadcell.simulated_chip import COLD_TAIL_COUNTS, ChipFault, ScheduledFault, SimulatedChip
from hardware.loadcell.spi import SPI_MODE, SpiLoadCell, SpiOptions
from hardware.loadcell.spidev_fake import FakeSpiDev

CHECKS_OF_A_LIVE_BRIDGE = 14


def bench(
    *, rate_hz=80, chip_hz=82.0, noise=1.0, load_g=0.0, faults=(), seconds=10.0, convert=None, zero=84_000
):
    """Ten seconds of a chip on the bench, read by the real driver."""
    clock = VirtualClock()
    setting = 80 if chip_hz > 30 else 10
    cell = SimulatedCell(Physics(noise=noise, zero_counts=zero), rate_hz=setting, seed=2, load_g=load_g)
    wander = random.Random(5)
    chip = SimulatedChip(
        convert or cell.convert,
        lambda: round(wander.gauss(SECOND / chip_hz, 300)),
        cold_tail=COLD_TAIL_COUNTS,
        faults=[ScheduledFault(round(at * SECOND), fault) for at, fault in faults],
    )
    bus = FakeSpiDev(chip, clock)
    bus.open(0, 0)
    bus.mode = SPI_MODE
    bus.max_speed_hz = 1_000_000
    read = []
    with SpiLoadCell(bus, clock, SpiOptions(rate_hz=rate_hz)) as driver:
        while clock.now_ns() < seconds * SECOND:
            read.append(driver.read())
    return read


def check(stream, rate_hz: float | None = 80, **known) -> dict[str, Finding]:
    return {found.what: found for found in bring_up(stream, Bridge(rate_hz=rate_hz, **known))}


def not_good(found: dict[str, Finding]) -> dict[str, str]:
    """What is wrong and how badly."""
    return {
        what: each.level.value for what, each in found.items() if each.level in (Level.BAD, Level.ATTENTION)
    }


@pytest.mark.parametrize(("rate_hz", "chip_hz", "nanovolts"), [(80, 82.0, 90), (10, 10.5, 50)])
def test_a_sound_bridge_passes_every_line(rate_hz, chip_hz, nanovolts):
    found = check(bench(rate_hz=rate_hz, chip_hz=chip_hz), rate_hz)

    assert not_good(found) == {}
    assert len(found) == CHECKS_OF_A_LIVE_BRIDGE
    assert found["rate"].value == pytest.approx(chip_hz, rel=0.005)
    assert found["noise"].value == pytest.approx(nanovolts, rel=0.3)
    # the tail of the simulated power-up is the recorded one, and is told though it is harmless
    assert "+9" in found["after power-up"].figure
    assert "thrown away" in found["after power-up"].words
    assert all(each.limit and each.source for what, each in found.items() if what not in ("answer", "hum"))


@pytest.mark.parametrize(
    ("done", "line", "level", "remedy"),
    [
        ({"faults": [(0.0, ChipFault.UNPLUG)]}, "answer", "bad", "is the plug in"),
        ({"faults": [(5.0, ChipFault.UNPLUG)]}, "answer", "bad", "is the plug in"),
        ({"faults": [(0.0, ChipFault.SHORT_LOW)]}, "answer", "bad", "shorted to ground"),
        ({"faults": [(0.0, ChipFault.FLOAT)]}, "answer|transfers", "bad", "DOUT"),
        ({"noise": 10.0}, "noise", "bad", "shield to ground"),
        ({"noise": 4.5}, "noise", "attention", "shield to ground"),
        ({"chip_hz": 80 * 1.17}, "rate", "attention", "17 % fast|17% fast"),
        ({"chip_hz": 10.5}, "rate", "bad", "the RATE pin is low"),
        ({"load_g": 40_000.0}, "range", "bad", "take everything off"),
        ({"load_g": -40_000.0}, "range", "bad", "A\\+, A-"),
        ({"zero": 7_900_000}, "range", "attention", "little is left"),
        ({"convert": lambda *_: 84_000.0}, "codes", "bad", "four wires"),
        ({"faults": [(4.0, ChipFault.BROWN_OUT), (7.0, ChipFault.BROWN_OUT)]}, "supply", "bad", "collapses"),
        ({"faults": [(n / 10, ChipFault.LOSE_CLOCK) for n in range(1, 90)]}, "transfers", "bad", "twist"),
    ],
)
def test_what_is_done_to_the_chip_gets_its_own_remedy(done, line, level, remedy):
    found = check(bench(**done))

    hit = [found[each] for each in line.split("|") if each in found and found[each].level.value == level]
    assert hit, {what: (each.level.value, each.figure) for what, each in found.items()}
    assert any(re.search(remedy, each.words) for each in hit)


def test_an_input_that_floats_gives_few_codes():
    chance = random.Random(1)
    codes = [-1.0, 0.0, 255.0, -256.0]

    found = check(bench(convert=lambda *_: chance.choice(codes)))

    assert not_good(found) == {"codes": "bad"}
    assert found["codes"].value < 12  # with those of the cold start
    assert "four wires" in found["codes"].words


def test_a_rate_pin_at_80_read_as_10_shows_in_neighbours_that_share_nothing():
    found = check(bench(rate_hz=10, chip_hz=82.0), 10)

    assert found["neighbours"].level is Level.ATTENTION
    assert "RATE pin" in found["neighbours"].words


@pytest.mark.parametrize("seed", range(8))
def test_neighbours_of_a_sound_chip_share_what_it_averaged(seed):
    stream = bridge_stream(lambda t: 0.0, 11, rate=10.5, seed=seed)

    assert check(stream, 10)["neighbours"].level is Level.GOOD


def hummed(amplitude, hertz, rate=82.0):
    quiet = bridge_stream(lambda t: 0.0, 10, rate=rate, sigma=38.0, seed=3, start_s=0.0)
    return [
        Sample(s.at_ns, s.counts + round(amplitude * math.sin(2 * math.pi * hertz * s.at_ns / SECOND)))
        for s in quiet
    ]


@pytest.mark.parametrize(
    ("amplitude", "hertz", "level", "words"),
    [
        (60, 50.0, "attention", "50 Hz folds"),
        (400, 50.0, "bad", "50 Hz folds"),
        (60, 14.0, "attention", "sways"),
    ],
)
def test_hum_is_named_by_its_frequency(amplitude, hertz, level, words):
    found = check(hummed(amplitude, hertz))["hum"]

    assert found.level.value == level
    assert words in found.words
    assert found.value == pytest.approx(amplitude / math.sqrt(2), rel=0.15)


@pytest.mark.parametrize("seed", range(10))
def test_noise_alone_never_hums_nor_bursts(seed):
    found = check(bridge_stream(lambda t: 0.0, 10, rate=82.0, sigma=38.0, seed=seed))

    assert found["hum"].level is Level.GOOD
    assert found["bursts"].value == 0


@pytest.mark.parametrize("seed", range(40))
def test_noise_alone_never_drifts_however_short_the_look(seed):
    found = check(bridge_stream(lambda t: 0.0, 2, rate=82.0, sigma=38.0, seed=seed))

    assert found["drift"].level is Level.GOOD


def test_a_drift_is_found_in_ten_seconds():
    found = check(bridge_stream(lambda t: 12.0 * t, 10, rate=82.0, sigma=38.0, seed=1))

    assert found["drift"].level is Level.ATTENTION


def test_bursts_are_counted_and_steps_of_the_load_are_none():
    quiet = bridge_stream(lambda t: 30_000.0 if t > 5 else 0.0, 10, rate=82.0, sigma=38.0)
    for n in (100, 300, 600):
        quiet[n] = Sample(quiet[n].at_ns, quiet[n].counts + 5_000)

    found = check(quiet)

    assert found["bursts"].value == 3
    assert found["drift"].level is Level.ATTENTION


def test_one_noisy_corner_is_named():
    streams = [bench(noise=10.0 if n == 2 else 1.0) for n in range(4)]
    together = [
        Sample(parts[0].at_ns, sum(p.counts for p in parts) / 4, (), tuple(p.counts for p in parts))
        for parts in zip(*streams, strict=False)
        if all(p.counts is not None for p in parts)
    ]

    found = check(together)

    assert found["noise"].level is Level.BAD
    assert found["noise"].figure.startswith("corner 3: ")


def test_the_datasheet_s_noise_in_nanovolts():
    """50 nV are 21.5 codes, and 90 nV 38.7, at 5 V and gain 128."""
    per_count = Bridge(rate_hz=80).nanovolts_per_count

    assert 50 / per_count == pytest.approx(21.5, abs=0.05)
    assert 90 / per_count == pytest.approx(38.7, abs=0.05)


@pytest.mark.parametrize("stream", [[], [Sample(0, None, (Fault.BAD_TRANSFER,))], [Sample(0, 5.0)]])
def test_next_to_nothing_is_not_judged_but_told(stream):
    findings = bring_up(stream, Bridge(rate_hz=80))

    assert findings
    assert "noise" not in [found.what for found in findings]


def test_the_worst_line_counts():
    def level(*levels):
        return worst([Finding(what="x", level=each, figure="") for each in levels])

    assert level(Level.GOOD, Level.NOT_JUDGED) is Level.GOOD
    assert level(Level.GOOD, Level.BAD, Level.ATTENTION) is Level.BAD
    assert level(Level.ATTENTION, Level.GOOD) is Level.ATTENTION
    assert level() is Level.NOT_JUDGED


def test_scatter_is_the_noise_whatever_the_load_does():
    stream = bridge_stream(lambda t: 10_000 * math.floor(t / 3) + 40 * t, 30, rate=82.0, sigma=38.0)
    assert scatter(np.array([s.counts for s in stream])) == pytest.approx(38, rel=0.1)


# -------------------------------------------------------------------------------------- real recordings


def test_the_start_up_of_a_real_scale_is_told():
    found = check(samples(coffee("startup")[:140]), None)

    tail = found["after power-up"]
    assert tail.level is Level.GOOD
    assert tail.figure.count("+9") >= 1
    assert "thrown away" in tail.words
    assert found["rate"].level is Level.ATTENTION  # 11.66/s: one of the fast parts
    assert not {what for what, each in found.items() if each.level is Level.BAD}


def test_ten_seconds_of_a_real_static_load_have_no_bad_line():
    found = check(samples(coffee("steadystate")[2000:2120]), None, from_power_up=False)

    assert not {what for what, each in found.items() if each.level is Level.BAD}
    assert found["noise"].value == pytest.approx(37 * 2.33, rel=0.5)


DEAD = ("17-41-40", "17-59-35", "18-02-36", "18-05-39", "18-13-32")


@pytest.mark.parametrize("path", rocket_files() or [None], ids=lambda p: p.stem[-8:] if p else "absent")
def test_every_run_of_the_real_pi_gets_the_verdict_it_deserves(path: Path | None):
    need(HX711 / "rocket-buds")
    assert path is not None
    rows = rocket(path)

    found = check(samples(rows), 10, codes=False, from_power_up=False)

    dead = path.stem.endswith(DEAD) or path.stem.endswith("17-39-09")
    assert (found["codes"].level is Level.BAD) == dead
    gaps = [(b[0] - a[0]) for a, b in pairwise(rows)]
    period = sorted(gaps)[len(gaps) // 2]
    hidden = sum(4.3 <= gap / period <= 4.6 for gap in gaps)
    assert found["hidden restarts"].value == hidden
    assert (found["hidden restarts"].level is Level.BAD) == (hidden > 0)
    if hidden:
        assert "use the driver spi" in found["hidden restarts"].words
