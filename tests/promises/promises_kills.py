"""kill -9 at random moments: the parts of the core that save, killed COUNT times, and examined each time.

    python tests/promises/promises_kills.py COUNT [SEED]

A child starts the appliance and leads visits until it is killed; what it tells goes through a pipe that
outlives it. Every `HOME` kills the record is given to the independent checker and a new one is begun, so that
first starts are killed as well.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import promises_life as told_by
from promises_disk import Log
from promises_faults import Desk
from promises_life import Life, examine

from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import read_ledger
from firmware_app.service.core import SLIPS_WAITING
from firmware_app.service.slips.printing import Waiting

CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"
HOME = 10
LONGEST_S = 0.06
"""A child leads several visits in that time, so that the kills hit its start and its work alike."""


class Telling(Log):
    """Tells what people are told to whoever holds the other end of the pipe."""

    def __init__(self, pipe: int) -> None:
        super().__init__()
        self._pipe = pipe

    def told(self, fact) -> None:
        os.write(self._pipe, json.dumps([type(fact).__name__, *fact]).encode() + b"\n")


def work(root: Path, pipe: int, run: int) -> None:
    """Leads visits until killed."""
    life = Life(Desk(root, Telling(pipe)))
    life.start(f"software-{run % 3}")
    if life.ledger.county is None:
        life.join()
    if life.desk.visit is not None:
        life.finish()
    for number in itertools.count():
        life.visit(f"run-{run}-{number}")
        life.slip()
        life.receive()
        if number % 3 == 2:
            life.update()


def killed(root: Path, run: int, after_s: float) -> list[object]:
    """One life from its start until it is killed; what it told."""
    near, far = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(near)
            work(root, far, run)
        except BaseException as error:  # noqa: BLE001 - a child has nobody else to tell it to
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(9)
    os.close(far)
    select.select([], [], [], after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        raise AssertionError(f"run {run}: the appliance ended by itself")
    with os.fdopen(near, "rb") as pipe:
        lines = pipe.read().splitlines()
    return [fact_of(*json.loads(line)) for line in lines]


def fact_of(kind: str, *fields):
    return getattr(told_by, kind)(*(tuple(each) if isinstance(each, list) else each for each in fields))


def check(root: Path) -> None:
    """The independent checker's word on the record."""
    export = root / "ledger.ndjson"
    with read_ledger(root) as ledger:
        write_export(ledger, export)
    subprocess.run([sys.executable, CHECKER, export], check=True, capture_output=True)


def main(count: int, seed: int) -> str:
    chance = random.Random(seed)
    memory = Path("/dev/shm")
    entries = visits = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        facts: list[object] = []
        for run in range(count):
            root = Path(directory) / f"home-{run // HOME}"
            if run % HOME == 0:
                facts = []
            facts += killed(root, run, chance.uniform(0, LONGEST_S))
            facts += examine(root, facts)
            facts.append(told_by.Awaits(tuple(Waiting(root / SLIPS_WAITING).entries())))
            if run % HOME == HOME - 1 or run == count - 1:
                check(root)
                saved = [each for each in facts if isinstance(each, told_by.Saved)]
                entries += len(saved)
                visits += sum(1 for each in saved if each.visit)
    seconds = time.monotonic() - began
    return (
        f"{count} kills in {seconds:.0f} s (seed {seed}): {entries} entries told as saved, {visits} of them"
        " verdicts: none lost, none doubled, every chain verified"
    )


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
