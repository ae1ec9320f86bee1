"""The systemd units: known to systemd, locked down, and their ExecStart lines start real processes."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from firmware_app.cli.supervisor import Supervisor
from firmware_app.service import processes
from firmware_app.service.client import CoreSilent, watch_state

UNITS = Path(__file__).parents[2] / "provisioning" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXPOSURE_LIMIT = 2.0
DEMO_DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (package systemd)"
)


@pytest.fixture
def installed(tmp_path):
    """The units as they lie on an appliance, with an executable that exists here."""
    for unit in [*SERVICES, UNITS / "steelyard.target"]:
        text = unit.read_text()
        text = text.replace("/opt/steelyard/.venv/bin/steelyard", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_there_is_one_unit_a_process():
    assert [unit.stem for unit in SERVICES] == sorted(f"steelyard-{name}" for name in processes.NAMES)


@needs_systemd_analyze
def test_systemd_accepts_every_unit_without_a_word(installed):
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, installed.iterdir()))], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr.strip()) == (0, "")


@needs_systemd_analyze
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_unit_is_locked_down(unit, installed):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(installed / unit.name)],
        capture_output=True,
        text=True,
    )

    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure, done.stderr
    assert float(exposure[1]) <= EXPOSURE_LIMIT


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_exec_start_is_a_command_that_the_program_knows(unit):
    line = re.search(r"^ExecStart=/opt/steelyard/\.venv/bin/steelyard (.+)$", unit.read_text(), re.MULTILINE)

    assert line is not None
    command, process = line[1].split()
    done = subprocess.run(
        [sys.executable, "-m", "firmware_app.cli.main", command, process, "--config", "/nowhere.toml"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "/nowhere.toml: cannot be read" in " ".join(done.stderr.split())


@pytest.fixture
def appliance():
    """A directory laid out like an appliance's, with a configuration of simulated parts."""
    root = Path(tempfile.mkdtemp(prefix="sy-"))
    (root / "run").mkdir(mode=0o700)
    for name in ("registry.toml", "weights.toml", "pan.toml"):
        shutil.copy(DEMO_DATA / name, root / name)
    (root / "steelyard.toml").write_text(
        'registry = "registry.toml"\nweights = "weights.toml"\n'
        '[device]\nid = "UNIT-1"\ndata_dir = "data"\nrun_dir = "run"\n'
        '[pan]\ndriver = "simulated"\ncalibration = "pan.toml"\n'
        '[county]\nurl = "http://127.0.0.1:9"\n'
        "[screen]\nfullscreen = false\n"
    )
    yield root
    shutil.rmtree(root)


def exec_start(unit):
    """The words of the unit's ExecStart, with the program as it is installed here."""
    line = re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)[1]
    return line.replace(
        "/opt/steelyard/.venv/bin/steelyard", f"{sys.executable} -m firmware_app.cli.main"
    ).split()


@pytest.mark.screen
def test_the_exec_start_lines_bring_up_an_appliance_whose_parts_see_each_other(appliance, tmp_path):
    env = {
        **os.environ,
        "STEELYARD_CONFIG": str(appliance / "steelyard.toml"),
        "SDL_VIDEODRIVER": "offscreen",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    with Supervisor(tmp_path, lambda _words: None) as supervisor:
        for unit in SERVICES:
            supervisor.add(unit.stem, exec_start(unit), env)

        end = time.monotonic() + 45
        state = None
        while time.monotonic() < end:
            with contextlib.suppress(CoreSilent):
                state = watch_state(appliance / "run", timeout_s=1)
            if state is not None and state.pan.mass_g is not None and not any(p.problem for p in state.parts):
                break

        assert state is not None, "the core publishes nothing"
        assert {part.name: part.problem for part in state.parts} == {
            "sampler": "",
            "pan": "",
            "uploader": "",
            "kiosk": "",
        }
        assert state.pan.mass_g is not None
