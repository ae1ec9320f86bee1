"""The whole way: a real ledger behind a core, the uploader, and the county's own gateway or a liar."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import zmq

from county_gateway.county import County, Settings
from county_gateway.errors import GatewayError
from firmware_app.ledger.county.contract import County as CountyCard
from firmware_app.ledger.county.contract import Enrolled, EnrolRequest
from firmware_app.ledger.errors import BadReceipt
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import messages
from firmware_app.service.client import CoreSilent
from firmware_app.upload.client import BadCountyUrl, CountyClient, EnrolmentRefused
from firmware_app.upload.enrol import enrol
from firmware_app.upload.loop import Uploader, Wait
from firmware_app.upload.process import Courier


class Core:
    """The core's side of the messages, upon a real ledger."""

    def __init__(self, ledger) -> None:
        self.ledger = ledger
        self.reports: list[messages.ReportDelivery] = []
        self.there = True

    def ask(self, command: messages.Command) -> messages.Reply:
        if not self.there:
            raise CoreSilent("not there")
        match messages.decode_command(messages.encode(command)):
            case messages.ReadEntries(after=after, limit=limit):
                lines = self.ledger.lines(after, limit)
                return messages.Entries(jws=lines, first_seq=after + 1, received=self.ledger.receipted)
            case messages.KeepReceipt(receipt=receipt):
                try:
                    self.ledger.keep_receipt(receipt)
                except BadReceipt as error:
                    return messages.Refused("bad_receipt", str(error))
                return messages.Ok()
            case messages.ShowHeld():
                return messages.Ok()
            case messages.ReportDelivery() as report:
                self.reports.append(report)
                return messages.Ok()
            case other:
                raise AssertionError(f"the uploader has no business with {other}")


class Bench:
    """An appliance that has joined a real county, which answers through the lying wire."""

    def __init__(self, tmp_path: Path, liar, lie, clock) -> None:
        self.county = County(Settings(data_dir=tmp_path / "county", county="天祝县"))
        self.liar, self.lie = liar, lie
        liar.answer = self.honest
        token = self.county.give_token(timedelta(hours=1))
        enrol(tmp_path / "data", liar.url, token, clock=clock, software="00", device="KIOSK-7")
        self.ledger = open_ledger(tmp_path / "data", clock=clock, software="00")
        self.core = Core(self.ledger)
        self.mind = Uploader(lambda: 0.0)
        self.client = CountyClient(liar.url)
        self.courier = Courier(self.core, self.client, self.mind, threading.Event())

    def honest(self, method: str, path: str, body: bytes):
        """What the gateway itself answers."""
        try:
            match path:
                case "/v1/enrol":
                    request = msgspec.json.decode(body, type=EnrolRequest)
                    return self.lie(body=msgspec.json.encode(self.county.enrol(request)))
                case "/v1/entries":
                    return self.lie(body=msgspec.json.encode(self.county.accept(body)))
                case _:
                    return self.lie(body=b'{"county":"c"}')
        except GatewayError as error:
            return self.lie(status=error.status, body=msgspec.json.encode(error.rejection()))

    def check(self, count: int = 1) -> None:
        for _ in range(count):
            self.ledger.append("self_check", {"verdict": "conforms"})

    def turns(self, limit: int = 60) -> None:
        """Until there is nothing to do but to wait a second."""
        for _ in range(limit):
            if isinstance(self.mind.next_action(), Wait):
                return
            self.courier.turn()
        raise AssertionError("it spins")

    def again(self) -> None:
        """Past one wait (of 0.1 s at most) and through what follows."""
        self.courier.turn()
        self.turns()

    @property
    def held(self) -> int:
        with self.county.store.reading() as store:
            return store.devices()[0].entries

    def close(self) -> None:
        self.client.close()
        self.ledger.close()
        self.county.close()


@pytest.fixture
def bench(tmp_path, liar, lie, still_clock, mocker):
    mocker.patch("firmware_app.upload.loop.SHORTEST_DELAY_S", 0.05)
    bench = Bench(tmp_path, liar, lie, still_clock)
    yield bench
    bench.close()


def test_everything_arrives_and_every_receipt_is_kept(bench):
    bench.check(70)

    bench.turns()

    assert bench.held == bench.ledger.receipted == 72
    assert bench.ledger.verify().receipted == 72
    assert bench.core.reports[-1] == messages.ReportDelivery(reachable=True)


