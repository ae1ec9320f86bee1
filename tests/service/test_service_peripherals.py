"""Scanner and printer on a real core: a pty as the scanner's line, ESC/POS to a printer on a bench."""

import os
import shutil
import statistics
import tempfile
import threading
import time
import tty
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.ledger.slip.image import SLIP_FONT
from firmware_app.procedures.events import FigureTyped, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import ChooseScale, Judged, Way
from firmware_app.service import messages
from firmware_app.service.client import CoreClient
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import VisitKind
from hardware.bench import ask
from hardware.scanner_contract import DriverUnavailable

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"


class Stage:
    """A core with a scanner on a pty and a simulated printer; the test turns it."""

    def __init__(self, printer="", scanner=""):
        self.root = Path(tempfile.mkdtemp(prefix="sq"))
        self.near, self.far = os.openpty()
        tty.setraw(self.far)
        self.link = self.root / "scanner"
        self.link.symlink_to(os.ttyname(self.far))
        self.bench = self.root / "run" / "bench.ipc"
        self.paper = self.root / "paper"
        for name in ("run", "data"):
            (self.root / name).mkdir()
        (self.root / "steelyard.toml").write_text(
            f"""
            registry = "{DEMO / "registry.toml"}"
            weights = "{DEMO / "weights.toml"}"
            [device]
            id = "T-1"
            data_dir = "data"
            run_dir = "run"
            [pan]
            driver = "simulated"
            calibration = "{DEMO / "pan.toml"}"
            [scanner]
            driver = "serial"
            options = {{ port = "{self.link}" }}
            {scanner}
            [printer]
            driver = "simulated"
            options = {{ at = "{self.paper}", bench = "{self.bench}" }}
            {printer}
            """,
            encoding="utf-8",
        )
        self.core = Core(load(self.root / "steelyard.toml"))

    def scan(self, data):
        os.write(self.near, data)

    def state(self):
        return self.core._state(time.monotonic_ns())

    def until(self, true, timeout_s=5.0):
        """Turns the core until that is so of its state."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            self.core.turn(time.monotonic_ns())
            if true(state := self.state()):
                return state
            time.sleep(0.01)
        raise AssertionError(f"did not come about: {self.state()}")

    def settle(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.core.turn(time.monotonic_ns())
            time.sleep(0.01)

    def judged(self):
        """A self-check by weights, every figure right; the entry of its verdict."""
        desk, now_ns = self.core._desk, time.monotonic_ns()
        desk.start(f"v{now_ns}", VisitKind.SELF_CHECK)
        for answer in (StallTyped("12"), ScaleChosen("TZ-DEMO-0012"), WayChosen(Way.WEIGHTS)):
            desk.handle(answer, now_ns)
        while not isinstance(prompt := desk.state().prompt, Judged):
            desk.handle(FigureTyped(prompt.nominal_g, "g"), now_ns)
        return prompt.entry

    def command(self, command):
        """Sends a command through the core's own socket while the core turns."""
        replies = []

        def send():
            with CoreClient(self.root / "run") as client:
                replies.append(client.ask(command))

        thread = threading.Thread(target=send)
        thread.start()
        while thread.is_alive():
            self.core.turn(time.monotonic_ns())
            time.sleep(0.005)
        thread.join()
        return replies[0]

    def steelyard(self, *arguments):
        """`steelyard slip print` in a thread while the core turns: its exit code and output."""
        results = []
        line = ["slip", "print", *arguments, "--run-dir", str(self.root / "run")]
        thread = threading.Thread(target=lambda: results.append(CliRunner().invoke(app, line)))
        thread.start()
        while thread.is_alive():
            self.core.turn(time.monotonic_ns())
            time.sleep(0.005)
        thread.join()
        return results[0]

    def phases(self):
        return [job.phase for job in self.state().printer.jobs]

    def slips(self):
        return sorted(self.paper.glob("slip-*.png")) if self.paper.exists() else []

    def close(self):
        ask(self.bench, stuck=False)
        self.core.close()
        for end in (self.near, self.far):
            os.close(end)
        shutil.rmtree(self.root)


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.close()


@pytest.fixture
def font():
    if not SLIP_FONT.is_file():
        pytest.skip(f"no font at {SLIP_FONT}")


def part(state, name):
    return next(part.problem for part in state.parts if part.name == name)


# The scanner.


