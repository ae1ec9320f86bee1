"""From a weight to every entry that rests on it: an index beside the ledger, never believed alone.

::

    DATA/uses.db        one row for each thing that an entry rests on; may be deleted at any time

Rules this file obeys:

* The ledger is the truth. The index holds nothing that cannot be made of it again, and is made anew where it
  does not fit the chain: another key, another past, a damaged file, another version.
* It grows with the ledger, some entries at a time, so that nobody waits for all of it at once.
* Whoever judges by what is found here reads the entry itself, signature and all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import apsw
import msgspec

from firmware_app.ledger import jose
from firmware_app.ledger.entry import TYP, verdict_of
from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.reader import LedgerReader
from firmware_app.standards.sets import StandardsError
from firmware_app.standards.uses import CALIBRATION_KINDS, Use, What, uses_of

NAME = "uses.db"
SCHEMA = 2
APPLICATION_ID = 0x53545553
"""``STUS`` in the file's header."""
Bound = tuple[object, ...] | dict[str, object]
_NOT_OURS = (apsw.BusyError, apsw.LockedError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError)
PAGE = 200
BUSY_MS = 5000

_TABLES = """
CREATE TABLE mark (one INTEGER PRIMARY KEY CHECK (one = 1), kid TEXT NOT NULL, seq INTEGER NOT NULL,
    hash TEXT NOT NULL) STRICT;
CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, clock TEXT NOT NULL,
    verdict TEXT NOT NULL) STRICT;
CREATE TABLE uses (what TEXT NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (what, name, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX uses_by_seq ON uses (seq);
"""


class TraceFailed(StandardsError):
    """The index cannot be kept, also not in memory; the message says why."""


