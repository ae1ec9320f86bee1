"""The corners of the scale: asked for where a load was not found right, a hint and never a verdict."""

import pytest
from person import SMALL, WEIGHTS, Person, adds_ten_percent, context, honest, rounded

from firmware_app.procedures.events import GoBack, Picked
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import Judged, PutWeights, Way
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.uncertainty.decision import Verdict


def off(mass):
    return rounded(mass) + (5 if 200 < mass < 2000 else 0)


def asked(shows, way=Way.WEIGHTS, **changes):
    person = Person(SelfCheck.start(context(**changes)), shows, way)
    person.until(Page, Judged, ticks=2000)
    return person


@pytest.mark.parametrize(
    ("answer", "hint"), [("changes", "place_in_the_middle"), ("same", ""), ("not_tried", "")]
)
@pytest.mark.parametrize(
    ("shows", "verdict"), [(adds_ten_percent, Verdict.DOES_NOT_CONFORM), (off, Verdict.UNDECIDED)]
)
def test_it_is_a_hint_and_changes_no_verdict(shows, verdict, answer, hint):
    person = asked(shows)
    assert person.visit.prompt.key == "self_check_corners"
    person.tell(Picked("nonsense"))
    assert person.visit.prompt.key == "self_check_corners"
    person.tell(Picked(answer))
    judged = person.until(Judged)
    assert (judged.result.verdict, judged.result.hint) == (verdict, hint)
    assert person.visit.outcome.body["corners"] == answer


def test_an_honest_scale_and_one_with_goods_are_not_asked():
    for person in (asked(honest), asked(adds_ten_percent, Way.GOODS)):
        assert isinstance(person.visit.prompt, Judged)
        assert person.visit.outcome.body["corners"] == ""


def test_small_weights_that_can_decide_come_first_and_are_enough():
    person = asked(off, weights=(*WEIGHTS, *SMALL))
    assert person.visit.prompt.key == "self_check_offer"
    person.until(Judged)
    assert person.visit.outcome.body["corners"] == ""


def test_back_leads_to_the_last_load():
    person = asked(adds_ten_percent)
    person.tell(GoBack())
    assert isinstance(person.visit.prompt, PutWeights) and person.visit.prompt.number == 3
