"""A process that appends until it is killed; prints each number once it is saved. Run by test_ledger_kill."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from firmware_app.ledger.home import open_ledger


class Clock:
    boot = "boot"

    def now(self):
        return datetime.now(UTC)

    def quality(self):
        return "unsynchronised"

    def uptime_ns(self):
        return 0


with open_ledger(Path(sys.argv[1]), clock=Clock(), software="00") as ledger:
    sys.stdout.write("ready\n")
    while True:
        visit = f"v{ledger.head_seq + 1}"
        ledger.keep_visit(visit, "self_check", b"state")
        entry = ledger.append("self_check", {"verdict": "conforms"}, visit=visit)
        sys.stdout.write(f"{entry.seq} {entry.hash}\n")
        sys.stdout.flush()
