"""Fair weighing judges as the law does: the acceptance cases, led through the whole visit."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from firmware_app.procedures.context import Controlled, Pan, Surroundings
from firmware_app.uncertainty.decision import Verdict
from tests.procedures.customer import FINE, Customer
from tests.procedures.person import context, outlook

# A12 of the fact sheet: bands and limits of annex 1 (FairScale tests; limits in two or more sources).
ANNEX_1 = [
    ("low", 1000, "20"),
    ("low", 1001, "40"),
    ("low", 2000, "40"),
    ("low", 2001, "80"),
    ("low", 4000, "80"),
    ("low", 4001, "100"),
    ("low", 25000, "100"),
    ("mid", 2500, "5"),
    ("mid", 2600, "10"),
    ("mid", 10000, "10"),
    ("mid", 10600, "15"),
    ("high", 1000, "2"),
    ("high", 1500, "4"),
    ("high", 4000, "4"),
    ("high", 4500, "6"),
]


@pytest.mark.parametrize(("kind", "paid", "limit"), ANNEX_1)
def test_the_permitted_deviation_is_that_of_annex_1(kind, paid, limit):
    customer = Customer(paid, str(paid), "g", kind=kind, price=None)

    assert customer.outcome().verdict is Verdict.CONFORMS
    assert customer.body["result"]["deviation_g"] == limit
    assert "Order 66" in customer.body["law"]["clause"]


@pytest.mark.parametrize(("paid", "limit"), [("500", "1"), ("750", "2"), ("2000", "2"), ("2500", "3")])
def test_food_above_100_yuan_is_judged_by_its_price(paid, limit):
    customer = Customer(float(paid), paid, "g", kind="other_food", price="120", u=0.05)

    assert customer.outcome().verdict is Verdict.CONFORMS
    assert customer.body["result"]["deviation_g"] == limit


@dataclass
class Sale:
    kind: str
    paid: str
    net: float
    u: float
    verdict: Verdict
    method: int
    reason: str


SALES = [
    # A12: mid, settled 2 kg, actual 1.95 kg, method 2: 50 g > 5 g, short.
    Sale("mid", "2000", 1950, 0.1, Verdict.DOES_NOT_CONFORM, 2, "short"),
    # A12: low, 4.5 kg against 4.39 kg: by method 2 short (110 > 100), by method 3 not over (110 <= 200).
    Sale("low", "4500", 4390, 1.0, Verdict.DOES_NOT_CONFORM, 2, "short"),
    Sale("low", "4500", 4390, 20.0, Verdict.CONFORMS, 3, "doubled_limit"),
    # A12: 2 kg against 2.05 kg: the customer gained.
    Sale("mid", "2000", 2050, 0.1, Verdict.CONFORMS, 2, ""),
    # A limit is inclusive, and nobody is accused within U of it.
    Sale("low", "1000", 980, 0.0, Verdict.CONFORMS, 2, ""),
    Sale("low", "1000", 979, 1.0, Verdict.UNDECIDED, 2, "near_limit"),
    # Too coarse for everything.
    Sale("mid", "2000", 1950, 5.0, Verdict.CANNOT_JUDGE, 2, "not_fine_enough"),
    # By method 3 the reference must still be three times as fine as the doubled limit.
    Sale("mid", "2000", 1950, 2.0, Verdict.CANNOT_JUDGE, 2, "not_fine_enough"),
]


@pytest.mark.parametrize("sale", SALES)
def test_a_sale_is_judged_by_the_method_that_the_pan_is_good_enough_for(sale):
    customer = Customer(sale.net, sale.paid, "g", kind=sale.kind, price=None, u=sale.u)
    customer.empty_g = 0.0

    outcome = customer.outcome()

    assert (outcome.verdict, customer.body["reason"]) == (sale.verdict, sale.reason)
    assert customer.body["law"]["method"] == sale.method


def test_above_the_table_nothing_is_judged():
    # A12 (derived): 26 kg of vegetables.
    customer = Customer(26000, "26", "kg", kind="low", price=None, u=1.0)

    outcome = customer.outcome()

    assert (outcome.verdict, outcome.reason) == (Verdict.CANNOT_JUDGE, "fair_outside_table")
    assert customer.body["result"]["limit_g"] == ""
    assert outcome.next_step == "fair_ask_market"


@pytest.mark.parametrize(
    ("price", "paid", "net", "kind", "refund", "damages"),
    [
        # A12 (published): 12 yuan/kg x 3 kg against 2.7 kg; 96 yuan/kg x 2 kg against 1.95 kg.
        ("12", "3", 2700, "mid", "3.60", "500.00"),
        ("96", "2", 1950, "high", "4.80", "576.00"),
    ],
)
def test_compensation_is_information_beside_a_shortage(price, paid, net, kind, refund, damages):
    customer = Customer(net, paid, "kg", kind=kind, price=price)
    customer.empty_g = 0.0

    outcome = customer.outcome()

    assert outcome.verdict is Verdict.DOES_NOT_CONFORM
    told = customer.body["information"]
    assert (told["refund_yuan"], told["damages_yuan"]) == (refund, damages)
    assert "art. 55" in told["clause"]
    (line,) = (line for line in outcome.lines if line.label == "fair_refund")
    assert [fact.value for fact in line.facts] == [refund]


def test_without_a_shortage_or_a_price_there_is_no_compensation():
    for customer in (Customer(2000, price="12"), Customer(1900, price=None)):
        customer.outcome()
        assert customer.body["information"] == {}


# ---------------------------------------------------------------------------------- packages (A13)


@pytest.mark.parametrize(
    ("nominal", "tolerable"),
    [
        ("50", "4.5"),
        ("101", "4.5"),
        ("150", "6.8"),
        ("301", "9.0"),
        ("350", "10.5"),
        ("1000", "15.0"),
        ("1001", "15"),
        ("2500", "38"),
        ("25000", "250"),
    ],
)
def test_a_package_is_judged_by_the_tolerable_deficiency_of_what_it_names(nominal, tolerable):
    # A13 of the fact sheet (Order 75 annex 3; two sources or more).
    within, beyond = float(nominal) - float(tolerable) + 0.3, float(nominal) - float(tolerable) - 0.3

    for net, verdict in ((within, Verdict.CONFORMS), (beyond, Verdict.DOES_NOT_CONFORM)):
        customer = Customer(net, nominal, "g", what="package", u=0.01)
        assert customer.outcome().verdict is verdict
        assert Decimal(customer.body["result"]["limit_g"]) == Decimal(tolerable)


def test_a_package_short_by_more_than_twice_is_said_to_be():
    customer = Customer(960, "1", "kg", what="package")

    assert customer.outcome().verdict is Verdict.DOES_NOT_CONFORM
    assert customer.body["result"]["times_tolerable"] == 2


@pytest.mark.parametrize(
    ("bag", "net", "verdict", "reason"),
    [
        ("weighed", 500, Verdict.CONFORMS, ""),
        ("weighed", 480, Verdict.DOES_NOT_CONFORM, "short"),
        # Of an unknown packing nothing is taken off: content and packing together are 15 g short already.
        ("unknown", 440, Verdict.DOES_NOT_CONFORM, "short"),
        ("unknown", 500, Verdict.CANNOT_JUDGE, "bag_unknown"),
        ("unknown", 470, Verdict.CANNOT_JUDGE, "bag_unknown"),
    ],
)
def test_a_package_is_weighed_without_its_packing(bag, net, verdict, reason):
    customer = Customer(net, "500", "g", what="package", bag=bag, bag_g=25)

    outcome = customer.outcome()

    assert (outcome.verdict, customer.body["reason"]) == (verdict, reason)
    if reason == "bag_unknown":
        assert outcome.next_step == "fair_weigh_bag"


def test_a_package_larger_than_the_table_is_not_judged():
    customer = Customer(
        60000, "60", "kg", what="package", on=context(pan=Pan(max_g=Decimal(80000), calibration="c"))
    )

    assert customer.outcome().reason == "fair_outside_table"


# ----------------------------------------------------------------------------- kind against price


def test_a_kind_and_a_price_of_different_bands_are_asked_about_and_both_are_shown():
    customer = Customer(1996, price="90")

    page = customer.until("band")

    limits = {fact.label: fact.value for fact in page.facts}
    assert (limits["fair_by_kind"], limits["fair_by_price"]) == ("5", "4")
    assert [option.id for option in page.wants.options] == ["by_kind", "by_price", "both"]
    assert page.law is not None
    assert page.blind


@pytest.mark.parametrize(
    ("band", "net", "verdict", "reason"),
    [
        ("by_kind", 1995.5, Verdict.CONFORMS, ""),
        ("by_price", 1995.5, Verdict.DOES_NOT_CONFORM, "short"),
        ("both", 1995.5, Verdict.CANNOT_JUDGE, "bands_disagree"),
        ("both", 1999, Verdict.CONFORMS, ""),
        ("both", 1900, Verdict.DOES_NOT_CONFORM, "short"),
    ],
)
def test_only_a_common_answer_of_two_bands_is_an_answer(band, net, verdict, reason):
    customer = Customer(net, price="90", band=band, u=0.05)
    customer.empty_g = 0.0

    outcome = customer.outcome()

    assert (outcome.verdict, customer.body["reason"]) == (verdict, reason)
    if band == "both":
        assert {each["band"] for each in customer.body["result"]["by_band"]} == {"mid", "high"}


def test_a_price_that_agrees_with_the_kind_asks_nothing_more():
    customer = Customer(2000, price="12")
    customer.outcome()
    assert "fair_band" not in customer.keys


# -------------------------------------------------------------------------------- nothing is judged


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("excluded", "excluded"), ("not_food", "not_covered"), ("precious", "not_fine_enough")],
)
def test_goods_that_the_table_does_not_judge_are_weighed_for_information(kind, reason):
    customer = Customer(
        30 if kind == "precious" else 2000, "50" if kind == "precious" else "2000", "g", kind=kind
    )

    outcome = customer.outcome() if kind != "precious" else _insisting(customer)

    assert (outcome.verdict, customer.body["reason"]) == (Verdict.CANNOT_JUDGE, reason)
    assert customer.body["result"]["net_g"]
    assert "fair_price" not in customer.keys


def _insisting(customer):
    """Goods much lighter than what was paid for lie there until they are taken all the same."""
    return customer.until("judged", steps=1000)


def test_without_a_pack_nothing_can_be_begun():
    customer = Customer(2000, on=context(pan=FINE, on=date(1999, 1, 1)))

    options = customer.visit.prompt.wants.options

    assert [option.why_not for option in options] == ["fair_no_rules", "fair_no_rules"]
    customer.step()
    assert customer.phase == "ask_what"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pan": None}, "fair_no_pan"),
        ({"controlled": Controlled(state="due", lock="control_due")}, "fair_control_due"),
        ({"surroundings": Surroundings(on_s=60, warm_up_s=900)}, "fair_not_warm"),
        ({"surroundings": Surroundings(level=False)}, "fair_not_level"),
        ({"surroundings": Surroundings(temperature_c=-20)}, "fair_outside_temperature"),
    ],
)
def test_a_pan_that_may_not_judge_is_said_before_anything_is_asked(changes, why):
    customer = Customer(2000, on=context(**{"pan": FINE, **changes}))

    assert {option.why_not for option in customer.visit.prompt.wants.options} == {why}
    customer.step()
    assert customer.phase == "ask_what"


def test_a_pan_that_becomes_unfit_on_the_way_judges_nothing():
    customer = Customer(1900)
    customer.until("put_goods")
    for _ in range(20):
        customer.weigh(1900, unfit="the load cell is noisy")

    prompt = customer.until("judged")

    assert (prompt.verdict, prompt.reason) == (Verdict.CANNOT_JUDGE, "fair_pan_unfit")
    assert prompt.next_step == "fair_call_keeper"
    assert customer.body["pan"]["unfit"] == "the load cell is noisy"


def test_a_coarse_pan_names_the_lawful_ways_that_remain():
    customer = Customer(1996, u=4.0)

    outcome = customer.outcome()

    assert outcome.next_step == "fair_other_ways"
    ways = [line.label for line in outcome.lines if line.mark == "fair_way_open"]
    assert ways == ["fair_method_1", "fair_method_2"]


@pytest.mark.parametrize(
    ("span_u", "how", "serves"),
    [
        (1e-4, {}, "fair_pan_finer"),
        (8e-4, {"kind": "low"}, "fair_pan_finer"),
        (8e-4, {}, "fair_pan_equal"),
        (5e-3, {}, "fair_pan_coarse"),
        (1e-3, {"what": "package"}, "fair_pan_finer"),
        (5e-3, {"what": "package"}, "fair_pan_coarse"),
    ],
)
def test_before_the_goods_lie_there_the_screen_says_whether_the_pan_will_be_fine_enough(span_u, how, serves):
    pan = Pan(max_g=Decimal(20000), calibration="cal-test-2", outlook=outlook(span_u))
    customer = Customer(2000, price=None, on=context(pan=pan), **how)

    page = customer.until("put_goods")

    assert [fact.value for fact in page.facts if fact.label == "fair_pan_serves"] == [serves]
