"""Is an honest seller ever called short? Simulated fair weighings, table of verdicts.

Each visit is led through the whole table of states: answers, empty pan, goods, and where they seem short the
goods once more. Beside it the plain way: one weighing, short when more is missing than is permitted.
Run: python benchmarks/fair_weighing.py [--visits N] [--seller NAME] [--json]

Rules this file obeys:

* The appliance's own procedure, packs and decision rule decide; only people, goods and pan are simulated.
* The pan errs as it says it does, empty and loaded: normal with its standard uncertainty. ``common``: share
  of that variance that both weighings of a visit have in common (span, calibration), which no second
  weighing takes away.
* "At the limit" is the worst honest seller there can be: exactly as much is missing as the law permits. By a
  guard of 3.09 u one-sided (JCGM 106:2012 8.3.3) chance calls Φ(−3.09) = 1.0 in a thousand of these short.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import Confirmed, FigureTyped, Picked, Saved
from firmware_app.procedures.fair_weighing.procedure import FairWeighing
from firmware_app.procedures.fair_weighing.state import FairPhase
from firmware_app.quantity import Estimate
from firmware_app.registry.registry import Registry
from firmware_app.rules.pack import builtin_packs
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.reading import Reading

VISITS = 10_000
SETTLED_G, LIMIT_G, D_G = 2000.0, 5.0, 5.0
"""2 kg of meat, whose permitted deviation is 5 g, sold by a scale of 15 kg/5 g."""
BAG_G = 8.0
TICK_NS = 600_000_000
"""Two of these are a rest; a reading between them changes nothing."""
MOST_TICKS = 400
CONTEXT = Context(
    registry=Registry(),
    weights=(),
    on=date(2026, 11, 23),
    pan=Pan(max_g=Decimal(15000), calibration="simulated"),
    packs=tuple(pack for pack in builtin_packs() if isinstance(pack, RetailPack)),
)

Goods = Callable[[random.Random], float]


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """``goods_g``: what is really in the bag of goods that 2 kg were paid for. ``honest``: by the law.

    ``bag``: how the bag is answered for. ``in_bag``: whether it lies there with the goods.
    """

    goods_g: Goods
    honest: bool
    bag: str = "bare"
    in_bag: bool = False


def exact(chance: random.Random) -> float:
    """An exact scale that rounds to 5 g."""
    return SETTLED_G + chance.uniform(-D_G / 2, D_G / 2)


def worn(chance: random.Random) -> float:
    """A scale off by anything within its initial MPE of 2.5 g, and rounding."""
    return exact(chance) + chance.uniform(-2.5, 2.5)


SELLERS: dict[str, Seller] = {
    "exact scale": Seller(goods_g=exact, honest=True),
    "exact scale, bag weighed": Seller(goods_g=exact, honest=True, bag="weighed", in_bag=True),
    "exact scale, bag weighed, goods without it": Seller(goods_g=exact, honest=True, bag="weighed"),
    "scale within its MPE": Seller(goods_g=worn, honest=True),
    "a tenth within the limit": Seller(goods_g=lambda _: SETTLED_G - 0.9 * LIMIT_G, honest=True),
    "at the limit": Seller(goods_g=lambda _: SETTLED_G - LIMIT_G, honest=True),
    "short by 2 limits": Seller(goods_g=lambda _: SETTLED_G - 2 * LIMIT_G, honest=False),
    "short by 3 limits": Seller(goods_g=lambda _: SETTLED_G - 3 * LIMIT_G, honest=False),
    "short by a tenth": Seller(goods_g=lambda _: SETTLED_G * 0.9, honest=False),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the verdicts; ``short_most``: one-sided 95 % bound of those called short (Clopper-Pearson).

    ``plain``: share that one weighing without U would call short. ``twice``: share that was weighed twice.
    """

    conforms: float
    undecided: float
    short: float
    cannot: float
    short_most: float
    plain: float
    twice: float


