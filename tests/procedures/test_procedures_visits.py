"""Whole visits of a simulated person: what comes out for honest scales and for cheating ones."""

import json
from datetime import date
from decimal import Decimal as D

import msgspec
import pytest
from person import (
    Person,
    adds_ten_percent,
    context,
    honest,
    honest_with_weights_only,
    reading,
    rounded,
)

from firmware_app.procedures.context import Pan
from firmware_app.procedures.events import FigureTyped, GoBack, SaveFailed
from firmware_app.procedures.prompts import (
    ChooseWay,
    ClearPan,
    Interrupted,
    Judged,
    NotSaved,
    Problem,
    PutGoods,
    PutWeights,
    Saving,
    Source,
    Way,
    WeighGoods,
)
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.physics import MarketScale

LEAD = {"lead_profiles": ("and-st-gs", "yaohua-tf0")}


def visit(shows, way, **changes):
    person = Person(SelfCheck.start(context(**changes)), shows, way)
    judged = person.until(Judged)
    return person, judged


@pytest.mark.parametrize("extra", [{}, LEAD], ids=["typed", "lead"])
@pytest.mark.parametrize(
    ("shows", "way", "verdict", "next_step"),
    [
        (honest, Way.WEIGHTS, Verdict.CONFORMS, ""),
        (honest, Way.GOODS, Verdict.CONFORMS, ""),
        (adds_ten_percent, Way.WEIGHTS, Verdict.DOES_NOT_CONFORM, "send_for_verification"),
        (adds_ten_percent, Way.GOODS, Verdict.DOES_NOT_CONFORM, "send_for_verification"),
        (honest_with_weights_only, Way.WEIGHTS, Verdict.CONFORMS, ""),
        (honest_with_weights_only, Way.GOODS, Verdict.DOES_NOT_CONFORM, "send_for_verification"),
    ],
)
def test_verdicts(shows, way, verdict, next_step, extra):
    person, judged = visit(shows, way, **extra)
    assert judged.result.verdict is verdict
    assert judged.result.next_step == next_step
    assert sum(load.readings for load in judged.result.loads) >= 3
    assert (judged.entry, judged.slip) == (41, "slip")
    assert {load.source for load in judged.result.loads} == {Source.LEAD if extra else Source.TYPED}
    assert not person.visit.finished


PLATE = Plate(max_g=D(15000), e_g=D(5))


@pytest.mark.parametrize(
    ("model", "with_weights", "with_goods"),
    [
        ("honest", Verdict.CONFORMS, Verdict.CONFORMS),
        ("multiplier", Verdict.DOES_NOT_CONFORM, Verdict.DOES_NOT_CONFORM),
        ("nominal_honest", Verdict.CONFORMS, Verdict.DOES_NOT_CONFORM),
        ("offset", Verdict.DOES_NOT_CONFORM, Verdict.DOES_NOT_CONFORM),
    ],
)
def test_the_models_of_the_simulated_market_scale(model, with_weights, with_goods):
    def shows(mass):
        scale = MarketScale(PLATE, model)
        scale.put(mass, 1.0)
        return scale.at(31.0).grams

    for way, verdict in ((Way.WEIGHTS, with_weights), (Way.GOODS, with_goods)):
        assert visit(shows, way)[1].result.verdict is verdict


@pytest.mark.parametrize("seed", range(25))
def test_an_honest_scale_conforms_whatever_goods_come_in_whatever_order(seed):
    _, judged = visit(honest, Way.GOODS, seed=seed)
    assert judged.result.verdict is Verdict.CONFORMS


def test_the_order_of_the_goods_follows_the_seed():
    def order(seed):
        person = Person(SelfCheck.start(context(seed=seed)), honest, Way.GOODS)
        person.until(Judged)
        return [prompt.low_g for prompt in person.prompts if isinstance(prompt, PutGoods)]

    orders = {tuple(order(seed)) for seed in range(20)}
    assert len(orders) == 3  # twice near the usual sale, once above the first step
    assert order(3) == order(3)
    assert all(sorted(lows) == sorted(order(0)) for lows in orders)


