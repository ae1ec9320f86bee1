"""The desk's questions to the record: each one query by one index, a page at a time.

Rules this file obeys:

* Order and place are of the index: day and number downward for entries, so late arrivals fall where they
  belong and nothing that was there moves.
* A question never passes over the whole record: the plans are tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, tuple_

from county_gateway import tables as county_tables
from county_gateway.desk import tables
from county_gateway.desk.cursor import (
    make_cursor,
    read_day_cursor,
    read_name_cursor,
    read_number_cursor,
)
from county_gateway.desk.facts import Health
from county_gateway.desk.views import (
    Alarm,
    ChartPoint,
    Count,
    DayCount,
    DeviceRow,
    Found,
    Overdue,
    Seen,
)
from county_gateway.log.tables import log_receipts


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of entries is narrowed to. ``since``, ``until``: days, both included; None: any."""

    device: str | None = None
    stall: str | None = None
    scale: str | None = None
    verdict: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None


_entries = county_tables.entries
_facts = tables.facts


def found_query() -> Select[Any]:
    """Every entry that can be found, as `Found` has it."""
    return select(
        _facts.c.id,
        _facts.c.device,
        _entries.c.seq,
        _facts.c.kind,
        _facts.c.verdict,
        _facts.c.stall,
        _facts.c.scale,
        _facts.c.day,
        _entries.c.at,
        _entries.c.clock,
        _entries.c.received_at,
        _entries.c.hash,
    ).join_from(_facts, _entries, _entries.c.id == _facts.c.id)


