"""Fills the tables of the desk, in the transaction that keeps the entries.

Rules this file obeys:

* Whoever calls holds the order of the county (`Lock.ORDER`): two batches never meet here.
* What is filled here is what entries say; it is made anew from the record whenever more is read out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from county_gateway import tables as county_tables
from county_gateway.bulk import add_rows
from county_gateway.database import Lock, take
from county_gateway.desk import tables
from county_gateway.desk.facts import (
    ALARMS,
    VERSION,
    Facts,
    Health,
    chart_point,
    facts_of,
    health_after,
    target_of,
    told_of,
)
from firmware_app.ledger.entry import Payload, unverified_payload
from firmware_app.ledger.errors import BadFormat

PAGE = 1000
ON_SHELF = "on_shelf"
REGISTRY, ENTRY = "registry", "entry"
FACTS = ("id", "device", "kind", "verdict", "stall", "scale", "day")

# Made once: to put a statement together takes several times as long as to carry it out.
_kept, _health_of, _scale = county_tables.entries.c, tables.health, tables.scales
_JUST_KEPT = (
    select(_kept.id, _kept.seq, _kept.hash, _kept.received_at)
    .where(
        _kept.device == bindparam("chain"),
        _kept.seq >= bindparam("first"),
        _kept.seq <= bindparam("last"),
    )
    .order_by(_kept.seq)
)
_STATE = select(_health_of.c.state).where(_health_of.c.device == bindparam("chain"))
_ADD_STATE = insert(_health_of).values(device=bindparam("chain"), state=bindparam("new"))
_NEW_STATE = (
    update(_health_of).where(_health_of.c.device == bindparam("chain")).values(state=bindparam("new"))
)
_SCALES_NAMED = select(_scale).where(_scale.c.scale.in_(bindparam("names", expanding=True)))
_NEW_SCALE = (
    update(_scale)
    .where(_scale.c.scale == bindparam("name"))
    .values({column.name: bindparam(column.name) for column in _scale.c if column.name != "scale"})
)


def _add_up(dialect: Any, table: Table) -> Any:
    statement = dialect.insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={"count": table.c.count + statement.excluded.count},
    )


_ADD_UP = {
    dialect.dialect.name: [_add_up(dialect, table) for table in (tables.sums, tables.totals)]
    for dialect in (postgresql, sqlite)
}


class Kept(msgspec.Struct, frozen=True):
    """An entry as it lies in the record. ``payload``: None of a text that could not be read."""

    id: int
    seq: int
    hash: str
    received_at: str
    payload: Payload | None


def fill(connection: Connection, chain: str, device: str, kept: Sequence[Kept]) -> None:
    """Makes entries of one chain, in order, findable. ``device``: id of the device that the chain is of."""
    read = [(each, each.payload) for each in kept if each.payload is not None]
    said = [(each, facts_of(chain, payload, each.received_at), payload) for each, payload in read]
    add_rows(
        connection,
        tables.facts,
        FACTS,
        [
            (each.id, device, facts.kind, facts.verdict, facts.stall, facts.scale, facts.day)
            for each, facts, _ in said
            if facts.found
        ],
    )
    add_rows(
        connection,
        tables.citations,
        ("id", "target"),
        [(each.id, target) for each, facts, _ in said for target in facts.cites],
    )
    points = [(each.id, chart_point(payload)) for each, payload in read]
    add_rows(
        connection,
        tables.chart_points,
        ("id", "device", "point"),
        [(number, device, point) for number, point in points if point is not None],
    )
    _alarms(connection, device, kept)
    _scales(connection, [(each.id, facts) for each, facts, _ in said])
    _sums(connection, device, [facts for _, facts, _ in said])
    _health(connection, chain, [payload for _, payload in read])


def fill_new(connection: Connection, chain: str, payloads: Sequence[tuple[int, Payload | None]]) -> None:
    """As `fill`, for entries that were just kept, by their numbers in the chain."""
    named = {"chain": chain, "first": payloads[0][0], "last": payloads[-1][0]}
    by_seq = dict(payloads)
    kept = [
        Kept(number, seq, hashed, received_at, by_seq[seq])
        for number, seq, hashed, received_at in connection.execute(_JUST_KEPT, named)
    ]
    fill(connection, chain, chain.partition("~")[0], kept)


def raise_alarm(
    connection: Connection,
    chain: str,
    cause: str,
    *,
    mark: str,
    seq: int,
    told: Mapping[str, str | int],
    now: datetime,
) -> None:
    """Keeps an alarm that no entry tells; the same one, by its mark, only once."""
    device = chain.partition("~")[0]
    table = tables.alarms
    same = (table.c.device == device, table.c.cause == cause, table.c.mark == mark)
    if connection.execute(select(table.c.id).where(*same)).first() is not None:
        return
    take(connection, Lock.ORDER)
    connection.execute(
        insert(table).values(
            device=device,
            cause=cause,
            mark=mark,
            seq=seq,
            entry=None,
            raised_at=now.isoformat(timespec="seconds"),
            told=msgspec.json.encode(told).decode(),
        )
    )


def taken_down(connection: Connection, chain: str, seq: int, payload: Payload) -> None:
    """A text on the shelf was read at last: it becomes findable as what it is."""
    table = county_tables.entries.c
    row = connection.execute(
        select(table.id, table.hash, table.received_at).where(table.device == chain, table.seq == seq)
    ).one()
    connection.execute(delete(tables.alarms).where(tables.alarms.c.entry == row.id))
    fill(
        connection,
        chain,
        chain.partition("~")[0],
        [Kept(row.id, seq, row.hash, row.received_at, payload)],
    )


def refill(connection: Connection) -> int:
    """Makes everything anew from the record; how many entries were read. Forks become alarms again too."""
    for table in (
        tables.facts,
        tables.citations,
        tables.chart_points,
        tables.sums,
        tables.totals,
        tables.health,
        tables.filled,
    ):
        connection.execute(delete(table))
    connection.execute(delete(tables.scales).where(tables.scales.c.due_from.in_(("", ENTRY))))
    connection.execute(update(tables.scales).values(last_id=None, last_day="", last_verdict=""))
    connection.execute(delete(tables.alarms).where(tables.alarms.c.entry.is_not(None)))
    _refill_forks(connection)
    count, after, entries = 0, 0, county_tables.entries
    while True:
        rows = connection.execute(
            select(entries).where(entries.c.id > after).order_by(entries.c.id).limit(PAGE)
        ).all()
        if not rows:
            break
        by_chain: dict[str, list[Kept]] = {}
        for row in rows:
            kept = Kept(row.id, row.seq, row.hash, row.received_at, _payload(row.kind, row.jws))
            by_chain.setdefault(row.device, []).append(kept)
        for chain, each in by_chain.items():
            fill(connection, chain, chain.partition("~")[0], each)
        count, after = count + len(rows), rows[-1].id
    connection.execute(insert(tables.filled).values(one=1, version=VERSION))
    return count


def is_filled(connection: Connection) -> bool:
    """Whether the tables say all that this program reads out of entries."""
    found = connection.execute(select(tables.filled.c.version)).scalar_one_or_none()
    return found is not None and found >= VERSION


# ------------------------------------------------------------------------------------------------ tables


def _payload(kind: str, jws: str) -> Payload | None:
    try:
        return None if kind == ON_SHELF else unverified_payload(jws)
    except BadFormat:
        return None


def _alarms(connection: Connection, device: str, kept: Sequence[Kept]) -> None:
    rows: list[dict[str, object]] = []
    for each in kept:
        cause = ALARMS.get(ON_SHELF if each.payload is None else each.payload.kind)
        if cause is not None:
            told = "{}" if each.payload is None else told_of(each.payload)
            rows.append(
                {
                    "device": device,
                    "cause": cause,
                    "mark": each.hash,
                    "seq": each.seq,
                    "entry": each.id,
                    "raised_at": each.received_at,
                    "told": told,
                }
            )
    if rows:
        connection.execute(insert(tables.alarms), rows)


def _refill_forks(connection: Connection) -> None:
    """Forks from before there was a list of alarms."""
    forks, alarms = county_tables.forks, tables.alarms
    for fork in connection.execute(select(forks).order_by(forks.c.id)).all():
        device = fork.device.partition("~")[0]
        same = (alarms.c.device == device, alarms.c.cause == "fork", alarms.c.mark == fork.other_hash)
        if connection.execute(select(alarms.c.id).where(*same)).first() is None:
            connection.execute(
                insert(alarms).values(
                    device=device,
                    cause="fork",
                    mark=fork.other_hash,
                    seq=fork.seq,
                    entry=None,
                    raised_at=fork.seen_at,
                    told=msgspec.json.encode({"known": fork.known_hash, "other": fork.other_hash}).decode(),
                )
            )


def _scales(connection: Connection, said: Sequence[tuple[int, Facts]]) -> None:
    """The last that is known of each scale that was spoken of."""
    latest: dict[str, tuple[int, Facts]] = {}
    for number, facts in said:
        if facts.card is not None:
            before = latest.get(facts.scale)
            # A complaint that names the scale says less of it than the weighing before.
            if before is None or facts.verdict or facts.card.due or not before[1].verdict:
                latest[facts.scale] = (number, facts)
    if not latest:
        return
    table = tables.scales
    known = {row.scale: row for row in connection.execute(_SCALES_NAMED, {"names": sorted(latest)})}
    for scale, (number, facts) in sorted(latest.items()):
        card, old = facts.card, known.get(scale)
        assert card is not None
        registered = old is not None and old.due_from.startswith(REGISTRY)
        newer = old is None or facts.day >= old.due_said
        due = (card.due, ENTRY, facts.day) if card.due and newer and not registered else None
        values = {
            "stall": card.stall or (old.stall if old else ""),
            "serial": card.serial or (old.serial if old else ""),
            "maker": card.maker or (old.maker if old else ""),
            "model": card.model or (old.model if old else ""),
            "due": due[0] if due else old.due if old else "",
            "due_from": due[1] if due else old.due_from if old else "",
            "due_said": due[2] if due else old.due_said if old else "",
            "last_id": number,
            "last_day": facts.day,
            "last_verdict": facts.verdict or (old.last_verdict if old else ""),
        }
        if old is None:
            connection.execute(insert(table).values(scale=scale, **values))
        else:
            connection.execute(_NEW_SCALE, {"name": scale, **values})


def _sums(connection: Connection, device: str, said: Sequence[Facts]) -> None:
    if not said:
        return
    by_day = Counter((facts.day, facts.kind, facts.verdict) for facts in said)
    whole = Counter[tuple[str, str]]()
    for (_, kind, verdict), count in by_day.items():
        whole[kind, verdict] += count
    rows: list[list[dict[str, object]]] = [
        [
            {"day": day, "device": device, "kind": kind, "verdict": verdict, "count": count}
            for (day, kind, verdict), count in sorted(by_day.items())
        ],
        [
            {"device": device, "kind": kind, "verdict": verdict, "count": count}
            for (kind, verdict), count in sorted(whole.items())
        ],
    ]
    for statement, counted in zip(_ADD_UP[connection.dialect.name], rows, strict=True):
        connection.execute(statement, counted)


def _health(connection: Connection, chain: str, payloads: Sequence[Payload]) -> None:
    if not payloads:
        return
    found = connection.execute(_STATE, {"chain": chain}).scalar_one_or_none()
    state = Health() if found is None else msgspec.json.decode(found, type=Health)
    # What comes down from the shelf later is older than what is known.
    state = health_after(state, [payload for payload in payloads if payload.seq > state.seq])
    new = {"chain": chain, "new": msgspec.json.encode(state).decode()}
    connection.execute(_ADD_STATE if found is None else _NEW_STATE, new)


__all__ = ["fill", "fill_new", "is_filled", "raise_alarm", "refill", "taken_down", "target_of"]