LIES = {
    "server error": lambda lie, liar: lie(status=500),
    "captive portal": lambda lie, liar: lie(body=b"<html>", kind="text/html"),
    "redirect": lambda lie, liar: lie(status=302, headers={"Location": "http://login.example/"}),
    "not this county's receipt": lambda lie, liar: lie(
        body=msgspec.json.encode({"receipt": "a.b.c", "head": 9, "stored": 9, "known": 0})
    ),
    "asks for the future": lambda lie, liar: lie(status=409, body=b'{"error":"gap","expected":99}'),
    "refuses an entry": lambda lie, liar: lie(status=422, body=b'{"error":"bad_entry","seq":1}'),
    "fork": lambda lie, liar: lie(status=409, body=b'{"error":"fork","seq":1}'),
    "a stranger": lambda lie, liar: lie(status=403, body=b'{"error":"unknown_device"}'),
}


@pytest.mark.parametrize("name", LIES)
def test_no_lie_moves_the_cursor_and_every_one_is_said(bench, name):
    bench.check(3)
    bench.liar.answer = lambda *_: LIES[name](bench.lie, bench.liar)

    bench.turns()

    assert bench.ledger.receipted == 0
    assert bench.core.reports[-1].problem != ""


@pytest.mark.parametrize("name", sorted(set(LIES) - {"refuses an entry"}))
def test_after_a_lie_everything_arrives(bench, name):
    bench.check(3)
    bench.liar.answer = lambda *_: LIES[name](bench.lie, bench.liar)
    bench.turns()
    bench.liar.answer = bench.honest

    bench.again()

    assert bench.held == bench.ledger.receipted == 5
    assert bench.core.reports[-1] == messages.ReportDelivery(reachable=True)


def test_an_answer_lost_after_the_county_had_saved_doubles_nothing(bench):
    bench.check(3)

    def lost(method, path, body):
        bench.honest(method, path, body)
        return bench.lie(status=502)

    bench.liar.answer = lost
    bench.turns()
    assert (bench.held, bench.ledger.receipted) == (5, 0)
    bench.liar.answer = bench.honest

    bench.again()

    assert (bench.held, bench.ledger.receipted) == (5, 5)


def test_a_true_receipt_of_another_entry_is_not_taken_for_this_one(bench):
    bench.check()
    bench.turns()
    old = next(bench.ledger.receipt_lines())
    bench.check(2)
    bench.liar.answer = lambda *_: bench.lie(
        body=msgspec.json.encode({"receipt": old, "head": 9, "stored": 2, "known": 0})
    )

    bench.again()

    assert bench.ledger.receipted == 3
    assert bench.core.reports[-1].problem == "receipt_refused"


def test_a_county_restored_from_an_old_backup_gets_what_it_lost(bench, tmp_path):
    bench.check(3)
    bench.turns()
    database = tmp_path / "county" / "county.db"
    bench.county.close()
    with_wal = [*database.parent.glob("county.db*")]
    backup = tmp_path / "backup"
    backup.mkdir()
    for file in with_wal:
        shutil.copy(file, backup)
    bench.county = County(Settings(data_dir=tmp_path / "county", county="天祝县"))
    bench.check(4)
    bench.again()
    assert bench.held == 9
    bench.county.close()
    for file in database.parent.glob("county.db*"):
        file.unlink()
    for file in backup.iterdir():
        shutil.copy(file, database.parent)
    bench.county = County(Settings(data_dir=tmp_path / "county", county="天祝县"))
    assert bench.held == 5
    bench.check()

    bench.again()

    assert bench.held == bench.ledger.receipted == 10


def test_a_cloned_card_is_an_alarm_at_the_county(bench, tmp_path, still_clock):
    bench.check()
    bench.turns()
    bench.ledger.close()
    shutil.copytree(tmp_path / "data", tmp_path / "clone")
    bench.ledger = bench.core.ledger = open_ledger(tmp_path / "data", clock=still_clock, software="00")
    bench.check()
    bench.again()
    with open_ledger(tmp_path / "clone", clock=still_clock, software="00") as clone:
        clone.append("self_check", {"verdict": "does_not_conform"})
        courier = Courier(Core(clone), bench.client, mind := Uploader(lambda: 0.0), threading.Event())
        while not isinstance(mind.next_action(), Wait):
            courier.turn()

    assert mind.delivery.problem == "fork"
    with bench.county.store.reading() as store:
        (fork,) = store.forks(limit=10)
    assert (fork.device, fork.seq) == ("KIOSK-7", 4)


