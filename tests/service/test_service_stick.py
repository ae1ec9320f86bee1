"""By stick at the screen: the real core, carrier and county, and sticks that are hostile or break.

Given an appliance without a network, a keeper who has signed in, and a directory below which sticks are.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import argon2
import pytest
from people_stage import INSPECTOR, KEEPER, Stage, code
from typer.testing import CliRunner

from county_gateway.__main__ import app as gateway
from county_gateway.county import County, Settings
from county_gateway.stick.given import give_files
from county_gateway.stick.taken import import_bundle
from firmware_app.ledger.county.carried import downlink_name
from firmware_app.ledger.county.contract import County as CountyCard
from firmware_app.ledger.county.contract import EnrolRequest
from firmware_app.ledger.county.downlink import Statement, make_statement
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import join_county
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import messages as m
from firmware_app.service.county.stick import CARRIED, SILENT_NS
from firmware_app.upload.carrier import Carrier
from firmware_app.upload.stick import StickFailed
from firmware_app.upload.sticks import MOST_NAMES, Sticks

Task = m.StickTask
REGISTRY = b'[[stall]]\ncode = "Z-99"\n'
WEIGHTS = (Path(__file__).parents[2] / "firmware_app/cli/demo/data/weights.toml").read_bytes()
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CONFIGURED = '[county]\nurl = "http://127.0.0.1:1"\n[stick]\ndirectory = "sticks"\nsimulated = true'


class Market(Stage):
    """A keeper, a county, the uploader's carrier, and one stick that is in."""

    def __init__(self, more: str = CONFIGURED) -> None:
        super().__init__(more)
        self.stick = self.root / "sticks" / "sda1"
        self.stick.mkdir(parents=True)
        self.county = County(Settings(data_dir=self.root / "county", county="天祝县"))
        ledger = self.core._ledger
        token = self.county.give_token(timedelta(hours=1))
        proof = ledger.enrol_proof(token)
        card = self.county.enrol(EnrolRequest(token=token, device="T-1", jwk=ledger.key, proof=proof))
        joined = CountyCard(county=card.county, url="http://127.0.0.1:1", jwk=card.jwk)
        join_county(self.data, ledger, joined)
        self._door = threading.Lock()
        self.carrier = Carrier(self, self.again, Sticks(self.stick.parent, simulated=True), self.root / "run")
        # How dear a PIN is to look at is shown elsewhere.
        with patch("firmware_app.registry.pin._hasher", QUICK):
            self.staff()
        self.sign_in(KEEPER)

    def ask(self, command: m.Command) -> m.Reply:
        """The door of the core, as bytes; the work has a thread of its own."""
        with self._door:
            reply = self.core._obey(m.decode_command(m.encode(command)), self.now)
            return m.decode_reply(m.encode(reply))

    @contextmanager
    def again(self):
        yield self

    def want(self, task: m.StickTask) -> m.Reply:
        return self.ask(m.CarryByStick(self.id(), task))

    def carry(self, task: m.StickTask) -> m.StickResult:
        """What a keeper does at the screen."""
        assert self.want(task) == m.Ok()
        self.carrier.turn()
        result = self.state.stick.result
        assert result is not None
        return result

    def to_the_county(self) -> None:
        """What somebody does there with `steelyard gateway import`."""
        import_bundle(self.county, self.stick / "steelyard-T-1.bundle", self.stick)
        give_files(self.county, "T-1", self.stick)

    @property
    def files(self) -> Path:
        return self.stick / downlink_name("T-1")

    def put(self, *files: tuple[str, bytes]) -> None:
        """A file of the county on the stick, byte by byte."""
        self.files.write_bytes(b"".join(said.encode() + b"\n" + content + b"\n" for said, content in files))

    def signed(self, content: bytes = REGISTRY, **changes) -> str:
        facts = {
            "county": "天祝县", "device": "", "name": "registry", "version": 7, "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(), "at": "2026-03-01T08:00:00+08:00",
        }  # fmt: skip
        key = changes.pop("key", self.county._signer)
        return make_statement(key, Statement(**{**facts, **changes}))

    def close(self) -> None:
        self.county.close()
        super().close()


@pytest.fixture(scope="module")
def market():
    made = Market()
    yield made
    made.close()


@pytest.fixture
def fresh():
    made = Market()
    yield made
    made.close()


