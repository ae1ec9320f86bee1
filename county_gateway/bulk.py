"""Many rows at once, by the fastest way in that each database has.

Rules this file obeys:

* In the caller's transaction: all rows or none, and durable when it is.
* What goes wrong raises what any other statement raises, so that whoever waits for a lock is told the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from county_gateway.database import is_postgres

Values = tuple[Any, ...]


def add_rows(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Adds rows of plain values, each in the order of ``names``: COPY in PostgreSQL, one statement in SQLite.

    ``names``: columns in the table's own order. Raises sqlalchemy.exc.DBAPIError.
    """
    if not rows:
        return
    if is_postgres(connection):
        _copy(connection, _copy_words(table, names), rows)
    else:
        connection.exec_driver_sql(_insert_words(table, names), list(rows))


def _copy(connection: Connection, words: str, rows: Sequence[Values]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(words) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(words, None, error, psycopg.Error, dialect=connection.dialect) from error


@lru_cache(maxsize=64)
def _copy_words(table: Table, names: tuple[str, ...]) -> str:
    return f"COPY {table.name} ({', '.join(table.c[name].name for name in names)}) FROM STDIN"


@lru_cache(maxsize=64)
def _insert_words(table: Table, names: tuple[str, ...]) -> str:
    compiled = insert(table).compile(dialect=sqlite.dialect(), column_keys=list(names))
    assert tuple(compiled.positiontup or ()) == names, "names in the table's own order"
    return str(compiled)
