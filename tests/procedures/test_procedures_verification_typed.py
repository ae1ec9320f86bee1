"""The on-site examination: what is typed, what comes over the lead, who takes part, what is recorded."""

from decimal import Decimal as D

import msgspec
import pytest
from examiner import (
    INSPECTOR,
    LARGE,
    SMALL,
    Bench,
    Examiner,
    at_weighing,
    point,
    steps,
    weights,
)
from person import context, indication, reading

from firmware_app.procedures.events import (
    Cancel,
    Confirmed,
    FigureTyped,
    GoBack,
    LineSilent,
    Picked,
    Witnessed,
)
from firmware_app.procedures.page import Amount, Confirm, Page
from firmware_app.procedures.prompts import AskWitness
from firmware_app.procedures.verification.procedure import Verification
from firmware_app.procedures.verification.state import Phase
from firmware_app.registry.person import Person, Role
from firmware_app.uncertainty.decision import Verdict

# ------------------------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("figure", "unit", "problem"),
    [
        ("x", "g", "not_a_mass"),
        ("", "g", "not_a_mass"),
        ("--5", "g", "not_a_mass"),
        ("-", "g", "not_a_mass"),
        ("-52", "g", "not_a_multiple"),
        ("-99999", "g", "beyond_max"),
        ("1e3", "g", "not_a_mass"),
        ("50", "斤", "not_a_mass"),
        ("9" * 400, "g", "not_a_mass"),
        ("52", "g", "not_a_multiple"),
        ("99999", "g", "beyond_max"),
    ],
)
def test_nonsense_for_an_indication_is_refused_with_its_reason(figure, unit, problem) -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(FigureTyped(figure, unit))
    assert examiner.visit.prompt.problem == problem
    assert examiner.visit.state.refused == 1


@pytest.mark.parametrize("figure", ["x", "", "1.5", "13", "99999999", "-1", "½"])
def test_nonsense_for_what_was_added_is_refused(figure) -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(FigureTyped("50", "g"))
    examiner.tell(FigureTyped(figure, ""))
    assert examiner.visit.prompt.problem in ("verif_not_added", "verif_added_too_much")
    assert examiner.visit.state.phase is Phase.ADDED


@pytest.mark.parametrize(
    ("key", "figure", "problem"),
    [
        ("verif_temperature", "99", "verif_not_a_temperature"),
        ("verif_temperature", "warm", "verif_not_a_temperature"),
        ("verif_humidity", "101", "verif_not_a_humidity"),
        ("verif_amount", "gratis", "verif_not_an_amount"),
    ],
)
def test_other_nonsense_is_refused(key, figure, problem) -> None:
    examiner = Examiner()
    page = examiner.until(key)
    assert isinstance(page.wants, Amount)
    examiner.tell(FigureTyped(figure, ""))
    assert examiner.visit.prompt.problem == problem


def test_under_a_load_a_figure_below_zero_is_none() -> None:
    examiner = at_weighing(Examiner())
    while examiner.visit.state.step.id != "weighing:up2" or examiner.visit.prompt.key != "verif_weighing":
        examiner.step()
    assert not examiner.visit.prompt.wants.signed
    examiner.tell(FigureTyped("-5", "g"))
    assert examiner.visit.prompt.problem == "not_a_mass"


@pytest.mark.parametrize("typed", ["-7.5", "\u22127.5"])
def test_frost_is_typed_with_its_sign(typed) -> None:
    examiner = Examiner()
    assert examiner.until("verif_temperature").wants.signed
    examiner.tell(FigureTyped(typed, ""))
    examiner.run()
    assert examiner.visit.outcome.body["environment"]["temperature_c"] == "-7.5"


def test_goods_heavier_than_the_weights_they_stand_for_are_refused() -> None:
    few = LARGE.replace('{ nominal = "10 kg" }, ', "")
    examiner = Examiner(weights=weights(few, SMALL))
    examiner.until("verif_goods")
    point(examiner, "7510", "2.5")
    assert examiner.visit.prompt.problem == "goods_too_heavy"
    point(examiner, "7000", "2.5")
    assert examiner.visit.prompt.problem == "goods_too_light"


