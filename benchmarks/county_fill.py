"""A county's record of any size, as years of work would have left it, put in without being judged.

Entries, what they are found by, sums and places in the log lie there as the gateway itself would have put
them, through its own ways in (`bulk.add_rows`, `LogWriter.append`), 20 000 entries a transaction. What is
left out is what a filler has no use for: signatures (every entry has the text of one, signed once), receipts,
and waiting for the disk.
"""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

from county_clients import SimulatedDevice
from sqlalchemy import insert, text

from county_gateway import tables
from county_gateway.bulk import add_rows
from county_gateway.county import County, Settings
from county_gateway.database import is_postgres
from county_gateway.desk import tables as desk
from county_gateway.desk.fill import FACTS
from county_gateway.log.book import LogWriter
from county_gateway.store import ENTRY
from firmware_app.ledger.signing.signer import SoftwareKey

DEVICES, STALLS, SCALES, DAYS = 50, 400, 600, 365
VERDICTS = ("conforms",) * 16 + ("does_not_conform", "undecided", "undecided", "cannot_judge")
PIECE = 20_000
HURRIED = {
    "sqlite": ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000"),
    "postgresql": ("SET synchronous_commit = off",),
}
"""For the filler's one connection: what is measured afterwards has others."""
ALARM = ("device", "cause", "mark", "seq", "entry", "raised_at", "told")
AT = "2026-03-01T08:00:00+08:00"


def day_of(number: int, size: int) -> str:
    """Days in the order of the entries, a year of them."""
    return time.strftime("%Y-%m-%d", time.gmtime(1_767_225_600 + 86_400 * (number * DAYS // size)))


def fill(directory: Path, url: str, size: int) -> None:
    """Puts ``size`` entries into an empty database."""
    county = County(Settings(data_dir=directory, database=url))
    _begin(county, size)
    chance, jws = random.Random(0), SimulatedDevice("B-0", 2).lines[1]
    _hurry(county)
    for begin in range(0, size, PIECE):
        entries, facts, points, alarms = [], [], [], []
        for n in range(begin, min(begin + PIECE, size)):
            scale, control = chance.randrange(SCALES), n % 20 == 0
            verdict = "" if control else chance.choice(VERDICTS)
            digest = hashlib.sha256(b"%d" % n).hexdigest()
            kind, device = "control_check" if control else "self_check", f"B-{n % DEVICES}"
            entries.append(
                (n + 1, device, n // DEVICES + 1, digest, kind, verdict or None, AT, "synchronised", AT, jws)
            )
            if control:
                points.append((n + 1, device, '{"deviation_g":"0.4"}'))
            else:
                stall, day = f"A-{scale % STALLS}", day_of(n, size)
                facts.append((n + 1, device, kind, verdict, stall, f"S-{scale}", day))
            if n % 500 == 0:
                alarms.append((device, "clock_step", digest, 1, n + 1, AT, "{}"))
        with county.store.writing() as store:
            connection = store.connection
            add_rows(connection, tables.entries, ("id", *ENTRY), entries)
            add_rows(connection, desk.facts, FACTS, facts)
            add_rows(connection, desk.chart_points, ("id", "device", "point"), points)
            add_rows(connection, desk.alarms, ALARM, alarms)
            LogWriter(connection).append([entry[3] for entry in entries])
    _add_up(county, size)
    county.close()


def _hurry(county: County) -> None:
    with county.store._engine.connect() as connection:
        # Outside of any transaction, where SQLite takes it.
        driver = connection.connection.driver_connection
        for words in HURRIED[connection.dialect.name]:
            driver.execute(words)
        driver.commit()


def _begin(county: County, size: int) -> None:
    jwk = '{"crv":"Ed25519","kty":"OKP","x":"' + SoftwareKey.generate().public_jwk.x + '"}'
    devices = [
        {"device": f"B-{n}", "id": f"B-{n}", "number": 1, "jwk": jwk, "kid": f"kid-{n}", "enrolled_at": AT,
         "head_seq": size // DEVICES, "head_hash": "0" * 64}
        for n in range(DEVICES)
    ]  # fmt: skip
    scales = [
        {"scale": f"S-{n}", "stall": f"A-{n % STALLS}", "serial": "", "maker": "", "model": "",
         "due": day_of(n, SCALES), "due_from": "registry", "due_said": "", "last_day": "", "last_verdict": ""}
        for n in range(SCALES)
    ]  # fmt: skip
    with county.store.writing() as store:
        store.connection.execute(insert(tables.devices), devices)
        store.connection.execute(insert(desk.scales), scales)


def _add_up(county: County, size: int) -> None:
    with county.store.writing() as store:
        for words in (
            "INSERT INTO sums (day, device, kind, verdict, count)"
            " SELECT day, device, kind, verdict, count(*) FROM facts GROUP BY day, device, kind, verdict",
            "INSERT INTO totals (device, kind, verdict, count)"
            " SELECT device, kind, verdict, sum(count) FROM sums GROUP BY device, kind, verdict",
        ):
            store.connection.execute(text(words))
        if is_postgres(store.connection):
            store.connection.execute(
                text("SELECT setval(pg_get_serial_sequence('entries', 'id'), :last)"), {"last": size}
            )
    with county.store._engine.connect() as connection:
        # PostgreSQL's autovacuum does it by itself after so many rows.
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
