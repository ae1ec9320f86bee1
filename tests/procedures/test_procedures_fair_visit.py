"""A fair weighing as people do it: every branch, slips of the finger, bags, faults and power cuts."""

from decimal import Decimal

import pytest

from firmware_app.procedures.context import Contacts
from firmware_app.procedures.events import (
    Cancel,
    CodeGiven,
    Confirmed,
    FigureTyped,
    GoBack,
    Picked,
    Saved,
    SaveFailed,
)
from firmware_app.procedures.fair_weighing.procedure import FairWeighing
from firmware_app.procedures.fair_weighing.state import FairPhase
from firmware_app.procedures.page import Page, PageJudged
from firmware_app.procedures.prompts import ClearPan, Interrupted, NotSaved
from firmware_app.procedures.table import BadSnapshot
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault
from tests.procedures.customer import FINE, Customer
from tests.procedures.person import context


def fault(customer: Customer, kind: Fault = Fault.DISCONNECTED, *, lasting: bool = True) -> None:
    customer.tell(PanFault(at_ns=customer.now_ns, fault=kind, lasting=lasting))


# ----------------------------------------------------------------------------------- the way through


def test_what_was_paid_for_is_asked_with_the_pan_hidden_before_the_goods_lie_on_it():
    customer = Customer(1990)
    seen = []
    while customer.phase != "put_goods":
        prompt = customer.visit.prompt
        if isinstance(prompt, Page):
            seen.append((prompt.key, prompt.blind))
        customer.step()

    assert [key for key, _ in seen] == ["fair_what", "fair_paid", "fair_kind", "fair_price", "fair_bag"]
    assert all(blind for _, blind in seen)
    assert not customer.visit.prompt.blind
    assert {fact.label for fact in customer.visit.prompt.facts} >= {"fair_settled", "fair_permitted"}


def test_a_sale_within_the_limit_takes_five_answers_and_one_weighing():
    customer = Customer(1998)
    customer.outcome()
    assert customer.keys.count("fair_put_goods") == len([key for key in customer.keys if "put" in key])
    assert len({key for key in customer.keys if "put" not in key}) == 5


def test_no_person_and_no_stall_stand_in_the_record_of_a_weighing():
    customer = Customer(1900)
    customer.outcome()
    assert not {"stall", "scale", "person", "by", "name"} & set(customer.body)


# ------------------------------------------------------------------------------------ wrong figures


@pytest.mark.parametrize(
    ("figure", "unit", "problem"),
    [
        ("", "kg", "fair_not_a_mass"),
        ("0", "kg", "fair_not_a_mass"),
        ("abc", "kg", "fair_not_a_mass"),
        ("-2", "kg", "fair_not_a_mass"),
        ("1e3", "g", "fair_not_a_mass"),
        ("2", "t", "fair_not_a_mass"),
        ("2", "", "fair_not_a_mass"),
        ("2", "CNY", "fair_not_a_mass"),
        ("31", "kg", "fair_beyond_pan"),
        ("9" * 400, "kg", "fair_not_a_mass"),
    ],
)
def test_nonsense_is_refused_with_its_reason_and_kept(figure, unit, problem):
    customer = Customer(2000)
    customer.until("settled")

    customer.tell(FigureTyped(figure, unit))

    assert customer.visit.prompt.problem == problem
    customer.outcome()
    refused = [each for each in customer.body["given"] if each["problem"]]
    assert [(each["problem"], len(each["text"]) <= 8) for each in refused] == [(problem, True)]


@pytest.mark.parametrize(
    ("figure", "unit", "grams"), [("2", "斤", "1000"), ("3", "市斤", "1500"), ("2", "两", "100")]
)
def test_a_market_unit_is_answered_in_the_legal_one_with_the_line_of_the_law(figure, unit, grams):
    customer = Customer(2000)
    customer.until("settled")

    customer.tell(FigureTyped(figure, unit))

    prompt = customer.visit.prompt
    assert prompt.problem == "fair_market_unit"
    assert [(fact.value, fact.unit) for fact in prompt.facts] == [(grams, "g")]
    assert "art. 3" in prompt.law.clause
    customer.tell(FigureTyped(grams, "g"))
    assert customer.visit.state.settled.value_g == Decimal(grams)


def test_a_price_per_market_unit_is_answered_per_kilogram():
    customer = Customer(2000)
    customer.until("price")

    customer.tell(FigureTyped("8", "CNY/斤"))

    prompt = customer.visit.prompt
    assert prompt.problem == "fair_market_unit"
    assert [(fact.value, fact.unit) for fact in prompt.facts] == [("16", "CNY/kg")]


