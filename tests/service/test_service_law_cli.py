"""`steelyard law`: from the publisher's desk to the appliance, with and without a running program."""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_app.cli.judge import app as judge
from firmware_app.cli.law import app as law
from firmware_app.ledger.home import read_ledger
from firmware_app.rules.pack import BUILTIN
from firmware_app.service.config import load
from firmware_app.service.core import Core

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
WEIGHTS = (BUILTIN / "jjg99-2022.toml").read_bytes()


class Appliance:
    """An appliance that pins a publisher, and the publisher's desk beside it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
        (self.root / "run").mkdir()
        for name in ("registry.toml", "weights.toml", "pan.toml"):
            shutil.copy(DEMO / name, self.root)
        first = self.pack(2)
        self.publisher = json.loads(self.law("sign", first, *self.key, "--new-key", "--json")[1])["publisher"]
        (self.root / "steelyard.toml").write_text(
            f"""
            registry = "registry.toml"
            weights = "weights.toml"
            [device]
            id = "T-1"
            data_dir = "data"
            run_dir = "run"
            [pan]
            driver = "simulated"
            calibration = "pan.toml"
            [law]
            publishers = ["{self.publisher}"]
            """,
            encoding="utf-8",
        )

    @property
    def key(self) -> tuple[str, ...]:
        return ("--key", str(self.root / "law.key"), "--name", "law.example.org")

    @property
    def config(self) -> tuple[str, ...]:
        return ("--config", str(self.root / "steelyard.toml"))

    @property
    def data(self) -> tuple[str, ...]:
        return ("--data", str(self.root / "data"))

    def pack(self, version: int) -> str:
        path = self.root / f"weights{version}.toml"
        path.write_bytes(WEIGHTS.replace(b'version = "1"', b'version = "%d"' % version))
        return str(path)

    def law(self, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(law, list(arguments), env={"COLUMNS": "200"})
        return done.exit_code, done.output

    def listed(self) -> set[tuple[str, bool]]:
        code, out = self.law("list", *self.data, "--on", "2026-11-23", "--json")
        assert code == 0, out
        return {(p["version"], p["counts"]) for p in json.loads(out)["packs"] if p["id"] == "jjg99-2022"}


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    made = Appliance()
    (made.root / "data").mkdir()
    yield made
    shutil.rmtree(made.root)


def test_a_key_is_made_once_kept_from_others_and_never_shown(appliance):
    key = appliance.root / "law.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = json.loads(key.read_text())["d"]
    code, out = appliance.law("sign", appliance.pack(2), *appliance.key)
    assert code == 0 and secret not in out and appliance.publisher in out
    assert secret not in (appliance.root / "weights2.toml.sig").read_text()
    code, out = appliance.law("sign", appliance.pack(2), *appliance.key, "--new-key")
    assert code == 2 and "never overwritten" in out


def test_a_pack_that_does_not_prove_itself_is_not_signed(appliance):
    path = Path(appliance.pack(3))
    path.write_bytes(path.read_bytes().replace(b'M1 = "50"', b'M1 = "51"'))
    code, out = appliance.law("sign", str(path), *appliance.key)
    assert code == 2 and "the vector wants" in out
    assert not path.with_name(path.name + ".sig").exists()


def test_check_says_what_is_good_and_what_is_not(appliance):
    pack = appliance.pack(2)
    code, out = appliance.law("check", pack, *appliance.config, *appliance.data)
    assert code == 0 and "good, by law.example.org" in out
    code, out = appliance.law("check", appliance.pack(4), *appliance.config, *appliance.data)
    assert code == 1 and "no signature there" in out
    shutil.copy(f"{pack}.sig", appliance.root / "weights4.toml.sig")
    code, out = appliance.law("check", appliance.pack(4), *appliance.config, *appliance.data, "--json")
    said = json.loads(out)
    assert code == 1 and "of other bytes" in said["signature"] and not said["could_be_added"]


def test_without_a_running_program_the_pack_waits_on_the_shelf_for_the_next_start(appliance):
    pack = appliance.pack(2)
    code, out = appliance.law("add", pack, *appliance.config)
    assert code == 0 and "counts from the next start" in out, out
    assert appliance.listed() == {("1", True)}

    Core(load(appliance.root / "steelyard.toml")).close()

    assert appliance.listed() == {("1", False), ("2", True)}
    code, out = appliance.law("add", pack, *appliance.config)
    assert code == 0 and "was there before" in out
    code, out = appliance.law("show", "jjg99-2022", *appliance.data)
    assert code == 0 and "version 2" in out and "a publisher's signature" in out
    done = CliRunner().invoke(
        judge, ["weights", "--class", "M1", "--nominal", "1kg", "--json", *appliance.data]
    )
    assert json.loads(done.stdout)["version"] == "2", "judge answers by what judges there"


def test_a_file_as_it_lies_on_a_shelf_can_be_carried_to_another_appliance(appliance):
    appliance.law("add", appliance.pack(2), *appliance.config)
    (file,) = (appliance.root / "data" / "law").iterdir()
    carried = shutil.move(file, appliance.root)
    code, out = appliance.law("check", str(carried), *appliance.config, *appliance.data)
    assert code == 0 and "good, by law.example.org" in out
    code, out = appliance.law("add", str(carried), *appliance.config)
    assert code == 0 and "counts from the next start" in out
    Path(carried).write_bytes(b"nothing of the kind")
    code, out = appliance.law("add", str(carried), *appliance.config)
    assert code == 2 and "not a signed note" in out


def test_a_running_program_takes_the_pack_and_uses_it_at_once(appliance):
    core = Core(load(appliance.root / "steelyard.toml"))
    running = threading.Thread(target=core.run)
    running.start()
    try:
        code, out = appliance.law("add", appliance.pack(2), *appliance.config)
        assert code == 0 and "it counts" in out and "next start" not in out, out
        assert ("2", True) in appliance.listed()
        other = appliance.pack(3)
        appliance.law("sign", other, "--key", str(appliance.root / "else.key"), "--name", "else", "--new-key")
        code, out = appliance.law("add", other, *appliance.config)
        assert code == 1 and "not pinned" in out
    finally:
        core.stop()
        running.join()
    with read_ledger(appliance.root / "data") as ledger:
        (added,) = ledger.of_kind("law_pack_added", 0)
        changes = [
            change
            for entry in ledger.of_kind("parameters_changed", 0)
            for change in entry.payload.body["changes"]
            if change["parameter"] == "law.jjg99-2022.2"
        ]
    assert added.payload.body["source"] == "added through the running program"
    assert [(each["old"], each["new"]) for each in changes] == [(None, added.payload.body["sha256"])]


def test_a_lost_pack_lets_no_visit_begin(appliance):
    from firmware_app.service.messages import AskHealth, Refused, StartVisit, VisitKind

    appliance.law("add", appliance.pack(2), *appliance.config)
    Core(load(appliance.root / "steelyard.toml")).close()
    shutil.rmtree(appliance.root / "data" / "law")

    core = Core(load(appliance.root / "steelyard.toml"))
    answer = core._obey(StartVisit("v1", VisitKind.SELF_CHECK), 0)
    health = core._obey(AskHealth(), 0)
    core.close()

    assert isinstance(answer, Refused) and answer.code in ("law_missing", "software_falsified")
    (item,) = (item for item in health.items if item.part == "law")
    assert not item.ok and "jjg99-2022 version 2" in item.finding and "steelyard law add" in item.remedy


def test_a_configuration_with_a_bad_publisher_is_refused_in_words(appliance):
    path = appliance.root / "steelyard.toml"
    path.write_text(path.read_text().replace(appliance.publisher, "law.example.org+00000000+AAAA"))
    code, out = appliance.law("add", appliance.pack(2), *appliance.config)
    assert code == 2 and "publisher" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "moon"), "no pack 'moon'"),
        (("show", "jjg539-2016", "--version", "9"), "no pack"),
        (("list", "--on", "yesterday"), "does not match"),
        (("check", "/nowhere.toml"), "does not exist"),
    ],
)
def test_nonsense_is_refused_with_the_remedy(arguments, words):
    done = CliRunner().invoke(law, list(arguments), env={"COLUMNS": "200"})
    assert done.exit_code == 2 and words in done.output


def test_duties_are_reminders_with_their_text(appliance):
    code, out = appliance.law("duties", "--for", "trader", "--on", "2026-11-23", *appliance.data)
    assert code == 0 and "whose verification is valid" in out and "order94-2025 version 2" in out
    code, out = appliance.law("duties", "--on", "2026-11-23", *appliance.data, "--json")
    assert {each["concerned"] for each in json.loads(out)["duties"]} == {"organiser", "trader"}
    code, out = appliance.law("duties", "--on", "2025-02-28", *appliance.data)
    assert code == 0 and "no text" in out
    code, out = appliance.law("duties", "--for", "moon", *appliance.data)
    assert code == 2 and "organiser, trader" in out
