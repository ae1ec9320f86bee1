"""The county's tables (SQLAlchemy 2 Core), the same in SQLite and PostgreSQL.

Rules this file obeys:

* Entries, receipts and forks are added and never changed.
* Whoever changes a table adds a file to ``migrations/versions`` and counts `SCHEMA` on.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA = 2
"""The number of the latest file in ``migrations/versions``."""

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows only in a column of exactly the type INTEGER, which has 64 bits there."""

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
    Column("head_seq", BIG, nullable=False),
    Column("head_hash", String(64), nullable=False),
)

entries = Table(
    "entries",
    meta,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("seq", BIG, nullable=False),
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
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("jws", Text, nullable=False),
)

forks = Table(
    "forks",
    meta,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("seq", BIG, nullable=False),
    Column("known_hash", String(64), nullable=False),
    Column("other_hash", String(64), nullable=False),
    Column("seen_at", String(40), nullable=False),
    Column("jws", Text, nullable=False),
    UniqueConstraint("device", "other_hash"),
)
