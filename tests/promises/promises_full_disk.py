"""The core on a disk that is full, read-only and well again: run in a mount namespace of its own.

    unshare --mount --map-root-user python tests/promises/promises_full_disk.py

A small tmpfs is the data directory of an appliance. It is filled to the last byte within a visit and before a
start, then mounted read-only; each time what the screen would show is looked at, and after it a visit is led
on a disk that is well. Prints what was seen, one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from promises_life import DATA, finish

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import read_ledger
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.messages import VisitKind

MIB = 2
CONFIG = """
registry = "{data}/registry.toml"
weights = "{data}/weights.toml"
[device]
id = "T-1"
data_dir = "data"
run_dir = "run"
[pan]
driver = "simulated"
calibration = "{data}/pan.toml"
"""


class Stage:
    """A core in a short directory, whose data lie on a tmpfs of a few MiB."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self._config = root / "steelyard.toml"
        self._ballast = self.data / "ballast"
        for directory in (self.data, root / "run"):
            directory.mkdir()
        self._config.write_text(CONFIG.format(data=DATA), encoding="utf-8")
        self.mount("-t", "tmpfs", "-o", f"size={MIB}m", "none")

    def mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.data)], check=True)

    def fill(self) -> None:
        """Takes the last byte."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(b"\0" * size):
                        continue
                except OSError:
                    continue

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def start(self) -> Core:
        return Core(load(self._config))


def shown(core: Core) -> str:
    """What the screen would show: the kind of prompt, or home."""
    now_ns = time.monotonic_ns()
    core.turn(now_ns)
    state = core._state(now_ns)
    return "home" if state.visit is None else type(state.visit.prompt).__name__


def visit(core: Core, name: str, before_the_end=lambda: None) -> object:
    """A visit to its end, the one that is open or a new one; the prompt that it ends with."""
    desk = core._desk
    name = desk.visit or name
    assert desk.start(name, VisitKind.SELF_CHECK)
    before_the_end()
    try:
        ended: object = finish(desk)
    except AssertionError:
        ended = desk.state().prompt
    desk.close(name)
    return ended


def main() -> None:
    seen: dict[str, object] = {}
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="sy", ignore_cleanup_errors=True) as directory:
        stage = Stage(Path(directory))
        core = stage.start()
        seen["first"] = type(visit(core, "v1")).__name__
        ended = visit(core, "v2", stage.fill)
        seen["full"] = [type(ended).__name__, getattr(ended, "reason", "")]
        core.close()
        stage.fill()
        seen["bytes free"] = os.statvfs(stage.data).f_bavail * os.statvfs(stage.data).f_bsize
        core = stage.start()
        seen["started full"] = shown(core)
        for name in ("resumed", "v3"):
            ended = visit(core, name)
            seen[f"{name}, full"] = [type(ended).__name__, getattr(ended, "reason", "")]
        seen["home again"] = shown(core)
        stage.free()
        seen["space is back"] = type(visit(core, "v4")).__name__
        core.close()
        stage.mount("-o", "remount,ro")
        try:
            stage.start().close()
        except StoreFailed as failed:
            seen["started read-only"] = [failed.code, str(failed)]
        stage.mount("-o", "remount,rw")
        core = stage.start()
        seen["writable again"] = type(visit(core, "v6")).__name__
        core.close()
        with read_ledger(stage.data) as ledger:
            ledger.verify()
            seen["verdicts"] = sum(1 for _ in ledger.of_kind("self_check", 0))
        subprocess.run(["umount", "-l", str(stage.data)], check=True)
    print(json.dumps(seen))


if __name__ == "__main__":
    sys.exit(main())
