"""A guided calibration without I/O: which loads to put on, when a reading may be taken, what is kept.

Rules this file obeys:

* Up and down over the whole range, the empty pan first and last: only so is hysteresis known.
* A reading is taken at rest, over a time in which neither a fault nor unrest was seen.
* The loads come from the weights at hand that are in date; the choice depends on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np

from firmware_app.calibrating.points import Direction, Point, Refused
from firmware_app.quantity import Grams
from firmware_app.standards.sets import Piece
from firmware_app.weighing.calibration import Calibration, UsedWeight
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import Reading, WhyNot
from hardware.loadcell.contract import BridgeInfo, Fault, Sample

LOADS = 5
"""EURAMET cg-18 5.2.1: at least five loads spread evenly over the range, beside the empty pan."""
MOST_PIECES = 20
MOST_SUMS = 20_000
HOLD_S = 5.0
"""Twice the Allan minimum of a cheap cell (2.7 s): long enough to see drift, too short to average it."""
MOST_RAW = 64
"""Conversions that may wait for the next one to vouch for them; the gate lets go of each after one."""
BATCHES = 5
FEW = 1.42
"""Student's t over its limit for the five batches: 2.78/1.96."""


class Step(msgspec.Struct, frozen=True):
    """One load to put on, made up of ``pieces``, reached by loading or by unloading."""

    load_g: Grams
    pieces: tuple[Piece, ...]
    direction: Direction

    @property
    def u_g(self) -> float:
        """Σ uᵢ, not in quadrature (EURAMET cg-18 7.1.2)."""
        return math.fsum(piece.standard_g for piece in self.pieces)

    @property
    def mass_g(self) -> float:
        """The conventional mass together."""
        return float(sum((piece.mass_g for piece in self.pieces), Decimal(0)))


def plan(pieces: Sequence[Piece], capacity_g: Grams, on: date, loads: int = LOADS) -> tuple[Step, ...]:
    """The steps: empty, rising to the highest, falling, empty; raises Refused where no weights serve."""
    usable = sorted((p for p in pieces if not p.unusable(on)), key=lambda p: (-p.nominal_g, p.id))
    if not usable:
        raise Refused("no weight has a certificate in date: have a set verified first")
    sums = _sums(usable[:MOST_PIECES], capacity_g)
    highest = max(sums, default=Decimal(0))
    chosen: dict[Grams, tuple[Piece, ...]] = {}
    for number in range(1, loads + 1):
        wanted = highest * number / loads
        near = sorted(sums, key=lambda mass: (abs(mass - wanted), len(sums[mass]), mass))
        load = next((mass for mass in near if mass not in chosen), None)
        if load is not None:
            chosen[load] = sums[load]
    if len(chosen) < 2:
        raise Refused(
            f"the weights in date make {len(chosen)} load up to {capacity_g} g: two at least are needed"
        )
    rising = [Step(load, chosen[load], Direction.UP) for load in sorted(chosen)]
    falling = [Step(step.load_g, step.pieces, Direction.DOWN) for step in reversed(rising[:-1])]
    empty = Decimal(0)
    return (Step(empty, (), Direction.UP), *rising, *falling, Step(empty, (), Direction.DOWN))


def _sums(pieces: Sequence[Piece], capacity_g: Grams) -> dict[Grams, tuple[Piece, ...]]:
    """Every load within Max, each of the fewest pieces; heavy pieces first, so a bound loses small change."""
    sums: dict[Grams, tuple[Piece, ...]] = {Decimal(0): ()}
    for piece in pieces:
        for mass, made in list(sums.items()):
            more = mass + piece.nominal_g
            if more <= capacity_g and (more not in sums or len(sums[more]) > len(made) + 1):
                sums[more] = (*made, piece)
        if len(sums) > MOST_SUMS:
            break
    del sums[Decimal(0)]
    return sums


