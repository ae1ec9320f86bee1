"""Computes what the pan may judge and writes hardware/docs/capability.md.

    python tools/draw_capability.py           writes the page
    python tools/draw_capability.py --check   exit 1 where the page is out of date

Rules this file obeys:

* No figure of the page is typed: a simulated C3 cell is calibrated by the guided procedure with weights of a
  class, then weighed on, and U is what the instrument itself states; limits come from the packs.
* --check holds every word and every verdict, and figures to 5 %: the last digit of a simulation is no promise.
"""

# ruff: noqa: E501  (a row of a table is one line)

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from firmware_app.calibrating.calibrate import calibrate  # noqa: E402
from firmware_app.calibrating.guard import Range  # noqa: E402
from firmware_app.calibrating.session import Taken, Taker, plan, point_of, used_weights  # noqa: E402
from firmware_app.cli.calibrate import CELL_SHARE  # noqa: E402
from firmware_app.quantity import show_mass  # noqa: E402
from firmware_app.rules.mpe import Instrument as Scale  # noqa: E402
from firmware_app.rules.mpe import mpe  # noqa: E402
from firmware_app.rules.pack import pack_in_force  # noqa: E402
from firmware_app.rules.retail_rows import RetailPack  # noqa: E402
from firmware_app.rules.retail_table import BETTER_SCALE, condition  # noqa: E402
from firmware_app.rules.rows import (  # noqa: E402
    NawiPack,
    Stage,
    WeightsPack,
)
from firmware_app.rules.weights import weight_mpe  # noqa: E402
from firmware_app.standards.sets import Piece  # noqa: E402
from firmware_app.weighing.calibration import Calibration  # noqa: E402
from firmware_app.weighing.instrument import Instrument  # noqa: E402
from firmware_app.weighing.reading import Reading  # noqa: E402
from firmware_app.weighing.substitution import MOST_DIFFERENCE, Reference, expected  # noqa: E402
from hardware.loadcell.contract import Sample  # noqa: E402
from hardware.loadcell.simulated_cell import Physics, SimulatedCell  # noqa: E402

PAGE = ROOT / "hardware" / "docs" / "capability.md"
TOLERANCE = 0.05

ON = date(2026, 11, 1)
"""The day whose law counts and on which the certificates are valid."""
MAX_G, D_G, RATE_HZ, PART_HZ = 15_000, Decimal("0.1"), 80, 82.03
NOMINALS = ("10000", "5000", "2000", "2000", "1000", "500", "200", "200", "100")
CLASSES = ("M1", "F2")
ECCENTRIC_G, ECCENTRIC_LOAD_G = 0.5, 5000
"""Difference of the corners that the corner test leaves, a tenth of d = 5 g at Max/3; a limit."""
LOOP_SHARE = 2e-4
"""Width of the hysteresis loop of the simulated cell over E_max: what makers of C3 cells print, not a limit."""
SEED = 1
EMPTY_S, LOADED_S, CLEARED_S = 20.0, 6.0, 12.0
LOADS_G = (50, 100, 200, 500, 1000, 2000, 2500, 4000, 5000, 6000, 8000, 10_000, 12_500, 15_000)
SCALES = ((3000, "1"), (6000, "2"), (15_000, "5"), (30_000, "10"))
STEPS = 400
NEAR = 0.1
"""By how much the weight of a weighing by turns differs from the goods: nobody has odd weights."""
AIR_KG_M3 = 0.9
"""At 2500 m (hypsometric; site.py works it out for a place)."""
NARROW = 1.05
"""A stretch of loads narrower than this is nothing to promise."""
LEAST_E = 20
"""Min of class III in intervals e (R 76-1 Table 3)."""


class Way(NamedTuple):
    """How the pan is calibrated: class of the weights, and whether the loads are taken down again, too."""

    name: str
    weight_class: str
    both_ways: bool


WAYS = (
    Way("M1, up and down", "M1", both_ways=True),
    Way("F2, up and down", "F2", both_ways=True),
    Way("M1, up only", "M1", both_ways=False),
)


