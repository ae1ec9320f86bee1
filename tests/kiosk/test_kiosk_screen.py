"""The kiosk off screen: real widgets are pressed by touch, and every screen is walked in three languages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kiosk_core import CARD, PROMPTS, UPLOADER_DEAD, FakeCore, Kiosk, short_dir, state
from PIL import Image, ImageChops

from firmware_app import qr
from firmware_app.service import messages

pytestmark = pytest.mark.screen

p = messages.prompts
e = messages.events
LANGUAGES = ("zh", "bo", "en")
TARGETS = {"800x480": (78, 84), "1024x600": (100, 105), "1280x720": (125, 126)}


@pytest.fixture
def steps(core: FakeCore, kiosk: Kiosk) -> Iterator[Steps]:
    steps = Steps(core, kiosk)
    kiosk.until("home")
    core.heard.clear()
    core.ids.clear()
    yield steps
    core.reply, core.deaf = messages.Ok(), False
    steps.show(None)
    kiosk.until("home")


class Steps:
    """Shows one prompt after another, each as a new step."""

    number = 0

    def __init__(self, core: FakeCore, kiosk: Kiosk) -> None:
        self.core, self.kiosk = core, kiosk

    def show(self, prompt: p.Prompt | None, **changes: object) -> dict[str, object]:
        Steps.number += 1
        self.core.shown = state(prompt, Steps.number, **changes)
        return self.kiosk.until_step(Steps.number if prompt is not None else 0)

    def answered(self) -> list[object]:
        """The answers given to the present step."""
        gave = [one for one in self.core.answers() if isinstance(one, messages.GiveAnswer)]
        assert all((one.visit, one.step) == ("v1", Steps.number) for one in gave)
        return [one.answer for one in gave]


def changes_of(name: str) -> dict[str, object]:
    """The rest of the State as the core would publish it beside that prompt."""
    pan = messages.PanState
    if name.startswith("put_goods"):
        return {"pan": pan(mass_g=None, stable=False, why_not=None, fault=None, hidden=True)}
    if name.startswith("weigh_goods"):
        return {"pan": pan(mass_g="-12345.5", stable=False, why_not="too_short", fault=None)}
    if name.startswith("swap"):
        lies = name.endswith(("_lie", "_other"))
        return {"pan": pan(mass_g="2702.4" if lies else "0.1", stable=lies, why_not=None, fault=None)}
    if name == "interrupted_not_empty":
        fault = messages.Fault.SETTLING
        return {"pan": pan(mass_g=None, stable=False, why_not="not_empty", fault=fault)}
    if name.startswith("interrupted"):
        return {"pan": pan(mass_g=None, stable=False, why_not=None, fault=messages.Fault.FLATLINE)}
    if name == "home":
        return {"parts": UPLOADER_DEAD}
    if name == "clear_pan":
        county = messages.CountyState(
            reachable=False, unsent=1234, last_entry=9999, received=1, problem="no_network"
        )
        return {"county": county, "clock": "unsynchronised"}
    return {}


def assert_sound(seen: dict[str, object], where: str, target: tuple[int, int]) -> None:
    """Nothing cut, nothing beyond the window, every target large enough."""
    assert seen["overflow"] == [], where
    assert seen["outside"] == [], where
    for name, (_, _, width, height) in seen["boxes"].items():
        assert width >= target[0] and height >= target[1], f"{where}: {name} is {width}×{height}"


# ------------------------------------------------------------------------------------------ the walk


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_fits_in_every_language(steps: Steps, kiosk: Kiosk, language: str) -> None:
    kiosk.tap(f"language.{language}")
    for name, prompt in PROMPTS.items():
        seen = steps.show(prompt, **changes_of(name))
        assert_sound(seen, f"{name} {language}", TARGETS["800x480"])
        assert seen["language"] == language
        assert {f"language.{other}" for other in LANGUAGES} <= set(seen["ids"])
        if name.startswith("judged"):
            for key in ("judged.figures", "judged.verdict", "judged.slip"):
                kiosk.tap(key)
                assert_sound(kiosk.screen(), f"{name} {key} {language}", TARGETS["800x480"])
    kiosk.tap("language.en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("card", [None, CARD])
def test_this_pan_tells_its_calibration_and_leads_back(
    steps: Steps, kiosk: Kiosk, language: str, card: messages.CalibrationCard | None
) -> None:
    steps.show(None, calibration=card)
    kiosk.until("home")
    kiosk.tap(f"language.{language}")
    kiosk.tap("door.pan")
    seen = kiosk.until("pan_card")
    assert_sound(seen, f"pan_card {language}", TARGETS["800x480"])
    kiosk.tap("pan_card.back")
    kiosk.until("home")
    kiosk.tap("language.en")


def test_a_visit_comes_before_the_page_of_the_pan(steps: Steps, kiosk: Kiosk) -> None:
    steps.show(None, calibration=CARD)
    kiosk.tap("door.pan")
    kiosk.until("pan_card")
    steps.show(PROMPTS["ask_stall"])
    kiosk.until("ask_stall")
    steps.show(None)
    kiosk.until("home")


@pytest.mark.slow
@pytest.mark.parametrize("size", ["1024x600", "1280x720"])
def test_larger_panels_fit_too(size: str) -> None:
    core = FakeCore(short_dir())
    core.start()
    kiosk = Kiosk(core.run_dir, "--language", "bo", size=size)
    steps = Steps(core, kiosk)
    try:
        for name, prompt in PROMPTS.items():
            assert_sound(steps.show(prompt, **changes_of(name)), f"{name} {size}", TARGETS[size])
    finally:
        kiosk.close()
        core.kill()


# ---------------------------------------------------------------------------------------- the finger


def test_the_door_opens_a_visit(steps: Steps, kiosk: Kiosk, core: FakeCore) -> None:
    kiosk.tap("door.self_check")
    (started,) = core.wait_for(1)
    assert isinstance(started, messages.StartVisit)
    assert started.kind is messages.VisitKind.SELF_CHECK and len(started.visit) == 16


@pytest.mark.parametrize("door", ["door.fair", "door.inspector", "door.keeper"])
def test_a_door_that_is_not_built_cannot_be_tapped(
    steps: Steps, kiosk: Kiosk, core: FakeCore, door: str
) -> None:
    assert not kiosk.ask(do="tap", id=door)["ok"]
    assert core.answers() == []


ANSWERS = [
    ("ask_stall", "pad.0 pad.1 pad.2 pad.ok", e.StallTyped("012")),
    ("ask_stall", "pad.7 pad.8 pad.delete pad.9 pad.ok", e.StallTyped("79")),
    ("choose_scale_two", "scale.1", e.ScaleChosen("TZ-0008")),
    ("choose_scale_five", "page.next page.next page.previous scale.1", e.ScaleChosen("S1")),
    ("choose_way", "way.weights", e.WayChosen(p.Way.WEIGHTS)),
    ("choose_way_one", "way.goods", e.WayChosen(p.Way.GOODS)),
    ("put_weights", "pad.1 pad.dot pad.5 pad.0 pad.0 pad.ok", e.FigureTyped("1.500", "kg")),
    ("put_weights_many", "pad.3 pad.g pad.8 pad.0 pad.0 pad.ok", e.FigureTyped("3800", "g")),
    ("put_goods", "pad.kg pad.dot pad.5 pad.ok", e.FigureTyped("0.5", "kg")),
    ("put_weights_lead", "answer.load_is_on", e.LoadIsOn()),
    ("put_weights_lead", "answer.type_instead", e.TypeInstead()),
    ("put_goods_lead", "nav.back", e.GoBack()),
    ("weigh_goods", "nav.cancel", e.Cancel()),
    ("interrupted", "nav.cancel", e.Cancel()),
]


@pytest.mark.parametrize(("name", "taps", "answer"), ANSWERS, ids=[f"{a}: {b}" for a, b, _ in ANSWERS])
def test_taps_become_answers(
    steps: Steps, kiosk: Kiosk, core: FakeCore, name: str, taps: str, answer: object
) -> None:
    steps.show(PROMPTS[name])
    for tap in taps.split():
        kiosk.tap(tap)
    core.wait_for(1)
    assert steps.answered() == [answer]


@pytest.mark.parametrize(
    ("name", "tap"), [("judged_conforms", "judged.done"), ("not_saved", "not_saved.done")]
)
def test_done_closes_the_visit(steps: Steps, kiosk: Kiosk, core: FakeCore, name: str, tap: str) -> None:
    steps.show(PROMPTS[name])
    kiosk.tap(tap)
    assert core.wait_for(1) == [messages.CloseVisit("v1")]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("ask_stall", ["pad.ok", "pad.delete", "nav.back"]),
        ("put_weights", ["pad.ok", "answer.load_is_on"]),
        ("put_weights_lead", ["pad.1"]),
        ("choose_way_one", ["way.weights"]),
        ("choose_scale_two", ["scale.2", "page.next"]),
        ("judged_conforms", ["nav.back", "nav.cancel"]),
        ("saving", ["nav.back", "nav.cancel"]),
    ],
)
def test_what_would_answer_wrongly_cannot_be_tapped(
    steps: Steps, kiosk: Kiosk, core: FakeCore, name: str, ids: list[str]
) -> None:
    seen = steps.show(PROMPTS[name])
    for automation_id in ids:
        assert automation_id not in seen["ids"]
        assert not kiosk.ask(do="tap", id=automation_id)["ok"]
    assert core.answers() == []


def test_a_new_step_forgets_what_was_typed(steps: Steps, kiosk: Kiosk) -> None:
    steps.show(PROMPTS["put_weights"])
    kiosk.tap("pad.9")
    assert "9\u00a0kg" in kiosk.screen()["texts"]
    seen = steps.show(PROMPTS["put_weights_many"])
    assert "9\u00a0kg" not in seen["texts"] and "pad.ok" not in seen["ids"]


@pytest.mark.parametrize(("name", "digits"), [("ask_stall", 12), ("put_weights", 7)])
def test_all_that_can_be_typed_stands_inside_its_field(
    steps: Steps, kiosk: Kiosk, name: str, digits: int
) -> None:
    steps.show(PROMPTS[name])
    for _ in range(digits + 2):
        kiosk.tap("pad.9")
    seen = kiosk.screen()
    assert any("9" * digits in text for text in seen["texts"])
    assert seen["overflow"] == []


def test_the_language_changes_at_one_touch_in_the_middle_of_typing(steps: Steps, kiosk: Kiosk) -> None:
    steps.show(PROMPTS["put_weights"])
    kiosk.tap("pad.9")
    kiosk.tap("language.zh")
    seen = kiosk.screen()
    assert "9\u00a0kg" in seen["texts"] and seen["language"] == "zh"
    kiosk.tap("language.en")


def test_no_figure_of_the_covered_pan_is_on_the_screen(steps: Steps, kiosk: Kiosk) -> None:
    kiosk.tap("language.en")
    seen = steps.show(PROMPTS["put_goods"], **changes_of("put_goods"))
    assert "hidden" in seen["texts"]
    assert not any(text.startswith("0.000") for text in seen["texts"])


# ------------------------------------------------------------------------------------------ the core


def test_a_deaf_core_is_asked_again_and_no_second_answer_is_taken(
    steps: Steps, kiosk: Kiosk, core: FakeCore
) -> None:
    steps.show(PROMPTS["choose_way"])
    core.deaf = True
    assert kiosk.ask(do="tap", id="way.weights")["ok"]
    until = time.monotonic() + 5
    while len(core.answers()) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert not kiosk.ask(do="tap", id="way.goods")["ok"]
    core.deaf = False
    assert kiosk.ask(do="wait_idle")["ok"]
    sent = {
        request_id
        for request_id, command in zip(core.ids, core.heard, strict=True)
        if isinstance(command, messages.GiveAnswer)
    }
    assert len(sent) == 1 and set(map(str, steps.answered())) == {str(e.WayChosen(p.Way.WEIGHTS))}
    assert "way.goods" in kiosk.screen()["ids"]


def test_a_refusal_is_said_until_the_next_touch(steps: Steps, kiosk: Kiosk, core: FakeCore) -> None:
    core.reply = messages.Refused("busy", "another visit is open on this appliance")
    kiosk.tap("door.self_check")
    refused = kiosk.screen()
    assert any("busy" in text for text in refused["texts"])
    assert_sound(refused, "refused", TARGETS["800x480"])
    kiosk.tap("language.en")
    assert not any("busy" in text for text in kiosk.screen()["texts"])


def test_a_killed_core_is_said_to_be_silent_until_it_is_back(
    steps: Steps, kiosk: Kiosk, core: FakeCore
) -> None:
    steps.show(PROMPTS["put_weights"])
    core.kill()
    seen = kiosk.until("no_core", 6)
    assert seen["ids"] == [f"language.{language}" for language in LANGUAGES]
    assert "Stopped: nothing is judged" in seen["texts"]
    for language in LANGUAGES:
        kiosk.tap(f"language.{language}")
        assert_sound(kiosk.screen(), f"no core {language}", TARGETS["800x480"])
    core.start()
    kiosk.until("put_weights", 6)
    core.heard.clear()
    for tap in ("pad.1", "pad.ok"):
        kiosk.tap(tap)
    core.wait_for(1)
    assert steps.answered() == [e.FigureTyped("1", "kg")]


def test_the_kiosk_says_that_it_lives(kiosk: Kiosk, core: FakeCore) -> None:
    core.heard.clear()
    time.sleep(2.2)
    alive = [one for one in core.heard if isinstance(one, messages.KioskAlive)]
    assert 2 <= len(alive) <= 3


# --------------------------------------------------------------------------------------------- pixels


def test_a_screenshot_is_the_real_picture(steps: Steps, kiosk: Kiosk, tmp_path: Path) -> None:
    pictures = {}
    for language in ("zh", "en"):
        kiosk.tap(f"language.{language}")
        kiosk.shot(tmp_path / f"{language}.png")
        pictures[language] = Image.open(tmp_path / f"{language}.png").convert("RGB")
    assert pictures["zh"].size == (800, 480)
    assert len(pictures["zh"].getcolors(1 << 20)) > 50
    changed = ImageChops.difference(pictures["zh"], pictures["en"]).getbbox()
    assert changed is not None and changed[2] - changed[0] > 400
    # The self-check door is filled with the colour of what may be touched.
    assert pictures["zh"].getpixel((125, 440)) == (11, 74, 111)


@pytest.mark.parametrize("name", ["judged_conforms", "judged_does_not_conform"])
def test_the_code_of_the_slip_is_drawn_module_for_module(
    steps: Steps, kiosk: Kiosk, tmp_path: Path, name: str
) -> None:
    judged = PROMPTS[name]
    seen = steps.show(judged)
    x, y, width, height = seen["boxes"]["judged.slip"]
    kiosk.shot(tmp_path / "judged.png")
    picture = Image.open(tmp_path / "judged.png").convert("L")
    rows = [list(row) for row in qr.modules(judged.slip, "l", boost=True)]
    pixels = int(min(width, height) // (len(rows) + 2 * qr.QUIET_MODULES))
    assert pixels == 4, "0.77 mm a module on this panel"
    side = pixels * len(rows)
    left, top = round(x + (width - side) / 2), round(480 - y - height + (height - side) / 2)
    drawn = [
        [
            int(picture.getpixel((left + pixels * column + 1, top + pixels * row + 1)) < 128)
            for column in range(len(rows))
        ]
        for row in range(len(rows))
    ]
    assert drawn == rows
    quiet = pixels * qr.QUIET_MODULES
    around = picture.crop((left - quiet, top - quiet, left + side + quiet, top - 1))
    assert around.getextrema()[0] > 250, "the quiet zone is white"


# ----------------------------------------------------------------------------------------------- idle


@pytest.fixture
def hasty(core: FakeCore) -> Iterator[tuple[Steps, Kiosk, FakeCore]]:
    core = FakeCore(short_dir())
    core.start()
    kiosk = Kiosk(core.run_dir, "--language", "en", "--idle-s", "2", "--warning-s", "3", "--dark-s", "2")
    yield Steps(core, kiosk), kiosk, core
    kiosk.close()
    core.kill()


def covered(kiosk: Kiosk, cover: str, timeout_s: float = 6.0) -> dict[str, object]:
    end = time.monotonic() + timeout_s
    while (seen := kiosk.screen())["cover"] != cover:
        assert time.monotonic() < end, seen
        time.sleep(0.05)
    return seen


def test_idle_warns_wakes_and_leaves(hasty: tuple[Steps, Kiosk, FakeCore]) -> None:
    steps, kiosk, core = hasty
    steps.show(PROMPTS["choose_way"])
    warned = covered(kiosk, "IdleWarning")
    assert_sound(warned, "warning", TARGETS["800x480"])
    assert not kiosk.ask(do="tap", id="way.goods")["ok"], "covered"
    # The touch that wakes presses nothing, wherever it falls.
    kiosk.tap("idle.stay")
    assert kiosk.screen()["cover"] == "" and core.answers() == []
    covered(kiosk, "IdleWarning")
    core.wait_for(1)
    assert steps.answered() == [e.Cancel()]


def test_the_first_touch_on_a_dark_screen_only_wakes_it(hasty: tuple[Steps, Kiosk, FakeCore]) -> None:
    _, kiosk, core = hasty
    kiosk.until("home")
    dark = covered(kiosk, "Dark")
    assert dark["ids"] == []
    kiosk.tap("glass")
    assert kiosk.screen()["cover"] == "" and core.answers() == []
    kiosk.tap("door.self_check")
    assert len(core.wait_for(1)) == 1
