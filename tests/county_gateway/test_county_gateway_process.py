"""`steelyard gateway` as a process: says where it is, serves, and keeps what it receipted through a kill."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from unittest.mock import ANY

import pytest

from county_gateway.doors.admission import DELIVERING
from firmware_app.ledger.county.contract import ENTRIES_TYPE, EnrolRequest
from firmware_app.upload.client import CountyClient
from firmware_app.upload.outcome import Delivered, EntryRefused, Failed, Reached, Trouble

STEELYARD = [sys.executable, "-m", "firmware_app.cli.main", "gateway"]


@pytest.fixture
def serve(tmp_path):
    """Starts a gateway upon the same data; gives the process and its address."""
    started = []

    def start() -> tuple[subprocess.Popen, str]:
        line = [*STEELYARD, "serve", "--data", str(tmp_path / "county"), "--port", "0", "--json"]
        ready = ["--ready-file", str(tmp_path / "ready.json")]
        process = subprocess.Popen(
            [*line, *ready], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(process)
        url = json.loads(process.stdout.readline())["url"]
        assert json.loads((tmp_path / "ready.json").read_text()) == {"url": url}
        return process, url

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=10)


def test_a_device_joins_delivers_and_finds_it_all_after_a_kill(serve, tmp_path, new_device):
    process, url = serve()
    line = [*STEELYARD, "token", "--data", str(tmp_path / "county")]
    token = subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
    device = new_device("KIOSK-7")
    request: EnrolRequest = device.request(token)
    county = CountyClient(url)
    assert county.knock() == Reached()
    enrolled = county.enrol(request)
    device.check()
    receipt = county.send(tuple(device.lines))
    assert isinstance(receipt, Delivered)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)

    again, url = serve()
    county = CountyClient(url)

    assert county.enrol(request) == enrolled
    assert county.send(tuple(device.lines)) == receipt
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=10) in (0, -signal.SIGTERM)


def test_a_port_that_is_taken_is_said(serve, tmp_path):
    _, url = serve()
    port = url.rsplit(":", 1)[1]

    line = [*STEELYARD, "serve", "--data", str(tmp_path / "other"), "--port", port]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 3
    assert "cannot serve" in done.stderr


@pytest.mark.parametrize("command", ["serve", "token", "revoke", "replace", "rotate-key", "move"])
def test_every_command_of_the_county_has_an_example(command):
    done = subprocess.run([*STEELYARD, command, "--help"], capture_output=True, text=True)

    assert done.returncode == 0
    assert f"Example: steelyard gateway {command}" in " ".join(done.stdout.split())


def test_a_gateway_takes_no_more_at_once_than_it_can_answer_in_time(serve):
    _, url = serve()
    began = time.monotonic()
    host, port = url.removeprefix("http://").split(":")
    inside = [socket.create_connection((host, int(port))) for _ in range(DELIVERING)]
    for connection in inside:
        # A body that does not come: the request stands in the house and does nothing.
        connection.sendall(
            f"POST /v1/entries HTTP/1.1\r\nHost: c\r\nContent-Type: {ENTRIES_TYPE}\r\n"
            "Content-Length: 9\r\n\r\n".encode()
        )
    county = CountyClient(url)
    while (outcome := county.send(("x" * 700_000,))) == EntryRefused(0, ANY):
        # Not all of them have come in yet.
        assert time.monotonic() < began + 20

    for connection in inside:
        connection.close()
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.BUSY, "told, and not found a broken connection"
    assert 1 <= outcome.retry_after_s <= 3
    assert county.knock() == Reached()
