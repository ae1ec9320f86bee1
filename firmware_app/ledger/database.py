"""The SQLite file of the ledger: how it is opened, its tables, and its failures in our words.

Rules this file obeys:

* WAL with ``synchronous=FULL``: a commit returns when the disk has it.
* Every failure of SQLite becomes one `StoreFailed` with a code; its transaction left nothing behind.
* The schema has a number: a file of a higher one is not touched, a lower one is carried over by its writer.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from firmware_app.ledger.errors import NewerLedger, StoreFailed

_NO_INDEX_OF_HASHES = """
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET name = 'entries_by_hash', sql = 'CREATE UNIQUE INDEX entries_by_hash ON entries (hash)'
    WHERE name = 'sqlite_autoindex_entries_1';
UPDATE sqlite_schema SET name = 'sqlite_autoindex_entries_1' WHERE name = 'sqlite_autoindex_entries_2';
UPDATE sqlite_schema SET sql = replace(sql, 'hash TEXT NOT NULL UNIQUE', 'hash TEXT NOT NULL')
    WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;
DROP INDEX entries_by_hash;
"""
"""To schema 2. Nobody looks an entry up by its hash, and two numbers cannot have one; the index behind UNIQUE
cost each append two pages, at a place as random as the hash. SQLite takes UNIQUE away only by writing the
whole table anew, which on a card with a year of entries takes minutes and twice the room. So the index gets
a name of its own in the schema, which changes nothing of what it is, and is dropped as any other
(sqlite.org/pragma.html#pragma_writable_schema, sqlite.org/fileformat2.html, 2.6.1 and 2.6.2)."""
MIGRATIONS: tuple[str, ...] = (_NO_INDEX_OF_HASHES,)
"""Statements that lead from each schema to the next, the first from 1 to 2; never changed afterwards."""
APPLICATION_ID = 0x53544C59
"""``STLY`` in the file's header, so that `file` and a wrong path are told apart."""
CHECKPOINT_PAGES = 256
"""Some fifty entries. A sync of a file that grows is one of the file system's journal as well (on ext4
0.33 ms where one that is written over takes 0.19), and after a clean stop the log begins at nothing: with
SQLite's own 1000 pages it would grow through the first two hundred entries, to spare a copying every
fifty."""
MAX_WAL_BYTES = 4 << 20
BUSY_MS = 5000

_TABLES = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY CHECK (seq >= 1),
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    visit TEXT UNIQUE,
    jws TEXT NOT NULL
) STRICT;
CREATE TRIGGER entries_stay_1 BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER entries_stay_2 BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE INDEX entries_by_kind ON entries (kind, seq);
CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY REFERENCES entries (seq),
    jws TEXT NOT NULL
) STRICT;
CREATE TABLE open_visit (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    visit TEXT NOT NULL,
    kind TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;
"""

_CODES: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.FullError, "disk_full"),
    (apsw.ReadOnlyError, "read_only"),
    (apsw.PermissionsError, "read_only"),
    (apsw.BusyError, "busy"),
    (apsw.LockedError, "busy"),
    (apsw.CorruptError, "damaged"),
    (apsw.NotADBError, "damaged"),
    (apsw.ConstraintError, "damaged"),
)

FAILURES: tuple[type[Exception], ...] = (apsw.Error, OSError)
"""What SQLite and the file system raise."""

_ERRNO_CODES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
}

_WORDS = {
    "disk_full": "the disk is full; nothing was saved",
    "read_only": "the disk or file is read-only; nothing was saved",
    "busy": "another process holds the ledger; nothing was saved",
    "damaged": "the ledger file is damaged; keep it as it is and restore from an export",
    "io_error": "the disk failed; nothing was saved",
}


@contextmanager
def failures_named(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise into StoreFailed."""
    try:
        yield
    except FAILURES as error:
        raise store_failed(path, error) from error


def store_failed(path: Path, error: Exception) -> StoreFailed:
    """What SQLite or the file system has raised, in our words."""
    if isinstance(error, OSError):
        code = _ERRNO_CODES.get(error.errno or 0, "io_error")
        return StoreFailed(code, f"{path}: {_WORDS[code]} ({error.strerror})")
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "io_error")
    return StoreFailed(code, f"{path}: {_WORDS[code]} ({error})")


