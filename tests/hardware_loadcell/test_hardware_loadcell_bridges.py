"""Several corners as one load cell: aligned in time, trimmed, and silent when one of them is at fault."""

from __future__ import annotations

import heapq
import math
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware import bench
from hardware.loadcell.alignment import Aligner, united
from hardware.loadcell.bridges import Bridges, check_options, open_driver
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BadOption, EndOfRecording, Fault, LoadCellError, Sample
from hardware.loadcell.simulated import SimulatedOptions
from hardware.loadcell.simulated_platform import Platform, shares

MS = 1_000_000
RATES = (80.0, 84.3, 88.6, 93.0)
"""The slowest and the fastest chip together, and two between."""


@pytest.fixture
def short_dir():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def stream(rate_hz, counts, seconds=3.0, phase_s=0.0, noise=2.0, seed=1):
    """A chip that averages ``counts(t)`` as real ones do: three periods that end 0.68 before the edge."""
    chance, period = random.Random(seed), 1 / rate_hz
    samples = []
    for n in range(int(seconds * rate_hz)):
        edge = 1.0 + phase_s + n * period
        end = edge - 0.68 * period
        points = [end - 3 * period * (k + 0.5) / 60 for k in range(60)]
        seen = statistics.fmean(counts(t) for t in points) + chance.gauss(0, noise)
        samples.append(Sample(round(edge * SECOND), seen))
    return samples


def merged(streams):
    """(corner, sample) in the order in which they would be heard."""
    tagged = ([(sample.at_ns, corner, sample) for sample in one] for corner, one in enumerate(streams))
    return [(corner, sample) for _, corner, sample in heapq.merge(*tagged)]


def aligned(streams, trims=None, rate=80.0):
    aligner = Aligner(trims or [1.0] * len(streams), rate)
    return [out for corner, sample in merged(streams) for out in aligner.feed(corner, sample)]


def four(counts, **options):
    return [stream(rate, counts, phase_s=0.0031 * n, seed=n, **options) for n, rate in enumerate(RATES)]


def replaced(samples, at, **changes):
    """The stream with one sample changed, or (None) taken out."""
    out = list(samples)
    if changes:
        old = out[at]
        out[at] = Sample(changes.get("at_ns", old.at_ns), changes.get("counts"), changes.get("faults", ()))
    else:
        del out[at]
    return out


# ------------------------------------------------------------------------------------------ alignment


def test_each_conversion_of_the_first_corner_becomes_one_sample():
    streams = four(lambda t: 1000.0)

    told = aligned(streams, trims=(1.1, 0.9, 1.0, 1.0))

    beats = [sample.at_ns for sample in streams[0]]
    assert [sample.at_ns for sample in told] == beats[: len(told)]
    assert len(told) >= len(beats) - 3
    good = [sample for sample in told if not sample.faults]
    assert len(good) >= len(told) - 3
    for sample in good:
        a, b, c, d = sample.corners
        assert sample.counts == pytest.approx((1.1 * a + 0.9 * b + c + d) / 4)


def test_a_load_that_wanders_over_the_plate_moves_the_sum_by_less_than_a_tenth_of_the_naive_skew():
    """Skew, measured: a load rolls from end to end; the sum of the corners must stay what it is."""

    # given 300 000 counts that go over from two corners to the others within half a second
    def left(t):
        return 300_000 * min(1, max(0, (t - 2) / 0.5))

    def right(t):
        return 300_000 - left(t)

    streams = [
        stream(rate, left if n < 2 else right, phase_s=0.0031 * n, noise=0.5, seed=n)
        for n, rate in enumerate(RATES)
    ]

    told = [s for s in aligned(streams) if s.counts is not None]
    newest = []
    for beat in streams[0][20:]:
        latest = [[s.counts for s in one if s.at_ns <= beat.at_ns][-1] for one in streams]
        newest.append(abs(statistics.fmean(latest) - 150_000))
    rolling = [abs(s.counts - 150_000) for s in told if 2.06 * SECOND < s.at_ns < 2.5 * SECOND]

    # then on the way the aligned sum is off by noise alone; where the load sets off, by the bend of the ramp
    assert statistics.fmean(rolling) < 1.0
    assert max(abs(s.counts - 150_000) for s in told) < 0.15 * max(newest)
    assert max(newest) > 1_000


