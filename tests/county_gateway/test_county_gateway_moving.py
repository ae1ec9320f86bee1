"""A county that has outgrown its file goes to PostgreSQL with everything, and goes on there; and back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from county_gateway.county import County, Settings
from county_gateway.moving import NotEmpty, move
from firmware_app.ledger.chain import verify


def body(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def elsewhere(request, postgres, tmp_path, database):
    """An empty database of the other kind."""
    if isinstance(database, str):
        yield tmp_path / "elsewhere.db"
        return
    url = postgres.create(like=postgres.ready)
    yield url
    postgres.drop(url)


def test_a_moved_county_holds_the_same_and_goes_on(settings, elsewhere, new_device):
    device = new_device("KIOSK-7")
    old = County(settings)
    old.enrol(device.request(old.give_token(timedelta(hours=1))))
    device.check()
    receipt = old.accept(body(device.lines)).receipt
    old.close()

    moved = move(settings.database, elsewhere)

    assert (moved["entries"], moved["devices"], moved["receipts"]) == (2, 1, 1)
    county = County(
        Settings(data_dir=settings.data_dir, database=elsewhere, county="天祝县", now=settings.now)
    )
    try:
        assert county.accept(body(device.lines)).receipt == receipt
        device.check()
        assert county.accept(body(device.lines[2:])).stored == 1
        with county.store.reading() as store:
            entries = store.entries(limit=10)
    finally:
        county.close()
    assert [entry.id for entry in entries] == [1, 2, 3]
    assert verify(entry.jws for entry in entries).head.seq == 3


def test_nothing_is_copied_over_another_county(settings, elsewhere):
    County(settings).close()
    County(Settings(data_dir=settings.data_dir, database=elsewhere)).close()

    with pytest.raises(NotEmpty, match="nothing was copied"):
        move(settings.database, elsewhere)