@pytest.mark.parametrize(
    ("off", "verdict"), [(5, Verdict.UNDECIDED), (-5, Verdict.UNDECIDED), (10, Verdict.DOES_NOT_CONFORM)]
)
def test_a_scale_off_by_one_digit_is_undecided_at_one_kilogram(off, verdict):
    # Limit at 1 kg in service 5 g; U is 4.1 g because the scale is read to 5 g (acceptance case A9: 4.3 g).
    _, judged = visit(lambda mass: rounded(mass) + (off if mass < 2000 else 0), Way.WEIGHTS)
    first = judged.result.loads[0]
    assert (first.load_g, first.error_g, first.limit_g, first.limit_initial_g) == (
        *("1000.000", f"{off}.000"),
        *("5.0", "2.5"),
    )
    assert D("4.08") < D(first.expanded_g) < D("4.1")
    assert judged.result.verdict is first.verdict is verdict
    assert judged.result.next_step == (
        "odd_loads" if verdict is Verdict.UNDECIDED else "send_for_verification"
    )


def test_nothing_is_shown_before_it_is_saved():
    person = Person(SelfCheck.start(context()), honest, Way.WEIGHTS)
    person.until(Saving)
    assert person.visit.outcome is not None
    assert person.tell(SaveFailed("disk_full"))
    assert person.visit.prompt == NotSaved("disk_full")
    assert not any(isinstance(prompt, Judged) for prompt in person.prompts)


def test_the_body_holds_all_that_was_measured_and_is_plain_json():
    person, judged = visit(honest, Way.WEIGHTS)
    body = person.visit.outcome.body
    assert json.loads(json.dumps(body)) == body
    assert body["law"]["pack"] == "jjg539-2016" and len(body["law"]["sha256"]) == 64
    assert body["verdict"] == "conforms" and body["way"] == "weights"
    assert {weight["certificate"] for weight in body["weights"]} == {"DEMO-NOT-A-CERTIFICATE-0001"}
    assert [attempt["figure"]["indication_g"] for attempt in body["attempts"]] == ["1000", "2500", "5000"]
    assert all(load["limit_g"] and load["expanded_g"] and load["capability"] for load in body["loads"])
    assert "float" not in {type(value).__name__ for load in body["loads"] for value in load.values()}
    assert person.visit.outcome.kind == "self_check"
    assert person.visit.outcome.result == judged.result


def test_the_body_of_goods_holds_the_pan_and_its_calibration():
    person, _ = visit(honest, Way.GOODS)
    body = person.visit.outcome.body
    assert body["pan"]["calibration"] == "cal-test-1"
    for attempt in body["attempts"]:
        assert attempt["blind"] and attempt["pan_empty"]["mass_g"] == "0.020"
        assert abs(D(attempt["pan_loaded"]["mass_g"]) - D(attempt["figure"]["indication_g"])) <= D("2.52")


def test_the_figure_comes_before_the_pan_speaks():
    # Goods are on the pan all the time: nothing is taken until the figure was given and the pan was empty.
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(PutGoods)
    for _ in range(30):
        person.tick(pan=3000.0)
    assert isinstance(person.visit.prompt, PutGoods) and person.visit.state.attempts == ()
    person.step()
    assert isinstance(person.visit.prompt, ClearPan)
    for _ in range(30):
        person.tick(pan=3000.0)
    assert isinstance(person.visit.prompt, ClearPan)


def test_an_empty_pan_need_not_be_cleared():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(PutGoods)
    for _ in range(15):
        person.tick(pan=0.1)
    person.step()
    assert isinstance(person.visit.prompt, WeighGoods)


def test_what_lies_on_the_empty_pan_is_subtracted():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(ClearPan)
    for _ in range(15):
        person.tick(pan=4.0)
    assert isinstance(person.visit.prompt, WeighGoods)
    for _ in range(15):
        person.tick(pan=person.goods + 4.0)
    attempt = person.visit.state.attempts[0]
    assert attempt.loaded.mass_g - attempt.empty.mass_g == D(str(person.goods))


