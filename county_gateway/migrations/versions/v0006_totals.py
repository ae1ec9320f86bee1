"""What was counted by day is kept added up too, so that nobody adds up years to say how many there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "totals",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("verdict", sa.String(40), primary_key=True),
        sa.Column("count", BIG, nullable=False),
    )
    op.execute(
        "INSERT INTO totals (device, kind, verdict, count)"
        " SELECT device, kind, verdict, sum(count) FROM sums GROUP BY device, kind, verdict"
    )
