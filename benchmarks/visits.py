"""Ten thousand visits to each kind of scale, in four ways: who is found, who is wronged, who gets away.

    nice python benchmarks/visits.py --visits 10000 --jobs 1
    python benchmarks/visits.py --visits 200 --way challenge --model offset

The plain way: three nominal weights, the display read once, accepted where |I - L| <= MPE in service. The
others are the appliance's own tables of states, led by simulated people: the self-check with weights, the
self-check with goods, the cheating challenge. Which weights serve is worked out once a size and remembered:
nothing else is shortened.

Wronged: a scale that does not cheat, and of which a pattern is said to be unexplained, or that is said not to
conform although no figure was beyond the limit by more than half an interval. Missed: a cheat that is not
found not to conform, also where the trader had it switched off just then; all of them are of 3 MPE and more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import multiprocessing
import random
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scipy.stats import beta  # noqa: E402
from visit_scales import CHEATS, HONEST, MODELS, ON, OUT_OF_ORDER, RATIOS, Tested, registry  # noqa: E402

from firmware_app.procedures.challenge import plan as challenge_plan  # noqa: E402
from firmware_app.procedures.context import Head  # noqa: E402
from firmware_app.procedures.prompts import Judged, PutGoods, Way  # noqa: E402
from firmware_app.procedures.self_check import plan as self_check_plan  # noqa: E402
from firmware_app.procedures.self_check.procedure import SelfCheck  # noqa: E402
from firmware_app.standards import select  # noqa: E402
from tests.procedures.challenger import Inspector  # noqa: E402
from tests.procedures.person import PAN, WEIGHTS, Person, context, reading  # noqa: E402

WAYS = ("plain", "weights", "goods", "challenge")
REGISTRY = registry()
_known: dict[tuple[object, ...], tuple[select.Load, ...]] = {}


class Visit(NamedTuple):
    """What came of one visit. ``worst``: largest error shown over its limit, less half an interval."""

    verdict: str
    pattern: str
    worst: float


def _remembered(pack, instrument, d_g, pieces, on, **more):
    ids = tuple(piece.id for piece in pieces)
    key = (pack.sha256, instrument, d_g, ids, on, *more.values())
    if key not in _known:
        _known[key] = select.choose_loads(pack, instrument, d_g, pieces, on, **more)
    return _known[key]


@contextlib.contextmanager
def _remembering():
    """Within, the procedures remember which weights serve; none of these visits has other weights."""
    with (
        mock.patch.object(self_check_plan, "choose_loads", _remembered),
        mock.patch.object(challenge_plan, "choose_loads", _remembered),
    ):
        yield


def pan_u(load: float) -> float:
    """u of our pan with a C3 cell in grams: 2.5 kg within U = 0.34 g (procedures/budget.py)."""
    return math.hypot(0.05, 6.8e-5 * load)


class OwnPan:
    """Our pan: its span is a little wrong for the whole visit, and every reading a little by itself."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self._span = rng, rng.gauss(0.0, 6e-5)

    def reading(self, now_ns: int, load: float):
        mass = load * (1 + self._span) + self._rng.gauss(0.0, 0.05)
        return reading(now_ns, round(mass, 3), u=pan_u(load), conversions=120)


class Trader(Person):
    """A person at the self-check who takes what goods there are."""

    def __init__(self, tested: Tested, way: Way, rng: random.Random) -> None:
        made = context(registry=REGISTRY, weights=WEIGHTS, pan=PAN, on=ON, seed=rng.getrandbits(63))
        super().__init__(SelfCheck.start(made), tested.put, way, stall=str(tested.size))
        self._rng, self._own = rng, OwnPan(rng)

    def tick(self, pan=None, lead=None) -> None:  # noqa: ARG002 - as Person has it
        self.now_ns += 100_000_000
        if pan is not None:
            self.tell(self._own.reading(self.now_ns, pan))

    def step(self) -> None:
        prompt = self.visit.prompt
        if not isinstance(prompt, PutGoods):
            super().step()
            return
        low, high = float(prompt.low_g), float(prompt.high_g)
        self.goods = round(self._rng.uniform(low, high), 1)
        self._figure(self.goods, prompt.source)


class Challenger(Inspector):
    """An inspector with goods of any weight."""

    def __init__(self, tested: Tested, rng: random.Random) -> None:
        super().__init__(
            tested,
            stall=str(tested.size),
            share=lambda _: rng.uniform(0.02, 0.98),
            registry=REGISTRY,
            weights=WEIGHTS,
            pan=PAN,
            on=ON,
            head=Head(rng.randrange(1, 1 << 40), rng.randbytes(32).hex()),
        )
        self._own = OwnPan(rng)

    def tick(self, pan: float) -> None:
        self.now_ns += 100_000_000
        self.tell(self._own.reading(self.now_ns, pan))


