"""The whole appliance without its screen: sampler, core, uploader and the county's gateway as processes of
their own, a visitor who talks to the core as the kiosk does, and somebody who kills one after another.
"""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Self

from promises_life import DATA

from firmware_app.cli.supervisor import FIRST_PAUSE_S, Supervisor
from firmware_app.ledger.home import read_ledger
from firmware_app.procedures.events import Confirmed, FigureTyped, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    ClearPan,
    Judged,
    PutWeights,
    SwapOnPan,
    Way,
)
from firmware_app.service import config, messages, processes
from firmware_app.service.client import CoreClient, CoreSilent, watch_state
from firmware_app.service.messages import VisitKind

STEELYARD = [sys.executable, "-m", "firmware_app.cli.main"]
CHECKER = Path(__file__).parents[2] / "tools" / "check_ledger.py"
PROCESSES = ("sampler", "core", "uploader", "county")
PATIENCE_S = 90.0
CONFIG = """
registry = "{data}/registry.toml"
weights = "{data}/weights.toml"
[device]
id = "KILLED-1"
data_dir = "data"
run_dir = "run"
[pan]
driver = "simulated"
calibration = "{data}/pan.toml"
[county]
url = "http://127.0.0.1:{port}"
"""


class Appliance:
    """Runs while it is entered. ``judged``: entry → visit, as the visitor was shown them."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
        for name in ("run", "data", "logs"):
            (self.root / name).mkdir(mode=0o700)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        file = self.root / "steelyard.toml"
        file.write_text(CONFIG.format(data=DATA, port=self._port), encoding="utf-8")
        self._loaded = config.load(file)
        self.run_dir = self._loaded.run_dir
        self.supervisor = Supervisor(self.root / "logs", lambda _said: None)
        self.judged: dict[int, str] = {}
        self.kills = 0

    def __enter__(self) -> Self:
        county = ["gateway", "serve", "--data", str(self.root / "county"), "--port", str(self._port)]
        ready = self.root / "ready.json"
        self.supervisor.add("county", [*STEELYARD, *county, "--ready-file", str(ready)])
        eventually(ready.exists, "the gateway does not start")
        token = self._call("gateway", "token", "--data", str(self.root / "county")).strip()
        place = ["--county", f"http://127.0.0.1:{self._port}", "--token", token]
        self._call("enrol", *place, "--device", "KILLED-1", "--data", str(self._loaded.data_dir))
        for name in ("sampler", "core", "uploader"):
            self.supervisor.add(name, processes.command_line(name, self._loaded))
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.supervisor.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def _call(self, *arguments: str) -> str:
        done = subprocess.run([*STEELYARD, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self, chance: random.Random, count: int) -> None:
        """Kills one process after another, each at a random moment."""
        for _ in range(count):
            time.sleep(chance.uniform(0.1, 2.0))
            name = chance.choice(PROCESSES)
            # Each is started again as soon as systemd would after a first failure.
            self.supervisor._children[name]._pause_s = FIRST_PAUSE_S / 2
            self.supervisor.kill(name)
            self.kills += 1

    def visit(self) -> None:
        """One visit from the home screen back to it, whatever dies meanwhile."""
        visit = uuid.uuid4().hex[:12]
        self._ask(messages.StartVisit(visit, VisitKind.SELF_CHECK))
        end = time.monotonic() + PATIENCE_S
        while (state := self.state()).visit is not None:
            assert time.monotonic() < end, f"the visit does not go on: {state.visit}"
            shown = state.visit
            if isinstance(shown.prompt, Judged):
                self.judged[shown.prompt.entry] = shown.visit
                self._ask(messages.CloseVisit(shown.visit))
                return
            answer = answer_to(shown.prompt)
            if answer is not None:
                self._ask(messages.GiveAnswer(shown.visit, shown.step, answer))

    def state(self) -> messages.State:
        """What a screen would show now."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return watch_state(self.run_dir, 3.0)
            except CoreSilent:
                assert time.monotonic() < end, "the home screen does not come back"

    def _ask(self, command: messages.Command) -> None:
        end = time.monotonic() + PATIENCE_S
        with CoreClient(self.run_dir, 2.0) as core:
            while True:
                try:
                    core.ask(command)
                    return
                except CoreSilent:
                    assert time.monotonic() < end, "the core does not come back"

    def live(self, seed: int, kills: int) -> None:
        """Visits, one after the other, while processes are killed; then all is delivered."""
        killer = threading.Thread(target=self.kill, args=(random.Random(seed), kills), daemon=True)
        self.visit()
        killer.start()
        while killer.is_alive():
            self.visit()
        killer.join()
        self.visit()
        eventually(lambda: self.state().county.unsent == 0, "not everything is delivered")

    def record(self) -> tuple[dict[int, str], int, str]:
        """Verdicts by entry as the record has them, its head, and what the independent checker says of it."""
        file = self.root / "ledger.ndjson"
        data = self._loaded.data_dir
        self._call("ledger", "export", "--data", str(data), "--out", str(file))
        done = subprocess.run([sys.executable, str(CHECKER), str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        with read_ledger(data) as ledger:
            verdicts = {entry.seq: entry.verdict or "" for entry in ledger.of_kind("self_check", 0)}
            visits = {seq: ledger.entry_of(visit) for seq, visit in self.judged.items()}
            assert all(entry is not None and entry.seq == seq for seq, entry in visits.items())
            return verdicts, ledger.head_seq, done.stdout


def answer_to(prompt: object):
    match prompt:
        case AskStall():
            return StallTyped("12")
        case ChooseScale(scales=scales):
            return ScaleChosen(scales[0].id)
        case ChooseWay():
            return WayChosen(Way.WEIGHTS)
        case SwapOnPan() | ClearPan():
            return Confirmed()
        case PutWeights(nominal_g=nominal):
            return FigureTyped(nominal, "g")
    return None


def eventually(true, what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)
