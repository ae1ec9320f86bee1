"""What a device and its county say to each other, and what the device remembers of its county.

Both ends read these types; the HTTP around them is in ``firmware_app.upload`` and ``county_gateway``.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.entry import DeviceId
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import PublicJwk, verified
from firmware_app.ledger.signing.signer import Signer, seal

ENROL_TYP = "steelyard-enrol+jws"
ENTRIES_TYPE = "application/x-ndjson"
"""Media type of a batch: one entry a line."""
MAX_BATCH = 500
MAX_BATCH_BYTES = 1 << 20

CountyName = Annotated[str, Meta(min_length=1, max_length=80)]
EnrolToken = Annotated[str, Meta(min_length=16, max_length=128)]


class County(msgspec.Struct, frozen=True, kw_only=True):
    """The county that a device has joined; body of an ``enrolment`` entry and content of county.json."""

    county: CountyName
    url: Annotated[str, Meta(min_length=8, max_length=300)]
    jwk: PublicJwk


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A device asks to join. ``proof``: see `enrol_proof`."""

    token: EnrolToken
    device: DeviceId
    jwk: PublicJwk
    proof: Annotated[str, Meta(max_length=2048)]


class Enrolled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The county's name and the key that its receipts are signed with.

    ``closure``: where this device takes the place of a broken one, the county's word on the end of its chain
    (`statements.Closure`).
    """

    county: CountyName
    jwk: PublicJwk
    closure: str = ""


class Accepted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole batch is kept. ``receipt``: JWS upon its last entry; ``head``: the county's last entry.

    ``county_keys``: statements by which the county went over to other keys since this device joined, in order
    (`statements.CountyKey`); the receipt may be signed by the last of them. ``held``: where the county holds
    more than the batch, the text of entry ``head``: a device that has not got it was rolled back.
    """

    receipt: str
    head: int
    stored: int
    known: int
    county_keys: tuple[str, ...] = ()
    held: str = ""


class Rejection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing of the request was kept. ``error``: a code; ``why``: words.

    ``expected`` goes with gap, ``seq`` with the number of the entry that is at fault; ``held`` with fork, the
    text of the entry that the county holds instead, signed by the device itself.
    """

    error: str
    why: str = ""
    expected: int | None = None
    seq: int | None = None
    held: str = ""


class CountyAlive(msgspec.Struct, frozen=True):
    """The county is in reach."""

    county: CountyName


def enrol_proof(signer: Signer, device: str, token: str) -> str:
    """A JWS by which the device shows that it holds the private key of the JWK it enrols."""
    claim = {"device": device, "token": hashlib.sha256(token.encode()).hexdigest()}
    return seal(signer, ENROL_TYP, msgspec.json.encode(claim))


def check_proof(request: EnrolRequest) -> None:
    """Raises BadFormat, WrongKey or BadSignature where the device does not hold the key."""
    claim = {"device": request.device, "token": hashlib.sha256(request.token.encode()).hexdigest()}
    if verified(request.proof, ENROL_TYP, request.jwk) != msgspec.json.encode(claim):
        raise BadFormat("the proof is of another device or token")