def test_the_age_of_the_newest_conversion_is_stated():
    aligner = Aligner([1.0] * 4, 80.0)
    for corner, sample in merged(four(lambda t: 1000.0)):
        aligner.feed(corner, sample)

    # the slowest part's period at most, and with unequal oscillators nearly that
    assert 10 * MS < aligner.skew_ns <= 12.6 * MS


def test_a_load_that_rolls_over_a_simulated_platform_weighs_the_same_on_its_way():
    """Chips, drivers and plate: 5 kg roll from the middle to above a corner within half a second."""
    clocks = [VirtualClock(SECOND) for _ in range(4)]
    platform = Platform([SimulatedOptions(seed=7, noise=0.2, load_g=5000.0)] * 4, clocks)
    for cell, corner in zip(platform.cells, range(4), strict=True):
        for step in range(1, 501):
            share = shares(4, (0.8 * step / 500, 0.8 * step / 500))[corner]
            cell.put_at(5000 * share, 2 * SECOND + step * MS)
    even = statistics.harmonic_mean(platform.sensitivities)
    trims = [even / sensitivity for sensitivity in platform.sensitivities]
    aligner = Aligner(trims, 80.0)
    latest: dict[int, float] = {}
    told, newest = [], []
    while max(clock.now_ns() for clock in clocks) < 4 * SECOND:
        corner = min(range(4), key=lambda n: clocks[n].now_ns())
        sample = platform.cells[corner].read()
        if sample.counts is not None:
            latest[corner] = sample.counts
        if corner == 0 and len(latest) == 4:
            newest.append((sample.at_ns, statistics.fmean(trims[n] * latest[n] for n in range(4))))
        told += [(s.at_ns, s.counts) for s in aligner.feed(corner, sample) if s.counts is not None]
    rest = statistics.fmean(counts for at_ns, counts in told if 2.5 * SECOND < at_ns < 2.95 * SECOND)

    def errors_g(stream):
        return [abs(counts - rest) / 75 for at_ns, counts in stream if 2.95 * SECOND < at_ns < 3.8 * SECOND]

    assert max(errors_g(newest)) > 50
    assert max(errors_g(told)) < 6
    assert statistics.fmean(errors_g(told)) < 1


# ------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize("corner", [0, 1, 2, 3])
@pytest.mark.parametrize("fault", [Fault.BAD_TRANSFER, Fault.OVERLOAD, Fault.SETTLING, Fault.SLOW_CLOCK])
def test_what_speaks_against_one_corner_speaks_against_all(corner, fault):
    streams = four(lambda t: 1000.0)
    struck = streams[corner][100].at_ns
    streams[corner] = replaced(streams[corner], 100, faults=(fault,))

    told = aligned(streams)

    spoiled = [sample for sample in told[3:] if sample.faults]
    assert spoiled
    assert all(sample.counts is None and sample.corners == () for sample in spoiled)
    assert all(fault in sample.faults for sample in spoiled)
    assert all(abs(sample.at_ns - struck) < 30 * MS for sample in spoiled)


def test_a_corner_that_keeps_its_counts_beside_a_fault_gives_no_number_either():
    streams = four(lambda t: 1000.0)
    streams[2] = replaced(streams[2], 100, counts=1001.0, faults=(Fault.SETTLING,))

    spoiled = [s for s in aligned(streams)[3:] if s.faults]

    assert {s.counts for s in spoiled} == {None}


def test_the_conversion_before_a_hidden_reset_of_any_corner_is_never_used():
    streams = four(lambda t: 1000.0)
    period = streams[2][1].at_ns - streams[2][0].at_ns
    wrong = 99_999.0
    struck = replaced(streams[2], 100, counts=wrong)
    streams[2] = struck[:101] + [Sample(s.at_ns + round(3.448 * period), s.counts) for s in struck[101:]]

    told = aligned(streams)

    assert max(s.counts for s in told if s.counts is not None) < 1100
    assert any(Fault.RESET in s.faults for s in told)
    assert told[-1].faults == ()


