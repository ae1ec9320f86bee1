"""A whole machine whose power is cut: a kernel, a file system of its own, and the parts of the core at work.

    python tests/promises/promises_vm.py COUNT [SEED]

`promises_machine` makes the machine. Cutting its power is killing QEMU: what the machine had not given to its
disk is gone. What it had given stays; a disk that lies about its cache is the matter of
`test_promises_power.py`. Every `HOME` cuts a new record is begun on the same disk, so that first starts are
cut as well.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from promises_machine import BOOT_S, Machine

HOME = 20
WORK_S = 8.0
"""A machine is cut within so long of its start to work; it saves several entries a second."""
FIRST_START_S = 1.5
"""The first start of a record, with the making of its key and its tables, is over within that."""
EARLY = 0.3
"""Share of the cuts that come while the machine recovers its file system or examines the record."""
LAST_WORK_S = 3.0


def main(count: int, seed: int) -> str:
    chance = random.Random(seed)
    began, cut_early, saved, examined_s = time.monotonic(), 0, 0, 1.0
    told: list[str] = []
    # Behind the last cut of a record it is examined once more, and works on.
    turns = [
        (home, number, number == min(HOME, count - home * HOME))
        for home in range(-(-count // HOME))
        for number in range(min(HOME, count - home * HOME) + 1)
    ]
    with tempfile.TemporaryDirectory(prefix="vm", dir="/var/tmp") as directory:
        machine = Machine(Path(directory))
        for run, (home, number, last) in enumerate(turns):
            first = number == 0
            if first:
                told = []
            text = "\n".join(told).encode() + b"\n"
            machine.facts.write_bytes(text + b"\n" * (-len(text) % 512))
            early = not last and not first and chance.random() < EARLY
            cut_early += early
            with machine.awake(f"{home} {run}") as running:
                took = running.until("AWAKE", BOOT_S)
                if early:
                    running.listen(chance.uniform(0.0, examined_s))
                else:
                    examined_s = running.until("WORKING", BOOT_S)
                    longest = FIRST_START_S if first else WORK_S
                    running.listen(LAST_WORK_S if last else chance.uniform(0.0, longest))
            heard = running.heard
            broken = [line for line in heard if "Traceback" in line or "Broken" in line or "Error" in line]
            assert not broken, f"run {run}: {broken}\n" + "\n".join(heard[-30:])
            # The last line may be half a line: power was cut.
            whole = [line for line in heard if line.startswith("FACT ") and line.endswith("]")]
            new = [line.removeprefix("FACT ") for line in whole]
            told += new
            saved += sum(json.loads(line)[0] == "Saved" for line in new)
            said = f"{run}: awake in {took:.1f} s, examined in {examined_s:.1f} s, {len(told)} facts"
            print(said, file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    return (
        f"{count} cuts of a machine in {seconds:.0f} s (seed {seed}), {cut_early} of them while it"
        f" recovered: {saved} entries told as saved, none lost, none doubled, every chain verified"
    )


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