def open_for_writing(path: Path, vfs: str | None = None) -> apsw.Connection:
    """The file opened by its one writer, made where it is missing; raises StoreFailed, NewerLedger."""
    with _opened(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, vfs) as connection:
        if connection.pragma("journal_mode", "wal") != "wal":
            raise StoreFailed("io_error", f"{path}: this file system cannot hold a write-ahead log")
        connection.pragma("synchronous", 2)
        connection.pragma("foreign_keys", True)
        connection.pragma("trusted_schema", False)
        connection.pragma("cell_size_check", True)
        # The writer copies the log back itself, after a commit: done by SQLite within it, a failure of the
        # copying would be told as a failure of a commit that has long succeeded.
        connection.pragma("wal_autocheckpoint", 0)
        connection.pragma("journal_size_limit", MAX_WAL_BYTES)
        _check_schema(connection, path)
    return connection


class Copying:
    """Copies the log back into the file once it has ``pages``; what fails is tried after the next commit."""

    def __init__(self, connection: apsw.Connection, pages: int = CHECKPOINT_PAGES) -> None:
        self._connection = connection
        self.pages = pages
        self._waiting = 0
        connection.set_wal_hook(self._committed)

    def _committed(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._waiting = pages
        return int(apsw.SQLITE_OK)

    def copy(self) -> None:
        """Does it where it is due; what was committed is in the log until it succeeds."""
        if self._waiting >= self.pages:
            with contextlib.suppress(apsw.Error):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def open_for_reading(path: Path) -> apsw.Connection:
    """The file opened by somebody who only looks, beside its writer; raises StoreFailed, NewerLedger."""
    with _opened(path, apsw.SQLITE_OPEN_READONLY) as connection:
        connection.pragma("trusted_schema", False)
        _check_schema(connection, path)
    return connection


@contextmanager
def _opened(path: Path, flags: int, vfs: str | None = None) -> Iterator[apsw.Connection]:
    """A connection that outlives the block; where the block fails it is closed with its files and locks."""
    with failures_named(path):
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
        try:
            connection.set_busy_timeout(BUSY_MS)
            yield connection
        except BaseException:
            close(connection)
            raise


def close(connection: apsw.Connection) -> None:
    """Closes it also where the disk fails: what was committed is there, and nothing else was promised."""
    with contextlib.suppress(apsw.Error):
        connection.close(True)


def create_tables(connection: apsw.Connection) -> None:
    """Lays the tables in the transaction that is open."""
    for statement in _statements(_TABLES):
        connection.execute(statement)
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", 1)
    migrate(connection)


def migrate(connection: apsw.Connection) -> None:
    """Carries an older file over to the present schema in the transaction that is open."""
    version = connection.pragma("user_version")
    for script in MIGRATIONS[version - 1 :]:
        for statement in _statements(script):
            connection.execute(statement)
    if version < schema():
        connection.pragma("user_version", schema())


def schema() -> int:
    """The number of the schema that this program writes."""
    return 1 + len(MIGRATIONS)


def _statements(script: str) -> Iterator[str]:
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if apsw.complete(part):
            yield part
            part = ""


def version(connection: apsw.Connection, path: Path) -> int:
    """The number of the file's schema, 0 where it has no tables yet; raises StoreFailed."""
    with failures_named(path):
        return int(connection.pragma("user_version"))


def _check_schema(connection: apsw.Connection, path: Path) -> None:
    version = connection.pragma("user_version")
    marked = connection.pragma("application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    fresh = version == 0 and marked == 0 and tables == (0,)
    if not fresh and marked != APPLICATION_ID:
        raise StoreFailed("damaged", f"{path}: a database, but not a ledger")
    if not fresh and version < 1:
        raise StoreFailed("damaged", f"{path}: a ledger whose schema has no number")
    if version > schema():
        raise NewerLedger(
            f"{path}: ledger of schema {version}; this program knows up to {schema()}: update the program"
        )