@pytest.mark.parametrize(
    "data",
    [b"steelyard:stall:12\r", b"]Q1steelyard:stall:12\r\n", b"https://example.org/steelyard/stall/12\r"],
)
def test_a_scan_on_the_home_screen_starts_the_visit_of_the_stall(stage, data):
    stage.scan(data)
    state = stage.until(lambda state: state.visit is not None)

    assert isinstance(state.visit.prompt, ChooseScale)
    assert state.visit.prompt.stall.code == "12"
    assert state.scan is None


def test_a_scan_answers_the_question_for_the_stall(stage):
    stage.core._desk.start("v1", VisitKind.SELF_CHECK)
    stage.scan(b"steelyard:stall:7\r")
    state = stage.until(lambda state: isinstance(state.visit.prompt, ChooseScale))
    assert state.visit.visit == "v1" and state.visit.prompt.stall.code == "7"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"6901234567892\r", "unknown"),
        (b"steelyard:stall:" + b"1" * 600 + b"\r", "too_long"),
        (b"steelyard:stall:12\x1b[2J\r", "control"),
        (b"steelyard:stall:\xe2\x80\xae21\r", "control"),
        (b"\xff\xfe\xfd\r", "not_text"),
    ],
)
def test_a_hostile_or_unknown_code_is_answered_and_opens_nothing(stage, data, code):
    stage.scan(data)
    state = stage.until(lambda state: state.scan is not None)
    assert state.scan.code == code and state.visit is None


def test_a_flood_of_bytes_neither_stops_the_core_nor_opens_anything(stage):
    """Given a mad scanner, when 200 kB come, then every turn stays short and memory bounded."""
    noise = os.urandom(200_000).replace(b"\r", b"").replace(b"\n", b"")
    sender = threading.Thread(
        target=lambda: [stage.scan(noise[at : at + 2000]) for at in range(0, len(noise), 2000)]
    )
    sender.start()
    longest = 0.0
    while sender.is_alive():
        began = time.monotonic()
        stage.core.turn(time.monotonic_ns())
        longest = max(longest, time.monotonic() - began)
    stage.scan(b"\rsteelyard:stall:12\r")
    stage.until(lambda state: state.visit is not None)
    assert longest < 1.0


def test_a_scanner_pulled_out_is_a_part_in_trouble_with_a_remedy_and_comes_back(stage):
    stage.until(lambda state: part(state, "scanner") == "")
    stage.link.unlink()
    stage.until(lambda state: part(state, "scanner") == "unplugged")
    health = stage.command(messages.AskHealth())
    assert [(item.ok, item.remedy != "") for item in health.items if item.part == "scanner"] == [
        (False, True)
    ]

    stage.link.symlink_to(os.ttyname(stage.far))
    stage.until(lambda state: part(state, "scanner") == "", timeout_s=10)
    stage.scan(b"12\r")
    stage.until(lambda state: state.visit is not None)


def test_a_scanner_that_cannot_be_used_here_stops_nobody(monkeypatch):
    """Given a machine without what the driver needs, then the core runs and says so."""

    def unavailable(_options):
        raise DriverUnavailable("no package evdev")

    monkeypatch.setattr("hardware.scanner.open_serial_scanner", unavailable)
    stage = Stage()
    try:
        assert part(stage.state(), "scanner") == "faulty"
        health = {item.part: item for item in stage.command(messages.AskHealth()).items}
        assert not health["scanner"].ok and "--check" in health["scanner"].remedy
    finally:
        stage.close()


def test_a_core_without_scanner_and_printer_says_nothing_of_them(stage):
    text = (stage.root / "steelyard.toml").read_text(encoding="utf-8")
    other = stage.root / "other"
    for name in ("run", "data"):
        (other / name).mkdir(parents=True)
    (other / "steelyard.toml").write_text(text[: text.index("[scanner]")], encoding="utf-8")
    core = Core(load(other / "steelyard.toml"))
    try:
        state = core._state(time.monotonic_ns())
        assert state.printer is None and state.scan is None
        assert not {each.name for each in state.parts} & {"scanner", "printer"}
        assert isinstance(core._slips.print("j", 1), messages.Refused)
    finally:
        core.close()


# The printer.


