"""A cell whose law is known, and points taken of it."""

from __future__ import annotations

import math
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from firmware_app.calibrating.points import Direction, Point

TODAY = date(2026, 11, 23)
RECORDINGS = Path(
    os.environ.get("STEELYARD_RECORDINGS", Path(__file__).resolve().parents[2].parent / "shared" / "data")
)


def real(name: str) -> Path:
    """A real file of grams against counts; skips where the recordings are absent."""
    path = RECORDINGS / "hx711" / "fare-ke" / name
    if not path.exists():
        pytest.skip(f"no recordings at {RECORDINGS}")
    return path


class Cell:
    """15 kg, 300 counts/g: bend, hysteresis loop, creep and noise as shares of the range or in counts.

    ``scale``: relative error that the reference weights have together (they share a laboratory).
    """

    def __init__(
        self,
        seed: int,
        *,
        bend: float = 2e-4,
        loop_g: float = 0.6,
        creep: float = 2e-5,
        noise: float = 20.0,
        placing_g: float = 0.15,
        highest_g: float = 15_000.0,
        per_gram: float = 300.0,
        scale: float = 0.0,
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.bend, self.loop_g, self.creep = bend, loop_g, creep
        self.noise, self.placing_g = noise, placing_g
        self.highest_g, self.per_gram, self.scale = highest_g, per_gram, scale
        self.zero = 84_000.0

    def counts(self, load_g: float, direction: Direction, minutes: float = 0.0) -> float:
        """What a reading at rest says of a true load."""
        share = load_g / self.highest_g
        # 4·bend·f(1−f): the terminal-based non-linearity whose greatest value is ``bend`` of the range.
        grams = load_g + 4 * self.bend * self.highest_g * share * (1 - share)
        side = {Direction.UP: -0.5, Direction.DOWN: 0.5, Direction.UNKNOWN: 0.0}[direction]
        grams += side * self.loop_g * 4 * share * (1 - share)
        grams += self.creep * load_g * (1 - math.exp(-minutes / 10))
        grams += self.random.normal(0, self.placing_g) if load_g else 0.0
        return self.zero + self.per_gram * grams + self.random.normal(0, self.noise)

    def points(self, loads: int = 5, *, stated: bool = True, both: bool = True) -> list[Point]:
        """A calibration: empty, up to the highest, down again; the weights wrong by ``scale`` together."""
        shares = [n / loads for n in range(loads + 1)]
        walk = [(share, Direction.UP) for share in shares]
        if both:
            walk += [(share, Direction.DOWN) for share in reversed(shares[:-1])]
        return [
            Point(
                row=number,
                load_g=share * self.highest_g,
                load_u_g=share * self.highest_g * 1.7e-5,
                counts=self.counts(share * self.highest_g * (1 + self.scale), direction, 0.5),
                counts_u=self.noise if stated else None,
                direction=direction,
            )
            for number, (share, direction) in enumerate(walk, start=1)
        ]
