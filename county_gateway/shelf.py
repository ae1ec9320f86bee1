"""The county's shelf: entries that it cannot read, held as they stand, so that the chain behind them arrives.

Rules this file obeys:

* What can be read is an entry and no shelf's business: nobody hides one here.
* The text is held, not its hash alone: a receipt upon it and upon all behind it stays true.
* A row of kind ``on_shelf`` says that it was not read; the device's signature is under the claim, and the
  device asks once a day whether the text can be read by now (by a newer gateway).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import insert, select, update

from county_gateway import tables
from county_gateway.database import Lock, take
from county_gateway.desk.fill import fill_new, taken_down
from county_gateway.errors import BadBatch, EntryBad, ForkFound, GapFound, UnknownDevice
from county_gateway.store import Held, Reader, Writer
from firmware_app.ledger.chain import Chain, Head
from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.entry import Entry, read_entry
from firmware_app.ledger.errors import BadFormat, BadSignature, ChainError, WrongKey
from firmware_app.ledger.jose import sha256_hex, unverified
from firmware_app.ledger.shelf import TYP, ShelfClaim, ShelfRequest, claim_of, read_claim

ON_SHELF = "on_shelf"
"""Kind of the row of a text that was not read."""


class Put(msgspec.Struct, frozen=True):
    """What came of it. ``chain``: with the entry; ``new``: it was not here; ``entry``: None where unread."""

    claim: ShelfClaim
    chain: Chain
    entry: Entry | None
    new: bool


def held_for(store: Reader, request: ShelfRequest) -> Held:
    """The chain that a request speaks of, unverified; raises BadBatch, UnknownDevice."""
    try:
        header, raw = unverified(request.claim, TYP)
        device = claim_of(raw).device
    except BadFormat as error:
        raise BadBatch(f"the claim names no device: {error}") from error
    held = store.held(device, header.kid)
    if held is None:
        raise UnknownDevice(f"{device} has not joined this county")
    return held


def judge(chain: Chain, hash_of: Callable[[int], str | None], request: ShelfRequest) -> Put:
    """What a request adds to the chain; pure. Raises EntryBad, GapFound, ForkFound."""
    try:
        claim = read_claim(request, chain.key)
    except (BadFormat, BadSignature, WrongKey) as error:
        raise EntryBad(chain.head.seq + 1, str(error)) from error
    seq, hashed = claim.seq, claim.entry
    if seq > chain.head.seq + 1:
        raise GapFound(chain.head.seq + 1)
    if seq <= chain.head.seq:
        known = hash_of(seq) or ""
        if known != hashed:
            raise ForkFound(seq, request.claim, hashed, known)
        return Put(claim, chain, _readable(chain, claim, request.text), new=False)
    if claim.prev != chain.head.hash:
        raise ForkFound(seq, request.claim, hashed, chain.head.hash)
    try:
        followed, entry = chain.follow(request.text)
    except ChainError:
        return Put(claim, Chain(chain.device, chain.key, Head(seq, hashed)), None, new=True)
    return Put(claim, followed, entry, new=True)


def keep(store: Writer, name: str, put: Put, text: str, now: datetime) -> None:
    """Keeps what was judged: an entry as any other, a text that cannot be read on the shelf."""
    if put.new and put.entry is not None:
        store.add_entries(name, put.chain, (put.entry,), now)
    elif put.new:
        take(store.connection, Lock.ORDER)
        moment = now.isoformat(timespec="seconds")
        # What the text says of its time and clock was not read either: the row has the county's.
        store.connection.execute(
            insert(tables.entries).values(
                device=name,
                seq=put.claim.seq,
                hash=put.claim.entry,
                kind=ON_SHELF,
                verdict=None,
                at=moment,
                clock=ClockQuality.UNSYNCHRONISED.value,
                received_at=moment,
                jws=text,
            )
        )
        fill_new(store.connection, name, [(put.claim.seq, None)])
        store.add_entries(name, put.chain, (), now)
    elif put.entry is not None:
        take_down(store, name, put.entry)


def take_down(store: Writer, name: str, entry: Entry) -> None:
    """Makes an entry of a text on the shelf that can be read now; of an entry it stays the same."""
    table = tables.entries
    changed = store.connection.execute(
        update(table)
        .where(table.c.device == name, table.c.seq == entry.seq, table.c.kind == ON_SHELF)
        .values(
            kind=entry.payload.kind,
            verdict=entry.verdict,
            at=entry.payload.at,
            clock=entry.payload.clock.value,
        )
    )
    if changed.rowcount:
        take(store.connection, Lock.ORDER)
        taken_down(store.connection, name, entry.seq, entry.payload)


def shelved(store: Reader, name: str) -> list[int]:
    """The numbers of a chain's texts that were not read."""
    table = tables.entries.c
    query = select(table.seq).where(table.device == name, table.kind == ON_SHELF).order_by(table.seq)
    return list(store.connection.execute(query).scalars())


def _readable(chain: Chain, claim: ShelfClaim, text: str) -> Entry | None:
    try:
        entry = read_entry(text, chain.key)
    except (BadFormat, BadSignature, WrongKey):
        return None
    said = (entry.payload.device, entry.seq, entry.payload.prev, sha256_hex(text))
    return entry if said == (chain.device, claim.seq, claim.prev, claim.entry) else None
