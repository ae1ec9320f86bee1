"""What runs in the machine whose power is cut: examines what the last cut left, works until the next.

    python tests/promises/promises_guest.py HOME FACTS RUN

``HOME``: on the machine's own disk. ``FACTS``: what was told before, a JSON array a line. What is
told now goes to standard output behind ``FACT``, at once; ``WORKING`` says that the examination is over.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import promises_life
from promises_disk import Log
from promises_faults import Desk
from promises_kills import fact_of
from promises_life import Life, examine


class Telling(Log):
    """Tells what people are told on standard output."""

    def told(self, fact) -> None:
        sys.stdout.write(f"FACT {json.dumps([type(fact).__name__, *fact])}\n")
        sys.stdout.flush()


def main(root: Path, facts: Path, run: int) -> None:
    log = Telling()
    # A disk has whole sectors: what is left of the last one is filled with empty lines.
    told = filter(None, facts.read_text(encoding="utf-8").splitlines())
    known = [fact_of(*json.loads(line)) for line in told]
    if (root / promises_life.LEDGER).exists():
        for fact in examine(root, known):
            log.told(fact)
    sys.stdout.write("WORKING\n")
    sys.stdout.flush()
    life = Life(Desk(root, log))
    life.start(f"software-{run % 3}")
    if life.desk.visit is not None:
        life.finish()
    for number in itertools.count():
        life.visit(f"run-{run}-{number}")
        life.slip()
        if number % 5 == 4:
            life.update()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