def visit(model: str, way: str, number: int) -> Visit:
    """One visit, the same whenever it is asked for by the same number."""
    rng = random.Random(f"{model}/{way}/{number}")
    tested = Tested(model, rng)
    if way == "plain":
        return _plain(tested)
    if way == "challenge":
        judged = Challenger(tested, rng).run()
        return Visit(judged.verdict.value, _pattern(judged), tested.worst_limits)
    trader = Trader(tested, Way(way), rng)
    outcome = trader.until(Judged, ticks=4000)
    return Visit(outcome.result.verdict.value, "", tested.worst_limits)


def _pattern(judged) -> str:
    """The pattern that fits best of those said to be unexplained, else empty."""
    for line in judged.lines:
        if any(fact.value == "challenge_fits_best" for fact in line.facts):
            return line.label.removeprefix("challenge_")
    return ""


def _plain(tested: Tested) -> Visit:
    pieces = tuple(piece for each in WEIGHTS for piece in each.pieces)
    pack = self_check_plan.pack_in_force(self_check_plan.NawiPack, ON)
    loads = _remembered(pack, tested.instrument, tested.instrument.e_g, pieces, ON)
    good = True
    for load in loads:
        nominal = float(load.nominal_g)
        good &= abs(float(tested.put(nominal)) - nominal) <= tested.limit(nominal)
    return Visit("conforms" if good else "does_not_conform", "", tested.worst_limits)


@_remembering()
def shard(job: tuple[str, str, int, int]) -> tuple[str, str, Counter[str]]:
    """Some visits of one kind, counted: verdicts, wronged, and cheats that got away."""
    model, way, first, last = job
    counts: Counter[str] = Counter()
    for number in range(first, last):
        came = visit(model, way, number)
        counts["visits"] += 1
        counts[came.verdict] += 1
        counts["pattern"] += bool(came.pattern)
        if came.pattern:
            counts[f"as_{came.pattern}"] += 1
        wronged = came.verdict == "does_not_conform" and came.worst <= 1.0
        if model in (*HONEST, *OUT_OF_ORDER):
            counts["wronged"] += wronged or bool(came.pattern)
        else:
            counts["missed"] += came.verdict != "does_not_conform"
    return model, way, counts


def upper(found: int, of: int, confidence: float = 0.95) -> float:
    """One-sided upper bound of a rate (Clopper and Pearson)."""
    return 1.0 if found >= of else float(beta.ppf(confidence, found + 1, of - found))


def table(results: dict[tuple[str, str], Counter[str]]) -> str:
    """The figures as Markdown."""
    head = ("scale", "checked by", "visits", "conforms", "undecided", "does not conform", "cannot judge")
    lines = [
        "| " + " | ".join((*head, "pattern said", "wronged", "missed")) + " |",
        "|---|---|" + "---:|" * 8,
    ]
    for (model, way), counts in results.items():
        of = counts["visits"]
        verdicts = [counts[name] for name in ("conforms", "undecided", "does_not_conform", "cannot_judge")]
        cheats = model not in (*HONEST, *OUT_OF_ORDER)
        wronged = "" if cheats else f"{counts['wronged']} (≤ {upper(counts['wronged'], of):.1e})"
        missed = f"{counts['missed']} (≤ {upper(counts['missed'], of):.1e})" if cheats else ""
        cells = [model, way, of, *verdicts, counts["pattern"] if way == "challenge" else "–", wronged]
        lines.append("| " + " | ".join(str(cell) for cell in (*cells, missed)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first visit, to go on with a shard"
    )
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--model", choices=(*MODELS, *RATIOS), action="append")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--json", type=Path, help="adds its counts to those in this file")
    args = parser.parse_args()
    models, ways = args.model or MODELS, args.way or WAYS
    last, step = args.first + args.visits, 500
    jobs = [
        (model, way, first, min(first + step, last))
        for first in range(args.first, last, step)
        for model in models
        for way in ways
    ]
    kept = json.loads(args.json.read_text()) if args.json is not None and args.json.exists() else {}
    results = {(model, way): Counter(kept.get(f"{model}/{way}")) for model in models for way in ways}
    with multiprocessing.Pool(args.jobs) as pool:
        for model, way, counts in pool.imap_unordered(shard, jobs):
            results[model, way].update(counts)
            if args.json is not None:
                kept[f"{model}/{way}"] = dict(results[model, way])
                args.json.write_text(json.dumps(kept, indent=1))
    print(table(results))
    for cheat in (name for name in CHEATS if name in models):
        print(
            cheat, {key: n for key, n in results.get((cheat, "challenge"), Counter()).items() if "as_" in key}
        )


if __name__ == "__main__":
    main()