def test_a_verdict_is_printed_on_the_word_of_a_person(stage, font):
    entry = stage.judged()
    assert isinstance(stage.command(messages.PrintSlip("job-1", entry)), messages.Ok)
    stage.until(lambda _: stage.phases() == ["printed"])
    assert len(stage.slips()) == 1

    assert isinstance(stage.command(messages.PrintSlip("job-1", entry)), messages.Ok)
    stage.settle(0.3)
    assert len(stage.slips()) == 1


@pytest.mark.parametrize("entry", [0, 1, 2, 999, -1, 1 << 62])
def test_what_has_no_verdict_has_no_slip(stage, font, entry):
    reply = stage.command(messages.PrintSlip("job-1", entry))
    assert isinstance(reply, messages.Refused) and reply.code == "no_slip"


@pytest.mark.parametrize("job", ["", "x" * 65])
def test_a_job_needs_an_id(stage, font, job):
    assert stage.command(messages.PrintSlip(job, stage.judged())).code == "bad_message"


def test_paper_that_is_used_up_is_said_and_the_slip_waits_or_is_taken_back(stage, font):
    ask(stage.bench, paper_rows=0)
    state = stage.until(lambda state: state.printer.trouble == "paper_out")
    assert part(state, "printer") == "paper_out"
    entry = stage.judged()
    stage.command(messages.PrintSlip("job-1", entry))
    stage.settle(0.3)
    assert stage.phases() == ["waiting"]
    stage.command(messages.CancelSlip(entry))
    stage.command(messages.PrintSlip("job-2", entry))
    assert stage.phases() == ["cancelled", "waiting"]

    ask(stage.bench, paper_rows=None)
    stage.until(lambda _: stage.phases() == ["cancelled", "printed"])
    assert len(stage.slips()) == 1


def test_automatic_prints_every_verdict_once_also_after_a_restart(font):
    stage = Stage(printer="automatic = true")
    try:
        stage.judged()
        stage.until(lambda _: stage.phases() == ["printed"])
        stage.core.close()
        stage.core = Core(load(stage.root / "steelyard.toml"))
        stage.settle(0.5)
        assert stage.phases() == [] and len(stage.slips()) == 1
    finally:
        stage.close()


def test_the_terminal_prints_by_the_same_path_and_says_that_it_is_a_copy(stage, font):
    entry = stage.judged()
    first = stage.steelyard(str(entry), "--json")
    second = stage.steelyard(str(entry), "--json")
    assert (first.exit_code, second.exit_code) == (0, 0)
    jobs = [msgspec.json.decode(result.stdout, type=messages.SlipJob) for result in (first, second)]
    assert [(job.entry, job.phase, job.copy) for job in jobs] == [
        (entry, "printed", False),
        (entry, "printed", True),
    ]
    assert len(stage.slips()) == 2


def test_the_terminal_says_that_there_is_no_slip(stage):
    result = stage.steelyard("1")
    assert result.exit_code == 1 and "no slip of entry 1" in result.output


def test_without_a_core_the_terminal_says_so(tmp_path):
    result = CliRunner().invoke(app, ["slip", "print", "1", "--run-dir", str(tmp_path)])
    assert result.exit_code == 3 and "is it running?" in result.output


def test_a_slip_that_waits_for_paper_outlives_the_core(stage, font):
    """Given a slip that waits, when the power is cut and the paper renewed, then it comes out by itself."""
    ask(stage.bench, paper_rows=0)
    stage.until(lambda state: state.printer.trouble == "paper_out")
    entry = stage.judged()
    stage.command(messages.PrintSlip("job-1", entry))
    stage.core.close()

    stage.core = Core(load(stage.root / "steelyard.toml"))
    stage.until(lambda _: stage.phases() == ["printed"])
    assert [job.entry for job in stage.state().printer.jobs] == [entry]
    assert len(stage.slips()) == 1


def test_a_stuck_printer_costs_the_core_no_turn(stage, font):
    """Given a printer that takes no bytes, when slips are wanted, then turns take as long as before."""

    def turns(seconds):
        took, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            stage.core.turn(time.monotonic_ns())
            took.append(time.monotonic() - began)
            time.sleep(0.01)
        return took

    entry = stage.judged()
    stage.until(lambda state: state.printer.ready)
    before = turns(1.0)
    ask(stage.bench, stuck=True)
    for number in range(3):
        stage.command(messages.PrintSlip(f"job-{number}", entry))
    after = turns(2.0)

    assert statistics.median(after) < max(0.01, 3 * statistics.median(before))
    assert max(after) < 0.5
    assert "printed" not in stage.phases()
