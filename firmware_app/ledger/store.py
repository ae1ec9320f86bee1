"""The ledger and its one writer.

Rules this file obeys:

* ``append`` returns only after the disk has the entry; until then nothing may be called saved.
* An outcome and the end of its visit are one transaction: after any power cut there is either the open
  visit or its entry, never both and never neither.
* Whatever may be sent twice is harmless twice: the same visit gets its first entry back.
* The head is verified at opening and kept in memory: there is one writer, so nobody else moves it.
* Nothing is ever deleted because of time, size or configuration.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

import apsw
import msgspec

from firmware_app.ledger.chain import EMPTY, Head
from firmware_app.ledger.clock import Clock, stamp
from firmware_app.ledger.county.bundle import make_manifest
from firmware_app.ledger.county.contract import enrol_proof
from firmware_app.ledger.county.downlink import Ask, make_ask
from firmware_app.ledger.county.log import ALARM_KIND, WORDS
from firmware_app.ledger.county.receipt import NO_LOG, LoggedReceipt, Receipt
from firmware_app.ledger.county.statements import (
    CONTINUES_KIND,
    COUNTY_KEY_KIND,
    ContinuesBody,
    CountyKeyBody,
    county_key_signer,
    new_county_key,
    read_closure,
)
from firmware_app.ledger.database import (
    FAILURES,
    Copying,
    close,
    create_tables,
    failures_named,
    migrate,
    open_for_writing,
    schema,
    store_failed,
    version,
)
from firmware_app.ledger.entry import Entry, Genesis, make_entry
from firmware_app.ledger.errors import BadFormat, BadStatement, LogInconsistent, StoreFailed, WrongKey
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.shelf import make_claim
from firmware_app.ledger.signing.signer import Signer
from firmware_app.ledger.slip.claim import make_slip, slip_text

MAX_VISIT_ID = 64
MAX_SNAPSHOT = 256 * 1024

Values = tuple[str | int | bytes | None, ...]
_INSERT = "INSERT INTO entries (seq, hash, kind, visit, jws) VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM open_visit WHERE visit = ?"
_KEEP = (
    "INSERT OR REPLACE INTO open_visit (one, visit, kind, state)"
    " SELECT 1, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM entries WHERE visit = ?)"
)


class OpenVisit(msgspec.Struct, frozen=True):
    """A visit in progress, as it was last kept. ``state``: bytes that only its procedure reads."""

    visit: str
    kind: str
    state: bytes


class Ledger(LedgerReader):
    """A ledger open for writing.

    ``signer``: the device's key; ``clock``: stamps entries; ``software``: hash of the legally relevant
    modules and packs, written into every entry.
    """

    def __init__(
        self, path: Path, connection: apsw.Connection, signer: Signer, clock: Clock, software: str
    ) -> None:
        super().__init__(path, connection)
        self._signer = signer
        self._clock = clock
        self._software = software
        self._copying = Copying(connection)
        self._head: Head | None = super().head
        self._receipted: int | None = super().receipted

    @property
    def head(self) -> Head:
        """The last entry's number and hash, as the one writer knows them without asking the disk."""
        if self._head is None:
            self._head = super().head
        return self._head

    @property
    def receipted(self) -> int:
        """The highest number with a verified receipt, 0 before the first; known as `head` is."""
        if self._receipted is None:
            self._receipted = super().receipted
        return self._receipted

    @classmethod
    def create_or_open(
        cls,
        path: Path,
        *,
        signer: Signer,
        clock: Clock,
        software: str,
        device: str | None = None,
        vfs: str | None = None,
    ) -> Self:
        """Opens the ledger, with a genesis entry where it is new, and verifies its head.

        ``device``: id of a new ledger (from the key if None); that of an old one must agree.
        Raises StoreFailed, NewerLedger, WrongKey where ``signer`` is not the chain's, BadFormat.
        """
        connection = open_for_writing(path, vfs)
        try:
            found = version(connection, path)
            if found == 0:
                with failures_named(path), _Transaction(connection):
                    create_tables(connection)
                    body = Genesis(signer.public_jwk)
                    entry = make_entry(
                        signer,
                        device=device or device_id(signer.kid),
                        seq=1,
                        prev=EMPTY.hash,
                        stamp=stamp(clock),
                        software=software,
                        kind="genesis",
                        body=body,
                    )
                    connection.execute(_INSERT, _row(entry, None))
            elif found < schema():
                with failures_named(path), _Transaction(connection):
                    migrate(connection)
            ledger = cls(path, connection, signer, clock, software)
            if ledger.key != signer.public_jwk:
                raise WrongKey(
                    f"{path}: the chain is signed by {ledger.key.kid}, the key file holds {signer.kid}"
                )
            if device is not None and ledger.device != device:
                raise BadFormat(f"{path}: the ledger of device {ledger.device}, not of {device}")
            ledger._check_head()
            return ledger
        except BaseException:
            close(connection)
            raise

    def append(self, kind: str, body: object, *, visit: str | None = None, drops: str | None = None) -> Entry:
        """Signs and saves an entry; it is on disk when this returns.

        ``body``: a Struct or mapping of plain values. ``visit``: the visit whose outcome this is; its
        snapshot goes in the same transaction, and if it has an outcome already, that one is returned.
        ``drops``: a visit that ends without an outcome in the same transaction.
        Raises StoreFailed (nothing was saved), BadBody, BadFormat.
        """
        if visit is not None:
            _check_visit(visit)
            first = self.entry_of(visit)
            if first is not None:
                self.drop_visit(visit)
                return first
        # Made before the transaction begins: nothing of it is the disk's, and readers wait for nothing.
        head = self.head
        entry = make_entry(
            self._signer,
            device=self.device,
            seq=head.seq + 1,
            prev=head.hash,
            stamp=stamp(self._clock),
            software=self._software,
            kind=kind,
            body=body,
        )
        over = [(_FORGET, (each,)) for each in (visit, drops) if each is not None]
        self._write((_INSERT, _row(entry, visit)), *over)
        self._head = Head(entry.seq, entry.hash)
        return entry

    def keep_visit(self, visit: str, kind: str, state: bytes) -> None:
        """Keeps the state of the visit in progress in place of the one before; on disk when this returns.

        A visit that has its outcome is over and is not kept again. Raises StoreFailed, BadFormat.
        """
        _check_visit(visit)
        if len(state) > MAX_SNAPSHOT:
            raise BadFormat(f"the state of a visit has {len(state)} bytes: at most {MAX_SNAPSHOT}")
        self._write((_KEEP, (visit, kind, state, visit)))

    def open_visit(self) -> OpenVisit | None:
        """The visit in progress, None where there is none."""
        with failures_named(self.path):
            row = self._connection.execute("SELECT visit, kind, state FROM open_visit").fetchone()
        return None if row is None else OpenVisit(row[0], row[1], bytes(row[2]))

    def drop_visit(self, visit: str) -> None:
        """Ends a visit without an outcome; nothing happens where another one is open."""
        self._write((_FORGET, (visit,)))

    def keep_receipt(self, jws: str) -> Receipt:
        """Verifies a county's receipt and keeps it; the first for a number stays.

        Raises BadReceipt, LogInconsistent where the county's log is not what it was (the alarm is an entry
        by then), StoreFailed.
        """
        receipt = self.check_receipt(jws)
        self._watch_log(jws)
        seen = self.log_seen()
        if isinstance(receipt, LoggedReceipt) and seen is not None and receipt.seq < seen.seq:
            # It shows less of the log than is known, and of the chain nothing that is not covered.
            return receipt
        self._write(("INSERT OR IGNORE INTO receipts (seq, jws) VALUES (?, ?)", (receipt.seq, jws)))
        self._receipted = max(self.receipted, receipt.seq)
        return receipt

    def _watch_log(self, jws: str) -> None:
        alarm = self.log_alarm(jws)
        if alarm is None:
            return
        known = (entry.payload.body for entry in self.of_kind(ALARM_KIND, 0))
        # The county is asked again every few minutes: one alarm is enough for what was seen last.
        if not any((body.get("cause"), body.get("kept")) == (alarm.cause, alarm.kept) for body in known):
            self.append(ALARM_KIND, alarm)
        if alarm.refuses:
            raise LogInconsistent(alarm.cause, WORDS[alarm.cause])

    def learn_county_key(self, statement: str) -> None:
        """Writes down that a county went over to another key; nothing twice.

        Raises BadStatement where no key that is known signed it, StoreFailed.
        """
        signer = self.county_key(county_key_signer(statement))
        known = {} if signer is None else {signer.kid: signer}
        if self.county_key(new_county_key(statement, known).kid) is None:
            self.append(COUNTY_KEY_KIND, CountyKeyBody(statement))

    def continue_chain(self, closure: str) -> None:
        """Writes down which chain of a broken appliance this one goes on from; nothing twice.

        Raises BadStatement where the closure is not the joined county's word on this very chain, StoreFailed.
        """
        county = self.county
        if county is None:
            raise BadStatement("closure: no county has been joined")
        said = read_closure(closure, county.jwk)
        if (said.device, said.next) != (self.device, self.key.kid):
            raise BadStatement(f"closure: of {said.device} for {said.next}, not for {self.key.kid}")
        if self.last_of((CONTINUES_KIND,)) is None:
            self.append(CONTINUES_KIND, ContinuesBody(closure))

    def slip_text(self, seq: int) -> str:
        """The text of the slip's QR code upon an entry with a verdict; raises BadFormat."""
        entry, county = self.entry(seq), self.county
        if entry is None:
            raise BadFormat(f"{self.path}: there is no entry {seq}")
        return slip_text(make_slip(self._signer, entry), county.url if county else None)

    def enrol_proof(self, token: str) -> str:
        """The device's proof to a county that it holds its key."""
        return enrol_proof(self._signer, self.device, token)

    def shelf_claim(self, entry: Entry) -> str:
        """The device's word upon a refused entry, for the county's shelf."""
        return make_claim(self._signer, entry)

    def ask_county(self, county: str) -> str:
        """The device's word that it asks the county, by that thumbprint, for what it publishes."""
        return make_ask(self._signer, Ask(device=self.device, county=county, seq=self.receipted))

    def bundle_manifest(self, first: int, last: Entry) -> str:
        """The device's word upon a bundle of the entries ``first`` … ``last``."""
        seen = self.log_seen()
        return make_manifest(self._signer, first, last, NO_LOG if seen is None else seen.claim)

    def _write(self, *statements: tuple[str, Values]) -> None:
        """Runs the statements in one transaction; on disk when this returns. Raises StoreFailed."""
        try:
            with _Transaction(self._connection):
                for sql, values in statements:
                    self._connection.execute(sql, values)
        except FAILURES as error:
            # Whatever the disk has done of it: the next look asks the disk.
            self._head = self._receipted = None
            raise store_failed(self.path, error) from error
        self._copying.copy()


class _Transaction:
    """All of it or nothing."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if failed is None:
                self._connection.execute("COMMIT")
        finally:
            # SQLite ends the transaction itself on some failures; a second ROLLBACK would be an error.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def device_id(kid: str) -> str:
    """The id of a device that was given none: from the thumbprint of its key."""
    return f"steelyard-{hashlib.sha256(kid.encode()).hexdigest()[:8]}"


def _row(entry: Entry, visit: str | None) -> Values:
    return entry.seq, entry.hash, entry.payload.kind, visit, entry.jws


def _check_visit(visit: str) -> None:
    if not 1 <= len(visit) <= MAX_VISIT_ID:
        raise BadFormat(f"a visit's id has 1 … {MAX_VISIT_ID} characters")


__all__ = ["Ledger", "OpenVisit", "StoreFailed", "device_id"]
