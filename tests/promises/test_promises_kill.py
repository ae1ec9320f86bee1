"""kill -9 at random moments of the parts that save: what was told holds, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("promises_kills.py")


def kills(count: int, seed: int) -> str:
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(count), str(seed)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_hundred_kills_break_no_promise():
    assert "100 kills" in kills(100, 7)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_ten_thousand_kills_break_no_promise(capsys):
    said = kills(10_000, 11)

    with capsys.disabled():
        print("\n" + said)
    assert "10000 kills" in said
