"""One entry of the ledger: what is signed, and how its text is made and read.

Rules this file obeys:

* An entry *is* its text, a compact JWS; its hash is the SHA-256 of that text and nothing is re-encoded.
* The payload has exactly the fields below, in this order, written in the one way msgspec writes JSON:
  no spaces, no field twice. What is read otherwise is refused, so two readers cannot disagree.
* A legal value inside a body is a decimal string; a float is an estimate and finite.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from firmware_app.ledger import jose
from firmware_app.ledger.clock import ClockQuality, Stamp
from firmware_app.ledger.errors import BadBody, BadFormat
from firmware_app.ledger.jose import PublicJwk
from firmware_app.ledger.signing.signer import Signer, seal

TYP = "steelyard-entry+jws"
NO_ENTRY = "0" * 64
"""``prev`` of the first entry."""

DeviceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Sha256Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Seq = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Time = Annotated[
    str,
    Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", max_length=40),
]
Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._+-]{0,127}\Z")]


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is signed. ``software``: hash of the legally relevant modules and packs; ``body``: by kind."""

    device: DeviceId
    seq: Seq
    prev: Sha256Hex
    at: Time
    clock: ClockQuality
    boot: Token
    uptime_ns: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    software: Token
    kind: Kind
    body: dict[str, Any]


class Genesis(msgspec.Struct, frozen=True):
    """Body of entry 1, kind ``genesis``: the key that signs the whole chain."""

    jwk: PublicJwk


class Entry(msgspec.Struct, frozen=True):
    """An entry whose signature has been verified: its text, what it says, and the SHA-256 of the text."""

    jws: str
    payload: Payload
    kid: str
    hash: str

    @property
    def seq(self) -> int:
        return self.payload.seq

    @property
    def verdict(self) -> str | None:
        return verdict_of(self.payload.body)


_CODE = re.compile(r"[a-z][a-z_]{0,39}")
_ARRAYS = (list, tuple)
_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)


def make_entry(
    signer: Signer, *, device: str, seq: int, prev: str, stamp: Stamp, software: str, kind: str, body: object
) -> Entry:
    """A signed entry. ``body``: a Struct or mapping of plain values.

    Raises BadBody where the body cannot be recorded faithfully, BadFormat where another field is wrong.
    """
    plain = _plain(body)
    payload = Payload(
        device=device,
        seq=seq,
        prev=prev,
        at=stamp.at,
        clock=stamp.clock,
        boot=stamp.boot,
        uptime_ns=stamp.uptime_ns,
        software=software,
        kind=kind,
        body=plain,
    )
    try:
        raw = msgspec.json.encode(payload)
    except UnicodeEncodeError as error:
        raise BadBody(f"a body holds Unicode text only: {error}") from error
    if len(raw) * 4 // 3 > jose.MAX_JWS - 512:
        raise BadBody(f"an entry of {len(raw)} bytes is too large")
    payload = _decode(raw)
    text = seal(signer, TYP, raw)
    return Entry(text, payload, signer.kid, jose.sha256_hex(text))


def read_entry(jws: str, key: PublicJwk) -> Entry:
    """The entry in a text signed by ``key``; raises BadFormat, WrongKey, BadSignature."""
    payload = _decode(jose.verified(jws, TYP, key))
    return Entry(jws, payload, key.kid, jose.sha256_hex(jws))


def unverified_payload(jws: str) -> Payload:
    """What an unverified text says of itself, to learn whose key to verify it with; raises BadFormat."""
    return _decode(jose.unverified(jws, TYP)[1])


def read_genesis(jws: str) -> Entry:
    """The first entry of a chain, verified with the key it carries.

    Raises BadFormat, WrongKey, BadSignature. It proves that the key's owner wrote it, not who that is:
    compare the ``kid`` with one that is known from elsewhere.
    """
    payload = unverified_payload(jws)
    if payload.kind != "genesis":
        raise BadFormat(f"the first entry is of kind {payload.kind}, not genesis")
    return read_entry(jws, genesis_key(payload))


def genesis_key(payload: Payload) -> PublicJwk:
    """The key that a genesis entry carries; raises BadFormat."""
    try:
        return msgspec.convert(payload.body, Genesis).jwk
    except msgspec.ValidationError as error:
        raise BadFormat(f"genesis: {error}") from error


def verdict_of(body: dict[str, Any]) -> str | None:
    """The verdict in a body: its member ``verdict``, None where the kind has none."""
    verdict = body.get("verdict")
    return verdict if isinstance(verdict, str) and _CODE.fullmatch(verdict) else None


def _decode(raw: bytes) -> Payload:
    try:
        payload = _payload.decode(raw)
        rewritten = msgspec.json.encode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFormat(f"payload: {error}") from error
    if rewritten != raw:
        raise BadFormat("payload: not written in the one way there is")
    try:
        datetime.fromisoformat(payload.at)
    except ValueError as error:
        raise BadFormat(f"payload: at: {error}") from error
    return payload


def _plain(body: object) -> dict[str, Any]:
    try:
        plain = msgspec.to_builtins(body, str_keys=True)
        if not isinstance(plain, dict):
            raise BadBody("a body is an object with named members")
        _check_numbers(plain)
        return plain
    except (TypeError, RecursionError) as error:
        raise BadBody(f"a body holds plain values only: {error}") from error


def _check_numbers(body: dict[str, Any]) -> None:
    # One flat walk over a list that grows under it: an examination's body has some thousand values.
    waiting: list[object] = [body]
    for value in waiting:
        if isinstance(value, str):
            continue
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, _ARRAYS):
            waiting.extend(value)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise BadBody(f"{value} is no number that may be recorded")
        elif isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise BadBody(f"{value} is beyond 64 bits")
