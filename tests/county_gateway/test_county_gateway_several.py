"""Several gateways upon one database: nothing is lost, doubled or out of order, also when one is killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta

import pytest
from several_gateways import NGINX, Courier, Follower, Gateway, free_ports, nginx_before

from county_gateway.access import Role
from county_gateway.county import County
from firmware_app.ledger.chain import verify
from firmware_app.ledger.county.receipt import read_receipt
from firmware_app.ledger.signing.signer import open_key

GATEWAYS = 3
SHORT, LONG = (4, 30), (12, 400)
"""Devices, and entries of each."""


@pytest.fixture
def crowd(settings, new_device, tmp_path):
    """Starts gateways and delivers; gives the county, the devices, their couriers and what a follower saw."""
    with ExitStack() as stack:

        def deliver(devices: int, entries: int, *, nginx: bool):
            county = County(settings)
            stack.callback(county.close)
            joined = []
            for number in range(devices):
                device = new_device(f"KIOSK-{number}")
                county.enrol(device.request(county.give_token(timedelta(hours=1))))
                for _ in range(entries - 1):
                    device.check()
                joined.append(device)
            gateways = [Gateway(settings.data_dir, settings.database, port) for port in free_ports(GATEWAYS)]
            stack.callback(lambda: [gateway.kill() for gateway in gateways])
            for gateway in gateways:
                gateway.wait_until_up()
            urls = [gateway.url for gateway in gateways]
            if nginx:
                urls = [stack.enter_context(nginx_before(gateways, tmp_path))]
            token = county.give_access("follower", Role.READER, timedelta(days=400))
            follower = Follower(gateways[-1].url, token)
            # Two couriers a device: each sends the whole chain, neither knows of the other.
            couriers = [
                (device, Courier(number, device.lines, urls, random.Random(number)))
                for number, device in enumerate(joined * 2)
            ]
            follower.start()
            for _, courier in couriers:
                courier.start()
            wait_for(lambda: sum(len(courier.receipts) for _, courier in couriers) >= devices)
            gateways[0].kill()
            gateways[0].start()
            for _, courier in couriers:
                courier.join(timeout=100)
            return county, joined, couriers, follower

        yield deliver


def wait_for(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def check(settings, county, devices, couriers, follower) -> None:
    seen = follower.finish()
    jwk = open_key(settings.data_dir / "county.key").public_jwk
    with county.store.reading() as store:
        held, after = [], 0
        while page := store.entries(after=after, limit=500):
            held += page
            after = page[-1].id
    assert [(courier.failed, courier.is_alive()) for _, courier in couriers] == [(None, False)] * len(
        couriers
    )
    for device in devices:
        kept = [entry.jws for entry in held if entry.device == device.name]
        assert kept == device.lines
        assert verify(kept, kid=device.key.kid).head.seq == len(device.lines)
    assert len(held) == sum(len(device.lines) for device in devices)
    # Who follows the numbers while they are given out misses none.
    assert follower.failed is None
    assert seen == [entry.id for entry in held]
    for device, courier in couriers:
        assert max(courier.receipts) == len(device.lines)
        for seq, jws in courier.receipts.items():
            receipt = read_receipt(jws, jwk)
            assert (receipt.device, receipt.seq, receipt.entry) == (device.name, seq, device.hashes[seq])
    for (_, one), (_, two) in zip(couriers[: len(devices)], couriers[len(devices) :], strict=True):
        common = one.receipts.keys() & two.receipts.keys()
        assert {seq: one.receipts[seq] for seq in common} == {seq: two.receipts[seq] for seq in common}
    answers = sum((courier.answers for _, courier in couriers), Counter())
    # 502 and "no answer" are the killed gateway; a 500 would be two writers in each other's way.
    assert set(answers) <= {"200", "409", "502", "no answer"}, answers


def test_three_gateways_and_a_kill_lose_double_and_misplace_nothing(crowd, settings):
    check(settings, *crowd(*SHORT, nginx=False))


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
def test_nor_do_they_behind_nginx(crowd, settings):
    check(settings, *crowd(*SHORT, nginx=True))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
def test_nor_does_a_crowd(crowd, settings):
    check(settings, *crowd(*LONG, nginx=True))
