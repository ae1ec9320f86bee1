"""Adds a law pack again and again, and is killed at another line each time; tells what was left.

``python law_cutter.py EVERY``: cuts at every EVERY-th line of the program that is run. One JSON object a cut.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.rules.pack import BUILTIN, load_pack
from firmware_app.rules.publisher import publisher_key, sign_pack, statement
from firmware_app.rules.shelf import SHELF, opened, standing
from firmware_app.service.law.desk import LawDesk, named

WATCHED = ("durable.py", "rules/shelf.py", "service/law/desk.py", "ledger/store.py", "ledger/database.py")
SIGNER = SoftwareKey(bytes(range(32)))
KEY = publisher_key("law.example.org", SIGNER)
DATA = (BUILTIN / "jjg99-2022.toml").read_bytes().replace(b'version = "1"', b'version = "2"')
PACK = load_pack(DATA)
WORD = sign_pack(statement(PACK.id, PACK.version, DATA), KEY, SIGNER).encode()


class Clock:
    boot = "5f0c9a52-0000-4000-8000-000000000001"
    looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime(2026, 11, 23, 8, tzinfo=UTC) + timedelta(seconds=self.looks)

    def quality(self) -> str:
        return "synchronised"

    def uptime_ns(self) -> int:
        return self.looks * 10**9


def ledger(data: Path):
    return open_ledger(data, clock=Clock(), software="ab" * 32, device="T-1")


def add_until(data: Path, cut: int) -> None:
    """Adds the pack, and dies at the ``cut``-th line."""
    lines = 0

    def line(_frame, event, _argument):
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == cut:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame, _event, _argument):
        return line if frame.f_code.co_filename.endswith(WATCHED) else None

    with ledger(data) as book:
        desk = LawDesk(book, data, (KEY,))
        sys.settrace(call)
        desk.add(DATA, WORD)
        sys.settrace(None)


def left(data: Path) -> dict[str, object]:
    """What is there after the cut, what the next start makes of it, and what adding again does."""
    whole = [opened(each).sha256 == PACK.sha256 for each in standing(data)]
    with ledger(data) as book:
        book.verify()
        before = PACK in LawDesk(book, data, ()).packs
        desk = LawDesk(book, data, (KEY,))
        desk.start()
        after, missing = PACK in desk.packs, len(desk.missing)
        desk.add(DATA, WORD)
        again, entries = PACK in desk.packs, len(list(book.of_kind("law_pack_added", 0)))
        named_once = entries == len(named(book)) == 1
    parts = len(list((data / SHELF).glob(".*.part"))) if (data / SHELF).exists() else 0
    return {
        "whole": all(whole),
        "lay": bool(whole),
        "before": before,
        "after": after,
        "missing": missing,
        "again": again,
        "named_once": named_once,
        "parts": parts,
    }


def main(every: int) -> None:
    root = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    try:
        fresh = root / "fresh"
        ledger(fresh).close()
        cut = 0
        while True:
            cut += every
            data = root / "data"
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(fresh, data)
            child = os.fork()
            if child == 0:
                add_until(data, cut)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            killed = os.WIFSIGNALED(status)
            print(json.dumps({"cut": cut, "killed": killed, **left(data)}), flush=True)
            if not killed:
                return
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main(int(sys.argv[1]))
