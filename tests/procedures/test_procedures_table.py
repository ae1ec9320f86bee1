"""The state table: an answer to every event in every state, no dead end, nothing lost at a power cut."""

from datetime import date
from decimal import Decimal as D
from functools import cache
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from person import (
    COARSE,
    SMALL,
    WEIGHTS,
    Person,
    adds_ten_percent,
    coarse_reading,
    context,
    honest,
    indication,
    reading,
    rounded,
)

from firmware_app.procedures.events import (
    Cancel,
    CodeGiven,
    Confirmed,
    Event,
    FigureTyped,
    GoBack,
    LineSilent,
    LoadIsOn,
    PhotoFailed,
    PhotoTaken,
    Picked,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    WayChosen,
    Witnessed,
)
from firmware_app.procedures.prompts import AskStall, Judged, Problem, Prompt, PutWeights, SwapOnPan, Way
from firmware_app.procedures.self_check.procedure import TABLE, SelfCheck
from firmware_app.procedures.self_check.screens import SCREENS
from firmware_app.procedures.self_check.state import MAX_ATTEMPTS, Phase
from firmware_app.procedures.table import BadSnapshot
from firmware_app.registry.person import Role
from firmware_app.service import messages
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault

LEAD = {"lead_profiles": ("and-st-gs", "yaohua-tf0")}
MASSES = st.sampled_from([-3.0, 0.0, 0.1, 4.0, 50.0, 150.0, 1003.0, 3003.3, 4200.0, 5000.0, 6900.0, 21000.0])
FIGURES = st.sampled_from(["0", "1000", "1.005", "2500", "3005", "4.5", "5000", "6500", "7", "x", "99999999"])

EVENTS = {
    StallTyped: st.builds(StallTyped, st.sampled_from(["12", "7", "12", "99", ""]) | st.text(max_size=40)),
    ScaleChosen: st.builds(ScaleChosen, st.sampled_from(["TZ-DEMO-0012", "TZ-DEMO-0071", "?"])),
    WayChosen: st.builds(WayChosen, st.sampled_from(Way)),
    FigureTyped: st.builds(FigureTyped, FIGURES, st.sampled_from(["g", "kg", "斤"])),
    LoadIsOn: st.just(LoadIsOn()),
    TypeInstead: st.just(TypeInstead()),
    Picked: st.sampled_from(
        [Picked(each) for each in ("seek", "leave", "same", "changes", "not_tried", "yes")]
    ),
    CodeGiven: st.just(CodeGiven("12")),
    Confirmed: st.just(Confirmed()),
    GoBack: st.just(GoBack()),
    Cancel: st.just(Cancel()),
    type(reading(0, 0.0)): st.builds(reading, st.just(5), MASSES, st.booleans())
    | st.builds(coarse_reading, st.just(5), MASSES, st.booleans()),
    PanFault: st.builds(PanFault, st.just(5), st.sampled_from(Fault), st.booleans()),
    type(indication(D(0))): st.builds(
        indication,
        st.none() | st.sampled_from([D(0), D(1000), D(2500), D(3005), D(4500), D(5000), D(20000)]),
        stable=st.sampled_from([True, False, None]),
        overload=st.booleans(),
        unit=st.sampled_from(["kg", "kg", None, "lb"]),
    ),
    LineSilent: st.just(LineSilent()),
    Saved: st.builds(Saved, st.integers(1, 9), st.text(max_size=5)),
    SaveFailed: st.just(SaveFailed("disk_full")),
    PhotoTaken: st.just(PhotoTaken(sha256="0" * 64, size=9, at="", clock="synchronised")),
    PhotoFailed: st.just(PhotoFailed("stuck")),
    Witnessed: st.just(Witnessed("1002", "李四", Role.INSPECTOR)),
}
ANY = st.one_of([strategy for kind, strategy in EVENTS.items() if kind is not Cancel])
ACT = st.booleans().flatmap(lambda acts: st.just("act") if acts else ANY)
STEPS = st.lists(st.tuples(ACT, st.sampled_from([0, 1, 1, 4, 11, 120, -30])), max_size=120)
SLOW = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def play(person, steps):
    """Random events, with sensible acts of a person between them so that every state is reached."""
    for event, tenths in steps:
        person.now_ns = max(0, person.now_ns + tenths * 100_000_000)
        if event == "act":
            if (
                not isinstance(person.visit.prompt, Judged)
                and person.visit.state.phase is not Phase.NOT_SAVED
            ):
                person.step()
        else:
            person.tell(event)
    return person


