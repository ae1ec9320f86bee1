"""What the county keeps, and the transactions in which it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, bindparam, func, insert, select, update

from county_gateway import tables
from county_gateway.bulk import add_rows
from county_gateway.database import WRITING, Lock, is_postgres, take
from county_gateway.desk import tables as desk_tables
from county_gateway.desk.facts import FORK
from county_gateway.desk.fill import fill_new, is_filled, raise_alarm, refill
from county_gateway.errors import BadToken, DeviceTaken, ForkFound
from county_gateway.held import (
    CountyKeyView,
    DeviceView,
    EntryView,
    ForkView,
    Held,
    chain_name,
    device_of,
    held_in,
)
from firmware_app.ledger.chain import EMPTY, Chain
from firmware_app.ledger.county.contract import MAX_BATCH, EnrolRequest
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.jose import PublicJwk, sha256_hex

Moment = datetime
MOST_FORKS = 32
"""Kept of one chain, each with the text that proves it (up to 64 KiB)."""

ENTRY = ("device", "seq", "hash", "kind", "verdict", "at", "clock", "received_at", "jws")
"""Columns of an entry as it comes; its number is the database's."""

# Made once: to put a statement together takes several times as long as to carry it out.
_devices, _keys = tables.devices, tables.county_keys
_CHAINS = select(_devices).where(_devices.c.id == bindparam("device")).order_by(_devices.c.number)
_CHAINS_HELD = _CHAINS.with_for_update()
_HOLD = select(_devices.c.device).where(_devices.c.device == bindparam("device")).with_for_update()
_NEW_HEAD = (
    update(_devices)
    .where(_devices.c.device == bindparam("name"))
    .values(head_seq=bindparam("seq"), head_hash=bindparam("hash"), seen_at=bindparam("now"))
)
_SIGNING = select(_keys).order_by(_keys.c.number.desc()).limit(1)


class Store:
    """The county's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # A transaction that reads in SQLite sees one state anyhow.
        self._one_state: dict[str, Any] = (
            {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgres(engine) else {}
        )

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One transaction that writes: all of it or nothing."""
        with self._engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
            yield Writer(connection)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One transaction that sees one state."""
        with self._engine.connect().execution_options(**self._one_state) as connection, connection.begin():
            yield Reader(connection)


class Reader:
    """Looks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """The transaction, for what is kept beside (the log)."""
        return self._connection

    def all_chains(self) -> list[Held]:
        """Every chain of every device."""
        return [
            held_in(row) for row in self._connection.execute(select(_devices).order_by(_devices.c.device))
        ]

    def chains(self, device: str) -> list[Held]:
        """The chains of a device, the newest last."""
        return self._chains(_CHAINS, device)

    def _chains(self, query: Select[Any], device: str) -> list[Held]:
        return [held_in(row) for row in self._connection.execute(query, {"device": device})]

    def held(self, device: str, kid: str) -> Held | None:
        """The device's chain that a key signs; the newest where it signs none, None for a stranger."""
        chains = self.chains(device)
        newest = chains[-1] if chains else None
        return next((held for held in chains if held.chain.key.kid == kid), newest)

    def county_keys(self, after: int = 0) -> list[CountyKeyView]:
        """The county's keys with number > ``after``, in order."""
        table = tables.county_keys
        query = select(table).where(table.c.number > after).order_by(table.c.number)
        return [CountyKeyView(**row._mapping) for row in self._connection.execute(query)]

    def county_key(self) -> CountyKeyView | None:
        """The key that signs for the county, None before the first."""
        row = self._connection.execute(_SIGNING).one_or_none()
        return None if row is None else CountyKeyView(**row._mapping)

    def text_of(self, device: str, entry_hash: str) -> str:
        """The text of the entry of that hash, empty where there is none."""
        table = tables.entries.c
        found = self._connection.execute(
            select(table.jws).where(table.device == device, table.hash == entry_hash)
        ).first()
        return "" if found is None else str(found.jws)

    def hash_of(self, device: str, seq: int) -> str | None:
        """The hash of an entry, None where there is none."""
        table = tables.entries.c
        return self._connection.execute(
            select(table.hash).where(table.device == device, table.seq == seq)
        ).scalar_one_or_none()

    def hashes_of(self, device: str) -> Callable[[int], str | None]:
        """`hash_of` for many numbers in a row: asked for one, the database is asked for a batch of them."""
        page: dict[int, str] = {}

        def hash_of(seq: int) -> str | None:
            if seq not in page:
                table = tables.entries.c
                near = (table.device == device, table.seq >= seq, table.seq < seq + MAX_BATCH)
                rows = self._connection.execute(select(table.seq, table.hash).where(*near))
                page.update((row.seq, row.hash) for row in rows)
            return page.get(seq)

        return hash_of

    def receipt(self, device: str, seq: int) -> str | None:
        """The receipt that was given upon an entry."""
        table = tables.receipts.c
        return self._connection.execute(
            select(table.jws).where(table.device == device, table.seq == seq)
        ).scalar_one_or_none()

    def devices(self) -> list[DeviceView]:
        """All devices by name."""
        table = tables.devices.c
        receipted = select(func.coalesce(func.max(tables.receipts.c.seq), 0)).where(
            tables.receipts.c.device == table.device
        )
        forks = select(func.count()).where(tables.forks.c.device == table.device)
        rows = self._connection.execute(
            select(
                table.device,
                table.id,
                table.kid,
                table.revoked_at,
                table.revoked_why,
                table.closed_at,
                table.enrolled_at,
                table.seen_at,
                table.head_seq.label("entries"),
                receipted.scalar_subquery().label("receipted"),
                forks.scalar_subquery().label("forks"),
            ).order_by(table.device)
        )
        return [DeviceView(**row._mapping) for row in rows]

    def entries(
        self,
        *,
        device: str | None = None,
        kind: str | None = None,
        verdict: str | None = None,
        after: int = 0,
        limit: int,
        newest_first: bool = False,
    ) -> list[EntryView]:
        """A page of entries with id > ``after`` in the order of arrival."""
        table = tables.entries.c
        query = select(tables.entries).where(table.id > after).limit(limit)
        for column, wanted in ((table.device, device), (table.kind, kind), (table.verdict, verdict)):
            if wanted is not None:
                query = query.where(column == wanted)
        rows = self._connection.execute(query.order_by(table.id.desc() if newest_first else table.id))
        return [EntryView(**row._mapping) for row in rows]

    def judged(self, *, limit: int) -> list[EntryView]:
        """The latest entries that carry a verdict, newest first."""
        table = tables.entries.c
        query = select(tables.entries).where(table.verdict.is_not(None)).order_by(table.id.desc())
        return [EntryView(**row._mapping) for row in self._connection.execute(query.limit(limit))]

    def forks(self, *, after: int = 0, limit: int) -> list[ForkView]:
        """A page of alarms."""
        table = tables.forks.c
        query = select(tables.forks).where(table.id > after).order_by(table.id).limit(limit)
        return [ForkView(**row._mapping) for row in self._connection.execute(query)]

    def verdicts(self) -> dict[str, int]:
        """How often each verdict was given."""
        table = desk_tables.totals.c
        query = (
            select(table.verdict, func.sum(table.count)).where(table.verdict != "").group_by(table.verdict)
        )
        return {str(verdict): int(count) for verdict, count in self._connection.execute(query)}


