"""Figures over the lead: what is taken, what is not, and which way out is offered."""

from decimal import Decimal as D

import pytest
from person import Person, context, honest, indication, reading

from firmware_app.procedures.events import FigureTyped, LineSilent, LoadIsOn, TypeInstead
from firmware_app.procedures.prompts import Problem, PutGoods, PutWeights, Source, Way
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.self_check.state import Phase
from firmware_app.procedures.settle import LEAD_SETTLED, SECOND, Window, follow, settled
from hardware.scale.contract import Check, Kind

KG = D(1000)


def listening(stall="12", profiles=("and-st-gs", "yaohua-tf0")):
    """A person whose first load is on the scale, and who has said so."""
    person = Person(SelfCheck.start(context(lead_profiles=profiles)), honest, Way.WEIGHTS, stall)
    assert person.until(PutWeights).source is Source.LEAD
    person.tell(LoadIsOn())
    assert person.visit.state.phase is Phase.LISTEN_WEIGHTS
    return person


def hear(person, *frames, ticks=25):
    """The frames in turn, ten a second, until something comes of it."""
    before = person.visit.prompt
    for tick in range(ticks):
        person.now_ns += SECOND // 10
        person.tell(frames[tick % len(frames)])
        if person.visit.prompt != before:
            break
    return person.visit.prompt


def test_a_settled_indication_is_taken_with_its_frame():
    person = listening()
    assert hear(person, indication(KG)).number == 2
    figure = person.visit.state.attempts[0].figure
    assert (figure.source, figure.value_g, figure.policy) == (Source.LEAD, D(1000), "lead-settled/2")
    assert (figure.text, figure.raw, figure.profile) == ("+0001.000", b"ST,GS".hex(), "and-st-gs")


def test_it_takes_a_second_of_rest():
    person = listening()
    began = person.now_ns
    hear(person, indication(KG))
    assert SECOND <= person.now_ns - began <= SECOND + SECOND // 5


def test_flicker_of_one_interval_is_rest_and_of_two_is_not():
    assert hear(listening(), indication(KG), indication(D(1005))).number == 2
    prompt = hear(listening(), indication(KG), indication(D(1010)), ticks=200)
    assert (prompt.number, prompt.problem, prompt.source) == (1, Problem.LEAD_UNSTABLE, Source.LEAD)


def test_a_protocol_that_does_not_say_stable_is_judged_by_its_figures():
    assert hear(listening(), indication(KG, stable=None)).number == 2


@pytest.mark.parametrize(
    ("frame", "problem", "source"),
    [
        (indication(KG, stable=False), Problem.LEAD_UNSTABLE, Source.LEAD),
        (indication(D(0)), Problem.GOODS_TOO_LIGHT, Source.LEAD),
        (indication(D(95)), Problem.GOODS_TOO_LIGHT, Source.LEAD),
        (indication(D(-1000)), Problem.GOODS_TOO_LIGHT, Source.LEAD),
        (indication(None, overload=True), Problem.LEAD_OVERLOAD, Source.LEAD),
        (indication(None, underload=True), Problem.LEAD_UNSTABLE, Source.LEAD),
        (indication(None, error="E4"), Problem.LEAD_UNSTABLE, Source.LEAD),
        (indication(KG, unit=None), Problem.LEAD_NO_UNIT, Source.TYPED),
        (indication(KG, unit="lb"), Problem.LEAD_NO_UNIT, Source.TYPED),
        (indication(KG, profile="cas-22"), Problem.LEAD_SILENT, Source.TYPED),
        (indication(KG, check=Check.BAD), Problem.LEAD_SILENT, Source.TYPED),
        (indication(KG, kind=Kind.TARE), Problem.LEAD_SILENT, Source.TYPED),
        (indication(D(1003)), Problem.NOT_A_MULTIPLE, Source.TYPED),
        (indication(D(15050)), Problem.BEYOND_MAX, Source.TYPED),
    ],
)
def test_every_other_frame_ends_in_a_problem_with_a_way_out(frame, problem, source):
    person = listening()
    prompt = hear(person, frame, ticks=200)
    assert (prompt.number, prompt.problem, prompt.source) == (1, problem, source)
    assert person.tell(FigureTyped("1000", "g"))
    assert person.visit.prompt.number == 2


def test_goods_out_of_the_range_are_asked_for_over_the_lead_again():
    person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.GOODS)
    asked = person.until(PutGoods)
    for mass, problem in ((D(500), Problem.GOODS_TOO_LIGHT), (D(14000), Problem.GOODS_TOO_HEAVY)):
        person.tell(LoadIsOn())
        prompt = hear(person, indication(mass))
        assert (prompt.problem, prompt.source, prompt.number) == (problem, Source.LEAD, 1)
    person.tell(LoadIsOn())
    hear(person, indication(D(asked.low_g)))
    assert not isinstance(person.visit.prompt, PutGoods)


