"""Draws labels in a process of its own, off screen, and hands the pixels back.

Run as a program it reads jobs (JSON) and writes an ``.npz``: one array of brightness (0 … 1, row 0 on top) a
job, and the facts that the labels state as JSON. A process of its own, because Kivy has one window a process
and the workers of the test run must not share it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]


def draw(jobs: list[dict[str, Any]], folder: Path) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    """Brightness and stated facts of each job; raises AssertionError with the child's words if it fails."""
    (folder / "jobs.json").write_text(json.dumps(jobs), "utf-8")
    run_child([__file__, str(folder)], folder)
    with np.load(folder / "drawn.npz") as drawn:
        return [drawn[str(index)] for index in range(len(jobs))], json.loads(
            (folder / "facts.json").read_text("utf-8")
        )


def run_child(program: list[str], folder: Path) -> str:
    """What ``program`` printed, run off screen with its Kivy home in ``folder``."""
    environment = os.environ | {
        "SDL_VIDEODRIVER": "offscreen",
        "KIVY_HOME": str(folder / "kivy"),
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "PYTHONPATH": str(ROOT),
    }
    child = subprocess.run(
        [sys.executable, *program], env=environment, capture_output=True, timeout=100, check=False
    )
    assert child.returncode == 0, child.stderr.decode(errors="replace")[-3000:]
    return child.stdout.decode()


def _work(folder: Path) -> None:
    from kivy.config import Config

    Config.set("graphics", "width", "320")
    Config.set("graphics", "height", "240")
    from kivy.core.window import Window

    from kiosk.text.digits import DigitLabel
    from kiosk.text.drawing import Drawer
    from kiosk.text.fonts import find_fonts
    from kiosk.text.label import TextLabel

    class LatinDrawer(Drawer):
        """What a label does that never tells HarfBuzz the script: the negative control."""

        def _label(self, run: Any, px: int, bold: bool) -> Any:
            label = super()._label(run, px, bold)
            label.options["font_script_name"] = "Latn"
            return label

    assert Window is not None
    drawers = {"right": Drawer(find_fonts()), "latin": LatinDrawer(find_fonts())}
    pictures: dict[str, np.ndarray] = {}
    facts = []
    for index, job in enumerate(json.loads((folder / "jobs.json").read_text("utf-8"))):
        kind = {"text": TextLabel, "digits": DigitLabel}[job.pop("kind", "text")]
        drawer = drawers[job.pop("drawer", "right")]
        then = job.pop("then", {})
        label = kind(drawer=drawer, **job)
        _settle(label)
        made = drawer.made
        for name, value in then.items():
            setattr(label, name, value)
        _settle(label)
        pictures[str(index)] = _pixels(label)
        names = ("lines", "overflow", "minimum_height", "text_width")
        facts.append(
            {name: getattr(label, name) for name in names if hasattr(label, name)}
            | {"made_then": drawer.made - made, "natural_width": label.natural_width()}
        )
    np.savez(folder / "drawn.npz", **pictures)
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")


def _settle(label: Any) -> None:
    if hasattr(label, "layout_now"):
        label.layout_now()


def _pixels(label: Any) -> np.ndarray:
    from kivy.graphics import ClearBuffers, ClearColor, Fbo

    width, height = map(int, label.size)
    buffer = Fbo(size=(width, height))
    with buffer:
        ClearColor(0, 0, 0, 1)
        ClearBuffers()
    buffer.add(label.canvas)
    buffer.draw()
    rows = np.frombuffer(buffer.pixels, np.uint8).reshape(height, width, 4)
    return rows[::-1, :, 0] / 255.0


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
