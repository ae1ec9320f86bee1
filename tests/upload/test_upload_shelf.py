"""The poison entry end to end: the appliance's own desk, the uploader, HTTP, and the county's own shelf."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec
import pytest

from county_gateway.county import County, Settings
from county_gateway.errors import EntryBad, GatewayError
from county_gateway.shelf import shelved
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.errors import BadEntry
from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.shelf import READ, SHELVED, ShelfRequest
from firmware_app.service import messages
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.upload.client import CountyClient
from firmware_app.upload.enrol import enrol
from firmware_app.upload.loop import REFUSALS_BEFORE_SHELF, Uploader, Wait
from firmware_app.upload.process import Courier

POISON = 5


class DeskCore:
    def __init__(self, ledger, clock) -> None:
        self.desk = DeliveryDesk(ledger, clock)

    def ask(self, command: messages.Command) -> messages.Reply:
        return self.desk.obey(messages.decode_command(messages.encode(command)), 0)


class OldCounty:
    """The county's own gateway, of a version that cannot read one entry, until it is updated."""

    def __init__(self, tmp_path, liar, lie, clock, mocker) -> None:
        self.county = County(Settings(data_dir=tmp_path / "county", county="天祝县"))
        self.lie, self.can_read, self.mocker = lie, False, mocker
        liar.answer = self.answer
        enrol(tmp_path / "data", liar.url, self.county.give_token(timedelta(hours=1)), clock=clock,
              software="00", device="KIOSK-7")  # fmt: skip
        self.ledger = open_ledger(tmp_path / "data", clock=clock, software="00")
        self.core = DeskCore(self.ledger, clock)
        self.waits: list[float] = []
        self.client = CountyClient(liar.url)
        self.restart()

    def restart(self) -> None:
        """The uploader loses all that it knows."""
        self.mind = Uploader(lambda: 0.0)
        self.courier = Courier(self.core, self.client, self.mind, threading.Event())
        self.mocker.patch.object(self.courier, "_wait", side_effect=self.waits.append)

    def answer(self, _method, path, body):
        try:
            match path:
                case "/v1/enrol":
                    given = self.county.enrol(msgspec.json.decode(body, type=EnrolRequest))
                case "/v1/entries":
                    given = self.accept(body)
                case "/v1/shelf":
                    given = self.shelve(msgspec.json.decode(body, type=ShelfRequest))
                case _:
                    return self.lie(body=b'{"county":"c"}')
        except GatewayError as error:
            return self.lie(status=error.status, body=msgspec.json.encode(error.rejection()))
        return self.lie(body=msgspec.json.encode(given))

    def accept(self, body: bytes):
        if not self.can_read and self.text.encode() in body:
            raise EntryBad(POISON, "of a version that is not known here")
        return self.county.accept(body)

    def shelve(self, request: ShelfRequest):
        if self.can_read:
            return self.county.shelve(request)
        unknown = BadEntry(POISON, "of a version that is not known here")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("county_gateway.shelf.Chain.follow", _raising(unknown))
            patch.setattr("county_gateway.shelf._readable", lambda *_: None)
            return self.county.shelve(request)

    @property
    def text(self) -> str:
        return next(iter(self.ledger.lines(POISON - 1, 1)), "no such entry")

    def turns(self, waits: int) -> None:
        end = len(self.waits) + waits
        for _ in range(3000):
            if len(self.waits) >= end and isinstance(self.mind.next_action(), Wait):
                return
            self.courier.turn()
        raise AssertionError("it spins")

    @property
    def on_shelf(self) -> list[int]:
        with self.county.store.reading() as store:
            return shelved(store, "KIOSK-7")

    def close(self) -> None:
        self.client.close()
        self.ledger.close()
        self.county.close()


def _raising(error):
    def follow(*_):
        raise error

    return follow


@pytest.fixture
def bench(tmp_path, liar, lie, still_clock, mocker):
    bench = OldCounty(tmp_path, liar, lie, still_clock, mocker)
    for _ in range(10):
        bench.ledger.append("self_check", {"verdict": "conforms"})
    yield bench
    bench.close()


def test_nothing_is_lost_and_those_behind_arrive(bench):
    bench.turns(REFUSALS_BEFORE_SHELF + 1)

    state = bench.core.desk.state()
    told = list(bench.ledger.of_kind(SHELVED, 0))
    assert bench.on_shelf == [POISON]
    assert (state.shelved, state.unsent, state.problem) == ((POISON,), 0, "")
    assert [entry.payload.body["seq"] for entry in told] == [POISON]
    assert told[0].payload.body["entry"] == bench.ledger.entry(POISON).hash
    assert "not known here" in told[0].payload.body["why"]
    assert bench.ledger.verify().receipted == bench.ledger.head_seq == 13


def test_an_uploader_that_dies_between_trail_and_shelf_shelves_once(bench):
    bench.turns(4)
    bench.core.desk.obey(messages.ShelveEntry(POISON, "died here"), 0)
    bench.restart()

    bench.turns(REFUSALS_BEFORE_SHELF + 1)

    assert len(list(bench.ledger.of_kind(SHELVED, 0))) == 1
    assert bench.on_shelf == [POISON]
    assert bench.core.desk.state().unsent == 0


def test_a_county_that_was_updated_reads_it_and_the_trail_says_so(bench):
    bench.turns(REFUSALS_BEFORE_SHELF + 1)
    bench.can_read = True
    bench.mind._unasked_s = 10.0**6

    bench.turns(2)

    assert bench.on_shelf == []
    assert bench.core.desk.state().shelved == ()
    assert [entry.payload.body["seq"] for entry in bench.ledger.of_kind(READ, 0)] == [POISON]


def test_what_lies_there_is_known_again_after_a_start(bench, still_clock):
    bench.turns(REFUSALS_BEFORE_SHELF + 1)

    assert DeliveryDesk(bench.ledger, still_clock).state().shelved == (POISON,)


@pytest.mark.parametrize("seq", [1, POISON + 1, 999])
def test_only_the_entry_that_waits_next_can_be_shelved(bench, seq):
    bench.turns(2)

    reply = bench.core.ask(messages.ShelveEntry(seq, ""))

    assert isinstance(reply, messages.Refused)
    assert list(bench.ledger.of_kind(SHELVED, 0)) == []


def test_a_county_that_refuses_everything_is_not_given_the_record_unread(bench, mocker):
    mocker.patch("firmware_app.service.county.delivery.MOST_SHELVED", 0)

    bench.turns(2 * REFUSALS_BEFORE_SHELF)

    assert bench.on_shelf == []
    assert bench.core.desk.state().problem == "entry_refused"
