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

from county_gateway.database import open_database
from county_gateway.errors import BadBatch, BadProof, ForkFound, UnknownDevice
from county_gateway.intake import Batch, judge, split
from county_gateway.log.receipts import Log, Seen
from county_gateway.log.witnesses import Witness
from county_gateway.store import Store, Writer
from firmware_app.ledger.county import Accepted, Enrolled, EnrolRequest, check_proof
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.receipt import Receipt, make_receipt
from firmware_app.ledger.signer import Signer, create_key, open_key
from firmware_app.ledger.slip import Slip, unverified_slip, verify_slip

log = logging.getLogger("steelyard.county")

KEY, DATABASE = "county.key", "county.db"


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
        self._signer: Signer = county_key(settings.data_dir)
        self.store = Store(open_database(settings.database or settings.data_dir / DATABASE))
        try:
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

    def give_token(self, valid_for: timedelta) -> str:
        """A new one-time token; only its hash is kept."""
        token = secrets.token_urlsafe(24)
        now = self._now()
        with self.store.writing() as store:
            store.add_token(token, now, now + valid_for)
        return token

    def enrol(self, request: EnrolRequest) -> Enrolled:
        """Lets a device in; raises BadProof, BadToken, DeviceTaken."""
        try:
            check_proof(request)
        except (BadFormat, BadSignature, WrongKey) as error:
            raise BadProof(str(error)) from error
        with self.store.writing() as store:
            store.enrol(request, self._now())
        log.info("device %s has joined with key %s", request.device, request.jwk.kid)
        return Enrolled(county=self.name, jwk=self._signer.public_jwk)

    def accept(self, body: bytes, seen: Seen | None = None) -> Accepted:
        """Takes a batch of entries whole and gives a receipt upon its last.

        ``seen``: what the device has seen of the log, None of a device that knows none: it gets the plain
        receipt. Raises BadBatch, UnknownDevice, EntryBad, GapFound, ForkFound; nothing was taken then.
        """
        lines = split(body)
        try:
            device = unverified_payload(lines[0]).device
        except BadFormat as error:
            raise BadBatch(f"the first line names no device: {error}") from error
        now = self._now()
        fork: ForkFound | None = None
        with self.store.writing() as store:
            chain = store.chain(device)
            if chain is None:
                raise UnknownDevice(f"{device} has not joined this county")
            try:
                batch = judge(chain, lambda seq: store.hash_of(device, seq), lines)
            except ForkFound as found:
                store.add_fork(device, found, now)
                fork = found
            else:
                store.add_entries(batch.chain, batch.new, now)
                self.log.append(store.connection, [entry.hash for entry in batch.new])
                receipt = self._receipt(store, device, batch, now) if seen is None else ""
        if fork is not None:
            log.error("ALARM: device %s has signed two histories, at entry %d", device, fork.seq)
            raise fork
        if seen is not None:
            receipt = self.log.receipt(device, batch.last_seq, batch.last_hash, seen, self.name)
        return Accepted(receipt=receipt, head=batch.chain.head.seq, stored=len(batch.new), known=batch.known)

    def _receipt(self, store: Writer, device: str, batch: Batch, now: datetime) -> str:
        given = store.receipt(device, batch.last_seq)
        if given is not None:
            return given
        receipt = Receipt(
            device=device,
            seq=batch.last_seq,
            entry=batch.last_hash,
            at=now.isoformat(timespec="seconds"),
            county=self.name,
        )
        jws = make_receipt(self._signer, receipt)
        store.add_receipt(device, batch.last_seq, jws)
        return jws

    def look_at_slip(self, text: str) -> SlipAnswer:
        """What the county can say of the text of a slip's QR code."""
        try:
            claimed = unverified_slip(text)
        except BadFormat:
            return SlipAnswer(SlipState.NOT_A_SLIP)
        with self.store.reading() as store:
            chain = store.chain(claimed.device)
            held = store.hash_of(claimed.device, claimed.seq)
        if chain is None:
            return SlipAnswer(SlipState.UNKNOWN_DEVICE)
        try:
            slip = verify_slip(text, chain.key)
        except (BadFormat, BadSignature, WrongKey):
            return SlipAnswer(SlipState.FORGED)
        if held is None:
            return SlipAnswer(SlipState.ON_ITS_WAY, slip)
        return SlipAnswer(SlipState.GENUINE if slip.stands_for(held) else SlipState.CONTRADICTS, slip)


def county_key(data_dir: Path) -> Signer:
    """The county's key, made with its file where there is none; raises KeyFileError."""
    path = data_dir / KEY
    return open_key(path) if path.exists() else create_key(path)
