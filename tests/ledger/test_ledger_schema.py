"""The schema: an older ledger is carried over as it is, and comes out like a new one."""

from __future__ import annotations

import apsw
import pytest

from firmware_app.ledger import database
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import LEDGER, open_ledger, read_ledger

SOFTWARE = "ab" * 32


def reopened(data, clock):
    return open_ledger(data, clock=clock, software=SOFTWARE, device="KIOSK-7")


@pytest.fixture
def of_schema_1(data, clock, monkeypatch):
    """A ledger as the first program left it: three hundred entries, every second one a visit's."""
    with monkeypatch.context() as first:
        first.setattr(database, "MIGRATIONS", ())
        with reopened(data, clock) as ledger:
            for number in range(300):
                ledger.append("note", {"number": number}, visit=f"v{number}" if number % 2 else None)
            ledger.keep_visit("open", "self_check", b"state")
            texts = list(ledger.all_lines())
    return texts


def schema(ledger):
    return set(ledger._connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


def test_a_ledger_of_schema_1_keeps_every_byte_and_comes_out_like_a_new_one(
    of_schema_1, data, tmp_path, clock
):
    with reopened(data, clock) as ledger, reopened(tmp_path / "new", clock) as new:
        assert list(ledger.all_lines()) == of_schema_1
        assert ledger.verify().head.seq == 301
        assert ledger.open_visit().state == b"state"
        assert ledger._connection.pragma("user_version") == database.schema()
        assert schema(ledger) == schema(new)
        # Every page of the file belongs to something: what the dropped index held is free.
        assert ledger._connection.pragma("integrity_check") == "ok"
        assert ledger._connection.pragma("writable_schema") == 0


def test_no_index_is_kept_by_hash(of_schema_1, data, clock):
    with reopened(data, clock) as ledger:
        indexed = ledger._connection.execute(
            "SELECT i.name FROM sqlite_schema AS s, pragma_index_info(s.name) AS i WHERE s.type = 'index'"
        ).fetchall()
    assert sorted(name for (name,) in indexed) == ["kind", "seq", "visit"]


def test_a_visit_is_still_saved_once_after_it(of_schema_1, data, clock):
    with reopened(data, clock) as ledger:
        assert ledger.append("note", {"number": -1}, visit="v7").jws == of_schema_1[8]
        with pytest.raises(apsw.ConstraintError, match="visit"):
            ledger._connection.execute(
                "INSERT INTO entries (seq, hash, kind, visit, jws) VALUES (999, 'h', 'note', 'v7', 'x')"
            )


def test_a_reader_beside_goes_on_reading(of_schema_1, data, clock):
    with read_ledger(data) as reader:
        assert reader.head_seq == 301
        with reopened(data, clock) as ledger:
            ledger.append("note", {})
            assert reader.verify().head.seq == 302


def test_on_a_disk_that_takes_no_writes_the_ledger_stays_as_it_is(of_schema_1, data, clock, monkeypatch):
    before = (data / LEDGER).read_bytes()

    def opened(path, vfs=None, real=database.open_for_writing):
        connection = real(path, vfs)
        connection.pragma("query_only", True)
        return connection

    with monkeypatch.context() as full:
        full.setattr("firmware_app.ledger.store.open_for_writing", opened)
        with pytest.raises(StoreFailed):
            reopened(data, clock)
    assert (data / LEDGER).read_bytes() == before
    with reopened(data, clock) as ledger:
        assert list(ledger.all_lines()) == of_schema_1


def test_an_entry_costs_the_log_five_pages(ledger):
    """The entry's own, the one above it, its places by kind and by visit, and the file's first."""
    ledger._copying.pages = 10_000
    for _ in range(50):
        ledger.append("note", {"x": "a" * 1500})
    before = ledger._copying._waiting
    for _ in range(100):
        ledger.append("note", {"x": "a" * 1500})

    # A page that is full is divided now and then.
    assert 500 <= ledger._copying._waiting - before <= 515
