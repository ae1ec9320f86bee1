"""A core in a short directory, with people, for the tests about them; time is handed to every turn."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from firmware_app.ledger.home import read_ledger
from firmware_app.registry.person import Role
from firmware_app.service import messages as m
from firmware_app.service.config import load
from firmware_app.service.core import Core
from firmware_app.service.identity import software_hash
from firmware_app.service.people.desk import CONSOLE_KEY

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
KEEPER, INSPECTOR, SECOND = ("9001", "831274"), ("1001", "502816"), ("1002", "640951")
SECOND_NS = 1_000_000_000
NAMES = {"9001": "马管理", "1001": "张三", "1002": "李四"}


class Stage:
    """The core, and what is done at its door. ``now`` runs only as the test says."""

    def __init__(self, more: str = "") -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sp", dir="/tmp"))
        (self.root / "run").mkdir()
        for name in ("registry.toml", "weights.toml", "pan.toml"):
            shutil.copy(DEMO / name, self.root)
        (self.root / "steelyard.toml").write_text(
            f"""
            registry = "registry.toml"
            weights = "weights.toml"
            [device]
            id = "T-1"
            data_dir = "data"
            run_dir = "run"
            [pan]
            driver = "simulated"
            calibration = "pan.toml"
            [control]
            weight = "DEMO-M1-5kg"
            {more}
            """,
            encoding="utf-8",
        )
        self.now = time.monotonic_ns()
        self._ids = itertools.count(1)
        # What these tests are about is not whether files of the program change while they run.
        self._measured = patch("firmware_app.service.core.measured_software", software_hash)
        self._measured.start()
        self.core = Core(load(self.root / "steelyard.toml"))

    @property
    def data(self) -> Path:
        return self.root / "data"

    def restart(self) -> None:
        self.core.close()
        self.now = time.monotonic_ns()
        self.core = Core(load(self.root / "steelyard.toml"))

    def close(self) -> None:
        self.core.close()
        self.clear()

    def clear(self) -> None:
        """What is left once the core is closed."""
        self._measured.stop()
        shutil.rmtree(self.root)

    def id(self) -> str:
        return f"a{next(self._ids)}"

    def tell(self, command: m.Command) -> m.Reply:
        """Sent again until it is done, as a terminal does."""
        for _ in range(1000):
            reply = self.core._obey(command, self.now)
            if not isinstance(reply, m.Working):
                return reply
            time.sleep(0.005)
            self.core._staff.turn(self.now)
        raise AssertionError("a PIN that is looked at for ever")

    def later(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)
        self.core._staff.turn(self.now)

    def sign_in(self, who: tuple[str, str]) -> m.Reply:
        return self.tell(m.SignIn(self.id(), *who))

    def add(self, who: tuple[str, str], role: Role, **by: object) -> m.Reply:
        number, pin = who
        return self.tell(m.AddPerson(self.id(), number, NAMES.get(number, "某人"), role, pin, **by))

    def add_keeper(self, who: tuple[str, str] = KEEPER) -> m.Reply:
        key = (self.data / CONSOLE_KEY).read_text().strip()
        return self.add(who, Role.KEEPER, console=key)

    def staff(self) -> None:
        """A keeper and two inspectors."""
        by = m.Credentials(*KEEPER)
        assert self.add_keeper() == m.Ok()
        assert self.add(INSPECTOR, Role.INSPECTOR, by=by) == m.Ok()
        assert self.add(SECOND, Role.INSPECTOR, by=by) == m.Ok()

    def start(self, kind: m.VisitKind, visit: str = "v1") -> m.Reply:
        return self.tell(m.StartVisit(visit, kind))

    @property
    def state(self) -> m.State:
        return self.core._state(self.now)

    def trail(self, kind: str) -> list[dict]:
        with read_ledger(self.data) as ledger:
            return [entry.payload.body for entry in ledger.of_kind(kind, 0)]

    def kinds(self) -> list[str]:
        with read_ledger(self.data) as ledger:
            return [ledger.entry(seq).payload.kind for seq in range(1, ledger.head_seq + 1)]


def code(reply: m.Reply) -> str:
    """Of a refusal; empty where it was done."""
    return reply.code if isinstance(reply, m.Refused) else ""
