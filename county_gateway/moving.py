"""Moves a county from one database to another: from the file it began with to PostgreSQL, or back.

Rules this file obeys:

* All rows or none, byte for byte and under their numbers; only into a database that is empty.
* Nobody adds to the old database meanwhile: it is held as a writer holds it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from county_gateway.database import WRITING, Lock, is_postgres, open_database, take
from county_gateway.desk import tables as _desk_tables  # noqa: F401 - its tables are in meta too
from county_gateway.log import tables as _log_tables  # noqa: F401 - its tables are in meta too
from county_gateway.tables import meta
from firmware_app.errors import SteelyardError

PAGE = 1000
NOT_MOVED = {"alembic_version"}
NUMBERED = ("entries", "forks", "alarms", "audit")
"""Tables whose rows the database numbers itself."""


class NotEmpty(SteelyardError):
    """There is a county in the database already."""


def move(old: Path | str, new: Path | str) -> dict[str, int]:
    """Copies everything; how many rows there were by table. Raises NotEmpty, and what opening raises."""
    source, target = open_database(old), open_database(new)
    try:
        with (
            source.connect().execution_options(**{WRITING: True}) as reading,
            reading.begin(),
            target.connect().execution_options(**{WRITING: True}) as writing,
            writing.begin(),
        ):
            take(reading, Lock.ORDER)
            take(writing, Lock.MIGRATE)
            tables = meta.sorted_tables
            unknown = set(inspect(reading).get_table_names()) - {table.name for table in tables} - NOT_MOVED
            assert not unknown, f"tables that nobody would move: {unknown}"
            for table in tables:
                if _count(writing, table):
                    raise NotEmpty(f"{table.name}: the new database is not empty; nothing was copied")
            return {table.name: _copy(reading, writing, table) for table in tables}
    finally:
        source.dispose()
        target.dispose()


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    ordered = select(table).order_by(*table.primary_key.columns)
    with reading.execution_options(yield_per=PAGE).execute(ordered) as rows:
        for page in rows.mappings().partitions(PAGE):
            writing.execute(insert(table), [dict(row) for row in page])
    if is_postgres(writing) and table.name in NUMBERED:
        # The next row gets the number after the last one that was brought along.
        writing.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), greatest(:last, 1), :last > 0)"),
            {"name": table.name, "last": writing.execute(select(func.max(table.c.id))).scalar_one() or 0},
        )
    return _count(writing, table)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
