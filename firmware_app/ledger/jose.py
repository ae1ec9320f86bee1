"""JSON Web Signatures, read strictly: one text has one meaning, and one record has one text.

Rules this file obeys:

* ``alg`` is that of the key and no other: Ed25519 (RFC 9864) for an Ed25519 key, ES256 (RFC 7518) for one on
  P-256; header members ``alg``, ``kid``, ``typ`` in that order, without spaces.
* An ES256 signature has its lower ``s``: of (r, s) and (r, n - s), which both fit, only one is read, so
  nobody but the key's owner can make a second text of a record.
* Base64url is canonical (RFC 4648 3.5): no padding, trailing bits zero, so no byte can be changed unseen.
* Sizes are bounded before anything is decoded.
* A text is read once, here; what was read is what the signature is checked over (docs/decisions/0005).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey

ALG = "Ed25519"
ES256 = "ES256"
ALGS = {"Ed25519": ALG, "P-256": ES256}
"""The one algorithm of each curve."""
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""n of P-256 (SEC 2 v2 2.4.2)."""
MAX_JWS = 64 * 1024
"""Longest compact JWS that is read, in characters."""

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PLAIN = bytes.maketrans(b"-_+/=", b"+/!!!")
"""Base64url as the base64 of RFC 4648 4; what only that has becomes what neither has."""
_LAST = {0: _DIGITS, 2: _DIGITS[::16], 3: _DIGITS[::4]}
"""Last characters without stray bits, by how many stand after the last four: 4 bits are stray, or 2."""
SIGNATURE_BYTES = 64
MAX_HEADER = 1024
"""Longest protected header that is read, in characters; ours have some 150."""


def b64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The bytes of canonical base64url; raises BadFormat on padding, other characters or stray bits."""
    try:
        plain = text.encode("ascii").translate(_PLAIN) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(plain, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise BadFormat(f"not base64url: {error}") from error
    # Every character stands for six bits, so what is stray can only be in the last one.
    if text and text[-1] not in _LAST[len(text) % 4]:
        raise BadFormat("not canonical base64url")
    return data


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's bytes, 64 lower-case hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class PublicJwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A public key: Ed25519 (RFC 8037 2), or P-256 (RFC 7518 6.2) with ``y``; members as thumbprinted."""

    crv: Literal["Ed25519", "P-256"]
    kty: Literal["OKP", "EC"]
    x: str
    y: str = ""

    def __post_init__(self) -> None:
        if (self.crv, self.kty) not in (("Ed25519", "OKP"), ("P-256", "EC")):
            raise ValueError(f"{self.crv} is no curve of kty {self.kty}")
        if self.kty == "OKP":
            if self.y:
                raise ValueError("an Ed25519 key has no y")
            _coordinate(self.x, "an Ed25519 key has 32 bytes")
            return
        x, y = (_coordinate(each, "x and y of a P-256 key have 32 bytes each") for each in (self.x, self.y))
        # Raises ValueError where the point does not lie on the curve.
        EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()
        ).public_key()

    @property
    def alg(self) -> str:
        """The algorithm that this key signs with, and no other (RFC 9864, RFC 7518 3.4)."""
        return ALGS[self.crv]

    @property
    def kid(self) -> str:
        """Thumbprint of the key: SHA-256, base64url (RFC 7638)."""
        return _thumbprint(self)


@lru_cache(maxsize=1024)
def _thumbprint(key: PublicJwk) -> str:
    return b64url_encode(hashlib.sha256(msgspec.json.encode(key)).digest())


def read_public_jwk(data: bytes) -> PublicJwk:
    """The public key in a JWK document; raises BadFormat (also for a private one)."""
    try:
        return msgspec.json.decode(data, type=PublicJwk)
    except msgspec.DecodeError as error:
        raise BadFormat(f"not a public key: {error}") from error


def _coordinate(text: str, words: str) -> bytes:
    try:
        data = b64url_decode(text) if len(text) <= 64 else b""
    except BadFormat as error:
        raise ValueError(str(error)) from error
    if len(data) != 32:
        raise ValueError(words)
    return data


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
    header, payload, _ = _taken_apart(text, typ)
    return header, payload


def _taken_apart(text: str, typ: str) -> tuple[Header, bytes, bytes]:
    if len(text) > MAX_JWS:
        raise BadFormat(f"{len(text)} characters: at most {MAX_JWS}")
    parts = text.split(".")
    if len(parts) != 3:
        raise BadFormat("not a compact JWS: three parts, divided by dots")
    header = _read_header(parts[0])
    if header.alg not in ALGS.values():
        raise BadFormat(f"alg {header.alg[:20]!r}: only {ALG} and {ES256} are known")
    if header.typ != typ:
        raise BadFormat(f"typ {header.typ[:40]!r}: expected {typ}")
    signature = b64url_decode(parts[2])
    if len(signature) != SIGNATURE_BYTES:
        raise BadFormat(f"signature: not {SIGNATURE_BYTES} bytes")
    return header, b64url_decode(parts[1]), signature


# All entries of a device have one header; a thousand devices' headers are a quarter of a megabyte.
@lru_cache(maxsize=1024)
def _read_header(part: str) -> Header:
    if len(part) > MAX_HEADER:
        raise BadFormat(f"protected header: at most {MAX_HEADER} characters")
    try:
        header = _header.decode(b64url_decode(part))
    except msgspec.DecodeError as error:
        raise BadFormat(f"protected header: {error}") from error
    if header.encoded() != part:
        raise BadFormat("protected header: not written in the one way there is")
    return header


def verified(text: str, typ: str, key: PublicJwk) -> bytes:
    """The payload of a JWS signed by ``key``; raises BadFormat, WrongKey, BadSignature."""
    header, payload, signature = _taken_apart(text, typ)
    if header.kid != key.kid:
        raise WrongKey(f"signed by key {header.kid[:64]}, not by {key.kid}")
    if header.alg != key.alg:
        raise BadFormat(f"alg {header.alg}: this key signs with {key.alg}")
    check_signature(key, text.rpartition(".")[0].encode(), signature)
    return payload


def check_signature(key: PublicJwk, message: bytes, signature: bytes) -> None:
    """Raises BadSignature where 64 bytes of raw signature do not fit the message."""
    if len(signature) != SIGNATURE_BYTES or not _lower(key, signature):
        raise BadSignature(f"a signature has {SIGNATURE_BYTES} bytes and the lower s")
    try:
        if key.kty == "OKP":
            _ed25519(key).verify(signature, message)
        else:
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            _p256(key).verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit the bytes") from error


def lower_s(r: int, s: int) -> bytes:
    """An ES256 signature in the one form that is read: r and the lower s, 32 bytes each (RFC 7518 3.4)."""
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def _lower(key: PublicJwk, signature: bytes) -> bool:
    return key.kty == "OKP" or int.from_bytes(signature[32:], "big") <= P256_ORDER // 2


@lru_cache(maxsize=256)
def _ed25519(key: PublicJwk) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(b64url_decode(key.x))


@lru_cache(maxsize=256)
def _p256(key: PublicJwk) -> EllipticCurvePublicKey:
    x, y = b64url_decode(key.x), b64url_decode(key.y)
    return EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()
    ).public_key()