def test_half_the_goods_in_passing_are_not_taken():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    for _ in range(8):
        person.tick(pan=person.goods / 2)
    person.tick(pan=None)
    person.tell(reading(person.now_ns, person.goods * 0.7, stable=False))
    for _ in range(15):
        person.tick(pan=person.goods)
    assert float(person.visit.state.attempts[0].loaded.mass_g) == person.goods


@pytest.mark.parametrize(
    ("share", "problem"), [(0.5, Problem.GOODS_TOO_LIGHT), (1.6, Problem.GOODS_TOO_HEAVY)]
)
def test_goods_that_are_hardly_the_same_are_asked_for_again_before_they_count(share, problem):
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    for _ in range(20):
        person.tick(pan=person.goods * share)
    assert (person.visit.prompt.number, person.visit.prompt.problem) == (1, problem)
    for _ in range(85):
        person.tick(pan=person.goods * share)
    assert person.visit.prompt.number == 2


def test_the_worst_scale_on_record_is_judged_without_delay():
    # Source: reported case, 800 g shown for 500 g.
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    for _ in range(12):
        person.tick(pan=person.goods / 1.6)
    assert person.visit.prompt.number == 2


@pytest.mark.parametrize(
    ("mass", "problem"), [(4.0, None), (90.0, Problem.GOODS_TOO_LIGHT), (20_100.0, Problem.GOODS_TOO_HEAVY)]
)
def test_what_cannot_be_goods_is_never_taken(mass, problem):
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    for _ in range(150):
        person.tick(pan=mass)
    assert (person.visit.prompt.number, person.visit.prompt.problem) == (1, problem)


def test_a_fault_in_the_middle_interrupts_and_the_visit_goes_on():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    committed = person.visit.state.attempts
    assert person.tell(PanFault(person.now_ns, Fault.DISCONNECTED, lasting=True))
    assert person.visit.prompt == Interrupted(Fault.DISCONNECTED, 1, 3)
    for _ in range(50):
        person.tick()
        assert not person.tell(PanFault(person.now_ns, Fault.DISCONNECTED, lasting=True))
    assert person.visit.outcome is None and person.visit.state.attempts == committed
    person.tick(pan=0.0)
    assert isinstance(person.visit.prompt, ClearPan)
    assert person.until(Judged).result.verdict is Verdict.CONFORMS
    assert person.visit.outcome.body["interruptions"] == [{"number": 1, "fault": "disconnected"}]


@pytest.mark.parametrize("power", ["stays", "is cut"])
def test_after_a_fault_the_empty_pan_of_before_is_not_subtracted(power):
    """Given crumbs on the pan, and a pan that was started anew takes them for its zero."""
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(ClearPan)
    while isinstance(person.visit.prompt, ClearPan):
        person.tick(pan=4.0)
    assert float(person.visit.state.pan_empty.mass_g) == pytest.approx(4.0, abs=0.2)

    if power == "is cut":
        person.visit = SelfCheck.restore(context(), person.visit.snapshot())
    person.tell(PanFault(person.now_ns, Fault.SETTLING, lasting=True))
    person.until(WeighGoods)

    assert float(person.visit.state.pan_empty.mass_g) == pytest.approx(0.0, abs=0.2)
    assert person.until(Judged).result.verdict is Verdict.CONFORMS


def test_a_fault_before_the_pan_is_needed_shows_only_when_it_is():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(PutGoods)
    assert not person.tell(PanFault(person.now_ns, Fault.DISCONNECTED, lasting=True))
    person.step()
    assert isinstance(person.visit.prompt, Interrupted)
    person.tick(pan=0.0)
    assert isinstance(person.visit.prompt, ClearPan)


def test_a_dropped_sample_interrupts_nothing():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    assert not person.tell(PanFault(person.now_ns, Fault.BAD_TRANSFER, lasting=False))


def test_with_weights_the_pan_does_not_matter():
    person = Person(SelfCheck.start(context(pan=None)), honest, Way.WEIGHTS)
    person.tell(PanFault(person.now_ns, Fault.DISCONNECTED, lasting=True))
    assert person.until(Judged).result.verdict is Verdict.CONFORMS


