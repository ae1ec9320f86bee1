"""What a county's record costs as it grows: the same acts and questions at each size of the record.

What is appended is signed and goes the usual way, on top of what is there: verified, kept, made findable,
logged, receipted. Extrapolated is the straight line through the two largest sizes, of the tenth part that was
fastest, which other work on the machine disturbed least; what grows with the logarithm stays below the line.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta

import county_lists
from county_clients import SimulatedDevice, timed
from county_fill import fill
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from county_gateway.intake import judge
from county_gateway.log.book import LogReader
from county_gateway.log.receipts import Seen
from firmware_app.ledger.county.merkle import entry_leaf, verify_consistency, verify_inclusion

BATCH, APPENDED, TIMES, STARTS = 50, 60, 100, 3
BEYOND = 10_000_000

Figures = dict[str, list[float]]
"""Seconds of each time that something was done."""


def growth(console: Console, wanted: list[str], databases, sizes: list[int]) -> None:
    """p50 and p99 in milliseconds at each size, and what the straight line through the last two leads to."""
    for name in wanted:
        table = Table(title=f"{name}: milliseconds, p50 / p99; a batch has {BATCH} entries, a page 100")
        table.add_column("")
        columns: list[Figures] = []
        for size in sizes:
            with databases([name]) as places:
                _, directory, url = next(places)
                began = time.monotonic()
                fill(directory, url, size)
                taken = time.monotonic() - began
                settings = Settings(data_dir=directory, database=url)
                opened = {
                    "start of a gateway": timed(lambda settings=settings: County(settings).close(), STARTS)
                }
                county = County(settings)
                console.print(f"{name}: {size:,} entries in place after {taken:.0f} s")
                columns.append(opened | measured(county, size) | county_lists.measured(county, size))
                county.close()
            table.add_column(f"{size:,}", justify="right")
        table.add_column(f"{BEYOND:,}, extrapolated", justify="right")
        for what in columns[0]:
            beyond = extrapolated(sizes[-2:], [undisturbed(column[what]) for column in columns[-2:]])
            table.add_row(
                what, *(county_lists.shown(column[what]) for column in columns), f"{1000 * beyond:.1f}"
            )
        console.print(table)


def undisturbed(taken: list[float]) -> float:
    return sorted(taken)[len(taken) // 10]


def extrapolated(sizes: list[int], values: list[float]) -> float:
    """The value at `BEYOND` entries on the line through two; never less than the last."""
    slope = (values[1] - values[0]) / (sizes[1] - sizes[0])
    return values[1] + max(slope, 0.0) * (BEYOND - sizes[1])


def measured(county: County, size: int) -> Figures:
    """What a device and a verifier do."""
    device = SimulatedDevice(f"M-{size}", APPENDED * BATCH)
    county.enrol(device.request(county.give_token(timedelta(hours=1))))
    batches = [device.lines[at : at + BATCH] for at in range(0, len(device.lines), BATCH)]
    bodies = ["".join(f"{line}\n" for line in lines).encode() for lines in batches]
    with county.store.reading() as store:
        (held,) = store.chains(device.name)
    followed = judge(held.chain, lambda _seq: None, batches[0]).chain
    waiting = iter(bodies)
    figures: Figures = {
        "append a batch": timed(lambda: county.accept(next(waiting), Seen()), len(bodies)),
        "of it, verify": timed(lambda: judge(followed, lambda _seq: None, batches[1]), TIMES),
        "a known batch again": timed(lambda: county.accept(bodies[7], Seen()), TIMES),
    }
    return figures | _proofs(county, size) | _read(county, size)


def _proofs(county: County, size: int) -> Figures:
    """Of entries anywhere, and from trees of any size: made by the county, checked by whoever asks."""
    chance, made = random.Random(2), []

    def make() -> None:
        index, old = chance.randrange(size), chance.randrange(1, size)
        with county.store.reading() as store:
            tree = LogReader(store.connection).tree()
            found = (tree.inclusion(index), tree.consistency(old), tree.root(old), tree.root())
            made.append((index, old, tree.size, *found))

    taken = timed(make, TIMES)
    with county.store.reading() as store:
        leaves = [entry_leaf(store.entries(after=index, limit=1)[0].hash) for index, *_ in made]
    waiting = iter(zip(leaves, made, strict=True))

    def check() -> None:
        leaf, (index, old, whole, inclusion, consistency, old_root, root) = next(waiting)
        verify_inclusion(index, whole, leaf, inclusion, root)
        verify_consistency(old, whole, old_root, root, consistency)

    return {"make both proofs of the log": taken, "check them": timed(check, TIMES)}


def _read(county: County, size: int) -> Figures:
    def read(ask: Callable) -> list[float]:
        def once() -> None:
            with county.store.reading() as store:
                ask(store)

        return timed(once, TIMES)

    return {
        "list a device's entries": read(lambda store: store.entries(device="B-7", limit=100)),
        "list by verdict, newest": read(
            lambda store: store.entries(verdict="does_not_conform", limit=100, newest_first=True)
        ),
        "a page in the middle": read(lambda store: store.entries(after=size // 2, limit=100)),
        "all devices": read(lambda store: store.devices()),
        "count all verdicts": read(lambda store: store.verdicts()),
    }