def test_missed_conversions_cost_their_own_time_only():
    streams = four(lambda t: 1000.0)
    streams[1] = replaced(streams[1], 100)

    told = aligned(streams)[3:]

    assert {fault for s in told for fault in s.faults} == {Fault.LATE}
    assert 1 <= sum(1 for s in told if s.faults) <= 3


@pytest.mark.parametrize("corner", [0, 3])
def test_a_dead_corner_is_a_flat_line_however_lively_the_others_are(corner):
    streams = four(lambda t: 1000.0)
    streams[corner] = [Sample(s.at_ns, s.counts if n < 100 else 777.0) for n, s in enumerate(streams[corner])]

    told = aligned(streams)

    begun = streams[corner][100].at_ns
    assert all(Fault.FLATLINE in s.faults for s in told if s.at_ns > begun + 100 * MS)
    assert told[-1].counts is None


@pytest.mark.parametrize("corner", [0, 2])
def test_a_corner_that_falls_silent_holds_nothing_back_for_long(corner):
    """Neither a number nor silence: what waited is given up within the time of a restart."""
    streams = four(lambda t: 1000.0)
    gone_ns = streams[corner][100].at_ns
    streams[corner] = streams[corner][:101] + [
        Sample(gone_ns + n * 900 * MS, None, (Fault.DISCONNECTED,)) for n in (1, 2)
    ]

    told = aligned(streams)

    later = [s for s in told if s.at_ns > gone_ns + 20 * MS]
    assert later
    assert all(s.counts is None for s in later)
    assert any(Fault.DISCONNECTED in s.faults for s in later)


EVENTS = st.sampled_from(["good"] * 20 + ["missing", "reset", *(fault.value for fault in Fault)])


@given(st.lists(st.lists(EVENTS, min_size=20, max_size=60), min_size=2, max_size=4), st.randoms())
@settings(max_examples=60, deadline=None)
def test_whatever_happens_time_goes_on_and_no_number_stands_beside_a_fault(lives, chance):
    streams = []
    for n, life in enumerate(lives):
        period, at_ns, stream_ = SECOND / RATES[n], SECOND + n * 3 * MS, []
        for event in life:
            at_ns += round(period * (4.448 if event == "reset" else 1))
            if event in ("good", "reset"):
                stream_.append(Sample(at_ns, 1000.0 + chance.random()))
            elif event != "missing":
                stream_.append(Sample(at_ns, None, (Fault(event),)))
        streams.append(stream_)

    told = aligned(streams)

    beats = [sample.at_ns for sample in streams[0]]
    assert [s.at_ns for s in told] == beats[: len(told)]
    for sample in told:
        assert (sample.counts is None) == bool(sample.faults)
        assert len(sample.corners) == (0 if sample.faults else len(lives))
        assert sample.counts is None or 1000 <= sample.counts <= 1001


def test_faults_are_named_gravest_first():
    assert united([Fault.LATE, Fault.SETTLING, Fault.DISCONNECTED, Fault.LATE]) == (
        Fault.DISCONNECTED,
        Fault.SETTLING,
        Fault.LATE,
    )
    assert set(united(Fault)) == set(Fault)


# ------------------------------------------------------------------------------------------ the plate


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("place", [(0, 0), (1, -1), (-0.5, 0.25), (0.3, 0.9)])
def test_the_shares_of_a_load_are_the_load(count, place):
    assert sum(shares(count, place)) == pytest.approx(1)


def test_simulated_corners_differ_as_real_ones_do():
    platform = Platform([SimulatedOptions()] * 4, [VirtualClock(SECOND)] * 4)

    assert all(0.97 <= value <= 1.03 for value in platform.sensitivities)
    assert len(set(platform.sensitivities)) == 4
    for wrong in ([1], [1, 2], "xy", [0, True], None):
        with pytest.raises(ValueError, match="position"):
            platform.move(wrong)
    for wrong in (0, 5, True, "1"):
        with pytest.raises(ValueError, match="plugged_corner"):
            platform.plug(wrong)