def test_a_price_of_500_g_is_a_price_of_two_halves():
    customer = Customer(2000)
    customer.until("price")
    customer.tell(Picked("per_500g"))
    assert customer.visit.prompt.key == "fair_price_of_500g"
    assert customer.visit.prompt.wants.units == ("CNY/500g",)

    customer.tell(FigureTyped("6", "CNY/500g"))

    assert customer.visit.state.price == Decimal(12)
    assert customer.phase == "bag"


@pytest.mark.parametrize(
    ("figure", "unit"), [("0", "CNY/kg"), ("x", "CNY/kg"), ("12", "kg"), ("999999", "CNY/kg")]
)
def test_a_price_that_is_none_is_refused(figure, unit):
    customer = Customer(2000)
    customer.until("price")
    customer.tell(FigureTyped(figure, unit))
    assert customer.visit.prompt.problem == "fair_not_a_price"


def test_other_food_cannot_go_without_a_price():
    customer = Customer(2000, kind="other_food")
    customer.until("price")

    assert [option.id for option in customer.visit.prompt.beside] == ["per_500g"]
    customer.tell(Picked("no_price"))

    assert customer.phase == "price"


def test_answers_that_were_given_again_stay_on_record():
    customer = Customer(1990)
    customer.until("kind")
    customer.tell(GoBack())
    customer.tell(FigureTyped("1.99", "kg"))

    customer.outcome()

    settled = [each for each in customer.body["given"] if each["question"] == "settled"]
    assert [(each["text"], each["dropped"]) for each in settled] == [("2", "answered_again"), ("1.99", "")]
    assert all(each["blind"] for each in settled)


def test_a_figure_given_after_the_goods_were_weighed_is_marked_as_not_blind():
    customer = Customer(1900)
    customer.until("clear_again")
    customer.tell(GoBack())
    for _ in range(3):
        customer.tell(GoBack())
    assert customer.phase == "settled"
    customer.tell(FigureTyped("1.9", "kg"))

    customer.outcome()

    settled = [each for each in customer.body["given"] if each["question"] == "settled"]
    assert [each["blind"] for each in settled] == [True, False]
    assert [each["dropped"] for each in customer.body["weighings"]] == ["went_back", ""]


def test_a_figure_given_after_a_look_at_the_live_weight_is_not_blind_either():
    customer = Customer(1990)
    customer.until("put_goods")
    customer.weigh(1990, stable=False)
    for _ in range(4):
        customer.tell(GoBack())
    customer.tell(FigureTyped("1.99", "kg"))
    assert [each.blind for each in customer.visit.state.given if each.question == "settled"] == [True, False]


def test_back_leads_through_every_question_to_the_first():
    customer = Customer(1990, price="90", bag="typed")
    customer.until("bag_typed")
    way = []
    while customer.phase != "ask_what":
        customer.tell(GoBack())
        way.append(customer.phase)
    assert way == ["bag", "band", "price", "kind", "settled", "ask_what"]


# ------------------------------------------------------------------------------------------ the bag


def test_an_equal_empty_bag_comes_off():
    customer = Customer(2000, bag="weighed", bag_g=8, u=0.05)

    assert customer.outcome().verdict is Verdict.CONFORMS
    assert Decimal(customer.body["result"]["net_g"]) == Decimal("1999.980") + Decimal("0.020")
    assert {each["what"] for each in customer.body["weighings"]} == {"bag", "goods"}


def test_the_uncertainty_of_the_bag_counts():
    with_bag, bare = Customer(2000, bag="weighed", bag_g=8, u=0.3), Customer(2000, u=0.3)
    with_bag.outcome(), bare.outcome()
    known = [Decimal(each.body["result"]["expanded_g"]) for each in (with_bag, bare)]
    assert known == [Decimal("1.200"), Decimal("0.849")]


def test_a_bag_that_is_left_on_the_pan_is_not_taken_for_its_zero():
    customer = Customer(2000, bag="weighed", bag_g=4)
    customer.until("clear_pan")
    for _ in range(30):
        customer.weigh(4.02)

    assert customer.phase == "clear_pan"
    assert customer.visit.prompt.problem is not None
    assert customer.outcome().verdict is Verdict.CONFORMS