class Bench:
    """A simulated cell that converts as long as somebody asks; grams on it are changed between."""

    def __init__(self) -> None:
        self.cell = SimulatedCell(Physics(), rate_hz=RATE_HZ, seed=SEED)
        self.offset = 0.0
        self._at_ns = 0
        self._period_ns = round(1e9 / PART_HZ)

    def put(self, grams: float, falling: bool = False) -> None:
        """The load, and by how much hysteresis holds the cell up while loads are taken off."""
        self.cell.put(grams, self._at_ns)
        part = grams / MAX_G
        self.offset = LOOP_SHARE * MAX_G * 4 * part * (1 - part) * Physics().counts_per_gram if falling else 0

    def samples(self, seconds: float = math.inf) -> Iterator[Sample]:
        until_ns = self._at_ns + seconds * 1e9
        while self._at_ns < until_ns:
            self._at_ns += self._period_ns
            yield Sample(
                self._at_ns, float(round(self.offset + self.cell.convert(self._at_ns, self._period_ns, 128)))
            )


def pieces(weight_class: str) -> tuple[Piece, ...]:
    """The drawer: weights of one class at their tolerances (u = δm/√3)."""
    pack = pack_in_force(WeightsPack, ON)
    limits = [weight_mpe(pack, weight_class, Decimal(nominal)).mpe_g for nominal in NOMINALS]
    return tuple(
        Piece(
            id=f"{weight_class}-{n}",
            set_id=weight_class,
            weight_class=weight_class,
            nominal_g=Decimal(nominal),
            mass_g=Decimal(nominal),
            tolerance_g=limit,
            standard_g=float(limit) / math.sqrt(3),
            certified=False,
            certificate="class",
            valid_from=None,
            valid_to=ON,
        )
        for n, (nominal, limit) in enumerate(zip(NOMINALS, limits, strict=True))
    )


