"""What runs in the machine whose power is cut: examines what the last cut left, works until the next.

    python tests/promises/promises_guest.py HOME FACTS
    python tests/promises/promises_guest.py HOME --needs

``HOME``: on the machine's own disk, a number is put behind it. ``FACTS``: what was told before, a JSON array
a line. Says ``READY`` with everything loaded and no disk touched, and waits for a line ``HOME-NUMBER RUN``;
then ``AWAKE``, and ``WORKING`` when the examination is over. What is told goes to standard output behind
``FACT``, at once. With ``--needs`` it leads a short life in HOME and says which files that took.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import promises_life
from promises_disk import Log, Told
from promises_faults import Desk
from promises_kills import fact_of
from promises_life import Life, examine

from firmware_app.ledger.database import CHECKPOINT_PAGES


class Telling(Log):
    """Tells what people are told on standard output."""

    def told(self, fact) -> None:
        say(f"FACT {json.dumps([type(fact).__name__, *fact])}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def load() -> None:
    """What the first visit would read from beside the program."""
    promises_life.context()
    promises_life.calibration()


def work(root: Path, facts: Path, run: int) -> None:
    log = Telling()
    # A disk has whole sectors: what is left of the last one is filled with empty lines.
    told = filter(None, facts.read_text(encoding="utf-8").splitlines())
    known = [fact_of(*json.loads(line)) for line in told]
    if known or (root / promises_life.LEDGER).exists():
        for fact in examine(root, known):
            log.told(fact)
    say("WORKING")
    # As the product does it: a log that is copied back more often is synced more often.
    life = Life(Desk(root, log), CHECKPOINT_PAGES)
    life.start(f"software-{run % 3}")
    if life.desk.visit is not None:
        life.finish()
    for number in itertools.count():
        life.visit(f"run-{run}-{number}")
        life.slip()
        if number % 5 == 4:
            life.update()


def needs(root: Path) -> list[str]:
    """The files of the modules and libraries that a life and an examination have loaded."""
    log = Log()
    life = Life(Desk(root, log))
    life.start()
    life.visit("needs")
    life.slip()
    life.update()
    life.stop()
    examine(root, [event.fact for event in log.events if isinstance(event, Told)])
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    mapped = [line.split(maxsplit=5)[-1] for line in maps if line.count("/") > 0]
    # With their compiled form: an emulated processor takes half a minute to compile them.
    of_modules = itertools.product(sys.modules.values(), ("__file__", "__cached__"))
    loaded = [getattr(module, name, None) for module, name in of_modules]
    files = {Path(name) for name in [*mapped, *filter(None, loaded)]}
    return sorted(str(file) for file in files if file.is_file())


if __name__ == "__main__":
    load()
    if sys.argv[2] == "--needs":
        print(*needs(Path(sys.argv[1])), sep="\n")
    else:
        say("READY")
        home, run = sys.stdin.readline().split()
        say("AWAKE")
        subprocess.run(["/bin/busybox", "sh", "/wake"], check=True)
        work(Path(f"{sys.argv[1]}-{home}"), Path(sys.argv[2]), int(run))
