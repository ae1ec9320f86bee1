"""Several gateways upon one database keep one log, and one killed at any moment has promised nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from county_gateway.county import County
from county_gateway.log.book import LogReader
from county_gateway.log.merkle import Tree
from county_gateway.log.receipts import Seen
from firmware_app.ledger.county.merkle import entry_leaf, verify_consistency, verify_inclusion
from firmware_app.ledger.county.note import Checkpoint, b64decode
from firmware_app.ledger.county.receipt import read_proof, read_receipt, seen_log

HERE = Path(__file__).parent


def whole_log(county: County) -> Tree:
    """The log's tree, found to hold each entry exactly once and in the order of arrival."""
    with county.store.reading() as store:
        entries = store.connection.execute(text("SELECT hash FROM entries ORDER BY id")).scalars().all()
        leaves = (
            store.connection.execute(text("SELECT entry FROM log_leaves ORDER BY position")).scalars().all()
        )
        positions = (
            store.connection.execute(text("SELECT position FROM log_leaves ORDER BY position"))
            .scalars()
            .all()
        )
        assert list(positions) == list(range(len(entries)))
        assert leaves == entries
        reader = LogReader(store.connection)
        size = reader.size()
        tiles = {
            (level, number): reader.tile(level, number)
            for level in range(2)
            for number in range((size >> 8 * level) // 256 + 1)
        }
    assert size == len(entries)
    tree = Tree(size, lambda level, number: tiles.get((level, number), b""))
    for at, entry in enumerate(entries):
        verify_inclusion(at, size, entry_leaf(entry), tree.inclusion(at), tree.root())
    return tree


def test_gateways_at_once_keep_one_log(settings, bench, new_device):
    devices = bench.joined(*(f"KIOSK-{n}" for n in range(6)))
    gateways = [County(settings) for _ in range(3)]

    def deliver(nth: int) -> list[Checkpoint]:
        device, seen, heads = devices[nth], Seen(), []
        for _ in range(8):
            device.check()
            lines = "".join(f"{line}\n" for line in device.lines[len(heads) :])
            county = gateways[(nth + len(heads)) % len(gateways)]
            jwk = county._signer.public_jwk
            receipt = read_receipt(county.accept(lines.encode(), seen).receipt, jwk)
            head = seen_log(receipt, jwk).head
            if heads:
                old, proof = heads[-1], read_proof(receipt.consistency)
                assert receipt.since == old.size
                verify_consistency(old.size, head.size, old.root, head.root, proof)
            seen = Seen(head.size, head.origin)
            heads.append(head)
        return heads

    with ThreadPoolExecutor(len(devices)) as pool:
        heads = [head for told in pool.map(deliver, range(len(devices))) for head in told]
    tree = whole_log(gateways[0])
    for gateway in gateways:
        gateway.close()

    assert tree.size == 6 * 9
    for head in heads:
        assert tree.root(head.size) == head.root, "no gateway has shown another log than the others"


def killed_writers(settings, rounds: int, count: int, seconds: float) -> tuple[Tree, list[Checkpoint]]:
    heads: list[Checkpoint] = []
    for turn in range(rounds):
        where = str(settings.database or settings.data_dir / "county.db")
        programs = [
            [sys.executable, HERE / "log_writer.py", f"KILLED-{turn}-{n}", settings.data_dir, where]
            for n in range(count)
        ]
        environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}"}
        writers = [
            subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment)
            for program in programs
        ]
        # Each is at work once it has told its first checkpoint.
        told = [writer.stdout.readline() for writer in writers]
        time.sleep(seconds * (turn + 1) / rounds)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
        for writer, first in zip(writers, told, strict=True):
            lines = [first, *writer.stdout.read().splitlines(keepends=True)]
            writer.wait(10)
            writer.stdout.close()
            for line in lines:
                if line.endswith("\n"):
                    origin, size, root = line.split()
                    heads.append(Checkpoint(origin, int(size), b64decode(root)))
    county = County(settings)
    tree = whole_log(county)
    county.close()
    return tree, heads


@pytest.mark.parametrize(
    ("rounds", "writers"), [(1, 2), pytest.param(20, 3, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_no_checkpoint_that_was_ever_told_is_gone_back_on_after_kills(settings, rounds, writers):
    county = County(settings)
    county.close()

    tree, heads = killed_writers(settings, rounds, writers, 0.5)

    assert len(heads) >= writers * rounds
    for head in heads:
        assert head.size <= tree.size
        assert tree.root(head.size) == head.root
