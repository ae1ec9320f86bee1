"""The files beside the ledger, and the ledger's schema: one place writes, and what it leaves can be read."""

from __future__ import annotations

import ast
import errno
import os
from pathlib import Path

import pytest
from promises_disk import Told, states
from promises_life import Clock, Opened, Saved, examine, lay

from firmware_app import durable
from firmware_app.ledger import database
from firmware_app.ledger.errors import NewerLedger, StoreFailed
from firmware_app.ledger.home import LEDGER, open_ledger

PRODUCT = Path(__file__).parents[2] / "firmware_app"
WRITERS = {"write_bytes", "write_text", "fsync", "replace", "rename", "link"}
NOT_STATE = {
    "durable.py": "the one place",
    "ledger/home.py": "the lock, which holds nothing",
    "registry/confirmations.py": "the lock of the directory",
    "calibrating/keeping.py": "cuts off a torn end, and syncs that",
    "calibrating/plot.py": "a picture somebody asked for",
    "service/slips/printing.py": "reads only",
    "service/clock.py": "a mark in the run directory, which is gone with the power",
    "cli": "what a person asked a command to write",
}
"""Where else a file is opened to be written, and why nothing of the appliance's state depends on it."""


def writes(path: Path) -> list[int]:
    """The lines in which a module opens, renames or syncs a file to be written by itself."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, holder = node.func.attr, node.func.value
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        of_path = len(node.args) == 1 and not node.keywords
        if name in ("write_bytes", "write_text", "fsync"):
            found.append(node.lineno)
        if name in ("replace", "rename", "link") and of_path and not isinstance(holder, ast.Constant):
            found.append(node.lineno)
        if name == "open" and any(isinstance(each, str) and set(each) & set("wax+") for each in texts):
            found.append(node.lineno)
    return found


def test_every_file_of_the_appliance_is_written_in_one_place():
    others = {}
    for path in sorted(PRODUCT.rglob("*.py")):
        name = path.relative_to(PRODUCT).as_posix()
        if name not in NOT_STATE and name.split("/")[0] not in NOT_STATE and (lines := writes(path)):
            others[name] = lines

    assert others == {}, "write through firmware_app.durable"


def test_what_a_dead_writer_left_is_cleared_and_never_in_the_way(tmp_path):
    """Given a part of a writer with our own number and one of a dead one, as a power cut leaves them."""
    mine = tmp_path / f".f.{os.getpid()}.part"
    dead = tmp_path / ".f.4194305.part"
    alive = tmp_path / ".f.1.part"
    for left in (mine, dead, alive):
        left.write_bytes(b"half")

    durable.write(tmp_path / "f", b"whole")

    assert (tmp_path / "f").read_bytes() == b"whole"
    assert not mine.exists() and not dead.exists() and alive.exists()


def test_a_new_file_never_takes_the_place_of_another(tmp_path):
    durable.write_new(tmp_path / "key", b"first")

    with pytest.raises(FileExistsError):
        durable.write_new(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, mocker):
    durable.write(tmp_path / "f", b"old")
    mocker.patch("os.fsync", side_effect=OSError(errno.ENOSPC, "No space left on device"))

    with pytest.raises(OSError, match="No space"):
        durable.write(tmp_path / "f", b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("f", b"old")]


def test_directories_are_made_with_those_above_them(tmp_path):
    durable.make_directory(tmp_path / "a" / "b", 0o750)
    durable.make_directory(tmp_path / "a" / "b", 0o750)

    assert (tmp_path / "a" / "b").is_dir()


# ------------------------------------------------------------------------------------------ the schema

NEXT = "ALTER TABLE receipts ADD COLUMN proof TEXT; CREATE INDEX receipts_by_proof ON receipts (proof);"
"""A migration such as a later version may bring."""


NOW = database.MIGRATIONS


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ((), NOW[:1], "SELECT count(*) = 0 FROM sqlite_schema WHERE name = 'entries_by_hash'"),
        (NOW, (*NOW, NEXT), "SELECT count(proof) = 0 FROM receipts"),
    ],
    ids=["to schema 2", "to the next one"],
)
def test_no_cut_within_a_migration_breaks_a_promise(quick, lives, monkeypatch, before, after, holds):
    """Given a ledger of one schema, then the next program starts, and the power goes at any operation."""
    monkeypatch.setattr(database, "MIGRATIONS", before)
    with open_ledger(quick / "life", clock=Clock(), software="first", device="KIOSK-7") as ledger:
        kept = [ledger.append("start", {"n": number}) for number in range(3)]
    facts: list[object] = [Opened(4), *(Saved(entry.seq, entry.hash, "") for entry in kept)]
    old = {each.name: each.read_bytes() for each in (quick / "life").iterdir()}
    monkeypatch.setattr(database, "MIGRATIONS", after)
    lay(quick / "new", old)
    with lives(quick / "new") as life:
        life.disk.log.begin(old)
        first = len(life.disk.log.events)
        life.start("second")
    number = passed = 0
    for at, state in states(life.disk.log, every=True):
        if at <= first:
            continue
        facts += [each.fact for each in life.disk.log.events[passed:at] if isinstance(each, Told)]
        passed = at
        lay(quick / "after", state)
        examine(quick / "after", facts)
        number += 1
        with open_ledger(quick / "after", clock=Clock(), software="third") as ledger:
            assert ledger._connection.pragma("user_version") == 1 + len(after)
            assert ledger._one(holds) == 1
            assert ledger._connection.pragma("integrity_check") == "ok"
    assert number > 20


def test_a_program_that_is_older_than_the_ledger_says_so_and_leaves_it_alone(quick, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(database, "MIGRATIONS", (*NOW, NEXT))
        open_ledger(quick, clock=Clock(), software="second").close()
    before = (quick / LEDGER).read_bytes()

    with pytest.raises(NewerLedger, match=r"schema 3; this program knows up to 2: update the program"):
        open_ledger(quick, clock=Clock(), software="first")
    assert (quick / LEDGER).read_bytes() == before


def test_a_ledger_whose_schema_has_no_number_is_refused_in_words(quick):
    with open_ledger(quick, clock=Clock(), software="first") as ledger:
        ledger._connection.pragma("user_version", 0)

    with pytest.raises(StoreFailed, match="no number") as refused:
        open_ledger(quick, clock=Clock(), software="first")
    assert refused.value.code == "damaged"