def test_a_zero_that_has_wandered_within_its_doubt_is_no_bag_left_behind():
    customer = Customer(2000, bag="weighed", bag_g=0.8, u=0.2)
    customer.until("clear_pan")
    customer.empty_g = 0.5
    assert customer.outcome().verdict is Verdict.CONFORMS


def test_a_bag_that_nobody_feels_is_asked_about_once_and_then_taken_as_it_is():
    customer = Customer(2000, bag="weighed", bag_g=0.0)
    customer.until("put_bag")
    customer.tell(Confirmed())
    for _ in range(20):
        customer.weigh(0.02)
    assert customer.visit.prompt.problem == "fair_no_bag_felt"

    assert customer.outcome().verdict is Verdict.CONFORMS


def test_nothing_is_taken_for_the_bag_before_it_is_said_to_lie_there():
    customer = Customer(2000, bag="weighed", bag_g=8)
    customer.until("put_bag")
    for _ in range(30):
        customer.weigh(8)
    assert customer.phase == "put_bag"


def test_a_bag_as_heavy_as_the_goods_is_refused():
    customer = Customer(2000, bag="weighed", bag_g=2100)
    customer.until("put_bag")
    customer.tell(Confirmed())
    for _ in range(20):
        customer.weigh(2100)
    assert customer.visit.prompt.problem == "fair_bag_too_heavy"


def test_where_only_the_bag_makes_it_short_the_person_looks_whether_it_lies_there():
    # The bag was weighed, and the goods were put on without it: by the bag they would seem short.
    customer = Customer(2000, bag="weighed", bag_g=8, in_bag=False)
    customer.until("bag_sure")

    outcome = customer.outcome()

    assert outcome.verdict is Verdict.CONFORMS
    assert customer.body["bag"]["how"] == "bare"
    dropped = {each["what"]: each["dropped"] for each in customer.body["weighings"]}
    assert dropped == {"bag": "goods_without_bag", "goods": ""}


def test_who_says_that_the_bag_lies_there_is_asked_once():
    customer = Customer(1995.2, bag="weighed", bag_g=8, u=0.4)
    assert customer.outcome().verdict is Verdict.UNDECIDED
    assert customer.keys.count("fair_bag_sure") == 1
    assert customer.body["bag"]["how"] == "weighed"


def test_the_bag_is_not_asked_about_where_it_changes_nothing():
    customer = Customer(1900, bag="weighed", bag_g=8)
    customer.outcome()
    assert "fair_bag_sure" not in customer.keys


@pytest.mark.parametrize(
    ("goods", "bag_says", "verdict", "reason"),
    [
        (2000, "8", Verdict.CONFORMS, ""),
        # Short only by what somebody says of the bag: nobody is accused by word of mouth.
        (2000, "50", Verdict.UNDECIDED, "bag_typed"),
        # Short with the bag left on: whatever the bag weighs.
        (1900, "8", Verdict.DOES_NOT_CONFORM, "short"),
    ],
)
def test_a_typed_bag_accuses_nobody(goods, bag_says, verdict, reason):
    customer = Customer(goods, bag="typed", bag_g=8, bag_says=bag_says)

    outcome = customer.outcome()

    assert (outcome.verdict, customer.body["reason"]) == (verdict, reason)


def test_a_typed_bag_is_known_to_the_half_of_its_last_digit():
    customer = Customer(2000, bag="typed", bag_says="8.5", bag_g=8.5)
    customer.outcome()
    assert (customer.body["bag"]["typed_g"], customer.body["bag"]["half_g"]) == ("8.5", "0.05")


def test_a_bag_forgotten_in_the_answers_never_accuses():
    # "No bag", and the bag lies there all the same: the seller has the benefit of it.
    assert Customer(2000, bag="bare", bag_g=8).outcome().verdict is Verdict.CONFORMS
    assert Customer(1992, bag="bare", bag_g=8).outcome().verdict is Verdict.CONFORMS


# --------------------------------------------------------------------------------- labels with a price


