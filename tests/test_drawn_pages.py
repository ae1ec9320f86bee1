"""Pages and drawings made from the code say what holds in the code."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("tool", ["draw_architecture.py", "draw_wiring.py", "draw_capability.py"])
def test_what_is_drawn_is_up_to_date(tool):
    done = subprocess.run([sys.executable, ROOT / "tools" / tool, "--check"], capture_output=True)

    assert done.returncode == 0, done.stdout.decode()