@pytest.mark.parametrize(
    ("changes", "fault", "why_not"),
    [
        ({}, None, {"weights": "", "goods": ""}),
        ({"weights": ()}, None, {"weights": "no_weights", "goods": ""}),
        ({"on": date(2027, 11, 1)}, None, {"weights": "weights_expired", "goods": ""}),
        ({"on": date(2016, 1, 1)}, None, {"weights": "weights_expired", "goods": "no_rules"}),
        ({"pan": None}, None, {"weights": "", "goods": "no_pan"}),
        ({"pan_fault": Fault.SILENT}, None, {"weights": "", "goods": "pan_fault"}),
        ({}, Fault.DISCONNECTED, {"weights": "", "goods": "pan_fault"}),
        ({"pan": Pan(max_g=D(300), calibration="c")}, None, {"weights": "", "goods": "pan_too_small"}),
    ],
)
def test_ways_say_why_they_are_not_possible(changes, fault, why_not):
    person = Person(SelfCheck.start(context(**changes)), honest, Way.WEIGHTS)
    prompt = person.until(ChooseWay)
    if fault is not None:
        assert person.tell(PanFault(person.now_ns, fault, lasting=True))
        prompt = person.visit.prompt
    assert {offer.way.value: offer.why_not for offer in prompt.ways} == why_not
    assert all(offer.possible is (not offer.why_not) for offer in prompt.ways)
    for offer in prompt.ways:
        if not offer.possible:
            person.way = offer.way
            person.step()
            assert person.visit.prompt == prompt


def test_a_pan_that_comes_back_is_offered_again():
    person = Person(SelfCheck.start(context(pan_fault=Fault.SILENT)), honest, Way.GOODS)
    person.until(ChooseWay)
    person.tick(pan=0.0)
    assert person.visit.prompt.ways[1].possible


def test_a_pan_that_is_not_fine_enough_judges_nothing():
    person = Person(SelfCheck.start(context()), adds_ten_percent, Way.GOODS)

    def coarse(pan=None, lead=None):
        person.now_ns += 100_000_000
        person.tell(reading(person.now_ns, pan, u=2.0))

    person.tick = coarse
    judged = person.until(Judged)
    assert judged.result.verdict is Verdict.CANNOT_JUDGE
    for load in judged.result.loads:
        assert (load.verdict, load.reason) == (Verdict.CANNOT_JUDGE, "reference_not_capable")
        assert load.error_g and load.load_u_g and load.limit_g


def test_a_scale_that_fits_no_class_is_not_checked():
    broken = msgspec.structs.replace(context().registry.scales[0], e_g=D(3), d_g=D(3), max_g=D(15000))
    registry = msgspec.structs.replace(context().registry, scales=(broken,))
    person = Person(SelfCheck.start(context(registry=registry)), honest, Way.WEIGHTS)
    prompt = person.until(ChooseWay)
    assert {offer.why_not for offer in prompt.ways} == {"scale_data"}


def test_a_load_beyond_max_cannot_be_judged():
    person = Person(SelfCheck.start(context()), honest, Way.GOODS)
    person.until(WeighGoods)
    person.goods = 15_100.0
    for _ in range(120):
        person.tick(pan=person.goods)
    first = person.until(Judged).result.loads[0]
    assert (first.verdict, first.reason, first.limit_g) == (Verdict.CANNOT_JUDGE, "beyond_max", "")


def test_weights_that_expire_during_the_visit_are_not_used():
    person = Person(SelfCheck.start(context()), honest, Way.WEIGHTS)
    person.until(Saving)
    before = Person(SelfCheck.start(context()), honest, Way.WEIGHTS)
    before.until(ChooseWay)
    before.step()
    late = SelfCheck.restore(context(on=date(2027, 11, 1)), before.visit.snapshot())
    before.visit = late
    judged = before.until(Judged)
    assert {load.reason for load in judged.result.loads} == {"weights_not_usable"}
    assert judged.result.verdict is Verdict.CANNOT_JUDGE


