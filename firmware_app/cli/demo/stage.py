"""The stage of the demonstration: every process of the appliance, a market scale, and the county.

Nothing here is special to the demonstration but the names of the parts: the processes are the ones of
the appliance, started by the same command lines from a configuration file like any other.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Self

from firmware_app.cli.demo.models import SIMULATED
from firmware_app.cli.demo.people import DemoPerson, register
from firmware_app.cli.supervisor import Supervisor
from firmware_app.errors import SteelyardError
from firmware_app.service import config, processes

STEELYARD = [sys.executable, "-m", "firmware_app.cli.main"]
GATEWAY = [sys.executable, "-m", "county_gateway"]
"""What `steelyard gateway` becomes, and what the county's unit starts (provisioning/county)."""
PROFILE = "and-st-gs"
START_S = 20.0

CONFIG = """\
# Written by `steelyard demo`: an appliance whose parts are simulated.
registry = "registry.toml"
weights = "weights.toml"

[device]
id = "DEMO-0001"
data_dir = "data"
run_dir = "run"

[pan]
driver = "simulated"
calibration = "pan.toml"
rate_hz = 80
[pan.options]
bench = "{root}/run/bench-pan.ipc"

[lead]
transport = "serial"
[lead.options]
port = "{root}/run/scale"
baud = 9600

[scanner]
driver = "simulated"
[scanner.options]
bench = "{root}/run/bench-scanner.ipc"

[printer]
driver = "simulated"
[printer.options]
at = "{root}/printed"
bench = "{root}/run/bench-printer.ipc"

[camera]
driver = "simulated"

[county]
url = "{county}"

[stick]
directory = "{root}/sticks"
simulated = true

[screen]
language = "{language}"
size = "{size}"
fullscreen = false
idle_s = 600
"""


def drawer() -> bytes:
    """The weights at hand in the demonstration: a set for loads, and small ones for change points."""
    return _data("weights.toml") + b"\n" + _data("small-weights.toml")


def _data(name: str) -> bytes:
    return (resources.files("firmware_app.cli.demo") / "data" / name).read_bytes()


class DemoFailed(SteelyardError):
    """The demonstration could not go on; the message says at which step and where the logs are."""


