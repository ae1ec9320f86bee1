"""`steelyard record` from a driver and from a running sampler."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from firmware_app.cli.record import record
from hardware.loadcell.recording_format import read_recording

app = typer.Typer()
app.command()(record)


@pytest.fixture
def run_dir():
    path = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_driver_is_recorded_and_the_recording_replays_the_same(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"

    made = run(first, "--driver", "simulated", "--option", "seed=3", "--seconds", 0.5, "--json")
    copied = run(second, "--driver", "replay", "--option", f"file={first}", "--option", "pace=fast", "--json")

    summary = json.loads(made.stdout)
    assert made.exit_code == copied.exit_code == 0
    # a loaded machine may miss conversions, so the bounds are wide
    assert 30 < summary["rate_hz"] < 84
    assert summary["faults"]["settling"] == 5
    assert 0.4 < summary["seconds"] <= 0.5
    with read_recording(first) as one, read_recording(second) as other:
        assert one.meta.rate_hz == other.meta.rate_hz == 80.0
        samples = list(one)
        assert samples == list(other)
    assert len(samples) == summary["samples"] == json.loads(copied.stdout)["samples"]


def test_running_sampler_is_recorded(tmp_path, run_dir):
    command = [sys.executable, "-m", "hardware.loadcell.sampler", "--driver", "simulated"]
    process = subprocess.Popen([*command, "--run-dir", run_dir], stderr=subprocess.PIPE, text=True)
    try:
        process.stderr.readline()
        made = run(tmp_path / "a.csv", "--run-dir", run_dir, "--seconds", 0.5, "--json")
    finally:
        process.terminate()
        process.communicate()

    assert made.exit_code == 0, made.output
    with read_recording(tmp_path / "a.csv") as recording:
        assert recording.meta.source == "pan through simulated"
        assert len(list(recording)) == json.loads(made.stdout)["samples"] > 10


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "either --run-dir DIR or --driver NAME"),
        (["--driver", "simulated", "--run-dir", "."], 2, "either"),
        (["--driver", "nothing"], 2, "no part 'nothing'"),
        (["--driver", "simulated", "--option", "rate"], 2, "KEY=VALUE"),
        (["--driver", "simulated", "--option", "rate=1"], 2, "did you mean 'rate_hz'"),
        (["--driver", "replay", "--option", "file=/nowhere.csv"], 3, "No such file"),
        (["--run-dir", "/nowhere"], 3, "nothing is heard"),
    ],
)
def test_wrong_use_and_failing_devices_are_told_apart(tmp_path, arguments, code, words):
    made = run(tmp_path / "a.csv", *arguments)

    assert made.exit_code == code
    assert words in " ".join(made.output.split())


def test_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mine")

    refused = run(path, "--driver", "simulated", "--seconds", 0.2)
    kept = path.read_text()
    forced = run(path, "--driver", "simulated", "--seconds", 0.2, "--force")

    assert (refused.exit_code, kept) == (2, "mine")
    assert forced.exit_code == 0
    assert path.read_text().startswith("# rate_hz: 80.0\n")


def test_recording_without_any_reading_is_a_failed_device(tmp_path):
    source = tmp_path / "dead.csv"
    source.write_text("t_s,counts,faults\n0,,disconnected\n1,,disconnected\n")

    made = run(
        tmp_path / "a.csv", "--driver", "replay", "--option", f"file={source}", "--option", "pace=fast"
    )

    assert made.exit_code == 3
    assert "holds no reading" in " ".join(made.output.split())
    assert "disconnected 2" in " ".join(made.output.split())
