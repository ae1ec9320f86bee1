"""Pinned witnesses: k of n must stand behind what the county shows of its log, or it is written down.

The county, its log and the witnesses are the real ones; only their HTTP is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from county_gateway.county import County, Settings
from county_gateway.log.receipts import read_seen
from county_gateway.log.witnesses import Witness as Asked
from county_gateway.log.witnesses import WitnessClient
from county_gateway.witness.memory import Memory
from county_gateway.witness.witness import Witness, witness_key
from firmware_app.ledger.county.contract import County as CountyCard
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.county.cosigned import BadWitnesses, cosigners, read_witnesses
from firmware_app.ledger.county.note import Note, NoteSignature, b64encode, log_key, read_note
from firmware_app.ledger.home import join_county, open_ledger
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import config, health, messages
from firmware_app.service.county.delivery import DeliveryDesk
from firmware_app.service.watches.witnesses import BACK, MISSING, WitnessWatch

LAB, MARKET, ANOTHER = "lab.example/w", "market.example/w", "another.example/w"
KEYS = {name: SoftwareKey.generate() for name in (LAB, MARKET, ANOTHER)}
VKEYS = {name: witness_key(name, key) for name, key in KEYS.items()}


class Clock:
    boot = "boot"

    def __init__(self) -> None:
        self.day = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.day += timedelta(seconds=1)
        return self.day

    def quality(self) -> str:
        return "synchronised"

    def uptime_ns(self) -> int:
        return 1


class Stage:
    """An appliance that delivers to a county whose log two witnesses cosign, if they are there."""

    def __init__(self, tmp_path, mocker) -> None:
        self.root = tmp_path
        self.away: set[str] = set()
        self.clock = Clock()
        asked = tuple(Asked(f"http://{name}", VKEYS[name]) for name in (LAB, MARKET))
        mocker.patch.object(WitnessClient, "_post", self._post_of())
        mocker.patch.object(WitnessClient, "resting", False)
        self.county = County(
            Settings(data_dir=tmp_path / "county", county="天祝县", log_origin="county/log", witnesses=asked)
        )
        logs = {"county/log": self.county.log.key()}
        self.witnesses = {
            name: Witness(
                name=name,
                signer=KEYS[name],
                logs=logs,
                memory=Memory(tmp_path / name.replace("/", "-")),
                now=lambda: 1_770_000_000,
            )
            for name in (LAB, MARKET)
        }
        self.ledger = open_ledger(tmp_path / "data", clock=self.clock, software="00", device="T-1")
        token = self.county.give_token(timedelta(hours=1))
        proof = self.ledger.enrol_proof(token)
        card = self.county.enrol(EnrolRequest(token=token, device="T-1", jwk=self.ledger.key, proof=proof))
        joined = CountyCard(county=card.county, url="http://127.0.0.1:1", jwk=card.jwk)
        join_county(tmp_path / "data", self.ledger, joined)
        self.pin(LAB, MARKET)

    def _post_of(self):
        """In the place of the client's own method, which is bound to it."""
        return lambda client, note, tree: self.post(client.witness.key.name, client._known, note, tree)

    def post(self, name: str, known: int, note, tree):
        if name in self.away:
            return 503, "", ""
        proof = "".join(b64encode(each) + "\n" for each in tree.consistency(known))
        answer = self.witnesses[name].add_checkpoint(f"old {known}\n{proof}\n{note}".encode())
        return answer.status, answer.kind, answer.body

    def pin(self, *names: str, needed: int = 2) -> None:
        """As a start with that configuration does."""
        watch = WitnessWatch(self.ledger, self.clock, [VKEYS[name] for name in names], needed)
        self.desk = DeliveryDesk(self.ledger, self.clock, watch)

    def deliver(self) -> messages.Reply:
        """An entry goes to the county, and its receipt comes back."""
        self.ledger.append("self_check", {"verdict": "conforms"})
        entries = self.desk.obey(messages.ReadEntries(self.ledger.receipted, 100), 0)
        body = "".join(f"{line}\n" for line in entries.jws).encode()
        accepted = self.county.accept(body, read_seen(entries.log))
        return self.desk.obey(messages.KeepReceipt(accepted.receipt, accepted.county_keys), 0)

    @property
    def seen(self) -> messages.WitnessState | None:
        return self.desk.state().witnesses

    def written(self, kind: str) -> list[dict]:
        return [entry.payload.body for entry in self.ledger.of_kind(kind, 0)]

    def close(self) -> None:
        self.ledger.close()
        self.county.close()


