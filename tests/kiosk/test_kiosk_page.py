"""The generic page and its outcome off screen: every kind of answer is pressed by touch."""

from __future__ import annotations

import pytest
from kiosk_core import PAGES, FakeCore, Kiosk, state

from firmware_app.service import messages

pytestmark = pytest.mark.screen

e = messages.events
TARGET = (78, 84)


class Steps:
    """Shows one page after another, each as a new step."""

    number = 0

    def __init__(self, core: FakeCore, kiosk: Kiosk) -> None:
        self.core, self.kiosk = core, kiosk
        core.heard.clear()

    def show(self, name: str) -> dict[str, object]:
        Steps.number += 1
        self.core.shown = state(PAGES[name], Steps.number)
        return self.kiosk.until_step(Steps.number)

    def answers(self) -> list[object]:
        gave = [one for one in self.core.answers() if isinstance(one, messages.GiveAnswer)]
        return [one.answer for one in gave if one.step == Steps.number]


@pytest.fixture
def steps(core: FakeCore, kiosk: Kiosk) -> Steps:
    return Steps(core, kiosk)


@pytest.mark.parametrize("name", PAGES)
def test_every_kind_of_page_is_whole_and_can_be_touched(steps: Steps, name: str) -> None:
    seen = steps.show(name)
    assert seen["outside"] == []
    # The pad's empty OK and the sample words beside three keys are no sentences of ours.
    assert not [text for text in seen["overflow"] if text and "sample" not in text]
    for key, (_, _, width, height) in seen["boxes"].items():
        assert width >= TARGET[0] and height >= TARGET[1], f"{name}: {key} is {width}×{height}"


@pytest.mark.parametrize(
    ("name", "keys", "answer"),
    [
        ("page_amount", ("pad.2", "pad.dot", "pad.5", "pad.ok"), e.FigureTyped("2.5", "kg")),
        ("page_amount", ("pad.g", "pad.7", "pad.ok"), e.FigureTyped("7", "g")),
        ("page_price", ("pad.1", "pad.2", "pad.dot", "pad.5", "pad.ok"), e.FigureTyped("12.5", "CNY/kg")),
        ("page_price", ("option.skip",), e.Picked("skip")),
        ("page_code", ("pad.4", "pad.2", "pad.ok"), e.CodeGiven("42")),
        ("page_pick", ("option.c",), e.Picked("c")),
        ("page_pick", ("option.beside1",), e.Picked("beside1")),
        ("page_pick_many", ("page.next", "page.next", "option.o8"), e.Picked("o8")),
        ("page_confirm", ("page.confirm",), e.Confirmed()),
        ("page_wait", ("option.no_bag",), e.Picked("no_bag")),
        ("page_judged", ("option.complain",), e.Picked("complain")),
        ("page_amount", ("nav.back",), e.GoBack()),
        ("page_pick", ("nav.cancel",), e.Cancel()),
    ],
)
def test_a_touch_is_its_answer(steps: Steps, name: str, keys: tuple[str, ...], answer: object) -> None:
    steps.show(name)
    for key in keys:
        steps.kiosk.tap(key)
    assert steps.answers() == [answer]


def test_what_cannot_be_chosen_says_why_and_takes_no_touch(steps: Steps) -> None:
    seen = steps.show("page_pick")
    assert "option.b" not in seen["ids"]
    assert any("Not possible now" in text for text in seen["texts"])


def test_a_key_to_be_held_does_nothing_at_a_touch_in_passing(steps: Steps) -> None:
    steps.show("page_hold")
    short = steps.kiosk.ask(do="tap", id="page.hold", seconds=0.6)
    assert not short["ok"] and steps.answers() == []
    assert steps.kiosk.ask(do="tap", id="page.hold", seconds=2.4)["ok"]
    assert steps.kiosk.ask(do="wait_idle")["ok"]
    assert steps.answers() == [e.Confirmed()]


def test_the_lines_of_an_outcome_are_turned_over(steps: Steps) -> None:
    steps.show("page_judged_lines")
    steps.kiosk.tap("judged.figures")
    steps.kiosk.tap("page.next")
    steps.kiosk.tap("page.next")
    seen = steps.kiosk.screen()
    assert "sample 11" in seen["texts"] and "sample 0" not in seen["texts"]
    steps.kiosk.tap("judged.verdict")
    steps.kiosk.tap("judged.slip")
    assert "judged.slip_large" in steps.kiosk.screen()["ids"]
