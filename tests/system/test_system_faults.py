"""Processes killed and the county gone, in the middle of visits: shown, survived, nothing lost or doubled."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_app.cli.demo.stage import Stage
from firmware_app.cli.demo.visits import STALL, Play
from firmware_app.procedures.prompts import AskStall, ChooseScale, ChooseWay, Judged, PutWeights, SwapOnPan
from hardware.bench import ask

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.screen, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The appliance on its stage with a visitor, for all the trials of this file."""
    said = []
    stage = Stage(said.append, headless=True, language="en", size="800x480", model="honest")
    with stage:
        stage.open()
        play = Play(stage, tmp_path_factory.mktemp("shots"))
        yield SimpleNamespace(
            stage=stage, play=play, visitor=play.visitor, out=tmp_path_factory.mktemp("out")
        )
        play.close()


def eventually(true, what, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def begin(demo):
    """A visit with weights, up to its first load, from wherever the trial before left the appliance."""
    ask(demo.stage.scale_bench, load_g=0.0)
    visitor = demo.visitor
    visitor.leave()
    visitor.tap("door.self_check")
    visitor.wait_for(AskStall)
    visitor.type(STALL)
    visitor.wait_for(ChooseScale)
    visitor.tap("scale.0")
    visitor.wait_for(ChooseWay)
    visitor.tap("way.weights")
    # A pan that was silent just then is not asked to look at the weights.
    if isinstance(visitor.wait_for(SwapOnPan, PutWeights), SwapOnPan):
        visitor.tap("answer.skip")
    return visitor.wait_for(PutWeights)


def finish(demo):
    """The rest of the visit, from whichever load it shows."""
    number = 0
    while True:
        prompt = demo.visitor.wait_until(
            lambda p, n=number: isinstance(p, Judged) or (isinstance(p, PutWeights) and p.number > n),
            "a load",
        )
        if isinstance(prompt, Judged):
            demo.visitor.tap("judged.done")
            return prompt
        number = prompt.number
        ask(demo.stage.scale_bench, load_g=float(prompt.nominal_g))
        demo.visitor.tap("answer.load_is_on")


def outcomes(demo):
    """(entry, visit outcome) lines of the ledger as an independent reader sees them."""
    file = demo.out / "ledger.ndjson"
    demo.stage.collect(demo.out)
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_ledger.py", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return file.read_text(encoding="utf-8").splitlines()


def problem(demo, name):
    return next(part.problem for part in demo.visitor.state().parts if part.name == name)


SHOWN = {"sampler": "no figure", "uploader": "not sending"}
"""What the live bar says of a process that is gone."""


@pytest.mark.parametrize("process", ["sampler", "uploader", "kiosk"])
def test_a_killed_process_is_missed_comes_back_and_the_visit_goes_on(demo, process):
    begin(demo)
    starts = demo.stage.supervisor.starts(process)

    demo.stage.supervisor.kill(process, away_s={"uploader": 16.0}.get(process, 6.0))

    eventually(lambda: problem(demo, process) == "silent", f"nobody misses the {process}")
    if process in SHOWN:
        eventually(lambda: SHOWN[process] in demo.visitor.screen()["texts"], "the screen does not say so")
    eventually(lambda: problem(demo, process) == "", f"the {process} does not come back")
    judged = finish(demo)
    assert demo.stage.supervisor.starts(process) == starts + 1
    assert judged.result.verdict == "conforms"
    assert demo.visitor.wait_received(judged.entry)


def test_a_killed_core_is_missed_by_the_screen_and_the_visit_goes_on_where_it_was(demo):
    first = begin(demo)
    before = demo.visitor.state().county.last_entry

    demo.stage.supervisor.kill("core", away_s=6.0)

    eventually(lambda: demo.visitor.screen()["screen"] == "no_core", "the screen does not say so")
    eventually(lambda: demo.visitor.screen()["screen"] != "no_core", "the core does not come back")
    resumed = demo.visitor.wait_for(PutWeights)
    assert resumed.number == first.number
    judged = finish(demo)
    assert judged.entry == before + 2, "one entry for the core's start, one for the verdict"
    assert demo.visitor.wait_received(judged.entry)


def test_with_the_county_gone_visits_go_on_and_entries_arrive_once_it_is_back(demo):
    port = int(demo.stage.county_url.rsplit(":", 1)[1])
    demo.stage.stop_county()

    begin(demo)
    judged = finish(demo)
    eventually(lambda: demo.visitor.state().county.reachable is False, "the appliance does not say so")
    assert demo.visitor.state().county.unsent >= 1

    demo.stage.start_county(port)
    eventually(lambda: demo.visitor.state().county.received >= judged.entry, "the entries do not arrive", 60)
    assert demo.visitor.state().county.unsent == 0


def test_after_all_this_no_entry_is_lost_or_doubled(demo):
    state = demo.visitor.state()

    lines = outcomes(demo)

    entries = [line for line in lines if line]
    assert len(set(entries)) == len(entries)
    assert state.county.last_entry <= len(entries)
