"""What the checkers know of signatures: public keys as JWK, and a compact JWS taken apart.

No Steelyard code is imported here. Rules this file obeys:

* A key signs with its own algorithm and no other; of two signatures that fit, one is read.
* Nothing of a text is believed before its signature is checked.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from check_bytes import Wrong, decode, encode, parse
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

MEMBERS = {"OKP": ["crv", "kty", "x"], "EC": ["crv", "kty", "x", "y"]}
ALGS = {("OKP", "Ed25519"): "Ed25519", ("EC", "P-256"): "ES256"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Key(NamedTuple):
    """A public key, its thumbprint (RFC 7638), and the one algorithm that it signs with."""

    kid: str
    alg: str
    x: bytes
    y: bytes

    def verify(self, signature: bytes, signed: bytes) -> None:
        """Raises Wrong; of the two ES256 signatures that fit, only the one with the lower s is read."""
        x, y = (int.from_bytes(each, "big") for each in (self.x, self.y))
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            if self.alg == "Ed25519":
                Ed25519PublicKey.from_public_bytes(self.x).verify(signature, signed)
            elif s > P256_ORDER // 2:
                raise Wrong("the signature has not the lower s")
            else:
                key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
                key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
        except InvalidSignature:
            raise Wrong("the signature does not fit the bytes") from None


def public_key(jwk: Any) -> Key:
    if not isinstance(jwk, dict) or not all(isinstance(member, str) for member in jwk.values()):
        raise Wrong("no public key")
    kind = (jwk.get("kty", ""), jwk.get("crv", ""))
    if kind not in ALGS or sorted(jwk) != MEMBERS[kind[0]]:
        raise Wrong("no public key (a JWK of Ed25519 with crv, kty, x, or of P-256 with y besides)")
    x, y = decode(jwk["x"]), decode(jwk.get("y", ""))
    if len(x) != 32 or len(y) != (32 if kind[0] == "EC" else 0):
        raise Wrong("the public key has not 32 bytes a coordinate")
    if y:
        try:
            point = EllipticCurvePublicNumbers(
                int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()
            )
            point.public_key()
        except ValueError:
            raise Wrong("the public key is no point of P-256") from None
    named = json.dumps({name: jwk[name] for name in MEMBERS[kind[0]]}, separators=(",", ":"))
    return Key(encode(hashlib.sha256(named.encode()).digest()), ALGS[kind], x, y)


class Line(NamedTuple):
    """A JWS taken apart; nothing of it is believed before `signed_by`."""

    signed: bytes
    signature: bytes
    alg: str
    kid: str
    typ: str
    payload: bytes

    def signed_by(self, key: Key) -> None:
        if self.kid != key.kid:
            raise Wrong(f"signed by key {self.kid}, not by {key.kid}")
        if self.alg != key.alg:
            raise Wrong(f"alg {self.alg}: this key signs with {key.alg}")
        key.verify(self.signature, self.signed)


def take_apart(text: str) -> Line:
    parts = text.split(".")
    if len(parts) != 3:
        raise Wrong("not a compact JWS: three parts, divided by dots")
    header = parse(decode(parts[0]))
    if list(header) != ["alg", "kid", "typ"] or not all(isinstance(v, str) for v in header.values()):
        raise Wrong("the protected header is not alg, kid, typ")
    if header["alg"] not in ALGS.values():
        raise Wrong(f"alg {header['alg']!r} is neither Ed25519 nor ES256")
    signature = decode(parts[2])
    if len(signature) != 64:
        raise Wrong("the signature has not 64 bytes")
    signed = f"{parts[0]}.{parts[1]}".encode()
    return Line(signed, signature, header["alg"], header["kid"], header["typ"], decode(parts[1]))
