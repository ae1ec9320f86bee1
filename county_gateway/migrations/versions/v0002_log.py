"""The tables of the transparency log; the entries that are there get their places when the gateway starts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("size", BIG, nullable=False),
    )
    op.create_table(
        "log_leaves",
        sa.Column("position", BIG, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.String(64), nullable=False, unique=True),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", BIG, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", BIG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.String(44), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
    )
    op.create_table(
        "log_receipts",
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.device"), primary_key=True),
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("since", BIG, primary_key=True, autoincrement=False),
        sa.Column("jws", sa.Text, nullable=False),
    )
