"""The on-site examination at the desk: cut the power at every step, and there is one entry, whole."""

import random
from datetime import UTC, datetime

import msgspec
import pytest
from examiner import FULL, HEAD, INSPECTOR, Bench, Examiner
from person import context

from firmware_app.ledger.home import open_ledger
from firmware_app.ledger.slip.claim import verify_slip
from firmware_app.ledger.store import MAX_SNAPSHOT
from firmware_app.procedures.events import Cancel
from firmware_app.procedures.page import PageJudged
from firmware_app.service.messages import VisitKind
from firmware_app.service.visits import VisitDesk
from firmware_app.weighing.reading import Reading


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "synchronised"

    def uptime_ns(self):
        return 1


class AtDesk:
    """The examination as the desk leads it; ``cut`` takes the power away and brings it back."""

    def __init__(self, ledger, cuts) -> None:
        self.ledger, self.cuts, self.states = ledger, cuts, set()
        self.around = context(weights=FULL, head=HEAD)
        self.desk = VisitDesk(ledger, lambda: self.around, ledger.slip_text)
        self.desk.start("v1", VisitKind.VERIFICATION, INSPECTOR)

    def cut(self) -> None:
        self.desk = VisitDesk(self.ledger, lambda: self.around, self.ledger.slip_text)

    def handle(self, event, now_ns) -> None:
        self.desk.handle(event, now_ns)
        if self.desk.procedure is None:
            return
        self.states.add(self.state.phase)
        if isinstance(event, Reading) or getattr(self.prompt, "key", "") == "challenge_hold":
            return  # what must be seen for a while would never be, cut after each look
        if self.cuts() and not isinstance(self.prompt, PageJudged):
            self.cut()

    @property
    def prompt(self):
        return self.desk.state().prompt

    @property
    def state(self):
        return self.desk.procedure.state

    @property
    def outcome(self):
        return self.desk.procedure.outcome

    def snapshot(self):
        return self.desk.procedure.snapshot()


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path, clock=Clock(), software="s", device="D-1") as ledger:
        yield ledger


def led(ledger, cuts, model="honest") -> Examiner:
    examiner = Examiner(Bench(model))
    examiner.visit = AtDesk(ledger, cuts)
    return examiner


def entries(ledger) -> list:
    return [entry for entry in ledger.entries(0, 99) if entry.payload.kind == "verification"]


def test_a_power_cut_after_every_single_step_leaves_one_entry_like_that_of_a_quiet_visit(ledger) -> None:
    quiet = Examiner(Bench("worn"))
    quiet.run()
    cut = led(ledger, lambda: True, "worn")
    judged = cut.run()
    (entry,) = entries(ledger)
    body, other = entry.payload.body, msgspec.to_builtins(quiet.visit.outcome.body)
    # The times of its readings differ: a pan that was started again is emptied again.
    assert body.pop("challenge")["verdict"] == other.pop("challenge")["verdict"]
    assert body == other
    assert len(cut.visit.states) > 12
    slip = verify_slip(judged.slip, ledger.key)
    assert slip.verdict == "does_not_conform" and slip.stands_for(entry.hash)


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_now_and_then_does_so_too(ledger, seed) -> None:
    chance = random.Random(seed)
    led(ledger, lambda: chance.random() < 0.2).run()
    assert [entry.verdict for entry in entries(ledger)] == ["conforms"]


def test_between_the_entry_and_the_screen_the_visit_is_over(ledger) -> None:
    examiner = led(ledger, lambda: False)
    examiner.run()
    examiner.visit.cut()
    assert examiner.visit.desk.state() is None
    assert len(entries(ledger)) == 1


def test_an_examination_that_is_left_is_no_secret(ledger) -> None:
    examiner = led(ledger, lambda: False)
    examiner.until("verif_ready")
    examiner.visit.desk.handle(Cancel(), examiner.now_ns)
    assert not entries(ledger)
    (left,) = [entry for entry in ledger.entries(0, 99) if entry.payload.kind == "visit_left"]
    assert left.payload.body["by"]["number"] == INSPECTOR.number


def test_a_clock_that_begins_anew_within_an_item_begins_the_item_anew(ledger) -> None:
    # given a restart of the machine after E0: the scale hung on the same power strip
    examiner = led(ledger, lambda: False)
    examiner.until("verif_eccentricity")
    examiner.visit.cut()
    examiner.now_ns = 0
    # when the next indication comes
    examiner.step()
    # then E0 is asked for once more, and the record says why
    assert examiner.visit.prompt.key == "verif_zero" and examiner.visit.prompt.problem == "verif_restarted"
    examiner.run()
    (entry,) = entries(ledger)
    body = entry.payload.body
    assert body["restarts"] == 1
    assert {each["dropped"] for each in body["tries"]} == {"restarted"}


def test_the_snapshot_stays_within_what_the_ledger_keeps(ledger) -> None:
    examiner = led(ledger, lambda: False)
    largest = 0
    while not isinstance(examiner.visit.prompt, PageJudged):
        examiner.step()
        largest = max(largest, len(examiner.visit.snapshot()))
    assert largest < MAX_SNAPSHOT / 4
