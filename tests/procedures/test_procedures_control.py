"""The control check: its table is total, a power cut loses nothing, and the chart decides."""

from datetime import date
from decimal import Decimal as D
from functools import cache
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from person import Person, context, honest, indication, reading

from firmware_app.procedures.context import CheckPlan, Controlled
from firmware_app.procedures.control_check.procedure import SCREENS, TABLE, ControlCheck
from firmware_app.procedures.control_check.record import control_point
from firmware_app.procedures.control_check.state import ControlPhase
from firmware_app.procedures.events import (
    Cancel,
    CodeGiven,
    Confirmed,
    Event,
    FigureTyped,
    GoBack,
    LineSilent,
    LoadIsOn,
    Picked,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    WayChosen,
    Witnessed,
)
from firmware_app.procedures.prompts import (
    ClearPan,
    ControlJudged,
    Interrupted,
    Judged,
    NotSaved,
    Problem,
    Prompt,
    PutControlWeight,
    Saving,
    Way,
    WeighGoods,
)
from firmware_app.procedures.self_check.plan import ways_offered
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.self_check.slip import LOCK_WORDS
from firmware_app.procedures.table import BadSnapshot
from firmware_app.registry.person import Role
from firmware_app.service import messages
from firmware_app.service.pan.control import DUE, EXPIRED, FAILED
from firmware_app.standards.sets import Piece
from firmware_app.weighing.control import BASELINE, Chart, Check
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import Fault
from hardware.scale.contract import Indication

WEIGHT = Piece(
    id="CW-5kg",
    set_id="CW",
    weight_class="M1",
    nominal_g=D(5000),
    mass_g=D("5000.02"),
    tolerance_g=D("0.25"),
    standard_g=0.05,
    certified=True,
    certificate="GS-1",
    valid_from=None,
    valid_to=date(2027, 12, 31),
)
U = 0.06
TICK_NS = 100_000_000


def history(count, step=0.02):
    """A chart after so many checks around zero, and its points."""
    chart, points = Chart(resolution_g=0.1), []
    for i in range(count):
        judged, chart = chart.add(Check(step if i % 2 else -step, 0.1))
        points.append(control_point(judged))
    return chart, tuple(points[-30:])


def appliance(checks=0, **changes):
    chart, points = history(checks)
    plan = CheckPlan(piece=WEIGHT, chart=chart, points=points, resolution_g=D("0.1"))
    return context(check=plan, **changes)


class Keeper:
    """Answers every prompt of a check, with a pan that errs by ``error`` grams."""

    def __init__(self, check, error=0.0):
        self.check, self.error, self.now_ns = check, error, 10**9
        self.prompts = [check.prompt]

    def tell(self, event):
        changed = self.check.handle(event, self.now_ns)
        if changed:
            self.prompts.append(self.check.prompt)
        return changed

    def weigh(self, mass, ticks=1, stable=True, unfit=""):
        for _ in range(ticks):
            self.now_ns += TICK_NS
            self.tell(reading(self.now_ns, mass, stable, U / 2, unfit=unfit))

    def step(self):
        match self.check.prompt:
            case ClearPan() | Interrupted():
                self.weigh(0.03)
            case PutControlWeight():
                self.weigh(0.03 + 5000.02 + self.error)
            case Saving():
                self.tell(Saved(7, ""))
            case other:
                raise AssertionError(f"no answer to {other}")

    def until(self, *kinds, ticks=300):
        for _ in range(ticks):
            if isinstance(self.check.prompt, kinds):
                return self.check.prompt
            self.step()
        raise AssertionError(f"stuck at {self.check.prompt}")


def begun(error=0.0, checks=0, **changes):
    return Keeper(ControlCheck.start(appliance(checks, **changes)), error)


# ------------------------------------------------------------------------------------------- outcomes


def test_a_check_goes_from_the_empty_pan_to_a_saved_outcome():
    keeper = begun(error=0.05)
    judged = keeper.until(ControlJudged)
    assert [type(prompt) for prompt in keeper.prompts] == [ClearPan, PutControlWeight, Saving, ControlJudged]
    assert (judged.entry, judged.result.outcome.value) == (7, "in_control")
    body = keeper.check.outcome.body
    assert body["deviation_g"] == "0.050" == judged.result.deviation_g
    assert body["outcome"] == "in_control" and body["before"] == "not_configured"
    assert body["weight"]["id"] == "CW-5kg" and body["weight"]["mass_g"] == "5000.02"
    assert (body["pan_empty"]["mass_g"], body["pan_loaded"]["mass_g"]) == ("0.030", "5000.100")
    assert body["chart"]["basis"] == "budget" and body["chart"]["rule"] == "steelyard-control/1"
    assert "verdict" not in body, "it judges the pan, and no scale"


