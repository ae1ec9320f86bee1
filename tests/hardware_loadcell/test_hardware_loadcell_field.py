"""The simulated chip against what real chips did on Raspberry Pis: the pauses, what is before and after them.

The same is asked of both: of the recordings as their logger wrote them, and of a simulated chip that is read
by a program which is pushed aside now and then. Statistics are compared, not single reads.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from hardware.loadcell.clock import SECOND
from hardware.loadcell.simulated_chip import SimulatedChip

RECORDINGS = Path(os.environ.get("STEELYARD_RECORDINGS", Path(__file__).parents[3] / "shared" / "data"))
RUNS = RECORDINGS / "hx711" / "rocket-buds"
PERIOD_NS = 95_200_000
PAUSE_PERIODS = 1.5

Rows = list[tuple[float, float]]


@pytest.fixture(scope="module")
def recorded() -> list[Rows]:
    if not RUNS.exists():
        pytest.skip(f"no recordings: {RUNS} is absent (set STEELYARD_RECORDINGS)")
    return [
        [(float(t), float(g)) for t, g in (line.split(";") for line in path.read_text().split())]
        for path in sorted(RUNS.glob("*/*.txt"))
    ]


@pytest.fixture(scope="module")
def simulated() -> list[Rows]:
    """Six runs of 1500 reads, bit-banged, pushed aside at one edge in two thousand, high or low."""
    return [pushed_aside(seed) for seed in range(6)]


def pushed_aside(seed: int) -> Rows:
    chance = random.Random(seed)
    # what a real part's oscillator and a logger that polls scatter by
    chip = SimulatedChip(
        lambda *_: 200_000 + chance.gauss(0, 40),
        lambda: round(chance.gauss(PERIOD_NS, 20_000)),
        cold_tail=(915.0, 939.0, 903.0, 443.0, 69.0),
    )
    rows, at_ns = [], 0
    for _ in range(1500):
        while chip.dout(at_ns):
            _, at_ns = chip.dout_run(at_ns)
        at_ns += round(abs(chance.gauss(0, 50_000)))
        ready_ns, code = at_ns, 0
        for _pulse in range(25):
            chip.set_sck(1, at_ns)
            at_ns += 3_000 + aside(chance)
            chip.set_sck(0, at_ns)
            at_ns += 3_000 + aside(chance)
            code = code << 1 | chip.dout(at_ns)
        code >>= 1
        rows.append((ready_ns / SECOND, float(code - (code >> 23 << 24))))
    return rows[5:]


def aside(chance: random.Random) -> int:
    """Short: a pause of the field holds the time for which the program was away, and hardly scatters."""
    return chance.randrange(65_000, 150_000) if chance.random() < 5e-4 else 0


def pauses(runs: list[Rows]) -> np.ndarray:
    """Every pause, in periods of its run."""
    found = []
    for rows in runs:
        distances = np.diff([t for t, _ in rows])
        periods = distances / np.median(distances)
        found += list(periods[periods > PAUSE_PERIODS])
    return np.array(found)


def spikes(runs: list[Rows]) -> tuple[int, int]:
    """Isolated spikes right before a pause, and right after one."""
    before = after = 0
    for rows in runs:
        distances = np.diff([t for t, _ in rows])
        paused = distances > PAUSE_PERIODS * np.median(distances)
        values = np.array([value for _, value in rows])
        noise = np.median(np.abs(np.diff(values)))
        for i in range(2, len(rows) - 2):
            around = values[[i - 2, i - 1, i + 1, i + 2]]
            if noise and abs(values[i] - np.median(around)) > 10 * noise + 2 * np.ptp(around):
                before += bool(paused[i])
                after += bool(paused[i - 1] and not paused[i])
    return before, after


def quartiles(runs: list[Rows]) -> tuple[np.ndarray, np.ndarray]:
    """Of the step to the next read, in σ of a step: from the first read after a pause, and from others."""
    first, other = [], []
    for rows in runs:
        distances = np.diff([t for t, _ in rows])
        paused = distances > PAUSE_PERIODS * np.median(distances)
        steps = np.diff([value for _, value in rows])
        sigma = 1.4826 * np.median(np.abs(steps - np.median(steps)))
        if not sigma:
            continue
        for i in range(1, len(steps) - 1):
            if paused[i - 1]:
                first.append(-steps[i] / sigma)
            elif not paused[i]:
                other.append(-steps[i] / sigma)
    return np.percentile(first, [25, 75]), np.percentile(other, [25, 75])


def test_pauses_last_as_long_as_in_the_field(recorded, simulated):
    real, ours = pauses(recorded), pauses(simulated)

    assert len(real) == 89 and len(ours) > 40
    assert (round(real.mean(), 3), round(real.std(), 3)) == (4.448, 0.003)
    assert real.min() > 4.435 and real.max() < 4.457
    assert abs(ours.mean() - real.mean()) < 0.003
    assert ours.std() == pytest.approx(real.std(), abs=0.002)
    assert ours.min() > 4.43 and ours.max() < 4.46


def test_corrupt_reads_stand_before_the_pauses_and_never_after(recorded, simulated):
    for runs, least in ((recorded, 30), (simulated, 20)):
        before, after = spikes(runs)

        assert before >= least
        assert after == 0
        # and not each pause has one: the rest of the bits may have been ones anyway
        assert before < len(pauses(runs))


def test_first_read_after_a_pause_scatters_like_any_other(recorded, simulated):
    """No tail follows a brief restart, as it follows a cold start."""
    for runs in (recorded, simulated):
        first, other = quartiles(runs)

        assert np.abs(first - other).max() < 0.35
        assert (np.abs(first) < 1.0).all()
