"""A pan on which no verdict may rest: not offered, and where it becomes so in a visit, nothing is judged."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from person import Person, adds_ten_percent, context, honest, reading

from firmware_app.procedures.prompts import ChooseWay, Judged, PutGoods, Way, WeighGoods
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.procedures.self_check.slip import slip_lines
from firmware_app.uncertainty.decision import Verdict

WHY = "gpio: this machine is too slow (9 of 878 reads …): use the driver spi"


class Bridge:
    """The person's pan, whose driver may say that it is unfit."""

    def __init__(self, person: Person) -> None:
        self.unfit = ""
        self._person = person
        person.tick = self.tick

    def tick(self, pan=None, lead=None) -> None:
        self._person.now_ns += 100_000_000
        if pan is not None:
            told = msgspec.structs.replace(reading(self._person.now_ns, pan), unfit=self.unfit)
            self._person.tell(told)


def at_the_ways(way: Way, shows=honest) -> tuple[Person, Bridge]:
    person = Person(SelfCheck.start(context()), shows, way)
    bridge = Bridge(person)
    person.until(ChooseWay)
    return person, bridge


def goods(person: Person):
    return next(offer for offer in person.visit.prompt.ways if offer.way is Way.GOODS)


def test_an_unfit_pan_is_not_offered_and_the_weights_are():
    person, bridge = at_the_ways(Way.GOODS)
    bridge.unfit = WHY

    bridge.tick(0.0)

    assert (goods(person).possible, goods(person).why_not) == (False, "pan_unfit")
    person.step()
    assert isinstance(person.visit.prompt, ChooseWay)
    person.way = Way.WEIGHTS
    assert person.until(Judged).result.verdict is Verdict.CONFORMS


def test_a_pan_that_is_proven_fit_is_offered_again():
    person, bridge = at_the_ways(Way.GOODS)
    bridge.unfit = WHY
    bridge.tick(0.0)
    bridge.unfit = ""

    bridge.tick(0.0)

    assert goods(person).possible


@pytest.mark.parametrize("shows", [honest, adds_ten_percent])
@pytest.mark.parametrize("load", [1, 2, 3])
def test_a_pan_that_becomes_unfit_in_a_visit_judges_nothing_and_says_why(load, shows):
    # given a visit with goods that has come as far as its first, second or third load
    person, bridge = at_the_ways(Way.GOODS, shows)
    for _ in range(load):
        person.until(PutGoods)
        if person.visit.prompt.number < load:
            person.step()
            person.until(PutGoods, Judged)
    person.until(WeighGoods)

    # when the machine becomes too slow, and after this load is well again
    bridge.unfit = WHY
    person.until(PutGoods, Judged)
    bridge.unfit = ""
    judged = person.until(Judged)

    # then no load of the visit is judged, whether the scale is honest or not
    assert judged.result.verdict is Verdict.CANNOT_JUDGE
    assert {(each.verdict, each.reason) for each in judged.result.loads} == {
        (Verdict.CANNOT_JUDGE, "pan_unfit")
    }
    assert all(each.load_g and each.error_g for each in judged.result.loads)
    assert person.visit.outcome.body["pan"]["unfit"] == WHY


def test_a_power_cut_does_not_make_an_unfit_reading_fit():
    person, bridge = at_the_ways(Way.GOODS)
    person.until(WeighGoods)
    bridge.unfit = WHY
    person.until(PutGoods)
    bridge.unfit = ""

    person.visit = SelfCheck.restore(context(), person.visit.snapshot())

    assert person.until(Judged).result.verdict is Verdict.CANNOT_JUDGE


def test_a_fit_pan_leaves_no_word_in_the_record():
    person, _bridge = at_the_ways(Way.GOODS)

    person.until(Judged)

    assert person.visit.outcome.body["pan"]["unfit"] == ""


def test_the_slip_says_that_nothing_was_judged_and_why():
    person, bridge = at_the_ways(Way.GOODS)
    person.until(WeighGoods)
    bridge.unfit = WHY
    person.until(Judged)
    body = msgspec.json.decode(msgspec.json.encode(person.visit.outcome.body))
    payload = SimpleNamespace(device="D-1", at="2026-11-23T14:26:41+08:00", clock="synchronised", body=body)

    lines = [line.strip() for line in slip_lines(SimpleNamespace(seq=6, payload=payload))]

    assert "结论 无法判定" in lines
    assert lines.count("原因 秤台读数不够可靠") == 2  # near the usual sale two loads are judged as one
    assert not any("允差" in line or "gpio" in line for line in lines)
    assert not any(line.startswith("依据") and "第版" in line for line in lines)
