"""What opening a ledger looks at by itself, and what a commit does not depend on."""

from __future__ import annotations

import sqlite3

import apsw
import pytest

from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.home import open_ledger

DEVICE, SOFTWARE = "KIOSK-7", "ab" * 32


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE seq = 3",
        "UPDATE entries SET hash = 'x' WHERE seq = 4",
        "UPDATE entries SET jws = replace(jws, '.', '.A') WHERE seq = 4",
        "UPDATE entries SET jws = (SELECT jws FROM entries WHERE seq = 3) WHERE seq = 4",
        "UPDATE entries SET jws = (SELECT jws FROM entries WHERE seq = 2) WHERE seq = 3",
    ],
)
def test_a_ledger_changed_at_its_end_or_with_a_number_missing_does_not_open(data, clock, statement):
    """The head is what the next entry would follow from: it is looked at before anything is written."""
    with open_ledger(data, clock=clock, software=SOFTWARE, device=DEVICE) as ledger:
        for number in range(3):
            ledger.append("note", {"number": number})
    with sqlite3.connect(data / "ledger.db") as connection:
        connection.execute("DROP TRIGGER entries_stay_1")
        connection.execute("DROP TRIGGER entries_stay_2")
        connection.execute(statement)

    with pytest.raises(LedgerError):
        open_ledger(data, clock=clock, software=SOFTWARE, device=DEVICE).close()


def test_a_log_that_cannot_be_copied_back_fails_no_commit(ledger):
    """What was committed is in the log until the copying succeeds; nobody is told that it was not saved."""

    class Failing:
        def wal_checkpoint(self, **_how: object) -> None:
            raise apsw.IOError("the disk failed")

    well = ledger._copying._connection
    ledger._copying.pages, ledger._copying._connection = 1, Failing()
    saved = ledger.append("note", {})
    ledger._copying._connection = well

    assert ledger.append("note", {}).payload.prev == saved.hash
    assert ledger.verify().head.seq == 3
