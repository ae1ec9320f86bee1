"""What a witness remembers: of each log the last tree head that it cosigned. A SQLite file of its own.

Rules this file obeys:

* Looking at the old head and writing down the new one are one transaction, and the disk has it before
  anything is signed: no restart, no kill and no second request can make a witness sign a smaller tree.
* The file is the witness. Restored from a copy it could sign twice; it begins anew under another key then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.ledger.county.merkle import EMPTY_ROOT

WAIT_S = 10.0


class Head(msgspec.Struct, frozen=True):
    """A tree head: number of leaves and root."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class Memory:
    """The heads of all logs. Used by several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS heads"
                " (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT"
            )
        durable.sync_directory(path.parent)

    def head(self, origin: str) -> Head:
        """The last head cosigned, that of the empty tree before the first."""
        with closing(self._open()) as connection:
            return _read(connection, origin)

    def advance(self, origin: str, judge: Callable[[Head], Head]) -> None:
        """Replaces a log's head by what ``judge`` makes of it; on disk when this returns.

        What ``judge`` raises is raised, and nothing is changed then.
        """
        with closing(self._open()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                new = judge(_read(connection, origin))
                connection.execute(
                    "INSERT OR REPLACE INTO heads (origin, size, root) VALUES (?, ?, ?)",
                    (origin, new.size, new.root),
                )
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _read(connection: sqlite3.Connection, origin: str) -> Head:
    row = connection.execute("SELECT size, root FROM heads WHERE origin = ?", (origin,)).fetchone()
    return Head() if row is None else Head(int(row[0]), bytes(row[1]))
