"""What the record costs: append with full sync against a bare commit, verification, the independent checker.

python benchmarks/ledger.py [ENTRIES]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import open_ledger
from firmware_app.service.clock import SystemClock

ROOT = Path(__file__).resolve().parents[1]
BODY = {"verdict": "conforms", "scale": {"serial": "S-1"}, "loads": ["x" * 200] * 8}


def appends(ledger, directory: Path, times: int) -> tuple[float, float, float]:
    """Medians in ms: an append, a bare SQLite commit of as many bytes with the same durability and no more,
    and what of an append is not the disk's. The two take turns, so that a busy disk is busy for both."""
    connection = apsw.Connection(str(directory / "bare.db"))
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (b)"):
        connection.execute(statement).fetchall()
    text = "x" * len(ledger.append("self_check", BODY).jws)
    ours, bare, processor = [], [], []
    for _ in range(times):
        used = time.process_time()
        ours.append(once_ms(lambda: ledger.append("self_check", BODY)))
        processor.append(1000 * (time.process_time() - used))
        bare.append(once_ms(lambda: connection.execute("INSERT INTO t VALUES (?)", (text,))))
    return statistics.median(ours), statistics.median(bare), statistics.median(processor)


def once_ms(act) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def median_ms(times: int, act) -> float:
    return statistics.median(once_ms(act) for _ in range(times))


def bare_verify_us() -> float:
    key = Ed25519PrivateKey.generate()
    message = b"x" * 2400
    signature = key.sign(message)
    return 1000 * median_ms(2000, lambda: key.public_key().verify(signature, message))


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    table = Table(title=f"{entries} entries of about 2.4 kB")
    for heading in ("what", "Steelyard", "limit", "ratio"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with open_ledger(home, clock=SystemClock("Asia/Shanghai"), software="s", device="B-1") as ledger:
            append, bare, processor = appends(ledger, home, entries)
            began = time.perf_counter()
            ledger.verify()
            verify = 1e6 * (time.perf_counter() - began) / entries
            export = home / "ledger.ndjson"
            write_export(ledger, export)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, ROOT / "tools/check_ledger.py", export], check=True, capture_output=True
        )
        check = 1e6 * (time.perf_counter() - began) / entries
        signature = bare_verify_us()
    table.add_row(
        "append, full sync, ms", f"{append:.2f}", f"{bare:.2f} (bare commit)", f"{append / bare:.1f}"
    )
    table.add_row("of it processor time, ms", f"{processor:.2f}", "", "")
    table.add_row(
        "verify an entry, µs", f"{verify:.0f}", f"{signature:.0f} (bare Ed25519)", f"{verify / signature:.1f}"
    )
    table.add_row(
        "independent checker, µs an entry", f"{check:.0f}", f"{signature:.0f}", f"{check / signature:.1f}"
    )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
