"""The simulated driver as a whole: options, bench, plug; and what every driver module must have."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import threading
import time
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from hardware import bench
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError
from hardware.loadcell.simulated import SimulatedLoadCell, SimulatedOptions, open_driver


@pytest.fixture
def short_dir():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def until(happened, timeout_s: float = 20.0) -> bool:
    """Whether it happens in time."""
    end = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def cell_of(**options) -> tuple[SimulatedLoadCell, VirtualClock]:
    clock = VirtualClock(1_000 * SECOND)
    return SimulatedLoadCell(SimulatedOptions(**options), clock), clock


def mean(cell: SimulatedLoadCell, number: int = 82) -> float:
    return statistics.fmean(cell.read().counts for _ in range(number))


@pytest.mark.parametrize(
    ("options", "rate", "zero", "per_gram"),
    [
        ({}, 82.03, 84_000, 300),
        (
            {"rate_hz": 10, "counts_per_gram": 1540.0, "zero_counts": -5e5, "capacity_g": 1000},
            10.5,
            -5e5,
            1540,
        ),
    ],
)
def test_load_becomes_counts_at_the_rate_of_a_real_part(options, rate, zero, per_gram):
    cell, clock = cell_of(**options)
    mean(cell, 20)

    begun_ns = clock.now_ns()
    empty = mean(cell)
    assert 82 * SECOND / (clock.now_ns() - begun_ns) == pytest.approx(rate, rel=1e-3)
    cell.put(500)
    mean(cell)

    assert empty == pytest.approx(zero, abs=20)
    assert (mean(cell) - empty) / per_gram == pytest.approx(500, abs=0.12)


def test_same_seed_same_samples():
    runs = [[cell.read() for _ in range(100)] for cell, _ in (cell_of(seed=4), cell_of(seed=4))]

    assert runs[0] == runs[1]


def test_plug_pulled_is_disconnected_within_a_second_and_heals():
    cell, clock = cell_of()
    mean(cell, 50)
    cell.set_plugged(False)
    pulled_ns = clock.now_ns()
    while Fault.DISCONNECTED not in (sample := cell.read()).faults:
        assert sample.faults in ((), (Fault.BAD_TRANSFER,))
    assert sample.at_ns - pulled_ns <= SECOND
    assert [cell.read().faults for _ in range(3)] == [(Fault.DISCONNECTED,)] * 3

    cell.set_plugged(False)
    cell.set_plugged(True)

    samples = [cell.read() for _ in range(20)]
    assert [sample.faults for sample in samples[:5]] == [(Fault.SETTLING,)] * 5
    assert not any(sample.faults for sample in samples[6:])


def test_overload_beyond_the_converter_is_a_fault():
    cell, _ = cell_of(load_g=30_000.0)

    samples = [cell.read() for _ in range(8)]

    assert {sample.counts for sample in samples} == {None}
    assert samples[-1].faults == (Fault.OVERLOAD,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": 80}, "did you mean 'rate_hz'"),
        ({"load_kg": 1}, "did you mean 'load_g'"),
        ({"rate_hz": "20"}, "rate_hz: is none of 10, 80"),
        ({"noise": float("nan")}, "noise"),
        ({"load_g": "inf"}, "load_g"),
        ({"counts_per_gram": 0}, "counts_per_gram"),
        ({"seed": "x"}, "seed"),
        ({"bench": 5}, "bench"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(options, words):
    with pytest.raises(BadOption, match=words):
        open_driver(options)


def test_bench_puts_loads_on_and_pulls_the_plug(short_dir):
    """In real time and over the socket, as the demo does it."""
    path = short_dir / "bench.ipc"
    seen: list = []
    done = threading.Event()
    with open_driver({"bench": str(path)}) as cell:

        def read() -> None:
            while not done.is_set():
                seen.append(cell.read())

        reader = threading.Thread(target=read)
        reader.start()
        try:
            bench.ask(path, load_g=1000, temperature_c=25.0)
            for wrong, words in [
                ({"load_g": 1e9}, "beyond"),
                ({"load_g": True}, "not a number"),
                ({"load_g": "1"}, "not a number"),
                ({"plugged": 1}, "neither true nor false"),
                ({"plug": True}, "unknown"),
                ({"temperature_c": float("nan")}, "not a number"),
            ]:
                with pytest.raises(bench.BenchError, match=words):
                    bench.ask(path, **wrong)
            assert until(lambda: seen and seen[-1].counts is not None and 383_000 < seen[-1].counts < 385_000)
            bench.ask(path, plugged=False)
            assert until(lambda: seen[-1].faults == (Fault.DISCONNECTED,))
        finally:
            done.set()
            reader.join()


def test_bench_that_cannot_be_made_is_said(short_dir):
    with pytest.raises(DriverUnavailable, match="bench socket"):
        open_driver({"bench": str(short_dir / "no" / "bench.ipc")})


@pytest.mark.parametrize("name", ["simulated", "spi", "replay", "bridges"])
def test_every_driver_is_registered_and_refuses_unknown_options(name):
    """The walking test of the room: a new driver is added to it with its name."""
    points = {point.name: point for point in entry_points(group="steelyard.loadcell")}
    factory = points[name].load()

    assert factory.__doc__
    assert factory.__module__.startswith("hardware.loadcell.")
    with pytest.raises(BadOption, match="no option 'nonsense'") as refused:
        factory({"nonsense": 1})
    assert isinstance(refused.value, LoadCellError)
    assert name in str(refused.value)
