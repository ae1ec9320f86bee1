"""What only PostgreSQL has to be told: who waits for whom, for how long, and what a commit promises."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from county_gateway import database as database_module
from county_gateway.county import County
from county_gateway.database import Lock, open_database, take
from county_gateway.intake import judge

WAITS_S = 1.0
"""Somebody who has not got on within this time waits."""
GOES_ON_S = 20.0

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def county(settings):
    county = County(settings)
    yield county
    county.close()


@pytest.fixture
def joined(county, new_device):
    """Two devices with one entry each that nobody has taken yet."""
    devices = [new_device(name) for name in ("KIOSK-1", "KIOSK-2")]
    for device in devices:
        county.enrol(device.request(county.give_token(timedelta(hours=1))))
    return devices


def add(county, writer, device) -> None:
    held = writer.held(device.name, device.key.kid)
    batch = judge(held.chain, writer.hashes_of(held.name), device.lines)
    writer.add_entries(held.name, batch.chain, batch.new, county._now())


def beside(errand) -> threading.Thread:
    thread = threading.Thread(target=errand, daemon=True)
    thread.start()
    return thread


def test_entries_get_their_numbers_in_the_order_in_which_they_are_committed(county, joined):
    """Given a slow writer, then a follower who goes on from the last number that he saw misses nothing."""
    first, second = joined

    def quick() -> None:
        with county.store.writing() as writer:
            add(county, writer, second)

    with county.store.writing() as slow:
        add(county, slow, first)
        other = beside(quick)
        other.join(WAITS_S)
        with county.store.reading() as reader:
            seen = reader.entries(limit=10)
    other.join(GOES_ON_S)
    with county.store.reading() as reader:
        later = reader.entries(after=seen[-1].id if seen else 0, limit=10)

    assert [each.device for each in [*seen, *later]] == ["KIOSK-1", "KIOSK-2"]


def test_writers_of_one_device_wait_for_each_other(county, joined):
    device, got_on = joined[0], threading.Event()

    def another() -> None:
        with county.store.writing() as writer:
            writer.held(device.name, device.key.kid)
            got_on.set()

    with county.store.writing() as writer:
        writer.held(device.name, device.key.kid)
        thread = beside(another)
        assert not got_on.wait(WAITS_S)
    assert got_on.wait(GOES_ON_S)
    thread.join(GOES_ON_S)


def test_a_commit_waits_for_the_disk_though_the_server_is_told_otherwise(database):
    """A receipt is the county's word that the disk has the entries."""
    engine = open_database(database)
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    engine.dispose()

    engine = open_database(database)
    with engine.begin() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_who_waits_gives_up_and_who_holds_and_says_nothing_is_cut_off(database, mocker):
    """Given a gateway that freezes with the lock in its hand, then the others go on without it."""
    mocker.patch.object(database_module, "IDLE_MS", 500)
    mocker.patch.object(database_module, "LOCK_MS", 200)
    engine = open_database(database)
    with engine.connect() as frozen:
        take(frozen, Lock.ORDER)
        with engine.connect() as waiting, pytest.raises(OperationalError, match="lock timeout"):
            take(waiting, Lock.ORDER)
        threading.Event().wait(WAITS_S)
        with engine.connect() as other:
            take(other, Lock.ORDER)
        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            frozen.execute(text("SELECT 1"))
    engine.dispose()
