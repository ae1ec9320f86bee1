"""Corrupt reads on the recordings of real Pis: dropped, and sound reads dropped with them, by rule.

Run: python benchmarks/corruption.py

A corrupt read is an isolated spike (ten times the noise of its run off its four neighbours) right before the
pause that a hidden restart leaves; the force peaks of those runs are sound. The peers' own rules of rejection
are written anew from their description and put to the same reads, in windows of the length that they ask for:

* hx711-multi 1.4.1: of ten reads those beyond two deviations from the median; all ten where the deviation is
  above 100 (its number, in counts of a raw chip; the recordings are scaled, so that rule is left out).
* gandalf15/HX711: of ten reads those beyond one deviation of the deviations from the median.
* HX711_ADC: of 18 reads the smallest and the largest.
* hx711 1.1.2.3: 0x7FFFFF and 0x800000, which no scaled recording holds: nothing is dropped.
"""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weighing")]

from weighing_data import HX711, rocket, rocket_files, samples  # noqa: E402

from firmware_app.weighing.gate import Gate  # noqa: E402
from hardware.loadcell.contract import Sample  # noqa: E402

Rows = Sequence[tuple[float, float]]
Rule = Callable[[Rows], set[int]]
DEAD_READS, REVIVED_READS = 6, 5
SPIKE_SIGMAS, PAUSE_PERIODS = 10, 4.3


def corrupt(rows: Rows) -> set[int]:
    """The places of corrupt reads."""
    times, grams = np.array([t for t, _ in rows]), np.array([g for _, g in rows])
    gaps = np.diff(times) / np.median(np.diff(times))
    noise = np.median(np.abs(np.diff(grams)))
    found = set()
    for i in range(2, len(rows) - 2):
        around = grams[[i - 2, i - 1, i + 1, i + 2]]
        far = SPIKE_SIGMAS * noise + 2 * np.ptp(around)
        if gaps[i] > PAUSE_PERIODS and noise > 0 and abs(grams[i] - np.median(around)) > far:
            found.add(i)
    return found


def before_pauses(rows: Rows) -> set[int]:
    """Reads that a hidden restart followed: dropping them costs what the chip may have spoilt."""
    gaps = np.diff([t for t, _ in rows])
    return {int(i) for i in np.flatnonzero(gaps > PAUSE_PERIODS * np.median(gaps))}


def dead(rows: Rows) -> set[int]:
    """Reads of a sensor that gives the very same value again and again, and the five that revive it."""
    found, start = set(), 0
    for _, of in itertools.groupby(counts for _, counts in rows):
        length = len(list(of))
        if length >= DEAD_READS:
            found |= set(range(start, start + length + REVIVED_READS))
        start += length
    return found


def ours(rows: Rows) -> set[int]:
    """What driver and gate would not release once the start is over."""
    gate = Gate()
    stream = samples(rows)
    released = {e.at_ns for sample in stream for e in gate.feed(sample) if isinstance(e, Sample)}
    return {i for i, sample in enumerate(stream) if sample.at_ns not in released}


def windows(rows: Rows, length: int, drop: Callable[[Sequence[float]], set[int]]) -> set[int]:
    return {
        start + i
        for start in range(0, len(rows) - length + 1, length)
        for i in drop([counts for _, counts in rows[start : start + length]])
    }


def hx711_multi(values: Sequence[float]) -> set[int]:
    deviations = [abs(value - statistics.median(values)) for value in values]
    spread = statistics.stdev(deviations)
    return {i for i, off in enumerate(deviations) if spread and off / spread > 2.0}


def gandalf15(values: Sequence[float]) -> set[int]:
    deviations = [abs(value - statistics.median(values)) for value in values]
    spread = statistics.stdev(deviations)
    return {i for i, off in enumerate(deviations) if spread and off >= spread}


def hx711_adc(values: Sequence[float]) -> set[int]:
    return {values.index(min(values)), values.index(max(values))}


RULES: dict[str, Rule] = {
    "Steelyard, gate": ours,
    "hx711-multi": lambda rows: windows(rows, 10, hx711_multi),
    "gandalf15": lambda rows: windows(rows, 10, gandalf15),
    "HX711_ADC": lambda rows: windows(rows, 18, hx711_adc),
    "hx711": lambda _: set(),
}
POWER_UP_READS = 6
"""Of each run: five that settle, and the last one, which nothing vouches for."""


def main() -> None:
    if not HX711.exists():
        sys.exit(f"no real recordings at {HX711} (set STEELYARD_RECORDINGS)")
    runs = [rows for path in rocket_files() if (rows := rocket(path)) and corrupt_or_living(rows)]
    reads = sum(len(rows) for rows in runs)
    spoilt = sum(len(corrupt(rows)) for rows in runs)
    print(
        f"{len(runs)} runs, {reads} reads, {sum(len(before_pauses(rows)) for rows in runs)} hidden restarts\n"
    )
    print("| rule | corrupt reads dropped | limit | sound reads dropped | limit | share of the sound |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, rule in RULES.items():
        caught = lost = sound = 0
        for rows in runs:
            bad, doubtful = corrupt(rows), before_pauses(rows) | dead(rows)
            judged = range(POWER_UP_READS - 1, len(rows) - 1)
            dropped = rule(rows)
            caught += len(bad & dropped)
            lost += sum(i in dropped and i not in doubtful for i in judged)
            sound += sum(i not in doubtful for i in judged)
        print(f"| {name} | {caught} of {spoilt} | {spoilt} | {lost} | 0 | {100 * lost / sound:.2f} % |")


def corrupt_or_living(rows: Rows) -> bool:
    """Whether a bridge is behind the run at all: some hold a dead sensor, the same value again and again."""
    values = [counts for _, counts in rows]
    equal = sum(one == other for one, other in itertools.pairwise(values))
    return len(rows) > 100 and equal < len(rows) / 2


if __name__ == "__main__":
    main()
