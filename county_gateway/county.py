"""What the county does with what it is asked; knows no HTTP.

Rules this file obeys:

* A receipt leaves only after the transaction that holds its entries is on disk.
* A fork is recorded before it is refused.
"""

from __future__ import annotations

import enum
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from county_gateway import access, downlink, shelf
from county_gateway.access import Role
from county_gateway.database import open_database
from county_gateway.desk.facts import GAP, UNTRUSTED
from county_gateway.desk.fill import raise_alarm
from county_gateway.errors import (
    BadBatch,
    BadProof,
    ForkFound,
    GapFound,
    GatewayError,
    Replaced,
    Revoked,
    UnknownDevice,
)
from county_gateway.intake import judge, split
from county_gateway.keys import CountySigner, county_key, find_key, make_next_key
from county_gateway.log.receipts import Log, Seen
from county_gateway.log.witnesses import Witness
from county_gateway.store import Held, Reader, Store, Writer
from firmware_app.ledger.county.contract import Accepted, Enrolled, EnrolRequest, check_proof
from firmware_app.ledger.county.downlink import make_statement
from firmware_app.ledger.county.key_list import DeviceKey, make_key_list
from firmware_app.ledger.county.receipt import Receipt, make_receipt
from firmware_app.ledger.county.statements import Closure, CountyKey, make_closure, make_county_key
from firmware_app.ledger.entry import TYP, unverified_payload
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.jose import unverified
from firmware_app.ledger.shelf import OnShelf, ShelfRequest
from firmware_app.ledger.slip.claim import Slip, unverified_slip, verify_slip

log = logging.getLogger("steelyard.county")

DATABASE = "county.db"
ALARMING = (ForkFound, GapFound, Revoked, Replaced)
"""Refusals that somebody should look at."""