SWAPS = {Phase.PUT_REFERENCE, Phase.GOODS_AGAIN}
"""Where goods and weights change places, as they do on a pan that is not fine enough."""


def around(lead, coarse):
    drawer = {"weights": (*WEIGHTS, *SMALL)}
    return context(**drawer, **(LEAD if lead else {}), **({"pan": COARSE} if coarse else {}))


def one_interval_off(mass):
    return rounded(mass) + (5 if 200 < mass < 2000 else 0)


def fresh(way=Way.WEIGHTS, lead=True, coarse=False):
    person = Person(SelfCheck.start(around(lead, coarse)), honest, way)
    person.span = 1.0 if coarse else None
    return person


def test_the_table_is_total():
    assert set(TABLE) == set(Phase) == set(SCREENS)
    kinds = set(get_args(Event))
    assert set(EVENTS) == kinds
    for phase, row in TABLE.items():
        assert set(row) == kinds, phase
        if phase is not Phase.LEFT:
            assert row[Cancel].to == (Phase.LEFT,)


POINTS = {Phase.OFFER_POINT, Phase.POINT_SHOWN, Phase.POINT_ADDED, Phase.TRY_CORNERS}
"""Where a drawer with small weights seeks the change point of a scale that is one interval off."""


@cache
def _snapshot(phase):
    """A visit in the given phase, by the shortest way."""
    lead = phase in {Phase.LISTEN_WEIGHTS, Phase.LISTEN_GOODS}
    weights = phase in {
        Phase.PUT_WEIGHTS,
        Phase.LISTEN_WEIGHTS,
        Phase.CONFIRM_WEIGHTS,
        Phase.CONFIRM_PIECE,
        *POINTS,
    }
    person = fresh(Way.WEIGHTS if weights else Way.GOODS, lead, phase in SWAPS)
    person.shows = one_interval_off if phase in POINTS else honest
    if phase is Phase.TRY_CORNERS:
        person.shows = adds_ten_percent
    for _ in range(500):
        state = person.visit.state
        if state.phase is phase:
            return lead, person.visit.snapshot(), person.now_ns, person.goods, person.way
        if phase is Phase.LEFT:
            person.tell(Cancel())
        elif phase is Phase.CONFIRM_PIECE and isinstance(person.visit.prompt, SwapOnPan):
            person.tick(pan=1234.0)
        elif lead and state.phase in {Phase.PUT_WEIGHTS, Phase.PUT_GOODS}:
            person.tell(LoadIsOn())
        elif phase is Phase.INTERRUPTED and state.phase is Phase.WEIGH_GOODS:
            person.tell(PanFault(0, Fault.DISCONNECTED, lasting=True))
        elif phase is Phase.NOT_SAVED and state.phase is Phase.SAVING:
            person.tell(SaveFailed("disk_full"))
        else:
            person.step()
    raise AssertionError(f"{phase} was not reached")


def reached(phase):
    """A person with a visit in the given phase."""
    lead, snapshot, now_ns, goods, way = _snapshot(phase)
    person = Person(SelfCheck.restore(around(lead, phase in SWAPS), snapshot), honest, way)
    person.span = 1.0 if phase in SWAPS else None
    person.now_ns, person.goods = now_ns, goods
    return person


@pytest.mark.parametrize("phase", list(Phase))
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_every_event_has_an_answer_in_every_state(phase, data):
    for strategy in EVENTS.values():
        person = reached(phase)
        event = data.draw(strategy)
        before = person.visit.prompt
        changed = person.visit.handle(event, person.now_ns)
        assert changed is (person.visit.prompt != before)
        assert isinstance(person.visit.prompt, get_args(Prompt))


