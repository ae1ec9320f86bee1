"""A weight recalled while the core runs: by command, under way in its turns, and after it was killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.ledger.home import open_ledger, read_ledger
from firmware_app.service.clock import SystemClock
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages.recall import RecallWeight
from firmware_app.standards.recalls import parts_of, read_recalls

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
KILO = "DEMO-M1-1kg"
BODIES = Path(__file__).parents[1] / "procedures" / "self_checks_version_1.ndjson"
BODY = json.loads(BODIES.read_text().splitlines()[0])
CONTROL = '[control]\nweight = "DEMO-M1-5kg"\n'


@pytest.fixture
def root() -> Iterator[Path]:
    """An appliance with some visits on record, in a directory with a name short enough for sockets."""
    made = Path(tempfile.mkdtemp(prefix="sy"))
    (made / "run").mkdir()
    (made / "steelyard.toml").write_text(
        f'registry = "{DEMO / "registry.toml"}"\nweights = "{DEMO / "weights.toml"}"\n'
        '[device]\nid = "T-1"\ndata_dir = "data"\nrun_dir = "run"\n'
        f'[pan]\ndriver = "simulated"\ncalibration = "{DEMO / "pan.toml"}"\n{CONTROL}',
        encoding="utf-8",
    )
    with open_ledger(made / "data", clock=SystemClock("Asia/Shanghai"), software="s", device="T-1") as ledger:
        for _ in range(30):
            ledger.append("self_check", BODY)
    yield made
    shutil.rmtree(made)


def command(weight: str = KILO, found: str = "988g") -> RecallWeight:
    return RecallWeight(recall="r1", weight=weight, found=found, expanded="20mg", why="chipped")


def recall(root: Path, *more: str) -> object:
    config = ["--config", str(root / "steelyard.toml")]
    words = ["weights", "recall", KILO, "--found", "988g", "--u", "20mg", "--why", "chipped", "--json"]
    return CliRunner().invoke(app, [*words, *config, *more])


def test_the_terminal_asks_the_core_that_holds_the_record(root: Path) -> None:
    core = Core(load(root / "steelyard.toml"))
    running = threading.Thread(target=core.run)
    running.start()
    try:
        result = recall(root)
    finally:
        core.stop()
        running.join()
    assert result.exit_code == 0, result.output
    progress, *affected = (json.loads(line) for line in result.stdout.splitlines())
    assert progress["finished"] and progress["affected"] == progress["changed"] == 30
    assert {each["new"] for each in affected} == {"does_not_conform"}


def test_from_then_on_no_visit_has_the_weight_and_a_restart_knows_it(root: Path) -> None:
    core = Core(load(root / "steelyard.toml"))
    assert KILO in usable(core)
    core._obey(command(), time.monotonic_ns())
    assert KILO not in usable(core)
    core.close()
    core = Core(load(root / "steelyard.toml"))
    assert KILO not in usable(core) and "DEMO-M1-500g" in usable(core)
    core.close()


def test_a_recalled_control_weight_locks_the_pan_and_asks_for_no_check(root: Path) -> None:
    core = Core(load(root / "steelyard.toml"))
    core._obey(command("DEMO-M1-5kg", "4999g"), time.monotonic_ns())
    state = core._state(time.monotonic_ns())
    assert state.control.lock == "control_weight_withdrawn"
    assert core._context().controlled.lock == "control_weight_withdrawn"
    health = {item.part: item for item in core._health(None, time.monotonic_ns()).items}
    assert not health["control"].ok and "recalled" in health["control"].finding
    assert "DEMO-M1-5kg" in health["weights"].finding
    core.close()


def usable(core: Core) -> set[str]:
    context = core._context()
    return {p.id for each in context.weights for p in each.pieces if not p.unusable(context.on)}


KILLED = """
import sys
from pathlib import Path
from firmware_app.ledger.home import open_ledger
from firmware_app.rules.pack import builtin_packs
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.recall import desk as recalls
from firmware_app.service.clock import SystemClock
from firmware_app.service.messages.recall import RecallWeight
from firmware_app.standards.sets import load_weights

recalls.PART_BYTES, recalls.STEP_S = 2000, 0.0
pack = next(pack for pack in builtin_packs() if isinstance(pack, WeightsPack))
weights = load_weights(Path(sys.argv[2]), pack)
data = Path(sys.argv[1])
with open_ledger(data, clock=SystemClock("Asia/Shanghai"), software="s", device="T-1") as ledger:
    desk = recalls.RecallDesk(ledger, data, lambda: weights)
    asked = RecallWeight(recall="r1", weight="DEMO-M1-1kg", found="988g", expanded="20mg", why="chipped")
    print(desk.begin(asked, "me").entries, flush=True)
    while not desk.begin(asked, "me").finished:
        desk.turn()
        print("turn", flush=True)
"""


@pytest.mark.parametrize("lines", [1, 9, 23])
def test_kill_9_on_the_way_loses_nothing_and_the_next_start_goes_on_by_itself(root: Path, lines: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(root / "data"), str(DEMO / "weights.toml")],
        stdout=subprocess.PIPE,
        cwd=DEMO.parents[3],
    ) as process:
        for _ in range(lines):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    with read_ledger(root / "data") as ledger:
        assert read_recalls(ledger).first, "what was answered for is on the disk"
        assert not list(parts_of(ledger, "r1"))[-1][1].last
    core = Core(load(root / "steelyard.toml"))
    try:
        for _ in range(200):
            core._recalls.turn()
    finally:
        core.close()
    with read_ledger(root / "data") as ledger:
        parts = [part for _, part in parts_of(ledger, "r1")]
        ledger.verify()
    assert parts[-1].last and [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert [each.seq for part in parts for each in part.affected] == list(range(2, 32))