@pytest.mark.parametrize(
    ("paid", "net", "verdict", "reason"),
    [
        # 33.63 yuan at 16.8 yuan/kg: 2001.5 to 2002.1 g.
        ("33.63", 1999, Verdict.CONFORMS, ""),
        ("33.63", 1900, Verdict.DOES_NOT_CONFORM, "short"),
        # 33.60 may have been rounded to the jiao: 1997.0 to 2003.0 g, and 1995 g lies within and beyond 5 g.
        ("33.60", 1996, Verdict.UNDECIDED, "money_rounded"),
        ("33.60", 1999.5, Verdict.CONFORMS, ""),
    ],
)
def test_a_label_with_a_price_is_judged_where_its_rounding_does_not_matter(paid, net, verdict, reason):
    customer = Customer(net, paid, "CNY", price="16.8", label="2212345033602", u=0.05)
    customer.empty_g = 0.0

    outcome = customer.outcome()

    assert (outcome.verdict, customer.body["reason"]) == (verdict, reason)
    settled = customer.body["settled"]
    assert settled["label"] == "2212345033602"
    assert Decimal(settled["low_g"]) < Decimal(settled["settled_g"]) < Decimal(settled["high_g"])


def test_money_across_a_step_of_the_table_is_judged_at_both_sides_of_it():
    # 6.00 yuan at 6 yuan/kg (low): 991.7 to 1008.3 g, and from 1 kg on twice as much may be missing.
    customer = Customer(979, "6.00", "CNY", kind="low", price="6", label="2212345006002", u=0.05)
    assert customer.outcome().reason == "fair_money_rounded"


def test_money_that_was_typed_is_known_less_well():
    typed = Customer(2000, "33.6", "CNY", price="16.8")
    typed.outcome()
    assert typed.body["settled"]["half_yuan"] == "0.1"
    round_sum = Customer(2000, "34", "CNY", price="16.8")
    round_sum.until("bag")
    assert round_sum.visit.state.settled.half_yuan == 1


def test_damages_are_counted_for_the_least_that_was_paid_for():
    customer = Customer(1900, "33.60", "CNY", price="16.8", label="2212345033602")
    customer.empty_g = 0.0
    customer.outcome()
    # 1997.024 g at least: 97.024 g are missing for certain.
    assert customer.body["information"]["refund_yuan"] == "1.63"


def test_money_needs_a_price_and_too_much_of_it_is_refused():
    customer = Customer(2000, "33.60", "CNY", price="16.8")
    customer.until("price")
    assert "no_price" not in [option.id for option in customer.visit.prompt.beside]
    customer.tell(FigureTyped("0.5", "CNY/kg"))
    assert customer.visit.prompt.problem == "fair_beyond_pan"


# -------------------------------------------------------------------------------------- on the pan


def test_nobody_is_accused_by_one_weighing():
    customer = Customer(1900)
    customer.until("clear_again")
    assert isinstance(customer.visit.prompt, ClearPan)
    assert customer.visit.outcome is None

    assert customer.outcome().verdict is Verdict.DOES_NOT_CONFORM
    assert [each["what"] for each in customer.body["weighings"]] == ["goods", "again"]


def test_goods_that_were_swapped_between_are_asked_for_again_and_never_accuse():
    customer = Customer(1900)
    customer.until("put_again")
    for _ in range(50):
        customer.weigh(1850)
    assert customer.visit.prompt.problem == "fair_other_goods"
    for _ in range(100):
        customer.weigh(1850)

    prompt = customer.until("judged")

    assert (prompt.verdict, prompt.reason) == (Verdict.CANNOT_JUDGE, "fair_goods_changed")


def test_of_two_weighings_the_heavier_counts():
    customer = Customer(1994.0, u=0.05)
    customer.until("put_again")
    customer.goods_g = 1995.5

    assert customer.outcome().verdict is Verdict.CONFORMS
    assert customer.body["result"]["net_g"] == "1995.480"


@pytest.mark.parametrize(("on_pan", "problem"), [(900, "fair_too_light"), (3500, "fair_too_heavy")])
def test_what_cannot_be_the_goods_is_said_and_taken_only_if_it_stays(on_pan, problem):
    customer = Customer(on_pan)
    customer.until("put_goods")
    for _ in range(30):
        customer.weigh(on_pan)
    assert customer.visit.prompt.problem == problem

    customer.until("judged", steps=1000)

    assert customer.body["result"]["net_g"]


def test_an_overload_is_never_taken():
    customer = Customer(2000)
    customer.until("put_goods")
    for _ in range(300):
        customer.weigh(31000)
    assert (customer.phase, customer.visit.prompt.problem) == ("put_goods", "fair_overloaded")