@pytest.mark.parametrize("phase", list(Phase))
def test_cancel_always_ends_the_visit(phase):
    person = reached(phase)
    person.tell(Cancel())
    assert person.visit.finished
    for event in (StallTyped("12"), GoBack(), Saved(1, "x"), reading(0, 0.0), Cancel()):
        assert not person.tell(event)
        assert person.visit.finished and person.visit.prompt == AskStall()


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.LEFT])
def test_every_state_can_still_be_brought_to_a_verdict(phase):
    person = reached(phase)
    if phase is Phase.NOT_SAVED:
        person.tell(Saved(3, "slip"))
    assert isinstance(person.until(Judged), Judged)


@SLOW
@given(STEPS, st.sampled_from(Way), st.booleans())
def test_no_walk_raises_or_ends_in_a_dead_end(steps, way, coarse):
    person = play(fresh(way, coarse=coarse), steps)
    state = person.visit.state
    if state.result is not None:
        # Loads that were judged together are told as one, by the number of the first.
        told = [load.number + k for load in state.result.loads for k in range(load.readings)]
        assert told == list(range(1, len(state.plan) + 1))
    assert isinstance(person.visit.prompt, Judged) <= (state.entry > 0)
    person.tell(Cancel())
    assert person.visit.finished


@SLOW
@given(STEPS, st.sampled_from(Way), st.integers(0, 120), st.booleans())
def test_a_power_cut_changes_nothing(steps, way, cut, coarse):
    whole = play(fresh(way, coarse=coarse), steps)
    before = play(fresh(way, coarse=coarse), steps[:cut])
    snapshot = before.visit.snapshot()
    after = Person(SelfCheck.restore(around(True, coarse), snapshot), honest, way)
    after.span = before.span
    assert after.visit.snapshot() == snapshot
    assert after.visit.prompt == before.visit.prompt
    assert after.visit.outcome == before.visit.outcome
    after.now_ns, after.goods = before.now_ns, before.goods
    play(after, steps[cut:])
    assert after.visit.state == whole.visit.state
    assert after.visit.prompt == whole.visit.prompt


@SLOW
@given(STEPS, st.sampled_from(Way), st.booleans())
def test_every_prompt_travels_over_the_door_of_the_core(steps, way, coarse):
    person = play(fresh(way, coarse=coarse), steps)
    for prompt in [*person.prompts, person.visit.prompt]:
        state = messages.VisitState("v", 1, prompt)
        data = msgspec.msgpack.encode(state)
        assert msgspec.msgpack.decode(data, type=messages.VisitState) == state


@pytest.mark.parametrize("data", [b"", b"\x00", b"{}", b"\x80", b"\x81\xa6format\x01"])
def test_a_snapshot_that_is_none_is_refused(data):
    if data == b"\x80":
        assert SelfCheck.restore(context(), data).prompt == AskStall()
        return
    with pytest.raises(BadSnapshot):
        SelfCheck.restore(context(), data)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_restoration(data):
    try:
        visit = SelfCheck.restore(context(), data)
    except BadSnapshot:
        return
    assert isinstance(visit.prompt, get_args(Prompt))


def test_a_visit_goes_on_after_the_clock_began_anew():
    person = fresh()
    person.until(PutWeights)
    person.now_ns = 10**15
    person.tell(LoadIsOn())
    person.visit = SelfCheck.restore(context(**LEAD), person.visit.snapshot())
    person.now_ns = 0
    for _ in range(15):
        person.tick(lead=D(1000))
    assert person.visit.prompt.number == 2


def test_an_unknown_stall_is_asked_again_with_what_was_typed():
    person = fresh()
    assert person.tell(StallTyped("99" * 100))
    assert person.visit.prompt == AskStall(Problem.UNKNOWN_STALL, ("99" * 100)[:32])


def test_a_flood_of_refused_figures_stays_bounded():
    person = fresh(lead=False)
    person.until(PutWeights)
    for _ in range(MAX_ATTEMPTS + 50):
        person.tell(FigureTyped("x", "g"))
    assert len(person.visit.state.attempts) == MAX_ATTEMPTS
    assert person.visit.state.refused_more == 50
    judged = person.until(Judged)
    assert judged.result.verdict.value == "conforms"
    assert len(person.visit.snapshot()) < 200_000


def test_the_day_of_the_law_is_that_of_the_appliance():
    person = Person(SelfCheck.start(context(on=date(2026, 12, 31))), honest, Way.WEIGHTS)
    person.until(Judged)
    assert person.visit.outcome.body["rules_date"] == "2026-12-31"
