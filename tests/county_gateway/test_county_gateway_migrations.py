"""An older database is taken over with all it holds; a newer one is left alone; a new one is the same."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from county_gateway import tables
from county_gateway.county import County, Settings
from county_gateway.database import MIGRATIONS, NewerDatabase, NoDatabase, open_database, schema_of
from firmware_app.errors import SteelyardError
from firmware_app.ledger.chain import verify

OLD = Path(__file__).with_name("county_schema_1.sql")


@pytest.fixture
def empty_database(request, tmp_path, database):
    """Of the two databases, without any table."""
    if isinstance(database, Path):
        return database
    server = request.getfixturevalue("postgres")
    return server.create()


@pytest.fixture
def old_database(tmp_path):
    path = tmp_path / "county.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    connection.close()
    return path


def rows(database, table: str) -> list[tuple]:
    with sqlite3.connect(database) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_the_latest_migration_is_the_programs_schema():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == f"{tables.SCHEMA:04d}"


def test_the_migrations_make_the_tables_that_the_program_speaks_of(empty_database):
    engine = open_database(empty_database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, tables.meta)
        assert schema_of(connection) == tables.SCHEMA
    engine.dispose()

    assert differences == []


def test_an_old_database_is_taken_over_with_all_it_holds(old_database, tmp_path):
    before = {
        name: rows(old_database, name) for name in ("devices", "entries", "receipts", "forks", "tokens")
    }

    county = County(Settings(data_dir=tmp_path / "data", database=old_database, county="天祝县"))
    with county.store.reading() as store:
        devices = store.devices()
        entries = store.entries(limit=100)
        forks = store.forks(limit=100)
    county.close()

    assert [(view.device, view.entries, view.receipted, view.forks) for view in devices] == [
        ("KIOSK-1", 3, 3, 0),
        ("KIOSK-2", 3, 3, 1),
    ]
    assert [entry.jws for entry in entries] == [row[-1] for row in before["entries"]]
    assert [fork.jws for fork in forks] == [row[-1] for row in before["forks"]]
    for device in ("KIOSK-1", "KIOSK-2"):
        chain = verify(entry.jws for entry in entries if entry.device == device)
        assert chain is not None
        assert chain.head.seq == 3
    assert len(rows(old_database, "receipts")) == len(before["receipts"])


def test_the_old_program_refuses_what_the_new_one_has_taken_over(old_database):
    # What the gateway of schema 1 looked at, and all that it looked at.
    open_database(old_database).dispose()

    with sqlite3.connect(old_database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (tables.SCHEMA,)


def test_a_newer_database_is_left_alone(database):
    engine = open_database(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    engine.dispose()

    with pytest.raises(NewerDatabase, match=r"schema 999; this gateway knows up to \d+: update it"):
        open_database(database)


def test_a_newer_file_of_another_kind_of_schema_is_left_alone(old_database):
    with sqlite3.connect(old_database) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(NewerDatabase, match="schema 99"):
        open_database(old_database)


def test_a_migration_that_fails_leaves_the_old_database(old_database, mocker):
    before = rows(old_database, "entries")
    mocker.patch("alembic.command.upgrade", side_effect=RuntimeError("the disk is full"))
    mocker.patch("county_gateway.database.SCHEMA", 999)

    with pytest.raises(RuntimeError):
        open_database(old_database)

    assert rows(old_database, "entries") == before
    with sqlite3.connect(old_database) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_gateways_that_start_at_once_lay_the_tables_once(empty_database):
    failed: list[Exception] = []

    def start() -> None:
        try:
            open_database(empty_database).dispose()
        except (SteelyardError, SQLAlchemyError) as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://root@localhost/county", "only a file"),
        ("postgresql://nobody:secret@127.0.0.1:1/county", "refused"),
        ("://", "give a file"),
    ],
)
def test_a_database_that_is_not_there_is_said_without_its_password(address, words):
    with pytest.raises(NoDatabase, match=words) as refused:
        open_database(address)

    assert "secret" not in str(refused.value)