def calibrated(way: Way) -> Calibration:
    """The guided calibration of a new cell."""
    bench, taker, points = Bench(), Taker(), []
    steps = plan(pieces(way.weight_class), Decimal(MAX_G), ON)
    if not way.both_ways:
        steps = steps[: len(steps) // 2 + 1]
    for row, step in enumerate(steps):
        bench.put(float(step.load_g), falling=step.direction == "down" and step.load_g > 0)
        taker.begin()
        taken = next(t for t in map(taker.feed, bench.samples()) if isinstance(t, Taken))
        points.append(point_of(step, taken, row))
    result = calibrate(
        points,
        on=ON,
        weights=used_weights(steps),
        pan=Range(MAX_G, float(D_G)),
        class_loop_g=CELL_SHARE * MAX_G / 3000,
    )
    return result.calibration(
        id="capability",
        at="2026-11-01T09:00:00+08:00",
        source=way.name,
        capacity_g=MAX_G,
        resolution_g=float(D_G),
    )


def doubts(calibration: Calibration) -> dict[int, tuple[float, dict[str, float]]]:
    """U (k = 2) of a load on the pan, by load, and its terms (standard uncertainties); grams."""
    bench, pan = Bench(), Instrument(calibration, RATE_HZ)
    for sample in bench.samples(EMPTY_S):
        pan.feed(sample)
    found = {}
    for load in LOADS_G:
        bench.put(load)
        last: Reading | None = None
        for sample in bench.samples(LOADED_S):
            for event in pan.feed(sample):
                last = event if isinstance(event, Reading) and event.stable else last
        assert last is not None and pan.terms is not None
        place = load * ECCENTRIC_G / (2 * ECCENTRIC_LOAD_G * math.sqrt(3))
        shown = float(D_G) / math.sqrt(12)
        terms = {name: getattr(pan.terms, name) for name in pan.terms.__struct_fields__}
        found[load] = (
            2 * math.hypot(last.mass.standard, place, shown),
            {**terms, "place": place, "display": shown},
        )
        bench.put(0)
        for sample in bench.samples(CLEARED_S):
            pan.feed(sample)
    return found


class Doubt:
    """U over the range: straight lines between the loads that were weighed."""

    def __init__(self, name: str, weighed: dict[int, tuple[float, dict[str, float]]]) -> None:
        self.name = name
        self.weighed = weighed

    def at(self, load: float) -> float:
        below = max((x for x in LOADS_G if x <= load), default=LOADS_G[0])
        above = min((x for x in LOADS_G if x >= load), default=LOADS_G[-1])
        low, high = self.weighed[below][0], self.weighed[above][0]
        return low if above == below else low + (high - low) * (load - below) / (above - below)

    def reach(self, low: float, high: float, most: Decimal) -> float | None:
        """The largest load in the range up to which U stays within ``most``; None where it nowhere does."""
        high = min(high, MAX_G)
        loads = [low + (high - low) * n / STEPS for n in range(1, STEPS + 1)]
        kept = [load for load in loads if self.at(load) <= float(most)]
        return max(kept) if kept and self.at(loads[0]) <= float(most) else None


def substituted(calibration: Calibration, direct: Doubt, weight_class: str) -> Doubt:
    """By turns with weights of the drawer NEAR off the load, as the instrument expects it, where that is better."""
    drawer = pieces(weight_class)
    sums: dict[Decimal, float] = {}
    for chosen in range(1, 1 << len(drawer)):
        taken = [piece for n, piece in enumerate(drawer) if chosen >> n & 1]
        mass, doubt = (
            sum((each.nominal_g for each in taken), Decimal(0)),
            math.fsum(each.standard_g for each in taken),
        )
        sums[mass] = min(doubt, sums.get(mass, math.inf))
    weighed = {}
    for load, (alone, terms) in direct.weighed.items():
        whole = alone
        mass = min(sums, key=lambda each: abs(float(each) - (1 - NEAR) * load))
        if abs(float(mass) - load) <= MOST_DIFFERENCE * float(mass):
            reference = Reference(float(mass), sums[mass], by_limit=True)
            standard = expected(load, reference, calibration, terms["noise"], air_kg_m3=AIR_KG_M3)
            whole = min(alone, 2 * math.hypot(standard, math.sqrt(2) * terms["place"], terms["display"]))
        weighed[load] = (whole, terms)
    return Doubt(f"{weight_class}, by turns where better", weighed)


def words(reach: float | None, low: float, high: float) -> str:
    """Whether a range is within reach."""
    if reach is None:
        return "no"
    if reach >= min(high, MAX_G) * 0.999:
        return "yes" if high <= MAX_G else f"to {show_mass(Decimal(MAX_G))}"
    return f"to {figure(reach)}" if float(f"{reach:.3g}") > low else "no"


def retail(doubt: list[Doubt]) -> Iterator[str]:
    pack = pack_in_force(RetailPack, ON)
    ratio = condition(pack, BETTER_SCALE).divisor
    yield (
        f"| goods | weight | permitted | U at most (1/{ratio}) | " + " | ".join(d.name for d in doubt) + " |"
    )
    yield "|---|---|---:|---:|" + "---|" * len(doubt)
    for band in pack.bands:
        low = Decimal(0)
        for row in (each for each in pack.deviations if each.band == band.band):
            most = row.deviation_g / ratio
            told = [
                words(d.reach(float(low), float(row.up_to_g), most), float(low), float(row.up_to_g))
                for d in doubt
            ]
            name = band.clause.partition(": ")[2] or band.band
            yield (
                f"| {name} | {show_mass(low)} … {show_mass(row.up_to_g)} | {show_mass(row.deviation_g)} "
                f"| {float(most):.3g}\u00a0g | " + " | ".join(told) + " |"
            )
            low = row.up_to_g


def spans(loads: list[int], kept: list[bool]) -> str:
    """The stretches of loads that are kept, in words."""
    found: list[list[int]] = []
    before = False
    for load, keep in zip(loads, kept, strict=True):
        if keep and before:
            found[-1][1] = load
        elif keep:
            found.append([load, load])
        before = keep
    wide = [(low, high) for low, high in found if high > NARROW * low]
    if not wide:
        return "no load"
    return "; ".join(f"{figure(low, up=True)} … {figure(high)}" for low, high in wide)


def figure(grams: float, up: bool = False) -> str:
    """A bound to three figures, towards the safe side; a bound that has no more is left as it is."""
    digit = 10.0 ** (math.floor(math.log10(grams)) - 2)
    steps = grams / digit
    whole = round(steps) if abs(steps - round(steps)) < 1e-6 else (math.ceil if up else math.floor)(steps)
    return show_mass(Decimal(repr(float(f"{whole * digit:.6g}"))))


def allowed(scale: Scale, load: float, stage: Stage) -> float:
    """The largest U: a third of the MPE at that stage."""
    pack = pack_in_force(NawiPack, ON)
    return float(mpe(pack, scale, Decimal(load), stage, ON).limit_g / pack.reference.divisor)


def scales(doubt: list[Doubt]) -> Iterator[str]:
    pack_in_force(NawiPack, ON)
    yield "| scale (class III) | limit | " + " | ".join(d.name for d in doubt) + " |"
    yield "|---|---|" + "---|" * len(doubt)
    for max_g, e in SCALES:
        scale = Scale(accuracy_class="III", max_g=Decimal(max_g), e_g=Decimal(e))
        for stage in (Stage.IN_SERVICE, Stage.INITIAL):
            told = []
            for each in doubt:
                top = min(max_g, MAX_G)
                loads = [LEAST_E * int(e) + (top - LEAST_E * int(e)) * n // STEPS for n in range(STEPS + 1)]
                told.append(spans(loads, [each.at(load) <= allowed(scale, load, stage) for load in loads]))
            named = f"{show_mass(scale.max_g)} / {e}\u00a0g"
            yield f"| {named} | {stage.value.replace('_', '-')} | " + " | ".join(told) + " |"


def weights() -> Iterator[str]:
    """Which class of weights may check which scale directly: their error at most a third of the MPE."""
    pack, law = pack_in_force(NawiPack, ON), pack_in_force(WeightsPack, ON)
    classes = ("F2", "M1", "M2", "M3")
    yield "| scale (class III) | " + " | ".join(classes) + " |"
    yield "|---|" + "---|" * len(classes)
    for max_g, e in SCALES:
        scale = Scale(accuracy_class="III", max_g=Decimal(max_g), e_g=Decimal(e))
        told = []
        for name in classes:
            fit = []
            for nominal in ("100", "200", "500", "1000", "2000", "5000", "10000", "20000"):
                load = Decimal(nominal)
                if load <= max_g:
                    limit = mpe(pack, scale, load, Stage.INITIAL, ON).limit_g / pack.reference.divisor
                    fit.append(weight_mpe(law, name, load).mpe_g <= limit)
            told.append("yes" if all(fit) else f"{sum(fit)} of {len(fit)} weights")
        yield f"| {show_mass(scale.max_g)} / {e}\u00a0g | " + " | ".join(told) + " |"


def budget(doubt: list[Doubt]) -> Iterator[str]:
    names = list(doubt[0].weighed[LOADS_G[0]][1])
    yield (
        "| load | U (k = 2) | "
        + " | ".join(names)
        + " | "
        + " | ".join(f"U, {d.name}" for d in doubt[1:])
        + " |"
    )
    yield "|---:|" + "---:|" * (len(names) + len(doubt))
    for load in LOADS_G:
        whole, terms = doubt[0].weighed[load]
        others = " | ".join(f"{d.weighed[load][0]:.2f}" for d in doubt[1:])
        yield (
            f"| {show_mass(Decimal(load))} | {whole:.2f} | "
            + " | ".join(f"{terms[name]:.3f}" for name in names)
            + f" | {others} |"
        )


def written() -> str:
    calibrations = {way: calibrated(way) for way in WAYS}
    doubt = [Doubt(way.name, doubts(calibration)) for way, calibration in calibrations.items()]
    doubt.append(substituted(calibrations[WAYS[0]], doubt[0], WAYS[0].weight_class))
    parts = {
        "budget": budget(doubt),
        "retail": retail(doubt),
        "scales": scales(doubt),
        "weights": weights(),
    }
    return TEXT.format(
        max=show_mass(Decimal(MAX_G)),
        d=show_mass(D_G),
        rate=RATE_HZ,
        near=f"{NEAR:.0%}",
        on=ON.isoformat(),
        drawer=", ".join(show_mass(Decimal(each)) for each in NOMINALS),
        corner=show_mass(Decimal(repr(ECCENTRIC_G))),
        corner_load=show_mass(Decimal(ECCENTRIC_LOAD_G)),
        loop=f"{LOOP_SHARE * 100:g}",
        class_loop=f"{CELL_SHARE * MAX_G / 3000:g}",
        **{name: "\n".join(rows) for name, rows in parts.items()},
    )


TEXT = """\
# What this pan may judge

<!-- computed by tools/draw_capability.py; change the program, not the page -->

Nothing here is hoped: the program puts weights on a simulated cell, calibrates it by the guided procedure,
weighs on it, and takes the uncertainty that the instrument itself states. The limits are those of the packs in
force on {on}. On real parts `steelyard calibrate` and `steelyard budget` give the figures of the very pan.

| parameter | value |
|---|---|
| cell | single point, {max}, OIML R 60 class C3: creep, temperature of zero and span at the limits of the class |
| converter | HX711 at gain 128, {rate} conversions a second, noise of the datasheet at 5 V |
| calibration | guided, five loads; weights at the tolerance of their class: {drawer} |
| hysteresis | loop of {loop} % of E_max (as makers print it) measured where loads are taken down again, too; else the {class_loop} g that the class allows |
| display interval d of the pan | {d} |
| place of the load | corners differ by at most {corner} at {corner_load} (`steelyard hardware corners`) |
| air | within 10 K of the calibration, changing by at most 5 K an hour |
| weighing | zero up to 20 s old, load read for 6 s |
| by turns | weight, goods, weight (ABA), the weight {near} lighter than the goods, both placed like any load |

## Uncertainty of one weighing

Terms are standard uncertainties for the first way of calibrating, all in grams.

{budget}

What limits it: up to a kilogram the noise and what calibrating left; above, the hysteresis of the cell, which no
averaging and no better weight takes away: F2 weights gain next to nothing over M1. Weighing by turns with a
weight near the load (substitution) leaves the loop out; the place of the load on the pan is then what counts.

## Goods sold by weight

Weighing again with a better scale (Order 66, art. 6, method 2) asks that U (k = 2) is at most the stated part
of the permitted deviation. "to" names the heaviest weight within the row that can still be judged.

{retail}

Gold and silver are out of reach of such a pan. Where the answer is no, the appliance says `cannot judge` and
names the lawful way that remains: weights on the seller's own scale (method 1), or the pan as an equal scale
(method 3) with twice the deviation.

## Scales checked with goods

Goods weighed on the pan and on the scale under test: U is at most a third of the MPE (R 76-1 3.7.1, JCGM 106).
The rounding of the scale under test comes on top where it is read directly. Loads from
20 e on, as far as the pan goes.

{scales}

## Scales checked with weights

No pan is needed: the error of each single weight is at most a third of the MPE on initial verification.

{weights}
"""


FIGURE = re.compile(r"[-+]?\d+(?:\.\d+)?")


def agrees(there: str, computed: str) -> bool:
    """Whether all words are the same and all figures within TOLERANCE or one in their last digit."""
    if FIGURE.sub("#", there) != FIGURE.sub("#", computed):
        return False
    for old, new in zip(FIGURE.findall(there), FIGURE.findall(computed), strict=True):
        digit = 10.0 ** -len(old.partition(".")[2])
        if abs(float(old) - float(new)) > max(1.001 * digit, TOLERANCE * abs(float(old))):
            return False
    return True


def main() -> int:
    page = written()
    if sys.argv[1:] == ["--check"]:
        if PAGE.exists() and agrees(PAGE.read_text(encoding="utf-8"), page):
            return 0
        print(f"{PAGE.relative_to(ROOT)} is out of date: run python tools/draw_capability.py")
        return 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
