"""`steelyard run`: the appliance from its configuration."""

from __future__ import annotations

import os
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from firmware_app.cli.common import WRONG_USE, console, fail, in_words
from firmware_app.cli.supervisor import Supervisor
from firmware_app.service import config, processes
from firmware_app.service.check import check as check_all


@in_words
def run(
    process: Annotated[
        str | None, typer.Argument(help="Become this one process: sampler, core, uploader or kiosk.")
    ] = None,
    file: Annotated[
        Path, typer.Option("--config", envvar="STEELYARD_CONFIG", help="The appliance's configuration.")
    ] = config.DEFAULT_PATH,
    check: Annotated[bool, typer.Option("--check", help="Only check the configuration.")] = False,
) -> None:
    """Runs the appliance: all four processes, or one of them (as systemd does).

    Example: steelyard run --config steelyard.toml
    """
    loaded = config.load(file)
    if check:
        unchecked = check_all(loaded, datetime.now(ZoneInfo(loaded.config.device.time_zone)).date())
        later = "".join(f"; the driver of {table} checks its options when it opens" for table in unchecked)
        console.print(f"{file}: good{later}", markup=False)
        return
    loaded.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if process is not None:
        _become(process, loaded)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    log_dir = loaded.data_dir / "logs"
    log_dir.mkdir(parents=True, exist_ok=True)
    with Supervisor(log_dir, console.print) as supervisor:
        for name in processes.NAMES:
            line = processes.command_line(name, loaded)
            if line is not None:
                supervisor.add(name, line)
                console.print(f"{name} started")
        stopping.wait()


def _become(process: str, loaded: config.Loaded) -> None:
    if process not in processes.NAMES:
        fail(f"no process {process!r}: there are {', '.join(processes.NAMES)}", WRONG_USE)
    line = processes.command_line(process, loaded)
    if line is None:
        fail(f"the configuration {loaded.path} has no use for {process}: it names no county", WRONG_USE)
    os.execv(line[0], line)
