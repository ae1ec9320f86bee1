"""The log's tables, beside the county's own (SQLAlchemy 2 Core).

Rules this file obeys:

* Positions, tiles and checkpoints only ever grow; what has been published is never changed.
* Tiles are derived from the positions: lost or doubted, they are made again (`book.rebuilt`).
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from county_gateway.tables import BIG, meta

log_head = Table(
    "log_head",
    meta,
    # One row; whoever appends holds it until the transaction ends.
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(200), nullable=False),
    Column("size", BIG, nullable=False),
)

log_leaves = Table(
    "log_leaves",
    meta,
    Column("position", BIG, primary_key=True, autoincrement=False),
    Column("entry", String(64), nullable=False, unique=True),
)

log_tiles = Table(
    "log_tiles",
    meta,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

log_checkpoints = Table(
    "log_checkpoints",
    meta,
    Column("size", BIG, primary_key=True, autoincrement=False),
    Column("root", String(44), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", String(40), nullable=False),
)

log_receipts = Table(
    "log_receipts",
    meta,
    Column("device", String(64), ForeignKey("devices.device"), primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    # The size of the log that the device had seen: what the receipt's proof of consistency begins at.
    Column("since", BIG, primary_key=True, autoincrement=False),
    Column("jws", Text, nullable=False),
)