@pytest.fixture
def stage(tmp_path, mocker):
    made = Stage(tmp_path, mocker)
    yield made
    made.close()


def test_where_all_have_cosigned_nothing_is_written_down(stage):
    assert stage.seen is None
    assert stage.deliver() == messages.Ok()

    assert stage.seen.well and stage.seen.cosigned == (LAB, MARKET)
    assert stage.written(MISSING) == stage.written(BACK) == []


def test_too_few_are_shown_and_written_down_and_nothing_is_refused(stage):
    stage.away = {MARKET}
    for _ in range(3):
        assert stage.deliver() == messages.Ok()

    assert not stage.seen.well and stage.seen.missing == (MARKET,)
    assert stage.ledger.receipted > 0, "the receipt counts"
    (told,) = stage.written(MISSING)
    assert (told["needed"], told["cosigned"], told["missing"]) == (2, [LAB], [MARKET])
    note = read_note(told["checkpoint"])
    assert cosigners(note, [VKEYS[LAB], VKEYS[MARKET]]) == (LAB,), "what was seen is kept as it was signed"

    stage.away = set()
    stage.deliver()
    assert stage.seen.well
    assert len(stage.written(BACK)) == 1


def test_one_of_two_is_enough_where_one_is_asked_for(stage):
    stage.pin(LAB, MARKET, needed=1)
    stage.away = {MARKET}
    stage.deliver()
    assert stage.seen.well and stage.written(MISSING) == []


def test_a_witness_that_the_county_does_not_ask_is_missing(stage):
    stage.pin(LAB, ANOTHER)
    stage.deliver()
    assert stage.seen.missing == (ANOTHER,)


def test_a_county_that_comes_and_goes_writes_the_record_full_no_faster_than_once_a_day(stage):
    for turn in range(8):
        stage.away = {LAB} if turn % 2 else set()
        stage.deliver()
    assert (len(stage.written(MISSING)), len(stage.written(BACK))) == (1, 1)
    stage.clock.day += timedelta(days=1)
    stage.away = {LAB}
    stage.deliver()
    assert len(stage.written(MISSING)) == 2


def test_after_a_start_it_is_known_again(stage):
    stage.away = {MARKET}
    stage.deliver()
    stage.pin(LAB, MARKET)
    assert stage.seen.missing == (MARKET,)
    stage.deliver()
    assert len(stage.written(MISSING)) == 1


def test_an_appliance_that_knows_no_witness_says_nothing(stage):
    stage.pin(needed=1)
    stage.away = {LAB, MARKET}
    stage.deliver()
    assert stage.seen is None and stage.written(MISSING) == []


def test_a_cosignature_that_does_not_verify_counts_for_nothing(stage):
    stage.deliver()
    note = stage.ledger.log_seen().note
    assert cosigners(note, list(VKEYS.values())) == (LAB, MARKET)

    def spoilt(each: NoteSignature) -> NoteSignature:
        bad = each.value[:-1] + bytes([each.value[-1] ^ 1])
        return NoteSignature(each.name, each.id, bad) if each.name == LAB else each

    bad = Note(note.text, tuple(map(spoilt, note.signatures)))
    assert cosigners(bad, list(VKEYS.values())) == (MARKET,)
    moved = Note(note.text.replace("county/log", "county/lag"), note.signatures)
    assert cosigners(moved, list(VKEYS.values())) == ()


def test_health_says_who_is_missing(stage):
    stage.away = {MARKET}
    stage.deliver()
    facts = SimpleNamespace(state=SimpleNamespace(county=stage.desk.state()))
    item = health._witnesses(facts)
    assert not item.ok and MARKET in item.finding and "1 of 2" in item.finding


@pytest.mark.parametrize(
    ("lines", "needed", "why"),
    [
        (("nonsense",), 1, "not a vkey"),
        ((str(VKEYS[LAB]), str(VKEYS[LAB])), 1, "of its own"),
        ((str(VKEYS[LAB]), str(witness_key("other.example", KEYS[LAB]))), 1, "of its own"),
        ((str(VKEYS[LAB]),), 2, "as many as there are"),
        ((), 2, "as many as there are"),
        ((str(log_key("county/log", KEYS[LAB].public_jwk)),), 1, "no witness's key"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_configuration(lines, needed, why):
    with pytest.raises(BadWitnesses, match=why):
        read_witnesses(lines, needed)
    with pytest.raises(ValueError, match=why):
        config.County(url="https://county.example", witnesses=lines, witnesses_needed=needed)
