"""Every page of a cheating challenge off screen, in three languages: whole, in its box, and to be touched."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from kiosk_core import SLIP, FakeCore, Kiosk, state

from firmware_app.procedures.context import Controlled
from firmware_app.procedures.events import FigureTyped, LineSilent, Picked, ScaleChosen, StallTyped
from firmware_app.service import messages
from tests.procedures.challenger import Bench, Inspector

pytestmark = pytest.mark.screen

TARGET = (78, 84)
LEAD = {"lead_profiles": ("and-st-gs",)}
PIN = ("9", "5", "2", "7")


def pages() -> dict[str, messages.Prompt]:
    """Every page that there is, with the problems and outcomes that change it most."""
    seen: dict[str, messages.Prompt] = {}

    def note(inspector: Inspector, name: str = "") -> None:
        prompt = inspector.visit.prompt
        if isinstance(prompt, messages.page.PageJudged):
            prompt = msgspec.structs.replace(prompt, slip=SLIP)
        if isinstance(prompt, messages.page.Page | messages.page.PageJudged):
            seen.setdefault(name or prompt.key, prompt)

    def visit(name: str, bench: Bench, **changes: object) -> None:
        inspector = Inspector(bench, **changes)
        while not isinstance(inspector.visit.prompt, messages.page.PageJudged):
            prompt = inspector.visit.prompt
            note(inspector)
            if isinstance(prompt, messages.page.Page) and prompt.key == "challenge_key":
                # Each key has words of its own, and they must fit.
                note(inspector, f"{prompt.key}_{prompt.facts[0].value}")
            if isinstance(prompt, messages.page.Page) and prompt.key == "challenge_sequence":
                note(inspector, f"{prompt.key}_{prompt.facts[1].value}")
            inspector.step()
        note(inspector, name)

    visit("judged_keys", Bench("plu_multiplier", (*PIN, "M1")))
    visit("judged_nominal", Bench("nominal_honest"))
    visit("judged_time", Bench("delayed_drop"))
    visit("judged_well", Bench("honest"), **LEAD)

    def at(key: str, **changes: object) -> Inspector:
        inspector = Inspector(Bench("honest"), **changes)
        while getattr(inspector.visit.prompt, "key", "") != key:
            inspector.step()
        return inspector

    for name, key, events in (
        ("not_a_mass", "challenge_goods", [FigureTyped("1", "斤")]),
        ("not_a_multiple", "challenge_goods", [FigureTyped("1.002", "kg")]),
        ("too_light", "challenge_goods", [FigureTyped("0.005", "kg")]),
        ("too_soon", "challenge_hold", [Picked("same")]),
        ("tare", "challenge_key", [Picked("changed"), FigureTyped("0", "g")]),
        ("lead", "challenge_goods", [Picked("from_lead")]),
        ("lead_at_key", "challenge_key", []),
        ("lead_silent", "challenge_goods", [Picked("from_lead"), LineSilent()]),
    ):
        inspector = at(key, **LEAD)
        for event in events:
            inspector.tell(event)
        note(inspector, name)
    for name, changes in (
        ("no_pan", {"pan": None}),
        ("locked", {"controlled": Controlled(state="due", lock="control_due")}),
    ):
        inspector = Inspector(Bench("honest"), **changes)
        inspector.tell(StallTyped("12"))
        inspector.tell(ScaleChosen("TZ-DEMO-0012"))
        note(inspector, name)
    return seen


PAGES = pages()


@pytest.fixture(scope="module", params=["en", "zh", "bo"])
def kiosk(core: FakeCore, request: pytest.FixtureRequest) -> Iterator[Kiosk]:
    core.shown = state(None, 0)
    kiosk = Kiosk(core.run_dir, "--language", request.param)
    yield kiosk
    kiosk.close()


def test_every_question_is_among_them() -> None:
    keys = {prompt.key.removeprefix("challenge_") for prompt in PAGES.values()}
    wanted = (
        "ready goods weights repeat powered power hold key sequence changed clear_pan weigh cannot judged"
    )
    assert keys == set(wanted.split())


def test_every_page_is_whole_and_can_be_touched(core: FakeCore, kiosk: Kiosk) -> None:
    for step, (name, prompt) in enumerate(PAGES.items(), 1):
        core.shown = state(prompt, step)
        seen = kiosk.until_step(step)
        assert seen["outside"] == [], name
        assert not [text for text in seen["overflow"] if text], (name, seen["overflow"])
        assert not [text for text in seen["texts"] if "challenge_" in text or "key_" in text], (
            name,
            seen["texts"],
        )
        for key, (_, _, width, height) in seen["boxes"].items():
            assert width >= TARGET[0] and height >= TARGET[1], f"{name}: {key} is {width}×{height}"
