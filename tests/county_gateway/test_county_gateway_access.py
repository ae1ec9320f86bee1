"""Who may ask: tokens, roles, their end, how often, how slowly; and that nothing secret is logged."""

from __future__ import annotations

import base64
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from litestar.testing import TestClient
from sqlalchemy import select

from county_gateway import tables
from county_gateway.access import PREFIX
from county_gateway.app import create_app
from county_gateway.doors import gate
from county_gateway.errors import TooOften
from county_gateway.rates import MOST_NAMES, Rate
from firmware_app.ledger.jose import sha256_hex

GUARDED = (
    "/", "/v1/devices", "/v1/entries", "/v1/forks", "/v1/times?device=K", "/v1/desk/verdicts",
    "/v1/desk/entries", "/v1/desk/entries/1", "/v1/desk/complaints", "/v1/desk/complaints/1",
    "/v1/desk/recalls", "/v1/desk/recalls/1", "/v1/desk/devices", "/v1/desk/devices/K",
    "/v1/desk/devices/K/chart", "/v1/desk/days", "/v1/desk/overdue", "/v1/desk/alarms", "/v1/desk/audit",
)  # fmt: skip
OPEN = {"/v1/alive", "/v1/enrol", "/v1/shelf", "/v1/slips", "/log/checkpoint", "/log/tile/{path}"}
BY_DEVICE_KEY = {"/v1/downlink", "/v1/downlink/{name}"}


@pytest.fixture
def stranger(bench):
    del bench.client.headers["Authorization"]
    return bench


def asked(bench, token: str, path: str = "/v1/devices"):
    return bench.client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_token_nobody_sees_anything(stranger, path):
    answer = stranger.client.get(path)

    assert (answer.status_code, answer.json()["error"]) == (401, "not_logged_in")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_every_door_says_whom_it_is_for_and_means_it(stranger):
    document = stranger.client.get("/schema/openapi.json").json()

    for path, methods in document["paths"].items():
        for method, door in methods.items():
            schemes = {name for each in door.get("security", []) for name in each}
            # A device's batch is signed line by line; everything else that shows the record asks who asks.
            expected = (
                set()
                if path in OPEN or (path, method) == ("/v1/entries", "post")
                else {"device"}
                if path in BY_DEVICE_KEY
                else {"token", "password"}
            )
            assert schemes == expected, (path, method)
    guarded = {re.sub(r"\?.*", "", path) for path in GUARDED} - {"/"}
    named = {re.sub(r"/1$", "/{number}", path).replace("/K", "/{device}") for path in guarded}
    assert {
        path
        for path, methods in document["paths"].items()
        if path not in OPEN | BY_DEVICE_KEY and "get" in methods
    } == named


def test_a_token_lets_in_by_bearer_and_by_password(stranger):
    token = stranger.access("reader")
    basic = base64.b64encode(f"anybody:{token}".encode()).decode()

    assert asked(stranger, token).status_code == 200
    assert stranger.client.get("/", headers={"Authorization": f"Basic {basic}"}).status_code == 200
    for wrong in (f"Basic {token}", "Basic %%%", f"Digest {token}", token, f"Bearer {token}x", "Bearer "):
        stranger.client.get("/v1/alive")
        answer = stranger.client.get("/v1/devices", headers={"Authorization": wrong})
        assert answer.status_code == 401, wrong


def test_a_token_ends_by_its_day_and_by_command(bench):
    short, long = bench.access("short", days=1), bench.access("long", days=30)
    assert [asked(bench, token).status_code for token in (short, long)] == [200, 200]

    bench.clock.time += timedelta(days=1)
    assert [asked(bench, token).status_code for token in (short, long)] == [401, 200]
    bench.county.revoke_access("long")
    assert asked(bench, long).status_code == 401


def test_a_name_is_about_one_person_for_ever(bench):
    bench.access("li.ming")
    bench.county.revoke_access("li.ming")

    for name in ("li.ming", "command", "", "a b", "x" * 65, "\u202e"):
        with pytest.raises(Exception, match="name"):
            bench.access(name)


def test_only_the_hash_of_a_token_is_kept(bench):
    token = bench.access("reader")

    assert token.startswith(PREFIX)
    with bench.county.store._engine.connect() as connection:
        kept = connection.execute(select(tables.access).where(tables.access.c.name == "reader")).one()
        everything = repr(connection.execute(select(tables.audit)).all())
    assert kept.hash == sha256_hex(token)
    assert token not in repr(kept) + everything


def test_a_reader_reads_and_an_officer_does(bench):
    reader = bench.access("reader")

    assert asked(bench, reader, "/v1/desk/alarms").status_code == 200
    answer = asked(bench, reader, "/v1/desk/audit")
    assert (answer.status_code, answer.json()["error"]) == (403, "not_allowed_to")
    seen = bench.client.post("/v1/desk/alarms/1/seen", json={}, headers={"Authorization": f"Bearer {reader}"})
    assert seen.status_code == 403


