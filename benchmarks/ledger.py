"""What the record costs: append with full sync against a bare commit, verification, the independent checker.

python benchmarks/ledger.py [ENTRIES] [--directory D]
python benchmarks/ledger.py growth [--size N] [--directory D]

``--directory``: the disk that is measured, the system's directory for temporary files if none is named.
``growth`` fills a ledger up to 10 000, 100 000 … N entries and asks it the same at each; see ledger_growth.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger_growth import growth
from ledger_limits import BODY, BareCommit, Times
from rich.console import Console
from rich.table import Table

from firmware_app.ledger.clock import stamp
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import HomeLedger, open_ledger
from firmware_app.ledger.signing.signer import open_key
from firmware_app.service.clock import SystemClock

ROOT = Path(__file__).resolve().parents[1]
QUANTILES = (0.5, 0.95, 0.99)


def appends(ledger: HomeLedger, directory: Path, clock: SystemClock, times: int) -> dict[str, Times]:
    """An append, a bare commit, and what of an append is not the disk's, in turns: a machine that is busy is
    busy for all of them."""
    text = ledger.append("self_check", BODY).jws
    bare = BareCommit(directory / "bare.db", text)
    key = open_key(directory / "device.key")
    message, _, _ = text.rpartition(".")
    signed = message.encode()
    signature, public = key.sign(signed), Ed25519PrivateKey.from_private_bytes(key._seed).public_key()

    def made() -> None:
        make_entry(
            key, device="B-1", seq=2, prev="0" * 64, stamp=stamp(clock), software="s", kind="self_check",
            body=BODY,
        )  # fmt: skip

    acts: dict[str, Callable[[], object]] = {
        "append": lambda: ledger.append("self_check", BODY),
        "bare commit": bare,
        "stamped, written, signed and looked at": made,
        "signing": lambda: key.sign(signed),
        "verifying one's own signature": lambda: public.verify(signature, signed),
    }
    found = {name: Times() for name in acts}
    for _ in range(times):
        for name, act in acts.items():
            found[name].take(act)
    bare.close()
    return found


def record(console: Console, entries: int, directory: Path | None) -> None:
    """Append, verification and the independent checker, at one size."""
    table = Table(title=f"{entries} entries")
    for heading in ("what", "p50", "p95", "p99"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory(dir=directory) as name:
        home = Path(name)
        clock = SystemClock("Asia/Shanghai")
        with open_ledger(home, clock=clock, software="s", device="B-1") as ledger:
            found = appends(ledger, home, clock, entries)
            length = len(ledger.lines(1, 1)[0])
            verifying = Times(time.process_time)
            verifying.take(ledger.verify)
            export = home / "ledger.ndjson"
            write_export(ledger, export)
        subprocess.run(
            [sys.executable, ROOT / "tools/check_ledger.py", export], check=True, capture_output=True
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    for what, times in found.items():
        table.add_row(f"{what}, µs", *(f"{times.at(quantile):.0f}" for quantile in QUANTILES))
    ratios = (found["append"].at(quantile) / found["bare commit"].at(quantile) for quantile in QUANTILES)
    table.add_row("append / bare commit (target 1.5)", *(f"{ratio:.2f}" for ratio in ratios))
    signature = found["verifying one's own signature"].at(0.5)
    verify, check = verifying[0] / entries, 1e6 * (used.ru_utime + used.ru_stime) / entries
    table.add_row("verify an entry of the ledger, processor, µs", f"{verify:.0f}")
    table.add_row("verify / bare Ed25519 (target 2)", f"{verify / signature:.2f}")
    table.add_row("independent checker, processor, its start included, µs", f"{check:.0f}")
    console.print(table)
    console.print(f"an entry has {length} characters; full sync in {directory or tempfile.gettempdir()}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", default="2000", help="number of entries, or: growth")
    parser.add_argument("--size", type=int, default=10**5, help="entries to grow to")
    parser.add_argument("--directory", type=Path, help="the disk that is measured")
    given = parser.parse_args()
    console = Console(width=110)
    if given.what == "growth":
        growth(console, given.size, given.directory)
    elif given.what.isdecimal() and int(given.what) > 1:
        record(console, int(given.what), given.directory)
    else:
        parser.error(f"{given.what}: a number of entries from 2 on, or growth")


if __name__ == "__main__":
    main()
