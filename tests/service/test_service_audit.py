"""The audit trail of OIML D 31 in a real core: software, parameters, and what a falsified program may do."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.ledger.home import read_ledger
from firmware_app.rules.pack import builtin_packs
from firmware_app.service import core as core_module
from firmware_app.service import identity, messages
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import Refused, StartVisit, VisitKind
from firmware_app.service.watches.software import EVERY_NS, FALSIFIED, SoftwareWatch, installed_hash

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"


class Machine:
    """An appliance whose files a test may change between two starts."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
        (self.root / "run").mkdir()
        for name in ("registry.toml", "weights.toml", "pan.toml"):
            shutil.copy(DEMO / name, self.root)
        self.configure()

    def configure(self, rate_hz: int = 80) -> None:
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
            rate_hz = {rate_hz}
            """,
            encoding="utf-8",
        )

    def core(self) -> Core:
        return Core(load(self.root / "steelyard.toml"))

    def run(self) -> None:
        self.core().close()

    def install(self, text: str) -> None:
        (self.root / "software.sha256").write_text(text)

    def trail(self, kind: str) -> list[dict]:
        with read_ledger(self.root / "data") as ledger:
            return [entry.payload.body for entry in ledger.of_kind(kind, 0)]

    def changes(self, last: int = 1) -> dict[str, tuple[object, object]]:
        """Of the last entries about parameters: name → old, new."""
        found = self.trail("parameters_changed")[-last:]
        return {each["parameter"]: (each["old"], each["new"]) for body in found for each in body["changes"]}


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    shutil.rmtree(made.root)


def begin(core: Core, kind: VisitKind = VisitKind.SELF_CHECK) -> messages.Reply:
    return core._obey(StartVisit("v1", kind), time.monotonic_ns())


def parts(core: Core) -> dict[str, str]:
    return {part.name: part.problem for part in core._state(time.monotonic_ns()).parts}


# ------------------------------------------------------------------------------------------------- parameters


def test_the_first_start_records_every_parameter_and_the_next_one_nothing(machine):
    machine.run()
    first = machine.changes()
    assert first["pan.rate_hz"] == (None, "80")
    assert first["device.id"] == (None, "T-1")
    assert first["weights.sha256"][0] is None
    for pack in builtin_packs():
        assert first[f"law.{pack.id}.{pack.version}"] == (None, pack.sha256)

    machine.run()

    assert len(machine.trail("parameters_changed")) == 1


def test_a_changed_parameter_is_recorded_with_its_old_and_new_value_and_source(machine):
    machine.run()
    machine.configure(rate_hz=10)

    machine.run()

    assert machine.changes() == {"pan.rate_hz": ("80", "10")}
    assert machine.trail("parameters_changed")[-1]["source"] == "files read at the start"


@pytest.mark.parametrize("name", ["registry", "weights"])
def test_a_changed_registry_or_set_of_weights_is_recorded(machine, name):
    machine.run()
    with (machine.root / f"{name}.toml").open("a", encoding="utf-8") as file:
        file.write("\n# somebody was here\n")

    machine.run()

    assert set(machine.changes()) == {f"{name}.sha256"}


def test_another_law_pack_is_recorded(machine, mocker):
    machine.run()
    fewer = builtin_packs()[1:]
    gone = builtin_packs()[0]
    mocker.patch("firmware_app.rules.shelf.builtin_packs", return_value=fewer)

    machine.run()

    assert machine.changes() == {f"law.{gone.id}.{gone.version}": (gone.sha256, None)}


def test_a_confirmation_is_recorded_when_it_is_given_while_the_program_runs(machine):
    core = machine.core()
    (machine.root / "data" / "confirmations.json").write_text("[]\n")

    begin(core)
    core.close()

    assert set(machine.changes()) == {"confirmations.sha256"}
    assert machine.trail("parameters_changed")[-1]["source"] == "confirmed at the terminal"


def test_another_calibration_is_recorded_with_old_and_new_values(machine):
    machine.run()
    path = machine.root / "pan.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# touched\n", encoding="utf-8")

    machine.run()

    assert len(machine.trail("calibration_changed")) == 1


# --------------------------------------------------------------------------------------------------- software


def test_another_program_is_recorded_with_its_old_and_new_identity(machine, mocker):
    machine.run()
    mocker.patch.object(core_module, "software_hash", return_value="f" * 64)
    mocker.patch.object(core_module, "measured_software", return_value="f" * 64)

    core = machine.core()
    judging = begin(core)
    core.close()

    assert machine.trail("software_changed") == [{"old": identity.software_hash(), "new": "f" * 64}]
    assert not isinstance(judging, Refused), "an update that is whole goes on judging"


def test_a_program_that_is_the_installed_one_judges(machine):
    machine.install(identity.measured_software() + "\n")
    core = machine.core()

    assert not isinstance(begin(core), Refused)
    assert "software" not in parts(core)
    core.close()
    assert machine.trail(FALSIFIED) == []


@pytest.mark.parametrize("record", ["0" * 64 + "\n", "no hash\n", ""])
def test_a_program_that_is_not_the_installed_one_judges_nothing_and_says_so(machine, record):
    machine.install(record)
    core = machine.core()

    for kind in VisitKind:
        # Of what an inspector leads the door says first that none is signed in.
        assert begin(core, kind).code in (FALSIFIED, "no_inspector")
    assert begin(core, VisitKind.SELF_CHECK).code == FALSIFIED
    assert parts(core)["software"] == "falsified"
    reply = core._obey(messages.AskHealth(), time.monotonic_ns())
    item = next(item for item in reply.items if item.part == "software")
    assert (item.ok, "nothing is judged" in item.finding) == (False, True)
    core.close()
    told = machine.trail(FALSIFIED)
    assert len(told) == 1
    assert told[0]["found"] == identity.measured_software()


def test_a_module_changed_while_the_program_runs_is_found_within_a_day_and_ends_the_visit(machine, mocker):
    core = machine.core()
    assert not isinstance(begin(core), Refused)
    mocker.patch.object(core._software, "_measure", return_value="e" * 64)

    core.turn(time.monotonic_ns())
    assert core._desk.visit == "v1"
    core.turn(time.monotonic_ns() + EVERY_NS + 1)

    assert core._desk.visit is None
    assert begin(core).code == FALSIFIED
    core.close()
    assert [body["found"] for body in machine.trail(FALSIFIED)] == ["e" * 64]


def test_one_byte_in_one_module_or_pack_changes_the_identity(tmp_path, mocker):
    root = tmp_path / "program"
    for part in ("hardware/loadcell", "hardware/scale", "firmware_app/rules"):
        shutil.copytree(identity._ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    mocker.patch.object(identity, "_ROOT", root)
    before = identity.measured_software()
    assert identity.measured_software() == before
    for name in ("hardware/loadcell/hx711.py", "firmware_app/rules/pack.py"):
        path = root / name
        kept = path.read_bytes()
        path.write_bytes(kept[:-2] + b"#\n")
        assert identity.measured_software() != before
        path.write_bytes(kept)
    pack = next((root / "firmware_app/rules/packs").glob("*.toml"))
    pack.write_bytes(pack.read_bytes() + b"\n")
    assert identity.measured_software() != before


class StillClock:
    boot = "b"

    def now(self):
        from datetime import UTC, datetime

        return datetime(2026, 3, 1, tzinfo=UTC)

    def quality(self):
        return "battery"

    def uptime_ns(self):
        return 1


def test_it_is_measured_once_a_day_and_said_once(tmp_path):
    from firmware_app.ledger.home import open_ledger

    asked = []

    def measure() -> str:
        asked.append(1)
        return "b" * 64

    with open_ledger(tmp_path / "data", clock=StillClock(), software="a" * 64) as ledger:
        watch = SoftwareWatch(ledger, "a" * 64, measure, tmp_path / "software.sha256")
        watch.start(0)
        for hour in range(49):
            watch.turn(hour * 3600 * 10**9)

        assert len(asked) == 3
        assert len(list(ledger.of_kind(FALSIFIED, 0))) == 1
        assert watch.code == FALSIFIED


def test_a_disk_that_cannot_be_read_is_no_proof_that_all_is_well(tmp_path):
    from firmware_app.ledger.home import open_ledger

    def measure() -> str:
        raise OSError(5, "Input/output error")

    with open_ledger(tmp_path / "data", clock=StillClock(), software="a" * 64) as ledger:
        watch = SoftwareWatch(ledger, "a" * 64, measure, tmp_path / "software.sha256")
        watch.start(0)

        assert watch.code == FALSIFIED


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a" * 64, "a" * 64),
        (b"a" * 64 + b"\n", "a" * 64),
        (b"A" * 64, "unreadable"),
        (b"\xff", "unreadable"),
    ],
)
def test_the_record_of_the_installation_is_read_strictly(tmp_path, content, found):
    path = tmp_path / "software.sha256"
    path.write_bytes(content)

    assert installed_hash(path) == found
    assert installed_hash(tmp_path / "none") == ""
