"""Every scheduled fault, for our drivers and for other people's libraries: what is released, said and hung.

    pip install -e '.[dev,benchmarks-hx711]' && pip install --no-deps adafruit-circuitpython-hx711==1.1.2
    python benchmarks/faults.py [NAME OF A FAULT]

One load at rest and the same strikes for all (tests/hardware_loadcell/hardware_loadcell_trials.py). Of ours
every value that the pan shows, filter included, and in brackets those shown as stable: verdicts rest on them.
Of the others what their reading call returns. A cell: wrong values / calls that hang / longest time from a
strike to a fault that was said. Wrong: 150 counts (0.1 g of the recorded 1 kg cell, seven σ) off what this
reader gives of the load when all is well. A call hangs when it takes over 1.2 s, twelve conversions. "never":
nothing is said of a line that is broken.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "hardware_loadcell"), str(ROOT / "benchmarks")]

from hardware_loadcell_readers import DRIVERS  # noqa: E402
from hardware_loadcell_trials import TRIALS, Trial, World, resting  # noqa: E402
from peers import Call, installed  # noqa: E402

from firmware_app.weighing.calibration import Calibration  # noqa: E402
from firmware_app.weighing.instrument import Instrument  # noqa: E402
from firmware_app.weighing.reading import PanFault, Reading  # noqa: E402
from hardware.loadcell.clock import SECOND  # noqa: E402

COUNTS_PER_GRAM = 1540.0
WRONG_COUNTS = 150
SETTLED_S = 1.5
"""What is given sooner after the start is judged in the trial of the cold start only."""
COLD = Trial("cold start")
HANG_S = 1.2
LIMIT = "0 / 0 / 1.2 s"
OURS = ("spi", "gpio", "iio buffer", "library")

Reader = Callable[[World], list[Call]]


@dataclass(frozen=True)
class Cell:
    """What one reader made of one trial."""

    wrong: int
    firm: int | None
    hangs: int
    slowest_s: float | None
    never: bool

    def plus(self, other: Cell) -> Cell:
        slowest = max((s for s in (self.slowest_s, other.slowest_s) if s is not None), default=None)
        firm = None if self.firm is None else self.firm + (other.firm or 0)
        return Cell(
            self.wrong + other.wrong, firm, self.hangs + other.hangs, slowest, self.never or other.never
        )

    def __str__(self) -> str:
        said = "never" if self.never else "–" if self.slowest_s is None else f"{self.slowest_s:.2f} s"
        firm = "" if self.firm is None else f" ({self.firm})"
        return f"{self.wrong}{firm} / {self.hangs} / {said}"


def ours(name: str) -> tuple[int, Reader]:
    """One of our drivers with the pan behind it, as a library that is called."""
    driver = DRIVERS[name]

    def run(world: World) -> list[Call]:
        pan = Instrument(Calibration.assumed(COUNTS_PER_GRAM), zero=0.0)
        calls = []
        for read in driver.run(world):
            events = pan.feed(read.sample)
            shown = [event for event in events if isinstance(event, Reading)]
            stated = any(isinstance(event, PanFault) for event in events)
            firm = tuple(reading.counts for reading in shown if reading.stable)
            values = tuple(reading.counts for reading in shown)
            calls.append(Call(read.begun_ns, read.ended_ns, values, stated, firm))
        return calls

    return driver.rate_hz, run


def level(rate_hz: int, run: Reader, gain: int) -> float:
    """What this reader gives of the load when all is well: its user would calibrate with that."""
    calls = run(World(Trial("well", seconds=8.0, gain=gain), rate_hz, resting))
    return statistics.median([value for call in calls[2:] for value in call.values])


def cell(trial: Trial, rate_hz: int, run: Reader, right: float) -> Cell:
    world = World(trial, rate_hz, resting)
    calls = run(world)
    end_ns = round(world.seconds * SECOND)
    settled_ns = 0 if trial is COLD else SETTLED_S * SECOND
    late_calls = [call for call in calls if (call.ended_ns or 0) > settled_ns]
    wrong = sum(abs(value - right) > WRONG_COUNTS for call in late_calls for value in call.values)
    firm = sum(abs(value - right) > WRONG_COUNTS for call in late_calls for value in call.firm or ())
    hangs = sum((call.ended_ns or end_ns) - call.begun_ns > HANG_S * SECOND for call in calls)
    strikes = world.strikes_ns()
    stated = [call.ended_ns for call in calls if call.stated and call.ended_ns is not None]
    late, unsaid = [], 0
    for strike, following in zip(strikes, [*strikes[1:], end_ns][: len(strikes)], strict=True):
        said = [at_ns - strike for at_ns in stated if strike <= at_ns < following]
        late += said[:1]
        unsaid += not said
    has_firm = any(call.firm is not None for call in calls)
    return Cell(
        wrong,
        firm if has_firm else None,
        hangs,
        max(late) / SECOND if late else None,
        trial.lasting and bool(unsaid),
    )


def main() -> None:
    readers: dict[str, tuple[int, Reader]] = {name: ours(name) for name in OURS}
    peers = installed()
    readers |= {name: (10, run) for name, run in peers.items()}
    levels = {(name, gain): level(*readers[name], gain) for name in readers for gain in (128, 64)}
    total = {name: Cell(0, 0 if name in OURS else None, 0, None, False) for name in readers}
    print(f"| fault | {' | '.join(OURS)} | limit | {' | '.join(peers)} | wrong, spi : best peer |")
    print(f"|---|{'---|' * (len(readers) + 2)}")
    for trial in (COLD, *TRIALS):
        if len(sys.argv) > 1 and sys.argv[1] not in trial.name:
            continue
        row = {}
        for name, (rate_hz, run) in readers.items():
            row[name] = cell(trial, rate_hz, run, levels[name, trial.gain])
            total[name] = total[name].plus(row[name])
        us = " | ".join(str(row[name]) for name in OURS)
        them = " | ".join(str(row[name]) for name in peers)
        best = min(row[name].wrong for name in peers)
        print(f"| {trial.name} | {us} | {LIMIT} | {them} | {row['spi'].wrong} : {best} |", flush=True)
    us, them = (" | ".join(str(total[name]) for name in names) for names in (OURS, peers))
    best = min(total[name].wrong for name in peers)
    print(f"| **all** | {us} | {LIMIT} | {them} | {total['spi'].wrong} : {best} |")


if __name__ == "__main__":
    main()
