"""Does U hold where the rounding of several odd loads averages out? Simulated visits, table of coverage.

A cell of "covered": share of visits in which the true error of the scale lies within the mean ± U (k = 2) as
it was when the visit stopped asking. Run: python benchmarks/odd_loads.py [--visits N] [--json]

Rules this file obeys:

* The appliance's own functions decide: average, guarded, and the limits of the law.
* Sequential as in a visit: two loads, then one more while undecided, six at most; then it stands as it is.
* "Exact" scales err by nothing; "any" by anything up to twice the limit; both show their zero within the
  quarter of an interval that the law allows after zeroing, unless a row says otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware_app.procedures.self_check.odd_loads import MOST, Averaged, OddLoad, average
from firmware_app.uncertainty.decision import Verdict, guarded

VISITS = 20_000
D_G, LIMIT_G = 5.0, Decimal(5)
"""15 kg/5 g of class III in service, below 2.5 kg."""
PAN_U_G = 0.07
"""Standard uncertainty of 1 kg on the pan with a C3 cell (docs/pan-uncertainty.md)."""
AROUND_G, SPREAD = 1000.0, 0.3

Odd = Callable[[random.Random], float]


def uniform(chance: random.Random) -> float:
    return chance.uniform((1 - SPREAD) * AROUND_G, (1 + SPREAD) * AROUND_G)


def same(chance: random.Random) -> float:
    """The same goods again and again, at the worst place: just between two intervals."""
    return AROUND_G + D_G / 2 + chance.gauss(0.0, 0.05)


def clustered(chance: random.Random) -> float:
    """Packs that differ by whole intervals, and hardly by more."""
    return AROUND_G + D_G * chance.randrange(-20, 20) + chance.uniform(0.3, 0.5) * D_G


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulated scale shows a mass. ``noise_d``, ``zero_d``: standard deviation and half width in d."""

    noise_d: float = 0.0
    zero_d: float = 0.25
    error_g: Callable[[random.Random], float] = lambda _: 0.0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came of many visits: shares, and the mean number of loads."""

    covered: float
    conforms: float
    undecided: float
    accused: float
    loads: float


SCALES: dict[str, Scale] = {
    "exact": Scale(zero_d=0.0),
    "exact, zero within ¼ d": Scale(),
    "exact, zero within ½ d": Scale(zero_d=0.5),
    "exact, noise 0.1 d": Scale(noise_d=0.1),
    "exact, noise 0.3 d": Scale(noise_d=0.3),
    "exact, noise 0.5 d": Scale(noise_d=0.5),
    "any": Scale(error_g=lambda chance: chance.uniform(-10.0, 10.0)),
    "any, noise 0.3 d": Scale(noise_d=0.3, error_g=lambda chance: chance.uniform(-10.0, 10.0)),
    "at the limit": Scale(error_g=lambda _: 5.0),
    "at the limit, noise 0.3 d": Scale(noise_d=0.3, error_g=lambda _: 5.0),
}
LOADS: dict[str, Odd] = {"odd": uniform, "alike": same, "nearly alike": clustered}


def visit(scale: Scale, load: Odd, chance: random.Random) -> tuple[Averaged, Verdict, float]:
    """One visit: the mean at its end, its verdict, and the true error."""
    error, zero = scale.error_g(chance), chance.uniform(-scale.zero_d, scale.zero_d) * D_G
    span = chance.gauss(0.0, PAN_U_G)
    readings: list[OddLoad] = []
    while True:
        mass = load(chance)
        exact = mass + error + zero + chance.gauss(0.0, scale.noise_d) * D_G
        shown = (Decimal(exact) / Decimal(D_G)).to_integral_value(ROUND_HALF_EVEN) * Decimal(D_G)
        known = Decimal(repr(mass + span)).quantize(Decimal("0.001"))
        readings.append(OddLoad(indication_g=shown, mass_g=known, standard_g=PAN_U_G))
        if len(readings) < 2:
            continue
        mean = average(readings, Decimal(D_G))
        verdict = guarded(mean.error_g, mean.expanded_g, LIMIT_G)
        if verdict is not Verdict.UNDECIDED or len(readings) == MOST:
            return mean, verdict, error


def measure(scale: Scale, load: Odd, visits: int, seed: int = 1) -> Row:
    """The shares over so many visits."""
    # Reproducible figures, no secret.
    chance = random.Random(seed)
    ends = [visit(scale, load, chance) for _ in range(visits)]

    def share(verdict: Verdict) -> float:
        return sum(each is verdict for _, each, _ in ends) / visits

    return Row(
        covered=sum(abs(float(mean.error_g) - true) <= mean.expanded_g for mean, _, true in ends) / visits,
        conforms=share(Verdict.CONFORMS),
        undecided=share(Verdict.UNDECIDED),
        accused=share(Verdict.DOES_NOT_CONFORM),
        loads=sum(mean.count for mean, _, _ in ends) / visits,
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = {
        (scale, load): measure(SCALES[scale], LOADS[load], arguments.visits)
        for scale in SCALES
        for load in LOADS
    }
    if arguments.json:
        print(
            json.dumps([{"scale": s, "kind": o, **msgspec.to_builtins(row)} for (s, o), row in rows.items()])
        )
        return
    table = Table("scale", "loads", "covered", "conforms", "undecided", "does not", "loads asked for")
    for (scale, load), row in rows.items():
        shares = (f"{100 * share:.2f} %" for share in (row.covered, row.conforms, row.undecided, row.accused))
        table.add_row(scale, load, *shares, f"{row.loads:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
