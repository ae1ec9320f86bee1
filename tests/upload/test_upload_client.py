"""One request, one outcome: whatever answers in the county's place is told from the county."""

from __future__ import annotations

import socket
import time

import pytest

from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.upload import client as client_module
from firmware_app.upload.client import BadCountyUrl, CountyClient, EnrolmentRefused, county_url
from firmware_app.upload.outcome import Delivered, EntryRefused, Failed, Missing, Reached, Trouble

LINES = ("line one", "line two")
HTML = b"<html><title>Welcome to Market WiFi</title></html>"


@pytest.fixture
def client(liar):
    client = CountyClient(liar.url)
    yield client
    client.close()


def test_a_batch_goes_out_one_entry_a_line(client, liar, lie):
    liar.answer = lambda *_: lie(body=b'{"receipt":"r","head":2,"stored":2,"known":0}')

    assert client.send(LINES) == Delivered("r")
    assert liar.requests == [("POST", "/v1/entries", b"line one\nline two\n")]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": 409, "body": b'{"error":"gap","expected":7}'}, Missing(7)),
        ({"status": 409, "body": b'{"error":"fork","seq":3}'}, Failed(Trouble.FORK)),
        ({"status": 422, "body": b'{"error":"bad_entry","seq":4,"why":"no"}'}, EntryRefused(4, "no")),
        ({"status": 400, "body": b'{"error":"bad_batch","why":"no device"}'}, EntryRefused(0, "no device")),
        ({"status": 413, "body": b'{"error":"too_large"}'}, Failed(Trouble.TOO_LARGE)),
        ({"status": 413, "body": HTML, "kind": "text/html"}, Failed(Trouble.TOO_LARGE)),
        ({"status": 403, "body": b'{"error":"unknown_device"}'}, Failed(Trouble.NOT_ENROLLED)),
        ({"status": 500, "body": b'{"error":"failed"}'}, Failed(Trouble.SERVER_ERROR)),
        ({"status": 502, "body": HTML, "kind": "text/html"}, Failed(Trouble.SERVER_ERROR)),
        ({"status": 503, "headers": {"Retry-After": "30"}}, Failed(Trouble.BUSY, 30.0)),
        ({"status": 429, "headers": {"Retry-After": "-5"}}, Failed(Trouble.BUSY)),
        ({"status": 429, "headers": {"Retry-After": "99999999999"}}, Failed(Trouble.BUSY)),
        ({"status": 503, "headers": {"Retry-After": "Fri, 31 Dec 1999"}}, Failed(Trouble.BUSY)),
        ({"body": HTML, "kind": "text/html"}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": HTML}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b""}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b"{}"}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b'{"receipt":7,"head":2,"stored":2,"known":0}'}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b'{"more":' + b"[" * 30_000}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b"\xff" * 100}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"body": b" " * 70_000}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"status": 302, "headers": {"Location": "http://login.example/"}}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"status": 404, "body": HTML, "kind": "text/html"}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"status": 409, "body": HTML, "kind": "text/html"}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"status": 409, "body": b'{"error":"gap"}'}, Failed(Trouble.SERVER_ERROR)),
        ({"status": 511, "body": HTML, "kind": "text/html"}, Failed(Trouble.CAPTIVE_PORTAL)),
        ({"status": 407, "body": HTML, "kind": "text/html"}, Failed(Trouble.PROXY)),
    ],
)
def test_every_answer_is_told_for_what_it_is(client, liar, lie, answer, outcome):
    liar.answer = lambda *_: lie(**answer)

    assert client.send(LINES) == outcome
    assert len(liar.requests) == 1, "nothing is followed or repeated behind the loop's back"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_answer_that_says_to_be_packed_is_no_trap(client, liar, lie, coding):
    liar.answer = lambda *_: lie(body=b"\x1f\x8b not packed at all", headers={"Content-Encoding": coding})

    assert isinstance(client.send(LINES), Failed)


def test_nobody_there_is_no_network(liar):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = CountyClient(f"http://127.0.0.1:{taken.getsockname()[1]}")

        assert client.send(LINES) == Failed(Trouble.NO_NETWORK)
        assert client.knock() == Failed(Trouble.NO_NETWORK)


def test_a_county_that_never_answers_is_a_timeout(client, liar, lie, mocker):
    mocker.patch.object(client_module, "READ_S", 0.2)
    liar.answer = lambda *_: lie(hang=True)

    assert client.send(LINES) == Failed(Trouble.TIMEOUT)


def test_an_answer_that_drips_is_a_timeout_too(client, liar, lie, mocker):
    mocker.patch.object(client_module, "WHOLE_S", 0.3)
    mocker.patch.object(client_module, "READ_S", 0.2)
    liar.answer = lambda *_: lie(body=b" " * 200, drip_s=0.05)
    began = time.monotonic()

    assert client.send(LINES) == Failed(Trouble.TIMEOUT)
    assert time.monotonic() - began < 3.0


def test_tls_that_is_none_is_a_certificate_trouble_or_no_network(liar):
    client = CountyClient(liar.url.replace("http://", "https://"))

    assert client.send(LINES).trouble in (Trouble.CERTIFICATE, Trouble.NO_NETWORK)


def test_a_knock_asks_for_the_county_and_not_for_any_page(client, liar, lie):
    liar.answer = lambda *_: lie(body=b'{"county":"c"}')
    assert client.knock() == Reached()
    liar.answer = lambda *_: lie(body=HTML, kind="text/html")
    assert client.knock() == Failed(Trouble.CAPTIVE_PORTAL)
    liar.answer = lambda *_: lie(status=500)
    assert client.knock() == Failed(Trouble.SERVER_ERROR)


def test_proxies_of_the_environment_do_not_steer_the_record(client, liar, lie, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    liar.answer = lambda *_: lie(body=b'{"county":"c"}')

    assert client.knock() == Reached()


def test_a_refused_enrolment_says_why(client, liar, lie):
    key = SoftwareKey.generate()
    request = EnrolRequest(token="t" * 20, device="K", jwk=key.public_jwk, proof="")
    liar.answer = lambda *_: lie(status=403, body=b'{"error":"bad_token","why":"expired"}')
    with pytest.raises(EnrolmentRefused, match="bad_token: expired"):
        client.enrol(request)
    liar.answer = lambda *_: lie(body=HTML, kind="text/html")
    with pytest.raises(EnrolmentRefused, match="HTTP 200"):
        client.enrol(request)


@pytest.mark.parametrize(
    "url",
    ["", "county.example", "ftp://county.example", "http://county.example", "http://10.0.0.1:80", "https://",
     "https://county.example/?a=1", "https://county.example/#x", "https://user:pw@county.example",
     "file:///etc/passwd", "http://localhost.evil.example"],
)  # fmt: skip
def test_an_address_that_cannot_be_trusted_is_refused(url):
    with pytest.raises(BadCountyUrl):
        county_url(url)


@pytest.mark.parametrize(
    "url", ["https://county.example", "https://county.example/path/", "http://127.0.0.1:8765"]
)
def test_an_address_that_can_is_taken(url):
    assert county_url(url) == url.rstrip("/")
