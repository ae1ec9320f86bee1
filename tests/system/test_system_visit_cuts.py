"""Every process is killed in the middle of a visit of each kind: it goes on, and its end is saved once."""

from __future__ import annotations

import secrets
import sys
import time
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from system_appliance import Appliance

from firmware_app.cli.demo.people import register
from firmware_app.cli.signing import sign_in
from firmware_app.ledger.home import read_ledger
from firmware_app.procedures import events as e
from firmware_app.procedures import page, prompts
from firmware_app.registry.person import Role
from firmware_app.service import messages
from firmware_app.service.client import CoreClient
from firmware_app.service.messages import VisitKind
from hardware.bench import ask

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures"))
from wanderer import Wanderer

pytestmark = pytest.mark.timeout(1500)

END = (prompts.Judged, prompts.ControlJudged, prompts.NotSaved, page.PageJudged)
PUBLISHED_S = 0.15
"""The core publishes ten times a second."""


class AtDoor:
    """A visit as it is seen from outside the core."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        self.shown: messages.VisitState | None = None
        self.look()

    def look(self) -> None:
        self.shown = self.appliance.state().visit

    @property
    def prompt(self):
        return None if self.shown is None else self.shown.prompt

    @property
    def finished(self) -> bool:
        return self.shown is None or isinstance(self.prompt, END)


class Visitor(Wanderer):
    """The wanderer at the door of the core: answers are commands, loads are put on the simulated pan."""

    def __init__(self, appliance: Appliance, seed: int) -> None:
        super().__init__(AtDoor(appliance), seed, sense=1.0)
        self.appliance = appliance

    def tell(self, event, after: float = 0.0) -> None:
        if not isinstance(event, get_args(messages.Answer)):
            return
        shown = self.visit.shown
        with CoreClient(self.appliance.root) as core:
            core.ask(messages.GiveAnswer(shown.visit, shown.step, event))
        time.sleep(PUBLISHED_S)
        self.visit.look()

    def still(self, load: float) -> None:
        ask(self.appliance.bench, load_g=load)
        before, end = self.visit.prompt, time.monotonic() + 12
        while time.monotonic() < end:
            self.visit.look()
            if self.visit.prompt != before:
                return

    def step(self) -> None:
        if isinstance(self.visit.prompt, prompts.Saving):
            self.visit.look()
        else:
            super().step()


@pytest.fixture
def appliance():
    made = Appliance()
    try:
        made.until(lambda s: s.pan.fault is None and s.pan.stable, "the pan does not come up")
        yield made
    finally:
        made.close()


def begin(appliance: Appliance, kind: VisitKind, people) -> str:
    visit = secrets.token_hex(8)
    with CoreClient(appliance.root) as core:
        who = next((each for each in people if each.role is ROLES.get(kind)), None)
        if who is not None:
            sign_in(core, who.number, who.pin)
        reply = core.ask(messages.StartVisit(visit, kind))
    assert reply == messages.Ok(), reply
    appliance.until(lambda s: s.visit is not None, "the visit does not begin")
    return visit


ROLES = {
    VisitKind.VERIFICATION: Role.INSPECTOR,
    VisitKind.CHALLENGE: Role.INSPECTOR,
    VisitKind.CONTROL_CHECK: Role.KEEPER,
}


def signed_in_again(appliance: Appliance, people) -> None:
    """Whoever led the visit comes back to it: a session does not outlive the power."""
    waits = appliance.state().visit.waits_for
    if waits is not None:
        who = next(each for each in people if each.number == waits.number)
        with CoreClient(appliance.root) as core:
            sign_in(core, who.number, who.pin)
        appliance.until(lambda s: s.visit.waits_for is None, "the visit goes on waiting")


def saved(appliance: Appliance) -> Counter:
    with read_ledger(appliance.root / "data") as ledger:
        assert ledger.verify()
        return Counter(entry.payload.kind for entry in ledger.entries(0, 500))


def cut_at_every_question(appliance: Appliance, kind: VisitKind, most: int, seconds: float) -> list[str]:
    """The questions at which everything was killed; each time the same question stands there again."""
    if kind is not VisitKind.CONTROL_CHECK:
        # Nothing is judged by a pan that has not been checked.
        assert appliance.check(5000.0)[0] == 0
        ask(appliance.bench, load_g=0.0)
    people = register(appliance.root, appliance.root / "data")
    visit = begin(appliance, kind, people)
    visitor, cuts = Visitor(appliance, 3), []
    end = time.monotonic() + seconds
    while not visitor.visit.finished and len(cuts) < most and time.monotonic() < end:
        prompt = visitor.visit.prompt
        name = getattr(prompt, "key", type(prompt).__name__)
        if name not in cuts and not isinstance(prompt, prompts.Saving | prompts.Interrupted):
            cuts.append(name)
            appliance.kill_everything()
            state = appliance.until(lambda s: s.visit is not None and s.pan.fault is None, f"gone at {name}")
            assert state.visit.visit == visit
            resumed = getattr(state.visit.prompt, "key", type(state.visit.prompt).__name__)
            assert resumed == name or kind is VisitKind.CONTROL_CHECK, f"{name} came back as {resumed}"
            signed_in_again(appliance, people)
            visitor.visit.look()
        visitor.step()
    shown = appliance.state().visit
    if shown is not None and not isinstance(shown.prompt, END):
        with CoreClient(appliance.root) as core:
            core.ask(messages.GiveAnswer(visit, shown.step, e.Cancel()))
    elif shown is not None:
        with CoreClient(appliance.root) as core:
            core.ask(messages.CloseVisit(visit))
    appliance.until(lambda s: s.visit is None, "the visit does not end")
    kinds = saved(appliance)
    done = {name: count for name, count in kinds.items() if name in (kind.value, "visit_left")}
    assert sum(done.values()) <= 1, kinds
    return cuts


@pytest.mark.parametrize("kind", [VisitKind.FAIR_WEIGHING, VisitKind.VERIFICATION])
def test_everything_is_killed_at_the_first_questions(appliance: Appliance, kind: VisitKind) -> None:
    assert len(cut_at_every_question(appliance, kind, most=3, seconds=60)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", VisitKind)
def test_everything_is_killed_at_every_question_of_a_visit(appliance: Appliance, kind: VisitKind) -> None:
    cuts = cut_at_every_question(appliance, kind, most=60, seconds=900)
    assert len(cuts) >= 2, cuts
