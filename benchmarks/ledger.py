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


def bare_commit_ms(directory: Path, size: int) -> float:
    """Median of a SQLite commit of as many bytes with the same durability, and nothing else."""
    connection = apsw.Connection(str(directory / "bare.db"))
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (b)"):
        connection.execute(statement).fetchall()
    return median_ms(100, lambda: connection.execute("INSERT INTO t VALUES (?)", ("x" * size,)))


def median_ms(times: int, act) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


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
            append = median_ms(entries, lambda: ledger.append("self_check", BODY))
            size = len(ledger.entry(2).jws)
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
        bare, signature = bare_commit_ms(home, size), bare_verify_us()
    table.add_row(
        "append, full sync, ms", f"{append:.2f}", f"{bare:.2f} (bare commit)", f"{append / bare:.1f}"
    )
    table.add_row(
        "verify an entry, µs", f"{verify:.0f}", f"{signature:.0f} (bare Ed25519)", f"{verify / signature:.1f}"
    )
    table.add_row(
        "independent checker, µs an entry", f"{check:.0f}", f"{signature:.0f}", f"{check / signature:.1f}"
    )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
