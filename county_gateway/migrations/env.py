"""What alembic runs: the migrations upon the connection and in the transaction that `database` hands over."""

from __future__ import annotations

from alembic import context

from county_gateway.desk import tables as _desk_tables  # noqa: F401 - its tables are in meta too
from county_gateway.log import tables as _log_tables  # noqa: F401 - its tables are in meta too
from county_gateway.tables import meta

context.configure(
    connection=context.config.attributes["connection"], target_metadata=meta, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
