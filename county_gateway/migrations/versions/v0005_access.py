"""The county's own people have tokens, what they do is kept, and devices fetch what the county publishes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("made_at", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.String(40), nullable=False),
        sa.Column("revoked_at", sa.String(40)),
        sa.Column("used_on", sa.String(10)),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("did", sa.String(40), nullable=False),
        sa.Column("what", sa.String(600), nullable=False),
    )
    op.create_table(
        "downlinks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("version", BIG, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("published_at", sa.String(40), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