def test_the_record_goes_to_the_county_and_what_it_gave_comes_back(fresh):
    waits = fresh.state.county.unsent
    written = fresh.carry(Task.WRITE)
    assert (written.code, written.new, written.last) == ("", waits, waits)
    fresh.county.publish("registry", REGISTRY)
    fresh.county.publish("weights", b"not_weights = 1\n")

    fresh.to_the_county()
    brought = fresh.carry(Task.READ)

    assert (brought.code, brought.before, brought.received) == ("", 0, written.last)
    assert (brought.taken, brought.refused) == (("registry",), ("weights",))
    assert {
        each.name: (bool(each.version), each.waits, bool(each.refused)) for each in fresh.state.files
    } == {
        "registry": (True, True, False),
        "weights": (False, False, True),
    }
    told = fresh.trail(CARRIED)
    assert [each["task"] for each in told] == ["write", "read"]
    assert {each["by"]["number"] for each in told} == {KEEPER[0]}
    assert told[1]["result"]["taken"] == ["registry"]
    assert not list((fresh.root / "run").glob("downlink-*"))

    again = fresh.carry(Task.READ)
    assert (again.before, again.received, again.taken) == (written.last, written.last, ())
    # As at the next start: the stalls are the county's.
    fresh.core.close()
    from firmware_app.service.config import load
    from firmware_app.service.core import Core

    fresh.core = Core(load(fresh.root / "steelyard.toml"))
    assert [stall.code for stall in fresh.core._context().registry.stalls] == ["Z-99"]
    assert {each.name for each in fresh.state.files} == {"registry", "weights"}


def test_only_a_keeper_may(market):
    market.ask(m.SignOut())
    assert code(market.want(Task.WRITE)) == "sign_in_first"
    market.sign_in(INSPECTOR)
    assert code(market.want(Task.READ)) == "not_keeper"
    market.sign_in(KEEPER)
    assert not (market.stick / "steelyard-T-1.bundle").exists()


def test_an_appliance_that_takes_no_sticks_says_so():
    market = Market('[stick]\ndirectory = "sticks"')
    assert code(market.want(Task.WRITE)) == "no_sticks", "no uploader runs where no county is configured"
    assert market.state.stick is None
    market.close()


# ------------------------------------------------------------------------------------- which stick is in


def test_a_directory_that_nothing_is_mounted_on_is_no_stick(tmp_path):
    (tmp_path / "sda1").mkdir()
    assert Sticks(tmp_path).found() == ()
    assert len(Sticks(tmp_path, simulated=True).found()) == 1


def test_no_link_file_or_pipe_is_a_stick_and_not_every_name_is_looked_at(tmp_path):
    sticks = Sticks(tmp_path / "mounts", simulated=True)
    assert sticks.found() == (), "the directory is not there"
    mounts = tmp_path / "mounts"
    mounts.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (mounts / "link").symlink_to(tmp_path / "elsewhere")
    (mounts / "file").write_bytes(b"")
    os.mkfifo(mounts / "pipe")
    assert sticks.found() == ()
    for number in range(MOST_NAMES + 20):
        (mounts / f"d{number}").mkdir()
    assert len(sticks.found()) <= MOST_NAMES


@pytest.mark.parametrize(("names", "why"), [((), "no_stick"), (("a", "b"), "several")])
def test_exactly_one_stick_is_used(market, names, why):
    elsewhere = market.stick.rename(market.root / "out")
    for name in names:
        (market.stick.parent / name).mkdir()
    try:
        assert market.carry(Task.WRITE).code == why
    finally:
        for name in names:
            (market.stick.parent / name).rmdir()
        elsewhere.rename(market.stick)


# ------------------------------------------------------------------------------------ sticks that break


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "locked"), (errno.EIO, "gone"), (errno.ENODEV, "gone")],
)
def test_a_stick_that_fails_is_said_and_the_next_one_is_written(market, mocker, number, why):
    broken = mocker.patch("firmware_app.durable.os.fsync", side_effect=OSError(number, os.strerror(number)))
    assert market.carry(Task.WRITE).code == why
    mocker.stop(broken)
    assert market.trail(CARRIED)[-1]["result"]["code"] == why
    assert market.carry(Task.WRITE).code == ""


