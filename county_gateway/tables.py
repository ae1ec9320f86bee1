"""The county's tables (SQLAlchemy 2 Core; SQLite embedded).

Rules this file obeys:

* One batch is one transaction, begun as a writer, with a full sync at its end.
* Entries, receipts and forks are added and never changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)

from firmware_app.errors import SteelyardError

SCHEMA = 1
WRITING = "steelyard_writing"

meta = MetaData()

tokens = Table(
    "tokens",
    meta,
    Column("hash", String(64), primary_key=True),
    Column("made_at", String(40), nullable=False),
    Column("expires_at", String(40), nullable=False),
    Column("device", String(64)),
)

devices = Table(
    "devices",
    meta,
    Column("device", String(64), primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("kid", String(43), nullable=False, unique=True),
    Column("enrolled_at", String(40), nullable=False),
    Column("seen_at", String(40)),
    Column("head_seq", Integer, nullable=False),
    Column("head_hash", String(64), nullable=False),
)

entries = Table(
    "entries",
    meta,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("verdict", String(40)),
    Column("at", String(40), nullable=False),
    Column("clock", String(20), nullable=False),
    Column("received_at", String(40), nullable=False),
    Column("jws", Text, nullable=False),
    UniqueConstraint("device", "seq"),
    Index("entries_by_verdict", "verdict", "id"),
    Index("entries_by_kind", "kind", "id"),
)

receipts = Table(
    "receipts",
    meta,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("jws", Text, nullable=False),
)

forks = Table(
    "forks",
    meta,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("known_hash", String(64), nullable=False),
    Column("other_hash", String(64), nullable=False),
    Column("seen_at", String(40), nullable=False),
    Column("jws", Text, nullable=False),
    UniqueConstraint("device", "other_hash"),
)


class NewerDatabase(SteelyardError):
    """The database was written by a newer gateway."""


def open_database(path: Path) -> Engine:
    """The database in a file, its tables made where it is new; raises NewerDatabase, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10.0})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > SCHEMA:
            raise NewerDatabase(f"{path}: schema {version}; this gateway knows up to {SCHEMA}: update it")
        meta.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own idea of transactions begins them too late; we begin them ourselves.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
