"""The cheating challenge at the desk: the power is cut at every step, and anybody draws its order again."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_app.ledger.export import write_export
from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.context import Head
from firmware_app.procedures.page import PageJudged
from firmware_app.registry.person import Role
from firmware_app.service.messages import VisitKind
from firmware_app.service.people.permission import ALLOWED
from firmware_app.service.visits import VisitDesk
from firmware_app.weighing.reading import Reading
from tests.procedures.challenger import Bench, Inspector
from tests.procedures.person import context

TOOLS = Path(__file__).parents[2] / "tools"


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "unsynchronised"

    def uptime_ns(self):
        return 1


class AtDesk:
    """The visit as it lies at a desk that is thrown away and opened again after ``every`` steps."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every, self.taken, self.cuts = path, every, 0, 0
        self.cut_at: set[object] = set()
        self.ledger = self.desk = None
        self.open()
        self.desk.start("v1", VisitKind.CHALLENGE)

    def open(self) -> None:
        self.ledger = open_ledger(self.path, clock=Clock(), software="s", device="D-1")
        ledger = self.ledger

        def around():
            return context(head=Head(ledger.head.seq, ledger.head.hash))

        self.desk = VisitDesk(ledger, around, ledger.slip_text)

    def cut(self) -> None:
        # Nothing is told to the desk: what is not on disk by now is lost.
        self.ledger.close()
        # Other programs have written meanwhile, so the head is another one.
        self.open()
        self.ledger.append("start", {"cut": self.cuts})
        self.cuts += 1

    def cut_once(self) -> None:
        """At each question once: the pan is emptied again after a cut, so the next one comes back to it."""
        run = self.state.run
        place = (self.prompt, 0 if run is None else len(run.looks))
        if place not in self.cut_at:
            self.cut_at.add(place)
            self.cut()

    @property
    def prompt(self):
        return self.desk.state().prompt

    @property
    def state(self):
        return self.desk.procedure.state

    def handle(self, event, now_ns) -> bool:
        before = self.desk.state()
        if isinstance(event, Reading):
            self.desk.handle(event, now_ns)
        else:
            self.desk.answer("v1", before.step, event, now_ns)
        changed = self.desk.state().prompt != before.prompt
        if changed:
            self.taken += 1
            if self.every and self.taken % self.every == 0 and not isinstance(self.prompt, PageJudged):
                self.cut_once()
        return changed


def challenged(path: Path, model: str, every: int) -> tuple[AtDesk, Inspector]:
    inspector = Inspector(Bench(model))
    inspector.visit = AtDesk(path, every)
    inspector.run()
    return inspector.visit, inspector


@pytest.mark.parametrize("every", [1, 3])
def test_a_power_cut_at_every_step_loses_and_doubles_nothing(tmp_path, every):
    whole, _ = challenged(tmp_path / "whole", "nominal_honest", 0)
    cut, _ = challenged(tmp_path / "cut", "nominal_honest", every)
    assert cut.cuts >= 36 // every

    def bodies(visit):
        entries = [visit.ledger.entry(seq) for seq in range(1, visit.ledger.head.seq + 1)]
        return [entry.payload.body for entry in entries if entry.payload.kind == "challenge"]

    (expected,), (body,) = bodies(whole), bodies(cut)
    assert body["verdict"] == expected["verdict"] == "does_not_conform"
    # The two appliances have other keys, so other heads and orders; each holds all that it must.
    for each in (body, expected):
        assert len(each["readings"]) == 9 and each["pattern"] == "nominal"
        looks = [look for look in each["looks"] if not look["problem"] and not look["dropped"]]
        assert sorted((look["trial"], look["kind"], look["key"]) for look in looks) == sorted(
            (number, kind, key)
            for number, trial in enumerate(each["trials"], 1)
            for kind, key in [
                ("first", ""),
                *([("held", "")] if trial["hold"] else []),
                *(("key", key) for key in trial["keys"]),
            ]
        )
    assert body["draw"]["seq"] == 1, "drawn from the head as the visit began, whatever came after"
    assert cut.desk.state().prompt.verdict == "does_not_conform"


@pytest.mark.parametrize("model", ["honest", "offset"])
def test_anybody_draws_the_order_again_from_the_export(tmp_path, model):
    visit, _ = challenged(tmp_path / "home", model, 5)
    path = tmp_path / "ledger.ndjson"
    write_export(visit.ledger, path)
    for tool, said in (("check_ledger.py", ""), ("check_challenge.py", "1 challenges, 0 wrong")):
        ran = subprocess.run(
            [sys.executable, str(TOOLS / tool), str(path)], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0 and said in ran.stdout, ran.stdout + ran.stderr


def test_only_inspectors_begin_it():
    assert ALLOWED[VisitKind.CHALLENGE] == {Role.INSPECTOR}