def entries_query(wanted: Wanted, *, judged: bool, cursor: str | None, limit: int) -> Select[Any]:
    """A page of entries, the latest day first; ``judged``: only those that carry a verdict."""
    table = _facts.c
    query = found_query().order_by(table.day.desc(), table.id.desc()).limit(limit + 1)
    for name in ("device", "stall", "scale", "verdict", "kind"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(table[name] == value)
    if judged and wanted.verdict is None:
        query = query.where(table.verdict != "")
    if wanted.since is not None:
        query = query.where(table.day >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.day <= wanted.until)
    if cursor is not None:
        query = query.where(tuple_(table.day, table.id) < read_day_cursor(cursor))
    return query


def entries(
    connection: Connection, wanted: Wanted, *, judged: bool, cursor: str | None, limit: int
) -> tuple[list[Found], str | None]:
    """A page of entries; raises BadCursor."""
    rows = connection.execute(entries_query(wanted, judged=judged, cursor=cursor, limit=limit)).all()
    found = [Found(**row._mapping) for row in rows[:limit]]
    return found, make_cursor(found[-1].day, found[-1].id) if len(rows) > limit else None


# ----------------------------------------------------------------------------------------------- devices


def devices_query(cursor: str | None, limit: int, device: str | None = None) -> Select[Any]:
    """A page of devices' chains by name."""
    table, receipts = county_tables.devices.c, county_tables.receipts.c

    def highest(seq: Any, of: Any) -> Any:
        return func.coalesce(select(func.max(seq)).where(of == table.device).scalar_subquery(), 0)

    plain, logged = (
        highest(receipts.seq, receipts.device),
        highest(log_receipts.c.seq, log_receipts.c.device),
    )
    query = (
        select(
            table.device,
            table.id,
            table.kid,
            table.enrolled_at,
            table.seen_at,
            table.head_seq.label("entries"),
            plain.label("plain"),
            logged.label("logged"),
            table.revoked_at,
            table.revoked_why,
            table.closed_at,
            tables.health.c.state,
        )
        .join_from(county_tables.devices, tables.health, tables.health.c.device == table.device, isouter=True)
        .order_by(table.device)
        .limit(limit + 1)
    )
    if device is not None:
        query = query.where(table.id == device)
    if cursor is not None:
        query = query.where(table.device > read_name_cursor(cursor)[0])
    return query


def devices(
    connection: Connection, *, cursor: str | None, limit: int, device: str | None = None
) -> tuple[list[DeviceRow], str | None]:
    """A page of devices' chains with their health; raises BadCursor."""
    rows = connection.execute(devices_query(cursor, limit, device)).all()
    unseen = _unseen(connection, sorted({row.id for row in rows[:limit]}))
    found = [
        DeviceRow(
            device=row.device,
            id=row.id,
            kid=row.kid,
            enrolled_at=row.enrolled_at,
            seen_at=row.seen_at,
            entries=row.entries,
            receipted=max(row.plain, row.logged),
            revoked_at=row.revoked_at,
            revoked_why=row.revoked_why,
            closed_at=row.closed_at,
            health=Health() if row.state is None else msgspec.json.decode(row.state, type=Health),
            alarms=unseen.get(row.id, 0),
        )
        for row in rows[:limit]
    ]
    return found, make_cursor(found[-1].device, "") if len(rows) > limit else None


def chart_query(device: str, cursor: str | None, limit: int) -> Select[Any]:
    """A page of a device's chart, the latest check first."""
    table = tables.chart_points.c
    query = (
        select(table.id, table.point, _entries.c.seq, _entries.c.at, _entries.c.clock)
        .join_from(tables.chart_points, _entries, _entries.c.id == table.id)
        .where(table.device == device)
        .order_by(table.id.desc())
        .limit(limit + 1)
    )
    return query if cursor is None else query.where(table.id < read_number_cursor(cursor))


def chart(
    connection: Connection, device: str, *, cursor: str | None, limit: int
) -> tuple[list[ChartPoint], str | None]:
    """A page of a device's control chart; raises BadCursor."""
    rows = connection.execute(chart_query(device, cursor, limit)).all()
    points = [
        ChartPoint(
            id=row.id, seq=row.seq, at=row.at, clock=row.clock, **msgspec.json.decode(row.point, type=dict)
        )
        for row in rows[:limit]
    ]
    return points, make_cursor(points[-1].id) if len(rows) > limit else None


def sums_query(device: str | None, since: str | None, until: str | None) -> Select[Any]:
    """How many entries there are of each kind and verdict; of all days they are added up already."""
    table = (tables.totals if since is None and until is None else tables.sums).c
    query = select(table.kind, table.verdict, func.sum(table.count).label("count")).where(
        *_within(table, device, since, until)
    )
    return query.group_by(table.kind, table.verdict).order_by(table.kind, table.verdict)


def totals(
    connection: Connection, *, device: str | None = None, since: str | None = None, until: str | None = None
) -> list[Count]:
    """How many entries there are of each kind and verdict."""
    rows = connection.execute(sums_query(device, since, until))
    # `count` of a row is its method.
    return [Count(kind=kind, verdict=verdict, count=int(count)) for kind, verdict, count in rows]


def days_query(
    device: str | None, since: str | None, until: str | None, cursor: str | None, limit: int
) -> Select[Any]:
    """A page of the sums of each day, in order."""
    table = tables.sums.c
    order = (table.day, table.device, table.kind, table.verdict)
    query = select(tables.sums).where(*_within(table, device, since, until)).order_by(*order).limit(limit + 1)
    if cursor is not None:
        day, rest = read_name_cursor(cursor)
        query = query.where(table.day >= day, tuple_(*order) > (day, *_three(rest)))
    return query


def days(
    connection: Connection,
    *,
    device: str | None,
    since: str | None,
    until: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[DayCount], str | None]:
    """A page of how many entries there were on each day; raises BadCursor."""
    rows = connection.execute(days_query(device, since, until, cursor, limit)).all()
    found = [DayCount(**row._mapping) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = found[-1]
    return found, make_cursor(last.day, f"{last.device} {last.kind} {last.verdict}")


def _three(rest: str) -> tuple[str, str, str]:
    # Neither a chain's name nor a code has a space in it.
    device, _, codes = rest.partition(" ")
    kind, _, verdict = codes.partition(" ")
    return device, kind, verdict


def _within(
    table: Any, device: str | None, since: str | None, until: str | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if device is not None:
        conditions.append(table.device == device)
    if since is not None:
        conditions.append(table.day >= since)
    if until is not None:
        conditions.append(table.day <= until)
    return conditions


# -------------------------------------------------------------------------------------- scales and alarms


def overdue_query(before: str, cursor: str | None, limit: int, stall: str | None = None) -> Select[Any]:
    """A page of the scales whose verification was due before a day, the longest overdue first."""
    table = tables.scales.c
    query = (
        select(
            table.scale,
            table.stall,
            table.serial,
            table.maker,
            table.model,
            table.due,
            table.due_from,
            table.last_id,
            table.last_day,
            table.last_verdict,
        )
        .where(table.due > "", table.due < before)
        .order_by(table.due, table.scale)
        .limit(limit + 1)
    )
    if stall is not None:
        query = query.where(table.stall == stall)
    if cursor is not None:
        query = query.where(tuple_(table.due, table.scale) > read_name_cursor(cursor))
    return query


def overdue(
    connection: Connection, before: str, *, cursor: str | None, limit: int, stall: str | None = None
) -> tuple[list[Overdue], str | None]:
    """A page of the scales whose verification was due before that day; raises BadCursor."""
    rows = connection.execute(overdue_query(before, cursor, limit, stall)).all()
    found = [Overdue(**row._mapping) for row in rows[:limit]]
    return found, make_cursor(found[-1].due, found[-1].scale) if len(rows) > limit else None


def alarms_query(
    *, cause: str | None, device: str | None, unseen: bool, cursor: str | None, limit: int
) -> Select[Any]:
    """A page of alarms, the latest first."""
    table, seen = tables.alarms.c, tables.alarms_seen.c
    query = (
        select(
            tables.alarms,
            seen.at.label("seen_at"),
            seen.who.label("seen_by"),
            seen.note.label("seen_note"),
        )
        .join_from(tables.alarms, tables.alarms_seen, _same_alarm(), isouter=True)
        .order_by(table.id.desc())
        .limit(limit + 1)
    )
    if cause is not None:
        query = query.where(table.cause == cause)
    if device is not None:
        query = query.where(table.device == device)
    if unseen:
        query = query.where(seen.at.is_(None))
    if cursor is not None:
        query = query.where(table.id < read_number_cursor(cursor))
    return query


def alarms(
    connection: Connection,
    *,
    cause: str | None = None,
    device: str | None = None,
    unseen: bool = False,
    cursor: str | None,
    limit: int,
) -> tuple[list[Alarm], str | None]:
    """A page of alarms; raises BadCursor."""
    query = alarms_query(cause=cause, device=device, unseen=unseen, cursor=cursor, limit=limit)
    rows = connection.execute(query).all()
    found = [_alarm(row) for row in rows[:limit]]
    return found, make_cursor(found[-1].id) if len(rows) > limit else None


def alarm_row(connection: Connection, number: int) -> Any | None:
    """The row of one alarm, None where there is none of that number."""
    return connection.execute(select(tables.alarms).where(tables.alarms.c.id == number)).one_or_none()


def _alarm(row: Any) -> Alarm:
    seen = None if row.seen_at is None else Seen(at=row.seen_at, who=row.seen_by, note=row.seen_note)
    return Alarm(
        id=row.id,
        device=row.device,
        cause=row.cause,
        seq=row.seq,
        entry=row.entry,
        raised_at=row.raised_at,
        told=msgspec.json.decode(row.told, type=dict),
        seen=seen,
    )


def _same_alarm() -> ColumnElement[bool]:
    table, seen = tables.alarms.c, tables.alarms_seen.c
    return and_(seen.device == table.device, seen.cause == table.cause, seen.mark == table.mark)


def _unseen(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    table, seen = tables.alarms.c, tables.alarms_seen.c
    query = (
        select(table.device, func.count())
        .join_from(tables.alarms, tables.alarms_seen, _same_alarm(), isouter=True)
        .where(table.device.in_(ids), seen.at.is_(None))
        .group_by(table.device)
    )
    return {device: int(count) for device, count in connection.execute(query)}
