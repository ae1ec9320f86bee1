"""The daily check of the pan on the screen: the quiet door, the lock on the home screen, the chart."""

from __future__ import annotations

import time

import pytest
from kiosk_core import PROMPTS, FakeCore, Kiosk, control_result, state

from firmware_app.service import messages
from firmware_app.weighing.control import Basis, Outcome
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.view.control import control, small
from kiosk.view.home import home
from kiosk.view.plot import Mark
from kiosk.view.say import Say

p = messages.prompts
SAYS = {lang: Say(Language.shipped(strict=True), lang) for lang in LANGUAGES}
EN = SAYS["en"]


def status(state_: str = "in_control", lock: str = "", **changes: object) -> messages.ControlStatus:
    fields: dict[str, object] = {"entry": 3, "at": "2026-11-23T08:00:00+08:00", "weight": "CW-5kg"}
    return messages.ControlStatus(**{"state": state_, "lock": lock, **fields, **changes})


# ------------------------------------------------------------------------------------------- the views


def test_without_a_control_weight_the_quiet_door_leads_nowhere() -> None:
    assert home(state(), EN).keeper.kind is None


@pytest.mark.parametrize(
    ("control_", "words"),
    [
        (status(), "Pan checked"),
        (status("warning"), "Pan checked: watch it"),
        (status("due"), "Pan: check it today"),
        (status("due", "control_due"), "Pan locked: check it"),
        (status("out_of_control", "control_failed"), "Pan locked: check it"),
    ],
)
def test_the_quiet_door_says_how_the_pan_stands(control_: messages.ControlStatus, words: str) -> None:
    keeper = home(state(control=control_), EN).keeper
    assert (keeper.kind, keeper.text) == (messages.VisitKind.CONTROL_CHECK, words)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "lock",
    [
        "control_due",
        "control_failed",
        "control_weight_expired",
        "control_unreadable",
        "control_weight_withdrawn",
        "calibration_weight_withdrawn",
    ],
)
def test_home_shows_the_lock_in_words(lang: str, lock: str) -> None:
    say = SAYS[lang]
    shown = home(state(control=status("due", lock)), say).notice
    assert shown == say(f"control_lock.{lock}")
    assert say.words.has(f"way_why_not.{lock}", lang) and say.words.has(f"reason.{lock}", lang)
    kept = (messages.Role.KEEPER,)
    assert home(state(control=status(), registered=kept), say).notice == ""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_of_a_check_has_words(lang: str) -> None:
    words = SAYS[lang].words
    for family, codes in (
        ("control_outcome", messages.prompts.Outcome),
        ("control_reason", messages.prompts.Reason),
        ("control_next", [step for step in messages.prompts.NextStep if step.value]),
        ("control_state", ["locked", "due", "in_control", "warning"]),
        ("refused", ["no_control_weight", "no_pan", "control_weight_expired", "control_unreadable"]),
    ):
        for code in codes:
            assert words.has(f"{family}.{getattr(code, 'value', code)}", lang), (family, code)


def test_the_chart_holds_every_check_between_its_limits_and_the_moving_average() -> None:
    view = control(PROMPTS["control_judged_again"], EN)
    assert len(view.chart.points) == 30 and view.chart.points[-1].mark is Mark.WRONG
    outer, inner = (
        [line for line in view.chart.limits if not line.inner],
        [line for line in view.chart.limits if line.inner],
    )
    assert len(outer) == 2 and len(inner) == 1
    lower, upper = sorted(line.line[0][1] for line in outer)
    assert lower == -upper < view.chart.points[0].y < upper
    assert view.figures == "5\u00a0kg: +0.07\u00a0g off, limits −0.21\u00a0g to +0.21\u00a0g"


def test_a_first_check_says_that_there_is_no_history_yet() -> None:
    first = p.ControlJudged(
        control_result(Outcome.IN_CONTROL, "within", "", checks=1, basis=Basis.BUDGET), 45
    )
    view = control(first, EN)
    assert "until check 30" in view.basis and not [line for line in view.chart.limits if line.inner]


@pytest.mark.parametrize(("grams", "shown"), [("0.0704", "+0.07"), ("-0.0006", "−0.001"), ("0.0001", "0")])
def test_deviations_are_shown_to_the_milligram(grams: str, shown: str) -> None:
    assert small(grams) == f"{shown}\u00a0g"


# ------------------------------------------------------------------------------------------ the finger


def until_tappable(kiosk: Kiosk, automation_id: str) -> None:
    end = time.monotonic() + 8
    while automation_id not in kiosk.screen()["ids"]:
        assert time.monotonic() < end, f"{automation_id} is not offered"
        time.sleep(0.05)


@pytest.mark.screen
def test_the_keeper_begins_a_check_from_the_home_screen(core: FakeCore, kiosk: Kiosk) -> None:
    core.shown = state(None, control=status("due", "control_due"))
    kiosk.until("home")
    until_tappable(kiosk, "door.keeper")
    core.heard.clear()
    kiosk.tap("door.keeper")
    (started,) = core.wait_for(1)
    assert isinstance(started, messages.StartVisit)
    assert started.kind is messages.VisitKind.CONTROL_CHECK


@pytest.mark.screen
def test_a_check_that_failed_is_repeated_at_one_touch_as_a_visit_of_its_own(
    core: FakeCore, kiosk: Kiosk
) -> None:
    core.shown = state(PROMPTS["control_judged_jump"], 901)
    kiosk.until_step(901)
    core.heard.clear()
    kiosk.tap("control.again")
    assert core.wait_for(1) == [messages.CloseVisit("v1")]
    core.shown = state(None, control=status("out_of_control", "control_failed"))
    _, started = core.wait_for(2)
    assert isinstance(started, messages.StartVisit) and started.visit != "v1"
    assert started.kind is messages.VisitKind.CONTROL_CHECK


@pytest.mark.screen
def test_a_check_that_passed_offers_the_way_home_only(core: FakeCore, kiosk: Kiosk) -> None:
    core.shown = state(PROMPTS["control_judged"], 902)
    seen = kiosk.until_step(902)
    assert "judged.done" in seen["ids"]
    assert not {"control.again", "nav.cancel", "nav.back"} & set(seen["ids"])
    core.heard.clear()
    kiosk.tap("judged.done")
    assert core.wait_for(1) == [messages.CloseVisit("v1")]
    core.shown = state(None)
    kiosk.until("home")
