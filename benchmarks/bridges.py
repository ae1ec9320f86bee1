"""Several corners under one plate: error of the sum while a load rolls over it, and the cost of aligning.

    python benchmarks/bridges.py

5 kg roll from the middle of a simulated plate to above a corner within half a second. The cells differ by up
to 3 % and are trimmed; each has a chip with an oscillator of its own, read by the SPI driver. The peer takes
the newest conversion of every corner.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hardware.loadcell.alignment import Aligner
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import Sample
from hardware.loadcell.simulated import SimulatedOptions
from hardware.loadcell.simulated_platform import Platform, shares

MS = 1_000_000
LOAD_G, COUNTS_PER_GRAM = 5000.0, 75.0
ROLLS_AT_S, ROLLS_FOR_S, END_S = 5.0, 0.5, 6.0
ALIGNED = 80_000


def rolling(rate_hz: int) -> tuple[list[float], list[float]]:
    """Errors in grams on the way: of the newest conversions, and of the aligned ones."""
    clocks = [VirtualClock(SECOND) for _ in range(4)]
    corner_options = SimulatedOptions(seed=7, noise=0.2, rate_hz=rate_hz, load_g=LOAD_G)  # type: ignore[arg-type]
    platform = Platform([corner_options] * 4, clocks)
    for corner, cell in enumerate(platform.cells):
        for step in range(1, 501):
            place = (0.8 * step / 500, 0.8 * step / 500)
            cell.put_at(LOAD_G * shares(4, place)[corner], round(ROLLS_AT_S * SECOND) + step * MS)
    even = statistics.harmonic_mean(platform.sensitivities)
    trims = [even / each for each in platform.sensitivities]
    aligner = Aligner(trims, float(rate_hz))
    latest: dict[int, float] = {}
    newest: list[tuple[float, float]] = []
    told: list[tuple[float, float]] = []
    while (now_s := max(clock.now_ns() for clock in clocks) / SECOND - 1) < END_S:
        corner = min(range(4), key=lambda n: clocks[n].now_ns())
        sample = platform.cells[corner].read()
        if sample.counts is not None:
            latest[corner] = sample.counts
        if corner == 0 and len(latest) == 4:
            newest.append((now_s, statistics.fmean(trims[n] * latest[n] for n in range(4))))
        told += [
            (s.at_ns / SECOND - 1, s.counts) for s in aligner.feed(corner, sample) if s.counts is not None
        ]
    rest = statistics.fmean(counts for at_s, counts in told if 3 < at_s < ROLLS_AT_S - 0.2)

    def errors(stream: list[tuple[float, float]]) -> list[float]:
        return [
            abs(counts - rest) / COUNTS_PER_GRAM
            for at_s, counts in stream
            if ROLLS_AT_S - 0.05 < at_s < ROLLS_AT_S + ROLLS_FOR_S + 0.3
        ]

    return errors(newest), errors(told)


def cost() -> float:
    """Processor seconds to align one sample."""
    chance = random.Random(1)
    heard = sorted(
        (round(SECOND * (1 + n / rate)), corner, chance.gauss(84_000, 39))
        for corner, rate in enumerate((80, 84.3, 88.6, 93))
        for n in range(ALIGNED // 4)
    )
    aligner = Aligner([1.0] * 4, 80.0)
    begun = time.process_time()
    for at_ns, corner, counts in heard:
        aligner.feed(corner, Sample(at_ns, counts))
    return (time.process_time() - begun) / len(heard)


def main() -> None:
    print("| what | newest of each corner | aligned |")
    print("|---|---:|---:|")
    for rate_hz in (80, 10):
        newest, told = rolling(rate_hz)
        print(f"| largest error on the way at {rate_hz}/s, g | {max(newest):.0f} | {max(told):.1f} |")
        print(
            f"| mean error on the way at {rate_hz}/s, g | {statistics.fmean(newest):.1f} "
            f"| {statistics.fmean(told):.2f} |"
        )
    each = cost()
    print(f"| aligning one sample, µs | – | {each * 1e6:.0f} |")
    print(f"| four corners at 80/s, % of one core | – | {each * 346 * 100:.2f} |")


if __name__ == "__main__":
    main()
