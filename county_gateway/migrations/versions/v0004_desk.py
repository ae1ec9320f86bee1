"""The tables of the desk; the gateway fills them from the record when it starts (`desk.fill.refill`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "facts",
        sa.Column("id", BIG, sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.Column("stall", sa.String(120), nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
    )
    op.create_index("facts_by_day", "facts", ["day", "id"])
    for name in ("device", "kind", "verdict", "stall", "scale"):
        op.create_index(f"facts_by_{name}", "facts", [name, "day", "id"])
    op.create_table(
        "citations",
        sa.Column("id", BIG, sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False),
        sa.Column("target", sa.String(80), primary_key=True),
    )
    op.create_index("citations_by_target", "citations", ["target", "id"])
    op.create_table(
        "scales",
        sa.Column("scale", sa.String(120), primary_key=True),
        sa.Column("stall", sa.String(120), nullable=False),
        sa.Column("serial", sa.String(120), nullable=False),
        sa.Column("maker", sa.String(120), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("due_from", sa.String(80), nullable=False),
        sa.Column("due_said", sa.String(10), nullable=False),
        sa.Column("last_id", BIG),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("last_verdict", sa.String(40), nullable=False),
    )
    op.create_index("scales_by_due", "scales", ["due", "scale"])
    op.create_index("scales_by_stall", "scales", ["stall", "scale"])
    op.create_table(
        "chart_points",
        sa.Column("id", BIG, sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("point", sa.Text, nullable=False),
    )
    op.create_index("chart_points_by_device", "chart_points", ["device", "id"])
    op.create_table(
        "health",
        sa.Column("device", sa.String(64), sa.ForeignKey("devices.device"), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "sums",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("verdict", sa.String(40), primary_key=True),
        sa.Column("count", BIG, nullable=False),
    )
    op.create_index("sums_by_device", "sums", ["device", "day"])
    op.create_table(
        "alarms",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("mark", sa.String(80), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("entry", BIG, sa.ForeignKey("entries.id")),
        sa.Column("raised_at", sa.String(40), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.UniqueConstraint("device", "cause", "mark"),
    )
    op.create_index("alarms_by_cause", "alarms", ["cause", "id"])
    op.create_index("alarms_by_device", "alarms", ["device", "id"])
    op.create_index("alarms_by_entry", "alarms", ["entry"])
    op.create_table(
        "alarms_seen",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("cause", sa.String(40), primary_key=True),
        sa.Column("mark", sa.String(80), primary_key=True),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("note", sa.String(400), nullable=False),
    )
    op.create_table(
        "filled",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
