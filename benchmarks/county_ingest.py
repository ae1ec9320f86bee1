"""What taking entries in costs a core, against the two bounds that nothing can beat, in one and the same run.

Beside every batch that the gateway takes, the same texts' signatures are verified and nothing else, and rows
as long are brought in by the fastest way that the database has, and nothing else: whatever else the machine
does meanwhile, it does to all three. Processor times; waiting for the disk is told beside.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import county_clients
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.console import Console
from rich.table import Table

from county_gateway.county import County, Settings
from county_gateway.log.receipts import Seen
from firmware_app.ledger.chain import Chain
from firmware_app.ledger.jose import b64url_decode

COLUMNS = "device text, seq bigint, hash text, kind text, jws text"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Cost:
    """Seconds of processor, and of time, that an act took, a batch each."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def of(self, act: Callable[[], object]) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        act()
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)

    def cpu_us(self, entries: int) -> float:
        # The mean: in SQLite some commits carry the pages of all before them into the file.
        return 1e6 * sum(self.cpu) / entries

    def wall_us(self, entries: int) -> float:
        return 1e6 * statistics.median(self.wall) * len(self.wall) / entries


class Rows:
    """The fastest way in: COPY, or one INSERT of many, a commit a batch."""

    def __init__(self, name: str, url: str) -> None:
        self._sqlite = name == "sqlite"
        if self._sqlite:
            self._connection = sqlite3.connect(f"{url}.bare", isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
        else:
            self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"CREATE TABLE bare ({COLUMNS})")

    def bring(self, rows: list[tuple[str, int, str, str, str]]) -> None:
        if self._sqlite:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.execute("COMMIT")
            return
        with self._connection.cursor().copy("COPY bare FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        self._connection.close()


def ingest(console: Console, wanted: list[str], databases, entries: int, batch: int) -> None:
    """One device's entries, one thread: verified, kept, made findable, logged, receipted."""
    table = Table(title=f"{entries} entries in batches of {batch}; microseconds an entry, means")
    table.add_column("")
    device = county_clients.SimulatedDevice("KIOSK-1", entries)
    console.print(f"an entry has {len(device.lines[1])} bytes")
    columns: list[list[str]] = []
    with databases(wanted) as places:
        for name, directory, url in places:
            table.add_column(name, justify="right")
            columns.append(_measured(device, name, directory, url, batch))
    for row in zip(LABELS, *columns, strict=True):
        table.add_row(*row)
    console.print(table)


LABELS = (
    "bare Ed25519 verification",
    "bare rows: processor of who brings them",
    "bare rows: processor of the database server",
    "chain and signature",
    "ingest: processor of the gateway",
    "ingest: processor of the database server",
    "ingest: waiting time, median",
    "slower bound / processor of the gateway (target 0.5)",
    "slower bound / gateway and server together",
)


def _measured(
    device: county_clients.SimulatedDevice, name: str, directory: Path, url: str, batch: int
) -> list[str]:
    county = County(Settings(data_dir=directory, database=url))
    county.enrol(device.request(county.give_token(timedelta(hours=1))))
    rows = Rows(name, url)
    verified, brought, followed, taken = Cost(), Cost(), Cost(), Cost()
    chain, key = Chain(device.name, device.key.public_jwk), _public(device)
    server = server_bare = 0.0
    entries = len(device.lines)
    for at in range(0, len(device.lines), batch):
        lines = device.lines[at : at + batch]
        parts = [line.rpartition(".") for line in lines]
        signed = [(b64url_decode(signature), message.encode()) for message, _, signature in parts]
        bare = [(device.name, at + nth, "0" * 64, "self_check", line) for nth, line in enumerate(lines)]
        verified.of(lambda signed=signed: [key.verify(*each) for each in signed])
        before = server_cpu_s(url)
        brought.of(lambda bare=bare: rows.bring(bare))
        server_bare += server_cpu_s(url) - before
        chains = [chain]
        followed.of(lambda lines=lines, chains=chains: [_go_on(chains, line) for line in lines])
        chain = chains[-1]
        body = "".join(f"{line}\n" for line in lines).encode()
        before = server_cpu_s(url)
        taken.of(lambda body=body: county.accept(body, Seen()))
        server += server_cpu_s(url) - before
    rows.close()
    county.close()
    gateway = taken.cpu_us(entries)
    served, served_bare = (1e6 * each / entries for each in (server, server_bare))
    bound = max(verified.cpu_us(entries), brought.cpu_us(entries) + served_bare)
    beside = [f"{each:.0f}" if name != "sqlite" else "-" for each in (served_bare, served)]
    return [
        f"{verified.cpu_us(entries):.0f}",
        f"{brought.cpu_us(entries):.0f}",
        beside[0],
        f"{followed.cpu_us(entries):.0f}",
        f"{gateway:.0f}",
        beside[1],
        f"{taken.wall_us(entries):.0f}",
        f"{bound / gateway:.2f}",
        f"{bound / (gateway + served):.2f}",
    ]


def _public(device: county_clients.SimulatedDevice) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(b64url_decode(device.key.public_jwk.x))


def _go_on(chains: list[Chain], line: str) -> None:
    chains.append(chains.pop().follow(line)[0])


def server_cpu_s(url: str) -> float:
    """Seconds of processor that the PostgreSQL server behind a local socket has used; 0 of SQLite."""
    if "host=" not in url:
        return 0.0
    home = Path(url.rpartition("host=")[2])
    master = (home / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0]
    ticks = 0
    for process in (master, *_children(master)):
        try:
            fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        # utime and stime, of the server also those of the children that have ended (proc(5)).
        ticks += sum(map(int, fields[11:15] if process == master else fields[11:13]))
    return ticks * TICK_S


def _children(master: str) -> list[str]:
    found = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    return found.split()
