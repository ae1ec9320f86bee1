"""The county's shelf: what it cannot read it holds as it stands, and reads once it can."""

from __future__ import annotations

import msgspec
import pytest

from firmware_app.ledger.county.receipt import read_receipt
from firmware_app.ledger.jose import sha256_hex
from firmware_app.ledger.shelf import TYP, ShelfClaim, ShelfRequest
from firmware_app.ledger.signing.signer import SoftwareKey, seal


@pytest.fixture
def newer(device):
    """A device whose second entry is of a format that this county does not know yet."""
    device.unknown = seal(device.key, "steelyard-entry9+jws", b'{"of":"the future"}')
    device.first = device.lines[0]
    device.hashes.append(sha256_hex(device.unknown))
    device.lines.append(device.unknown)
    return device


def request(device, text=None, *, seq=2, prev=None, key=None, name=None, entry=None) -> ShelfRequest:
    text = device.unknown if text is None else text
    claim = ShelfClaim(
        device=name or device.name,
        seq=seq,
        prev=prev or device.hashes[seq - 1],
        entry=entry or sha256_hex(text),
    )
    signed = seal(key or device.key, TYP, msgspec.json.encode(claim))
    return ShelfRequest(claim=signed, text=text)


def put(bench, asked: ShelfRequest):
    return bench.client.post(
        "/v1/shelf", content=msgspec.json.encode(asked), headers={"Content-Type": "application/json"}
    )


def listed(bench, **filters):
    return bench.client.get("/v1/entries", params=filters).json()["items"]


def test_what_cannot_be_read_is_held_and_what_follows_arrives(bench, newer):
    assert bench.post(newer.lines[:1]).status_code == 200
    refused = bench.post([newer.unknown])
    assert refused.status_code == 400, "it cannot even say whose it is"

    taken = put(bench, request(newer))
    newer.check()
    behind = bench.post(newer.lines[2:])

    assert taken.status_code == behind.status_code == 200
    assert taken.json()["read"] is False
    receipt = read_receipt(taken.json()["receipt"], bench.county._signer.public_jwk)
    assert (receipt.seq, receipt.entry) == (2, sha256_hex(newer.unknown))
    assert behind.json()["head"] == 3
    held = listed(bench, kind="on_shelf")
    assert [(each["seq"], each["jws"], each["verdict"]) for each in held] == [(2, newer.unknown, None)]


def test_asking_again_gives_the_same_receipt_and_doubles_nothing(bench, newer):
    bench.post(newer.lines[:1])
    first, second = put(bench, request(newer)).json(), put(bench, request(newer)).json()

    assert first == second
    assert len(listed(bench)) == 2


def test_what_can_be_read_is_an_entry_and_no_shelfs_business(bench, device):
    device.check("does_not_conform")
    bench.post(device.lines[:1])

    taken = put(bench, request(device, device.lines[1]))

    assert taken.json()["read"] is True
    assert [each["verdict"] for each in listed(bench, kind="self_check")] == ["does_not_conform"]
    assert listed(bench, kind="on_shelf") == []


def test_a_newer_gateway_reads_what_lies_on_the_shelf_when_it_is_asked(bench, device, mocker):
    device.check("undecided")
    bench.post(device.lines[:1])
    older = mocker.patch("county_gateway.shelf.Chain.follow", side_effect=_unknown)
    assert put(bench, request(device, device.lines[1])).json()["read"] is False
    assert [each["seq"] for each in listed(bench, kind="on_shelf")] == [2]
    mocker.stop(older)

    again = put(bench, request(device, device.lines[1]))

    assert again.json()["read"] is True
    assert listed(bench, kind="on_shelf") == []
    assert [each["verdict"] for each in listed(bench, kind="self_check")] == ["undecided"]


def _unknown(_text):
    from firmware_app.ledger.errors import BadEntry

    raise BadEntry(2, "of a version that is not known here")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"key": SoftwareKey.generate()}, 422),
        ({"name": "KIOSK-8"}, 403),
        ({"entry": "0" * 64}, 422),
        ({"seq": 1, "prev": "0" * 64}, 409),
        ({"prev": "1" * 64}, 409),
    ],
)
def test_nobody_else_and_no_other_past_gets_anything_onto_the_shelf(bench, newer, changes, status):
    bench.post(newer.lines[:1])

    assert put(bench, request(newer, **changes)).status_code == status
    assert len(listed(bench)) == 1


def test_a_second_history_over_the_shelf_is_an_alarm(bench, newer):
    bench.post(newer.lines[:1])
    put(bench, request(newer))

    other = put(bench, request(newer, "another text"))

    assert other.json()["error"] == "fork"
    assert [each["seq"] for each in bench.client.get("/v1/forks").json()["items"]] == [2]


def test_a_gap_before_the_shelf_is_said(bench, newer):
    answer = put(bench, request(newer))

    assert answer.status_code == 409
    assert answer.json()["expected"] == 1


@pytest.mark.parametrize("claim", ["", "a.b.c", "x" * 5000])
def test_nonsense_is_refused(bench, newer, claim):
    assert put(bench, ShelfRequest(claim=claim, text="t")).status_code == 400