def test_law_that_nobody_has_read_says_so_with_the_verdict():
    _, judged = visit(honest, Way.WEIGHTS, on=date(2027, 1, 8))
    assert judged.result.law.confidence == "unconfirmed"
    assert "JJG 1204-2025" in judged.result.law.clause


def test_a_figure_taken_back_stays_in_the_record_and_does_not_count():
    person = Person(SelfCheck.start(context()), adds_ten_percent, Way.WEIGHTS)
    person.until(PutWeights)
    person.step()
    person.tell(GoBack())
    assert person.visit.prompt.number == 1
    person.shows = honest
    judged = person.until(Judged)
    assert judged.result.verdict is Verdict.CONFORMS
    attempts = person.visit.outcome.body["attempts"]
    assert [(attempt["figure"]["indication_g"], attempt["dropped"]) for attempt in attempts] == [
        *[("1100", "went_back"), ("1000", "")],
        *[("2500", ""), ("5000", "")],
    ]


def test_a_figure_given_after_the_pan_was_seen_is_not_blind():
    person = Person(SelfCheck.start(context()), adds_ten_percent, Way.GOODS)
    person.until(WeighGoods)
    person.tell(GoBack())
    assert isinstance(person.visit.prompt, PutGoods)
    person.until(Judged)
    attempts = person.visit.outcome.body["attempts"]
    assert [(attempt["number"], attempt["blind"]) for attempt in attempts] == [
        *[(1, True), (1, False)],
        *[(2, True), (3, True)],
    ]


SMALL_PAN = {"pan": Pan(max_g=D(3000), calibration="c")}


def test_a_goods_load_near_a_step_needs_both_limits():
    # 2500.3 g ± 0.9 g: on one side of the step the limit is 5 g, on the other 10 g. An error of 9.7 g with
    # U = 4.2 g is beyond the one and undecided against the other.
    person = Person(SelfCheck.start(context(**SMALL_PAN)), honest, Way.GOODS)
    while not (isinstance(person.visit.prompt, PutGoods) and D(person.visit.prompt.high_g) > 2510):
        person.step()
    number = person.visit.prompt.number
    person.tell(FigureTyped("2510", "g"))
    person.goods = 2500.3
    while person.visit.state.attempts[-1].loaded is None:
        person.tick(pan=0.0 if isinstance(person.visit.prompt, ClearPan) else person.goods)
    load = next(load for load in person.until(Judged).result.loads if load.number == number)
    assert (load.limit_g, load.verdict) == ("5.0", Verdict.UNDECIDED)
    assert D(load.error_g) - D(load.expanded_g) > 5


def test_a_small_pan_asks_for_small_goods_and_accuses_nobody():
    _, judged = visit(honest, Way.GOODS, **SMALL_PAN)
    assert judged.result.verdict in {Verdict.CONFORMS, Verdict.UNDECIDED}
    _, judged = visit(adds_ten_percent, Way.GOODS, **SMALL_PAN)
    assert judged.result.verdict is Verdict.DOES_NOT_CONFORM


def test_a_scale_of_thirty_kilograms_gets_its_own_loads():
    person = Person(SelfCheck.start(context()), lambda mass: rounded(mass, 10), Way.WEIGHTS, stall="7")
    judged = person.until(Judged)
    assert [load.load_g for load in judged.result.loads] == ["2000.000", "5000.000", "10000.000"]
    assert judged.result.verdict is Verdict.CONFORMS


def test_a_figure_from_a_label_is_called_so_in_the_record():
    person = Person(SelfCheck.start(context()), honest, Way.WEIGHTS)
    prompt = person.until(PutWeights)
    person.tell(FigureTyped(prompt.nominal_g, "g", label=True))
    judged = person.until(Judged)

    assert [load.source for load in judged.result.loads] == [Source.LABEL, Source.TYPED, Source.TYPED]
    body = person.visit.outcome.body
    assert [attempt["figure"]["source"] for attempt in body["attempts"]] == ["label", "typed", "typed"]
    assert [load["source"] for load in body["loads"]] == ["label", "typed", "typed"]
