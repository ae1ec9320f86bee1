"""The county's database, opened: SQLite in a file for one machine, PostgreSQL for several gateways at once.

Rules this file obeys:

* A commit returns when the disk has it, on both; no other durability is offered.
* The schema is brought up to date at the start, in one transaction, by one process; a newer one is left
  alone.
* What waits for a lock gives up in time, and who holds one and says nothing is cut off: one frozen gateway
  must not stop the others.
"""

from __future__ import annotations

import enum
import logging
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from county_gateway.tables import SCHEMA, meta
from firmware_app.errors import SteelyardError

log = logging.getLogger("steelyard.county")

WRITING = "steelyard_writing"
MIGRATIONS = Path(__file__).parent / "migrations"
FIRST_SCHEMA = 1
"""The schema of databases from before the migrations."""
BUSY_S = 30.0
LOOK_AGAIN_S = 0.02
LOCK_MS, IDLE_MS, STATEMENT_MS = 20_000, 30_000, 60_000
POOL, MORE = 5, 10
"""Connections of one process: kept, and at most so many beside; three processes stay below the 100 that
PostgreSQL allows where nothing is configured."""

_TAKE = text("SELECT pg_advisory_xact_lock(:number)")
_alembic = threading.Lock()
"""alembic keeps the migration that runs in a global of its own."""


class Lock(enum.IntEnum):
    """What only one process does at a time: advisory locks of PostgreSQL, numbered from ``ST`` on."""

    MIGRATE = 0x53540001
    ENROL = 0x53540002
    ORDER = 0x53540003
    """Additions get their ids in the order in which they are committed."""


class NewerDatabase(SteelyardError):
    """The database was written by a newer gateway."""


class NoDatabase(SteelyardError):
    """There is no database where it should be, or it cannot be reached."""


def address_of(where: Path | str) -> URL:
    """The address of a SQLite file or of a ``postgresql://`` URL; raises NoDatabase."""
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise NoDatabase("the address of the database: give a file or postgresql://user@host/name") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise NoDatabase(
            f"{url.get_backend_name()}: only a file (SQLite) or postgresql://user@host/name is known"
        )
    return url.set(drivername="postgresql+psycopg")


def open_database(where: Path | str) -> Engine:
    """The database, its schema up to date; raises NewerDatabase, NoDatabase, OSError."""
    url = address_of(where)
    if url.get_backend_name() == "sqlite":
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_S}, pool_size=POOL, max_overflow=MORE)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _postgres(url)
    named = url.render_as_string(hide_password=True)
    try:
        bring_up_to_date(engine, named)
    except OperationalError as error:
        engine.dispose()
        raise NoDatabase(f"{named}: {str(error.orig).strip()}") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def is_postgres(engine: Engine | Connection) -> bool:
    """Whether several processes may write here at once."""
    return engine.dialect.name == "postgresql"


def take(connection: Connection, lock: Lock) -> None:
    """Waits until no other transaction holds the lock; it is given back when the transaction ends.

    In SQLite whoever writes is alone from the beginning of the transaction.
    """
    if is_postgres(connection):
        connection.execute(_TAKE, {"number": int(lock)})


# --------------------------------------------------------------------------------------------- schema


def bring_up_to_date(engine: Engine, named: str) -> None:
    """Lays the tables of a new database, or changes those of an older one; raises NewerDatabase."""
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        take(connection, Lock.MIGRATE)
        found = schema_of(connection)
        if found > SCHEMA:
            raise NewerDatabase(
                f"{named}: schema {found}; this gateway knows up to {SCHEMA}: update it; nothing was changed"
            )
        if found == SCHEMA:
            return
        _migrate(connection, found)
        if not is_postgres(connection):
            # Gateways from before the migrations look here, and refuse what is newer.
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
    log.info("%s: schema %d laid upon %s", named, SCHEMA, f"schema {found}" if found else "an empty database")


def schema_of(connection: Connection) -> int:
    """The number of the schema, 0 of an empty database; raises NewerDatabase where it is not a number."""
    named = "0"
    if inspect(connection).has_table("alembic_version"):
        named = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or "0"
        )
        if not named.isdecimal():
            raise NewerDatabase(f"schema {named!r} is none that this gateway knows; nothing was changed")
    if is_postgres(connection):
        return int(named)
    return max(int(named), int(connection.exec_driver_sql("PRAGMA user_version").scalar_one()))


def _migrate(connection: Connection, found: int) -> None:
    # Imported where it is used: a start with nothing to change is not slowed down by it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    if is_postgres(connection):
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    with _alembic:
        if found == FIRST_SCHEMA and not inspect(connection).has_table("alembic_version"):
            command.stamp(config, f"{FIRST_SCHEMA:04d}")
        command.upgrade(config, f"{SCHEMA:04d}")


# ------------------------------------------------------------------------------------------- dialects


def _postgres(url: URL) -> Engine:
    limits = {
        "lock_timeout": LOCK_MS,
        "idle_in_transaction_session_timeout": IDLE_MS,
        "statement_timeout": STATEMENT_MS,
    }
    given = url.query.get("options", "")
    options = " ".join(
        ["" if isinstance(given, tuple) else given, *(f"-c {k}={v}" for k, v in limits.items())]
    )
    try:
        engine = create_engine(
            url,
            connect_args={"options": options.strip(), "connect_timeout": 10, "application_name": "steelyard"},
            pool_pre_ping=True,
            pool_size=POOL,
            max_overflow=MORE,
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise NoDatabase("psycopg is missing; install the extra: pip install steelyard[gateway]") from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        # A receipt is the county's word that the disk has the entries: "off" would make it a lie.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        if cursor.execute("SHOW fsync").fetchone() == ("off",):
            log.warning("PostgreSQL runs with fsync = off: a power cut there loses what was receipted")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own idea of transactions begins them too late; we begin them ourselves.
    connection.isolation_level = None
    _into_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _into_wal(connection: Any) -> None:
    """Where several gateways open a new file at once, SQLite refuses the new journal at once."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(LOOK_AGAIN_S)
        else:
            return


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


__all__ = ["Lock", "NewerDatabase", "NoDatabase", "is_postgres", "meta", "open_database", "take"]
