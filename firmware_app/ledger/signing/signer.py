"""Who signs: the `Signer` every key is, and the key that lives in a file.

Rules this file obeys:

* A private key leaves its file only into the memory of the one process that signs with it.
* A key file comes into being whole or not at all, and is never overwritten.
* What a signer returns is verified before it is used: a faulty key says so at once, not in court.
"""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_app import durable
from firmware_app.ledger.errors import BadFormat, BadSignature, KeyFileError
from firmware_app.ledger.jose import (
    ALG,
    MAX_JWS,
    Header,
    PublicJwk,
    b64url_decode,
    b64url_encode,
    check_signature,
)

MAX_KEY_FILE = 4096


class Signer(Protocol):
    """A private key that signs bytes: a file, later a secure element."""

    @property
    def alg(self) -> str:
        """JWS algorithm name (RFC 9864)."""
        ...

    @property
    def kid(self) -> str:
        """Thumbprint of the public key (RFC 7638)."""
        ...

    @property
    def public_jwk(self) -> PublicJwk: ...

    def sign(self, message: bytes) -> bytes:
        """The raw signature over ``message``."""
        ...


def seal(signer: Signer, typ: str, payload: bytes) -> str:
    """A compact JWS over ``payload`` (RFC 7515 7.1), checked against the signer's public key.

    Raises BadFormat where it would be too long, BadSignature where the signer is faulty.
    """
    signed = f"{_header(signer.alg, signer.kid, typ)}.{b64url_encode(payload)}"
    message = signed.encode()
    signature = signer.sign(message)
    text = f"{signed}.{b64url_encode(signature)}"
    if len(text) > MAX_JWS:
        raise BadFormat(f"{len(text)} characters: at most {MAX_JWS}")
    # The header and the text are made here; of what the signer has made, the signature is looked at.
    if (signer.alg, signer.kid) != (signer.public_jwk.alg, signer.public_jwk.kid):
        raise BadSignature("the signer names another algorithm or key than its own")
    check_signature(signer.public_jwk, message, signature)
    return text


@lru_cache(maxsize=64)
def _header(alg: str, kid: str, typ: str) -> str:
    return Header(alg, kid, typ).encoded()


class _PrivateJwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    crv: str
    d: str
    kty: str
    x: str


class SoftwareKey:
    """An Ed25519 key held in memory.

    >>> key = SoftwareKey.generate()
    >>> len(key.sign(b"message"))
    64
    """

    alg = ALG

    def __init__(self, private: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self._seed = private
        self.public_jwk = PublicJwk(
            crv="Ed25519", kty="OKP", x=b64url_encode(self._private.public_key().public_bytes_raw())
        )
        self.kid = self.public_jwk.kid

    @classmethod
    def generate(cls) -> SoftwareKey:
        """A new key from the system's random numbers."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def _document(self) -> bytes:
        jwk = self.public_jwk
        return msgspec.json.encode(_PrivateJwk(jwk.crv, b64url_encode(self._seed), jwk.kty, jwk.x)) + b"\n"


def create_key(path: Path) -> SoftwareKey:
    """Makes a key and its file (mode 0600, synced with its directory); raises KeyFileError if it exists."""
    key = SoftwareKey.generate()
    write_private(path, key._document())
    return key


def open_key(path: Path) -> SoftwareKey:
    """The key in a file; raises KeyFileError where others could read it or it is damaged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path}: no key file") from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        kept = os.fstat(file.fileno())
        if not stat.S_ISREG(kept.st_mode):
            raise KeyFileError(f"{path}: not a regular file")
        if stat.S_IMODE(kept.st_mode) & 0o077:
            raise KeyFileError(f"{path}: others may reach this private key; run: chmod 600 {path}")
        if kept.st_uid != os.geteuid():
            raise KeyFileError(f"{path}: belongs to user {kept.st_uid}, not to this process's user")
        document = file.read(MAX_KEY_FILE + 1)
    try:
        private = msgspec.json.decode(document, type=_PrivateJwk)
        key = SoftwareKey(b64url_decode(private.d))
    except (msgspec.DecodeError, BadFormat, ValueError) as error:
        raise KeyFileError(f"{path}: not a private Ed25519 key") from error
    if (private.kty, private.crv, private.x) != ("OKP", "Ed25519", key.public_jwk.x):
        raise KeyFileError(f"{path}: the public part does not belong to the private part")
    return key


def write_private(path: Path, document: bytes) -> None:
    """Puts a new file in place whole, mode 0600, synced with its directory; raises KeyFileError."""
    try:
        durable.write_new(path, document)
    except FileExistsError as error:
        raise KeyFileError(f"{path}: there already; it is never overwritten") from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