@pytest.mark.parametrize(
    ("error", "checks", "outcome", "reason", "step"),
    [
        (0.05, 0, "in_control", "within", ""),
        (0.90, 0, "out_of_control", "beyond_budget", "clean_and_repeat"),
        (0.05, BASELINE, "in_control", "within", ""),
        (0.15, BASELINE, "out_of_control", "beyond_limits", "clean_and_repeat"),
        (-0.15, BASELINE, "out_of_control", "beyond_limits", "clean_and_repeat"),
        (9.0, BASELINE, "out_of_control", "beyond_budget", "clean_and_repeat"),
    ],
)
def test_the_chart_decides(error, checks, outcome, reason, step):
    judged = begun(error, checks).until(ControlJudged).result
    assert (judged.outcome, judged.reason, judged.next_step) == (outcome, reason, step)
    assert judged.points[-1].outcome == outcome
    assert len(judged.points) == min(30, checks + 1)


def test_something_else_on_the_pan_is_said_and_not_taken():
    keeper = begun()
    keeper.until(PutControlWeight)
    keeper.weigh(2000.0, ticks=40)
    assert keeper.check.prompt.problem is Problem.NOT_THE_CONTROL_WEIGHT
    keeper.weigh(0.03, ticks=30)
    assert keeper.check.prompt.problem is None
    keeper.until(ControlJudged)
    assert keeper.check.outcome.body["not_the_weight"] == 1


def test_a_pan_that_is_far_off_is_judged_once_the_weight_has_lain_there_long_enough():
    keeper = begun(error=-700.0)
    assert keeper.until(ControlJudged).result.outcome == "out_of_control"
    assert keeper.check.outcome.body["not_the_weight"] == 1


@pytest.mark.parametrize("mass", [5000.0, -2000.0, 400.0])
def test_a_pan_that_is_not_empty_is_not_taken_for_empty(mass):
    keeper = begun()
    keeper.weigh(mass, ticks=60)
    assert keeper.check.prompt == ClearPan(1, 2)


def test_a_moving_pan_is_not_taken():
    keeper = begun()
    keeper.weigh(0.0, ticks=60, stable=False)
    for i in range(60):
        keeper.weigh(0.0 if i % 2 else 0.4)
    assert keeper.check.prompt == ClearPan(1, 2)


def test_after_a_fault_the_pan_must_be_empty_again():
    keeper = begun()
    keeper.until(PutControlWeight)
    keeper.tell(PanFault(keeper.now_ns, Fault.DISCONNECTED, lasting=True))
    assert keeper.check.prompt == Interrupted(Fault.DISCONNECTED, 1, 2)
    keeper.weigh(5000.0, ticks=60)
    assert keeper.check.prompt == ClearPan(1, 2), "the zero of a pan that was started anew is unknown"
    keeper.until(ControlJudged)
    assert keeper.check.outcome.body["interruptions"] == [{"number": 2, "fault": "disconnected"}]


def test_a_check_that_begins_with_a_fault_says_so():
    keeper = begun(pan_fault=Fault.SILENT)
    assert isinstance(keeper.check.prompt, Interrupted)
    keeper.until(ControlJudged)


WHY = "gpio: this machine is too slow"


def test_nothing_of_the_check_rests_on_an_unfit_pan():
    # given a pan of which the driver says that nothing may rest on it, empty or with the weight
    keeper = begun()
    keeper.weigh(0.03, ticks=60, unfit=WHY)
    assert keeper.check.prompt == ClearPan(1, 2, Problem.PAN_UNFIT)
    keeper.until(PutControlWeight)
    assert keeper.check.prompt.problem is None
    keeper.weigh(5000.05, ticks=200, unfit=WHY)

    # then it is said, nothing is taken, and no outcome comes of it
    assert keeper.check.prompt.problem is Problem.PAN_UNFIT
    assert keeper.check.outcome is None

    # and when it is fit again the whole time at rest begins anew
    keeper.weigh(5000.05, ticks=15)
    assert isinstance(keeper.check.prompt, PutControlWeight) and keeper.check.prompt.problem is None
    keeper.until(ControlJudged)
    assert keeper.check.outcome.body["pan"]["unfit"] == WHY