def test_goods_that_do_not_come_to_rest_are_said_to_after_a_while_and_are_not_judged():
    customer = Customer(2000)
    customer.until("put_goods")
    for _ in range(150):
        customer.weigh(2000, stable=False)
    assert not customer.visit.prompt.problem
    customer.tell(Picked("give_up"))
    assert customer.phase == "put_goods"
    for _ in range(60):
        customer.weigh(2000, stable=False)
    assert customer.visit.prompt.problem == "fair_unrest"
    assert [option.id for option in customer.visit.prompt.beside] == ["give_up"]

    customer.tell(Picked("give_up"))

    prompt = customer.until("judged")
    assert (prompt.verdict, prompt.reason) == (Verdict.CANNOT_JUDGE, "fair_goods_not_at_rest")
    assert prompt.next_step == "fair_let_drip"


def test_goods_that_drip_do_not_rest():
    customer = Customer(2000, kind="high", price=None)
    customer.until("put_goods")
    mass = 2000.0
    for _ in range(250):
        mass -= 0.12  # more than a gram a second runs off
        customer.weigh(mass)
    assert customer.visit.prompt.problem == "fair_unrest"


def test_goods_that_come_to_rest_after_all_are_taken():
    customer = Customer(2000)
    customer.until("put_goods")
    for _ in range(250):
        customer.weigh(2000, stable=False)
    assert customer.outcome().verdict is Verdict.CONFORMS


# ----------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "phase", ["clear_for_bag", "put_bag", "clear_pan", "put_goods", "clear_again", "put_again"]
)
def test_a_fault_interrupts_and_the_pan_begins_empty_again(phase):
    customer = Customer(1900, bag="weighed", bag_g=8)
    customer.until(phase)
    fault(customer, lasting=False)
    assert customer.phase == phase

    fault(customer)

    assert isinstance(customer.visit.prompt, Interrupted)
    assert customer.outcome().verdict is Verdict.DOES_NOT_CONFORM
    (noted,) = customer.body["interruptions"]
    assert noted["fault"] == "disconnected"
    assert noted["phase"].startswith("clear")


def test_a_fault_at_the_beginning_waits_at_the_pan():
    customer = Customer(2000, on=context(pan=FINE, pan_fault=Fault.SILENT))
    prompt = customer.until("interrupted")
    assert isinstance(prompt, Interrupted)
    assert prompt.fault is Fault.SILENT
    assert customer.outcome().verdict is Verdict.CONFORMS


def test_another_fault_is_noted_too_and_back_leads_out():
    customer = Customer(2000)
    customer.until("put_goods")
    fault(customer)
    fault(customer, Fault.SILENT)
    assert customer.visit.prompt.fault is Fault.SILENT
    customer.tell(GoBack())
    assert customer.phase == "bag"


# ---------------------------------------------------------------------------------------- complaint


def complaining(**picks: str) -> Customer:
    customer = Customer(1900, on=context(pan=FINE, contacts=Contacts(hotline="12315", market="0935-3121234")))
    customer.picks |= picks
    customer.outcome()
    customer.tell(Picked("complain"))
    return customer


def test_a_complaint_is_an_entry_of_its_own_that_names_the_weighing():
    customer = complaining(fair_complaint_stall="12")
    weighing = customer.visit.state.entry

    customer.until("complained")

    record = customer.visit.outcome
    assert record.kind == "complaint"
    assert record.body["weighing"] == {"entry": weighing, "verdict": "does_not_conform"}
    assert "verdict" not in record.body
    assert record.body["matter"] == "short_weight"
    assert record.body["stall"]["code"] == "12"
    assert record.body["scale"] is None
    assert record.body["contacts"] == {"hotline": "12315", "market": "0935-3121234"}
    shown = customer.visit.prompt
    assert isinstance(shown, PageJudged)
    assert shown.verdict is None
    assert shown.entry == weighing + 1
    assert {fact.label for fact in shown.facts} >= {"fair_hotline", "fair_market_office"}


def test_a_complaint_is_filed_by_a_press_that_is_held():
    customer = complaining()
    page = customer.until("complaint_hold")
    assert page.wants.hold
    assert [fact.value for fact in page.facts if fact.words] == ["fair_complaint_short_weight"]


def test_the_stall_may_be_left_out_and_an_unknown_one_is_asked_for_again():
    customer = complaining()
    customer.tell(CodeGiven("99999"))
    assert customer.visit.prompt.problem == "fair_unknown_stall"
    customer.until("complained")
    assert customer.visit.outcome.body["stall"] is None


def test_a_scanned_scale_is_named_with_its_stall():
    customer = complaining()
    scale = customer.context.registry.scales[0]
    customer.tell(CodeGiven(f"steelyard:scale:{scale.id}"))
    customer.until("complained")
    assert customer.visit.outcome.body["scale"]["serial"] == scale.serial


