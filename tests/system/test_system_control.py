"""The lock from end to end: the real core over the simulated pan, checked from the terminal."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.procedures.events import Cancel, ScaleChosen, StallTyped
from firmware_app.procedures.prompts import (
    ChooseScale,
    ChooseWay,
    ClearPan,
    Interrupted,
    PutControlWeight,
    Way,
)
from firmware_app.service import messages, processes
from firmware_app.service.client import CoreClient, watch_state
from firmware_app.service.config import load
from hardware.bench import ask

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"
CONFIG = """
registry = "{demo}/registry.toml"
weights = "{demo}/weights.toml"
[device]
id = "T-1"
data_dir = "data"
run_dir = "."
[pan]
driver = "simulated"
calibration = "{demo}/pan.toml"
[pan.options]
bench = "{root}/bench.ipc"
[control]
weight = "DEMO-M1-5kg"
"""

pytestmark = pytest.mark.timeout(120)


def steelyard(*arguments):
    """The command in this process: starting another one for each would take most of the test's time."""
    return CliRunner().invoke(app, [str(each) for each in arguments])


class Appliance:
    """A sampler and a core, real processes, without a screen."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="sy"))
        self.bench = self.root / "bench.ipc"
        file = self.root / "steelyard.toml"
        file.write_text(CONFIG.format(demo=DEMO, root=self.root), encoding="utf-8")
        self.loaded = load(file)
        self.sampler = self._start("sampler")
        self.core = self._start("core")

    def _start(self, name):
        log = (self.root / f"{name}.log").open("ab")
        return subprocess.Popen(processes.command_line(name, self.loaded), stdout=log, stderr=log)

    def kill_core(self):
        self.core.kill()
        self.core.wait()
        self.core = self._start("core")

    def state(self, timeout_s=15.0):
        return watch_state(self.root, timeout_s)

    def until(self, true, what, timeout_s=20.0):
        end = time.monotonic() + timeout_s
        while not true(state := self.state()):
            assert time.monotonic() < end, f"{what}: {state}"
        return state

    def check(self, load_g):
        """`steelyard control check` by a keeper who puts ``load_g`` on when asked; (exit code, result)."""
        ask(self.bench, load_g=0.0)
        stop = threading.Event()

        def keeper():
            while not stop.is_set():
                visit = self.state().visit
                if visit is not None and isinstance(visit.prompt, PutControlWeight):
                    ask(self.bench, load_g=load_g)
                    return

        helper = threading.Thread(target=keeper)
        helper.start()
        done = steelyard("control", "check", "--run-dir", self.root, "--patience", 40, "--json")
        stop.set()
        helper.join()
        assert done.stdout, done.stderr
        return done.exit_code, json.loads(done.stdout)

    def goods(self):
        """Whether a visit offers goods now, and why not."""
        with CoreClient(self.root) as core:
            visit = os.urandom(8).hex()
            core.ask(messages.StartVisit(visit, messages.VisitKind.SELF_CHECK))
            for answer, after in ((StallTyped("12"), ChooseScale), (ScaleChosen("TZ-DEMO-0012"), ChooseWay)):
                core.ask(messages.GiveAnswer(visit, self.state().visit.step, answer))
                state = self.until(lambda s, k=after: s.visit and isinstance(s.visit.prompt, k), after)
            ways = {offer.way: offer for offer in state.visit.prompt.ways}
            core.ask(messages.GiveAnswer(visit, state.visit.step, Cancel()))
            self.until(lambda s: s.visit is None, "the visit does not end")
        assert ways[Way.WEIGHTS].possible
        return ways[Way.GOODS].possible, ways[Way.GOODS].why_not

    def health(self):
        with CoreClient(self.root) as core:
            items = core.ask(messages.AskHealth()).items
        return next(item for item in items if item.part == "control")

    def close(self):
        for process in (self.core, self.sampler):
            process.kill()
            process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture
def appliance():
    made = Appliance()
    yield made
    made.close()


def test_a_pan_is_locked_until_its_check_passes_and_no_restart_opens_it(appliance):
    appliance.until(lambda s: s.pan.fault is None and s.pan.stable, "the pan does not come up")
    assert appliance.goods() == (False, "control_due")
    assert "missing" in appliance.health().finding

    code, judged = appliance.check(5000.0)
    assert (code, judged["result"]["outcome"]) == (0, "in_control"), judged
    assert appliance.goods() == (True, "")
    assert appliance.health().ok

    code, judged = appliance.check(5004.0)
    assert (code, judged["result"]["outcome"]) == (1, "out_of_control")
    assert judged["result"]["next_step"] == "clean_and_repeat"

    ask(appliance.bench, load_g=0.0)
    appliance.kill_core()
    appliance.until(lambda s: s.control.lock == "control_failed" and s.pan.fault is None, "the lock is gone")
    assert appliance.goods() == (False, "control_failed")
    found = appliance.health()
    assert not found.ok and found.remedy == "clean the pan and the weight, then check again"

    code, judged = appliance.check(5000.0)
    assert (code, judged["result"]["outcome"]) == (0, "in_control")
    assert appliance.state().control.lock == ""
    _the_record_tells_all_three(appliance)


def _the_record_tells_all_three(appliance):
    data, picture = appliance.root / "data", appliance.root / "chart.png"
    drawn = steelyard("control", "chart", "--ledger", data, "--json", "--plot", picture)
    series = json.loads(drawn.stdout)
    assert [check["outcome"] for check in series["checks"]] == ["in_control", "out_of_control", "in_control"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert steelyard("control", "chart", "--ledger", data).stdout.count("within") == 2
    export = appliance.root / "ledger.ndjson"
    assert steelyard("ledger", "export", "--data", data, "--out", export).exit_code == 0
    assert subprocess.run([sys.executable, CHECKER, export], check=False).returncode == 0


def test_a_core_killed_in_the_middle_of_a_check_begins_the_weighing_anew(appliance):
    appliance.until(lambda s: s.pan.fault is None and s.pan.stable, "the pan does not come up")
    with CoreClient(appliance.root) as core:
        core.ask(messages.StartVisit("c1", messages.VisitKind.CONTROL_CHECK))
    appliance.until(lambda s: s.visit and isinstance(s.visit.prompt, PutControlWeight), "no empty pan")

    appliance.kill_core()

    state = appliance.until(lambda s: s.visit is not None, "the check is lost")
    assert state.visit.visit == "c1" and isinstance(state.visit.prompt, ClearPan | Interrupted)
    appliance.until(lambda s: isinstance(s.visit.prompt, PutControlWeight), "the check does not go on")
    assert state.control.entry == 0
    with CoreClient(appliance.root) as core:
        busy = core.ask(messages.StartVisit("c2", messages.VisitKind.CONTROL_CHECK))
        assert isinstance(busy, messages.Refused) and busy.code == "busy"


def test_the_terminal_says_what_is_missing(tmp_path):
    short = tempfile.mkdtemp(prefix="sy")
    silent = steelyard("control", "check", "--run-dir", short)
    assert silent.exit_code == 3 and "is it running" in silent.stderr
    empty = steelyard("control", "chart", "--ledger", tmp_path)
    assert empty.exit_code == 3 and "no ledger" in empty.stderr
    shutil.rmtree(short)
