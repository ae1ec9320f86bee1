"""Files from the county at the core: proven, checked, named in the record, used; the hostile ones refused.

The core is the real one; the county is a key and what it signs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from law_cutter import DATA, KEY, WORD
from people_stage import INSPECTOR, SECOND, Stage

from firmware_app.ledger.clock import stamp
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.county.downlink import (
    MAX_CONTENT,
    Statement,
    make_statement,
    read_ask,
    read_statement,
)
from firmware_app.ledger.county.statements import CountyKey, make_county_key
from firmware_app.ledger.entry import make_entry
from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import join_county
from firmware_app.ledger.signing.signer import SoftwareKey
from firmware_app.service import messages as m
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.county.downlink import DIRECTORY, QUIET_NS, REFUSED, TAKEN
from firmware_app.service.messages.county import ASIDE

REGISTRY = """
[[stall]]
code = "Z-99"
[[scale]]
id = "COUNTY-1"
stall = "Z-99"
class = "III"
max = "15 kg"
min = "100 g"
e = "5 g"
"""
COUNTY = SoftwareKey.generate()
AT = "2026-03-01T08:00:00+08:00"


class Appliance(Stage):
    """A core that has joined a county, and a run directory into which files are put."""

    def __init__(self, more: str = "") -> None:
        super().__init__(more)
        self.join(COUNTY)

    def join(self, key: SoftwareKey) -> None:
        card = County(county="天祝县", url="https://county.example", jwk=key.public_jwk)
        join_county(self.data, self.core._ledger, card)

    def bring(
        self, name: str, content: bytes, version: int = 7, key: SoftwareKey = COUNTY, **changes
    ) -> m.Reply:
        """What the uploader does once it has fetched."""
        facts = {
            "county": "天祝县", "device": "", "name": name, "version": version, "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(), "at": AT,
        }  # fmt: skip
        statement = make_statement(key, Statement(**{**facts, **changes}))
        self.aside(name).write_bytes(content)
        return self.take(name, statement)

    def take(self, name: str, statement: str) -> m.Reply:
        return self.core._obey(m.TakeDownlink(name, statement), self.now)

    def aside(self, name: str) -> Path:
        return self.root / "run" / ASIDE.format(name)

    def ask(self) -> m.Reply:
        return self.core._obey(m.AskDownlink(), self.now)

    def restart(self) -> None:
        self.core.close()
        self.core = Core(load(self.root / "steelyard.toml"))

    @property
    def stalls(self) -> list[str]:
        return [stall.code for stall in self.core._context().registry.stalls]


@pytest.fixture
def appliance():
    made = Appliance()
    yield made
    made.close()


# ------------------------------------------------------------------------------------------------- taken


def test_a_registry_counts_from_the_next_start_on_and_the_record_has_old_and_new(appliance):
    before = appliance.stalls
    assert appliance.bring("registry", REGISTRY.encode()) == m.Ok()
    assert appliance.stalls == before

    appliance.restart()

    assert appliance.stalls == ["Z-99"]
    (taken,) = appliance.trail(TAKEN)
    assert read_statement(taken["statement"], COUNTY.public_jwk).sha256 == taken["sha256"]
    assert (taken["name"], taken["version"], taken["old"], taken["county"]) == (
        "registry",
        7,
        None,
        COUNTY.kid,
    )
    assert taken["sha256"] == hashlib.sha256(REGISTRY.encode()).hexdigest()
    changes = {each["parameter"]: each for each in appliance.trail("parameters_changed")[-1]["changes"]}
    assert changes["registry.sha256"]["new"] == taken["sha256"]
    assert changes["registry.sha256"]["old"] not in (None, taken["sha256"])
    assert appliance.bring("registry", REGISTRY.encode() + b"\n", version=8) == m.Ok()
    assert appliance.trail(TAKEN)[-1]["old"] == taken["sha256"]


def test_the_ask_is_the_devices_own_and_names_what_it_has(appliance):
    appliance.bring("registry", REGISTRY.encode())

    ask = appliance.ask()

    assert isinstance(ask, m.DownlinkAsk)
    said = read_ask(ask.ask, appliance.core._ledger.key)
    assert (said.device, said.county, said.seq) == ("T-1", COUNTY.kid, 0)
    assert [(each.name, each.version) for each in ask.held] == [("registry", 7)]
    assert ask.keys == (COUNTY.public_jwk,)


def test_the_same_file_again_changes_nothing(appliance):
    for _ in range(3):
        assert appliance.bring("registry", REGISTRY.encode()) == m.Ok()

    assert len(appliance.trail(TAKEN)) == 1


def test_the_core_starts_anew_by_itself_once_nobody_has_used_it_for_a_while(appliance):
    stopped = []
    appliance.core.stop = lambda: stopped.append(True)
    appliance.core.turn(appliance.now)
    appliance.core.turn(appliance.now + 2 * QUIET_NS)
    assert not stopped
    appliance.bring("registry", REGISTRY.encode())

    appliance.now += 3 * QUIET_NS
    assert appliance.start(m.VisitKind.SELF_CHECK) == m.Ok()
    appliance.core.turn(appliance.now)
    assert not stopped
    appliance.core._obey(m.CloseVisit("v1"), appliance.now)
    appliance.core.turn(appliance.now + QUIET_NS - 1)
    assert not stopped
    appliance.core.turn(appliance.now + QUIET_NS)
    assert stopped


def test_a_law_pack_counts_at_once_and_only_by_its_publishers_word():
    appliance = Appliance(f'[law]\npublishers = ["{KEY}"]')
    try:
        before = len(appliance.core._law.packs)
        good = WORD.rstrip(b"\n") + b"\n\n" + DATA

        assert appliance.bring("rules-jjg99", good) == m.Ok()
        assert len(appliance.core._law.packs) == before + 1
        # The county carries the pack; whose law it is, is not the county's to say.
        changed = appliance.bring("rules-jjg99", good + b"\n# more\n", version=8)
        assert isinstance(changed, m.Refused) and "changed after it was signed" in changed.words
        assert isinstance(appliance.bring("rules-x", b"no pack at all"), m.Refused)
    finally:
        appliance.close()


def test_an_inspector_who_is_one_no_more_is_out_at_once_and_nobody_is_let_in(appliance):
    appliance.staff()
    appliance.sign_in(INSPECTOR)
    listed = f"""
    [[inspector]]
    number = "{INSPECTOR[0]}"
    name = "张三"
    state = "revoked"
    [[inspector]]
    number = "{SECOND[0]}"
    name = "李四"
    [[inspector]]
    number = "4444"
    name = "新人"
    """

    assert appliance.bring("inspectors", listed.encode()) == m.Ok()

    assert appliance.core._staff.person is None
    assert appliance.core._staff.book.people.active(INSPECTOR[0]) is None
    assert appliance.core._staff.book.people.active(SECOND[0]) is not None
    assert appliance.core._staff.book.people.get("4444") is None
    told = appliance.trail("people_changed")[-1]
    assert (told["change"], told["by"]["role"], told["by"]["name"]) == ("revoked", "county", COUNTY.kid)


# ------------------------------------------------------------------------------------------------ refused


def refused(reply: m.Reply, words: str) -> None:
    assert isinstance(reply, m.Refused), reply
    assert words in reply.words, reply.words


def test_what_the_county_has_not_signed_for_this_device_is_refused(appliance):
    content = REGISTRY.encode()
    refused(appliance.bring("registry", content, key=SoftwareKey.generate()), "no such key")
    refused(appliance.bring("registry", content, device="T-2"), "gave it to T-2")
    refused(appliance.bring("registry", content, sha256="0" * 64), "not those that the county signed")
    refused(appliance.bring("registry", content, size=1), "not those that the county signed")
    refused(appliance.take("registry", "a.b.c"), "")
    appliance.bring("weights", content)
    other = make_statement(
        COUNTY,
        Statement(county="c", device="", name="weights", version=7, size=len(content),
                  sha256=hashlib.sha256(content).hexdigest(), at=AT),
    )  # fmt: skip
    refused(appliance.take("registry", other), "speaks of weights")

    assert appliance.trail(TAKEN) == []
    # Only what the county itself signed goes into the record as refused: nobody else can fill it.
    assert [each["name"] for each in appliance.trail(REFUSED)] == ["weights"]


def test_nothing_older_follows_something_newer_also_after_a_start(appliance):
    assert appliance.bring("registry", REGISTRY.encode(), version=8) == m.Ok()
    refused(appliance.bring("registry", REGISTRY.encode() + b"\n", version=7), "older than 8")
    refused(appliance.bring("registry", REGISTRY.encode() + b"\n", version=8), "two files as version 8")

    appliance.restart()

    refused(appliance.bring("registry", REGISTRY.encode() + b"\n", version=7), "older than 8")
    assert appliance.stalls == ["Z-99"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("registry", b"[[scale", "registry"),
        ("registry", b"\xff\xfe", "registry"),
        ("registry", b'[[stall]]\ncode = "A"\nsecret = 1\n', "secret"),
        ("registry", b"x = " + b"[" * 5000, "registry"),
        ("weights", b"", "not those that the county signed"),
        ("weights", b'[[set]]\nid = "x"\n', "weights"),
        ("weights", b"# no weight at all\n", "DEMO-M1-5kg"),
        ("inspectors", b'[[inspector]]\nnumber = "12a"\nname = "x"\n', "number"),
        ("inspectors", b'[[inspector]]\nnumber = "123"\nname = "x"\npin = "1"\n', "pin"),
        ("inspectors", b'[[inspector]]\nnumber = "123"\nname = "x"\n' * 2, "twice"),
    ],
)
def test_what_this_program_could_not_use_is_refused_in_words_and_what_was_used_goes_on(
    appliance, name, content, words
):
    before = appliance.stalls
    changes = {"size": 1, "sha256": "0" * 64} if not content else {}

    for _ in range(3):
        refused(appliance.bring(name, content, **changes), words)
    appliance.restart()

    assert appliance.stalls == before
    assert appliance.trail(TAKEN) == []
    assert len(appliance.trail(REFUSED)) == (1 if content else 0)


def test_what_lies_aside_is_no_link_no_pipe_and_bounded(appliance):
    statement = make_statement(
        COUNTY,
        Statement(county="c", device="", name="registry", version=7, size=5, sha256="0" * 64, at=AT),
    )
    aside = appliance.aside("registry")
    refused(appliance.take("registry", statement), "No such file")
    aside.symlink_to("/etc/passwd")
    refused(appliance.take("registry", statement), "symbolic links")
    aside.unlink()
    os.mkfifo(aside)
    refused(appliance.take("registry", statement), "no file")
    aside.unlink()
    aside.write_bytes(b"x" * (MAX_CONTENT + 1))
    refused(appliance.take("registry", statement), "more than")


def test_while_a_visit_is_open_files_wait(appliance):
    assert appliance.start(m.VisitKind.SELF_CHECK) == m.Ok()

    for reply in (appliance.ask(), appliance.bring("registry", REGISTRY.encode())):
        assert isinstance(reply, m.Refused) and reply.code == "busy"


def test_a_county_that_was_left_publishes_nothing_here_any_more(appliance):
    new = SoftwareKey.generate()
    appliance.join(new)

    refused(appliance.bring("registry", REGISTRY.encode()), "no such key")
    assert appliance.bring("registry", REGISTRY.encode(), key=new) == m.Ok()


def test_a_key_that_the_county_went_over_to_counts(appliance):
    new = SoftwareKey.generate()
    statement = make_county_key(COUNTY, CountyKey(county="天祝县", jwk=new.public_jwk, at=AT))
    appliance.core._ledger.learn_county_key(statement)

    assert appliance.bring("registry", REGISTRY.encode(), key=new) == m.Ok()
    assert len(appliance.ask().keys) == 2


# ------------------------------------------------------------------------------------------------- damage


def test_a_file_that_is_damaged_gives_way_to_the_one_before_and_is_asked_for_again(appliance):
    appliance.bring("registry", REGISTRY.encode(), version=7)
    newer = REGISTRY.replace("Z-99", "Y-98").encode()
    appliance.bring("registry", newer, version=8)
    (appliance.data / DIRECTORY / "registry-8").write_bytes(newer.replace(b"Y-98", b"X-97"))

    appliance.restart()

    assert appliance.stalls == ["Z-99"]
    assert appliance.ask().held == ()
    assert appliance.bring("registry", newer, version=8) == m.Ok()
    appliance.restart()
    assert appliance.stalls == ["Y-98"]
    assert len(appliance.trail(TAKEN)) == 2


def test_a_file_that_the_record_does_not_name_is_not_used(appliance):
    before = appliance.stalls
    appliance.core._ledger.append = _full
    reply = appliance.bring("registry", REGISTRY.encode())
    assert isinstance(reply, m.Refused) and reply.code == "disk_full"
    assert (appliance.data / DIRECTORY / "registry-7").exists()

    appliance.restart()

    assert appliance.stalls == before
    assert appliance.bring("registry", REGISTRY.encode()) == m.Ok()
    appliance.restart()
    assert appliance.stalls == ["Z-99"]


def _full(*_arguments: object, **_named: object) -> None:
    raise StoreFailed("disk_full", "the disk is full")


# -------------------------------------------------------------------------------------------- the record


def test_an_export_shows_by_whose_word_each_file_was_used_and_any_change_shows(appliance):
    appliance.bring("registry", REGISTRY.encode(), version=7)
    appliance.bring("registry", REGISTRY.encode() + b"\n", version=9)
    good = [told.encode() for told in export_of(appliance)]
    assert check(appliance, good) == (0, "")

    ledger = appliance.core._ledger
    taken = appliance.trail(TAKEN)
    lies = [
        {**taken[1], "sha256": "0" * 64},
        {**taken[1], "old": None},
        {**taken[1], "version": 10},
        {**taken[0], "old": taken[1]["sha256"]},
        {**taken[1], "statement": taken[0]["statement"]},
        {**taken[1], "statement": "a.b.c"},
    ]
    for lie in lies:
        # The device itself signs the lie: it is the county's word that shows it.
        entry = make_entry(
            appliance.core._ledger._signer, device="T-1", seq=ledger.head_seq + 1, prev=ledger.head.hash,
            stamp=stamp(appliance.core._clock), software="00", kind=TAKEN, body=lie,
        )  # fmt: skip
        code, words = check(appliance, [*good, entry.jws.encode()])
        assert code == 1, lie
        assert words


def export_of(appliance) -> list[str]:
    ledger = appliance.core._ledger
    return list(ledger.lines(0, 500))


def check(appliance, lines: list[bytes]) -> tuple[int, str]:
    path = appliance.root / "ledger.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    tool = Path(__file__).parents[2] / "tools" / "check_ledger.py"
    done = subprocess.run([sys.executable, str(tool), str(path)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr if done.returncode else ""


def test_a_file_is_checked_by_command_before_it_is_published(tmp_path):
    good, bad = tmp_path / "registry.toml", tmp_path / "bad.toml"
    good.write_text(REGISTRY, encoding="utf-8")
    bad.write_text("[[stall]]\nwrong = 1\n", encoding="utf-8")
    line = [sys.executable, "-m", "firmware_app.cli.main", "downlink", "check", "registry"]

    done = [subprocess.run([*line, str(path)], capture_output=True, text=True) for path in (good, bad)]

    assert [each.returncode for each in done] == [0, 1]
    assert "wrong" in done[1].stderr
