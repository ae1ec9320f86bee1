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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA = 6
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
    # The device that may come back with another key; any new device where this is empty.
    Column("replaces", String(64)),
)

# One row a chain. `device` names the chain: it is the device's id, and for a device that came back with
# another key the id with a number behind it (store.chain_name); every other table speaks of chains.
devices = Table(
    "devices",
    meta,
    Column("device", String(64), primary_key=True),
    Column("id", String(64), nullable=False, server_default="", index=True),
    Column("number", Integer, nullable=False, server_default="1"),
    Column("revoked_at", String(40)),
    Column("revoked_why", String(200)),
    Column("closed_at", String(40)),
    Column("closure", Text),
    # The county's key that this device was told when it joined.
    Column("county_key", Integer, nullable=False, server_default="1"),
    Column("jwk", Text, nullable=False),
    Column("kid", String(43), nullable=False, unique=True),
    Column("enrolled_at", String(40), nullable=False),
    Column("seen_at", String(40)),
    Column("head_seq", BIG, nullable=False),
    Column("head_hash", String(64), nullable=False),
)

# The keys that the county has signed with, in order; the last one signs.
county_keys = Table(
    "county_keys",
    meta,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kid", String(43), nullable=False, unique=True),
    Column("jwk", Text, nullable=False),
    Column("at", String(40), nullable=False),
    # By which the key before it introduces this one; none for the first.
    Column("statement", Text),
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

# Who of the county may ask; only the hash of a token is kept. A name is used once and never again.
access = Table(
    "access",
    meta,
    Column("name", String(64), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("made_at", String(40), nullable=False),
    Column("expires_at", String(40), nullable=False),
    Column("revoked_at", String(40)),
    Column("used_on", String(10)),
)

# What was done by whom at the county: added to, never changed.
audit = Table(
    "audit",
    meta,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("who", String(64), nullable=False),
    Column("did", String(40), nullable=False),
    Column("what", String(600), nullable=False),
)

# What devices may fetch, whole, as it was published; of a name the highest version counts.
downlinks = Table(
    "downlinks",
    meta,
    Column("name", String(64), primary_key=True),
    # The one device that it is for, empty for all.
    Column("device", String(64), primary_key=True),
    Column("version", BIG, primary_key=True, autoincrement=False),
    Column("sha256", String(64), nullable=False),
    Column("published_at", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
