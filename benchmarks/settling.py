"""Settling and plateaus of the pan and of other filters, on the same samples.

Run: python benchmarks/settling.py

The peers are written anew from how they are described, not installed: a boxcar of 16 + 2 that drops the
smallest and the largest (HX711_ADC), a mean of 15, and a scalar random-walk Kalman filter whose noise is
tuned to its best for the recording (Q = R/100). Settled is from where on all stays within the tolerance.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weighing"), str(ROOT / "benchmarks")]

from market_cells import Bridge, counts  # noqa: E402
from weighing_data import (  # noqa: E402
    COUNTS_PER_GRAM,
    HX711,
    assumed,
    bridge_stream,
    coffee,
    readings,
    rocket,
    rocket_files,
    run,
    samples,
)

Row = tuple[float, float]
Series = list[Row]
ALLAN_FLOOR = 13.7
"""Counts: the lowest Allan deviation of the static log (2.7 s)."""


def ours(rows: Series) -> Series:
    """What the instrument shows of a recording, in its counts."""
    return [(r.at_ns / 1e9, r.counts) for r in readings(run(assumed(1.0, 0.0), samples(rows)))]


def boxcar(rows: Series) -> Series:
    """Mean of the last 18 without the smallest and the largest."""
    ring: deque[float] = deque(maxlen=18)
    out = []
    for t, value in rows:
        ring.append(value)
        if len(ring) == 18:
            out.append((t, (sum(ring) - min(ring) - max(ring)) / 16))
    return out


def mean_of_15(rows: Series) -> Series:
    """Mean of the last 15."""
    ring: deque[float] = deque(maxlen=15)
    out = []
    for t, value in rows:
        ring.append(value)
        if len(ring) == 15:
            out.append((t, statistics.fmean(ring)))
    return out


def kalman(rows: Series) -> Series:
    """Scalar random walk with Q = R/100: after some samples a plain exponential mean."""
    estimate, p, out = rows[0][1], 1.0, []
    for t, value in rows:
        p += 0.01
        gain = p / (p + 1.0)
        estimate += gain * (value - estimate)
        p *= 1 - gain
        out.append((t, estimate))
    return out


FILTERS: dict[str, Callable[[Series], Series]] = {
    "Steelyard": ours,
    "boxcar 16+2": boxcar,
    "mean of 15": mean_of_15,
    "Kalman": kalman,
}


def settled(shown: Series, at_s: float, final: float, tolerance: float, until_s: float) -> float:
    """Seconds from ``at_s`` to the first value from which on all stay within the tolerance of ``final``."""
    inside = [(t, abs(v - final) <= tolerance) for t, v in shown if at_s <= t <= until_s]
    wrong = [t for t, well in inside if not well]
    if not inside:
        return math.inf
    return next((t for t, _ in inside if t > wrong[-1]), math.inf) - at_s if wrong else inside[0][0] - at_s


def simulated(rate: int, tolerance_g: float) -> dict[str, float]:
    """Median over pans and loads: the load is let go, and all but the chip is at rest soon after."""
    times: dict[str, list[float]] = {name: [] for name in FILTERS}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        bridge = Bridge.drawn(rng, rate)
        load = bridge.emax_g * float(rng.uniform(0.02, 0.5))
        at, codes = counts(bridge, rng, [(12.0, load, 0.02)], 22.0)
        rows = [(100 + t, c) for t, c in zip(at.tolist(), codes.tolist(), strict=True)]
        tolerance = max(tolerance_g, bridge.emax_g / 3000 / 2) * bridge.counts_per_gram
        final = statistics.fmean(c for t, c in rows if 114 < t < 117)
        for name, line in FILTERS.items():
            times[name].append(settled(line(rows), 112.0, final, tolerance, 117.0))
    return {name: statistics.median(each) for name, each in times.items()}


def clean(rate: float, sigma: float, tolerance: float) -> dict[str, float]:
    """Median over 40 steps of 300 g on the noise of the coffee scale, ideal cell, ± 0.1 g."""
    times: dict[str, list[float]] = {name: [] for name in FILTERS}
    for seed in range(40):
        at_s = 112.0 + seed * 0.0171
        stream = bridge_stream(
            lambda t, at_s=at_s: 300 * COUNTS_PER_GRAM if t + 100 >= at_s else 0.0,
            22,
            rate=rate,
            sigma=sigma,
            seed=seed,
        )
        rows = [(s.at_ns / 1e9, s.counts) for s in stream if s.counts is not None]
        for name, line in FILTERS.items():
            times[name].append(settled(line(rows), at_s, 300 * COUNTS_PER_GRAM, tolerance, 117.0))
    return {name: statistics.median(each) for name, each in times.items()}


def recorded(recordings: Sequence[Series], least_s: float) -> tuple[dict[str, float], int]:
    """Median over the plateaus of real recordings, from their first conversion at rest, to ± 3σ of one."""
    times: dict[str, list[float]] = {name: [] for name in FILTERS}
    found = 0
    for rows in recordings:
        plateaus = _plateaus(rows, least_s)
        found += len(plateaus)
        lines = {name: line(rows) for name, line in FILTERS.items()} if plateaus else {}
        for at_s, until_s, level, sigma in plateaus:
            for name, shown in lines.items():
                times[name].append(settled(shown, at_s, level, 3 * sigma, until_s))
    return {name: statistics.median(each or [math.nan]) for name, each in times.items()}, found


def _plateaus(rows: Series, least_s: float) -> list[tuple[float, float, float, float]]:
    """With hindsight: stretches at rest that a real move led to: begin, end, level and σ of a conversion."""
    t, v = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    sigma = float(np.quantile(np.abs(np.diff(v)), 0.3) / 0.385)
    out, begin = [], 0
    while sigma > 0 and begin < len(v) - 2:
        end = begin + 1
        while end < len(v) and np.ptp(v[begin : end + 1]) < 8 * sigma:
            end += 1
        moved = begin > 0 and abs(v[begin] - np.median(v[max(0, begin - 12) : begin])) > 40 * sigma
        if t[end - 1] - t[begin] >= least_s and moved:
            out.append((float(t[begin]), float(t[end - 1]), float(np.median(v[begin:end])), sigma))
        begin = end if t[end - 1] - t[begin] >= least_s else begin + 1
    return out


def jitter(shown: Series, window_s: float) -> float:
    """Allan deviation of values ``window_s`` apart, which share no sample."""
    taken: list[float] = []
    next_s = -math.inf
    for t, v in shown:
        if t >= next_s:
            taken.append(v)
            next_s = t + window_s
    return float(np.sqrt(np.mean(np.diff(taken) ** 2) / 2))


def add(table: Table, what: str, figures: dict[str, float], limit: str, unit: str = "s") -> None:
    peers = {name: value for name, value in figures.items() if name != "Steelyard"}
    best = min(peers.values())
    table.add_row(
        what,
        f"{figures['Steelyard']:.2f} {unit}",
        *(f"{value:.2f}" for value in peers.values()),
        limit,
        f"{best / figures['Steelyard']:.1f}",
    )


def main() -> None:
    table = Table("what", *FILTERS, "limit", "best peer / us")
    for rate, sigma in ((11.66, 30.0), (83.0, 55.0)):
        limit = f"{4 / rate + 0.3:.2f}"
        add(table, f"300 g step to ± 0.1 g, {rate:g}/s", clean(rate, sigma, 0.1 * COUNTS_PER_GRAM), limit)
    for rate in (10, 80):
        add(table, f"drawn pans, to ± 0.5 d, {rate} SPS", simulated(rate, 0.0), f"{4 / rate / 1.1 + 0.3:.2f}")
    if HX711.exists():
        static = coffee("steadystate")
        figures = {}
        for name, line in FILTERS.items():
            figures[name] = jitter(line(static), 2.75)
        add(table, "jitter of the static log", figures, "14", "counts")
        real = [rocket(path) for path in rocket_files()]
        figures, found = recorded(real, 2.5)
        add(table, f"{found} real plateaus of rocket-buds, to ± 3σ, 10.5/s", figures, f"{4 / 10.5 + 0.3:.2f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
