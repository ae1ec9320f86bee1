"""The change point sought with small weights: where the loads leave a scale undecided, it decides."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
from person import SMALL, WEIGHTS, Person, context, honest

from firmware_app.procedures.events import FigureTyped, GoBack, Picked
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import Judged, PutWeights, Way
from firmware_app.procedures.rejudging import rejudge
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.uncertainty.decision import Verdict

D = Decimal
DRAWER = {"weights": (*WEIGHTS, *SMALL)}


def scale_with(offset=0.0, gain=1.0, zero=0.0):
    """A scale of 5 g intervals that is off so much before it rounds; ``zero``: at no load too."""

    def shows(mass):
        exact = D(repr(round(mass * gain + (offset if mass > 100 else 0) + zero, 6)))
        return (exact / 5).to_integral_value(ROUND_HALF_UP) * 5

    return shows


def trader(shows, **changes):
    return Person(SelfCheck.start(context(**{**DRAWER, **changes})), shows, Way.WEIGHTS)


def offered(person):
    person.until(Page, Judged, ticks=2000)
    return getattr(person.visit.prompt, "key", "") == "self_check_offer"


def test_acceptance_case_a1_of_the_regulation():
    # OIML R 76-1 A.4.4.3: e = 5 g, L = 1000 g, I = 1000 g, dL = 1.5 g give E = +1.0 g; at 10 e, L = I = 50 g
    # and dL = 2 g, E0 = +0.5 g; hence Ec = +0.5 g.
    person = trader(scale_with())
    person.until(PutWeights)
    person.tell(FigureTyped("1005", "g"))  # read wrongly: one interval off, undecided
    assert offered(person)
    person.tell(Picked("seek"))
    asked = person.visit.prompt
    assert (asked.key, asked.pieces_g, asked.number, asked.count) == ("self_check_point_shown", ("50",), 1, 2)
    for figure in ("50", "2", "1000", "1.5"):
        person.tell(FigureTyped(figure, "g"))
    judged = person.until(Judged)
    load = judged.result.loads[0]
    assert (load.error_g, load.indication_g, load.load_g) == ("0.500", "1000", "1000.000")
    # Steps of 0.5 g twice, and weights of class M1: far less than the 4.1 g of a direct reading.
    assert D("0.4") < D(load.expanded_g) < D("0.5")
    assert judged.result.verdict is Verdict.CONFORMS
    said = person.visit.outcome.body["loads"][0]["change_point"]
    assert said["load"]["added_g"] == "1.5" and said["zero"]["added_g"] == "2"
    assert {"DEMO-M1-50g"} <= {weight["id"] for weight in person.visit.outcome.body["weights"]}


@pytest.mark.parametrize("zero", [0.0, 1.2, -1.2, 2.4])
@pytest.mark.parametrize(
    ("offset", "verdict"),
    [
        (3.0, Verdict.CONFORMS),
        (-3.0, Verdict.CONFORMS),
        (4.3, Verdict.CONFORMS),
        (5.0, Verdict.UNDECIDED),
        (6.0, Verdict.DOES_NOT_CONFORM),
        (-6.0, Verdict.DOES_NOT_CONFORM),
        (-7.0, Verdict.DOES_NOT_CONFORM),
    ],
)
def test_what_a_direct_reading_left_open_is_decided(offset, verdict, zero):
    # Limit in service 5 g at 1 kg, 5 g at 2.5 kg, 10 g at 5 kg; the zero of the display is taken out.
    person = trader(scale_with(offset, zero=zero))
    if not offered(person):
        # By rounding the direct readings happened to decide; never the wrong way.
        assert person.until(Judged).result.verdict is verdict
        return
    judged = person.until(Judged)
    assert judged.result.verdict is verdict
    for load in judged.result.loads:
        if load.limit_g == "5.0" and person.visit.outcome.body["loads"][load.number - 1]["change_point"]:
            assert abs(D(load.error_g) - D(str(offset))) <= D(load.expanded_g)
    assert judged.result.next_step in ("", "send_for_verification")


def test_an_honest_scale_is_not_asked_for_more():
    assert not offered(trader(honest))


def test_without_small_weights_nothing_is_offered():
    person = trader(scale_with(4.0), weights=WEIGHTS)
    assert not offered(person)
    assert person.until(Judged).result.verdict is Verdict.UNDECIDED


def test_who_leaves_it_keeps_the_direct_readings():
    person = trader(scale_with(4.0))
    assert offered(person)
    person.tell(Picked("something"))
    assert person.visit.prompt.key == "self_check_offer"
    person.tell(Picked("leave"))
    judged = person.until(Judged)
    assert judged.result.verdict is Verdict.UNDECIDED
    assert not any(load["change_point"] for load in person.visit.outcome.body["loads"])


def test_who_leaves_it_half_way_keeps_them_too():
    person = trader(scale_with(4.0))
    assert offered(person)
    for _ in range(4):
        person.step()
    person.tell(Picked("leave"))
    assert person.until(Judged).result.verdict is Verdict.UNDECIDED
    assert person.visit.state.points == ()


@pytest.mark.parametrize(
    ("figure", "unit", "problem"),
    [
        ("0", "g", "not_a_mass"),
        ("x", "g", "not_a_mass"),
        ("1", "kg", "not_a_mass"),
        ("1.3", "g", "not_a_multiple"),
        ("6", "g", "too_much_added"),
    ],
)
def test_what_no_small_weights_make_is_refused(figure, unit, problem):
    person = trader(scale_with(4.0))
    assert offered(person)
    person.step()
    person.step()
    before = person.visit.prompt
    person.tell(FigureTyped(figure, unit))
    assert (person.visit.prompt.key, person.visit.prompt.problem) == (before.key, problem)


def test_a_figure_that_the_display_cannot_show_is_refused():
    person = trader(scale_with(4.0))
    assert offered(person)
    person.step()
    person.tell(FigureTyped("52", "g"))
    assert person.visit.prompt.problem == "not_a_multiple"


def test_back_leads_step_by_step_to_the_last_load():
    person = trader(scale_with(4.0))
    assert offered(person)
    person.step()
    person.step()
    keys = []
    for _ in range(2):
        person.tell(GoBack())
        keys.append(person.visit.prompt.key)
    assert keys == ["self_check_point_shown", "self_check_offer"]
    person.tell(GoBack())
    assert isinstance(person.visit.prompt, PutWeights) and person.visit.prompt.number == 3
    assert offered(person)


@pytest.mark.parametrize("offset", [3.0, 4.3, 6.0])
def test_the_record_gives_the_verdict_again(offset):
    person = trader(scale_with(offset))
    person.until(Judged, ticks=2000)
    body = json.loads(json.dumps(person.visit.outcome.body))
    again = rejudge(body)
    assert again.verdict == body["verdict"]
    for new, old in zip(again.loads, body["loads"], strict=True):
        assert (new.error_g, new.expanded_g, new.verdict) == (
            old["error_g"],
            old["expanded_g"],
            old["verdict"],
        )


def test_a_power_cut_at_any_moment_changes_nothing():
    whole, cut = trader(scale_with(4.0)), trader(scale_with(4.0))
    whole.until(Judged, ticks=2000)
    while not isinstance(cut.visit.prompt, Judged):
        cut.step()
        cut.visit = SelfCheck.restore(context(**DRAWER), cut.visit.snapshot())
    assert cut.visit.outcome == whole.visit.outcome
