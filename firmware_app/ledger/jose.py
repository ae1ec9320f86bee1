"""JSON Web Signatures, read strictly: one text has one meaning, and one record has one text.

Rules this file obeys:

* Only ``alg`` Ed25519 (RFC 9864); header members ``alg``, ``kid``, ``typ`` in that order, without spaces.
* Base64url is canonical (RFC 4648 3.5): no padding, trailing bits zero, so no byte can be changed unseen.
* Sizes are bounded before anything is decoded.
* The cryptography is joserfc's; this file only narrows what reaches it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey

ALG = "Ed25519"
MAX_JWS = 64 * 1024
"""Longest compact JWS that is read, in characters."""

SIGNATURE_BYTES = 64


def b64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The bytes of canonical base64url; raises BadFormat on padding, other characters or stray bits."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadFormat(f"not base64url: {error}") from error
    if b64url_encode(data) != text:
        raise BadFormat("not canonical base64url")
    return data


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's bytes, 64 lower-case hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class PublicJwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A public Ed25519 key (RFC 8037 2); members in the order of its thumbprint."""

    crv: Literal["Ed25519"]
    kty: Literal["OKP"]
    x: str

    def __post_init__(self) -> None:
        try:
            size = len(b64url_decode(self.x)) if len(self.x) <= 64 else -1
        except BadFormat as error:
            raise ValueError(str(error)) from error
        if size != 32:
            raise ValueError("an Ed25519 key has 32 bytes")

    @property
    def kid(self) -> str:
        """Thumbprint of the key: SHA-256, base64url (RFC 7638)."""
        return b64url_encode(hashlib.sha256(msgspec.json.encode(self)).digest())


def read_public_jwk(data: bytes) -> PublicJwk:
    """The public key in a JWK document; raises BadFormat (also for a private one)."""
    try:
        return msgspec.json.decode(data, type=PublicJwk)
    except msgspec.DecodeError as error:
        raise BadFormat(f"not a public Ed25519 key: {error}") from error


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The protected header; its members in the order in which they are written."""

    alg: str
    kid: str
    typ: str

    def encoded(self) -> str:
        return b64url_encode(msgspec.json.encode(self))


_header: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)


def unverified(text: str, typ: str) -> tuple[Header, bytes]:
    """Header and payload of a JWS whose signature nobody has looked at yet; raises BadFormat."""
    if len(text) > MAX_JWS:
        raise BadFormat(f"{len(text)} characters: at most {MAX_JWS}")
    parts = text.split(".")
    if len(parts) != 3:
        raise BadFormat("not a compact JWS: three parts, divided by dots")
    try:
        header = _header.decode(b64url_decode(parts[0]))
    except msgspec.DecodeError as error:
        raise BadFormat(f"protected header: {error}") from error
    if header.encoded() != parts[0]:
        raise BadFormat("protected header: not written in the one way there is")
    if header.alg != ALG:
        raise BadFormat(f"alg {header.alg[:20]!r}: only {ALG} is known")
    if header.typ != typ:
        raise BadFormat(f"typ {header.typ[:40]!r}: expected {typ}")
    if len(b64url_decode(parts[2])) != SIGNATURE_BYTES:
        raise BadFormat(f"signature: not {SIGNATURE_BYTES} bytes")
    return header, b64url_decode(parts[1])


def verified(text: str, typ: str, key: PublicJwk) -> bytes:
    """The payload of a JWS signed by ``key``; raises BadFormat, WrongKey, BadSignature."""
    header, payload = unverified(text, typ)
    if header.kid != key.kid:
        raise WrongKey(f"signed by key {header.kid[:64]}, not by {key.kid}")
    try:
        jws.deserialize_compact(text, _imported(key.x), algorithms=[ALG])
    except (JoseError, ValueError) as error:
        raise BadSignature("the signature does not fit the bytes") from error
    return payload


@lru_cache(maxsize=256)
def _imported(x: str) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": ALG, "x": x})
