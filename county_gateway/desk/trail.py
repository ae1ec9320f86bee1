"""One entry with all that hangs together with it: what it cites, what cites it, and the scale's own history.

Rules this file obeys:

* Each part is bounded; whoever wants more asks the list of the scale.
* What another device cites is found by what that device signed: a name it does not hold leads nowhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, tuple_

from county_gateway import tables as county_tables
from county_gateway.desk import tables
from county_gateway.desk.facts import target_of
from county_gateway.desk.lists import found_query
from county_gateway.desk.views import Cited, Found, Trail
from county_gateway.errors import NothingThere
from county_gateway.log.tables import log_leaves, log_receipts
from county_gateway.store import Reader
from county_gateway.times import entry_times
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.errors import BadFormat

MOST_CITED, MOST_AROUND = 100, 20
NEAR = 100
"""Entries before and after that bound when one was written: half a day of a busy appliance."""


def trail(store: Reader, number: int, *, kind: str = "") -> Trail:
    """One entry with its trail. ``kind``: only of this one, any if empty. Raises NothingThere."""
    connection, entries = store.connection, county_tables.entries
    row = connection.execute(select(entries).where(entries.c.id == number)).one_or_none()
    found = _by_id(connection, number)
    if row is None or found is None or (kind and found.kind != kind):
        raise NothingThere(f"there is no such entry {number}")
    try:
        body = unverified_payload(row.jws).body
    except BadFormat:
        body = {}
    times = entry_times(store, row.device, after=row.seq - 1, limit=1, around=NEAR)
    return Trail(
        entry=found,
        body=body,
        jws=row.jws,
        receipt=_receipt(connection, row.device, row.seq),
        position=connection.execute(
            select(log_leaves.c.position).where(log_leaves.c.entry == row.hash)
        ).scalar_one_or_none(),
        time=times[0] if times else None,
        cites=_cites(connection, number),
        cited_by=_cited_by(connection, row.device, row.seq, row.hash),
        before=_around(connection, found, later=False),
        after=_around(connection, found, later=True),
    )


def _by_id(connection: Connection, number: int) -> Found | None:
    row = connection.execute(found_query().where(tables.facts.c.id == number)).one_or_none()
    return None if row is None else Found(**row._mapping)


def _receipt(connection: Connection, chain: str, seq: int) -> str | None:
    """The receipt upon the entry itself, or upon the nearest one behind it, which covers it too."""
    for table in (log_receipts, county_tables.receipts):
        query = select(table.c.jws).where(table.c.device == chain, table.c.seq >= seq)
        found = connection.execute(query.order_by(table.c.seq).limit(1)).scalar_one_or_none()
        if found is not None:
            return str(found)
    return None


def _cites(connection: Connection, number: int) -> list[Cited]:
    table = tables.citations.c
    targets = connection.execute(
        select(table.target).where(table.id == number).order_by(table.target).limit(MOST_CITED)
    ).scalars()
    return [Cited(target=target, entry=_named(connection, target)) for target in targets]


def _named(connection: Connection, target: str) -> Found | None:
    chain, _, seq = target.rpartition("#")
    entries = county_tables.entries.c
    if not chain:
        # A hash alone says that it is meant, and not where it lies.
        return None
    number = connection.execute(
        select(entries.id).where(entries.device == chain, entries.seq == int(seq))
    ).scalar_one_or_none()
    return None if number is None else _entry(connection, number)


def _entry(connection: Connection, number: int) -> Found | None:
    """An entry also where it speaks of no scale (a start, a check of the pan)."""
    found = _by_id(connection, number)
    if found is not None:
        return found
    row: Any = connection.execute(
        select(county_tables.entries).where(county_tables.entries.c.id == number)
    ).one_or_none()
    return None if row is None else plain_found(row)


def plain_found(row: Any) -> Found:
    """A row of the record of which nothing was read out."""
    return Found(
        id=row.id,
        device=row.device.partition("~")[0],
        seq=row.seq,
        kind=row.kind,
        verdict=row.verdict or "",
        stall="",
        scale="",
        day=row.at[:10],
        at=row.at,
        clock=row.clock,
        received_at=row.received_at,
        hash=row.hash,
    )


def _cited_by(connection: Connection, chain: str, seq: int, entry_hash: str) -> list[Found]:
    table = tables.citations.c
    numbers = connection.execute(
        select(table.id)
        .where(table.target.in_([target_of(chain, seq), entry_hash]))
        .order_by(table.id)
        .limit(MOST_CITED)
    ).scalars()
    named = (_entry(connection, number) for number in dict.fromkeys(numbers))
    return [each for each in named if each is not None]


def _around(connection: Connection, found: Found, *, later: bool) -> list[Found]:
    """The nearest about the same scale; where none is named, at the same stall."""
    table = tables.facts.c
    if not found.scale and not found.stall:
        return []
    same = table.scale == found.scale if found.scale else table.stall == found.stall
    here = tuple_(table.day, table.id)
    order = (table.day, table.id) if later else (table.day.desc(), table.id.desc())
    beside = here > (found.day, found.id) if later else here < (found.day, found.id)
    rows = connection.execute(found_query().where(same, beside).order_by(*order).limit(MOST_AROUND))
    return [Found(**row._mapping) for row in rows]
