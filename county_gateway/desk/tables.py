"""Tables by which the record is asked (SQLAlchemy 2 Core), beside the county's own.

Rules this file obeys:

* They are filled in the transaction that keeps the entry, from what the entry says and nothing else
  (`facts`), so they can be made again whenever more is read out of entries: `fill.refill`.
* What is not said by any entry (gaps, revoked keys used, who has seen an alarm) is first-hand and never
  made again.
* Every list has an index in its own order; `test_county_gateway_desk_plans.py` holds both databases to it.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from county_gateway.tables import BIG, meta

# One row an entry that speaks of a scale, a stall or a verdict. Empty text: it does not say.
facts = Table(
    "facts",
    meta,
    Column("id", BIG, ForeignKey("entries.id"), primary_key=True, autoincrement=False),
    Column("device", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("verdict", String(40), nullable=False),
    Column("stall", String(120), nullable=False),
    Column("scale", String(120), nullable=False),
    Column("day", String(10), nullable=False),
    Index("facts_by_day", "day", "id"),
    Index("facts_by_device", "device", "day", "id"),
    Index("facts_by_kind", "kind", "day", "id"),
    Index("facts_by_verdict", "verdict", "day", "id"),
    Index("facts_by_stall", "stall", "day", "id"),
    Index("facts_by_scale", "scale", "day", "id"),
)

# Which entry speaks of which other one, by what the device signed: `target` is its SHA-256, or, where only
# the number is said, the device and the number.
citations = Table(
    "citations",
    meta,
    Column("id", BIG, ForeignKey("entries.id"), primary_key=True, autoincrement=False),
    Column("target", String(80), primary_key=True),
    Index("citations_by_target", "target", "id"),
)

# The last that is known of each scale. `due_from`: by whose word it is due: registry (with a
# device's id behind it where the registry is its own) or entry.
scales = Table(
    "scales",
    meta,
    Column("scale", String(120), primary_key=True),
    Column("stall", String(120), nullable=False),
    Column("serial", String(120), nullable=False),
    Column("maker", String(120), nullable=False),
    Column("model", String(120), nullable=False),
    Column("due", String(10), nullable=False),
    Column("due_from", String(80), nullable=False),
    Column("due_said", String(10), nullable=False),
    Column("last_id", BIG),
    Column("last_day", String(10), nullable=False),
    Column("last_verdict", String(40), nullable=False),
    Index("scales_by_due", "due", "scale"),
    Index("scales_by_stall", "stall", "scale"),
)

# Points of the control charts, as JSON (`views.ChartPoint`).
chart_points = Table(
    "chart_points",
    meta,
    Column("id", BIG, ForeignKey("entries.id"), primary_key=True, autoincrement=False),
    Column("device", String(64), nullable=False),
    Column("point", Text, nullable=False),
    Index("chart_points_by_device", "device", "id"),
)

# How each chain stood at its last entry, as JSON (`facts.Health`).
health = Table(
    "health",
    meta,
    Column("device", String(64), ForeignKey("devices.device"), primary_key=True),
    Column("state", Text, nullable=False),
)

# Entries a day, so that nobody counts the record.
sums = Table(
    "sums",
    meta,
    Column("day", String(10), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("verdict", String(40), primary_key=True),
    Column("count", BIG, nullable=False),
    Index("sums_by_device", "device", "day"),
)

# The same, of all days.
totals = Table(
    "totals",
    meta,
    Column("device", String(64), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("verdict", String(40), primary_key=True),
    Column("count", BIG, nullable=False),
)

# `entry`: the entry that says it, none for what only the county saw; `mark` tells alarms of a cause apart.
alarms = Table(
    "alarms",
    meta,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("cause", String(40), nullable=False),
    Column("mark", String(80), nullable=False),
    Column("seq", BIG, nullable=False),
    Column("entry", BIG, ForeignKey("entries.id")),
    Column("raised_at", String(40), nullable=False),
    Column("told", Text, nullable=False),
    UniqueConstraint("device", "cause", "mark"),
    Index("alarms_by_cause", "cause", "id"),
    Index("alarms_by_device", "device", "id"),
    Index("alarms_by_entry", "entry"),
)

# Who has seen an alarm. By its name and not by its number, so that it outlives a refilling.
alarms_seen = Table(
    "alarms_seen",
    meta,
    Column("device", String(64), primary_key=True),
    Column("cause", String(40), primary_key=True),
    Column("mark", String(80), primary_key=True),
    Column("at", String(40), nullable=False),
    Column("who", String(64), nullable=False),
    Column("note", String(400), nullable=False),
)

# One row: the version of `facts` by which the tables were filled.
filled = Table(
    "filled",
    meta,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)
