"""Copies of a data directory: an older one, a cloned one, and one beside a counter that only goes up."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from firmware_app.ledger.errors import SignerFailed, StoreFailed
from firmware_app.ledger.history import KIND, contradiction
from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service.watches.history import BROKEN, HistoryWatch

BODY = {"verdict": "conforms", "scale": {"serial": "TZ-1"}}


class Clock:
    boot = "boot-1"

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(seconds=self.looks)

    def quality(self) -> str:
        return "synchronised"

    def uptime_ns(self) -> int:
        return self.looks


class CountingKey(SoftwareKey):
    """A key with a counter that outlives every disk. ``cut``: the power fails instead of counting."""

    def __init__(self, private: bytes) -> None:
        super().__init__(private)
        self.counted, self.cut = 0, False

    def counter(self) -> int:
        return self.counted

    def count(self) -> None:
        if self.cut:
            raise KeyboardInterrupt
        self.counted += 1


class Machine:
    """An appliance that is started, judges and is switched off."""

    def __init__(self, folder, signer=None) -> None:
        self.folder, self.signer, self.clock = folder, signer, Clock()

    def open(self, data: str = "data"):
        return open_ledger(self.folder / data, clock=self.clock, software="s", device="K", signer=self.signer)

    def start(self, data: str = "data", judged: int = 0) -> HistoryWatch:
        with self.open(data) as ledger:
            watch = HistoryWatch(ledger, self.signer)
            ledger.append("start", watch.before_start())
            watch.after_start()
            for _ in range(judged):
                ledger.append("self_check", BODY)
        return watch

    def copy(self, to: str, data: str = "data") -> None:
        shutil.copytree(self.folder / data, self.folder / to)

    def trail(self, data: str = "data") -> list[dict]:
        with self.open(data) as ledger:
            return [entry.payload.body for entry in ledger.of_kind(KIND, 0)]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def counting(tmp_path):
    return Machine(tmp_path, CountingKey(bytes(range(32))))


def test_an_older_copy_of_the_disk_is_found_by_what_the_county_holds(machine):
    machine.start(judged=1)
    machine.copy("older")
    machine.start(judged=2)
    with machine.open() as newer:
        held = newer.entry(newer.head_seq)

    with machine.open("older") as ledger:
        watch = HistoryWatch(ledger, None)
        assert watch.code == ""
        assert watch.show(held.jws) is True
        assert (watch.code, watch.broken.why, watch.broken.seq) == (BROKEN, "rollback", held.seq)
        assert watch.show(held.jws) is False, "once is enough"
    (body,) = machine.trail("older")
    assert body["held"] == held.jws and body["entry"] == held.hash
    with machine.open("older") as ledger:
        assert HistoryWatch(ledger, None).code == BROKEN, "it outlives every start"


def test_a_cloned_card_is_found_as_a_fork(machine):
    machine.start(judged=1)
    machine.copy("clone")
    machine.start(judged=1)
    machine.start("clone", judged=1)
    with machine.open("clone") as clone:
        other = clone.entry(clone.head_seq)

    with machine.open() as ledger:
        watch = HistoryWatch(ledger, None)
        assert watch.show(other.jws) is True
        assert watch.broken.why == "fork"


def test_what_the_ledger_holds_itself_breaks_nothing(machine):
    machine.start(judged=3)
    with machine.open() as ledger:
        watch = HistoryWatch(ledger, None)
        assert not any(watch.show(jws) for jws in ledger.all_lines())
        assert watch.code == ""


def test_nobody_else_can_stop_an_appliance(machine, tmp_path):
    machine.start(judged=1)
    stranger = Machine(tmp_path / "stranger")
    stranger.start(judged=9)
    with stranger.open() as other:
        foreign = list(other.all_lines())

    with machine.open() as ledger:
        own = ledger.entry(2).jws
        for text in (*foreign, "", "x", own[:-4] + "AAAA", own.upper(), "a.b.c" * 20_000):
            assert contradiction(ledger, text) is None


def test_a_text_too_long_for_the_trail_is_named_by_its_hash(machine):
    machine.start()
    machine.copy("older")
    with machine.open() as ledger:
        long = ledger.append("note", {"x": "y" * 30_000})
    with machine.open("older") as ledger:
        watch = HistoryWatch(ledger, None)
        assert watch.show(long.jws)
    (body,) = machine.trail("older")
    assert body["entry"] == long.hash and "held" not in body


# --------------------------------------------------------------------------------------- the counter


def test_a_counter_goes_with_every_start_and_accuses_nobody(counting):
    for number in range(1, 6):
        assert counting.start(judged=1).code == ""
        assert counting.signer.counted == number
    assert counting.trail() == []


def test_an_older_copy_beside_a_counter_is_found_without_any_county(counting):
    counting.start(judged=1)
    counting.copy("older")
    counting.start(judged=1)

    watch = counting.start("older")

    assert (watch.code, watch.broken.why) == (BROKEN, "counter")
    assert (watch.broken.recorded, watch.broken.hardware) == (1, 2)
    assert counting.trail("older") == [{"why": "counter", "hardware": 2, "recorded": 1}]


def test_a_power_cut_between_the_start_and_the_counter_accuses_nobody(counting):
    counting.start()
    for _ in range(3):
        counting.signer.cut = True
        with pytest.raises(KeyboardInterrupt):
            counting.start()
        counting.signer.cut = False
        assert counting.start().code == ""


def test_the_counter_moves_only_once_the_start_that_names_it_is_on_disk(counting):
    counting.start()
    for _ in range(3):
        with counting.open() as ledger:
            # The power fails before the start is recorded.
            HistoryWatch(ledger, counting.signer).before_start()
        assert counting.start().code == ""


def test_a_disk_that_never_counted_begins_with_what_the_hardware_has(counting):
    counting.signer.counted = 40
    assert counting.start().code == ""
    assert counting.signer.counted == 41
    assert counting.start().code == ""


def test_a_counter_that_cannot_be_read_stops_no_start(counting, monkeypatch):
    def fails() -> int:
        raise SignerFailed("the TPM's counter cannot be read")

    counting.start()
    monkeypatch.setattr(counting.signer, "counter", fails)
    assert counting.start().code == ""


def test_a_full_disk_still_stops_judging(machine, monkeypatch):
    machine.start(judged=1)
    machine.copy("older")
    machine.start(judged=1)
    with machine.open() as newer:
        held = newer.entry(newer.head_seq).jws
    with machine.open("older") as ledger:
        watch = HistoryWatch(ledger, None)
        with monkeypatch.context() as full:
            full.setattr(ledger, "append", lambda *_: (_ for _ in ()).throw(StoreFailed("disk_full", "x")))
            assert watch.show(held) is True
        assert watch.code == BROKEN
