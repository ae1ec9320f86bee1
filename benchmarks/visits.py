"""Ten thousand visits to each kind of scale, in five ways: who is found, who is wronged, who gets away.

    nice python benchmarks/visits.py --visits 10000 --kept visits.jsonl
    nice python benchmarks/visits.py --visits 10000 --kept visits.jsonl --part 3/10
    python benchmarks/visits.py --visits 200 --way challenge --model offset

The plain way: three nominal weights, the display read once, accepted where |I - L| <= MPE in service. The
others are the appliance's own tables of states, led by simulated people: the self-check with weights, with
goods, with goods over the lead of the scale, the cheating challenge. Which weights serve is worked out once a
size and remembered: nothing else is shortened.

Wronged: a scale that does not cheat, and of which a pattern is said to be unexplained, or that is said not to
conform although no figure was beyond the limit by more than half an interval. Missed: a cheat that is not
found not to conform, also where the trader had it switched off just then; all of them are of 3 MPE and more.
Seen: missed, and yet a figure was shown that was beyond the limit by more than half an interval.

With --kept every block of visits is a line of that file as soon as it is done, and is not done again. Several
processes may share the file, each with a part of its own. Begin a new one when the program has changed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from visit_people import Challenger, LeadTrader, Trader  # noqa: E402
from visit_scales import MODELS, ON, RATIOS, Tested  # noqa: E402
from visit_table import MARKET, WAYS, WITHOUT_INTENT, remarks, table  # noqa: E402

from firmware_app.procedures.challenge import plan as challenge_plan  # noqa: E402
from firmware_app.procedures.prompts import Judged, Way  # noqa: E402
from firmware_app.procedures.self_check import plan as self_check_plan  # noqa: E402
from firmware_app.standards import select  # noqa: E402
from tests.procedures.person import WEIGHTS  # noqa: E402

BLOCK = 500
_known: dict[tuple[object, ...], tuple[select.Load, ...]] = {}


class Visit(NamedTuple):
    """What came of one visit. ``worst``: largest error shown over its limit, less half an interval.

    ``changed``: the display was found to change behind its figure.
    """

    verdict: str
    pattern: str
    worst: float
    changed: bool = False


class Block(NamedTuple):
    """Some visits of one kind: from ``first`` to before ``last``."""

    model: str
    way: str
    first: int
    last: int


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


def visit(model: str, way: str, number: int) -> Visit:
    """One visit, the same whenever it is asked for by the same number."""
    rng = random.Random(f"{model}/{way}/{number}")
    tested = Tested(model, rng)
    if way == "plain":
        return _plain(tested)
    if way == "challenge":
        judged = Challenger(tested, rng).run()
        return Visit(judged.verdict.value, _pattern(judged), tested.worst_limits)
    trader = LeadTrader(tested, Way.GOODS, rng) if way == "lead" else Trader(tested, Way(way), rng)
    outcome = trader.until(Judged, ticks=4000)
    changed = any(attempt.changed is not None for attempt in trader.visit.state.attempts)
    return Visit(outcome.result.verdict.value, "", tested.worst_limits, changed)


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
    began = time.process_time()
    for number in range(first, last):
        came = visit(model, way, number)
        counts["visits"] += 1
        counts[came.verdict] += 1
        counts["pattern"] += bool(came.pattern)
        counts["changed"] += came.changed
        if came.pattern:
            counts[f"as_{came.pattern}"] += 1
        guilty = came.verdict == "does_not_conform"
        shown = came.worst > 1.0
        if model in WITHOUT_INTENT:
            counts["wronged"] += (guilty and not shown) or bool(came.pattern)
        else:
            counts["missed"] += not guilty
            counts["seen"] += not guilty and shown
    counts["cpu_ms"] = round(1000 * (time.process_time() - began))
    return model, way, counts


def read_kept(path: Path | None) -> dict[Block, Counter[str]]:
    """The blocks that are done; a last line that was cut is none."""
    done: dict[Block, Counter[str]] = {}
    for line in path.read_text().splitlines() if path is not None and path.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            model, way, first, last, counts = json.loads(line)
            done[Block(model, way, first, last)] = Counter(counts)
    return done


def keep(path: Path, block: Block, counts: Counter[str]) -> None:
    """One line at the end of the file, in one write, so that several processes may share it."""
    # It begins with a new line: what a kill cut off before it spoils no line but its own.
    with path.open("ab", buffering=0) as file:
        file.write(b"\n" + json.dumps([*block, dict(counts)]).encode())
        os.fsync(file.fileno())


def part(text: str) -> tuple[int, int]:
    """Of ``3/10`` both numbers."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part such as 3/10")
    return int(number), int(of)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--part", type=part, default=(1, 1), help="3/10: every tenth block, from the third")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--model", choices=(*MODELS, *RATIOS), action="append")
    parser.add_argument("--way", choices=tuple(WAYS), action="append")
    parser.add_argument("--kept", type=Path, help="file of what is done, to go on with")
    args = parser.parse_args()
    models, ways = args.model or MARKET, args.way or tuple(WAYS)
    blocks = [
        Block(model, way, first, min(first + BLOCK, args.visits))
        for first in range(0, args.visits, BLOCK)
        for model in models
        for way in ways
    ]
    done = read_kept(args.kept)
    number, of = args.part
    todo = [block for block in blocks[number - 1 :: of] if block not in done]
    with multiprocessing.Pool(args.jobs) as pool:
        for block, (_, _, counts) in zip(todo, pool.imap(shard, todo), strict=True):
            done[block] = counts
            if args.kept is not None:
                keep(args.kept, block, counts)
    # What other parts have done meanwhile counts too.
    done |= read_kept(args.kept)
    results = {(model, way): Counter[str]() for model in models for way in ways}
    for block in blocks:
        results[block.model, block.way].update(done.get(block, Counter()))
    print(table(results))
    print()
    print(remarks(results))


if __name__ == "__main__":
    main()
