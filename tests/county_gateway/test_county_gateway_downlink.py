"""What the county publishes: who may fetch it, that it is signed, and that its version only rises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from county_gateway.doors import downlink as door
from county_gateway.errors import BadDownlink, UnknownDevice
from firmware_app.ledger.county.downlink import (
    MAX_CONTENT,
    MOST_NAMES,
    STATEMENT_HEADER,
    Ask,
    check_content,
    etag,
    make_ask,
    read_statement,
)
from firmware_app.ledger.errors import BadFormat, LedgerError
from firmware_app.ledger.signing.signer import SoftwareKey, open_key

REGISTRY = b'[[stall]]\ncode = "A-01"\n'


def ask_of(bench, device, *, seq: int = 0, county: str = "", key=None, name: str = "") -> dict[str, str]:
    ask = Ask(device=name or device.name, county=county or bench.county.kid, seq=seq)
    return {"Authorization": f"Steelyard {make_ask(key or device.key, ask)}"}


def fetch(bench, device, path: str = "", **asked):
    tag = asked.pop("tag", None)
    headers = ask_of(bench, device, **asked) | ({"If-None-Match": tag} if tag else {})
    return bench.client.get(f"/v1/downlink{path}", headers=headers)


@pytest.fixture
def county_key(settings):
    return lambda: open_key(settings.data_dir / "county.key").public_jwk


def test_a_published_file_is_fetched_with_the_countys_word_on_it(bench, device, county_key):
    version = bench.county.publish("registry", REGISTRY)

    (offered,) = fetch(bench, device).json()["items"]
    answer = fetch(bench, device, "/registry")

    statement = read_statement(answer.headers[STATEMENT_HEADER], county_key())
    check_content(statement, answer.content)
    assert answer.content == REGISTRY
    assert (statement.name, statement.version, statement.device) == ("registry", version, "")
    assert (offered["name"], offered["version"], offered["size"]) == ("registry", version, len(REGISTRY))
    assert answer.headers["ETag"] == etag(version, offered["sha256"])
    with pytest.raises(LedgerError):
        read_statement(answer.headers[STATEMENT_HEADER], SoftwareKey.generate().public_jwk)
    with pytest.raises(BadFormat):
        check_content(statement, REGISTRY + b"\n")


def test_what_a_device_has_is_not_sent_again(bench, device):
    bench.county.publish("registry", REGISTRY)
    listed, file = fetch(bench, device), fetch(bench, device, "/registry")

    for path, answer in (("", listed), ("/registry", file)):
        again = fetch(bench, device, path, tag=answer.headers["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"]
    bench.county.publish("registry", REGISTRY + b"\n")
    assert fetch(bench, device, tag=listed.headers["ETag"]).status_code == 200
    assert fetch(bench, device, "/registry", tag=file.headers["ETag"]).content == REGISTRY + b"\n"


def test_versions_only_rise_and_the_same_bytes_are_the_same_version(bench, device):
    first = bench.county.publish("registry", REGISTRY)
    same = bench.county.publish("registry", REGISTRY)
    second = bench.county.publish("registry", REGISTRY + b"\n")
    bench.clock.time -= timedelta(days=400)
    third = bench.county.publish("registry", REGISTRY)

    assert same == first
    assert first < second < third
    assert fetch(bench, device, "/registry").content == REGISTRY


def test_a_file_for_one_device_goes_to_that_one_alone(bench, device, county_key):
    (other,) = bench.joined("KIOSK-8")
    bench.county.publish("weights", b"# all\n")
    bench.county.publish("weights", b"# KIOSK-7\n", device.name)

    own, common = fetch(bench, device, "/weights"), fetch(bench, other, "/weights")

    assert (own.content, common.content) == (b"# KIOSK-7\n", b"# all\n")
    assert read_statement(own.headers[STATEMENT_HEADER], county_key()).device == "KIOSK-7"
    assert len(fetch(bench, device).json()["items"]) == len(fetch(bench, other).json()["items"]) == 1
    with pytest.raises(UnknownDevice):
        bench.county.publish("weights", b"#\n", "KIOSK-9")


def test_the_key_that_signs_now_signs(bench, device, settings):
    bench.county.publish("registry", REGISTRY)
    new = bench.county.rotate_key()

    answer = fetch(bench, device, "/registry", county=new)

    jwk = open_key(settings.data_dir / f"county-{new}.key").public_jwk
    assert read_statement(answer.headers[STATEMENT_HEADER], jwk).version
    # A device that has not heard of the new key yet may still ask.
    assert fetch(bench, device).status_code == 200


# ------------------------------------------------------------------------------------------------- who


def test_only_a_device_of_the_county_fetches_and_only_with_its_own_fresh_ask(bench, device, new_device):
    (other,) = bench.joined("KIOSK-8")
    bench.county.publish("registry", REGISTRY)
    device.check()
    bench.post(device.lines)
    stranger = new_device("KIOSK-9")
    refused = {
        "no ask": ({}, 401),
        "a person's token": ({"Authorization": bench.client.headers["Authorization"]}, 401),
        "nonsense": ({"Authorization": "Steelyard a.b.c"}, 401),
        "too long": ({"Authorization": "Steelyard " + "a" * 5000}, 401),
        "of a stranger": (ask_of(bench, stranger, seq=9), 403),
        "with another's key": (ask_of(bench, other, name=device.name, seq=9), 401),
        "for another county": (ask_of(bench, device, county="A" * 43, seq=2), 401),
        "stale": (ask_of(bench, device, seq=1), 401),
    }
    for what, (headers, status) in refused.items():
        for path in ("", "/registry"):
            answer = bench.client.get(f"/v1/downlink{path}", headers={"Authorization": "none", **headers})
            assert answer.status_code == status, (what, answer.text)
    assert fetch(bench, device, "/registry", seq=2).status_code == 200


def test_a_revoked_device_gets_nothing(bench, device):
    bench.county.publish("registry", REGISTRY)
    bench.county.revoke(device.name, "stolen")

    assert (fetch(bench, device).status_code, fetch(bench, device).json()["error"]) == (403, "revoked")


def test_a_device_that_asks_too_often_waits_alone(bench, device):
    (other,) = bench.joined("KIOSK-8")
    codes = [fetch(bench, device).status_code for _ in range(door.ASKED + 2)]

    assert codes[: door.ASKED] == [200] * door.ASKED
    assert codes[-1] == 429
    assert fetch(bench, other).status_code == 200


# ------------------------------------------------------------------------------------------------- what


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("firmware", b"x", "publish registry"),
        ("rules-", b"x", "publish registry"),
        ("../registry", b"x", "publish registry"),
        ("registry", b"", "0 bytes"),
        ("rules-x", b"x" * (MAX_CONTENT + 1), "bytes"),
        ("registry", b"[[scale", "not TOML"),
        ("registry", b"\xff", "not TOML"),
        ("inspectors", b'[[inspector]]\nnumber = "123"\npin = "123456"\n', "no PIN"),
        ("inspectors", b'[[inspector]]\nnumber = "123"\nx = "$argon2id$v=19$"\n', "no PIN"),
        ("inspectors", b'[[inspector]]\nnumber = "123"\n[inspector.more]\npasswd = "a"\n', "no PIN"),
    ],
)
def test_what_cannot_be_meant_is_not_published(bench, device, name, content, words):
    with pytest.raises(BadDownlink, match=words):
        bench.county.publish(name, content)

    assert fetch(bench, device).json()["items"] == []


def test_an_appliance_is_offered_no_more_names_than_it_takes(bench, device):
    for number in range(MOST_NAMES):
        bench.county.publish(f"rules-{number}", b"x")

    with pytest.raises(BadDownlink, match="names"):
        bench.county.publish("registry", REGISTRY)
    assert len(fetch(bench, device).json()["items"]) == MOST_NAMES


def test_what_was_never_published_is_not_found(bench, device):
    assert fetch(bench, device, "/registry").status_code == 404
    assert fetch(bench, device, "/firmware").status_code == 400
