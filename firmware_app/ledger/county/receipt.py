"""The county's receipt: its signed word that it holds an entry and so, by the chain, all before it.

There are two: the plain one, and the one of a county that keeps a transparency log, which shows the entry's
place in it (docs/transparency-log.md). A device that knows the second kind asks for it.

Rules this file obeys:

* A receipt is verified against the pinned county key before any cursor moves.
* Its ``typ`` differs from an entry's: neither can be passed off as the other.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.county.contract import CountyName
from firmware_app.ledger.county.merkle import MAX_PROOF, MAX_SIZE, entry_leaf, verify_inclusion
from firmware_app.ledger.county.note import MAX_NOTE, Checkpoint, Note, log_key, open_checkpoint, read_hash
from firmware_app.ledger.entry import DeviceId, Seq, Sha256Hex, Time
from firmware_app.ledger.errors import BadFormat, BadLogProof, BadReceipt, BadSignature, WrongKey
from firmware_app.ledger.jose import PublicJwk, unverified, verified
from firmware_app.ledger.signing.signer import Signer, seal

TYP = "steelyard-receipt+jws"
LOGGED_TYP = "steelyard-receipt2+jws"
LOG_HEADER = "Steelyard-Log"
"""HTTP header by which a device asks for the second kind: ``SIZE ORIGIN`` of the log as it was seen last, or
`NO_LOG`. A county that knows no log passes over it; a device that knows none does not send it."""
NO_LOG = "0"

LogSize = Annotated[int, Meta(ge=0, le=MAX_SIZE)]
LogProof = Annotated[tuple[Annotated[str, Meta(max_length=44)], ...], Meta(max_length=MAX_PROOF)]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the county signs. ``entry``: SHA-256 of the text of entry ``seq``; ``at``: county's time."""

    device: DeviceId
    seq: Seq
    entry: Sha256Hex
    at: Time
    county: CountyName


class LoggedReceipt(Receipt, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A receipt that shows the entry's place in the county's log.

    ``index``: of the leaf, from 0; ``inclusion``: hashes (base64) that lead from it to the root in
    ``checkpoint``, a signed note; ``since``: number of leaves that the device had seen before, with
    ``consistency``, the hashes that lead from that tree to this one.
    """

    index: LogSize
    inclusion: LogProof
    checkpoint: Annotated[str, Meta(max_length=MAX_NOTE)]
    since: LogSize
    consistency: LogProof


class SeenLog(msgspec.Struct, frozen=True):
    """A tree head of the county's log as a receipt brought it.

    ``seq``, ``at``: upon which entry, and when by the county's clock.
    """

    head: Checkpoint
    note: Note
    seq: int
    at: str

    @property
    def claim(self) -> str:
        """What the device tells the county that it has seen (`LOG_HEADER`)."""
        return f"{self.head.size} {self.head.origin}"


_receipt: msgspec.json.Decoder[Receipt] = msgspec.json.Decoder(Receipt)
_logged: msgspec.json.Decoder[LoggedReceipt] = msgspec.json.Decoder(LoggedReceipt)


def make_receipt(signer: Signer, receipt: Receipt) -> str:
    """The receipt as a compact JWS, of the typ that belongs to it."""
    return seal(
        signer, LOGGED_TYP if isinstance(receipt, LoggedReceipt) else TYP, msgspec.json.encode(receipt)
    )


def read_receipt(jws: str, county: PublicJwk) -> Receipt:
    """The receipt in a text signed by the county; raises BadReceipt.

    A `LoggedReceipt` comes back with its checkpoint signed by the county and its entry shown to be in it.
    """
    try:
        logged = receipt_typ(jws) == LOGGED_TYP
        raw = verified(jws, LOGGED_TYP if logged else TYP, county)
        receipt = (_logged if logged else _receipt).decode(raw)
    except (BadFormat, BadSignature, WrongKey, msgspec.DecodeError) as error:
        raise BadReceipt(f"receipt: {error}") from error
    if msgspec.json.encode(receipt) != raw:
        raise BadReceipt("receipt: not written in the one way there is")
    if isinstance(receipt, LoggedReceipt):
        _check_place(receipt, seen_log(receipt, county).head)
    return receipt


def seen_log(receipt: LoggedReceipt, county: PublicJwk) -> SeenLog:
    """The tree head in a receipt, if the county signed it; raises BadReceipt."""
    origin = receipt.checkpoint.partition("\n")[0]
    try:
        head, note = open_checkpoint(receipt.checkpoint, log_key(origin, county))
    except (BadFormat, BadSignature) as error:
        raise BadReceipt(f"receipt: {error}") from error
    return SeenLog(head, note, receipt.seq, receipt.at)


def receipt_kid(jws: str) -> str:
    """The key that a receipt names, unverified, to pick the county's key by; raises BadReceipt."""
    try:
        return unverified(jws, receipt_typ(jws))[0].kid
    except BadFormat as error:
        raise BadReceipt(f"receipt: {error}") from error


def receipt_typ(jws: str) -> str:
    """Which of the two receipts a text claims to be; raises BadFormat where it is neither."""
    try:
        unverified(jws, LOGGED_TYP)
    except BadFormat:
        unverified(jws, TYP)
        return TYP
    return LOGGED_TYP


def read_proof(hashes: tuple[str, ...]) -> tuple[bytes, ...]:
    """The hashes of a proof; raises BadFormat."""
    return tuple(read_hash(each) for each in hashes)


def _check_place(receipt: LoggedReceipt, head: Checkpoint) -> None:
    try:
        proof = read_proof(receipt.inclusion)
        read_proof(receipt.consistency)
        verify_inclusion(receipt.index, head.size, entry_leaf(receipt.entry), proof, head.root)
    except (BadFormat, BadLogProof) as error:
        raise BadReceipt(f"receipt: {error}") from error
