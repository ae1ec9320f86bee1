"""Honest uncertainty: how often U (k = 2) holds the truth. Run: python benchmarks/coverage.py [WEIGHINGS]

Each session is a pan drawn by market_cells.py, powered up and used: an empty pan, a load, sometimes another
soon after. Its reading is taken at the moment the instrument says stable, and once more later. The
calibration that the instrument is given is wrong by what it states. Nothing else is told to it.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from market_cells import Bridge, Floats, counts  # noqa: E402

from firmware_app.weighing.calibration import Calibration  # noqa: E402
from firmware_app.weighing.instrument import Instrument  # noqa: E402
from firmware_app.weighing.reading import Reading  # noqa: E402
from hardware.loadcell.contract import Sample  # noqa: E402

LOADS = 2
"""Loads of a session: the first on a fresh instrument, the other on one that has learned its noise."""


class Weighing:
    """One reading with its truth. ``terms``: which term of its budget is the largest."""

    __slots__ = ("fresh", "late", "load", "rate", "ratio", "seed", "share", "term", "u", "warmer")

    def __init__(
        self,
        reading: Reading,
        truth: float,
        rate: int,
        fresh: bool,
        late: float,
        pan: Instrument,
        bridge: Bridge,
    ) -> None:
        self.seed = 0
        self.ratio = (reading.mass.value - truth) / reading.mass.standard
        self.u = reading.mass.standard
        self.load, self.share = truth, truth / bridge.emax_g
        self.rate, self.fresh, self.late = rate, fresh, late
        self.warmer = abs(bridge.air_offset_k)
        terms = pan.terms
        assert terms is not None
        self.term = max(terms.__struct_fields__, key=lambda name: getattr(terms, name))


def session(seed: int) -> list[Weighing]:
    """All weighings of one pan."""
    rng = np.random.default_rng(seed)
    rate = 80 if seed % 2 else 10
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
    pan = Instrument(scale, float(rate))
    steps, truths, now = [], [], float(rng.uniform(3.5, 6))
    # 80 SPS sessions are shorter, or they would take all of the time.
    longest = 120.0 if rate == 10 else 40.0
    for _ in range(LOADS):
        load = bridge.emax_g * float(
            np.exp(rng.uniform(np.log(0.002), 0.0)) if rng.random() < 0.6 else rng.uniform(0.1, 1)
        )
        stays = float(rng.uniform(4, longest) if rng.random() < 0.4 else rng.uniform(3, 10))
        off = now + stays + float(rng.uniform(0.2, 1))
        steps += [(now, load, float(rng.uniform(0.1, 0.8))), (off, 0.0, 0.2)]
        truths.append((now, load, off, float(rng.uniform(min(3.0, stays), stays))))
        now = off + float(rng.uniform(15, 60) if rate == 10 else rng.uniform(10, 30))
    at, codes = counts(bridge, rng, steps, now)
    found = list(_weighed(pan, bridge, rate, at, codes, truths))
    for each in found:
        each.seed = seed
    return found


def _weighed(
    pan: Instrument,
    bridge: Bridge,
    rate: int,
    at: Floats,
    codes: Floats,
    truths: list[tuple[float, float, float, float]],
) -> Iterator[Weighing]:
    waiting = list(truths)
    quick = late = None
    for t, code in zip(at.tolist(), codes.tolist(), strict=True):
        for event in pan.feed(Sample(round((100 + t) * 1e9), code)):
            if not isinstance(event, Reading) or not waiting:
                continue
            since = event.at_ns * 1e-9 - 100
            put, load, off, later = waiting[0]
            if since >= off:
                waiting.pop(0)
                quick = late = None
                continue
            if since < put or not event.stable or abs(event.mass.value - load) > 0.1 * load:
                continue
            fresh = len(waiting) == LOADS
            if quick is None:
                quick = Weighing(event, load, rate, fresh, since - put, pan, bridge)
                yield quick
            elif late is None and since >= put + later:
                late = Weighing(event, load, rate, fresh, since - put, pan, bridge)
                yield late


STRATA = {
    "all": lambda w: w.rate > 0,
    "10 SPS": lambda w: w.rate == 10,
    "80 SPS": lambda w: w.rate == 80,
    "load under 2 % of Max": lambda w: w.share < 0.02,
    "load 2 … 20 % of Max": lambda w: 0.02 <= w.share < 0.2,
    "load over 20 % of Max": lambda w: w.share >= 0.2,
    "within 3 s of the load": lambda w: w.late < 3,
    "3 … 20 s after the load": lambda w: 3 <= w.late < 20,
    "later than 20 s": lambda w: w.late >= 20,
    "fresh (noise assumed)": lambda w: w.fresh,
    "warm (noise learned)": lambda w: not w.fresh,
    "air over 5 K from calibration": lambda w: w.warmer > 5,
    "largest term: noise": lambda w: w.term == "noise",
    "largest term: creep": lambda w: w.term == "creep",
    "largest term: span": lambda w: w.term == "span",
    "largest term: calibration": lambda w: w.term == "calibration",
    "largest term: other": lambda w: w.term in {"drift", "unrest"},
}


def doubt(these: list[Weighing]) -> float:
    """Standard uncertainty of the share that is held; weighings of one pan are not independent."""
    held = np.mean([abs(w.ratio) <= 2 for w in these])
    pans: dict[int, float] = {}
    for w in these:
        pans[w.seed] = pans.get(w.seed, 0.0) + (abs(w.ratio) <= 2) - held
    return float(np.sqrt(np.sum(np.square(list(pans.values())))) / len(these))


def run(weighings: int, processes: int = 2, seed: int = 0) -> list[Weighing]:
    """At least so many weighings."""
    out: list[Weighing] = []
    with multiprocessing.Pool(processes) as pool:
        for found in pool.imap(session, range(seed, seed + 10 * weighings), chunksize=2):
            out += found
            if len(out) >= weighings:
                pool.terminate()
                break
    return out


def main() -> None:
    weighings = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    found = run(weighings)
    table = Table("stratum", "weighings", "pans", "U (k = 2) holds, %", "rms error / u", "median U, g")
    for name, belongs in STRATA.items():
        these = [w for w in found if belongs(w)]
        if these:
            ratio = np.array([w.ratio for w in these])
            table.add_row(
                name,
                f"{len(these)}",
                f"{len({w.seed for w in these})}",
                f"{100 * np.mean(np.abs(ratio) <= 2):.1f} ± {100 * doubt(these):.1f}",
                f"{np.sqrt(np.mean(ratio**2)):.2f}",
                f"{2 * np.median([w.u for w in these]):.3f}",
            )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
