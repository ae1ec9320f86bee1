"""What the processes of an appliance cost: CPU share and memory, at rest and by rate and number of bridges.

    python benchmarks/processes.py [SECONDS]            # every process, 80 conversions a second
    python benchmarks/processes.py bridges [SECONDS]    # sampler and core: 10 and 80/s, one and four bridges

The simulated driver works out cell, chip and bus besides reading them, which on a Pi are really there. So
the second table has the sampler twice: with the simulated bridges, and with recordings replayed in real time,
where nothing is simulated. What the SPI driver itself does is counted without its bus. The lowest of three
measurements is told, for other programs on the machine only add.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from firmware_app.cli.demo.stage import Stage  # noqa: E402
from firmware_app.cli.supervisor import Supervisor  # noqa: E402
from firmware_app.service import config, processes  # noqa: E402
from firmware_app.service.client import CoreSilent, watch_state  # noqa: E402
from hardware.loadcell import spi  # noqa: E402
from hardware.loadcell.clock import SECOND, VirtualClock  # noqa: E402
from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip  # noqa: E402
from hardware.loadcell.spidev_fake import FakeSpiDev  # noqa: E402

NAMES = ("sampler", "core", "uploader", "kiosk")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PERIOD_NS = {10: 95_200_000, 80: 12_191_400}
TIMES = 3
CORNERS = 4
START_S, WARM_S = 60.0, 5.0
CONFIG = """\
registry = "registry.toml"
weights = "weights.toml"
[device]
id = "COST-0001"
data_dir = "data"
run_dir = "run"
[pan]
driver = "{driver}"
calibration = "pan.toml"
rate_hz = {rate_hz}
[pan.options]
{options}
"""


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident_mib(pid: int) -> int:
    line = next(
        row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS")
    )
    return int(line.split()[1]) // 1024


def shares(pids: Sequence[int], seconds: float, times: int = 1) -> list[float]:
    """Per cent of one core that each process takes, the lowest of so many measurements."""
    told = []
    for _ in range(times):
        before = [ticks(pid) for pid in pids]
        begun = time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - begun
        told.append(
            [100 * (ticks(pid) - then) / TICKS_PER_S / lasted for pid, then in zip(pids, before, strict=True)]
        )
    return [min(of) for of in zip(*told, strict=True)]


def wait_for_weight(run_dir: Path) -> None:
    """Until the pan weighs, and what only the start costs is over."""
    until = time.monotonic() + START_S
    while True:
        if time.monotonic() > until:
            sys.exit(f"nothing was weighed within {START_S:.0f} s: see the logs beside {run_dir}")
        with suppress(CoreSilent):
            if watch_state(run_dir).pan.mass_g is not None:
                break
        time.sleep(0.2)
    time.sleep(WARM_S)


def at_rest(seconds: float) -> Table:
    table = Table(title=f"at rest, 80 conversions/s, {seconds:.0f} s")
    for heading in ("process", "CPU, % of one core", "memory, MiB"):
        table.add_column(heading, justify="right")
    with Stage(lambda _words: None, headless=True, language="zh", size="800x480", model="honest") as stage:
        stage.open()
        wait_for_weight(stage.run_dir)
        pids = [pid for name in NAMES if (pid := stage.supervisor.pid(name)) is not None]
        for name, pid, share in zip(NAMES, pids, shares(pids, seconds), strict=True):
            table.add_row(name, f"{share:.1f}", str(resident_mib(pid)))
    return table


# -------------------------------------------------------------------------------------- by rate and bridges


@contextmanager
def running(driver: str, rate_hz: int, options: str) -> Iterator[tuple[int, int]]:
    """The process ids of a sampler and a core that weigh."""
    root = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    for name in ("run", "data", "logs"):
        (root / name).mkdir(mode=0o700)
    for name in ("registry.toml", "weights.toml", "pan.toml"):
        shutil.copy(ROOT / "firmware_app" / "cli" / "demo" / "data" / name, root)
    file = root / "steelyard.toml"
    file.write_text(CONFIG.format(driver=driver, rate_hz=rate_hz, options=options.format(root=root)))
    for corner in range(1, CORNERS + 1):
        record(root / f"{corner}.csv", rate_hz, corner)
    loaded = config.load(file)
    supervisor = Supervisor(root / "logs", lambda _words: None)
    try:
        for name in ("sampler", "core"):
            line = processes.command_line(name, loaded)
            assert line is not None
            supervisor.add(name, without_rate(line) if "file" in options else line)
        wait_for_weight(root / "run")
        sampler, core = supervisor.pid("sampler"), supervisor.pid("core")
        assert sampler is not None and core is not None
        yield sampler, core
    finally:
        supervisor.close()
        shutil.rmtree(root)


def without_rate(line: list[str]) -> list[str]:
    """A recording brings its own rate, and its driver refuses to be told one, also at a corner."""
    told = next((n for n, word in enumerate(line) if word.startswith("rate_hz=")), None)
    return line if told is None else line[: told - 1] + line[told + 1 :]


def record(path: Path, rate_hz: int, seed: int) -> None:
    """Five minutes of a bridge at rest, each by its own oscillator."""
    chance = random.Random(seed)
    period_s = PERIOD_NS[rate_hz] / SECOND * (0.97 + 0.01 * seed)
    rows = (f"{n * period_s:.6f},{84_000 + round(chance.gauss(0, 30))}\n" for n in range(int(300 / period_s)))
    path.write_text(f"# rate_hz: {rate_hz}\n# gain: 128\nt_s,counts\n" + "".join(rows))


def driver_share(rate_hz: int, *, plugged: bool = True) -> float:
    """Per cent of a core that the SPI driver takes in the time of its chip, the bus not counted."""
    spent_ns = 0

    class Counted(FakeSpiDev):
        def xfer2(self, values: Sequence[int]) -> list[int]:
            nonlocal spent_ns
            begun_ns = time.process_time_ns()
            reply = super().xfer2(values)
            spent_ns += time.process_time_ns() - begun_ns
            return reply

    clock = VirtualClock()
    faults = [] if plugged else [ScheduledFault(0, ChipFault.UNPLUG)]
    chip = SimulatedChip(
        lambda at_ns, *_: 84_000 + at_ns // 1000 % 61, lambda: PERIOD_NS[rate_hz], faults=faults
    )
    bus = Counted(chip, clock)
    bus.open(0, 0)
    bus.mode, bus.max_speed_hz = spi.SPI_MODE, 1_000_000
    cell = spi.SpiLoadCell(bus, clock, spi.SpiOptions(rate_hz=rate_hz))  # type: ignore[arg-type]
    while clock.now_ns() < 5 * SECOND:
        cell.read()
    from_ns, spent_ns, begun_ns = clock.now_ns(), 0, time.process_time_ns()
    while clock.now_ns() < from_ns + 30 * SECOND:
        cell.read()
    own_ns = time.process_time_ns() - begun_ns - spent_ns
    return 100 * own_ns / (clock.now_ns() - from_ns)


def bridges(seconds: float) -> None:
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| bridges | rate, 1/s | sampler, simulated | sampler, replay | core | sampler, MiB | core, MiB |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for count in (1, CORNERS):
        for rate_hz in (10, 80):
            if count == 1:
                ways = {"simulated": "", "replay": 'file = "{root}/1.csv"'}
            else:
                files = "\n".join(f'file_{n} = "{{root}}/{n}.csv"' for n in range(1, count + 1))
                ways = {
                    "bridges": f'driver = "simulated"\ncorners = {count}',
                    "bridges ": f'driver = "replay"\ncorners = {count}\n{files}',
                }
            told = []
            for driver, options in ways.items():
                with running(driver.strip(), rate_hz, options) as pids:
                    told.append((shares(pids, seconds, TIMES), [resident_mib(pid) for pid in pids]))
            (simulated, mib), (replayed, _) = told
            core = min(simulated[1], replayed[1])
            print(
                f"| {count} | {rate_hz} | {simulated[0]:.1f} % | {replayed[0]:.1f} % | {core:.1f} % "
                f"| {mib[0]} | {mib[1]} |",
                flush=True,
            )
    for words, rate_hz, plugged in (("10/s", 10, True), ("80/s", 80, True), ("80/s, unplugged", 80, False)):
        share = min(driver_share(rate_hz, plugged=plugged) for _ in range(TIMES))
        print(f"\nSPI driver without its bus, {words}: {share:.2f} % of a core")


def main() -> None:
    words = sys.argv[1:]
    by_bridges = words[:1] == ["bridges"]
    seconds = float(words[by_bridges]) if len(words) > by_bridges else 20.0
    if by_bridges:
        bridges(seconds)
    else:
        Console().print(at_rest(seconds))


if __name__ == "__main__":
    main()
