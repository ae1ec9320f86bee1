"""The whole path over every real recording: what must be told, and what must never be shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from weighing_data import (
    COUNTS_PER_GRAM,
    assumed,
    coffee,
    faults,
    readings,
    rocket,
    rocket_files,
    run,
    samples,
)

from firmware_app.weighing.gate import POWER_UP_CONVERSIONS
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import Fault

DEAD = {
    "2021-03-27_17-41-40.txt",
    "2021-03-27_17-59-35.txt",
    "2021-03-27_18-02-36.txt",
    "2021-03-27_18-05-39.txt",
    "2021-03-27_18-13-32.txt",
}
"""Constant from the first sample to the last, one with a single odd code."""
DIES = "2021-03-27_17-39-09.txt"


def runs(wanted: Callable[[Path], bool]) -> pytest.MarkDecorator:
    """Every run that is wanted, or one that skips where the recordings are absent."""
    found = [path for path in rocket_files() if wanted(path)]
    absent = pytest.param(None, marks=pytest.mark.skip("no real recordings (set STEELYARD_RECORDINGS)"))
    return pytest.mark.parametrize("path", found or [absent], ids=lambda path: getattr(path, "stem", None))


every_run = runs(lambda _: True)
living_runs = runs(lambda path: path.name not in DEAD | {DIES})
dead_runs = runs(lambda path: path.name in DEAD | {DIES})


def true_resets(rows: list[tuple[float, float]]) -> list[float]:
    """Times of the samples before a pause of 4.45 periods, found with hindsight."""
    times = np.array([t for t, _ in rows])
    gaps = np.diff(times) / np.median(np.diff(times))
    return [float(t) for t in times[:-1][(gaps > 4.3) & (gaps < 4.6)]]


@every_run
def test_every_hidden_reset_is_told_with_the_sample_before_it_and_nothing_else_is(path: Path) -> None:
    rows = rocket(path)
    pan = assumed()

    events = run(pan, samples(rows))

    told = [event.dropped_at_ns for event in faults(events, Fault.RESET)]
    assert told == [round(t * 1e9) for t in true_resets(rows)]
    other = {e.fault for e in faults(events)} - {Fault.RESET, Fault.SETTLING}
    assert other == ({Fault.FLATLINE} if path.name in DEAD | {DIES} else set())
    assert len(faults(events, Fault.SETTLING)) <= POWER_UP_CONVERSIONS
    # every sample is accounted for: released, dropped with its fault, or the last one held
    assert pan.released + len(faults(events)) >= len(rows) - 1
    assert pan.released <= len(rows)


@dead_runs
def test_a_dead_sensor_ends_in_a_fault_and_never_gives_a_weight(path: Path) -> None:
    events = run(assumed(zero=0.0), samples(rocket(path)))

    assert isinstance(events[-1], PanFault) and events[-1].fault is Fault.FLATLINE
    if path.name in DEAD:
        assert readings(events) == []
    else:
        constant = rocket(path)[-1][1]
        assert not [r for r in readings(events) if r.stable and abs(r.counts - constant) < 1]


@living_runs
def test_real_moves_are_not_stable(path: Path) -> None:
    """Stable means that the conversions of the last second lie together, but for a lone one left out."""
    corrupt = set(true_resets(rocket(path)))
    rows = [row for row in rocket(path) if row[0] not in corrupt]
    times, grams = np.array([t for t, _ in rows]), np.array([g for _, g in rows])
    noise = np.median(np.abs(np.diff(grams)))

    for reading in readings(run(assumed(zero=0.0), samples(rocket(path)))):
        if reading.stable:
            at_s = reading.at_ns / 1e9
            inside = grams[(times <= at_s) & (times >= at_s - min(reading.window_s, 1.0))]
            lone = np.argmax(np.abs(inside - reading.counts))
            assert np.ptp(np.delete(inside, lone)) < max(40 * noise, 0.02 * abs(reading.counts) + 1)


def test_ten_minutes_of_a_static_load_are_one_plateau() -> None:
    rows = coffee("steadystate")

    shown = readings(run(assumed(COUNTS_PER_GRAM), samples(rows)))

    stable = [r.stable for r in shown]
    assert all(stable[stable.index(True) :])
    first = shown[stable.index(True)]
    assert first.at_ns / 1e9 - rows[0][0] < 2.5
    assert shown[-1].at_ns / 1e9 - first.at_ns / 1e9 > 598
    assert all(r.window_s <= 3.0 for r in shown)


def test_the_plateau_jitters_no_more_than_the_allan_floor_and_says_so() -> None:
    shown = readings(run(assumed(1.0), samples(coffee("steadystate"))))
    means = np.array([r.counts for r in shown])
    window = 30  # conversions in 2.5 s: neighbours that share nothing

    jitter = float(np.sqrt(np.mean(np.diff(means[::window]) ** 2) / 2))

    assert jitter < 14.5  # the Allan deviation of this log at 2.7 s is 13.7 counts
    late = shown[len(shown) // 2 :]
    assert 0.8 * jitter < np.median([r.mass.standard for r in late]) < 40 * jitter


def test_the_uncertainty_covers_the_drift_of_the_zero() -> None:
    """The cell drifts by 0.1 … 0.3 g in ten minutes from cold under a load that never changes."""
    shown = readings(run(assumed(COUNTS_PER_GRAM), samples(coffee("steadystate"))))

    outside = [r for r in shown if abs(r.mass.value) > r.mass.expanded()]

    assert len(outside) < 0.2 * len(shown)


def test_nothing_of_the_first_five_conversions_is_weighed() -> None:
    rows = coffee("startup")
    pan = assumed(COUNTS_PER_GRAM)

    events = run(pan, samples(rows))

    settling = faults(events, Fault.SETTLING)
    assert [e.dropped_at_ns for e in settling] == [round(t * 1e9) for t, _ in rows[:5]]
    assert {e.fault for e in faults(events)} == {Fault.SETTLING}
    shown = readings(events)
    assert shown[0].at_ns > round(rows[4][0] * 1e9)
    assert all(abs(r.mass.value) < 0.1 for r in shown)
    assert [r.at_ns for r in shown] == sorted({r.at_ns for r in shown})
    assert pan.released == len(rows) - 5 - 1


def test_scale_of_the_counts_changes_nothing() -> None:
    """Grams of a logger or counts of a chip: the same samples are stable."""
    rows = coffee("startup")

    in_counts = readings(run(assumed(COUNTS_PER_GRAM), samples(rows)))
    in_grams = readings(run(assumed(1.0), samples([(t, c / COUNTS_PER_GRAM) for t, c in rows])))

    assert [(r.at_ns, r.why_not) for r in in_counts] == [(r.at_ns, r.why_not) for r in in_grams]
    for one, other in zip(in_counts, in_grams, strict=True):
        assert one.mass.value == pytest.approx(other.mass.value, abs=1e-6)
        assert one.mass.standard == pytest.approx(other.mass.standard, rel=1e-6)


def test_the_same_counts_with_the_bridge_turned_round_weigh_the_same() -> None:
    rows = coffee("startup")

    upright = readings(run(assumed(COUNTS_PER_GRAM), samples(rows)))
    turned = readings(run(assumed(-COUNTS_PER_GRAM), samples([(t, -c) for t, c in rows])))

    assert [(r.at_ns, r.stable) for r in upright] == [(r.at_ns, r.stable) for r in turned]
    assert [r.mass.value for r in upright] == pytest.approx([r.mass.value for r in turned])
    assert all(isinstance(r, Reading) and r.mass.standard > 0 for r in turned)
