"""The county's key: the one that the database names signs, and it may be followed by another.

::

    DATA/county.key          the county's first key, mode 0600
    DATA/county-KID.key      each key after it
    DATA/county-next.key     a key whose rotation was cut off; the next rotation takes it

Rules this file obeys:

* All gateways of a database sign with the one key that it names: who has not got that key signs nothing.
* A new key is on disk before the database names it: no cut leaves a county without its key.
"""

from __future__ import annotations

from pathlib import Path

from county_gateway.errors import KeyNotHere
from firmware_app import durable
from firmware_app.ledger.errors import KeyFileError
from firmware_app.ledger.jose import PublicJwk
from firmware_app.ledger.signing.signer import Signer, create_key, open_key

KEY, NEXT = "county.key", "county-next.key"


class CountySigner:
    """The key that signs for the county, wherever it is just now in the succession of keys."""

    def __init__(self, data_dir: Path, key: Signer) -> None:
        self._data_dir = data_dir
        self._key = key

    @property
    def alg(self) -> str:
        return self._key.alg

    @property
    def kid(self) -> str:
        return self._key.kid

    @property
    def public_jwk(self) -> PublicJwk:
        return self._key.public_jwk

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def follow(self, kid: str) -> None:
        """Signs with that key from now on; raises KeyNotHere, KeyFileError."""
        if self._key.kid != kid:
            self._key = find_key(self._data_dir, kid)


def county_key(data_dir: Path) -> Signer:
    """The county's first key, made with its file where there is none; raises KeyFileError."""
    path = data_dir / KEY
    try:
        return open_key(path) if path.exists() else create_key(path)
    except KeyFileError:
        if not path.exists():
            raise
        # Another gateway that started at the same moment was the first.
        return open_key(path)


def find_key(data_dir: Path, kid: str) -> Signer:
    """The county's key of that thumbprint; raises KeyNotHere, KeyFileError."""
    for path in (data_dir / f"county-{kid}.key", data_dir / KEY):
        if path.exists() and (key := open_key(path)).kid == kid:
            return key
    raise KeyNotHere(
        f"{data_dir}: the county signs with key {kid}, which is not here; copy county-{kid}.key or"
        " county.key from the machine where it was made, mode 0600"
    )


def make_next_key(data_dir: Path) -> Signer:
    """A new key, on disk under its own name; raises KeyFileError, OSError."""
    path = data_dir / NEXT
    key = open_key(path) if path.exists() else create_key(path)
    path.replace(data_dir / f"county-{key.kid}.key")
    durable.sync_directory(data_dir)
    return key
