"""What the county says of keys over the years: its own new key, and the end of a device's chain.

Both are the county's signed word, kept by the county, carried to the device with what it delivers, and
written by the device into its own chain, so that an export can be checked with nothing beside it.

Rules this file obeys:

* A new county key is believed only upon a statement signed by a key of the county that is known already.
* A closed chain is named by its key, its last number and its last hash: nothing can be added to it unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from firmware_app.ledger.county.contract import CountyName
from firmware_app.ledger.entry import DeviceId, Sha256Hex, Time
from firmware_app.ledger.errors import BadFormat, BadSignature, BadStatement, WrongKey
from firmware_app.ledger.jose import PublicJwk, unverified, verified
from firmware_app.ledger.signing.signer import Signer, seal

COUNTY_KEY_TYP = "steelyard-county-key+jws"
CLOSURE_TYP = "steelyard-closure+jws"
COUNTY_KEY_KIND, CONTINUES_KIND = "county_key", "continues"
"""Kinds of the entries in which a device writes them down."""
MAX_STATEMENTS = 64
"""A device is told at most so many at once: a key a month for five years."""

Kid = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
Statement = Annotated[str, Meta(max_length=4096)]
T = TypeVar("T", bound=msgspec.Struct)


class CountyKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From ``at`` on the county signs with ``jwk``; signed by the key before it."""

    county: CountyName
    jwk: PublicJwk
    at: Time


class Closure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The chain that ``kid`` signed ends with entry ``seq`` (0 if it has none), whose SHA-256 is ``entry``.

    The device's id goes on with a chain signed by ``next``.
    """

    device: DeviceId
    kid: Kid
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    entry: Sha256Hex
    next: Kid
    at: Time
    county: CountyName


class CountyKeyBody(msgspec.Struct, frozen=True):
    """Body of an entry of kind ``county_key``."""

    statement: Statement


class ContinuesBody(msgspec.Struct, frozen=True):
    """Body of an entry of kind ``continues``."""

    closure: Statement


def make_county_key(signer: Signer, statement: CountyKey) -> str:
    """The statement as a compact JWS, signed by the key that is being replaced."""
    return seal(signer, COUNTY_KEY_TYP, msgspec.json.encode(statement))


def read_county_key(jws: str, county: PublicJwk) -> CountyKey:
    """The statement in a text signed by a known key of the county; raises BadStatement."""
    return _read(jws, COUNTY_KEY_TYP, county, CountyKey)


def county_key_signer(jws: str) -> str:
    """The key that a statement names as its signer, unverified, to pick the county's key by."""
    try:
        return unverified(jws, COUNTY_KEY_TYP)[0].kid
    except BadFormat as error:
        raise BadStatement(f"statement of a county key: {error}") from error


def new_county_key(jws: str, known: Mapping[str, PublicJwk]) -> PublicJwk:
    """The key that a statement introduces, signed by one of those ``known`` by kid; raises BadStatement."""
    kid = county_key_signer(jws)
    if kid not in known:
        raise BadStatement(f"statement of a county key: signed by {kid[:64]}, no key known here")
    return read_county_key(jws, known[kid]).jwk


def make_closure(signer: Signer, closure: Closure) -> str:
    """The closure as a compact JWS."""
    return seal(signer, CLOSURE_TYP, msgspec.json.encode(closure))


def read_closure(jws: str, county: PublicJwk) -> Closure:
    """The closure in a text signed by the county; raises BadStatement."""
    return _read(jws, CLOSURE_TYP, county, Closure)


def _read(jws: str, typ: str, key: PublicJwk, kind: type[T]) -> T:
    try:
        raw = verified(jws, typ, key)
        statement = msgspec.json.decode(raw, type=kind)
    except (BadFormat, BadSignature, WrongKey, msgspec.DecodeError) as error:
        raise BadStatement(f"{typ}: {error}") from error
    if msgspec.json.encode(statement) != raw:
        raise BadStatement(f"{typ}: not written in the one way there is")
    return statement