def test_a_stick_that_is_pulled_out_while_it_is_written_is_said(market, mocker):
    from firmware_app.upload import stick as work

    pages = work._entries

    def pulled(core, after, limit):
        if after and market.stick.exists():
            market.stick.rename(market.root / "out")
        return pages(core, after, limit)

    mocker.patch.object(work, "_entries", pulled)
    mocker.patch.object(work, "PAGE", 3)
    assert market.carry(Task.WRITE).code == "gone"
    assert [each.name for each in (market.root / "out").glob("*.bundle")] in ([], ["steelyard-T-1.bundle"])
    (market.root / "out").rename(market.stick)


def test_a_stick_that_was_exchanged_meanwhile_is_not_called_written(market, mocker):
    there = mocker.patch.object(Sticks, "there", return_value=False)
    assert market.carry(Task.WRITE).code == "gone"
    mocker.stop(there)


def test_a_stick_that_does_not_keep_what_was_written_is_said(market, mocker):
    mocker.patch("firmware_app.upload.stick._read_back", return_value=b"something else")
    assert market.carry(Task.WRITE).code == "forgets"


def test_a_stick_that_hangs_is_given_up_and_nothing_else_is_begun_meanwhile(market, mocker):
    free = threading.Event()

    def hanging(*_):
        free.wait(20)
        raise StickFailed("let go", "gone")

    mocker.patch("firmware_app.upload.carrier.LOOK_S", 0.02)
    mocker.patch("firmware_app.upload.carrier.write_bundle", side_effect=hanging)
    mocker.patch.object(market.carrier, "_hangs_s", 0.05)
    assert market.carry(Task.WRITE).code == "hangs"
    assert market.carry(Task.READ).code == "hangs"
    free.set()
    market.carrier._work.join(5)


def test_a_full_disk_keeps_nobody_from_taking_the_record_away(market, mocker):
    mocker.patch.object(
        type(market.core._ledger), "append", side_effect=StoreFailed("disk_full", "the disk is full")
    )
    assert market.carry(Task.WRITE).code == ""


# ------------------------------------------------------------------------------- one thing at a time


def test_one_thing_at_a_time_and_the_same_wish_twice_is_one(market):
    wish = m.CarryByStick("once", Task.WRITE)
    assert market.ask(wish) == market.ask(wish) == m.Ok()
    assert code(market.want(Task.READ)) == "stick_busy"
    before = len(market.trail(CARRIED))
    market.carrier.turn()
    assert market.ask(wish) == m.Ok()
    market.carrier.turn()
    assert len(market.trail(CARRIED)) == before + 1


def test_an_uploader_that_was_started_anew_is_asked_for_the_same_again(market):
    market.want(Task.WRITE)
    first = market.ask(m.StickNews(sticks=1))
    again = market.ask(m.StickNews(sticks=1))
    assert first == again != m.StickWish()
    market.ask(m.StickNews(sticks=1, attempt="another", result=m.StickResult()))
    assert market.state.stick.result is None, "what another attempt came to is nothing"
    market.carrier.turn()
    assert market.state.stick.result.code == ""


def test_an_uploader_that_falls_silent_ends_the_wait(market):
    market.want(Task.WRITE)
    market.core._stick.turn(market.now + SILENT_NS + 1)
    assert market.state.stick.result.code == "uploader_silent"
    assert market.core._stick.state(market.now + SILENT_NS + 1).sticks is None


def test_who_waits_for_the_stick_is_not_signed_out(market):
    market.want(Task.WRITE)
    for _ in range(400):
        market.now += 2_000_000_000
        market.ask(m.StickNews(sticks=1, attempt=market.state.stick.attempt, done=1, of=2))
        market.core.turn(market.now)
    assert market.state.person is not None
    market.carrier.turn()


# -------------------------------------------------------------------------- what lies on hostile sticks


def test_nothing_for_this_appliance_is_said(market):
    (market.stick / "steelyard-T-1.receipts").unlink(missing_ok=True)
    market.files.unlink(missing_ok=True)
    (market.stick / "holiday.jpg").write_bytes(b"\xff\xd8")
    (market.stick / "steelyard-OTHER.receipts").write_bytes(b"a.b.c\n")
    (market.stick / "steelyard-OTHER.downlink").write_bytes(b"a.b.c\n")
    assert market.carry(Task.READ).code == "nothing"
    assert (market.stick / "holiday.jpg").read_bytes() == b"\xff\xd8"


