"""What the desk's lists cost at a size: each question many times with other values, first pages and deep.

The rows are put in in bulk, as a year of a county's record would lie there; nobody reads their texts. What is
timed is the question to the database with its transaction and the making of the answer's rows, without HTTP.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text

from county_gateway import tables
from county_gateway.county import County, Settings
from county_gateway.database import is_postgres
from county_gateway.desk import lists
from county_gateway.desk import tables as desk
from county_gateway.desk.cursor import make_cursor
from county_gateway.desk.lists import Wanted
from county_gateway.desk.trail import trail
from county_gateway.store import Reader
from firmware_app.ledger.signer import SoftwareKey

DEVICES, STALLS, SCALES, DAYS = 50, 400, 600, 365
VERDICTS = ("conforms",) * 16 + ("does_not_conform", "undecided", "undecided", "cannot_judge")
PIECE, TIMES = 5000, 300
TEXT = "e" * 2760
"""As long as an entry."""


def lists_at(console: Console, wanted: list[str], databases, sizes: list[int]) -> None:
    """p50 and p99 in milliseconds at each size."""
    table = Table(title=f"milliseconds, p50 / p99 of {TIMES} questions; a page has 100 rows")
    table.add_column("question")
    columns: dict[str, list[str]] = {}
    with databases(wanted) as places:
        for name, directory, url in places:
            there = 0
            for size in sizes:
                began = time.monotonic()
                fill(directory, url, there, size)
                there = size
                county = County(Settings(data_dir=directory, database=url))
                console.print(f"{name}: {size} entries in place after {time.monotonic() - began:.0f} s")
                table.add_column(f"{name} {size:,}", justify="right")
                for question, taken in measured(county, size).items():
                    columns.setdefault(question, []).append(shown(taken))
                county.close()
    for question, figures in columns.items():
        table.add_row(question, *figures)
    console.print(table)


def shown(taken: list[float]) -> str:
    cut = statistics.quantiles(taken, n=100)
    return f"{1000 * statistics.median(taken):.1f} / {1000 * cut[98]:.1f}"


def day_of(number: int, size: int) -> str:
    """Days in the order of the entries."""
    return time.strftime("%Y-%m-%d", time.gmtime(1_767_225_600 + 86_400 * (number * DAYS // size)))


def fill(directory, url: str, there: int, size: int) -> None:
    """Puts entries in with all that is read out of them, so that there are ``size``."""
    county = County(Settings(data_dir=directory, database=url))
    chance = random.Random(there)
    jwk = '{"crv":"Ed25519","kty":"OKP","x":"' + SoftwareKey.generate().public_jwk.x + '"}'
    at = "2026-03-01T08:00:00+08:00"
    with county.store.writing() as store:
        if there == 0:
            store.connection.execute(
                insert(tables.devices),
                [
                    {"device": f"B-{n}", "id": f"B-{n}", "number": 1, "jwk": jwk, "kid": f"kid-{n}",
                     "enrolled_at": at, "head_seq": size // DEVICES, "head_hash": "0" * 64}
                    for n in range(DEVICES)
                ],
            )  # fmt: skip
            store.connection.execute(
                insert(desk.scales),
                [
                    {"scale": f"S-{n}", "stall": f"A-{n % STALLS}", "serial": "", "maker": "", "model": "",
                     "due": day_of(n, SCALES), "due_from": "registry", "due_said": "", "last_day": "",
                     "last_verdict": ""}
                    for n in range(SCALES)
                ],
            )  # fmt: skip
    for begin in range(there, size, PIECE):
        numbers = range(begin, min(begin + PIECE, size))
        entries, facts, points, alarms = [], [], [], []
        for n in numbers:
            scale, control = chance.randrange(SCALES), n % 20 == 0
            verdict = "" if control else chance.choice(VERDICTS)
            digest = hashlib.sha256(b"%d" % n).hexdigest()
            kind = "control_check" if control else "self_check"
            day = day_of(n, size)
            entries.append(
                {"id": n + 1, "device": f"B-{n % DEVICES}", "seq": n // DEVICES + 1, "kind": kind, "at": at,
                 "hash": digest, "verdict": verdict or None, "clock": "synchronised", "received_at": at,
                 "jws": TEXT}
            )  # fmt: skip
            if control:
                points.append({"id": n + 1, "device": f"B-{n % DEVICES}", "point": '{"deviation_g":"0.4"}'})
            else:
                facts.append(
                    {"id": n + 1, "device": f"B-{n % DEVICES}", "kind": kind, "verdict": verdict,
                     "stall": f"A-{scale % STALLS}", "scale": f"S-{scale}", "day": day}
                )  # fmt: skip
            if n % 500 == 0:
                alarms.append(
                    {"device": f"B-{n % DEVICES}", "cause": "clock_step", "mark": digest, "seq": 1,
                     "entry": n + 1, "raised_at": at, "told": "{}"}
                )  # fmt: skip
        with county.store.writing() as store:
            for table, rows in (
                (tables.entries, entries), (desk.facts, facts), (desk.chart_points, points),
                (desk.alarms, alarms),
            ):  # fmt: skip
                store.connection.execute(insert(table), rows)
    with county.store.writing() as store:
        store.connection.execute(desk.sums.delete())
        store.connection.execute(
            text(
                "INSERT INTO sums (day, device, kind, verdict, count)"
                " SELECT day, device, kind, verdict, count(*) FROM facts GROUP BY day, device, kind, verdict"
            )
        )
        if is_postgres(store.connection):
            store.connection.execute(
                text("SELECT setval(pg_get_serial_sequence('entries', 'id'), :last)"), {"last": size}
            )
    with county.store._engine.connect() as connection:
        # PostgreSQL's autovacuum does it by itself after so many rows.
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    county.close()


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
