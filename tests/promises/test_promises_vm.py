"""The power of a whole emulated machine is cut: its kernel, its file system and the record on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from promises_machine import missing

DRIVER = Path(__file__).with_name("promises_vm.py")

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no machine can be emulated here: {missing()}")


def cuts(count: int, seed: int) -> str:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(count), str(seed)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_a_cut_of_a_machine_breaks_no_promise() -> None:
    assert "1 cuts" in cuts(1, 3)


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_a_hundred_cuts_of_a_machine_break_no_promise(capsys) -> None:
    said = cuts(100, 17)
    with capsys.disabled():
        print("\n" + said)
    assert "100 cuts" in said
