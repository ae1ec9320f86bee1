"""What a county's record costs as it grows: the same questions at each size.

What is there already is put in in bulk (unsigned; nobody reads it), with its places in the log given by the
gateway itself; what is measured is signed and goes the usual way.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from datetime import timedelta

from county_clients import SimulatedDevice, timed
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from county_gateway import tables
from county_gateway.county import County, Settings
from county_gateway.log.receipts import Seen
from firmware_app.ledger.signer import SoftwareKey

DEVICES, BATCH, PIECE = 1000, 50, 5000
TEXT = "e" * 2760
"""As long as an entry; what it says does not count here."""


def growth(console: Console, wanted: list[str], databases, sizes: list[int]) -> None:
    """Milliseconds at each size."""
    table = Table(title=f"milliseconds; a batch has {BATCH} entries")
    for heading in ("database", "entries", "append a batch", "known batch again", "list by device",
                    "list by verdict", "a page deep in", "all devices", "count verdicts"):  # fmt: skip
        table.add_column(heading, justify="right")
    with databases(wanted) as places:
        for name, directory, url in places:
            there = 0
            for size in sizes:
                began = time.monotonic()
                fill(directory, url, there, size)
                there = size
                county = County(Settings(data_dir=directory, database=url))
                console.print(f"{name}: {size} entries in place after {time.monotonic() - began:.0f} s")
                table.add_row(name, f"{size:,}", *(f"{value:.2f}" for value in measured(county, size)))
                county.close()
    console.print(table)


def fill(directory, url: str, there: int, size: int) -> None:
    """Puts entries in, so that there are ``size``, in as many chains as there are devices."""
    county = County(Settings(data_dir=directory, database=url))
    jwk = '{"crv":"Ed25519","kty":"OKP","x":"' + SoftwareKey.generate().public_jwk.x + '"}'
    with county.store.writing() as store:
        if there == 0:
            store.connection.execute(
                insert(tables.devices),
                [
                    {"device": f"B-{n}", "id": f"B-{n}", "number": 1, "jwk": jwk, "kid": f"kid-{n}",
                     "enrolled_at": "2026-03-01T08:00:00+08:00", "head_seq": size // DEVICES,
                     "head_hash": "0" * 64}
                    for n in range(DEVICES)
                ],
            )  # fmt: skip
    for begin in range(there, size, PIECE):
        rows = [
            {"device": f"B-{n % DEVICES}", "seq": n // DEVICES + 1, "kind": "self_check",
             "hash": hashlib.sha256(b"%d" % n).hexdigest(), "at": "2026-03-01T08:00:00+08:00",
             "verdict": "does_not_conform" if n % 20 == 0 else "conforms", "clock": "synchronised",
             "received_at": "2026-03-01T08:00:00+08:00", "jws": TEXT}
            for n in range(begin, min(begin + PIECE, size))
        ]  # fmt: skip
        with county.store.writing() as store:
            store.connection.execute(insert(tables.entries), rows)
    county.close()


def measured(county: County, size: int) -> list[float]:
    """Medians, in milliseconds, in the order of the table."""
    device = SimulatedDevice(f"M-{size}", 20 * BATCH)
    county.enrol(device.request(county.give_token(timedelta(hours=1))))
    bodies = [
        "".join(f"{line}\n" for line in device.lines[at : at + BATCH]).encode()
        for at in range(0, len(device.lines), BATCH)
    ]
    appended = []
    for body in bodies:
        began = time.perf_counter()
        county.accept(body, Seen())
        appended.append(time.perf_counter() - began)
    known = timed(lambda: county.accept(bodies[7], Seen()), 10)

    def read(ask) -> list[float]:
        def once() -> None:
            with county.store.reading() as store:
                ask(store)

        return timed(once, 5)

    asked = [
        read(lambda store: store.entries(device="B-7", limit=100)),
        read(lambda store: store.entries(verdict="does_not_conform", limit=100, newest_first=True)),
        read(lambda store: store.entries(after=size // 2, limit=100)),
        read(lambda store: store.devices()),
        read(lambda store: store.verdicts()),
    ]
    return [1000 * statistics.median(taken) for taken in (appended, known, *asked)]