def test_a_unit_confirmed_in_the_registry_stands_in_for_a_missing_one():
    person = listening(stall="7")
    assert hear(person, indication(D(2000), profile="yaohua-tf0", unit=None)).number == 2
    assert person.visit.state.attempts[0].figure.value_g == 2000


def test_a_silent_line_hands_over_to_the_number_pad_at_once():
    person = listening()
    assert person.tell(LineSilent())
    prompt = person.visit.prompt
    assert (prompt.problem, prompt.source) == (Problem.LEAD_SILENT, Source.TYPED)
    person.tell(FigureTyped("1000", "g"))
    assert (person.visit.prompt.number, person.visit.prompt.source) == (2, Source.TYPED)


def test_a_line_that_speaks_again_serves_the_next_load():
    person = listening()
    person.tell(LineSilent())
    assert not person.tell(indication(KG))
    person.tell(FigureTyped("1000", "g"))
    assert (person.visit.prompt.number, person.visit.prompt.source) == (2, Source.LEAD)


def test_who_asked_to_type_types_to_the_end():
    person = listening()
    assert person.tell(TypeInstead())
    person.tell(indication(KG))
    person.tell(FigureTyped("1000", "g"))
    assert (person.visit.prompt.number, person.visit.prompt.source) == (2, Source.TYPED)


def test_a_lead_that_says_nothing_at_all_is_silent_after_ten_seconds_of_pan_readings():
    person = listening()
    began = person.now_ns
    prompt = hear(person, reading(0, 0.0), ticks=200)
    assert (prompt.problem, prompt.source) == (Problem.LEAD_SILENT, Source.TYPED)
    assert person.now_ns - began == 10 * SECOND


def test_what_was_said_before_the_load_was_on_does_not_count():
    person = Person(SelfCheck.start(context(lead_profiles=("and-st-gs",))), honest, Way.WEIGHTS)
    person.until(PutWeights)
    hear(person, indication(KG), ticks=50)
    assert person.visit.state.attempts == ()


def test_a_scale_without_a_protocol_that_the_lead_knows_is_typed():
    person = Person(SelfCheck.start(context(lead_profiles=("mt-sics",))), honest, Way.WEIGHTS)
    assert person.until(PutWeights).source is Source.TYPED
    assert not person.tell(LoadIsOn())
    assert person.visit.state.phase is Phase.PUT_WEIGHTS


@pytest.mark.parametrize(
    ("figure", "unit", "problem"),
    [
        ("1.005", "kg", None),
        ("1005", "g", None),
        ("１００５", "g", None),
        ("1.", "kg", None),
        ("15.045", "kg", None),
        ("1.003", "kg", Problem.NOT_A_MULTIPLE),
        ("15.050", "kg", Problem.BEYOND_MAX),
        ("", "kg", Problem.NOT_A_MASS),
        ("-1", "kg", Problem.NOT_A_MASS),
        ("1e3", "g", Problem.NOT_A_MASS),
        ("NaN", "kg", Problem.NOT_A_MASS),
        ("1,005", "kg", Problem.NOT_A_MASS),
        ("1.0050000", "kg", Problem.NOT_A_MASS),
        ("2", "斤", Problem.NOT_A_MASS),
        ("9" * 5000, "g", Problem.NOT_A_MASS),
    ],
)
def test_typed_figures(figure, unit, problem):
    person = Person(SelfCheck.start(context()), honest, Way.WEIGHTS)
    person.until(PutWeights)
    person.tell(FigureTyped(figure, unit))
    assert person.visit.prompt.problem is problem
    assert person.visit.prompt.number == (1 if problem else 2)
    assert person.visit.state.attempts[0].problem is problem
    assert len(person.visit.state.attempts[0].figure.text) <= 8


def test_the_settle_policy_by_itself():
    window = None
    for step in range(11):
        window = follow(window, KG, step * SECOND // 10, LEAD_SETTLED, D(5))
        assert settled(window, LEAD_SETTLED) is (step == 10)
    assert follow(window, D(1010), 2 * SECOND, LEAD_SETTLED, D(5)) == Window(
        2 * SECOND, 2 * SECOND, D(1010), D(1010), 1, "lead-settled/2"
    )
    assert follow(window, KG, 5 * SECOND, LEAD_SETTLED, D(5)).since_ns == 5 * SECOND
    assert follow(window, KG, 0, LEAD_SETTLED, D(5)).since_ns == 0
