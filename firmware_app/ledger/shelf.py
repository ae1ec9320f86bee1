"""The shelf: how an entry that the county cannot read goes out all the same, and those behind it after it.

The chain has no way around an entry, so leaving one out is impossible and skipping one would be a lie. What
the county refuses for good is therefore handed over as it stands, unread: its text, and beside it the
device's signed word that this text is entry *n* and follows from the one before. The county keeps the bytes,
goes on with the chain at their hash, and its receipt stays true: it holds that entry and all before it.

Rules this file obeys:

* Nothing is left out: the text travels with the claim, and its SHA-256 is what the next entry names.
* The trail says it: `delivery_shelved` before, `delivery_read` once the county reads it.
* The device shelves only what it can itself read: an entry damaged here is a damaged ledger, not a delivery.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.entry import DeviceId, Entry, Seq, Sha256Hex
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import MAX_JWS, PublicJwk, sha256_hex, verified
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.signing.signer import Signer, seal

TYP = "steelyard-shelf+jws"
SHELVED, READ = "delivery_shelved", "delivery_read"
"""Kinds of the entries that say it."""
MOST_SHELVED = 16
"""More than so many unread at once is no entry's fault: everything waits then, and a person is called."""


class ShelfClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the device signs. ``entry``: SHA-256 of the text; ``prev``: that of entry ``seq`` - 1."""

    device: DeviceId
    seq: Seq
    prev: Sha256Hex
    entry: Sha256Hex


class ShelfRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry for the county's shelf. ``claim``: see `make_claim`; ``text``: the entry as it stands."""

    claim: Annotated[str, Meta(max_length=4096)]
    text: Annotated[str, Meta(min_length=1, max_length=MAX_JWS)]


class OnShelf(msgspec.Struct, frozen=True, kw_only=True):
    """The county has the text. ``receipt``: upon this entry; ``read``: it could read the entry after all."""

    receipt: str
    read: bool


class Shelved(msgspec.Struct, frozen=True, kw_only=True):
    """Body of an entry ``delivery_shelved``, and (``why`` empty) of ``delivery_read``.

    ``seq``, ``entry``: number and SHA-256 of the refused entry; ``why``: the county's words.
    """

    seq: Seq
    entry: Sha256Hex
    why: Annotated[str, Meta(max_length=200)] = ""


_claim: msgspec.json.Decoder[ShelfClaim] = msgspec.json.Decoder(ShelfClaim)


def make_claim(signer: Signer, entry: Entry) -> str:
    """The device's word, a compact JWS, that this text is its entry of that number."""
    payload = entry.payload
    claim = ShelfClaim(device=payload.device, seq=entry.seq, prev=payload.prev, entry=entry.hash)
    return seal(signer, TYP, msgspec.json.encode(claim))


def read_claim(request: ShelfRequest, key: PublicJwk) -> ShelfClaim:
    """The claim, if ``key`` signed it upon this very text; raises BadFormat, BadSignature, WrongKey."""
    raw = verified(request.claim, TYP, key)
    claim = claim_of(raw)
    if sha256_hex(request.text) != claim.entry:
        raise BadFormat("shelf: the text is another one than the claim names")
    return claim


def claim_of(raw: bytes) -> ShelfClaim:
    """What a claim says, its signature aside; raises BadFormat."""
    try:
        claim = _claim.decode(raw)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFormat(f"shelf: {error}") from error
    if msgspec.json.encode(claim) != raw:
        raise BadFormat("shelf: not written in the one way there is")
    return claim


def unread(ledger: LedgerReader) -> tuple[Shelved, ...]:
    """What lies on the county's shelf and was not read since, in order; raises as `LedgerReader.entry`."""
    lying: dict[int, Shelved] = {}
    for entry in ledger.of_kind(SHELVED, 0):
        told = _body(entry)
        lying[told.seq] = told
    for entry in ledger.of_kind(READ, 0):
        lying.pop(_body(entry).seq, None)
    return tuple(lying[seq] for seq in sorted(lying))


def _body(entry: Entry) -> Shelved:
    try:
        return msgspec.convert(entry.payload.body, Shelved)
    except msgspec.ValidationError as error:
        raise BadFormat(f"{entry.payload.kind} in entry {entry.seq}: {error}") from error
