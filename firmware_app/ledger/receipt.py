"""The county's receipt: its signed word that it holds an entry and so, by the chain, all before it.

Rules this file obeys:

* A receipt is verified against the pinned county key before any cursor moves.
* Its ``typ`` differs from an entry's: neither can be passed off as the other.
"""

from __future__ import annotations

import msgspec

from firmware_app.ledger.county import CountyName
from firmware_app.ledger.entry import DeviceId, Seq, Sha256Hex, Time
from firmware_app.ledger.errors import BadFormat, BadReceipt, BadSignature, WrongKey
from firmware_app.ledger.jose import PublicJwk, unverified, verified
from firmware_app.ledger.signer import Signer, seal

TYP = "steelyard-receipt+jws"


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the county signs. ``entry``: SHA-256 of the text of entry ``seq``; ``at``: county's time."""

    device: DeviceId
    seq: Seq
    entry: Sha256Hex
    at: Time
    county: CountyName


_receipt: msgspec.json.Decoder[Receipt] = msgspec.json.Decoder(Receipt)


def make_receipt(signer: Signer, receipt: Receipt) -> str:
    """The receipt as a compact JWS."""
    return seal(signer, TYP, msgspec.json.encode(receipt))


def read_receipt(jws: str, county: PublicJwk) -> Receipt:
    """The receipt in a text signed by the county; raises BadReceipt."""
    try:
        raw = verified(jws, TYP, county)
        receipt = _receipt.decode(raw)
    except (BadFormat, BadSignature, WrongKey, msgspec.DecodeError) as error:
        raise BadReceipt(f"receipt: {error}") from error
    if msgspec.json.encode(receipt) != raw:
        raise BadReceipt("receipt: not written in the one way there is")
    return receipt


def receipt_kid(jws: str) -> str:
    """The key that a receipt names, unverified, to pick the county's key by; raises BadReceipt."""
    try:
        return unverified(jws, TYP)[0].kid
    except BadFormat as error:
        raise BadReceipt(f"receipt: {error}") from error