class Stage:
    """Sets everything up in a short directory under /tmp and takes it down again."""

    def __init__(
        self, say: Callable[[str], None], *, headless: bool, language: str, size: str, model: str
    ) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="steelyard-"))
        self.run_dir = self.root / "run"
        self.data_dir = self.root / "data"
        self.log_dir = self.root / "logs"
        self.robot = self.run_dir / "robot.ipc"
        self.pan_bench = self.run_dir / "bench-pan.ipc"
        self.scale_bench = self.run_dir / "bench-scale.ipc"
        self.scanner_bench = self.run_dir / "bench-scanner.ipc"
        self.printer_bench = self.run_dir / "bench-printer.ipc"
        self.printed = self.root / "printed"
        self.sticks = self.root / "sticks"
        self.stick, self._out = self.sticks / "stick", self.root / "stick-out"
        self._say = say
        self._headless = headless
        self._screen = (language, size)
        self._model = model
        for directory in (self.run_dir, self.data_dir, self.log_dir, self.sticks):
            directory.mkdir(mode=0o700)
        self.supervisor = Supervisor(self.log_dir, say)
        self.county_url = ""
        self.people: tuple[DemoPerson, ...] = ()

    def open(self) -> None:
        """Starts what starts slowly first; the core last, once its ledger has joined the county."""
        for name in ("registry.toml", "pan.toml"):
            (self.root / name).write_bytes(_data(name))
        (self.root / "weights.toml").write_bytes(drawer())
        port = _free_port()
        self.county_url = f"http://127.0.0.1:{port}"
        loaded = self._configure()
        self._say("the kiosk, the sampler and a market scale on a pseudo-terminal")
        self._start("kiosk", loaded)
        self.supervisor.add("scale", self._scale_line())
        self._start("sampler", loaded)
        self._say("the county's gateway on loopback")
        self.start_county(port)
        self._say("the appliance joins the county")
        self._enrol()
        self._say("the core and the uploader")
        self._start("core", loaded)
        self._start("uploader", loaded)
        self._say("a keeper and two inspectors")
        self.people = register(self.run_dir, self.data_dir)

    def _configure(self) -> config.Loaded:
        language, size = self._screen
        file = self.root / "steelyard.toml"
        file.write_text(
            CONFIG.format(root=self.root, county=self.county_url, language=language, size=size),
            encoding="utf-8",
        )
        return config.load(file)

    def _start(self, name: str, loaded: config.Loaded) -> None:
        line = processes.command_line(name, loaded)
        assert line is not None
        if name == "kiosk" and self._headless:
            env = {"SDL_VIDEODRIVER": "offscreen", "LIBGL_ALWAYS_SOFTWARE": "1"}
            self.supervisor.add(name, [*line, "--robot", str(self.robot)], env)
        else:
            self.supervisor.add(name, line)

    def start_county(self, port: int) -> None:
        """Starts the gateway and waits for the address that it prints."""
        ready = self.root / "county-ready.json"
        ready.unlink(missing_ok=True)
        line = [*GATEWAY, "serve", "--data", str(self.root / "county"), "--port", str(port)]
        self.supervisor.add("county", [*line, "--ready-file", str(ready)])
        end = time.monotonic() + START_S
        while not ready.exists():
            if time.monotonic() > end:
                raise DemoFailed(f"the county gateway does not start (log: {self.log_dir / 'county.log'})")
            time.sleep(0.05)

    def stop_county(self) -> None:
        """Ends the gateway, as an outage would."""
        self.supervisor.remove("county")

    def _enrol(self) -> None:
        token = self._call(GATEWAY, "token", "--data", str(self.root / "county")).strip()
        self._call(
            STEELYARD,
            "enrol",
            *("--county", self.county_url, "--token", token),
            *("--device", "DEMO-0001", "--data", str(self.data_dir)),
        )

    def county_token(self) -> str:
        """A token with which the county's own people look at what came."""
        data = ("--data", str(self.root / "county"))
        return self._call(GATEWAY, "access", "create", "demo", "--days", "1", *data).strip()

    def _scale_line(self) -> list[str]:
        line = ["--profile", PROFILE, "--model", self._model, "--max", "15kg", "--e", "5g"]
        line += ["--link", str(self.run_dir / "scale"), "--bench", str(self.scale_bench)]
        return [*SIMULATED, *line]

    def _call(self, program: list[str], *arguments: str) -> str:
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoFailed(f"{program[-1]} {' '.join(arguments[:2])}: {done.stderr.strip()}")
        return done.stdout

    def stick_in(self) -> str:
        """Puts the USB stick in; gives the command by which the county takes it."""
        if self._out.exists():
            self._out.rename(self.stick)
        self.stick.mkdir(exist_ok=True)
        return f"steelyard gateway import {self.stick} --data {self.root / 'county'}"

    def stick_out(self) -> None:
        """Takes it out; what is on it stays on it."""
        if self.stick.exists():
            self.stick.rename(self._out)

    def collect(self, out: Path) -> None:
        """Exports the ledger, checks it and puts it beside what the county holds; and what was printed."""
        if self.printed.exists():
            shutil.copytree(self.printed, out / "printed", dirs_exist_ok=True)
        self._call(
            STEELYARD, "ledger", "export", "--data", str(self.data_dir), "--out", str(out / "ledger.ndjson")
        )

    def close(self) -> None:
        self.supervisor.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def keep_logs(self, out: Path) -> None:
        """Copies the logs where somebody will look for them."""
        shutil.copytree(self.log_dir, out / "logs", dirs_exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def display_there() -> bool:
    """Whether a window can be opened on a screen that somebody sees."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
