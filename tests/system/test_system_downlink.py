"""From `publish` at the county to the next start of the core: gateway, client, fetcher and core."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import uvicorn

from county_gateway.app import create_app
from county_gateway.county import County, Settings
from firmware_app.ledger.county.contract import County as Card
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.home import join_county, read_ledger
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.identity import software_hash
from firmware_app.upload.client import CountyClient
from firmware_app.upload.fetch import LONGEST_S, Fetcher
from firmware_app.upload.outcome import Failed, NothingNew, Trouble

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
REGISTRY = b'[[stall]]\ncode = "Z-99"\n'


class World:
    """A county that serves, and an appliance beside it; time is handed in."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sd", dir="/tmp"))
        (self.root / "run").mkdir()
        (self.root / "steelyard.toml").write_text(
            f"""
            registry = "{DEMO / "registry.toml"}"
            weights = "{DEMO / "weights.toml"}"
            [device]
            id = "T-1"
            data_dir = "data"
            run_dir = "run"
            [pan]
            driver = "simulated"
            calibration = "{DEMO / "pan.toml"}"
            """,
            encoding="utf-8",
        )
        settings = Settings(data_dir=self.root / "county", county="天祝县")
        self.county = County(settings)
        self._server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.client = CountyClient(self.url)
        self._measured = patch("firmware_app.service.core.measured_software", software_hash)
        self._measured.start()
        self.core = Core(load(self.root / "steelyard.toml"))
        self.now = 0.0
        self.fetcher = Fetcher(self.client, self.root / "run", lambda: self.now, lambda: 0.5)
        self._join()

    def _join(self) -> None:
        ledger = self.core._ledger
        token = self.county.give_token(timedelta(hours=1))
        proof = ledger.enrol_proof(token)
        enrolled = self.client.enrol(
            EnrolRequest(token=token, device=ledger.device, jwk=ledger.key, proof=proof)
        )
        join_county(self.root / "data", ledger, Card(county=enrolled.county, url=self.url, jwk=enrolled.jwk))

    def look(self) -> None:
        self.now += LONGEST_S
        self.fetcher.look(self.obey, lambda errand, within: errand())

    def obey(self, command):
        return self.core._obey(command, time.monotonic_ns())

    def restart(self) -> None:
        self.core.close()
        self.core = Core(load(self.root / "steelyard.toml"))

    @property
    def stalls(self) -> list[str]:
        return [stall.code for stall in self.core._context().registry.stalls]

    def trail(self, kind: str) -> list[dict]:
        with read_ledger(self.root / "data") as ledger:
            return [entry.payload.body for entry in ledger.of_kind(kind, 0)]

    def close(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self.county.close()
        self.core.close()
        self._measured.stop()
        shutil.rmtree(self.root)


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def test_what_the_county_publishes_is_in_use_after_the_next_start(world):
    world.county.publish("registry", REGISTRY)
    world.look()
    world.restart()

    assert world.stalls == ["Z-99"]
    (taken,) = world.trail("downlink_taken")
    assert taken["name"] == "registry"

    # Once more to the old one: what goes back is a new version.
    world.county.publish("registry", (DEMO / "registry.toml").read_bytes())
    world.look()
    world.restart()
    assert "Z-99" not in world.stalls
    assert [each["old"] for each in world.trail("downlink_taken")] == [None, taken["sha256"]]


def test_what_did_not_change_is_not_sent_again(world):
    world.county.publish("registry", REGISTRY)
    world.look()
    ask = world.core._ledger.ask_county(world.county.kid)
    offers, tag = world.client.offers(ask, "")

    assert [each.name for each in offers.items] == ["registry"]
    assert isinstance(world.client.offers(ask, tag), NothingNew)
    world.look()
    assert len(world.trail("downlink_taken")) == 1


def test_what_the_appliance_cannot_use_is_said_in_its_record_and_harms_nothing(world):
    before = world.stalls
    world.county.publish("registry", b'[[stall]]\ncode = "A"\nwrong = 1\n')
    world.look()
    world.look()

    (refused,) = world.trail("downlink_refused")
    assert "wrong" in refused["why"]
    world.restart()
    assert world.stalls == before


def test_an_ask_of_nobody_is_told_as_not_enrolled(world):
    world.county.publish("registry", REGISTRY)

    for answer in (world.client.offers("a.b.c", ""), world.client.fetch("a.b.c", "registry")):
        assert answer == Failed(Trouble.NOT_ENROLLED)


def test_a_large_file_arrives_whole(world):
    rows = "".join(f'[[stall]]\ncode = "L-{number}"\n' for number in range(20_000))
    world.county.publish("registry", rows.encode())

    world.look()

    assert len(world.trail("downlink_taken")) == 1
    assert (world.root / "data" / "downlink").is_dir()
