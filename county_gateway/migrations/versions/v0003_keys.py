"""Devices may be revoked and replaced, and the county may go over to another key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("replaces", sa.String(64)))
    op.add_column("devices", sa.Column("id", sa.String(64), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("number", sa.Integer, nullable=False, server_default="1"))
    op.add_column("devices", sa.Column("revoked_at", sa.String(40)))
    op.add_column("devices", sa.Column("revoked_why", sa.String(200)))
    op.add_column("devices", sa.Column("closed_at", sa.String(40)))
    op.add_column("devices", sa.Column("closure", sa.Text))
    op.add_column("devices", sa.Column("county_key", sa.Integer, nullable=False, server_default="1"))
    op.execute("UPDATE devices SET id = device")
    op.create_index("ix_devices_id", "devices", ["id"])
    op.create_table(
        "county_keys",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kid", sa.String(43), nullable=False, unique=True),
        sa.Column("jwk", sa.Text, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("statement", sa.Text),
    )