# ------------------------------------------------------------------------------------- lead, persons


def test_indications_come_over_the_lead_where_there_is_one() -> None:
    examiner = Examiner(lead_profiles=("and-st-gs",))
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    found = steps(examiner, "weighing")["up2"]
    assert (found["source"], found["policy"]) == ("lead", "lead-settled/2")
    assert found["frames"] >= 4 and found["raw"]
    assert examiner.visit.outcome.body["lead"]["profile"] == "and-st-gs"


def test_a_lead_that_is_silent_gives_way_to_the_number_pad() -> None:
    examiner = at_weighing(Examiner(lead_profiles=("and-st-gs",)))
    assert isinstance(examiner.visit.prompt.wants, Confirm)
    examiner.tell(Confirmed())
    examiner.tell(LineSilent())
    assert examiner.visit.prompt.problem == "lead_silent"
    assert isinstance(examiner.visit.prompt.wants, Amount)
    examiner.visit.handle(indication(D(50)), examiner.now_ns)
    assert isinstance(examiner.visit.prompt.wants, Confirm), "it speaks again"


def test_a_lead_that_never_rests_is_waited_for_ten_seconds_only() -> None:
    examiner = at_weighing(Examiner(lead_profiles=("and-st-gs",)))
    examiner.tell(Confirmed())
    for tick in range(120):
        examiner.now_ns += 100_000_000
        examiner.visit.handle(indication(D(50), stable=False), examiner.now_ns)
        if tick % 2:
            examiner.visit.handle(reading(examiner.now_ns, 0.0), examiner.now_ns)
    assert examiner.visit.prompt.problem == "lead_unstable"


@pytest.mark.parametrize("person", [None, Person("9001", Role.KEEPER, "陈管")])
def test_only_an_inspector_begins(person) -> None:
    visit = Verification.start(context(person=person))
    assert isinstance(visit.prompt, Page) and visit.prompt.key == "verif_nobody"
    visit.handle(Confirmed(), 1)
    assert visit.finished and visit.outcome is None


def test_the_checker_is_another_person() -> None:
    examiner = Examiner()
    examiner.until("verif_review")
    examiner.tell(Picked("sign"))
    assert isinstance(examiner.visit.prompt, AskWitness) and examiner.visit.prompt.first == "李检"
    examiner.tell(Witnessed(INSPECTOR.number, INSPECTOR.name, INSPECTOR.role))
    assert examiner.visit.state.phase is Phase.CHECKER
    examiner.tell(GoBack())
    examiner.tell(Picked("no_checker"))
    examiner.run()
    assert examiner.visit.outcome.body["checker"] is None


def test_where_plate_and_register_differ_nothing_is_judged() -> None:
    examiner = Examiner()
    examiner.until("verif_scale")
    examiner.tell(Picked("differs"))
    examiner.tell(Confirmed())
    assert examiner.visit.finished and examiner.visit.outcome is None


def test_cancel_leaves_nothing() -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(Cancel())
    assert examiner.visit.finished and examiner.visit.outcome is None


# ---------------------------------------------------------------------------------------- the record


def test_the_words_of_a_certificate_are_nowhere_in_the_record() -> None:
    examiner = Examiner()
    examiner.run()
    written = msgspec.json.encode(examiner.visit.outcome.body).decode()
    assert not [word for word in ("检定合格", "检定证书", "校准证书") if word in written]


def test_legal_values_are_decimal_strings_of_grams() -> None:
    examiner = Examiner(Bench("worn"))
    examiner.run()

    def walk(value, name=""):
        if isinstance(value, dict):
            for key, member in value.items():
                walk(member, key)
        elif isinstance(value, list):
            for member in value:
                walk(member, name)
        elif name.endswith("_g") and value:
            assert isinstance(value, str) and D(value).is_finite(), name

    body = dict(examiner.visit.outcome.body)
    body.pop("challenge")
    walk(body)
