"""The tables as the first gateways laid them; a SQLite database of theirs is taken over as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite numbers rows only in a column of exactly the type INTEGER, which has 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("made_at", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.String(40), nullable=False),
        sa.Column("device", sa.String(64)),
    )
    op.create_table(
        "devices",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("jwk", sa.Text, nullable=False),
        sa.Column("kid", sa.String(43), nullable=False, unique=True),
        sa.Column("enrolled_at", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.String(40)),
        sa.Column("head_seq", BIG, nullable=False),
        sa.Column("head_hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.device"), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(40)),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("clock", sa.String(20), nullable=False),
        sa.Column("received_at", sa.String(40), nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.UniqueConstraint("device", "seq"),
    )
    op.create_index("entries_by_verdict", "entries", ["verdict", "id"])
    op.create_index("entries_by_kind", "entries", ["kind", "id"])
    op.create_table(
        "receipts",
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.device"), primary_key=True),
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("jws", sa.Text, nullable=False),
    )
    op.create_table(
        "forks",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.device"), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("known_hash", sa.String(64), nullable=False),
        sa.Column("other_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.String(40), nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.UniqueConstraint("device", "other_hash"),
    )
