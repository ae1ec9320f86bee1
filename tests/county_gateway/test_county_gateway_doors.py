"""Who may join, what the pages show, what a slip is told, and that the API document is the kept one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from county_gateway import tables
from county_gateway.app import create_app
from county_gateway.county import Settings
from firmware_app.ledger.county.contract import enrol_proof
from firmware_app.ledger.entry import read_entry
from firmware_app.ledger.jose import sha256_hex
from firmware_app.ledger.signing.signer import SoftwareKey, open_key, seal
from firmware_app.ledger.slip.claim import TYP, make_slip, slip_text

OPENAPI = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


# ------------------------------------------------------------------------------------------- joining


def test_a_device_with_a_token_joins_and_learns_the_countys_key(bench, new_device, settings):
    device = new_device("KIOSK-7")

    answer = bench.enrol(device.request(bench.token()))

    assert answer.status_code == 200
    assert answer.json()["county"] == "天祝县"
    assert answer.json()["jwk"]["x"] == open_key(settings.data_dir / "county.key").public_jwk.x
    assert bench.client.get("/v1/devices").json()[0]["kid"] == device.key.kid


def test_an_answer_lost_on_the_way_may_be_asked_for_again(bench, new_device):
    device, token = new_device("KIOSK-7"), bench.token()

    answers = [bench.enrol(device.request(token)).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert len(bench.client.get("/v1/devices").json()) == 1


def test_a_token_lets_one_device_in(bench, new_device):
    token = bench.token()
    bench.enrol(new_device("KIOSK-1").request(token))

    answer = bench.enrol(new_device("KIOSK-2").request(token))

    assert (answer.status_code, answer.json()["error"]) == (403, "bad_token")
    assert len(bench.client.get("/v1/devices").json()) == 1


def test_a_used_token_does_not_change_a_devices_key(bench, new_device):
    token = bench.token()
    bench.enrol(new_device("KIOSK-1").request(token))

    answer = bench.enrol(new_device("KIOSK-1").request(token))

    assert (answer.status_code, answer.json()["error"]) == (409, "device_taken")


def test_a_new_token_does_not_change_a_devices_key_either(bench, new_device, device):
    answer = bench.enrol(new_device("KIOSK-7").request(bench.token()))

    assert (answer.status_code, answer.json()["error"]) == (409, "device_taken")


def test_one_key_is_one_device(bench, new_device, device):
    answer = bench.enrol(new_device("KIOSK-8", device.key).request(bench.token()))

    assert (answer.status_code, answer.json()["error"]) == (409, "device_taken")


def test_a_token_expires_but_not_for_the_device_it_let_in(bench, new_device):
    used, unused = bench.token(hours=1), bench.token(hours=1)
    device = new_device("KIOSK-1")
    bench.enrol(device.request(used))
    bench.clock.time += timedelta(hours=1)

    assert bench.enrol(new_device("KIOSK-2").request(unused)).json()["error"] == "bad_token"
    assert bench.enrol(device.request(used)).status_code == 200


def test_a_guessed_token_is_refused(bench, new_device):
    answer = bench.enrol(new_device().request("guessed-guessed-guessed"))

    assert (answer.status_code, answer.json()["error"]) == (403, "bad_token")


def test_a_refused_device_leaves_its_token_unused(bench, new_device, device):
    token = bench.token()
    bench.enrol(new_device("KIOSK-7").request(token))

    assert bench.enrol(new_device("KIOSK-8").request(token)).status_code == 200


def test_a_key_that_the_device_does_not_hold_is_refused(bench, new_device):
    device, other, token = new_device("KIOSK-7"), SoftwareKey.generate(), bench.token()
    lies = [
        {"jwk": other.public_jwk},
        {"proof": enrol_proof(other, "KIOSK-7", token)},
        {"proof": enrol_proof(device.key, "KIOSK-8", token)},
        {"proof": enrol_proof(device.key, "KIOSK-7", "another-token-altogether")},
        {"proof": "nonsense"},
    ]
    for lie in lies:
        answer = bench.enrol(device.request(token, **lie))
        assert (answer.status_code, answer.json()["error"]) == (403, "bad_proof"), lie
    assert bench.client.get("/v1/devices").json() == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"token":"x"}', b"[" * 5000])
def test_what_is_no_request_is_refused(bench, body):
    answer = bench.client.post("/v1/enrol", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_tokens_are_kept_hashed(bench):
    token = bench.token()

    with bench.county.store._engine.connect() as connection:
        kept = connection.execute(select(tables.tokens)).one()

    assert kept.hash == sha256_hex(token)
    assert token not in repr(kept)


# --------------------------------------------------------------------------------------------- slips


def slip_of(device, line: str) -> str:
    return slip_text(make_slip(device.key, read_entry(line, device.key.public_jwk)), "https://county.example")


def state(bench, text: str) -> dict:
    return bench.client.post("/v1/slips", json={"text": text}).json()


def test_a_slip_is_told_for_what_it_is(bench, device, new_device):
    line = device.check()
    slip = slip_of(device, line)

    assert state(bench, slip)["state"] == "on_its_way"
    bench.post(device.lines)
    assert state(bench, slip)["state"] == "genuine"
    assert state(bench, slip)["slip"]["scale"] == "TZ-1"
    changed = slip[:-3] + ("123" if slip[-3:] != "123" else "124")
    assert state(bench, changed)["state"] in ("forged", "not_a_slip")
    other = device.sign(2, device.hashes[1], "self_check", {"verdict": "conforms"})
    assert state(bench, slip_of(device, other))["state"] == "contradicts"
    stranger = new_device("KIOSK-9")
    assert state(bench, slip_of(stranger, stranger.check()))["state"] == "unknown_device"
    thief = new_device("KIOSK-7")
    assert state(bench, slip_of(thief, thief.check()))["state"] == "forged"
    assert state(bench, "hello")["state"] == "not_a_slip"


def test_a_forged_slip_is_not_repeated(bench, device):
    forged = seal(SoftwareKey.generate(), TYP, b'{"device":"KIOSK-7","seq":1,"entry":"' + b"0" * 64 + b'"}')

    assert state(bench, f"STEELYARD1:{forged}").get("slip") is None


# --------------------------------------------------------------------------------------------- pages


def test_the_page_shows_devices_verdicts_and_alarms(bench, device):
    device.check("does_not_conform")
    bench.post(device.lines)
    bench.post([device.sign(2, device.hashes[1], "self_check", {"other": 1})])

    page = bench.client.get("/").text

    for words in (
        "设备",
        "Devices",
        "KIOSK-7",
        device.key.kid,
        "不符合(建议送检)",
        "does not conform",
        "警报",
    ):
        assert words in page
    for never in ("检定合格", "校准证书"):
        assert never not in page


def test_what_a_device_writes_is_shown_as_text(bench, new_device):
    (device,) = bench.joined("KIOSK-7")
    device.append("note", {"verdict": "<script>alert(1)</script>"})
    bench.post(device.lines)

    answer = bench.client.get("/")

    assert "<script>alert" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_page_style_and_script_are_served_from_here(bench):
    slip = bench.client.get("/slip").text

    assert 'src="/static/slip.js"' in slip
    for path in ("/static/slip.js", "/static/county.css"):
        assert bench.client.get(path).status_code == 200
    assert bench.client.get("/static/../app.py").status_code == 404


def test_unknown_doors_are_refused_as_json(bench):
    assert bench.client.get("/v1/secret").json() == {"error": "not_found", "why": "Not Found"}
    assert bench.client.delete("/v1/entries").json()["error"] == "not_allowed"


def test_somebody_who_asks_too_often_has_to_wait(tmp_path):
    settings = Settings(data_dir=tmp_path, requests_per_minute=3)
    with TestClient(create_app(settings)) as client:
        answers = [client.get("/v1/alive") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["error"] == "too_often"


def test_the_kept_api_document_is_the_served_one(bench):
    served = bench.client.get("/schema/openapi.json").json()

    assert json.loads(OPENAPI.read_text(encoding="utf-8")) == served, (
        "write it anew: python -m county_gateway.openapi > docs/openapi.json"
    )


def test_the_api_document_names_every_door(bench):
    paths = bench.client.get("/schema/openapi.json").json()["paths"]

    desk = {
        "alarms", "alarms/{number}/seen", "audit", "complaints", "complaints/{number}", "days", "devices",
        "devices/{device}", "devices/{device}/chart", "entries", "entries/{number}", "overdue", "recalls",
        "recalls/{number}", "verdicts",
    }  # fmt: skip
    assert set(paths) == {
        "/v1/alive", "/v1/enrol", "/v1/entries", "/v1/devices", "/v1/forks", "/v1/slips", "/v1/shelf",
        "/v1/times", "/v1/downlink", "/v1/downlink/{name}", "/log/checkpoint", "/log/tile/{path}",
        *(f"/v1/desk/{name}" for name in desk),
    }  # fmt: skip
    assert "application/x-ndjson" in paths["/v1/entries"]["post"]["requestBody"]["content"]
