"""The architecture page says what holds in the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_drawn_parts_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/draw_architecture.py", "--check"], capture_output=True
    )

    assert done.returncode == 0, done.stdout.decode()
