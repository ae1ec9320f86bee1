"""What the county's end costs: ingest, a backlog over a bad link, a crowd that comes back, growth.

python benchmarks/county.py ingest|drain|reconnect|growth|lists  [--database sqlite|postgresql] [--size N]

Devices are simulated: real signatures, bodies of a self-check's size, one process for all of them. PostgreSQL
is a server of its own (`county_gateway.local_postgres`) with its usual durability.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import county_clients
import county_crowd
import county_drain
import county_growth
import county_lists
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from county_gateway.local_postgres import local_postgres
from county_gateway.log.receipts import Seen
from firmware_app.ledger.chain import Chain

BATCH = 250
console = Console(width=110)


@contextlib.contextmanager
def databases(wanted: list[str]) -> Iterator[Iterator[tuple[str, Path, str]]]:
    """Name, data directory and address of an empty database of each kind."""
    with contextlib.ExitStack() as stack:

        def each() -> Iterator[tuple[str, Path, str]]:
            for name in wanted:
                directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="county-")))
                if name == "sqlite":
                    yield name, directory, str(directory / "county.db")
                else:
                    yield name, directory, stack.enter_context(local_postgres()).create()

        yield each()


def bare_verify_us(message: bytes) -> float:
    """Microseconds of one Ed25519 verification over as many bytes as an entry has, and of nothing else."""
    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(message), key.public_key()
    return 1e6 * statistics.median(county_clients.timed(lambda: public.verify(signature, message), 2000))


def bare_rows_us(name: str, url: str, lines: list[str]) -> float:
    """Microseconds a row of the fastest way in: COPY, or one INSERT of many, a commit a batch."""
    rows = [("KIOSK", number, "0" * 64, "self_check", line) for number, line in enumerate(lines)]
    batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    columns = "device text, seq bigint, hash text, kind text, jws text"
    taken = []
    if name == "sqlite":
        connection = sqlite3.connect(f"{url}.bare", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            f"CREATE TABLE bare ({columns})",
        ):
            connection.execute(statement)
        for batch in batches:
            began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", batch)
            connection.execute("COMMIT")
            taken.append((time.perf_counter() - began) / len(batch))
        connection.close()
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLE bare ({columns})")
            for batch in batches:
                began = time.perf_counter()
                with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
                taken.append((time.perf_counter() - began) / len(batch))
    return 1e6 * statistics.median(taken)


def ingest(wanted: list[str], entries: int) -> None:
    """One device's entries in batches of 250, one thread: verified, kept, logged, receipted."""
    table = Table(title=f"{entries} entries in batches of {BATCH}, one core; microseconds an entry")
    for heading in (
        "database",
        "ingest",
        "of it CPU here",
        "bare Ed25519",
        "bare rows",
        "slower / ingest",
        "slower / CPU",
    ):
        table.add_column(heading, justify="right")
    device = county_clients.SimulatedDevice("KIOSK-1", entries)
    verify = bare_verify_us(device.lines[1].rpartition(".")[0].encode())
    console.print(
        f"an entry has {len(device.lines[1])} bytes; chain and signature alone: {following_us(device):.0f} µs"
    )
    with databases(wanted) as places:
        for name, directory, url in places:
            county = County(Settings(data_dir=directory, database=url))
            county.enrol(device.request(county.give_token(timedelta(hours=1))))
            walls, cpus = [], []
            for at in range(0, entries, BATCH):
                lines = device.lines[at : at + BATCH]
                body = "".join(f"{line}\n" for line in lines).encode()
                began, cpu = time.perf_counter(), time.process_time()
                county.accept(body, Seen())
                walls.append((time.perf_counter() - began) / len(lines))
                cpus.append((time.process_time() - cpu) / len(lines))
            county.close()
            rows = bare_rows_us(name, url, device.lines)
            wall, cpu_us = 1e6 * statistics.median(walls), 1e6 * statistics.median(cpus)
            table.add_row(
                name, f"{wall:.0f}", f"{cpu_us:.0f}", f"{verify:.0f}", f"{rows:.0f}",
                f"{max(verify, rows) / wall:.2f}", f"{max(verify, rows) / cpu_us:.2f}",
            )  # fmt: skip
    console.print(table)


def following_us(device: county_clients.SimulatedDevice) -> float:
    """Microseconds to verify one entry as part of its chain, without any database."""
    chain, taken = Chain(device.name, device.key.public_jwk), []
    for line in device.lines:
        began = time.perf_counter()
        chain, _ = chain.follow(line)
        taken.append(time.perf_counter() - began)
    return 1e6 * statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["ingest", "drain", "reconnect", "growth", "lists"])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--size", type=int, help="entries or devices; 5000, 10,000, 10^5 or 10^6 if left out")
    parser.add_argument("--seconds", type=float, default=420.0, help="how long a crowd may take at most")
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgresql"]
    match options.what:
        case "ingest":
            ingest(wanted, options.size or 5000)
        case "drain":
            county_drain.drain(console, wanted, databases, options.size or 10_000)
        case "reconnect":
            county_crowd.reconnect(console, wanted, databases, options.size or 10_000, options.seconds)
        case "lists":
            county_lists.lists_at(console, wanted, databases, [options.size or 100_000])
        case "growth":
            county_growth.growth(console, wanted, databases, [10_000, options.size or 1_000_000])


if __name__ == "__main__":
    main()
