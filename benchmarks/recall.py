"""What a long record costs whoever asks what rests on a weight, or recalls one: processor seconds.

python benchmarks/recall.py [ENTRIES]

A tenth of the entries are self-checks by weights, a tenth by goods on a pan that was calibrated with one of
them; the rest rests on nothing of it. The bodies are those that the tests keep of version 1.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware_app.ledger.home import HomeLedger, open_ledger
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.clock import SystemClock
from firmware_app.service.messages.recall import RecallWeight
from firmware_app.service.recall.desk import RecallDesk
from firmware_app.standards.sets import load_weights
from firmware_app.standards.trace import NAME, Trace
from firmware_app.standards.uses import What

ROOT = Path(__file__).resolve().parents[1]
BODIES = (ROOT / "tests/procedures/self_checks_version_1.ndjson").read_text().splitlines()
BY_WEIGHTS, BY_GOODS = json.loads(BODIES[0]), json.loads(BODIES[3])
KILO, HEAVY = "DEMO-M1-1kg", "DEMO-M1-2kg-1"


def fill(ledger: HomeLedger, entries: int) -> None:
    """A record of that many entries, without waiting for the disk at each."""
    ledger._connection.pragma("synchronous", 0)
    told = {"id": BY_GOODS["pan"]["calibration"], "weights": [f"{KILO} to 2027-10-31"]}
    ledger.append("calibration", {"old": None, "new": told})
    other = {**BY_GOODS, "pan": {**BY_GOODS["pan"], "calibration": "another"}}
    for number in range(entries - 2):
        body = (BY_WEIGHTS, BY_GOODS)[number % 10] if number % 10 < 2 else other
        ledger.append("self_check", body)


def seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    drawer = load_weights(
        ROOT / "firmware_app/cli/demo/data/weights.toml", pack_in_force(WeightsPack, date(2026, 11, 23))
    )
    table = Table(box=None)
    for heading in (f"{entries} entries", "processor"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as place:
        data = Path(place)
        with open_ledger(data, clock=SystemClock("Asia/Shanghai"), software="s", device="D") as ledger:
            fill(ledger, entries)
            with Trace.open(ledger, data / NAME) as trace:
                table.add_row("the index from nothing", f"{seconds(trace.update):.1f} s")
                for weight in (KILO, HEAVY):
                    count = sum(1 for _ in trace.resting_on(What.WEIGHT, weight))
                    spent = seconds(lambda weight=weight: list(trace.resting_on(What.WEIGHT, weight)))
                    table.add_row(f"list the {count} that rest on {weight}", f"{1000 * spent:.0f} ms")
            desk = RecallDesk(ledger, data, lambda: drawer)
            asked = RecallWeight(recall="r", weight=KILO, found="999g", expanded="20mg", why="benchmark")
            turns = [seconds(lambda: desk.begin(asked, "me"))]
            while not desk.begin(asked, "me").finished:
                turns.append(seconds(desk.turn))
            done = desk.begin(asked, "me")
            table.add_row("withdraw a weight", f"{1000 * turns[0]:.0f} ms")
            table.add_row(
                f"judge the {done.affected} again, in {len(done.entries)} parts", f"{sum(turns):.1f} s"
            )
            table.add_row("the longest turn of it", f"{1000 * max(turns[1:] or turns):.0f} ms")
            size = (data / NAME).stat().st_size
            table.add_row(
                "index beside ledger", f"{size >> 20} of {(data / 'ledger.db').stat().st_size >> 20} MiB"
            )
    table.add_row("memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")
    Console().print(table)


if __name__ == "__main__":
    main()
