"""What is to be seen to beside a verdict: by which day, and by which line of which pack."""

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest

from firmware_app.procedures.self_check.reminders import reminders
from firmware_app.rules.pack import builtin_packs
from firmware_app.uncertainty.decision import Verdict
from tests.procedures.customer import Customer
from tests.procedures.person import REGISTRY, context

SCALE = next(scale for scale in REGISTRY.scales if scale.id == "TZ-DEMO-0012")
ON = date(2026, 11, 23)


def reminded(on=ON, packs=None, **fields):
    return reminders(context(on=on, packs=packs), msgspec.structs.replace(SCALE, **fields))


@pytest.mark.parametrize(
    ("due", "codes"),
    [
        (date(2026, 11, 22), ["verification_overdue"]),
        (date(2026, 11, 23), ["verification_due"]),
        (date(2026, 12, 22), ["verification_due"]),
        (date(2026, 12, 23), []),
        # JJG 539-2016: normally a year at most; verified today it counts until 2027-11-23
        (date(2027, 11, 23), []),
        (date(2027, 11, 24), ["verification_beyond"]),
        (None, ["verification_unknown"]),
    ],
)
def test_the_verification_is_due_by_the_traders_duty_and_its_day_by_the_longest_period(due, codes) -> None:
    found = reminded(verification_due=due)
    assert [each.code for each in found] == codes
    for each in found:
        assert each.on == ("" if due is None else due.isoformat())
        beyond = each.code == "verification_beyond"
        assert each.law.pack == ("jjg539-2016" if beyond else "order94-2025")
        assert ("period of verification" if beyond else "Order 94") in each.law.clause
        assert each.law.confidence == "secondary" and len(each.law.sha256) == 64


def test_a_seal_and_codes_that_are_missing_are_said_by_the_lists_that_ask_for_them() -> None:
    found = {each.code: each for each in reminded(seal="", repair_code="")}
    assert set(found) == {"seal_missing", "codes_missing"}
    assert found["seal_missing"].law.clause.startswith("JJG 539-2016")
    assert found["codes_missing"].law.pack == "jjf2184-2025"
    assert reminded(price_computing=False, repair_code="") == ()


def test_before_the_order_there_was_no_such_duty_and_none_is_cited() -> None:
    found = reminded(on=date(2025, 2, 28), verification_due=date(2025, 2, 1))
    assert [(each.code, each.law.pack) for each in found] == [("verification_overdue", "")]


def test_without_any_pack_what_the_register_says_is_still_said() -> None:
    found = reminded(packs=(), verification_due=date(2026, 1, 1), seal="")
    assert [(each.code, each.law.pack) for each in found] == [
        ("verification_overdue", ""),
        ("seal_missing", ""),
    ]


# ------------------------------------------------------------------------------------- fair weighing


def test_short_weight_calls_upon_the_organisers_duties_with_their_line() -> None:
    customer = Customer(1900)
    outcome = customer.outcome()
    assert outcome.verdict is Verdict.DOES_NOT_CONFORM
    owed = [line for line in outcome.lines if line.label.startswith("fair_duty_")]
    assert [line.label for line in owed] == ["fair_duty_disputes", "fair_duty_pay_first"]
    assert all("Order 94" in line.law.clause and line.law.confidence == "secondary" for line in owed)
    assert [each["item"] for each in customer.body["duties"]] == ["disputes", "pay_first"]
    pack = next(pack for pack in builtin_packs() if pack.id == "order94-2025")
    assert {each["sha256"] for each in customer.body["duties"]} == {pack.sha256}


def test_a_verdict_that_is_none_against_the_seller_calls_upon_nobody() -> None:
    customer = Customer(1998)
    outcome = customer.outcome()
    assert outcome.verdict is not Verdict.DOES_NOT_CONFORM
    assert not [line for line in outcome.lines if line.label.startswith("fair_duty_")]
    assert customer.body["duties"] == []
    assert D(customer.body["result"]["net_g"]) > 0