def system_now() -> datetime:
    """The machine's local time with its offset."""
    return datetime.now().astimezone()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a gateway is set up.

    ``database``: a SQLite file or a postgresql:// URL, DATA/county.db if None;
    ``requests_per_minute``: at most so many from one address; ``log_origin``: name of a new transparency log,
    from the county's key if None; ``witnesses``: who is asked to cosign it.
    """

    data_dir: Path
    database: Path | str | None = None
    county: str = "天祝县计量监督"
    requests_per_minute: int = 1200
    now: Callable[[], datetime] = system_now
    log_origin: str | None = None
    witnesses: tuple[Witness, ...] = ()


class SlipState(enum.StrEnum):
    """What the county can say of a slip."""

    GENUINE = "genuine"
    """Signed by a joined device, and the entry behind it is here."""
    ON_ITS_WAY = "on_its_way"
    """Signed by a joined device; the entry has not arrived yet."""
    CONTRADICTS = "contradicts"
    """Signed by a joined device, but the county holds another entry of that number."""
    REVOKED = "revoked"
    """Signed with a key that the county trusts no more, and the entry never came."""
    FORGED = "forged"
    UNKNOWN_DEVICE = "unknown_device"
    NOT_A_SLIP = "not_a_slip"


class SlipAnswer(msgspec.Struct, frozen=True):
    """``slip`` only where a joined device has signed it."""

    state: SlipState
    slip: Slip | None = None


class County:
    """One county: its key, its database, its word."""

    def __init__(self, settings: Settings) -> None:
        settings.data_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.name = settings.county
        self._now = settings.now
        self._data_dir = settings.data_dir
        self.store = Store(open_database(settings.database or settings.data_dir / DATABASE))
        try:
            self._signer = self._open_key()
            with self.store.writing() as store:
                if read := store.make_findable():
                    log.info("%d entries were made findable", read)
            self.log = Log(
                store=self.store,
                signer=self._signer,
                data_dir=settings.data_dir,
                now=settings.now,
                origin=settings.log_origin,
                witnesses=settings.witnesses,
            )
        except BaseException:
            self.store.close()
            raise

    @property
    def kid(self) -> str:
        """Thumbprint of the county's key."""
        return self._signer.kid

    def close(self) -> None:
        self.log.close()
        self.store.close()

    def _open_key(self) -> CountySigner:
        with self.store.writing() as store:
            store.alone()
            named = store.county_key()
            if named is not None:
                return CountySigner(self._data_dir, find_key(self._data_dir, named.kid))
            first = county_key(self._data_dir)
            store.add_county_key(first.public_jwk, None, self._now())
        return CountySigner(self._data_dir, first)

    def rotate_key(self) -> str:
        """Goes over to a new key and gives its thumbprint; the old one states it, and then signs no more.

        Raises KeyNotHere, KeyFileError, OSError.
        """
        new, now = make_next_key(self._data_dir), self._now()
        with self.store.writing() as store:
            store.alone()
            self._follow(store)
            statement = CountyKey(county=self.name, jwk=new.public_jwk, at=now.isoformat(timespec="seconds"))
            store.add_county_key(new.public_jwk, make_county_key(self._signer, statement), now)
        self._signer.follow(new.kid)
        log.warning("the county signs with key %s from now on", new.kid)
        return new.kid

    def _follow(self, store: Reader) -> int:
        """Takes up the key that the database names; gives its number."""
        named = store.county_key()
        assert named is not None
        self._signer.follow(named.kid)
        return named.number

    def publish(self, name: str, content: bytes, device: str = "") -> int:
        """Publishes a file for all devices or one; gives its version. Raises BadDownlink, UnknownDevice."""
        with self.store.writing() as store:
            return downlink.publish(store, name, content, self._now(), device=device)

    def published(self, name: str, device: str) -> tuple[downlink.File, str]:
        """A file for a device, and the county's signed word on it; raises NothingThere, KeyNotHere."""
        with self.store.reading() as store:
            file = downlink.file(store, name, device)
            self._follow(store)
        return file, make_statement(self._signer, file.statement(self.name))

    def give_access(self, name: str, role: Role, valid_for: timedelta) -> str:
        """A new token for one of the county's own people; only its hash is kept. Raises BadAccess."""
        with self.store.writing() as store:
            return access.create(store, name, role, self._now(), valid_for)

    def revoke_access(self, name: str) -> None:
        """Ends a token at once. Raises BadAccess."""
        with self.store.writing() as store:
            access.revoke(store, name, self._now())

    def give_token(self, valid_for: timedelta, *, replaces: str | None = None) -> str:
        """A new one-time token; only its hash is kept.

        ``replaces``: the device that may come back with a new key, and no other may use the token. Raises
        UnknownDevice where none of that id has joined.
        """
        token = secrets.token_urlsafe(24)
        now = self._now()
        with self.store.writing() as store:
            if replaces is not None and not store.chains(replaces):
                raise UnknownDevice(f"{replaces} has not joined this county")
            store.add_token(token, now, now + valid_for, replaces)
        return token

    def revoke(self, device: str, why: str) -> None:
        """Takes nothing new from a device's key from now on; what is here stays. Raises UnknownDevice."""
        with self.store.writing() as store:
            chains = store.chains(device)
            if not chains:
                raise UnknownDevice(f"{device} has not joined this county")
            store.revoke(chains[-1].name, why, self._now())
        log.warning("device %s is revoked: %s", device, why)

    def enrol(self, request: EnrolRequest) -> Enrolled:
        """Lets a device in, or back in with a new key; raises BadProof, BadToken, DeviceTaken, Revoked."""
        try:
            check_proof(request)
        except (BadFormat, BadSignature, WrongKey) as error:
            raise BadProof(str(error)) from error
        with self.store.writing() as store:
            self._follow(store)
            before = store.enrol(request, self._now())
            closure = self._close(store, before, request.jwk.kid) if before is not None else ""
        log.info("device %s has joined with key %s", request.device, request.jwk.kid)
        return Enrolled(county=self.name, jwk=self._signer.public_jwk, closure=closure)

    def _close(self, store: Writer, old: Held, kid: str) -> str:
        """The county's word on the end of a chain whose place another takes; the same when asked again."""
        if old.closure is not None:
            return old.closure
        now = self._now()
        closure = Closure(
            device=old.chain.device,
            kid=old.chain.key.kid,
            seq=old.chain.head.seq,
            entry=old.chain.head.hash,
            next=kid,
            at=now.isoformat(timespec="seconds"),
            county=self.name,
        )
        jws = make_closure(self._signer, closure)
        store.close_chain(old.name, jws, now)
        log.warning(
            "device %s: the chain of key %s is closed at entry %d", closure.device, closure.kid, closure.seq
        )
        return jws

    def accept(self, body: bytes, seen: Seen | None = None) -> Accepted:
        """Takes a batch of entries whole and gives a receipt upon its last.

        ``seen``: what the device has seen of the log, None of a device that knows none: it gets the plain
        receipt. Raises BadBatch, UnknownDevice, EntryBad, GapFound, ForkFound, Revoked, Replaced,
        KeyNotHere; nothing was taken then.
        """
        lines = split(body)
        try:
            kid, device = unverified(lines[0], TYP)[0].kid, unverified_payload(lines[0]).device
        except BadFormat as error:
            raise BadBatch(f"the first line names no device: {error}") from error
        now = self._now()
        refused: GatewayError | None = None
        with self.store.writing() as store:
            held = store.held(device, kid)
            if held is None:
                raise UnknownDevice(f"{device} has not joined this county")
            try:
                batch = judge(held.chain, store.hashes_of(held.name), lines)
                if batch.new:
                    held.must_take()
            except ALARMING as found:
                self._alarm(store, held, found, now)
                refused = found
            else:
                ahead = batch.chain.head.seq > batch.last_seq
                proof = store.text_of(held.name, batch.chain.head.hash) if ahead else ""
                signing = self._follow(store)
                store.add_entries(held.name, batch.chain, batch.new, now)
                place = self.log.append(store.connection, [entry.hash for entry in batch.new])
                receipt = (
                    self._receipt(store, held, batch.last_seq, batch.last_hash, now) if seen is None else ""
                )
                later = store.county_keys(held.county_key) if signing > held.county_key else []
        if refused is not None:
            raise refused
        if seen is not None:
            # Where a known entry comes last, the place is not that of the batch's end.
            place = place if batch.last_seq == batch.chain.head.seq else None
            receipt = self.log.receipt(
                held, batch.last_seq, batch.last_hash, seen, county=self.name, place=place
            )
        return Accepted(
            receipt=receipt,
            head=batch.chain.head.seq,
            stored=len(batch.new),
            known=batch.known,
            county_keys=tuple(key.statement for key in later if key.statement is not None),
            held=proof,
        )

    def shelve(self, request: ShelfRequest) -> OnShelf:
        """Takes an entry that it refuses as it stands, and gives the plain receipt upon it.

        Raises BadBatch, UnknownDevice, EntryBad, GapFound, ForkFound, Revoked, Replaced, KeyNotHere.
        """
        now = self._now()
        refused: GatewayError | None = None
        with self.store.writing() as store:
            held = shelf.held_for(store, request)
            try:
                put = shelf.judge(held.chain, lambda seq: store.hash_of(held.name, seq), request)
                if put.new:
                    held.must_take()
            except ALARMING as found:
                self._alarm(store, held, found, now)
                refused = found
            else:
                self._follow(store)
                shelf.keep(store, held.name, put, request.text, now)
                if put.new:
                    self.log.append(store.connection, [put.claim.entry])
                receipt = self._receipt(store, held, put.claim.seq, put.claim.entry, now)
        if refused is not None:
            raise refused
        if put.entry is None:
            log.warning("device %s: entry %d cannot be read and lies on the shelf", held.name, put.claim.seq)
        return OnShelf(receipt=receipt, read=put.entry is not None)

    def _alarm(self, store: Writer, held: Held, refused: GatewayError, now: datetime) -> None:
        """Keeps what is refused and somebody should look at; every one was signed by the device's own key."""
        match refused:
            case ForkFound():
                log.error("ALARM: device %s has signed two histories, at entry %d", held.name, refused.seq)
                store.add_fork(held.name, refused, now)
                refused.held = store.text_of(held.name, refused.known_hash)
            case GapFound(expected=expected):
                log.warning("device %s: entries are missing from %d on", held.name, expected)
                raise_alarm(
                    store.connection,
                    held.name,
                    GAP,
                    mark=f"{held.name} {expected}",
                    seq=expected,
                    told={"expected": expected},
                    now=now,
                )
            case Revoked() | Replaced():
                # One a day: whoever has the key can sign as much as he likes.
                log.error("ALARM: %s", refused)
                raise_alarm(
                    store.connection,
                    held.name,
                    UNTRUSTED,
                    mark=f"{held.name} {now.date().isoformat()}",
                    seq=held.chain.head.seq + 1,
                    told={"why": str(refused)},
                    now=now,
                )

    def _receipt(self, store: Writer, held: Held, seq: int, entry: str, now: datetime) -> str:
        given = store.receipt(held.name, seq)
        if given is not None:
            return given
        receipt = Receipt(
            device=held.chain.device,
            seq=seq,
            entry=entry,
            at=now.isoformat(timespec="seconds"),
            county=self.name,
        )
        jws = make_receipt(self._signer, receipt)
        store.add_receipt(held.name, seq, jws)
        return jws

    def key_list(self) -> str:
        """The keys of all devices, each signed by the county, to check slips by without a network."""
        with self.store.reading() as store:
            chains = store.all_chains()
        at = self._now().isoformat(timespec="seconds")
        keys = [
            DeviceKey(
                device=held.chain.device,
                jwk=held.chain.key,
                trusted=held.revoked_why is None,
                at=at,
                county=self.name,
            )
            for held in chains
        ]
        return make_key_list(self._signer, keys)

    def look_at_slip(self, text: str) -> SlipAnswer:
        """What the county can say of the text of a slip's QR code."""
        try:
            claimed = unverified_slip(text)
        except BadFormat:
            return SlipAnswer(SlipState.NOT_A_SLIP)
        with self.store.reading() as store:
            chains = store.chains(claimed.device)
            entries = [store.hash_of(held.name, claimed.seq) for held in chains]
        if not chains:
            return SlipAnswer(SlipState.UNKNOWN_DEVICE)
        for held, entry in zip(chains, entries, strict=True):
            try:
                slip = verify_slip(text, held.chain.key)
            except (BadFormat, BadSignature, WrongKey):
                continue
            if entry is not None:
                return SlipAnswer(
                    SlipState.GENUINE if slip.stands_for(entry) else SlipState.CONTRADICTS, slip
                )
            ended = held.revoked_why is not None or held.closed_at is not None
            return SlipAnswer(SlipState.REVOKED if ended else SlipState.ON_ITS_WAY, slip)
        return SlipAnswer(SlipState.FORGED)
