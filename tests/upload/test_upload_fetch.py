"""The uploader fetches what the county publishes, carries only what its key signed, and asks seldom."""

from __future__ import annotations

import hashlib

import pytest

from firmware_app.ledger.county.downlink import Offered, Offers, Statement, make_statement
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import messages
from firmware_app.upload.fetch import LONGEST_S, REFUSED_S, SHORTEST_S, Fetcher
from firmware_app.upload.outcome import Failed, Fetched, NothingNew, Trouble

KEY = SoftwareKey.generate()
CONTENT = b'[[stall]]\ncode = "A-01"\n'


def signed(name="registry", version=7, content=CONTENT, key=KEY, **changes) -> Fetched:
    facts = {
        "county": "c", "device": "", "name": name, "version": version, "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "at": "2026-03-01T08:00:00+08:00",
    }  # fmt: skip
    return Fetched(make_statement(key, Statement(**{**facts, **changes})), content)


class Stage:
    """A core and a county that say what they are told to, and a clock that is moved."""

    def __init__(self, run_dir) -> None:
        self.run_dir = run_dir
        self.now = 0.0
        self.files = {"registry": signed()}
        self.held: tuple[messages.HeldFile, ...] = ()
        self.reply: messages.Reply | None = messages.Ok()
        self.asked: list[str] = []
        self.taken: list[tuple[str, bytes]] = []
        self.silent = False
        self.fetcher = Fetcher(self, run_dir, lambda: self.now, lambda: 0.5)

    def core(self, command):
        match command:
            case _ if self.silent:
                return None
            case messages.AskDownlink():
                return messages.DownlinkAsk("ask", self.held, (KEY.public_jwk,))
            case messages.TakeDownlink(name=name):
                self.taken.append((name, (self.run_dir / f"downlink-{name}").read_bytes()))
                return self.reply

    def offers(self, ask, tag):
        self.asked.append(f"list {tag}".strip())
        if tag == self.tag:
            return NothingNew()
        items = []
        for name, file in sorted(self.files.items()):
            if isinstance(file, Fetched):
                digest = hashlib.sha256(file.content).hexdigest()
                items.append(Offered(name=name, version=7, size=len(file.content), sha256=digest))
        return Offers(items), self.tag

    @property
    def tag(self) -> str:
        return f'"{hashlib.sha256(repr(sorted(self.files)).encode()).hexdigest()[:8]}"'

    def fetch(self, ask, name):
        self.asked.append(name)
        return self.files[name]

    def look(self) -> None:
        self.fetcher.look(self.core, lambda errand, within: errand())
        assert list(self.run_dir.iterdir()) == []


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def test_what_is_new_is_put_aside_handed_over_and_taken_away(stage):
    stage.look()

    assert stage.taken == [("registry", CONTENT)]
    assert stage.asked == ["list", "registry"]


def test_what_is_held_is_not_fetched(stage):
    stage.held = (messages.HeldFile("registry", 7, "0" * 64),)

    stage.look()
    stage.look()

    assert stage.asked == ["list", f"list {stage.tag}"]
    assert stage.taken == []


def test_it_asks_seldom_and_not_in_step(stage):
    assert stage.fetcher.due()
    stage.look()
    assert not stage.fetcher.due()
    stage.now = (SHORTEST_S + LONGEST_S) / 2 - 1
    assert not stage.fetcher.due()
    stage.now += 1
    assert stage.fetcher.due()


@pytest.mark.parametrize(
    "lie",
    [
        signed(key=SoftwareKey.generate()),
        Fetched(signed().statement, CONTENT + b"\n"),
        Fetched("nonsense", CONTENT),
        Fetched(signed().statement[:-4] + "AAAA", CONTENT),
        signed(size=1),
        Failed(Trouble.TIMEOUT),
        None,
    ],
)
def test_what_the_county_has_not_signed_never_reaches_the_core(stage, lie):
    stage.files = {"registry": signed()}
    stage.fetch = lambda ask, name: lie

    stage.look()

    assert stage.taken == []
    # And it is looked for again, not passed over.
    stage.now = LONGEST_S
    stage.look()
    assert stage.asked[-1] == "list"


def test_what_the_core_refuses_for_good_is_left_alone_for_a_day(stage):
    stage.reply = messages.Refused("bad_downlink", "registry: not what this program reads")
    stage.look()
    stage.now = LONGEST_S
    stage.look()
    assert len(stage.taken) == 1

    stage.now += REFUSED_S
    stage.look()
    assert len(stage.taken) == 2


@pytest.mark.parametrize("reply", [messages.Refused("busy", "a visit is open"), None])
def test_a_core_that_has_no_time_is_asked_again(stage, reply):
    stage.reply = reply
    stage.look()
    stage.now = LONGEST_S
    stage.reply = messages.Ok()
    stage.look()

    assert len(stage.taken) == 2


def test_a_silent_core_and_a_county_out_of_reach_end_nothing(stage):
    stage.silent = True
    stage.look()
    stage.silent = False
    stage.offers = lambda ask, tag: Failed(Trouble.NO_NETWORK)
    stage.look()

    assert stage.asked == []
