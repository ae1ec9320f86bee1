"""The county's log from outside: places, receipts that show them, tiles, and a county that went back."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import func, select

from county_gateway.county import County
from county_gateway.log.book import LogReader, LogWriter
from county_gateway.log.errors import LogWentBack
from county_gateway.log.merkle import Tree
from county_gateway.log.publisher import MARK
from county_gateway.log.receipts import MOST_KEPT
from county_gateway.log.tables import log_receipts
from county_gateway.log.tiles import paths_of
from firmware_app.ledger.county.merkle import HASH_BYTES, entry_leaf, verify_consistency, verify_inclusion
from firmware_app.ledger.county.note import Checkpoint, log_key, open_checkpoint
from firmware_app.ledger.county.receipt import (
    LOG_HEADER,
    LOGGED_TYP,
    TYP,
    LoggedReceipt,
    read_proof,
    read_receipt,
    receipt_typ,
    seen_log,
)


def hash_of(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


class Market:
    """Devices that deliver, each remembering what it has seen of the log."""

    def __init__(self, bench) -> None:
        self.bench = bench
        self.seen: dict[str, str] = {}

    @property
    def jwk(self):
        return self.bench.county._signer.public_jwk

    def deliver(self, device, lines=None, header: str | None = "kept"):
        header = self.seen.get(device.name, "0") if header == "kept" else header
        answer = self.bench.post(
            lines or device.lines[-1:], headers={} if header is None else {LOG_HEADER: header}
        )
        assert answer.status_code == 200, answer.text
        jws = answer.json()["receipt"]
        receipt = read_receipt(jws, self.jwk)
        if isinstance(receipt, LoggedReceipt):
            self.seen[device.name] = seen_log(receipt, self.jwk).claim
        return jws, receipt

    def checkpoint(self) -> Checkpoint:
        text = self.bench.client.get("/log/checkpoint").text
        return open_checkpoint(text, log_key(text.partition("\n")[0], self.jwk))[0]

    def tree(self) -> tuple[Tree, Checkpoint]:
        """The tree as anybody reads it off the tiles that are served."""
        head = self.checkpoint()
        tiles = {}
        for path in paths_of(head.size):
            answer = self.bench.client.get(f"/log/{path}")
            assert answer.status_code == 200
            tiles[path.level, path.number] = answer.content
        return Tree(head.size, lambda level, number: tiles.get((level, number), b"")), head


@pytest.fixture
def market(bench):
    return Market(bench)


def test_a_receipt_shows_the_place_of_its_entry_and_that_the_log_only_grew(market, bench):
    one, two = bench.joined("KIOSK-1", "KIOSK-2")

    heads = []
    for device in (one, two, one, one, two):
        if len(heads) > 1:
            device.check()
        jws, receipt = market.deliver(device)
        assert receipt_typ(jws) == LOGGED_TYP
        head = seen_log(receipt, market.jwk).head
        verify_inclusion(
            receipt.index, head.size, entry_leaf(receipt.entry), read_proof(receipt.inclusion), head.root
        )
        if heads:
            last = next((old for old in heads if old.size == receipt.since), None)
            assert (last is None) == (receipt.since == 0)
            if last is not None:
                proof = read_proof(receipt.consistency)
                verify_consistency(last.size, head.size, last.root, head.root, proof)
        heads.append(head)

    assert [head.size for head in heads] == [1, 2, 3, 4, 5]


def test_a_device_that_knows_no_log_gets_the_receipt_it_knows(market, bench, device):
    jws, _ = market.deliver(device, header=None)

    assert receipt_typ(jws) == TYP
    assert market.checkpoint().size == 1


def test_the_same_receipt_comes_when_it_is_asked_again(market, bench, device):
    first, _ = market.deliver(device, header="0")
    again, _ = market.deliver(device, header="0")

    assert again == first


@pytest.mark.parametrize(
    "header", ["", "1", "-1 log", "01 log", "1  log", "1 lög", "9" * 17 + " log", "0 log"]
)
def test_a_header_that_says_nothing_is_refused(bench, device, header):
    answer = bench.client.post(
        "/v1/entries",
        content=(device.lines[0] + "\n").encode(),
        headers={"Content-Type": "application/x-ndjson", LOG_HEADER: header.encode("latin-1")},
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_log_header")


def test_who_names_every_size_in_turn_fills_nothing_with_receipts(market, bench, device):
    for _ in range(MOST_KEPT + 6):
        device.check()
    market.deliver(device, device.lines)
    origin = market.checkpoint().origin

    for size in range(1, MOST_KEPT + 7):
        _, receipt = market.deliver(device, header=f"{size} {origin}")
        assert receipt.since == size, "each is answered as it asks"

    with bench.county.store.reading() as store:
        kept = store.connection.execute(select(func.count()).select_from(log_receipts)).scalar_one()
    assert kept == MOST_KEPT


def test_the_served_tiles_are_the_whole_log(market, bench, device):
    for _ in range(299):
        device.check()
    for start in range(0, 300, 100):
        market.deliver(device, device.lines[start : start + 100])

    tree, head = market.tree()

    assert head.size == 300
    assert tree.root() == head.root
    leaves = b"".join(entry_leaf(hash_of(line)) for line in device.lines)
    assert bench.client.get("/log/tile/0/000").content == leaves[: 256 * HASH_BYTES]
    assert bench.client.get("/log/tile/0/001.p/44").content == leaves[256 * HASH_BYTES :]
    # An older tree's narrower tile is served too, and its entries.
    assert bench.client.get("/log/tile/0/001.p/7").content == leaves[256 * HASH_BYTES :][: 7 * HASH_BYTES]
    entries = bench.client.get("/log/tile/entries/001.p/44").content
    assert entries == b"".join(b"\x00\x20" + bytes.fromhex(hash_of(line)) for line in device.lines[256:])


def test_what_is_served_may_be_cached_as_the_specification_says(market, bench, device):
    assert bench.client.get("/log/checkpoint").status_code == 404
    market.deliver(device)

    checkpoint, tile = bench.client.get("/log/checkpoint"), bench.client.get("/log/tile/0/000.p/1")

    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=5"
    assert tile.headers["Content-Type"] == "application/octet-stream"
    assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("0/000", "0/000.p/2", "1/000.p/1", "0/001.p/1", "entries/000", "0/abc"):
        answer = bench.client.get(f"/log/tile/{path}")
        assert answer.status_code == 404
        assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_nothing_of_an_entry_is_published_but_its_hash(market, bench, device):
    device.check()
    market.deliver(device, device.lines)
    served = b"".join(bench.client.get(f"/log/{path}").content for path in paths_of(2))

    for secret in (b"TZ-1", b"KIOSK-7", b"conforms", device.lines[1].encode()):
        assert secret not in served


def test_entries_from_before_the_log_get_their_places_at_the_start(bench, device, settings, market):
    for _ in range(9):
        device.check()
    market.deliver(device, device.lines)
    before = market.checkpoint()
    with bench.county.store.writing() as store:
        for table in ("log_leaves", "log_tiles", "log_head", "log_checkpoints", "log_receipts"):
            store.connection.exec_driver_sql(f"DELETE FROM {table}")

    County(settings).close()

    with bench.county.store.reading() as store:
        assert LogReader(store.connection).tree().root() == before.root


def test_tiles_that_were_lost_are_made_again(bench, device, market):
    for _ in range(300):
        device.check()
    market.deliver(device, device.lines)
    before = market.checkpoint()
    with bench.county.store.writing() as store:
        store.connection.exec_driver_sql("DELETE FROM log_tiles")
        LogWriter(store.connection).rebuild()

    tree, _ = market.tree()

    assert tree.root() == before.root


def test_a_database_that_went_back_signs_nothing_more(bench, device, market, settings):
    for _ in range(5):
        device.check()
    market.deliver(device, device.lines)
    with bench.county.store.writing() as store:
        connection = store.connection
        connection.exec_driver_sql("DELETE FROM log_receipts")
        connection.exec_driver_sql("DELETE FROM log_checkpoints")
        connection.exec_driver_sql("DELETE FROM log_tiles")
        connection.exec_driver_sql("DELETE FROM log_leaves WHERE position >= 3")
        connection.exec_driver_sql("DELETE FROM facts WHERE id > 3")
        connection.exec_driver_sql("DELETE FROM entries WHERE seq > 3")
        connection.exec_driver_sql("UPDATE log_head SET size = 3")
        LogWriter(connection).rebuild()

    with pytest.raises(LogWentBack, match="6 leaves were published, 3 are in the database"):
        County(settings)
    assert bench.client.get("/log/checkpoint").json()["error"] == "log_went_back"


def test_a_tree_that_was_changed_below_a_checkpoint_is_noticed_also_without_the_mark(
    bench, device, market, settings
):
    device.check()
    market.deliver(device, device.lines)
    (settings.data_dir / MARK).unlink()
    with bench.county.store.writing() as store:
        store.connection.exec_driver_sql(
            "UPDATE log_leaves SET entry = replace(entry, substr(entry, 1, 8), '00000000') WHERE position = 0"
        )
        LogWriter(store.connection).rebuild()
    device.check()

    answer = bench.post(device.lines[-1:], headers={LOG_HEADER: "0"})

    assert (answer.status_code, answer.json()["error"]) == (503, "log_went_back")


def test_a_log_that_was_renewed_is_another_log(bench, device, market):
    market.deliver(device)
    before = market.checkpoint()
    with bench.county.store.writing() as store:
        LogWriter(store.connection).rename("county.example/log2")

    after = market.checkpoint()

    assert (after.origin, after.size, after.root) == ("county.example/log2", before.size, before.root)


def test_after_the_county_went_over_to_another_key_the_log_is_signed_by_it(bench, device, market):
    market.deliver(device)
    _, old = market.tree()

    bench.county.rotate_key()
    device.check()
    _, receipt = market.deliver(device)

    assert receipt.since == old.size
    assert market.checkpoint().origin == old.origin


def test_a_receipt_asked_for_again_after_the_key_changed_is_whole(bench, device, market):
    market.deliver(device)
    seen = market.seen[device.name]
    bench.county.rotate_key()

    _, receipt = market.deliver(device, header=seen)

    assert seen_log(receipt, market.jwk).claim == seen
