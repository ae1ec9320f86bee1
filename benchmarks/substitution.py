"""Substitution against direct weighing: does U hold, and how much smaller is it?

Run: python benchmarks/substitution.py [COMPARISONS]

Pans are drawn by market_cells.py; a load is weighed directly and by turns with an M1 weight near it, of which
nothing is known but its limit.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from market_cells import Bridge, counts  # noqa: E402

from firmware_app.weighing.calibration import Calibration  # noqa: E402
from firmware_app.weighing.instrument import Instrument  # noqa: E402
from firmware_app.weighing.reading import Reading  # noqa: E402
from firmware_app.weighing.substitution import BadComparison, Reference, Turns, compare  # noqa: E402
from hardware.loadcell.contract import Sample  # noqa: E402

M1 = 5e-5
"""Maximum permissible error of a class M1 weight from 100 g up, relative (R 111-1 Table 1)."""


IDLE_S = 90.0
"""The pan has stood empty for so long and knows its noise."""


def _m1(nominal_g: float) -> Reference:
    return Reference(nominal_g, M1 * nominal_g / np.sqrt(3), by_limit=True)


def session(seed: int) -> tuple[float, float, float, float, str] | None:
    """Error and u of ABA, and of the direct reading of the same load, in grams."""
    rng = np.random.default_rng(10_000 + seed)
    rate = 80 if seed % 4 == 0 else 10
    scheme = ("ABA", "ABBA")[seed % 2]
    bridge = Bridge.drawn(rng, rate)
    relative = float(np.exp(rng.uniform(np.log(1e-5), np.log(1e-4))))
    scale = Calibration(
        counts_per_gram=bridge.counts_per_gram * (1 + float(rng.normal(0, relative))),
        relative_standard_uncertainty=relative,
        zero_counts=None,
        capacity_g=bridge.emax_g,
        resolution_g=bridge.emax_g / 3000,
        id="drawn",
        at="2025-05-01T09:00:00+08:00",
        source="drawn",
    )
    nominal = bridge.emax_g * float(rng.uniform(0.05, 0.9))
    weight = nominal * (1 + M1 * float(rng.uniform(-1, 1)))
    load = nominal * (1 + float(rng.uniform(-0.1, 0.1)))
    pan = Instrument(scale, float(rate))
    steps, now = [], IDLE_S
    for turn in scheme:
        stays = float(rng.uniform(8.5, 11))
        steps += [
            (now, weight if turn == "A" else load, float(rng.uniform(0.1, 0.6))),
            (now + stays, 0.0, 0.2),
        ]
        now += stays + float(rng.uniform(3, 6))
    at, codes = counts(bridge, rng, steps, now)
    turns = Turns(scheme, nominal)
    direct: Reading | None = None
    for t, code in zip(at.tolist(), codes.tolist(), strict=True):
        for event in pan.feed(Sample(round((100 + t) * 1e9), code)):
            seen = pan.seen
            if not isinstance(event, Reading) or seen is None:
                continue
            was_b = turns.wants == "B"
            if turns.feed(event.at_ns, event.mass.value, event.stable, seen) and was_b and direct is None:
                direct = event
    if turns.wants is not None or direct is None:
        return None
    try:
        found = compare(scheme, turns.taken, _m1(nominal), scale, pan.difference)
    except BadComparison:
        return None
    return (
        found.mass.value - load,
        found.expanded / 2,
        direct.mass.value - load,
        direct.mass.standard,
        scheme,
    )


def run(comparisons: int, processes: int = 2) -> list[tuple[float, float, float, float, str]]:
    """So many comparisons, less those that never came to rest in time."""
    with multiprocessing.Pool(processes) as pool:
        return [found for found in pool.imap(session, range(comparisons), chunksize=4) if found is not None]


def main() -> None:
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    found = run(asked)
    table = Table("scheme", "comparisons", "U holds, %", "2 rms error / U", "direct U / U, median", "rms")
    for scheme in ("ABA", "ABBA"):
        a = np.array([row[:4] for row in found if row[4] == scheme])
        z = a[:, 0] / a[:, 1]
        table.add_row(
            scheme,
            f"{len(a)}",
            f"{100 * np.mean(np.abs(z) <= 2):.1f}",
            f"{np.sqrt(np.mean(z**2)):.2f}",
            f"{np.median(a[:, 3] / a[:, 1]):.1f}",
            f"{np.sqrt(np.mean(a[:, 2] ** 2) / np.mean(a[:, 0] ** 2)):.1f}",
        )
    console = Console(width=100)
    console.print(table)
    console.print(f"{asked - len(found)} of {asked} did not come to rest in time and gave nothing")


if __name__ == "__main__":
    main()
