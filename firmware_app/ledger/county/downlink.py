"""What the county gives to its appliances: signed files, each with a version that only rises.

The county publishes under a few names the registry, the certificates of weights, law packs and the list of
inspectors. An appliance asks with its own key, and believes what a key of the county has signed that its own
chain names; who carries the bytes does not matter.

Rules this file obeys:

* What is signed names the file, its version and its bytes: no file counts for another, none for an older one.
* An ask is bound to one county and to the last entry that has a receipt: with the next receipt it is stale,
  and no clock is needed for it.
* No secret is carried: whoever takes a card out of an appliance has all of this.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from firmware_app.ledger.county.contract import CountyName
from firmware_app.ledger.county.statements import Kid
from firmware_app.ledger.entry import DeviceId, Sha256Hex, Time
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import PublicJwk, unverified, verified
from firmware_app.ledger.signing.signer import Signer, seal

STATEMENT_TYP = "steelyard-downlink+jws"
ASK_TYP = "steelyard-ask+jws"
STATEMENT_HEADER = "Steelyard-Statement"
"""Header of an answer: the county's statement of the bytes in its body."""
SCHEME = "Steelyard"
"""Of the Authorization header in which an ask is shown."""
MAX_CONTENT = 4 << 20
"""Longest file, in bytes: the longest registry that an appliance reads (`registry.MAX_FILE`)."""
MOST_NAMES = 64
MAX_STATEMENT = 4096
NAME_PATTERN = r"^(registry|weights|inspectors|rules-[a-z0-9][a-z0-9.-]{0,49})\Z"
REGISTRY, WEIGHTS, INSPECTORS, RULES = "registry", "weights", "inspectors", "rules-"

DownlinkName = Annotated[str, Meta(pattern=NAME_PATTERN, description="what the file is")]
Version = Annotated[int, Meta(ge=1, le=2**53 - 1)]
T = TypeVar("T")


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The county's word: from ``at`` on, version ``version`` of this file has these bytes.

    ``device``: for this one alone; empty: for every device of the county.
    """

    county: CountyName
    device: Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?\Z")]
    name: DownlinkName
    version: Version
    size: Annotated[int, Meta(ge=1, le=MAX_CONTENT)]
    sha256: Sha256Hex
    at: Time


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """It asks the county with key ``county``; ``seq``: the device's last entry with a receipt, or 0."""

    device: DeviceId
    county: Kid
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a list names it; not the county's word, which stands beside the bytes themselves."""

    name: DownlinkName
    version: Version
    size: int
    sha256: Sha256Hex


class Offers(msgspec.Struct, frozen=True):
    """All files that there are for appliances, by name."""

    items: Annotated[list[Offered], Meta(max_length=MOST_NAMES)]


def make_statement(signer: Signer, statement: Statement) -> str:
    """The statement as a compact JWS, signed by the county."""
    return seal(signer, STATEMENT_TYP, msgspec.json.encode(statement))


def read_statement(jws: str, county: PublicJwk) -> Statement:
    """The statement in a text that the county signed; raises BadFormat, BadSignature, WrongKey."""
    return _decoded(verified(jws, STATEMENT_TYP, county), Statement)


def claimed_statement(jws: str) -> Statement:
    """What a statement says whose signature nobody has looked at yet; raises BadFormat."""
    return _decoded(unverified(jws, STATEMENT_TYP)[1], Statement)


def check_content(statement: Statement, content: bytes) -> None:
    """Raises BadFormat where these are not the bytes that the county speaks of."""
    if (len(content), hashlib.sha256(content).hexdigest()) != (statement.size, statement.sha256):
        raise BadFormat(f"{statement.name}: the bytes are not those that the county signed")


def make_ask(signer: Signer, ask: Ask) -> str:
    """What goes into the Authorization header behind the scheme, a compact JWS."""
    return seal(signer, ASK_TYP, msgspec.json.encode(ask))


def claimed_ask(jws: str) -> tuple[str, Ask]:
    """Key and content of an ask whose signature nobody has looked at yet; raises BadFormat."""
    header, raw = unverified(jws, ASK_TYP)
    return header.kid, _decoded(raw, Ask)


def read_ask(jws: str, device: PublicJwk) -> Ask:
    """The ask in a text that the device signed; raises BadFormat, BadSignature, WrongKey."""
    return _decoded(verified(jws, ASK_TYP, device), Ask)


def etag(version: int, sha256: str) -> str:
    """The entity tag of a file (RFC 9110 8.8.3)."""
    return f'"{version}-{sha256[:32]}"'


def _decoded(raw: bytes, kind: type[T]) -> T:
    try:
        value = msgspec.json.decode(raw, type=kind)
        rewritten = msgspec.json.encode(value)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFormat(f"{kind.__name__.lower()}: {error}") from error
    if rewritten != raw:
        raise BadFormat(f"{kind.__name__.lower()}: not written in the one way there is")
    return value
