"""Rows that come in many at once are those that were given, all or none, and fail as single ones do."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from county_gateway.bulk import add_rows
from county_gateway.database import WRITING, is_postgres, open_database
from county_gateway.desk.tables import chart_points, facts
from county_gateway.log.tables import log_tiles

TEXTS = ["", "a\tb", "line\nline\r\n", "\\N", "\\.", "back\\slash", "'\"%s;?", "天祝县 བོད", "x" * 3000]
POINT = ("id", "device", "point")


@pytest.fixture
def engine(database):
    engine = open_database(database)
    yield engine
    engine.dispose()


def writing(engine):
    return engine.connect().execution_options(**{WRITING: True})


@pytest.fixture
def entries(engine):
    """Entries 1 to 20, which the rows below may belong to."""
    with writing(engine) as connection, connection.begin():
        connection.execute(
            text(
                "INSERT INTO devices (device, jwk, kid, enrolled_at, head_seq, head_hash)"
                " VALUES ('K', '{}', 'k', '', 0, '')"
            )
        )
        named = "id, device, seq, hash, kind, at, clock, received_at, jws"
        for number in range(1, 21):
            values = f"{number}, 'K', {number}, 'h', 'k', '', '', '', ''"
            connection.execute(text(f"INSERT INTO entries ({named}) VALUES ({values})"))


def test_what_comes_in_is_what_was_given(engine, entries):
    rows = [(number, "K", words) for number, words in enumerate(TEXTS, 1)]
    tiles = [(0, 0, bytes(range(256)) * 32), (1, 2**40, b"")]

    with writing(engine) as connection, connection.begin():
        add_rows(connection, chart_points, POINT, rows)
        add_rows(connection, log_tiles, ("level", "number", "hashes"), tiles)
        add_rows(connection, facts, ("id",), [])

    with engine.connect() as connection:
        kept = connection.execute(select(chart_points).order_by(chart_points.c.id)).all()
        assert [tuple(row) for row in kept] == rows
        assert [tuple(row) for row in connection.execute(select(log_tiles)).all()] == tiles


def test_what_cannot_stand_leaves_nothing_behind(engine, entries):
    twice = [(1, "K", "a"), (2, "K", "b"), (2, "K", "c")]
    with pytest.raises(IntegrityError), writing(engine) as connection, connection.begin():
        add_rows(connection, chart_points, POINT, twice)

    with engine.connect() as connection:
        assert connection.execute(select(chart_points)).all() == []
    # The connection goes back whole: the next one is served.
    with writing(engine) as connection, connection.begin():
        add_rows(connection, chart_points, POINT, twice[:2])


def test_who_waits_too_long_is_told_so_as_by_any_statement(engine, entries):
    """The doors answer 503 upon it, and the appliance comes again."""
    if not is_postgres(engine):
        pytest.skip("in SQLite whoever writes is alone from the beginning of the transaction")
    with writing(engine) as holder, holder.begin(), writing(engine) as other, other.begin():
        holder.execute(insert(chart_points).values(id=1, device="K", point=""))
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            add_rows(other, chart_points, POINT, [(1, "K", "")])
        other.rollback()
        holder.rollback()
