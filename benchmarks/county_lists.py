"""What the desk's lists cost at a size: each question many times with other values, first pages and deep.

What is timed is the question to the database with its transaction and the making of the answer's rows,
without HTTP; the record is `county_fill`'s.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from county_fill import DEVICES, SCALES, STALLS, day_of, fill
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from county_gateway.desk import lists
from county_gateway.desk.cursor import make_cursor
from county_gateway.desk.lists import Wanted
from county_gateway.desk.trail import trail
from county_gateway.store import Reader

TIMES = 300


def lists_at(console: Console, wanted: list[str], databases, size: int) -> None:
    """p50 and p99 in milliseconds."""
    table = Table(title=f"milliseconds, p50 / p99 of {TIMES} questions; a page has 100 rows")
    table.add_column("question")
    columns: list[dict[str, list[float]]] = []
    with databases(wanted) as places:
        for name, directory, url in places:
            began = time.monotonic()
            fill(directory, url, size)
            console.print(f"{name}: {size} entries in place after {time.monotonic() - began:.0f} s")
            county = County(Settings(data_dir=directory, database=url))
            table.add_column(f"{name} {size:,}", justify="right")
            columns.append(measured(county, size))
            county.close()
    for question in columns[0]:
        table.add_row(question, *(shown(column[question]) for column in columns))
    console.print(table)


def shown(taken: list[float]) -> str:
    cut = statistics.quantiles(taken, n=100)
    return f"{1000 * statistics.median(taken):.1f} / {1000 * cut[98]:.1f}"


def measured(county: County, size: int) -> dict[str, list[float]]:
    """Seconds of each question, many times with other values."""
    chance = random.Random(1)
    last = day_of(size - 1, size)

    def some_day() -> str:
        return day_of(chance.randrange(size), size)

    def listed(**names: Callable[[], str]) -> Callable:
        def ask(connection) -> None:
            asked = {name: value() for name, value in names.items() if name != "cursor"}
            cursor = names["cursor"]() if "cursor" in names else None
            lists.entries(connection, Wanted(**asked), judged=True, cursor=cursor, limit=100)

        return ask

    def device() -> str:
        return f"B-{chance.randrange(DEVICES)}"

    def scale() -> str:
        return f"S-{chance.randrange(SCALES)}"

    def deep() -> str:
        return make_cursor(some_day(), chance.randrange(size))

    questions: dict[str, Callable] = {
        "verdicts, latest": listed(),
        "verdicts, deep in": listed(cursor=deep),
        "of a device": listed(device=device),
        "of a device, deep in": listed(device=device, cursor=deep),
        "of a stall": listed(stall=lambda: f"A-{chance.randrange(STALLS)}"),
        "of a scale": listed(scale=scale),
        "not conforming": listed(verdict=lambda: "does_not_conform"),
        "not conforming of a device": listed(verdict=lambda: "does_not_conform", device=device),
        "cannot judge at a stall": listed(
            verdict=lambda: "cannot_judge", stall=lambda: f"A-{chance.randrange(STALLS)}"
        ),
        "of a device in a week": listed(device=device, since=lambda: last[:8] + "01", until=lambda: last),
        "devices with health": lambda c: lists.devices(c, cursor=None, limit=100),
        "a control chart": lambda c: lists.chart(c, device(), cursor=None, limit=100),
        "overdue": lambda c: lists.overdue(c, last, cursor=None, limit=100),
        "alarms not seen": lambda c: lists.alarms(c, unseen=True, cursor=None, limit=100),
        "sums of a device": lambda c: lists.totals(c, device=device()),
        "sums of all": lists.totals,
    }
    taken = {
        name: [_timed(county, lambda store, ask=ask: ask(store.connection)) for _ in range(TIMES)]
        for name, ask in questions.items()
    }

    def one(store: Reader) -> None:
        trail(store, 2 + 20 * chance.randrange(size // 20))

    taken["one verdict with its trail"] = [_timed(county, one) for _ in range(TIMES)]
    return taken


def _timed(county: County, ask: Callable) -> float:
    began = time.perf_counter()
    with county.store.reading() as store:
        ask(store)
    return time.perf_counter() - began
