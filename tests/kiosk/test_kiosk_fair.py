"""Every page of a fair weighing off screen, in three languages: whole, in its box, and to be touched."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from kiosk_core import SLIP, FakeCore, Kiosk, state

from firmware_app.procedures.context import Contacts, Controlled, Pan
from firmware_app.procedures.events import CodeGiven, Confirmed, FigureTyped, Picked
from firmware_app.service import messages
from kiosk.language.catalogue import shipped_table
from tests.procedures.customer import Customer
from tests.procedures.person import context, outlook

pytestmark = pytest.mark.screen

TARGET = (78, 84)
CONTACTS = Contacts(market="0935-3121234")
FINE = Pan(max_g=Decimal(30000), calibration="cal-test-2", outlook=outlook(1e-4))
APPLIANCE = context(pan=FINE, contacts=CONTACTS)


def pages() -> dict[str, messages.Prompt]:
    """Every page that there is, with the problems and outcomes that change it most."""
    seen: dict[str, messages.Prompt] = {}

    def note(customer: Customer, name: str = "") -> None:
        prompt = customer.visit.prompt
        if isinstance(prompt, messages.page.PageJudged):
            prompt = msgspec.structs.replace(prompt, slip=SLIP)
        if isinstance(prompt, messages.page.Page | messages.page.PageJudged):
            seen.setdefault(name or prompt.key, prompt)

    def visit(name: str = "", *, goods: float = 1900, **how: object) -> Customer:
        customer = Customer(goods, on=APPLIANCE, **how)
        while customer.phase != "judged":
            note(customer)
            customer.step()
        note(customer, name)
        return customer

    short = visit("judged_short", bag="weighed", bag_g=8.0, price="90")
    short.tell(Picked("complain"))
    note(short)
    short.tell(CodeGiven("9"))
    note(short, "unknown_stall")
    short.tell(CodeGiven("12"))
    while short.phase != "complained":
        note(short)
        short.step()
    note(short)
    visit("judged_well", goods=1999)
    visit("judged_more", goods=2050)
    visit("judged_disagree", goods=1996, price="90")
    visit("judged_coarse", goods=1996, u=4.0)
    visit("judged_package", goods=480, what="package", paid="500", unit="g", bag="weighed", bag_g=20.0)
    visit("judged_packing", goods=500, what="package", paid="500", unit="g", bag="unknown", bag_g=20.0)
    visit("judged_money", goods=1996, paid="33.60", unit="CNY", price="16.8", label="2300042033609")
    visit("judged_typed", goods=1998, bag="typed", bag_says="50")
    visit("judged_outside", goods=26000, kind="low", paid="26", price=None)
    visit(goods=2000, kind="other_food", price="20")
    locked = Customer(2000, on=context(pan=FINE, controlled=Controlled(state="due", lock="control_due")))
    note(locked, "locked")
    typing = Customer(2000, price="12", on=APPLIANCE)
    typing.until("settled")
    typing.tell(FigureTyped("2", "斤"))
    note(typing, "market_unit")
    typing.until("price")
    typing.tell(Picked("per_500g"))
    note(typing)
    for name, phase, weight in (("too_light", "put_goods", 900.0), ("other_goods", "put_again", 1850.0)):
        wrong = Customer(1900, on=APPLIANCE)
        wrong.until(phase)
        for _ in range(30):
            wrong.weigh(weight)
        note(wrong, name)
    drips = Customer(2000, on=APPLIANCE)
    drips.until("put_goods")
    for _ in range(250):
        drips.weigh(2000, stable=False)
    note(drips, "unrest")
    for goods, how in ((1994, {}), (1964, {"what": "package"})):
        doubtful = Customer(goods, bag="weighed", bag_g=8.0, on=APPLIANCE, **how)
        doubtful.until("put_bag")
        doubtful.tell(Confirmed())
        for _ in range(15):
            doubtful.weigh(0.02)
        note(doubtful, f"nothing_felt_{goods}")
        doubtful.until("bag_sure")
        note(doubtful)
    return seen


PAGES = pages()


@pytest.fixture(scope="module", params=["en", "zh", "bo"])
def kiosk(core: FakeCore, request: pytest.FixtureRequest) -> Iterator[Kiosk]:
    core.shown = state(None, 0)
    kiosk = Kiosk(core.run_dir, "--language", request.param)
    yield kiosk
    kiosk.close()


def test_every_question_is_among_them() -> None:
    titled = {key for key in shipped_table("en") if key.startswith("page.fair_") and key.endswith("_title")}
    assert {f"page.{prompt.key}_title" for prompt in PAGES.values()} == titled


def test_every_page_is_whole_and_can_be_touched(core: FakeCore, kiosk: Kiosk) -> None:
    for step, (name, prompt) in enumerate(PAGES.items(), 1):
        core.shown = state(prompt, step)
        seen = kiosk.until_step(step)
        assert seen["outside"] == [], name
        assert not [text for text in seen["overflow"] if text], (name, seen["overflow"])
        assert not [text for text in seen["texts"] if "fair_" in text], (name, "a code without words")
        for key, (_, _, width, height) in seen["boxes"].items():
            assert width >= TARGET[0] and height >= TARGET[1], f"{name}: {key} is {width}×{height}"
