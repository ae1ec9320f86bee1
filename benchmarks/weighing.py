"""Weighing on the real recordings: one table of us and the limit. Run: python benchmarks/weighing.py"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "weighing")]

from weighing_data import (  # noqa: E402
    COUNTS_PER_GRAM,
    HX711,
    assumed,
    bridge_stream,
    coffee,
    faults,
    readings,
    rocket,
    rocket_files,
    run,
    samples,
)

from firmware_app.weighing.gate import Gate  # noqa: E402
from hardware.loadcell.contract import Fault, Sample  # noqa: E402


def resets() -> tuple[int, int, int, int]:
    """Hidden resets told and present, other gaps told without cause, and reads."""
    told = present = false = reads = 0
    for path in rocket_files():
        rows = rocket(path)
        gaps = np.diff([t for t, _ in rows]) / np.median(np.diff([t for t, _ in rows]))
        truth = {round(rows[i][0] * 1e9) for i in np.flatnonzero((gaps > 4.3) & (gaps < 4.6))}
        events = run(assumed(), samples(rows))
        found = {event.dropped_at_ns for event in faults(events, Fault.RESET)}
        told += len(found & truth)
        present += len(truth)
        false += len(found - truth)
        false += len(faults(events, Fault.LATE)) + len(faults(events, Fault.BAD_TRANSFER))
        reads += len(rows)
    return told, present, false, reads


def spikes() -> tuple[int, int]:
    """Isolated spikes right before a pause (corrupt reads): dropped, and present in the living runs."""
    dropped = present = 0
    for path in rocket_files():
        rows = rocket(path)
        times, grams = np.array([t for t, _ in rows]), np.array([g for _, g in rows])
        gaps = np.diff(times) / np.median(np.diff(times))
        noise = np.median(np.abs(np.diff(grams)))
        gate = Gate()
        passed = [event for sample in samples(rows) for event in gate.feed(sample)]
        released = {event.at_ns for event in passed if isinstance(event, Sample)}
        for i in range(2, len(rows) - 2):
            neighbours = np.median(grams[[i - 2, i - 1, i + 1, i + 2]])
            around = np.ptp(grams[[i - 2, i - 1, i + 1, i + 2]])
            if gaps[i] > 4.3 and noise > 0 and abs(grams[i] - neighbours) > 10 * noise + 2 * around:
                present += 1
                dropped += round(times[i] * 1e9) not in released
    return dropped, present


def jitter() -> float:
    """Allan deviation of neighbouring 2.5 s means on the static log, in counts."""
    means = [r.counts for r in readings(run(assumed(), samples(coffee("steadystate"))))]
    return float(np.sqrt(np.mean(np.diff(means[::30]) ** 2) / 2))


def settling(rate: float, sigma: float) -> tuple[float, float]:
    """Seconds after a 300 g step until ±0.1 g for good, and until stable: median of 20 steps."""
    right, stable = [], []
    for seed in range(20):
        stream = bridge_stream(
            lambda t: 300 * COUNTS_PER_GRAM if t >= 15 else 0.0, 20, rate=rate, sigma=sigma, seed=seed
        )
        shown = readings(run(assumed(COUNTS_PER_GRAM, 0.0), stream))
        after = [(r.at_ns / 1e9 - 115.0, r) for r in shown if r.at_ns > 115 * 10**9]
        wrong = [t for t, r in after if abs(r.mass.value - 300) > 0.1]
        right.append(max(wrong, default=0.0) + 1 / rate)
        stable.append(next(t for t, r in after if r.stable and t > 2 / rate))
    return float(np.median(right)), float(np.median(stable))


def replay(stream: list[Sample]) -> float:
    """Samples a second of processor time, whatever else the machine does."""
    begin = time.process_time()
    run(assumed(), stream)
    return len(stream) / (time.process_time() - begin)


def main() -> None:
    if not HX711.exists():
        sys.exit(f"no real recordings at {HX711} (set STEELYARD_RECORDINGS)")
    table = Table("what", "Steelyard", "limit or peer")
    told, present, false, reads = resets()
    table.add_row(f"hidden resets told, in {reads} reads", f"{told}/{present}", "all")
    table.add_row("false resets, late or garbled reads", str(false), "0")
    dropped, spiked = spikes()
    table.add_row("corrupt reads dropped", f"{dropped}/{spiked}", "all")
    table.add_row("jitter of the plateau, counts", f"{jitter():.1f}", "13.7 (Allan floor)")
    for rate, sigma in ((11.66, 30.0), (83.0, 55.0)):
        right, stable = settling(rate, sigma)
        table.add_row(f"300 g step to ±0.1 g at {rate:g}/s, s", f"{right:.2f}", "1.55 (boxcar at 11.66)")
        table.add_row(f"300 g step to stable at {rate:g}/s, s", f"{stable:.2f}", "1 + 4 conversions")
    table.add_row(
        "replay at 11.66/s, samples a CPU second", f"{replay(samples(coffee('steadystate'))):,.0f}", ""
    )
    fast = bridge_stream(lambda t: 1e5 * (t % 40 > 20), 240, rate=83.0, sigma=55.0)
    table.add_row("replay at 83/s, samples a CPU second", f"{replay(fast):,.0f}", "80 live")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