def test_one_unfit_reading_breaks_the_rest_that_a_check_needs():
    keeper = begun()
    keeper.until(PutControlWeight)
    for _ in range(10):
        keeper.weigh(5000.05, ticks=15)
        keeper.weigh(5000.05, unfit=WHY)
    assert keeper.check.outcome is None


def test_an_outcome_that_cannot_be_saved_is_none():
    keeper = begun()
    keeper.until(Saving)
    keeper.tell(SaveFailed("disk_full"))
    assert keeper.check.prompt == NotSaved("disk_full")


# ---------------------------------------------------------------------------------------- the walk

EVENTS = {
    StallTyped: st.just(StallTyped("12")),
    ScaleChosen: st.just(ScaleChosen("x")),
    WayChosen: st.builds(WayChosen, st.sampled_from(Way)),
    FigureTyped: st.builds(FigureTyped, st.text(max_size=9), st.sampled_from(["g", "kg"])),
    LoadIsOn: st.just(LoadIsOn()),
    TypeInstead: st.just(TypeInstead()),
    Picked: st.just(Picked("yes")),
    CodeGiven: st.just(CodeGiven("12")),
    Confirmed: st.just(Confirmed()),
    GoBack: st.just(GoBack()),
    Cancel: st.just(Cancel()),
    Reading: st.builds(
        reading,
        st.just(5),
        st.sampled_from([-3.0, 0.0, 0.1, 200.0, 2000.0, 5000.0, 5001.0]),
        st.booleans(),
        unfit=st.sampled_from(["", "", "gpio: too slow"]),
    ),
    PanFault: st.builds(PanFault, st.just(5), st.sampled_from(Fault), st.booleans()),
    Indication: st.builds(indication, st.none() | st.just(D(1000))),
    LineSilent: st.just(LineSilent()),
    Saved: st.builds(Saved, st.integers(1, 9), st.just("")),
    SaveFailed: st.just(SaveFailed("disk_full")),
    Witnessed: st.just(Witnessed("1002", "李四", Role.INSPECTOR)),
}
ANY = st.one_of([strategy for kind, strategy in EVENTS.items() if kind is not Cancel])
ACT = st.booleans().flatmap(lambda acts: st.just("act") if acts else ANY)
STEPS = st.lists(st.tuples(ACT, st.sampled_from([0, 1, 1, 21, 120, -30])), max_size=120)
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
OVER = (ControlJudged, NotSaved)


def play(keeper, steps):
    for event, tenths in steps:
        keeper.now_ns = max(0, keeper.now_ns + tenths * TICK_NS)
        if event == "act":
            if not isinstance(keeper.check.prompt, OVER):
                keeper.step()
        else:
            keeper.tell(event)
    return keeper


def test_the_table_is_total():
    assert set(TABLE) == set(ControlPhase) == set(SCREENS)
    for phase, row in TABLE.items():
        assert set(row) == set(get_args(Event)) >= set(EVENTS), phase
        if phase is not ControlPhase.LEFT:
            assert row[Cancel].to == (ControlPhase.LEFT,)


@cache
def _snapshot(phase):
    keeper = begun()
    for _ in range(300):
        if keeper.check.state.phase is phase:
            return msgspec.msgpack.encode(keeper.check.state), keeper.now_ns
        if phase is ControlPhase.LEFT:
            keeper.tell(Cancel())
        elif phase is ControlPhase.INTERRUPTED:
            keeper.tell(PanFault(0, Fault.DISCONNECTED, lasting=True))
        elif phase is ControlPhase.NOT_SAVED and keeper.check.state.phase is ControlPhase.SAVING:
            keeper.tell(SaveFailed("disk_full"))
        else:
            keeper.step()
    raise AssertionError(f"{phase} was not reached")


def reached(phase):
    """A check that stands in that phase, without the emptying that a restoration asks for."""
    data, now_ns = _snapshot(phase)
    keeper = begun()
    keeper.check = ControlCheck(appliance(), msgspec.msgpack.decode(data, type=type(keeper.check.state)))
    keeper.now_ns = now_ns
    return keeper


@pytest.mark.parametrize("phase", list(ControlPhase))
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_every_event_has_an_answer_in_every_state(phase, data):
    for strategy in EVENTS.values():
        keeper = reached(phase)
        event, before = data.draw(strategy), keeper.check.prompt
        assert keeper.check.handle(event, keeper.now_ns) is (keeper.check.prompt != before)
        assert isinstance(keeper.check.prompt, get_args(Prompt))