def test_a_silent_core_costs_nothing(bench):
    bench.check()
    bench.core.there = False
    bench.turns()
    assert bench.liar.requests[-1][1] == "/v1/enrol"
    bench.core.there = True

    bench.again()

    assert bench.ledger.receipted == 3


def test_the_core_hears_from_it_while_a_county_is_slow(bench, mocker):
    mocker.patch("firmware_app.upload.process.HEARTBEAT_S", 0.05)
    bench.turns()
    bench.check()
    said = len(bench.core.reports)

    def slow(method, path, body):
        time.sleep(0.4)
        return bench.honest(method, path, body)

    bench.liar.answer = slow
    bench.again()

    assert len(bench.core.reports) - said >= 4
    assert bench.ledger.receipted == 3


def test_a_county_that_never_lets_go_is_given_up(bench, mocker):
    mocker.patch("firmware_app.upload.process.HEARTBEAT_S", 0.05)
    mocker.patch("firmware_app.upload.process.GIVE_UP_S", 0.2)
    bench.check()
    bench.liar.answer = lambda *_: bench.lie(hang=True)

    bench.turns()

    assert bench.core.reports[-1] == messages.ReportDelivery(reachable=False, problem="timeout")


def test_enrolment_is_recorded_once_and_its_key_pinned(bench, tmp_path, still_clock):
    bench.ledger.close()
    token = bench.county.give_token(timedelta(hours=1))
    for _ in range(2):
        card = enrol(tmp_path / "data", bench.liar.url, token, clock=still_clock, software="00")

    with open_ledger(tmp_path / "data", clock=still_clock, software="00") as ledger:
        assert ledger.head_seq == 2
        assert ledger.county == card
        assert ledger.county.jwk.kid == bench.county.kid


def test_a_refused_enrolment_leaves_no_trace(bench, tmp_path, still_clock):
    with pytest.raises(EnrolmentRefused, match="bad_token"):
        enrol(tmp_path / "new", bench.liar.url, "t" * 24, clock=still_clock, software="00")

    with open_ledger(tmp_path / "new", clock=still_clock, software="00") as ledger:
        assert ledger.head_seq == 1
        assert ledger.county is None
    with pytest.raises(BadCountyUrl):
        enrol(tmp_path / "newer", "http://county.example", "t" * 24, clock=still_clock, software="00")
    assert not (tmp_path / "newer").exists()


class OneKey:
    """Signs with one key, whichever the county's record names."""

    def __init__(self, key: SoftwareKey) -> None:
        self._key = key

    def __getattr__(self, name: str) -> object:
        return getattr(self._key, name)

    def follow(self, _kid: str) -> None:
        return


def test_a_county_with_a_new_key_is_not_believed_until_it_is_joined(bench, tmp_path):
    stranger = OneKey(SoftwareKey.generate())
    bench.check()
    honest = bench.county._signer
    bench.county._signer = stranger
    bench.turns()
    assert bench.ledger.receipted == 0
    assert bench.core.reports[-1].problem == "receipt_refused"
    bench.county._signer = honest
    enrolled = Enrolled(county="天祝县", jwk=stranger.public_jwk)
    join_county(
        tmp_path / "data",
        bench.ledger,
        CountyCard(county=enrolled.county, url=bench.liar.url, jwk=enrolled.jwk),
    )
    bench.county._signer = stranger
    bench.again()

    assert bench.ledger.receipted == 4


def test_the_process_delivers_over_its_sockets_and_ends_when_told(bench):
    run_dir = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    router = zmq.Context.instance().socket(zmq.ROUTER)
    router.setsockopt(zmq.LINGER, 0)
    router.bind(messages.endpoint(run_dir, messages.CORE_SOCKET))
    bench.check(3)
    line = [
        sys.executable,
        "-m",
        "firmware_app.upload",
        "--run-dir",
        str(run_dir),
        "--county",
        bench.liar.url,
    ]
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL, env={**os.environ, "http_proxy": ""})
    try:
        told, end = False, time.monotonic() + 20
        while process.poll() is None and time.monotonic() < end:
            if router.poll(50):
                sender, request, body = router.recv_multipart()
                reply = bench.core.ask(messages.decode_command(body))
                router.send_multipart([sender, request, messages.encode(reply)])
            if bench.ledger.receipted == 5 and not told:
                told = True
                process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=1) == 0
    finally:
        process.kill()
        router.close()
        shutil.rmtree(run_dir)

    assert bench.held == bench.ledger.receipted == 5
