"""The systemd units: known to systemd, locked down, and their ExecStart lines start real processes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_app.service import processes

UNITS = Path(__file__).parents[2] / "provisioning" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXPOSURE_LIMIT = 2.0

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
