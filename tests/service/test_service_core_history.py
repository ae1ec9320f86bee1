"""The core upon copies of its data directory, by a clock that is wrong, and without the hardware it needs."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_app.ledger.errors import SignerUnavailable
from firmware_app.ledger.home import read_ledger
from firmware_app.service import messages
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import Ok, Refused, ShowHeld, StartVisit, VisitKind
from firmware_app.settings_file import BadSettings

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"


class Machine:
    """A machine whose disk can be copied and put back."""

    def __init__(self, device: str = "") -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sy"))
        (self.root / "run").mkdir()
        (self.root / "steelyard.toml").write_text(
            f"""
            registry = "{DEMO / "registry.toml"}"
            weights = "{DEMO / "weights.toml"}"
            [device]
            id = "T-1"
            data_dir = "data"
            run_dir = "run"
            {device}
            [pan]
            driver = "simulated"
            calibration = "{DEMO / "pan.toml"}"
            """,
            encoding="utf-8",
        )

    def core(self) -> Core:
        return Core(load(self.root / "steelyard.toml"))

    def keep(self, name: str) -> None:
        shutil.copytree(self.root / "data", self.root / name)

    def put_back(self, name: str) -> None:
        shutil.rmtree(self.root / "data")
        shutil.move(self.root / name, self.root / "data")

    def trail(self, kind: str) -> list[dict]:
        with read_ledger(self.root / "data") as ledger:
            return [entry.payload.body for entry in ledger.of_kind(kind, 0)]


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    shutil.rmtree(made.root)


def begin(core: Core, visit: str = "v1", kind: VisitKind = VisitKind.SELF_CHECK) -> messages.Reply:
    return core._obey(StartVisit(visit, kind), time.monotonic_ns())


def test_a_disk_put_back_judges_nothing_once_the_county_shows_what_it_holds(machine: Machine) -> None:
    machine.core().close()
    machine.keep("older")
    machine.core().close()
    with read_ledger(machine.root / "data") as newer:
        held = newer.entry(newer.head_seq).jws
    machine.put_back("older")

    # As the uploader says it at the first contact, before this run has appended as much as it lost.
    core = machine.core()
    try:
        assert begin(core) == Ok()
        assert core._obey(ShowHeld(held), time.monotonic_ns()) == Ok()
        assert core._desk.visit is None, "the visit that was open is over"
        assert begin(core, "v2").code == "history_broken"
        assert core._state(time.monotonic_ns()).county.problem == "history_broken"
    finally:
        core.close()
    again = machine.core()
    try:
        assert begin(again, "v3").code == "history_broken", "also after the next start"
    finally:
        again.close()
    (found,) = machine.trail("history_broken")
    assert found["why"] in ("fork", "rollback")


def test_what_somebody_else_signed_stops_nothing(machine: Machine) -> None:
    core, other = machine.core(), Machine()
    try:
        stranger = other.core()
        foreign = stranger._ledger.entry(1).jws
        stranger.close()
        core._obey(ShowHeld(foreign), time.monotonic_ns())
        core._obey(ShowHeld("x" * 100), time.monotonic_ns())
        assert begin(core) == Ok()
    finally:
        core.close()
        shutil.rmtree(other.root)


def test_a_step_of_the_clock_is_in_the_trail(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    core = machine.core()
    try:
        core.turn(time.monotonic_ns())
        real = SystemClock.now
        monkeypatch.setattr(SystemClock, "now", lambda self: real(self) + timedelta(hours=2))
        core.turn(time.monotonic_ns())
    finally:
        core.close()
    (step,) = machine.trail("clock_step")
    assert step["step_s"] == pytest.approx(7200, abs=0.2)


@pytest.mark.parametrize(
    ("quality", "year", "begun"),
    [("unsynchronised", 2016, True), ("unsynchronised", 2046, False), ("synchronised", 2026, True)],
)
def test_a_clock_that_may_name_another_law_begins_no_visit(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, quality: str, year: int, begun: bool
) -> None:
    """The last day known for good is in 2026; a clock behind it counts as that day."""
    monkeypatch.setattr(SystemClock, "now", lambda _self: datetime(2026, 6, 1, 8, tzinfo=UTC))
    monkeypatch.setattr(SystemClock, "quality", lambda _self: "synchronised")
    core = machine.core()
    try:
        monkeypatch.setattr(SystemClock, "quality", lambda _self: quality)
        monkeypatch.setattr(SystemClock, "now", lambda _self: datetime(year, 6, 1, 8, tzinfo=UTC))
        answer = begin(core)
        if begun:
            assert answer == Ok()
            assert core._today().year == 2026
        else:
            assert isinstance(answer, Refused) and answer.code == "clock_doubtful"
            assert begin(core, kind=VisitKind.CONTROL_CHECK) != answer, "the pan is no scale"
    finally:
        core.close()


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ('signer = "vault"', "signer"),
        ('signer = "tpm"\nsigner_options = { port = 1 }', "no option 'port'"),
        ('signer_options = { tcti = "x" }', "no option 'tcti'"),
    ],
)
def test_a_signer_that_cannot_be_is_refused_with_its_words(device: str, words: str) -> None:
    machine = Machine(device)
    try:
        with pytest.raises(BadSettings, match=words):
            load(machine.root / "steelyard.toml")
    finally:
        shutil.rmtree(machine.root)


def test_hardware_that_is_not_there_is_said_and_no_file_takes_its_place() -> None:
    machine = Machine('signer = "tpm"\nsigner_options = { tcti = "device:/dev/none" }')
    try:
        with pytest.raises(SignerUnavailable, match=r"tpm2-pytss is not installed|no TPM answers"):
            machine.core()
        assert not (machine.root / "data" / "device.key").exists()
        assert not (machine.root / "data" / "ledger.db").exists()
    finally:
        shutil.rmtree(machine.root)
