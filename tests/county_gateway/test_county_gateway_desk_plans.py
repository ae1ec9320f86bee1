"""Every list goes by an index, in the order of the index, whatever it is narrowed to: both databases say so.

A small table is read whole by any database that is asked to; so the planners are forbidden to read or sort
one where they can do otherwise, and what they then do must be neither.
"""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from county_gateway.database import is_postgres
from county_gateway.desk import lists
from county_gateway.desk.cursor import make_cursor
from county_gateway.desk.lists import Wanted

NAMES = ("device", "stall", "scale", "verdict", "kind")
DAYS = {"since": "2026-03-01", "until": "2026-03-31"}
PLACE = make_cursor("2026-03-07", 99)


def entry_lists() -> dict:
    found = {}
    for few in (0, 1, 2):
        for names in itertools.combinations(NAMES, few):
            for days, cursor in itertools.product(({}, DAYS), (None, PLACE)):
                wanted = Wanted(**dict.fromkeys(names, "x"), **days)
                label = f"{'+'.join(names) or 'all'}{'+days' if days else ''}{'+cursor' if cursor else ''}"
                found[label] = lists.entries_query(wanted, judged=True, cursor=cursor, limit=100)
    return found


QUERIES = {
    **entry_lists(),
    "devices": lists.devices_query(make_cursor("KIOSK-1", ""), 100),
    "chart": lists.chart_query("KIOSK-1", make_cursor(7), 100),
    "days": lists.days_query(None, "2026-03-01", None, make_cursor("2026-03-02", "K a b"), 100),
    "overdue": lists.overdue_query("2026-03-01", make_cursor("2026-02-01", "S-1"), 100),
    "alarms": lists.alarms_query(cause=None, device=None, unseen=True, cursor=make_cursor(7), limit=100),
    "alarms of a cause": lists.alarms_query(cause="gap", device=None, unseen=False, cursor=None, limit=100),
    "alarms of a device": lists.alarms_query(cause=None, device="K", unseen=False, cursor=None, limit=100),
}


def plan(connection, query) -> list[str]:
    postgres = is_postgres(connection)
    dialect = postgresql.dialect() if postgres else sqlite.dialect()
    words = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    if postgres:
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            connection.execute(text(f"SET LOCAL {setting} = off"))
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {words}".replace("%", "%%"))]
    return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")]


@pytest.mark.timeout(120)
def test_no_list_reads_or_sorts_a_whole_table(bench):
    with bench.county.store._engine.connect() as connection, connection.begin():
        for label, query in QUERIES.items():
            told = plan(connection, query)
            bad = [
                line
                for line in told
                if "Seq Scan" in line
                or "Sort" in line
                or "TEMP B-TREE" in line
                or (line.startswith("SCAN") and "USING" not in line and "CONSTANT" not in line)
            ]
            assert not bad, (label, told)
            assert any("Index" in line or "INDEX" in line or "PRIMARY KEY" in line for line in told), (
                label,
                told,
            )


def test_a_page_is_begun_at_its_cursor_and_not_counted_up_to_it(bench):
    with bench.county.store._engine.connect() as connection, connection.begin():
        query = lists.entries_query(Wanted(stall="A-01"), judged=True, cursor=PLACE, limit=100)
        told = "\n".join(plan(connection, query))

    if is_postgres(bench.county.store._engine):
        assert "Index Cond" in told and "ROW(" in told.split("Index Cond")[1].split("\n")[0]
    else:
        # SQLite goes to the day, and within it by number.
        assert "facts_by_stall (stall=? AND day<?)" in told


def test_counting_the_record_passes_over_sums_only(bench):
    with bench.county.store._engine.connect() as connection, connection.begin():
        told = "\n".join(plan(connection, lists.sums_query("KIOSK-1", "2026-03-01", None)))
        whole = "\n".join(plan(connection, lists.sums_query("KIOSK-1", None, None)))

    assert "sums_by_device" in told
    assert "totals" in whole
    for passed_over in ("entries", "facts"):
        assert passed_over not in told + whole
    assert "sums" not in whole
