"""Reading a ledger, beside its writer or without one.

Rules this file obeys:

* What is read is verified before it is believed: signature, chain, receipts.
* Reading is paged and holds no transaction open, so the writer's log stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import apsw
import msgspec

from firmware_app.ledger.chain import EMPTY, Chain, Head, begin
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.log import Alarm, judge
from firmware_app.ledger.county.receipt import (
    LOGGED_TYP,
    LoggedReceipt,
    Receipt,
    SeenLog,
    read_receipt,
    receipt_kid,
    receipt_typ,
    seen_log,
)
from firmware_app.ledger.county.statements import CountyKeyBody, new_county_key
from firmware_app.ledger.database import close, failures_named, open_for_reading, version
from firmware_app.ledger.entry import Entry, genesis_key, read_entry, read_genesis
from firmware_app.ledger.errors import BadFormat, BadReceipt, StoreFailed
from firmware_app.ledger.jose import PublicJwk, sha256_hex

PAGE = 200
MAX_PAGE = 500
MAX_PAGE_BYTES = 512 * 1024


class Verified(msgspec.Struct, frozen=True):
    """What a full verification found."""

    device: str
    kid: str
    head: Head
    receipts: int
    receipted: int


class LedgerReader:
    """A ledger as it is on disk. Used by one thread at a time; closing twice is no mistake."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection
        first = self._one("SELECT jws FROM entries WHERE seq = 1")
        if first is None:
            raise StoreFailed("damaged", f"{path}: a ledger without its first entry")
        genesis = read_genesis(str(first))
        self.device = genesis.payload.device
        self.key: PublicJwk = genesis_key(genesis.payload)

    @classmethod
    def open(cls, path: Path) -> LedgerReader:
        """Opens to look only; raises StoreFailed, NewerLedger, BadFormat, BadSignature, WrongKey."""
        if not path.exists():
            raise StoreFailed("io_error", f"{path}: there is no ledger here")
        connection = open_for_reading(path)
        try:
            if version(connection, path) == 0:
                raise StoreFailed("io_error", f"{path}: there is no ledger here yet")
            return cls(path, connection)
        except BaseException:
            close(connection)
            raise

    def close(self) -> None:
        close(self._connection)

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def head(self) -> Head:
        """The last entry's number and hash."""
        with failures_named(self.path):
            row = self._connection.execute(
                "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        return EMPTY if row is None else Head(*row)

    @property
    def head_seq(self) -> int:
        """The number of the last entry."""
        return self.head.seq

    @property
    def receipted(self) -> int:
        """The highest number with a verified receipt, 0 before the first."""
        return _integer(self._one("SELECT max(seq) FROM receipts"))

    @property
    def county(self) -> County | None:
        """The county of the latest enrolment, None before the first; raises as `entry` does."""
        seq = self._one("SELECT max(seq) FROM entries WHERE kind = 'enrolment'")
        entry = self.entry(_integer(seq)) if seq is not None else None
        return _county(entry) if entry is not None else None

    def county_key(self, kid: str) -> PublicJwk | None:
        """The key of a county that this device has ever joined, or that such a county went over to."""
        return self._keys_since(1).get(kid)

    def county_keys(self) -> tuple[PublicJwk, ...]:
        """The keys of the county that was joined last: that of the enrolment, and those after it."""
        joined = _integer(self._one("SELECT max(seq) FROM entries WHERE kind = 'enrolment'"))
        return tuple(self._keys_since(joined).values()) if joined else ()

    def _keys_since(self, seq: int) -> dict[str, PublicJwk]:
        """The counties' keys by thumbprint, in the order in which the entries from ``seq`` on tell them."""
        with failures_named(self.path):
            rows = self._connection.execute(
                "SELECT jws FROM entries WHERE kind IN ('enrolment', 'county_key') AND seq >= ? ORDER BY seq",
                (seq,),
            ).fetchall()
        keys: dict[str, PublicJwk] = {}
        for (jws,) in rows:
            key = _county_key(read_entry(str(jws), self.key), keys)
            keys[key.kid] = key
        return keys

    def entry(self, seq: int) -> Entry | None:
        """One entry, its signature verified; raises BadFormat, BadSignature, WrongKey, StoreFailed."""
        jws = self._one("SELECT jws FROM entries WHERE seq = ?", seq)
        return None if jws is None else read_entry(str(jws), self.key)

    def entry_of(self, visit: str) -> Entry | None:
        """The outcome of a visit, None where it has none; raises as `entry` does."""
        jws = self._one("SELECT jws FROM entries WHERE visit = ?", visit)
        return None if jws is None else read_entry(str(jws), self.key)

    def of_kind(self, kind: str, after: int) -> Iterator[Entry]:
        """The entries of a kind with seq > ``after`` in order, each verified; raises as `entry` does."""
        while True:
            with failures_named(self.path):
                page = self._connection.execute(
                    "SELECT seq, jws FROM entries WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?",
                    (kind, after, PAGE),
                ).fetchall()
            if not page:
                return
            for seq, jws in page:
                after = _integer(seq)
                yield read_entry(str(jws), self.key)

    def last_of(self, kinds: tuple[str, ...]) -> Entry | None:
        """The latest entry of one of the kinds, None where there is none; raises as `entry` does."""
        asked = ", ".join("?" for _ in kinds)
        # Only question marks are put in; the kinds themselves are bound.
        latest = f"SELECT jws FROM entries WHERE kind IN ({asked}) ORDER BY seq DESC LIMIT 1"  # noqa: S608
        jws = self._one(latest, *kinds)
        return None if jws is None else read_entry(str(jws), self.key)

    def lines(self, after: int, limit: int, max_bytes: int = MAX_PAGE_BYTES) -> tuple[str, ...]:
        """The texts of entries with seq > ``after`` in order: at most ``limit`` (1 … 500) and, from the
        second on, at most ``max_bytes`` together. Verified by whoever receives them."""
        if not (after >= 0 and 1 <= limit <= MAX_PAGE):
            raise BadFormat(f"a page begins after 0 or more and has 1 … {MAX_PAGE} entries")
        page: list[str] = []
        size = 0
        with failures_named(self.path):
            for (jws,) in self._connection.execute(
                "SELECT jws FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ):
                size += len(jws)
                if page and size > max_bytes:
                    break
                page.append(jws)
        return tuple(page)

    def entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Like `lines`, each signature verified."""
        return tuple(read_entry(jws, self.key) for jws in self.lines(after, limit))

    def all_lines(self) -> Iterator[str]:
        """Every entry's text up to the head of this moment."""
        last, after = self.head.seq, 0
        while after < last:
            page = self.lines(after, min(PAGE, last - after))
            if not page:
                break
            yield from page
            after += len(page)

    def receipt_lines(self) -> Iterator[str]:
        """Every receipt's text, by number."""
        after = 0
        while True:
            with failures_named(self.path):
                page = self._connection.execute(
                    "SELECT seq, jws FROM receipts WHERE seq > ? ORDER BY seq LIMIT ?", (after, PAGE)
                ).fetchall()
            if not page:
                return
            yield from (str(jws) for _, jws in page)
            after = _integer(page[-1][0])

    def receipt_text(self, seq: int) -> str | None:
        """The receipt upon one entry, None where there is none."""
        jws = self._one("SELECT jws FROM receipts WHERE seq = ?", seq)
        return None if jws is None else str(jws)

    def verify(self, progress: Callable[[int], None] | None = None) -> Verified:
        """Reads everything and verifies it; ``progress`` is told the number of each entry.

        Raises ChainError, BadReceipt, StoreFailed.
        """
        chain: Chain | None = None
        for jws, kept in self._all_indexed():
            chain, entry = begin(jws) if chain is None else chain.follow(jws)
            if kept != (entry.seq, entry.hash, entry.payload.kind):
                raise StoreFailed("damaged", f"{self.path}: the index of entry {entry.seq} is wrong")
            if progress is not None:
                progress(entry.seq)
        if chain is None or chain.head != self.head:
            raise StoreFailed("damaged", f"{self.path}: entries are missing before the last one")
        keys = self._keys_since(1)
        receipts = [self._check_receipt(jws, keys) for jws in self.receipt_lines()]
        last = max((receipt.seq for receipt in receipts), default=0)
        return Verified(chain.device, chain.key.kid, chain.head, len(receipts), last)

    def _all_indexed(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        """Every entry's text up to the head of this moment; the number, hash and kind it is kept under."""
        last, after = self.head.seq, 0
        while after < last:
            with failures_named(self.path):
                page = self._connection.execute(
                    "SELECT jws, seq, hash, kind FROM entries WHERE seq > ? AND seq <= ?"
                    " ORDER BY seq LIMIT ?",
                    (after, last, PAGE),
                ).fetchall()
            if not page:
                return
            for jws, *kept in page:
                yield str(jws), tuple(kept)
            after = _integer(page[-1][1])

    def check_receipt(self, jws: str) -> Receipt:
        """The receipt, if it is a joined county's word on an entry of this ledger; raises BadReceipt."""
        return self._check_receipt(jws, self._keys_since(1))

    def _check_receipt(self, jws: str, keys: Mapping[str, PublicJwk]) -> Receipt:
        kid = receipt_kid(jws)
        key = keys.get(kid)
        if key is None:
            raise BadReceipt(f"receipt: signed by {kid[:64]}, the key of no county that was joined")
        receipt = read_receipt(jws, key)
        if receipt.device != self.device:
            raise BadReceipt(f"receipt: for device {receipt.device}, not for {self.device}")
        if self._one("SELECT hash FROM entries WHERE seq = ?", receipt.seq) != receipt.entry:
            raise BadReceipt(f"receipt: names other bytes as entry {receipt.seq}")
        return receipt

    def log_seen(self) -> SeenLog | None:
        """What the last receipt with a place in it showed of the county's log, None before the first.

        Raises BadReceipt where that receipt is no longer what it was, StoreFailed.
        """
        with failures_named(self.path):
            rows = self._connection.execute("SELECT jws FROM receipts ORDER BY seq DESC")
            logged = next((str(jws) for (jws,) in rows if receipt_typ(str(jws)) == LOGGED_TYP), None)
        if logged is None:
            return None
        receipt, key = self.check_receipt(logged), self.county_key(receipt_kid(logged))
        assert isinstance(receipt, LoggedReceipt)
        assert key is not None
        return seen_log(receipt, key)

    def log_alarm(self, jws: str) -> Alarm | None:
        """What is wrong with the log in a receipt that `check_receipt` took, held against what was seen.

        Raises BadReceipt where the receipt comes too late, StoreFailed.
        """
        receipt, key = self.check_receipt(jws), self.county_key(receipt_kid(jws))
        assert key is not None
        joined = _integer(self._one("SELECT max(seq) FROM entries WHERE kind = 'enrolment'"))
        plain = any(
            entry.payload.body.get("seq") == receipt.seq for entry in self.of_kind("delivery_shelved", 0)
        )
        return judge(self.log_seen(), receipt, key, joined=joined, plain=plain)

    def _check_head(self) -> None:
        """The quick look at opening: last entry, its predecessor, and no number missing."""
        head = self.head
        last = self.entry(head.seq)
        count = self._one("SELECT count(*) FROM entries")
        before = self._one("SELECT jws FROM entries WHERE seq = ?", head.seq - 1)
        if last is None or (last.seq, last.hash) != (head.seq, head.hash) or count != head.seq:
            raise StoreFailed("damaged", f"{self.path}: the last entry or a number is not what it should be")
        if before is not None and last.payload.prev != sha256_hex(str(before)):
            raise StoreFailed("damaged", f"{self.path}: the last entry does not follow from the one before")

    def _one(self, sql: str, *values: object) -> object:
        with failures_named(self.path):
            row = self._connection.execute(sql, values).fetchone()  # type: ignore[arg-type,unused-ignore]
        return None if row is None else row[0]


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _county_key(entry: Entry, known: Mapping[str, PublicJwk]) -> PublicJwk:
    if entry.payload.kind == "enrolment":
        return _county(entry).jwk
    try:
        statement = msgspec.convert(entry.payload.body, CountyKeyBody).statement
    except msgspec.ValidationError as error:
        raise BadFormat(f"entry {entry.seq}: {error}") from error
    return new_county_key(statement, known)


def _county(entry: Entry) -> County:
    try:
        return msgspec.convert(entry.payload.body, County)
    except msgspec.ValidationError as error:
        raise BadFormat(f"enrolment in entry {entry.seq}: {error}") from error