def used_weights(steps: Sequence[Step]) -> tuple[UsedWeight, ...]:
    """Every piece of the steps once, as the calibration keeps it."""
    pieces = {piece.id: piece for step in steps for piece in step.pieces}
    return tuple(
        UsedWeight(
            id=piece.id,
            weight_class=piece.weight_class,
            nominal_g=float(piece.nominal_g),
            u_g=piece.standard_g,
            certificate=piece.certificate,
            valid_to=piece.valid_to,
        )
        for piece in pieces.values()
    )


class Taken(msgspec.Struct, frozen=True):
    """A reading at rest: mean counts, their standard uncertainty, the time of its end."""

    counts: float
    u: float
    at_s: float


class Waiting(msgspec.Struct, frozen=True):
    """Why there is no reading yet, and how much of the time at rest has passed (0 … 1)."""

    why: WhyNot | Fault | None
    share: float


class Taker:
    """Watches the bridge and takes a reading once it has been at rest for ``HOLD_S``.

    >>> taker = Taker()
    >>> for sample in samples: answer = taker.feed(sample)      # doctest: +SKIP
    """

    def __init__(self, hold_s: float = HOLD_S) -> None:
        # Any scale will do: only rest and faults are asked for, and the counts are taken as they are.
        self._pan = Instrument(Calibration.assumed(1.0), zero=0.0, tracking=False)
        self._hold_ns = round(hold_s * 1e9)
        self._held: list[tuple[int, float]] = []
        self._raw: dict[int, float] = {}
        self._why: WhyNot | Fault | None = WhyNot.SETTLING

    def begin(self) -> None:
        """Forgets what was held: another load is on its way."""
        self._held.clear()
        self._why = WhyNot.SETTLING

    def bridge(self, info: BridgeInfo) -> None:
        """The word about the bridge: a new session or rate begins anew."""
        if self._pan.restart(info):
            self.begin()

    def feed(self, sample: Sample) -> Taken | Waiting:
        """What follows from one more sample."""
        if sample.counts is not None:
            self._raw[sample.at_ns] = float(sample.counts)
            while len(self._raw) > MOST_RAW:
                del self._raw[next(iter(self._raw))]
        return self._after(self._pan.feed(sample), sample.at_ns)

    def tick(self, now_ns: int) -> Taken | Waiting:
        """What follows from the passing of time."""
        return self._after(self._pan.tick(now_ns), now_ns)

    def _after(self, events: Sequence[object], at_ns: int) -> Taken | Waiting:
        for event in events:
            if isinstance(event, Reading):
                self._why = event.why_not
                # The conversion itself, vouched for by the one after it: a filtered figure holds its past.
                if event.stable and event.at_ns in self._raw:
                    self._held.append((event.at_ns, self._raw[event.at_ns]))
                else:
                    self._held.clear()
            else:
                self._held.clear()
                self._why = getattr(event, "fault", None)
        length = self._held[-1][0] - self._held[0][0] if self._held else 0
        if length < self._hold_ns:
            return Waiting(self._why, length / self._hold_ns)
        counts = np.array([each for _, each in self._held])
        self._held.clear()
        means = np.array([float(np.mean(part)) for part in np.array_split(counts, BATCHES)])
        drift = abs(float(means[-1] - means[0]))
        u = math.hypot(FEW * float(np.std(means, ddof=1)) / math.sqrt(BATCHES), drift / math.sqrt(12))
        # Rounding to whole counts is the least that is not known (JCGM 100 F.2.2.1).
        return Taken(float(np.mean(counts)), math.hypot(u, 1 / math.sqrt(12)), at_ns * 1e-9)


def point_of(step: Step, taken: Taken, row: int, temperature_c: float | None = None) -> Point:
    """The point that a reading of a step makes."""
    return Point(
        row=row,
        load_g=step.mass_g,
        load_u_g=step.u_g,
        counts=taken.counts,
        counts_u=taken.u,
        direction=step.direction,
        at_s=taken.at_s,
        temperature_c=temperature_c,
        pieces=tuple(piece.id for piece in step.pieces),
    )
