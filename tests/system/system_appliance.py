"""An appliance of real processes over simulated parts, without a screen."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.procedures.events import Cancel, ScaleChosen, StallTyped
from firmware_app.procedures.prompts import (
    ChooseScale,
    ChooseWay,
    PutControlWeight,
    Way,
)
from firmware_app.service import messages, processes
from firmware_app.service.client import CoreClient, watch_state
from firmware_app.service.config import load
from hardware.bench import ask

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
PATIENCE_S = 120
"""The end of waiting, on a host that has other work as well; what is waited for comes in a second or two."""
CONFIG = """
registry = "{demo}/registry.toml"
weights = "{demo}/weights.toml"
[device]
id = "T-1"
data_dir = "data"
run_dir = "."
[pan]
driver = "simulated"
calibration = "{demo}/pan.toml"
[pan.options]
bench = "{root}/bench.ipc"
[control]
weight = "DEMO-M1-5kg"
"""


def steelyard(*arguments):
    """The command in this process: starting another one for each would take most of the test's time."""
    return CliRunner().invoke(app, [str(each) for each in arguments])


class Appliance:
    """A sampler and a core, real processes, without a screen."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="sy"))
        self.bench = self.root / "bench.ipc"
        file = self.root / "steelyard.toml"
        file.write_text(CONFIG.format(demo=DEMO, root=self.root), encoding="utf-8")
        self.loaded = load(file)
        self.sampler = self._start("sampler")
        self.core = self._start("core")

    def _start(self, name):
        with (self.root / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(processes.command_line(name, self.loaded), stdout=log, stderr=log)
        if name == "sampler":
            # As its service does: a conversion that other programs make late is a fault of the pan.
            with suppress(OSError):
                os.sched_setscheduler(process.pid, os.SCHED_RR, os.sched_param(1))
        return process

    def kill_everything(self):
        """As when the plug is pulled: no process closes anything; then power is back."""
        for process in (self.core, self.sampler):
            process.kill()
            process.wait()
        self.sampler = self._start("sampler")
        self.core = self._start("core")

    def kill_core(self):
        self.core.kill()
        self.core.wait()
        self.core = self._start("core")

    def state(self, timeout_s=PATIENCE_S):
        return watch_state(self.root, timeout_s)

    def until(self, true, what, timeout_s=PATIENCE_S):
        end = time.monotonic() + timeout_s
        while not true(state := self.state()):
            assert time.monotonic() < end, f"{what}: {state}"
        return state

    def check(self, load_g):
        """`steelyard control check` by a keeper who puts ``load_g`` on when asked; (exit code, result)."""
        ask(self.bench, load_g=0.0)
        stop = threading.Event()

        def keeper():
            while not stop.is_set():
                visit = self.state().visit
                if visit is not None and isinstance(visit.prompt, PutControlWeight):
                    ask(self.bench, load_g=load_g)
                    return

        helper = threading.Thread(target=keeper)
        helper.start()
        done = steelyard("control", "check", "--run-dir", self.root, "--patience", PATIENCE_S, "--json")
        stop.set()
        helper.join()
        assert done.stdout, done.stderr
        return done.exit_code, json.loads(done.stdout)

    def goods(self):
        """Whether a visit offers goods now, and why not."""
        with CoreClient(self.root) as core:
            visit = os.urandom(8).hex()
            core.ask(messages.StartVisit(visit, messages.VisitKind.SELF_CHECK))
            for answer, after in ((StallTyped("12"), ChooseScale), (ScaleChosen("TZ-DEMO-0012"), ChooseWay)):
                core.ask(messages.GiveAnswer(visit, self.state().visit.step, answer))
                state = self.until(lambda s, k=after: s.visit and isinstance(s.visit.prompt, k), after)
            ways = {offer.way: offer for offer in state.visit.prompt.ways}
            core.ask(messages.GiveAnswer(visit, state.visit.step, Cancel()))
            self.until(lambda s: s.visit is None, "the visit does not end")
        assert ways[Way.WEIGHTS].possible
        return ways[Way.GOODS].possible, ways[Way.GOODS].why_not

    def health(self):
        with CoreClient(self.root) as core:
            items = core.ask(messages.AskHealth()).items
        return next(item for item in items if item.part == "control")

    def close(self):
        for process in (self.core, self.sampler):
            process.kill()
            process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