class Shopper:
    """One customer with one bag, and the pan that errs by ``common_g`` and at each load anew."""

    def __init__(self, seller: Seller, standard_g: float, common: float, chance: random.Random) -> None:
        self.seller, self.chance = seller, chance
        self.goods_g = seller.goods_g(chance)
        self.common_g = chance.gauss(0.0, standard_g * math.sqrt(common))
        self.own_g = standard_g * math.sqrt(1 - common)
        self.standard_g = standard_g
        self.visit = FairWeighing.start(CONTEXT)
        self.now_ns = 0
        self.seen_g: list[float] = []

    def led(self) -> Verdict:
        """The verdict of the visit."""
        loaded, load = FairPhase.ASK_WHAT, 0.0
        for _ in range(MOST_TICKS):
            state = self.visit.state
            if state.phase is FairPhase.SAVING:
                self.visit.handle(Saved(1, ""), self.now_ns)
            elif state.phase is FairPhase.JUDGED:
                assert state.verdict is not None
                return state.verdict
            elif state.phase in ANSWERS:
                self.visit.handle(self._answer(state.phase), self.now_ns)
            else:
                if state.phase is not loaded:
                    loaded, load = state.phase, self._load(state.phase)
                if state.phase is FairPhase.PUT_BAG:
                    self.visit.handle(Confirmed(), self.now_ns)
                self._weigh(load)
        raise AssertionError(f"no verdict after {MOST_TICKS} ticks: {self.visit.prompt}")

    def _answer(self, phase: FairPhase) -> Picked | FigureTyped:
        if phase is FairPhase.SETTLED:
            return FigureTyped("2.000", "kg")
        if phase is FairPhase.BAG:
            return Picked(self.seller.bag)
        if phase is FairPhase.BAG_SURE:
            return Picked("in_bag" if self.seller.in_bag else "bare")
        return Picked(
            {FairPhase.ASK_WHAT: "goods", FairPhase.KIND: "mid", FairPhase.PRICE: "no_price"}[phase]
        )

    def _load(self, phase: FairPhase) -> float:
        """What the pan says of what lies there now, for as long as it lies there."""
        small_g = self.chance.gauss(0.0, SMALL * self.standard_g)
        if phase in (FairPhase.CLEAR_PAN, FairPhase.CLEAR_FOR_BAG, FairPhase.CLEAR_AGAIN):
            return small_g
        if phase is FairPhase.PUT_BAG:
            return BAG_G + small_g
        seen = self.goods_g + self.common_g + self.chance.gauss(0.0, self.own_g)
        seen += BAG_G if self.seller.in_bag else 0.0
        self.seen_g.append(seen)
        return seen

    def _weigh(self, mass_g: float) -> None:
        self.now_ns += TICK_NS
        standard = self.standard_g if mass_g > 10 * BAG_G else SMALL * self.standard_g
        self.visit.handle(
            Reading(
                at_ns=self.now_ns,
                mass=Estimate(mass_g, standard),
                stable=True,
                why_not=None,
                window_s=1.5,
                counts=mass_g,
            ),
            self.now_ns,
        )


SMALL = 0.1
"""Of its standard uncertainty with the goods: what the pan has when empty and with a bag."""
ANSWERS = (
    FairPhase.ASK_WHAT,
    FairPhase.SETTLED,
    FairPhase.KIND,
    FairPhase.PRICE,
    FairPhase.BAG,
    FairPhase.BAG_SURE,
)


def measure(seller: Seller, ratio: float, common: float, visits: int, seed: int = 1) -> Row:
    """The shares over so many visits; ``ratio``: permitted deviation over U (k = 2) of the pan."""
    # Reproducible figures, no secret.
    chance = random.Random(seed)
    standard = LIMIT_G / ratio / 2
    ends: list[Verdict] = []
    plain = twice = 0
    for _ in range(visits):
        shopper = Shopper(seller, standard, common, chance)
        ends.append(shopper.led())
        bag = BAG_G if seller.bag == "weighed" and seller.in_bag else 0.0
        plain += SETTLED_G - (shopper.seen_g[0] - bag) > LIMIT_G
        twice += len(shopper.seen_g) > 1
    short = ends.count(Verdict.DOES_NOT_CONFORM)
    return Row(
        conforms=ends.count(Verdict.CONFORMS) / visits,
        undecided=ends.count(Verdict.UNDECIDED) / visits,
        short=short / visits,
        cannot=ends.count(Verdict.CANNOT_JUDGE) / visits,
        short_most=1.0 if short == visits else float(stats.beta.ppf(0.95, short + 1, visits - short)),
        plain=plain / visits,
        twice=twice / visits,
    )


PANS = {"just fine enough": 3.05, "a C3 cell": 10.0}
"""Permitted deviation over U: what the law asks at least (3, and a little for the empty pan), a usual pan."""
MORE = 10
"""So many fewer visits to sellers who are short: only the honest ones are told by ones in a thousand."""
COMMON = (1.0, 0.5)
LOOKED_AT = (("just fine enough", 1.0), ("just fine enough", 0.5), ("a C3 cell", 1.0))
"""Pan and common share: where all is common a second weighing helps least."""


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS)
    parser.add_argument("--seller", default="", help="only those with this in their name")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = {
        (name, pan, common): measure(
            seller,
            PANS[pan],
            common,
            arguments.visits if seller.honest else max(1, arguments.visits // MORE),
        )
        for name, seller in SELLERS.items()
        for pan, common in LOOKED_AT
        if arguments.seller in name
    }
    if arguments.json:
        print(
            json.dumps(
                [
                    {"seller": seller, "pan": pan, "common": common, **msgspec.to_builtins(row)}
                    for (seller, pan, common), row in rows.items()
                ]
            )
        )
        return
    table = Table(
        "seller", "pan", "common", "conforms", "undecided", "short", "cannot", "short at most", "plain"
    )
    for (seller, pan, common), row in rows.items():
        shares = (row.conforms, row.undecided, row.short, row.cannot, row.short_most, row.plain)
        table.add_row(seller, pan, f"{common:.1f}", *(f"{100 * share:.2f} %" for share in shares))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
