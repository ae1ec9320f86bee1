"""The desk: repeated commands are harmless, a cut power resumes, an outcome is saved exactly once."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.context import Context, Pan
from firmware_app.procedures.events import Cancel, Confirmed, FigureTyped, ScaleChosen, StallTyped, WayChosen
from firmware_app.procedures.prompts import (
    AskStall,
    ChooseScale,
    ChooseWay,
    Judged,
    NotSaved,
    PutWeights,
    Way,
)
from firmware_app.quantity import Estimate
from firmware_app.registry.registry import load_registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.messages import VisitKind
from firmware_app.service.visits import VisitDesk
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import Fault

DATA = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
DAY = date(2026, 11, 23)


class Clock:
    boot = "b" * 8

    def now(self):
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def quality(self):
        return "unsynchronised"

    def uptime_ns(self):
        return 1


def context():
    return Context(
        registry=load_registry(DATA / "registry.toml"),
        weights=load_weights(DATA / "weights.toml", pack_in_force(WeightsPack, DAY)),
        on=DAY,
        pan=Pan(max_g=15000, calibration="c"),
    )


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path, clock=Clock(), software="s", device="D-1") as ledger:
        yield ledger


@pytest.fixture
def desk(ledger):
    return VisitDesk(ledger, context, ledger.slip_text)


def give(desk, answer, step=None):
    state = desk.state()
    desk.answer(state.visit, state.step if step is None else step, answer, 0)
    return desk.state().prompt if desk.state() else None


def up_to_weights(desk, visit="v1"):
    desk.start(visit, VisitKind.SELF_CHECK)
    give(desk, StallTyped("12"))
    give(desk, ScaleChosen(desk.state().prompt.scales[0].id))
    give(desk, WayChosen(Way.WEIGHTS))
    return give(desk, Confirmed())


def figures(desk):
    """Types what an honest scale shows until there is a verdict or none."""
    prompt = desk.state().prompt
    while isinstance(prompt, PutWeights):
        prompt = give(desk, FigureTyped(prompt.nominal_g, "g"))
    return prompt


def test_a_visit_leads_from_the_stall_to_a_saved_verdict(desk, ledger):
    up_to_weights(desk)

    judged = figures(desk)

    assert isinstance(judged, Judged)
    assert ledger.entry(judged.entry).payload.body["verdict"] == "conforms"


def test_starting_the_same_visit_twice_opens_one_and_another_is_refused(desk):
    assert desk.start("v1", VisitKind.SELF_CHECK)
    give(desk, StallTyped("12"))

    assert desk.start("v1", VisitKind.SELF_CHECK)
    assert isinstance(desk.state().prompt, ChooseScale)
    assert not desk.start("v2", VisitKind.SELF_CHECK)


def test_an_answer_given_twice_counts_once(desk):
    first = up_to_weights(desk)
    step = desk.state().step

    give(desk, FigureTyped(first.nominal_g, "g"), step)
    give(desk, FigureTyped(first.nominal_g, "g"), step)

    assert desk.state().prompt.number == 2


def test_an_answer_counts_although_a_detail_of_the_question_has_changed(desk):
    desk.start("v1", VisitKind.SELF_CHECK)
    give(desk, StallTyped("12"))
    offered = give(desk, ScaleChosen(desk.state().prompt.scales[0].id))
    step = desk.state().step

    desk.handle(PanFault(at_ns=1, fault=Fault.DISCONNECTED, lasting=True), 1)
    assert desk.state().prompt.ways != offered.ways
    give(desk, WayChosen(Way.WEIGHTS), step)

    assert isinstance(desk.state().prompt, PutWeights)


def test_a_power_cut_resumes_at_the_load_that_was_asked_for(desk, ledger):
    first = up_to_weights(desk)
    give(desk, FigureTyped(first.nominal_g, "g"))
    before = desk.state()

    again = VisitDesk(ledger, context, ledger.slip_text)

    assert again.state().visit == before.visit
    assert again.state().prompt == before.prompt
    assert again.state().step > before.step, "an answer on its way to the old step must not count"
    assert isinstance(figures(again), Judged)


def test_an_outcome_is_in_the_ledger_once_whatever_is_repeated(desk, ledger):
    up_to_weights(desk)
    judged = figures(desk)

    VisitDesk(ledger, context, ledger.slip_text)
    desk.handle(Reading(1, Estimate(0.0, 0.1), True, None, 1.0, 0.0), 1)

    assert ledger.head_seq == judged.entry
    assert ledger.open_visit() is None


def test_a_ledger_that_cannot_save_gives_no_verdict(desk, ledger, mocker):
    up_to_weights(desk)
    mocker.patch.object(ledger, "append", side_effect=StoreFailed("disk_full", "the disk is full"))

    prompt = figures(desk)

    assert prompt == NotSaved("disk_full")


def test_a_state_that_cannot_be_kept_does_not_stop_the_visit(desk, ledger, mocker):
    mocker.patch.object(ledger, "keep_visit", side_effect=StoreFailed("disk_full", "the disk is full"))

    assert isinstance(up_to_weights(desk), PutWeights)


def test_a_snapshot_that_nobody_can_read_is_dropped_with_an_entry(ledger):
    ledger.keep_visit("old", "self_check", b"\xc1 not ours")

    desk = VisitDesk(ledger, context, ledger.slip_text)

    assert desk.state() is None
    assert ledger.entry(ledger.head_seq).payload.kind == "visit_dropped"
    assert ledger.open_visit() is None


def test_cancel_leads_home_and_forgets_the_visit(desk, ledger):
    desk.start("v1", VisitKind.SELF_CHECK)
    assert isinstance(desk.state().prompt, AskStall)

    give(desk, Cancel())

    assert desk.state() is None
    assert ledger.open_visit() is None


def test_closing_a_visit_that_is_not_open_changes_nothing(desk):
    desk.start("v1", VisitKind.SELF_CHECK)
    give(desk, StallTyped("12"))

    desk.close("another")

    assert isinstance(desk.state().prompt, ChooseScale | ChooseWay)


def test_the_same_mistake_twice_is_heard_twice(desk):
    desk.start("v1", VisitKind.SELF_CHECK)
    give(desk, StallTyped("999"))
    step = desk.state().step

    give(desk, StallTyped("999"))

    assert desk.state().prompt.problem is not None
    assert desk.state().step == step + 1