def test_what_is_done_by_command_stands_in_the_audit(bench):
    bench.access("reader")
    bench.county.revoke_access("reader")
    bench.county.publish("rules-x", b"opaque")

    lines = bench.client.get("/v1/desk/audit", params={"limit": 3}).json()
    assert [(each["who"], each["did"]) for each in lines["items"]] == [
        ("command", "published"),
        ("command", "access_revoked"),
        ("command", "access_created"),
    ]
    rest = bench.client.get("/v1/desk/audit", params={"limit": 3, "after": lines["next"]}).json()
    assert [each["what"] for each in rest["items"]] == ["desk as officer"]


# ------------------------------------------------------------------------------------------------ bounds


def test_guessing_is_stopped_before_a_token_is_looked_at(bench):
    good = bench.access("reader")
    codes = [asked(bench, f"{PREFIX}{'x' * 43}").status_code for _ in range(gate.GUESSES + 2)]

    assert codes == [401] * gate.GUESSES + [429, 429]
    stopped = asked(bench, good)
    # Whoever sits behind the same address waits too: the right token does not tell that it is right.
    assert (stopped.status_code, stopped.json()["error"]) == (429, "too_often")
    assert int(stopped.headers["Retry-After"]) >= 1


def test_a_token_that_asks_too_often_waits_alone(bench, mocker):
    mocker.patch.multiple(gate, ASKED=3, ASKED_A_MINUTE=0.1)
    with TestClient(create_app(bench.county_settings)) as client:
        first, second = bench.access("one"), bench.access("two")

        def ask(token: str) -> int:
            return client.get("/v1/devices", headers={"Authorization": f"Bearer {token}"}).status_code

        assert [ask(first) for _ in range(5)] == [200, 200, 200, 429, 429]
        assert ask(second) == 200


def test_a_rate_refills_with_time_and_forgets_the_longest_silent():
    rate = Rate(per_minute=60, burst=2, words="slow down")
    rate.take("a", 0.0), rate.take("a", 0.0)
    with pytest.raises(TooOften) as refused:
        rate.take("a", 0.0)
    assert refused.value.retry_s == 1
    rate.take("a", 1.0)
    with pytest.raises(TooOften):
        rate.take("a", 1.5)
    # A clock that stands still or goes back gives nothing.
    with pytest.raises(TooOften):
        rate.take("a", 0.0)

    for number in range(MOST_NAMES + 10):
        rate.take(f"n{number}", 2.0)
    assert len(rate._left) == MOST_NAMES


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/entries", "application/x-ndjson"),
        ("/v1/slips", "application/json"),
        ("/v1/enrol", "application/json"),
        ("/v1/shelf", "application/json"),
        ("/v1/desk/alarms/1/seen", "application/json"),
    ],
)
def test_every_body_is_bounded(bench, path, kind):
    answer = bench.client.post(path, content=b"x" * ((1 << 20) + 1), headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_body_that_drips_is_cut_off(settings, mocker):
    mocker.patch.object(gate, "BODY_S", 0.4)
    config = uvicorn.Config(create_app(settings), log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=20) as line:
            line.sendall(
                b"POST /v1/entries HTTP/1.1\r\nHost: c\r\nContent-Type: application/x-ndjson\r\n"
                b"Content-Length: 1000\r\n\r\nabc"
            )
            begun = time.monotonic()
            answer = line.recv(65536)
            took = time.monotonic() - begun
    finally:
        server.should_exit = True
        thread.join(timeout=20)
    assert answer.startswith(b"HTTP/1.1 408")
    assert took < 10


# --------------------------------------------------------------------------------------------------- log


def test_no_secret_is_logged(bench, new_device, caplog):
    caplog.set_level(logging.DEBUG)
    token, device = bench.token(), new_device("KIOSK-1")
    access = bench.access("reader")
    bench.enrol(device.request(token))
    bench.enrol(device.request("guessed-guessed-guessed"))
    line = device.check()
    bench.post(device.lines)
    bench.post(device.lines[1:], headers={"Authorization": "Bearer secret-in-the-wrong-place"})
    asked(bench, access)
    asked(bench, access, "/v1/desk/verdicts?scale=TZ-1")
    asked(bench, f"{PREFIX}{'y' * 43}")
    bench.client.post("/v1/slips", json={"text": "STEELYARD1:secret.slip.text"})
    bench.client.get("/v1/downlink", headers={"Authorization": "Steelyard secret-ask"})
    bench.county.rotate_key()

    # What the client of the test itself logs is not the gateway's.
    said = "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert "reader: /v1/devices" in said
    for secret in (
        token, access, "guessed-guessed", "secret-in-the-wrong-place", "y" * 43, "secret.slip", "secret-ask",
        line, line.split(".")[1], "scale=TZ-1",
    ):  # fmt: skip
        assert secret not in said
    key = (bench.county_settings.data_dir / "county.key").read_text()
    assert re.search(r'"d":"([^"]+)"', key)[1] not in said


def test_tokens_are_made_listed_and_revoked_by_command(tmp_path):
    def run(*words: str) -> str:
        line = [sys.executable, "-m", "county_gateway", *words, "--data", str(tmp_path)]
        done = subprocess.run(line, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        assert done.returncode == 0, done.stderr
        return done.stdout

    token = run("access", "create", "li.ming", "--role", "officer", "--days", "7").strip()
    listed = run("access", "list")
    run("access", "revoke", "li.ming")

    assert token.startswith(PREFIX) and token not in listed
    assert "li.ming\tofficer\tuntil" in listed
    assert "revoked" in run("access", "list")
