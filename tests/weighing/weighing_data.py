"""The real recordings as samples and files, and synthetic streams with the chip's own kernel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanEvent, PanFault, Reading
from hardware.loadcell.contract import Fault, Sample

ROOT = Path(os.environ.get("STEELYARD_RECORDINGS", Path(__file__).parents[3] / "shared" / "data"))
HX711 = ROOT / "hx711"
COUNTS_PER_GRAM = 1540.0
"""Of the coffee-scales recordings."""

Row = tuple[float, float]


def need(path: Path) -> Path:
    """The path, or a skip that says what is absent."""
    if not path.exists():
        pytest.skip(f"no real recordings at {path} (set STEELYARD_RECORDINGS)")
    return path


def coffee(name: str) -> list[Row]:
    """``steadystate`` or ``startup``: seconds and counts."""
    lines = need(HX711 / "coffee-scales" / f"{name}_2023_raw.csv").read_text().splitlines()[1:]
    return [(float(t), float(c)) for t, c in (line.split(",") for line in lines)]


def rocket_files() -> list[Path]:
    """Every rocket-buds run; empty where the recordings are absent."""
    return sorted((HX711 / "rocket-buds").glob("*/*.txt"))


def rocket(path: Path) -> list[Row]:
    """UNIX seconds and grams of one run."""
    return [(float(t), float(g)) for t, g in (line.split(";") for line in path.read_text().split())]


def samples(rows: Iterable[Row]) -> list[Sample]:
    return [Sample(round(t * 1e9), c) for t, c in rows]


def write_recording(rows: Iterable[Row], path: Path) -> Path:
    """The rows in the project's recording format."""
    path.write_text("t_s,counts\n" + "".join(f"{t:.7f},{c!r}\n" for t, c in rows))
    return path


def run(pan: Instrument, stream: Iterable[Sample]) -> list[PanEvent]:
    events = [event for sample in stream for event in pan.feed(sample)]
    return events + pan.flush()


def assumed(per_gram: float = 1.0, zero: float | None = None) -> Instrument:
    return Instrument(Calibration.assumed(per_gram), zero=zero)


def readings(events: Iterable[PanEvent]) -> list[Reading]:
    return [event for event in events if isinstance(event, Reading)]


def faults(events: Iterable[PanEvent], kind: Fault | None = None) -> list[PanFault]:
    return [e for e in events if isinstance(e, PanFault) and kind in (None, e.fault)]


def bridge_stream(
    load: Callable[[float], float],
    seconds: float,
    *,
    rate: float = 10.6,
    sigma: float = 30.0,
    seed: int = 1,
    start_s: float = 100.0,
) -> list[Sample]:
    """A live bridge: three-conversion kernel on the load, neighbours correlated by a half, whole codes."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    white = rng.normal(0.0, sigma, count + 1)
    noise = (white[1:] + white[:-1]) / np.sqrt(2.0)
    out = []
    for index in range(count):
        t = index / rate
        seen = sum(load(t - back / rate) for back in (0.3, 1.3, 2.3)) / 3
        out.append(Sample(round((start_s + t) * 1e9), float(round(seen + noise[index]))))
    return out