# ------------------------------------------------------------------------------------------ the driver


def wait_for(driver, happened, seconds=5.0):
    """The first sample for which it has happened, and how long that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        sample = driver.read()
        if happened(sample):
            return sample, time.monotonic() - begun
    pytest.fail("it did not happen in time")


def test_a_corner_unplugged_is_a_fault_within_a_second_and_heals(short_dir):
    """In real time: four threads, four chips, one bench."""
    path = short_dir / "bench.ipc"
    with open_driver({"driver": "simulated", "load_g": 1000, "bench": str(path), "seed": "3"}) as driver:
        assert (driver.rate_hz, driver.gain) == (80.0, 128)
        sound, _ = wait_for(driver, lambda s: s.counts is not None)
        assert len(sound.corners) == 4

        bench.ask(path, plugged_corner=-3)
        _, no_number_s = wait_for(driver, lambda s: s.counts is None)
        _, named_s = wait_for(driver, lambda s: Fault.DISCONNECTED in s.faults)
        assert no_number_s + named_s <= 1.0
        assert all(driver.read().counts is None for _ in range(40))
        assert driver.unfit == "corner 3: disconnected"

        bench.ask(path, plugged_corner=3, position=[0.5, 0.5])
        wait_for(driver, lambda s: s.counts is not None)
        with pytest.raises(bench.BenchError, match="position"):
            bench.ask(path, position=[2, 0])
        said = driver.diagnosis()
        assert driver.unfit == ""
    assert "corners 1 … 4 convert" in said[0]
    driver.close()
    with pytest.raises(LoadCellError, match="closed"):
        driver.read()


class Scripted:
    """A corner that reads what it was given and then ends."""

    rate_hz, gain = 80.0, 128

    def __init__(self, samples, end):
        self._samples, self._end, self.closed = list(samples), end, False

    def read(self):
        if not self._samples:
            raise self._end
        return self._samples.pop(0)

    def close(self):
        self.closed = True


@pytest.mark.parametrize("end", [EndOfRecording("it ends"), LoadCellError("the bus failed"), OSError(5, "x")])
def test_what_ends_a_corner_ends_all_and_names_it(end):
    streams = four(lambda t: 1000.0, seconds=0.5)
    forever = [Scripted(one, EndOfRecording("over")) for one in streams]
    forever[1] = Scripted(streams[1][:3], end)
    with Bridges(forever, [1.0] * 4) as driver, pytest.raises(LoadCellError, match=r"corner \d") as ended:
        while True:
            driver.read()

    assert isinstance(ended.value, EndOfRecording | LoadCellError)
    assert all(cell.closed for cell in forever)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nonsense": 1}, "bridges: corner 1: spi: no option 'nonsense'"),
        ({"driver": "simulated", "load_kg": 1}, "did you mean 'load_g'"),
        ({"driver": "simulated", "corners": 5}, "corners"),
        ({"driver": "simulated", "corners": 2, "seed_3": 5}, "there are 2 corners"),
        ({"driver": "simulated", "seed_2": -5}, "corner 2"),
        ({"driver": "simulated", "trim_1": "nan"}, "trim_1"),
        ({"driver": "simulated", "trim_1": 3}, "trim_1"),
        ({"driver": "bridges"}, "driver of one corner"),
        ({"driver": "simulatd"}, "did you mean 'simulated'"),
    ],
)
def test_wrong_options_name_the_corner(options, words):
    for refuse in (open_driver, check_options):
        with pytest.raises(BadOption, match=words):
            refuse(options)


def test_right_options_pass_the_check():
    check_options({"driver": "spi", "rate_hz": 80, "bus_1": 0, "bus_2": 3, "trim_4": "0.998"})


def test_three_cells_under_a_round_pan():
    with open_driver({"driver": "simulated", "corners": "3", "load_g": "300"}) as driver:
        sound, _ = wait_for(driver, lambda s: s.counts is not None)
    assert len(sound.corners) == 3
    assert math.isfinite(sound.counts)