class _Payload(msgspec.Struct):
    """What of an entry the index needs; the rest is passed over."""

    seq: int
    at: str
    clock: str
    kind: str
    body: dict[str, object]


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that rests on something. ``by``: how (weight, calibration, control_check …); ``verdict``: of a
    scale or, of a control check, its outcome; empty where it has none."""

    seq: int
    kind: str
    at: str
    clock: str
    verdict: str
    by: What


_decoder: msgspec.json.Decoder[_Payload] = msgspec.json.Decoder(_Payload)


class Trace:
    """The index of one ledger, open. One thread at a time."""

    def __init__(self, ledger: LedgerReader, connection: apsw.Connection) -> None:
        self._ledger = ledger
        self._connection = connection

    @classmethod
    def open(cls, ledger: LedgerReader, path: Path | None = None) -> Self:
        """The index in ``path``, else (None, or where nothing may be written there) one in memory."""
        if path is not None:
            # Held by another process, or not to be written: it stays as it is.
            with contextlib.suppress(apsw.Error, OSError):
                return cls._opened_or_made(ledger, path)
        try:
            return cls(ledger, _prepared(apsw.Connection(":memory:")))
        except apsw.Error as error:
            raise TraceFailed(f"no index of the record can be made: {error}") from error

    @classmethod
    def _opened_or_made(cls, ledger: LedgerReader, path: Path) -> Self:
        try:
            return cls._opened(ledger, path)
        except _NOT_OURS:
            raise
        except apsw.Error:
            # Damaged, or of another version: what is made of the ledger is made again.
            for end in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            return cls._opened(ledger, path)

    @classmethod
    def _opened(cls, ledger: LedgerReader, path: Path) -> Self:
        connection = apsw.Connection(str(path))
        try:
            connection.set_busy_timeout(BUSY_MS)
            # A power cut may take the last rows away again: they are made once more.
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", 1)
            trace = cls(ledger, _prepared(connection))
            trace._fit()
        except BaseException:
            connection.close(True)
            raise
        return trace

    @property
    def read_to(self) -> int:
        """The last entry that is in the index."""
        rows = self._rows("SELECT seq FROM mark")
        return int(rows[0][0]) if rows else 0

    def update(self, most: int | None = None) -> bool:
        """Takes in what the ledger has more, at most so many entries; True once it has everything.

        Raises LedgerError where the ledger cannot be read, TraceFailed where the index cannot be written.
        """
        after, head = self.read_to, self._ledger.head_seq
        end = head if most is None else min(head, after + most)
        try:
            while after < end:
                page = self._ledger.lines(after, min(PAGE, end - after))
                with self._transaction():
                    self._take(page)
                after += len(page)
        except apsw.Error as error:
            raise TraceFailed(f"the index of the record cannot be written: {error}") from error
        return after >= head

    def resting_on(self, what: What, name: str) -> Iterator[Traced]:
        """Every entry that rests on it, by rising number, each once; of several ways the straightest.

        On a weight, set or certificate rest: the verdicts and checks by these very weights, the calibrations
        with them, the verdicts by a pan so calibrated, and those by a pan that such a check had let pass.
        """
        rows = self._rows(
            """
            WITH direct (seq) AS (SELECT seq FROM uses WHERE what = :what AND name = :name),
            calibrations (name) AS (
                SELECT DISTINCT told.name FROM direct JOIN uses AS told ON told.seq = direct.seq
                WHERE told.what = 'defines'),
            found (seq, way) AS (
                SELECT seq, 0 FROM direct
                UNION ALL
                SELECT uses.seq, 1 FROM calibrations JOIN uses
                    ON uses.what = 'calibration' AND uses.name = calibrations.name
                UNION ALL
                SELECT uses.seq, 2 FROM direct JOIN uses
                    ON uses.what = 'control_check' AND uses.name = CAST(direct.seq AS TEXT))
            SELECT entries.seq, kind, at, clock, verdict, min(way) FROM found
                JOIN entries ON entries.seq = found.seq GROUP BY entries.seq ORDER BY entries.seq
            """,
            {"what": what.value, "name": name},
        )
        ways = (what, What.CALIBRATION, What.CONTROL)
        for seq, kind, at, clock, verdict, way in rows:
            yield Traced(
                seq=int(seq), kind=str(kind), at=str(at), clock=str(clock), verdict=str(verdict), by=ways[way]
            )

    def uses(self, seq: int) -> tuple[Use, ...]:
        """What one entry rests on."""
        rows = self._rows("SELECT what, name FROM uses WHERE seq = ? ORDER BY what, name", (seq,))
        return tuple(Use(What(str(what)), str(name)) for what, name in rows)

    def telling_of(self, calibration: str) -> tuple[int, ...]:
        """The entries that tell of a calibration, by rising number."""
        rows = self._rows(
            "SELECT seq FROM uses WHERE what = 'defines' AND name = ? ORDER BY seq", (calibration,)
        )
        return tuple(int(seq) for (seq,) in rows)

    def counts(self, what: What) -> dict[str, int]:
        """By name, how many entries rest on it directly."""
        rows = self._rows("SELECT name, count(*) FROM uses WHERE what = ? GROUP BY name", (what.value,))
        return {str(name): int(count) for name, count in rows}

    def close(self) -> None:
        with contextlib.suppress(apsw.Error):
            self._connection.close(True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _fit(self) -> None:
        """Empties the index where it is not of this chain."""
        row = self._connection.execute("SELECT kid, seq, hash FROM mark").fetchone()
        if row is None:
            return
        kid, seq, hash = row
        entry = None
        with contextlib.suppress(LedgerError):
            entry = self._ledger.entry(int(seq))
        if kid != self._ledger.key.kid or entry is None or entry.hash != hash:
            with self._transaction():
                for table in ("mark", "entries", "uses"):
                    self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own

    def _take(self, page: tuple[str, ...]) -> None:
        for jws in page:
            try:
                payload = _decoder.decode(jose.unverified(jws, TYP)[1])
            except (msgspec.DecodeError, LedgerError) as error:
                raise TraceFailed(
                    f"the record holds what is no entry ({error}): steelyard ledger verify"
                ) from error
            uses = uses_of(payload.kind, payload.body)
            if payload.kind in CALIBRATION_KINDS and self._told(uses):
                continue
            if uses:
                body = payload.body
                outcome = body.get("outcome")
                verdict = verdict_of(body) or (outcome if isinstance(outcome, str) else "")
                self._connection.execute(
                    "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                    (payload.seq, payload.kind, payload.at, payload.clock, verdict),
                )
                self._connection.executemany(
                    "INSERT OR IGNORE INTO uses VALUES (?, ?, ?)",
                    [(use.what.value, use.name, payload.seq) for use in uses],
                )
        if page:
            mark = (self._ledger.key.kid, payload.seq, jose.sha256_hex(page[-1]))
            self._connection.execute("INSERT OR REPLACE INTO mark VALUES (1, ?, ?, ?)", mark)

    def _told(self, uses: frozenset[Use]) -> bool:
        """Whether the last word on this calibration was the same: every start says it again."""
        calibration = next((use.name for use in uses if use.what is What.DEFINES), None)
        before = self.telling_of(calibration) if calibration is not None else ()
        return bool(before) and frozenset(self.uses(before[-1])) == uses

    def _rows(self, sql: str, values: Bound = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._connection.execute(sql, values))
        except apsw.Error as error:
            raise TraceFailed(f"the index of the record is damaged, remove {NAME}: {error}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection:
            yield


def _prepared(connection: apsw.Connection) -> apsw.Connection:
    """With its tables; raises apsw.Error for another kind of file or version."""
    marked, version = connection.pragma("application_id"), connection.pragma("user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables != (0,) and (marked, version) != (APPLICATION_ID, SCHEMA):
        raise apsw.NotADBError("not an index of this version")
    if tables == (0,):
        with connection:
            connection.execute(_TABLES)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", SCHEMA)
    return connection
