"""Saying that an alarm was seen: once, by one person, for good.

Rules this file obeys:

* An alarm is never changed or taken away; that it was seen stands beside it, and in the audit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from county_gateway import access
from county_gateway.database import Lock, take
from county_gateway.desk import lists, tables
from county_gateway.desk.views import Seen
from county_gateway.errors import NothingThere
from county_gateway.store import Store

MAX_NOTE = 400


def see_alarm(store: Store, number: int, who: str, note: str, now: datetime) -> Seen:
    """Notes that ``who`` has seen the alarm; whoever was first stays. Raises NothingThere."""
    table = tables.alarms_seen
    with store.writing() as writer:
        take(writer.connection, Lock.ORDER)
        alarm = lists.alarm_row(writer.connection, number)
        if alarm is None:
            raise NothingThere(f"there is no alarm {number}")
        name = {"device": alarm.device, "cause": alarm.cause, "mark": alarm.mark}
        same = [table.c[column] == value for column, value in name.items()]
        before = writer.connection.execute(select(table).where(*same)).one_or_none()
        if before is not None:
            return Seen(at=before.at, who=before.who, note=before.note)
        seen = Seen(at=now.isoformat(timespec="seconds"), who=who, note=note)
        writer.connection.execute(insert(table).values(**name, at=seen.at, who=who, note=note))
        access.note(
            writer, now, who, "alarm_seen", f"{alarm.cause} of {alarm.device}, entry {alarm.seq}: {note}"
        )
    return seen
