"""What the county holds, as it is handed on: devices, entries, forks, keys, a chain.

Rules this file obeys:

* Frozen facts; a chain has a name, which is its device's id, with a number behind it where another key took
  an older one's place.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from county_gateway.errors import Replaced, Revoked
from firmware_app.ledger.chain import Chain, Head
from firmware_app.ledger.jose import PublicJwk


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device that has joined. ``receipted``: highest entry with a receipt; ``forks``: alarms.

    ``device`` names its chain: its ``id``, with a number behind it for the chain of a replacement.
    """

    device: str
    id: str
    kid: str
    enrolled_at: str
    seen_at: str | None
    entries: int
    receipted: int
    forks: int
    revoked_at: str | None
    revoked_why: str | None
    closed_at: str | None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the county holds it; ``id`` is the place in the county's own order."""

    id: int
    device: str
    seq: int
    hash: str
    kind: str
    verdict: str | None
    at: str
    clock: str
    received_at: str
    jws: str


class ForkView(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm: ``device`` signed ``jws``, which contradicts the history that the county holds."""

    id: int
    device: str
    seq: int
    known_hash: str
    other_hash: str
    seen_at: str
    jws: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A device's chain with what the county knows of it.

    ``name``: as the other tables speak of it; ``number``: 1, and one more for each key that took an older
    one's place; ``county_key``: number of the county's key that the device was told.
    """

    name: str
    number: int
    chain: Chain
    county_key: int
    revoked_why: str | None
    closed_at: str | None
    closure: str | None

    def must_take(self) -> None:
        """Raises Revoked or Replaced where nothing new may come upon this chain."""
        if self.revoked_why is not None:
            raise Revoked(f"{self.chain.device}: its key was revoked: {self.revoked_why}")
        if self.closed_at is not None:
            raise Replaced(f"{self.chain.device}: goes on with another key since {self.closed_at}")


class CountyKeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the county. ``statement``: of the key before it, None for the first."""

    number: int
    kid: str
    jwk: str
    at: str
    statement: str | None


def chain_name(device: str, number: int) -> str:
    """The name of a device's chain; ``~`` is in no device's id."""
    return device if number == 1 else f"{device}~{number}"


def device_of(name: str) -> str:
    """The device that a chain is of."""
    return name.partition("~")[0]


def held_in(row: Row[Any]) -> Held:
    """The chain in a row of ``devices``."""
    key = msgspec.json.decode(row.jwk, type=PublicJwk)
    return Held(
        name=row.device,
        number=row.number,
        chain=Chain(row.id, key, Head(row.head_seq, row.head_hash)),
        county_key=row.county_key,
        revoked_why=row.revoked_why,
        closed_at=row.closed_at,
        closure=row.closure,
    )
