"""A visit from end to end in the terminal: the real core, the command, a script of answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from system_appliance import Appliance, steelyard

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def appliance():
    appliance = Appliance()
    appliance.state()
    yield appliance
    appliance.close()


def script(appliance, *lines: str) -> Path:
    file = appliance.root / "answers"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_visit_that_runs_out_of_answers_is_left_and_leaves_nothing_open(appliance) -> None:
    file = script(appliance, "99  # no such stall", "12")
    left = steelyard("visit", "self-check", "--run-dir", appliance.root, "--answers", file)
    assert left.exit_code == 1 and "not known" in left.stdout and "no more answers" in left.stderr
    assert appliance.state().visit is None


def test_a_self_check_with_weights_is_played_to_its_verdict(appliance) -> None:
    # Every load is asked for by its mass, and an exact scale shows just that.
    figures = []
    for _ in range(12):
        file = script(appliance, "12", "1", "weights", *figures)
        played = steelyard("visit", "self-check", "--run-dir", appliance.root, "--answers", file, "--json")
        told = [json.loads(line) for line in played.stdout.splitlines()]
        last = told[-1]
        if last["wants"] == "end":
            break
        if last["wants"] == "figure":
            figures.append(f"{last['prompt']['nominal_g']} g")
        else:
            figures.append("a")
    assert played.exit_code == 0, played.output
    assert last["prompt"]["type"] == "judged" and last["prompt"]["result"]["verdict"] == "conforms"
    assert appliance.state().visit is None


def test_a_kind_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused = steelyard("visit", "fortune-telling")
    assert refused.exit_code == 2 and "self-check" in refused.stderr
