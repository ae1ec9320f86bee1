"""The lock from end to end: the real core over the simulated pan, checked from the terminal."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from system_appliance import Appliance, steelyard

from firmware_app.procedures.prompts import (
    ClearPan,
    Interrupted,
    PutControlWeight,
)
from firmware_app.service import messages
from firmware_app.service.client import CoreClient
from hardware.bench import ask

CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"

pytestmark = pytest.mark.timeout(400)


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