def test_what_was_found_to_conform_cannot_be_complained_of_as_short():
    customer = Customer(2000)
    customer.outcome()
    customer.tell(Picked("complain"))
    page = customer.until("complaint_kind")
    assert "short_weight" not in [option.id for option in page.wants.options]
    customer.tell(Picked("short_weight"))
    assert customer.phase == "complaint_kind"
    customer.tell(Picked("refused_recheck"))
    assert customer.phase == "complaint_hold"


def test_back_leads_from_the_complaint_to_the_verdict():
    customer = complaining()
    customer.until("complaint_hold")
    way = []
    for _ in range(3):
        customer.tell(GoBack())
        way.append(customer.phase)
    assert way == ["complaint_kind", "complaint_stall", "judged"]
    assert customer.visit.outcome.kind == "fair_weighing"


def test_a_complaint_that_could_not_be_saved_is_none():
    customer = complaining()
    customer.until("saving_complaint")
    customer.tell(SaveFailed("disk_full"))
    assert isinstance(customer.visit.prompt, NotSaved)
    customer.tell(Saved(77, ""))
    assert customer.phase == "complained"


# ---------------------------------------------------------------------- every state, and power cuts

EVERY = [
    {},
    {"bag": "weighed", "bag_g": 8.0},
    {"bag": "typed", "bag_g": 8.0, "bag_says": "8"},
    {"price": "90"},
    {"kind": "other_food", "price": "90"},
    {"what": "package", "bag": "weighed", "bag_g": 25.0},
    {"paid": "33.60", "unit": "CNY", "price": "16.8", "label": "2212345033602"},
]


def run(restart_at: int | None, **how) -> tuple[Customer, list[str]]:
    """A whole visit with a complaint; the power is cut after so many steps."""
    customer = Customer(1900.0, **how)
    phases = [customer.phase]
    for step in range(2000):
        if customer.phase == "complained":
            return customer, phases
        if customer.phase == "judged":
            customer.tell(Picked("complain"))
        else:
            customer.step()
        if step == restart_at:
            customer.visit = FairWeighing.restore(customer.context, customer.visit.snapshot())
        if customer.phase != phases[-1]:
            phases.append(customer.phase)
    raise AssertionError(f"stuck at {customer.visit.prompt}")


def result_of(customer: Customer) -> tuple:
    body = customer.visit.state.body
    judged = {key: body[key] for key in ("verdict", "reason", "law", "settled", "goods", "bag", "result")}
    return judged, customer.visit.outcome.body["matter"]


@pytest.mark.parametrize("how", EVERY)
def test_a_power_cut_at_any_moment_changes_nothing_of_the_result(how):
    whole, _ = run(None, **how)
    for cut in range(0, 160, 3):
        assert result_of(run(cut, **how)[0]) == result_of(whole)


def test_all_states_are_passed_in_these_visits():
    passed = {phase for how in EVERY for phase in run(None, **how)[1]}
    elsewhere = {"bag_sure", "price_of_500g", "interrupted", "not_saved", "complaint_not_saved", "left"}
    assert passed == {phase.value for phase in FairPhase} - elsewhere


@pytest.mark.parametrize("cut", range(0, 60, 4))
def test_cancel_leads_home_from_everywhere(cut):
    customer = Customer(1900, bag="weighed", bag_g=8)
    for _ in range(cut):
        if customer.phase == "judged":
            break
        customer.step()
    customer.tell(Cancel())
    assert customer.visit.finished


def test_bytes_that_are_no_snapshot_are_refused():
    with pytest.raises(BadSnapshot):
        FairWeighing.restore(context(pan=FINE), b"\x81\xa1x")
    old = Customer(1900).visit.snapshot().replace(b"\xa6format\x01", b"\xa6format\x09")
    with pytest.raises(BadSnapshot):
        FairWeighing.restore(context(pan=FINE), old)


def test_a_visitor_who_types_for_ever_fills_no_record():
    customer = Customer(2000)
    for turn in range(400):
        customer.until("settled")
        customer.tell(FigureTyped("x" * 100, "kg" * 100))
        customer.tell(FigureTyped(f"2.{turn:03}", "kg"))
        customer.tell(GoBack())
    customer.outcome()
    assert len(customer.body["given"]) <= 60
    assert customer.body["given_more"] > 700
    assert len(customer.visit.snapshot()) < 64_000
