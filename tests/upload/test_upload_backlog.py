"""A backlog of entries as large as self-checks are: what the core hands out, and what becomes of it."""

from __future__ import annotations

import random

import pytest

from firmware_app.ledger.county.contract import MAX_BATCH_BYTES
from firmware_app.ledger.home import open_ledger
from firmware_app.service import messages
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.upload.loop import LARGEST_BATCH, Keep, Read, Send, Uploader
from firmware_app.upload.outcome import Delivered

BODY = {"verdict": "conforms", "loads": [random.Random(5).randbytes(2900).hex()]}
"""An entry of about 8 kB, as a self-check with weights leaves."""


@pytest.fixture
def ledger(tmp_path, still_clock):
    with open_ledger(tmp_path / "data", clock=still_clock, software="00", device="K-1") as ledger:
        for _ in range(240):
            ledger.append("self_check", BODY)
        yield ledger


def test_one_answer_of_the_core_fills_a_batch_and_is_no_longer_than_a_message_may_be(ledger, still_clock):
    desk = DeliveryDesk(ledger, still_clock)

    reply = desk.obey(messages.ReadEntries(0, LARGEST_BATCH), 0)

    assert isinstance(reply, messages.Entries)
    assert len(messages.encode(reply)) <= messages.MAX_BYTES
    assert sum(len(line) + 1 for line in reply.jws) > 0.85 * MAX_BATCH_BYTES


def test_a_backlog_leaves_in_batches_as_large_as_the_county_takes(ledger, still_clock):
    desk, mind = DeliveryDesk(ledger, still_clock), Uploader(lambda: 0.0)
    sizes = []
    while mind.cursor < ledger.head_seq:
        match mind.next_action():
            case Read(after=after, limit=limit):
                reply = desk.obey(messages.ReadEntries(after, limit), 0)
                assert isinstance(reply, messages.Entries)
                mind.heard_entries(reply.jws, reply.first_seq, max(mind.cursor, reply.received))
            case Send(lines=lines):
                sizes.append(sum(len(line) + 1 for line in lines))
                mind.heard_county(Delivered("receipt"), 1.0)
            case Keep():
                mind.heard_kept()
            case other:
                raise AssertionError(f"unexpected: {other}")

    assert max(sizes) <= MAX_BATCH_BYTES
    assert len(sizes) == 4, "32, 64, by bytes, the rest"
