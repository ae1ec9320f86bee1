"""What the record costs as it grows: the same is asked of a ledger of 10 000, 100 000 … entries.

What is there already is put in in bulk: signed as the product signs, chained, with its visits and a receipt
upon every 250th, but synced once a bulk. What is measured goes the usual way. What does not wait for the disk
is told in processor time, so that other work on the machine does not count.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from ledger_limits import BODY, BareCommit, Times
from rich.console import Console
from rich.table import Table

from firmware_app.ledger.clock import stamp
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.receipt import Receipt, make_receipt
from firmware_app.ledger.entry import Payload
from firmware_app.ledger.home import KEY, LEDGER, HomeLedger, join_county, open_ledger, read_ledger
from firmware_app.ledger.jose import b64url_encode, sha256_hex
from firmware_app.ledger.signing.signer import SoftwareKey, open_key
from firmware_app.service.clock import SystemClock

FIRST, PIECE, RECEIPT_EVERY, ASKED = 10_000, 10_000, 250, 300
COUNTY_KEY = SoftwareKey.generate()
DISK = 4
"""So many of the columns are the disk's, which has no slope."""
COLUMNS = (
    ("append p50, ms", 3), ("append p99, ms", 3), ("bare p50, ms", 3), ("bare p99, ms", 3),
    ("append, processor, ms", 3),
    ("verify, µs an entry", 0), ("open, ms", 1), ("open to look, ms", 1), ("by number, µs", 0),
    ("by visit, µs", 0), ("visit unknown, µs", 0), ("page of 200, µs", 0), ("last of a kind, µs", 0),
    ("file, bytes an entry", 0),
)  # fmt: skip


def growth(console: Console, size: int, directory: Path | None) -> None:
    """Each question at each size, and what is to be expected at ten times the last one."""
    rows: list[tuple[int, list[float]]] = []
    with tempfile.TemporaryDirectory(dir=directory) as name:
        home = Path(name)
        clock = SystemClock("Asia/Shanghai")
        with open_ledger(home, clock=clock, software="s", device="B-1") as ledger:
            county = County(county="c", url="https://county.example", jwk=COUNTY_KEY.public_jwk)
            join_county(home, ledger, county)
        wanted = FIRST
        while wanted <= size:
            began = time.monotonic()
            fill(home, clock, wanted)
            console.print(f"{wanted:,} entries in place after {time.monotonic() - began:.0f} s")
            rows.append((wanted, measured(home, clock, wanted)))
            wanted *= 10
    table = Table(
        title="the record, by the number of its entries; appends by the clock, the rest processor time"
    )
    table.add_column("what", justify="right")
    for entries, _ in rows:
        table.add_column(f"{entries:,}", justify="right")
    if len(rows) > 1:
        table.add_column(f"{rows[-1][0] * 10:,} extrapolated", justify="right")
    for number, (what, digits) in enumerate(COLUMNS):
        values = [measures[number] for _, measures in rows]
        if number >= DISK:
            values += extrapolated(rows, number)
        table.add_row(what, *(f"{value:.{digits}f}" for value in values))
    console.print(table)


def extrapolated(rows: list[tuple[int, list[float]]], number: int) -> Iterator[float]:
    """The value at ten times the last size: what doubles and more with ten times the entries grows on in a
    straight line, anything else by as much as it did last, as the depth of a tree does."""
    if len(rows) > 1:
        (n0, before), (n1, last) = rows[-2:]
        grown = last[number] - before[number]
        steps = (10 * n1 - n1) / (n1 - n0) if last[number] > 2 * before[number] else 1
        yield max(last[number], last[number] + steps * grown)


def visit_of(seq: int) -> str:
    """An id as random as a visit's, to be had again from the number."""
    return f"{random.Random(seq).getrandbits(128):032x}"


def fill(home: Path, clock: SystemClock, wanted: int) -> None:
    """Puts entries in until there are ``wanted``."""
    with open_ledger(home, clock=clock, software="s", device="B-1") as ledger:
        key, connection = open_key(home / KEY), ledger._connection
        header, seq, prev = ledger.lines(0, 1)[0].split(".")[0], ledger.head.seq, ledger.head.hash
        now = stamp(clock)
        while seq < wanted:
            entries, receipts = [], []
            for seq in range(seq + 1, min(seq + PIECE, wanted) + 1):  # noqa: B020 - goes on from where it was
                payload = Payload(
                    device="B-1", seq=seq, prev=prev, at=now.at, clock=now.clock, boot=now.boot,
                    uptime_ns=now.uptime_ns, software="s", kind="self_check", body=BODY,
                )  # fmt: skip
                signed = f"{header}.{b64url_encode(msgspec.json.encode(payload))}"
                text = f"{signed}.{b64url_encode(key.sign(signed.encode()))}"
                prev = sha256_hex(text)
                entries.append((seq, prev, "self_check", visit_of(seq), text))
                if seq % RECEIPT_EVERY == 0:
                    word = Receipt(device="B-1", seq=seq, entry=prev, at="2026-03-01T09:00:00Z", county="c")
                    receipts.append((seq, make_receipt(COUNTY_KEY, word)))
            with connection:
                connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", entries)
                connection.executemany("INSERT INTO receipts VALUES (?, ?)", receipts)
            ledger._copying.copy()


def measured(home: Path, clock: SystemClock, size: int) -> list[float]:
    """In the order of COLUMNS."""
    chosen = [random.Random(number).randint(3, size) for number in range(ASKED)]
    opening = Times(time.process_time)
    for _ in range(5):
        opening.take(lambda: open_ledger(home, clock=clock, software="s", device="B-1").close())
    looking = Times(time.process_time)
    for _ in range(5):
        looking.take(lambda: read_ledger(home).close())
    with open_ledger(home, clock=clock, software="s", device="B-1") as ledger:
        asked = [[asking.at(0.5)] for asking in questions(ledger, chosen)]
        began = time.process_time()
        found = ledger.verify()
        verify = 1e6 * (time.process_time() - began) / found.head.seq
        bare = BareCommit(home / f"bare-{size}.db", ledger.lines(size - 1, 1)[0])
        ours, theirs, processor = Times(), Times(), Times(time.process_time)
        # Each size has its fill, and the appends of one are few beside the next.
        for _ in range(ASKED):
            processor.take(lambda: ours.take(lambda: ledger.append("self_check", BODY)))
            theirs.take(bare)
        bare.close()
    times = [each.at(quantile) / 1000 for each in (ours, theirs) for quantile in (0.5, 0.99)]
    file = (home / LEDGER).stat().st_size / (size + ASKED)
    times.append(processor.at(0.5) / 1000)
    return [*times, verify, opening.at(0.5) / 1000, looking.at(0.5) / 1000, *(one for (one,) in asked), file]


def questions(ledger: HomeLedger, chosen: list[int]) -> Iterator[Times]:
    """By number, by visit, by a visit that there is not, a page, the last of a kind that came once."""
    for ask in (
        ledger.entry,
        lambda seq: ledger.entry_of(visit_of(seq)),
        lambda seq: ledger.entry_of(f"unknown {seq}"),
        lambda seq: ledger.lines(seq, 200),
        lambda _: ledger.last_of(("enrolment",)),
    ):
        times = Times(time.process_time)
        for seq in chosen:
            times.take(lambda ask=ask, seq=seq: ask(seq))
        yield times