@pytest.mark.parametrize(
    "lie",
    ["another key", "a byte changed", "another device", "a statement cut short"],
)
def test_what_the_county_has_not_signed_for_this_appliance_is_not_taken(market, lie):
    said = {
        "another key": lambda: market.signed(key=SoftwareKey.generate()),
        "a byte changed": market.signed,
        "another device": lambda: market.signed(device="T-2"),
        "a statement cut short": lambda: market.signed()[:-4] + "AAAA",
    }[lie]()
    content = REGISTRY.replace(b"Z", b"Y") if lie == "a byte changed" else REGISTRY
    market.put((said, content))

    result = market.carry(Task.READ)

    assert (result.taken, result.refused) == ((), ("registry",)), result
    assert [each for each in market.state.files if each.version] == []
    market.files.unlink()


@pytest.mark.parametrize(
    "content",
    [b"nonsense\n", b"\xff\n", b"x" * 9000, b"a.b.c", b"a.b.c\nabc\n"],
)
def test_nonsense_in_place_of_files_is_said_and_nothing_is_taken(market, content):
    market.files.write_bytes(content)
    assert market.carry(Task.READ).code == "damaged"
    market.files.unlink()


def test_a_file_that_is_cut_off_or_has_no_end_is_said(market):
    whole = market.signed().encode() + b"\n" + REGISTRY + b"\n"
    for cut in (len(whole) - 1, len(whole) - 9, 40):
        market.files.write_bytes(whole[:cut])
        assert market.carry(Task.READ).code == "damaged"
    market.put(*((market.signed(b"x", name=f"rules-{n}", version=1), b"x") for n in range(65)))
    assert market.carry(Task.READ).code == "damaged"
    market.files.unlink()


def test_no_link_is_followed_and_no_pipe_waited_for(market):
    secret = market.root / "secret"
    secret.write_bytes(market.signed().encode() + b"\n" + REGISTRY + b"\n")
    market.files.symlink_to(secret)
    assert market.carry(Task.READ).code == "link"
    market.files.unlink()
    os.mkfifo(market.files)
    assert market.carry(Task.READ).code == "damaged"
    market.files.unlink()


def test_an_older_file_after_a_newer_one_changes_nothing(fresh):
    for version, content in ((8, REGISTRY + b"# 8\n"), (7, REGISTRY)):
        fresh.put((fresh.signed(content, version=version), content))
        fresh.carry(Task.READ)
    assert [each.version for each in fresh.state.files] == [8]


# -------------------------------------------------------------------------------------- at the county


def test_the_county_puts_files_on_a_stick_at_the_command_line(fresh):
    fresh.county.publish("registry", REGISTRY)
    fresh.county.publish("weights", WEIGHTS)
    fresh.carry(Task.WRITE)
    fresh.county.close()
    data = ["--data", str(fresh.root / "county"), "--name", "天祝县"]

    came = CliRunner().invoke(gateway, ["import", str(fresh.stick), *data])
    assert came.exit_code == 0, came.output
    assert "registry, weights" in came.output
    fresh.files.unlink()
    alone = CliRunner().invoke(gateway, ["carry", str(fresh.stick), *data])
    assert alone.exit_code == 0 and "T-1: registry, weights" in alone.output
    stranger = CliRunner().invoke(gateway, ["carry", str(fresh.stick), "--device", "T-9", *data])
    assert stranger.exit_code == 1

    assert fresh.carry(Task.READ).taken == ("registry", "weights")
    revoked = CliRunner().invoke(gateway, ["revoke", "T-1", "--why", "stolen", *data[:2]])
    assert revoked.exit_code == 0
    assert CliRunner().invoke(gateway, ["carry", str(fresh.stick), "--device", "T-1", *data]).exit_code == 1
    assert CliRunner().invoke(gateway, ["carry", str(fresh.stick), *data]).output == ""


def test_health_says_what_came_down_and_what_was_refused(fresh):
    fresh.put((fresh.signed(), REGISTRY), (fresh.signed(b"x", name="weights"), b"x"))
    fresh.carry(Task.READ)
    found = {item.part: item for item in fresh.ask(m.AskHealth()).items}
    assert not found["downlink"].ok
    assert "registry version 7 since" in found["downlink"].finding
    assert "weights, version 7 refused" in found["downlink"].finding
    assert found["stick"].finding == "one is in"
    # A file that is damaged here is not called in use.
    (path,) = (fresh.data / "downlink").iterdir()
    path.write_bytes(b"")
    fresh.ask(m.AskDownlink())
    assert "is damaged here" in {i.part: i for i in fresh.ask(m.AskHealth()).items}["downlink"].finding