@pytest.mark.parametrize("phase", list(ControlPhase))
def test_cancel_leads_home_from_everywhere(phase):
    keeper = reached(phase)
    keeper.tell(Cancel())
    assert keeper.check.finished
    for event in (GoBack(), Saved(1, ""), reading(0, 0.0), Cancel()):
        assert not keeper.tell(event) and keeper.check.finished


@pytest.mark.parametrize("phase", [phase for phase in ControlPhase if phase is not ControlPhase.LEFT])
def test_every_state_can_still_be_brought_to_an_outcome(phase):
    keeper = reached(phase)
    if phase is ControlPhase.NOT_SAVED:
        keeper.tell(Saved(3, ""))
    assert isinstance(keeper.until(ControlJudged), ControlJudged)


@SLOW
@given(STEPS)
def test_no_walk_raises_or_ends_in_a_dead_end(steps):
    keeper = play(begun(), steps)
    assert isinstance(keeper.check.prompt, ControlJudged) <= (keeper.check.state.entry > 0)
    for prompt in keeper.prompts:
        state = messages.VisitState("v", 1, prompt)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=messages.VisitState) == state
    keeper.tell(Cancel())
    assert keeper.check.finished


@SLOW
@given(STEPS, st.integers(0, 120))
def test_a_power_cut_keeps_an_outcome_and_begins_an_open_weighing_anew(steps, cut):
    before = play(begun(), steps[:cut])
    after = ControlCheck.restore(appliance(), before.check.snapshot())
    if before.check.outcome is not None:
        assert (after.outcome, after.prompt) == (before.check.outcome, before.check.prompt)
    else:
        assert after.prompt == ClearPan(1, 2) and after.outcome is None
    if not after.finished and not isinstance(after.prompt, OVER):
        before.check = after
        assert isinstance(before.until(ControlJudged), ControlJudged)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_restoration(data):
    try:
        check = ControlCheck.restore(appliance(), data)
    except BadSnapshot:
        return
    assert isinstance(check.prompt, get_args(Prompt))


def test_a_check_does_not_go_on_with_another_weight():
    keeper = begun()
    keeper.until(PutControlWeight)
    snapshot = keeper.check.snapshot()
    with pytest.raises(BadSnapshot, match="no longer configured"):
        ControlCheck.restore(context(), snapshot)
    plan = CheckPlan(
        piece=msgspec.structs.replace(WEIGHT, id="other"),
        chart=Chart(resolution_g=0.1),
        points=(),
        resolution_g=D("0.1"),
    )
    with pytest.raises(BadSnapshot, match="another one"):
        ControlCheck.restore(context(check=plan), snapshot)


# ------------------------------------------------------------------------------------------- the lock

LOCKED = Controlled(state="out_of_control", lock=FAILED, entry=5, at="2026-11-23T09:00:00+08:00")


@pytest.mark.parametrize("code", [DUE, FAILED, EXPIRED])
def test_a_locked_pan_offers_no_goods_and_says_why(code):
    locked = context(controlled=msgspec.structs.replace(LOCKED, lock=code))
    ways = {offer.way: offer for offer in ways_offered(locked, locked.registry.find("12").scales[0], None)}
    assert ways[Way.WEIGHTS].possible
    assert not ways[Way.GOODS].possible and ways[Way.GOODS].why_not == code


def test_a_pan_that_locks_during_the_visit_judges_nothing_on_screen_record_and_slip():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    person.visit = SelfCheck.restore(context(controlled=LOCKED), person.visit.snapshot())
    judged = person.until(Judged)
    assert judged.result.verdict.value == "cannot_judge"
    assert {load.reason for load in judged.result.loads} == {FAILED}
    body = person.visit.outcome.body
    assert body["verdict"] == "cannot_judge"
    assert body["pan"]["control"] == {"state": "out_of_control", "lock": FAILED, "entry": 5, "at": LOCKED.at}
    assert set(LOCK_WORDS) >= {DUE, FAILED, EXPIRED}


def test_weights_judge_although_the_pan_is_locked_and_the_record_says_both():
    person = Person(SelfCheck.start(context(controlled=LOCKED)), honest, Way.WEIGHTS)
    assert person.until(Judged).result.verdict.value == "conforms"
    assert person.visit.outcome.body["pan"]["control"]["lock"] == FAILED


def test_a_pan_without_a_control_weight_judges_and_the_record_says_that_it_is_not_controlled():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    assert person.until(Judged).result.verdict.value == "conforms"
    assert person.visit.outcome.body["pan"]["control"]["state"] == "not_configured"
