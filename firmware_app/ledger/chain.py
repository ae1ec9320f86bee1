"""The chain: takes one text after another and either goes on or says what is wrong.

Rules this file obeys:

* No I/O, no time. A `Chain` is a fact; following an entry gives the next fact or raises.
* Numbers run 1, 2, 3 …; each entry names the SHA-256 of the one before; one device, one key.
* One class a cause, each naming the number (``errors.ChainError``).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from firmware_app.ledger.entry import (
    NO_ENTRY,
    Entry,
    genesis_key,
    read_entry,
    read_genesis,
    unverified_payload,
)
from firmware_app.ledger.errors import (
    BadEntry,
    BadFormat,
    BadGenesis,
    BadSignature,
    Fork,
    Gap,
    Repeated,
    WrongDevice,
    WrongKey,
    WrongPrev,
    WrongSigner,
)
from firmware_app.ledger.jose import PublicJwk


class Head(msgspec.Struct, frozen=True):
    """The last entry of a chain: its number and hash; 0 and zeros before the first."""

    seq: int
    hash: str


EMPTY = Head(0, NO_ENTRY)


class Chain(msgspec.Struct, frozen=True):
    """All that must be known of the past to judge the next entry."""

    device: str
    key: PublicJwk
    head: Head = EMPTY

    def follow(self, jws: str) -> tuple[Chain, Entry]:
        """The chain with the next entry; raises the ChainError that is the case."""
        expected = self.head.seq + 1
        entry = self._read(jws, expected)
        seq, payload = entry.seq, entry.payload
        if payload.device != self.device:
            raise WrongDevice(seq, f"of device {payload.device}, not of {self.device}")
        if seq == self.head.seq and entry.hash != self.head.hash:
            raise Fork(seq, "signed twice with different content")
        if seq < expected:
            raise Repeated(seq, f"comes again where entry {expected} should come")
        if seq > expected:
            raise Gap(seq, expected)
        if payload.prev != self.head.hash:
            raise WrongPrev(seq, "does not follow from the entry before it")
        if seq == 1 and (payload.kind != "genesis" or genesis_key(payload) != self.key):
            raise BadGenesis(seq, "the first entry must be the genesis with the chain's own key")
        return Chain(self.device, self.key, Head(seq, entry.hash)), entry

    def _read(self, jws: str, expected: int) -> Entry:
        try:
            return read_entry(jws, self.key)
        except WrongKey as error:
            raise WrongSigner(expected, str(error)) from error
        except (BadFormat, BadSignature) as error:
            raise BadEntry(expected, str(error)) from error


def begin(jws: str) -> tuple[Chain, Entry]:
    """The chain that begins with a genesis entry; raises BadGenesis.

    The key is the entry's own: compare ``chain.key.kid`` with one known from elsewhere.
    """
    try:
        entry = read_genesis(jws)
        key = genesis_key(entry.payload)
    except (BadFormat, BadSignature, WrongKey) as error:
        raise BadGenesis(1, str(error)) from error
    return Chain(entry.payload.device, key).follow(jws)


def verify(texts: Iterable[str], *, kid: str | None = None) -> Chain | None:
    """The chain of a whole sequence, None of an empty one; raises ChainError.

    ``kid``: the thumbprint that the device is known by.
    """
    chain: Chain | None = None
    for text in texts:
        if chain is None:
            chain, _ = begin(text)
            if kid is not None and chain.key.kid != kid:
                raise WrongSigner(1, f"signed by key {chain.key.kid}, not by {kid}")
        else:
            chain, _ = chain.follow(text)
    return chain


def claimed_seq(jws: str) -> int | None:
    """The number that an unverified text gives itself, None where it has none."""
    try:
        return unverified_payload(jws).seq
    except BadFormat:
        return None
