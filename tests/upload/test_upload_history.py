"""The whole way: a disk put back or cloned, the real uploader and county, and what the core then knows."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta

import msgspec
import pytest

from county_gateway.county import County, Settings
from county_gateway.errors import GatewayError
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.jose import b64url_decode
from firmware_app.service import messages
from firmware_app.service.watches.history import BROKEN, HistoryWatch
from firmware_app.upload.client import CountyClient
from firmware_app.upload.enrol import enrol
from firmware_app.upload.loop import Uploader, Wait
from firmware_app.upload.process import Courier


class Core:
    """The core's side of the messages, with its watch over its own history."""

    def __init__(self, ledger) -> None:
        self.ledger, self.watch = ledger, HistoryWatch(ledger, None)

    def ask(self, command: messages.Command) -> messages.Reply:
        match command:
            case messages.ReadEntries(after=after, limit=limit):
                lines = self.ledger.lines(after, limit)
                return messages.Entries(jws=lines, first_seq=after + 1, received=self.ledger.receipted)
            case messages.KeepReceipt(receipt=receipt):
                self.ledger.keep_receipt(receipt)
            case messages.ShowHeld(text=text):
                self.watch.show(text)
        return messages.Ok()


class World:
    """One machine, its county, and copies of the machine's disk."""

    def __init__(self, folder, liar, lie, clock) -> None:
        self.folder, self.liar, self.lie, self.clock = folder, liar, lie, clock
        self.county = County(Settings(data_dir=folder / "county", county="天祝县"))
        liar.answer = self.honest
        enrol(
            folder / "data",
            liar.url,
            self.county.give_token(timedelta(hours=1)),
            clock=clock,
            software="00",
            device="KIOSK-7",
        )

    def honest(self, method: str, path: str, body: bytes):
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

    def copy(self, to: str) -> None:
        shutil.copytree(self.folder / "data", self.folder / to)

    def runs(self, data: str = "data", judged: int = 0) -> HistoryWatch:
        """One start: judges, delivers what it can, and is switched off."""
        with open_ledger(self.folder / data, clock=self.clock, software="00") as ledger:
            for _ in range(judged):
                # Under a clock that stands still two copies would write the very same entry.
                ledger.append("self_check", {"verdict": "conforms", "disk": data})
            core, mind = Core(ledger), Uploader(lambda: 0.0)
            client = CountyClient(self.liar.url)
            courier = Courier(core, client, mind, threading.Event())
            for _ in range(60):
                if isinstance(mind.next_action(), Wait):
                    break
                courier.turn()
            client.close()
            return core.watch


def payload(jws: str) -> str:
    return b64url_decode(jws.split(".")[1]).decode()


@pytest.fixture
def world(tmp_path, liar, lie, still_clock):
    made = World(tmp_path, liar, lie, still_clock)
    yield made
    made.county.close()


def test_a_machine_that_is_only_restarted_is_never_accused(world):
    for _ in range(4):
        assert world.runs(judged=2).code == ""
        assert world.runs().code == ""


def test_an_older_disk_is_found_at_the_first_contact_before_it_has_signed_anything(world):
    world.runs(judged=2)
    world.copy("older")
    world.runs(judged=3)

    watch = world.runs("older")

    assert (watch.code, watch.broken.why, watch.broken.seq) == (BROKEN, "rollback", 7)
    with world.county.store.reading() as store:
        (alarm,) = store.forks(limit=10)
    assert '"kind":"history_broken"' in payload(alarm.jws), "all that it signed: what it had found"
    assert world.runs("older").code == BROKEN


def test_a_cloned_card_is_found_on_the_card_that_comes_second(world):
    world.runs(judged=1)
    world.copy("clone")
    assert world.runs(judged=1).code == ""

    watch = world.runs("clone", judged=1)

    assert (watch.code, watch.broken.why) == (BROKEN, "fork")
    with world.county.store.reading() as store:
        assert len(store.forks(limit=10)) == 1
    assert world.runs(judged=1).code == "", "the other one goes on; the county has its alarm"


def test_a_county_that_was_put_back_itself_accuses_nobody(world):
    """A county's older backup holds less than it gave receipts for: it gets all of it again."""
    world.runs(judged=1)
    world.county.close()
    shutil.copytree(world.folder / "county", world.folder / "backup")
    world.county = County(Settings(data_dir=world.folder / "county", county="天祝县"))
    world.runs(judged=3)
    world.county.close()
    shutil.rmtree(world.folder / "county")
    shutil.move(world.folder / "backup", world.folder / "county")
    world.county = County(Settings(data_dir=world.folder / "county", county="天祝县"))

    assert world.runs(judged=1).code == ""
    with world.county.store.reading() as store:
        assert store.devices()[0].entries == 7 and store.forks(limit=10) == []
