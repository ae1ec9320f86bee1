"""What the processes of an appliance cost: CPU share and memory at rest, 80 conversions a second.

    python benchmarks/processes.py [SECONDS]

The sampler's share includes the simulation of cell and chip; on a Pi the driver waits for the real one.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware_app.cli.demo.stage import Stage
from firmware_app.service.client import watch_state

NAMES = ("sampler", "core", "uploader", "kiosk")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident_mib(pid: int) -> int:
    line = next(
        row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS")
    )
    return int(line.split()[1]) // 1024


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    table = Table(title=f"at rest, 80 conversions/s, {seconds:.0f} s")
    for heading in ("process", "CPU, % of one core", "memory, MiB"):
        table.add_column(heading, justify="right")
    with Stage(lambda _words: None, headless=True, language="zh", size="800x480", model="honest") as stage:
        stage.open()
        while watch_state(stage.run_dir).pan.mass_g is None:
            time.sleep(0.2)
        time.sleep(5)  # what only the start costs is over
        pids = {name: stage.supervisor.pid(name) for name in NAMES}
        before = {name: ticks(pid) for name, pid in pids.items() if pid}
        time.sleep(seconds)
        for name, pid in pids.items():
            assert pid is not None
            share = 100 * (ticks(pid) - before[name]) / TICKS_PER_S / seconds
            table.add_row(name, f"{share:.1f}", str(resident_mib(pid)))
    Console().print(table)


if __name__ == "__main__":
    main()
