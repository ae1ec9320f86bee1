"""What the county says to an appliance whose disk is older than it, or one of two; and the list of keys."""

from __future__ import annotations

import json

import msgspec
import pytest
from typer.testing import CliRunner

from county_gateway.county import County
from firmware_app.cli.main import app
from firmware_app.ledger.county.key_list import key_for
from firmware_app.ledger.entry import read_entry
from firmware_app.ledger.errors import BadFormat, WrongKey
from firmware_app.ledger.slip.claim import make_slip, slip_text


def test_a_device_behind_what_the_county_holds_is_shown_it(bench, device):
    device.check()
    device.check("undecided")
    assert "held" not in bench.post(device.lines).json()

    answer = bench.post(device.lines[1:2]).json()

    assert (answer["known"], answer["head"]) == (1, 3)
    assert answer["held"] == device.lines[2], "its own word, which it can verify itself"


def test_a_device_that_has_all_is_shown_nothing(bench, device):
    device.check()
    bench.post(device.lines)
    assert "held" not in bench.post(device.lines[1:]).json()


def test_a_fork_is_answered_with_the_entry_that_proves_it(bench, device):
    device.check()
    bench.post(device.lines)

    other = device.sign(2, device.hashes[1], "self_check", {"verdict": "undecided"})
    same_number = bench.post([other])
    upon_it = device.sign(3, device.last_hash, "note", {})
    next_number = bench.post([upon_it])

    for answer in (same_number, next_number):
        assert (answer.status_code, answer.json()["error"]) == (409, "fork")
        assert answer.json()["held"] == device.lines[1]
    assert read_entry(device.lines[1], device.key.public_jwk).seq == 2


# --------------------------------------------------------------------------------------------- times


def test_the_county_bounds_when_entries_were_really_written(bench, device):
    bench.post(device.lines)
    (first,) = times(bench, device=device.name)["items"]
    assert first["earliest"] == "2026-03-01T08:00:59+08:00", "stamped by a clock that was synchronised"
    assert first["latest"] == "2026-03-01T08:01:01+08:00" and first["contradiction"] is False

    device.check()
    bench.post(device.lines)

    page = times(bench, device=device.name, after=1, limit=1)
    assert ([item["seq"] for item in page["items"]], page["next"]) == ([2], 2)
    assert page["items"][0]["contradiction"], "a minute by the clock, a nanosecond by the uptime"
    assert times(bench, device="nobody") == {"items": [], "next": None}


def times(bench, **asked: object) -> dict:
    return bench.client.get("/v1/times", params=asked).json()


def test_an_entry_from_the_future_is_told_as_a_contradiction(bench, device):
    bench.clock.time = bench.clock.time.replace(year=2020)
    bench.post(device.lines)

    (item,) = bench.client.get("/v1/times", params={"device": device.name}).json()["items"]

    assert item["contradiction"] is True


# ------------------------------------------------------------------------------------------ key list


def slip_of(device) -> str:
    return slip_text(make_slip(device.key, read_entry(device.check(), device.key.public_jwk)), None)


def test_a_slip_is_checked_by_the_countys_list_of_keys(bench, device):
    other = bench.joined("KIOSK-8")[0]
    lines = bench.county.key_list().splitlines()

    for each in (device, other):
        key, county = key_for(slip_of(each), lines, bench.county.kid)
        assert (key.device, key.jwk, key.trusted) == (each.name, each.key.public_jwk, True)
        assert county.kid == bench.county.kid


def test_a_key_that_was_revoked_is_told(bench, device):
    bench.county.revoke(device.name, "stolen")
    key, _ = key_for(slip_of(device), bench.county.key_list().splitlines())
    assert not key.trusted


def test_a_list_of_another_county_or_with_a_foreign_line_is_refused(
    bench, device, settings, tmp_path, new_device
):
    lines = bench.county.key_list().splitlines()
    county = County(msgspec.structs.replace(settings, data_dir=tmp_path / "b", database=None))
    foreign = county.key_list().splitlines()
    county.close()

    with pytest.raises(WrongKey, match="of county key"):
        key_for(slip_of(device), lines, "A" * 43)
    with pytest.raises((BadFormat, WrongKey)):
        key_for(slip_of(device), [foreign[0], *lines[1:]])
    with pytest.raises(BadFormat):
        key_for(slip_of(device), [lines[0], lines[1][:-4] + "AAAA"])
    with pytest.raises(WrongKey, match="newer list"):
        key_for(slip_of(new_device("KIOSK-9")), lines)


def test_a_slip_is_verified_on_the_command_line_by_the_list_alone(bench, device, tmp_path):
    slip, keys = slip_of(device), tmp_path / "keys.ndjson"
    keys.write_text(bench.county.key_list(), encoding="ascii")

    def verify(*more: str):
        return CliRunner().invoke(app, ["slip", "verify", slip, "--key", str(keys), *more])

    good = verify("--county-kid", bench.county.kid, "--json")
    assert (good.exit_code, json.loads(good.stdout)["genuine"]) == (0, True)
    assert "(compare it)" in verify().output.replace("\n", " ")
    assert verify("--county-kid", "A" * 43).exit_code == 1
    bench.county.revoke(device.name, "stolen")
    keys.write_text(bench.county.key_list(), encoding="ascii")
    assert "has revoked" in verify().output.replace("\n", " ")
