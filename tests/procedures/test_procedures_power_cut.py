"""The power is cut in every state of every procedure: the visit goes on, and its end is saved once."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_procedures_every_table import VARIANTS, around
from wanderer import Wanderer

from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.events import Cancel, Saved, SaveFailed
from firmware_app.procedures.table import Led
from firmware_app.service.messages import VisitKind
from firmware_app.service.visits import VisitDesk

WALKS, STEPS, REST = 3, 200, 150


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "unsynchronised"

    def uptime_ns(self):
        return 1


class AtDesk:
    """A visit as the wanderer leads it, through the desk that keeps it on disk at every step."""

    def __init__(self, desk: VisitDesk) -> None:
        self.desk = desk

    @property
    def prompt(self):
        shown = self.desk.state()
        return None if shown is None else shown.prompt

    @property
    def finished(self) -> bool:
        return self.desk.visit is None

    def handle(self, event, now_ns: int) -> None:
        # Only the desk itself tells a procedure that something was saved.
        if not isinstance(event, Saved | SaveFailed):
            self.desk.handle(event, now_ns)


class Machine:
    """An appliance on one disk."""

    def __init__(self, root: Path, changes: dict) -> None:
        self.root, self.changes = root, changes
        self.ledger = open_ledger(root, clock=Clock(), software="s", device="D-1")
        self.desk = VisitDesk(self.ledger, lambda: around(**changes), self.ledger.slip_text)

    def after_the_cut(self, root: Path) -> Machine:
        """The same machine from what lies on its disk now: no file is closed, as when the plug is pulled."""
        shutil.copytree(self.root, root)
        return Machine(root, self.changes)

    def saved(self) -> Counter:
        """How many entries of each kind there are."""
        return Counter(entry.payload.kind for entry in self.ledger.entries(0, 500))


def led_to_its_end(machine: Machine, seed: int) -> None:
    wanderer = Wanderer(AtDesk(machine.desk), seed, sense=1.0)
    for _ in wanderer.wander(REST):
        pass
    if machine.desk.visit is not None:
        machine.desk.handle(Cancel(), wanderer.now_ns)


@pytest.mark.parametrize("kind", VisitKind)
@pytest.mark.parametrize("seed", range(WALKS))
def test_a_cut_in_any_state_loses_and_doubles_nothing(kind: VisitKind, seed: int, tmp_path: Path) -> None:
    changes = VARIANTS[seed % (2 if kind is VisitKind.CONTROL_CHECK else len(VARIANTS))]
    whole = Machine(tmp_path / "whole", changes)
    person = around(**changes).person
    whole.desk.start("v1", kind, person)
    wanderer = Wanderer(AtDesk(whole.desk), seed, sense=0.95)
    seen = set()
    for _ in wanderer.wander(STEPS):
        if whole.desk.visit is None:
            break
        phase = whole.desk.procedure.state.phase
        if phase in seen:
            continue
        seen.add(phase)
        # when the power is cut here
        cut = whole.after_the_cut(tmp_path / f"cut{len(seen)}")
        # then the visit stands where it stood, and led on it ends with at most one entry of each kind
        shown, resumed = whole.desk.state(), cut.desk.state()
        assert cut.saved() == whole.saved()
        if resumed is None:
            # A visit whose outcome is saved is over: the screen comes up at home, the entry is there.
            assert whole.desk.procedure.outcome.kind in cut.saved()
        else:
            assert resumed.visit == shown.visit
            if type(whole.desk.procedure).resumed.__func__ is Led.resumed.__func__:
                assert resumed.prompt == shown.prompt
        led_to_its_end(cut, seed)
        assert cut.desk.visit is None
        assert all(count == 1 for count in cut.saved().values()), cut.saved()
        cut.ledger.close()
    assert seen