class Writer(Reader):
    """Adds.

    Writers of one device wait for each other at its `chains`; what is numbered (entries, forks) is added in
    one `order`, so that whoever reads what came after a number misses nothing.
    """

    def hold(self, name: str) -> None:
        """Nobody else writes to the chain of that name until the transaction ends."""
        self._connection.execute(_HOLD, {"device": name})

    def chains(self, device: str) -> list[Held]:
        """As a reader's, and nobody else writes to this device until the transaction ends."""
        return self._chains(_CHAINS_HELD, device)

    def add_token(self, token: str, made: Moment, expires: Moment, replaces: str | None = None) -> None:
        """Keeps the hash of a one-time token. ``replaces``: the one device that may use it."""
        self._connection.execute(
            insert(tables.tokens).values(
                hash=sha256_hex(token),
                made_at=_text(made),
                expires_at=_text(expires),
                device=None,
                replaces=replaces,
            )
        )

    def enrol(self, request: EnrolRequest, now: Moment) -> Held | None:
        """Lets a device in; once more with the same token and key changes nothing.

        Gives the chain whose place the new one takes, None where there was none. Raises BadToken,
        DeviceTaken, Revoked.
        """
        # Joining is rare: one at a time, so that two devices never share a token, nor two keys a name.
        take(self._connection, Lock.ENROL)
        table = tables.tokens
        hashed = sha256_hex(request.token)
        token = self._connection.execute(select(table).where(table.c.hash == hashed)).one_or_none()
        chains = self.chains(request.device)
        known = chains[-1] if chains else None
        if token is None:
            raise BadToken("this token was never given out")
        if token.device is not None and token.device != request.device:
            raise BadToken("this token has let another device in")
        if token.device is None and datetime.fromisoformat(token.expires_at) <= now:
            raise BadToken("this token has expired")
        if token.replaces not in (None, request.device):
            raise BadToken("this token is for another device")
        joined = known is not None and known.chain.key == request.jwk
        takes_over = token.replaces is not None and token.device is None
        if known is not None and not joined and not takes_over:
            raise DeviceTaken(f"{request.device} has joined with another key")
        if joined and takes_over:
            raise BadToken("this token is for a device that comes with a new key; this one has its old key")
        if known is not None and joined and known.revoked_why is not None:
            known.must_take()
        self._connection.execute(update(table).where(table.c.hash == hashed).values(device=request.device))
        if not joined:
            self._add_device(request, known.number + 1 if known else 1, now)
            return known
        self._tell_key(chains[-1].name)
        return chains[-2] if len(chains) > 1 else None

    def _tell_key(self, name: str) -> None:
        """Notes that a device has been told the key that signs now."""
        signing = select(func.coalesce(func.max(tables.county_keys.c.number), 1)).scalar_subquery()
        table = tables.devices
        self._connection.execute(update(table).where(table.c.device == name).values(county_key=signing))

    def _add_device(self, request: EnrolRequest, number: int, now: Moment) -> None:
        table = tables.devices
        holder = self._connection.execute(
            select(table.c.device).where(table.c.kid == request.jwk.kid)
        ).scalar_one_or_none()
        if holder is not None:
            raise DeviceTaken(f"this key has joined as {holder}")
        self._connection.execute(
            insert(table).values(
                device=chain_name(request.device, number),
                id=request.device,
                number=number,
                jwk=msgspec.json.encode(request.jwk).decode(),
                kid=request.jwk.kid,
                enrolled_at=_text(now),
                seen_at=None,
                head_seq=EMPTY.seq,
                head_hash=EMPTY.hash,
            )
        )
        self._tell_key(chain_name(request.device, number))

    def close_chain(self, name: str, closure: str, now: Moment) -> None:
        """Ends a chain whose device goes on with another key. ``closure``: the county's word on its end."""
        table = tables.devices
        self._connection.execute(
            update(table).where(table.c.device == name).values(closed_at=_text(now), closure=closure)
        )

    def revoke(self, name: str, why: str, now: Moment) -> None:
        """Takes nothing new upon a chain from now on; the first revocation stays."""
        table = tables.devices
        self._connection.execute(
            update(table)
            .where(table.c.device == name, table.c.revoked_at.is_(None))
            .values(revoked_at=_text(now), revoked_why=why)
        )

    def alone(self) -> None:
        """Until the transaction ends nobody else adds entries, forks or a key."""
        take(self._connection, Lock.ORDER)

    def add_county_key(self, jwk: PublicJwk, statement: str | None, now: Moment) -> None:
        """Names the key that signs from now on; whoever calls is `alone`."""
        last = self.county_key()
        self._connection.execute(
            insert(tables.county_keys).values(
                number=1 if last is None else last.number + 1,
                kid=jwk.kid,
                jwk=msgspec.json.encode(jwk).decode(),
                at=_text(now),
                statement=statement,
            )
        )

    def add_entries(self, name: str, chain: Chain, new: Sequence[Entry], now: Moment) -> None:
        """Keeps entries that continue the chain of that name, and its new head."""
        if new:
            take(self._connection, Lock.ORDER)
            received = _text(now)
            rows = [
                (
                    name,
                    entry.seq,
                    entry.hash,
                    entry.payload.kind,
                    entry.verdict,
                    entry.payload.at,
                    entry.payload.clock.value,
                    received,
                    entry.jws,
                )
                for entry in new
            ]
            add_rows(self._connection, tables.entries, ENTRY, rows)
            fill_new(self._connection, name, [(entry.seq, entry.payload) for entry in new])
        head = {"seq": chain.head.seq, "hash": chain.head.hash, "now": _text(now), "name": name}
        self._connection.execute(_NEW_HEAD, head)

    def add_receipt(self, device: str, seq: int, jws: str) -> None:
        """Keeps the receipt that is about to be given."""
        self._connection.execute(insert(tables.receipts).values(device=device, seq=seq, jws=jws))

    def add_fork(self, device: str, fork: ForkFound, now: Moment) -> None:
        """Keeps an alarm; the same one only once.

        Whoever has a device's key can sign as many histories as he likes: a few prove it, and beyond them one
        alarm a day says that it goes on.
        """
        table = tables.forks
        known = select(table.c.id).where(table.c.device == device, table.c.other_hash == fork.other_hash)
        if self._connection.execute(known).first() is None:
            take(self._connection, Lock.ORDER)
            count = select(func.count()).select_from(table).where(table.c.device == device)
            if self._connection.execute(count).scalar_one() >= MOST_FORKS:
                day = now.date().isoformat()
                more: dict[str, str | int] = {
                    "known": fork.known_hash,
                    "other": fork.other_hash,
                    "more_than": MOST_FORKS,
                }
                mark = f"{device} more {day}"
                raise_alarm(self._connection, device, FORK, mark=mark, seq=fork.seq, told=more, now=now)
                return
            self._connection.execute(
                insert(table).values(
                    device=device,
                    seq=fork.seq,
                    known_hash=fork.known_hash,
                    other_hash=fork.other_hash,
                    seen_at=_text(now),
                    jws=fork.jws,
                )
            )
            told = {"known": fork.known_hash, "other": fork.other_hash}
            raise_alarm(
                self._connection, device, FORK, mark=fork.other_hash, seq=fork.seq, told=told, now=now
            )

    def make_findable(self) -> int:
        """Fills the tables of the desk where an older program left them; how many entries were read."""
        if is_filled(self._connection):
            return 0
        self.alone()
        return 0 if is_filled(self._connection) else refill(self._connection)


def _text(moment: Moment) -> str:
    return moment.isoformat(timespec="seconds")


__all__ = [
    "CountyKeyView",
    "DeviceView",
    "EntryView",
    "ForkView",
    "Held",
    "Reader",
    "Store",
    "Writer",
    "device_of",
]
