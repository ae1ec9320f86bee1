"""Every process is killed in the middle of a visit of each kind: it goes on, and its end is saved once."""

from __future__ import annotations

import itertools
import time
from collections import Counter

import pytest
from system_appliance import PATIENCE_S, Appliance
from system_visitor import AtDoor, Screen, Visitor, begin, sign_in_again

from firmware_app.cli.demo.people import register
from firmware_app.ledger.home import read_ledger
from firmware_app.procedures import events as e
from firmware_app.procedures import prompts
from firmware_app.service import messages
from firmware_app.service.messages import VisitKind
from hardware.bench import ask

pytestmark = pytest.mark.timeout(2400)

EMPTYING = ("ClearPan", "Interrupted", "challenge_clear_pan")
"""What may stand before a question at the pan after a cut: a pan that was started anew has another zero."""
INSTEAD = {"SwapOnPan": "WeighGoods", "SwapOnPan to look at": "PutWeights"}
"""What stands there after a cut where it is not the same question: a comparison of goods with weights begins
anew, and weights are not looked at by a pan that starts anew, which the record says."""
PASSING = ("Saving", "Interrupted", "challenge_done")
"""States that no answer is waited for in: they go by between two looks at the screen."""
BARREN_VISITS = 2
"""So many visits in a row without a new question, and the wanderer has seen what he will see."""
MOST_ANSWERS = 150
"""A visit that still goes round is left."""


@pytest.fixture
def appliance():
    made = Appliance()
    try:
        made.until(lambda s: s.pan.fault is None and s.pan.stable, "the pan does not come up")
        yield made
    finally:
        made.close()


def saved(appliance: Appliance) -> Counter:
    with read_ledger(appliance.root / "data") as ledger:
        assert ledger.verify()
        return Counter(entry.payload.kind for entry in ledger.entries(0, 500))


class Cutter:
    """Leads visits of one kind and kills everything at each question once. ``cuts``: where it was done."""

    def __init__(self, appliance: Appliance, kind: VisitKind) -> None:
        self.appliance, self.kind = appliance, kind
        if kind is not VisitKind.CONTROL_CHECK:
            # Nothing is judged by a pan that has not been checked.
            assert appliance.check(5000.0)[0] == 0
            ask(appliance.bench, timeout_s=PATIENCE_S, load_g=0.0)
        self.people = register(appliance.root, appliance.root / "data")
        self.screen = Screen(appliance.root)
        self.cuts: list[str] = []
        self.asked = 0

    def visit(self, seed: int, most: int, end: float) -> None:
        """One visit from its first question to its last, or until there were ``most`` cuts."""
        before, visit = saved(self.appliance), begin(self.screen, self.kind, self.people)
        visitor = Visitor(self.appliance, self.screen, seed)
        last = self.asked + MOST_ANSWERS
        while not visitor.visit.finished and len(self.cuts) < most and self.asked < last:
            if time.monotonic() > end:
                break
            name = visitor.visit.name
            if name not in self.cuts and name not in PASSING:
                self.cuts.append(name)
                self._cut(visit, name)
            self.asked += 1
            visitor.step()
        if visitor.visit.finished and visitor.visit.shown is not None and len(self.cuts) < most:
            self._cut_at_its_end(visitor.visit)
        self._leave(visit)
        gone = saved(self.appliance) - before
        ends = {name: count for name, count in gone.items() if name in (self.kind.value, "visit_left")}
        assert sum(ends.values()) <= 1, f"{self.kind}, seed {seed}: {gone}"

    def _cut(self, visit: str, name: str) -> None:
        self.appliance.kill_everything()
        self.screen.power_back()
        self.screen.until(lambda s: s.visit is not None and s.pan.fault is None, f"gone at {name}")
        sign_in_again(self.screen, self.people)
        resumed, wanted = AtDoor(self.screen), INSTEAD.get(name, name)
        if name not in EMPTYING:
            self.screen.until(
                lambda s: s.visit is None or resumed.name not in EMPTYING, f"{name} does not come back"
            )
            assert resumed.name == wanted, f"{name} came back as {resumed.name}"
        shown = resumed.shown
        assert shown is not None
        assert shown.visit == visit

    def _cut_at_its_end(self, door: AtDoor) -> None:
        """A verdict that was shown is in the record once; the screen comes up with it or at home."""
        name, there = door.name, saved(self.appliance)[self.kind.value]
        if isinstance(door.prompt, prompts.NotSaved) or name in self.cuts:
            return
        assert there >= 1, f"{name} was shown and not saved"
        self.cuts.append(name)
        self.appliance.kill_everything()
        self.screen.power_back()
        self.screen.until(lambda s: s.pan.fault is None, f"the home screen does not come after {name}")
        assert AtDoor(self.screen).finished
        assert saved(self.appliance)[self.kind.value] == there

    def _leave(self, visit: str) -> None:
        """From wherever it stands, back to the home screen."""
        shown = self.screen.newest().visit
        if shown is not None:
            over = AtDoor(self.screen).finished
            answer = messages.GiveAnswer(visit, shown.step, e.Cancel())
            self.screen.command(messages.CloseVisit(visit) if over else answer)
        self.screen.until(lambda s: s.visit is None, "the visit does not end")
        ask(self.appliance.bench, timeout_s=PATIENCE_S, load_g=0.0)


@pytest.mark.parametrize("kind", [VisitKind.FAIR_WEIGHING, VisitKind.VERIFICATION])
def test_everything_is_killed_at_the_first_questions(appliance: Appliance, kind: VisitKind) -> None:
    cutter = Cutter(appliance, kind)
    cutter.visit(seed=3, most=3, end=time.monotonic() + PATIENCE_S)
    assert len(cutter.cuts) == 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", VisitKind)
def test_everything_is_killed_at_every_question_of_a_visit(appliance: Appliance, kind, capsys) -> None:
    """Given visits led by chance until two in a row ask nothing new, then each question survives its cut."""
    cutter, barren, visits = Cutter(appliance, kind), 0, 0
    end = time.monotonic() + 900
    for visits in itertools.count(1):
        known = len(cutter.cuts)
        cutter.visit(seed=visits, most=200, end=end)
        barren = 0 if len(cutter.cuts) > known else barren + 1
        if barren == BARREN_VISITS or time.monotonic() > end:
            break
    with capsys.disabled():
        print(f"\n{kind}: {visits} visits, {cutter.asked} answers, {len(cutter.cuts)} cuts, at {cutter.cuts}")
    assert len(cutter.cuts) >= 2
