"""Signing in at the glass: number, PIN as dots, what became of it, the menu, and who vouches."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest
from kiosk_core import PROMPTS, FakeCore, Kiosk, p, short_dir, state

from firmware_app.service import messages
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.link import Condition
from kiosk.view.home import home
from kiosk.view.idle import Times, times
from kiosk.view.route import Aside, Screen, route
from kiosk.view.say import Say
from kiosk.view.sign_in import Asked, menu, sign_in

K, Role = messages.VisitKind, messages.Role
PUBLIC = (K.SELF_CHECK, K.FAIR_WEIGHING)
STAFF = (Role.INSPECTOR, Role.KEEPER)
INSPECTOR = messages.PersonState(number="1001", name="张三", role=Role.INSPECTOR, idle_s=300)
KEEPER = messages.PersonState(number="9001", name="马管理", role=Role.KEEPER, idle_s=300)
DUE = messages.ControlStatus(state="due", weight="w")
EN = Say(Language.shipped(strict=True), "en")
SECRET = "502816"
REFUSED = ("same_person", "not_inspector", "no_visit", "busy", "not_recorded", "people_unreadable")
PHASES = ("wrong", "locked", "never_heard", *REFUSED)


def told(attempt: str, phase: str, left: int = 0, wait_s: int = 0) -> messages.State:
    shown = messages.SignInState(attempt=attempt, phase=phase, left=left, wait_s=wait_s)
    return state(registered=STAFF, may=PUBLIC, control=DUE, sign_in=shown)


def waiting(name: str = "ཚེ་རིང་།") -> messages.State:
    open_ = state(PROMPTS["clear_pan"], registered=STAFF, may=PUBLIC)
    person = messages.Person("1001", Role.INSPECTOR, name)
    return msgspec.structs.replace(open_, visit=msgspec.structs.replace(open_.visit, waits_for=person))


# ------------------------------------------------------------------------------------------------ views


def test_doors_ask_who_is_there_once_somebody_is_registered() -> None:
    view = home(state(registered=STAFF, may=PUBLIC, control=DUE), EN)

    assert [door.kind for door in view.doors] == [K.SELF_CHECK, K.FAIR_WEIGHING, None]
    assert view.doors[2].sign_in and view.keeper.sign_in and view.keeper.kind is None
    assert view.notice == ""


def test_where_nobody_is_registered_the_check_is_open_and_the_notice_says_so() -> None:
    view = home(state(may=(*PUBLIC, K.CONTROL_CHECK), control=DUE), EN)

    assert view.keeper.kind is K.CONTROL_CHECK and not view.doors[2].opens
    assert view.notice == "No keeper is registered here yet."


def test_the_way_follows_from_state_and_what_somebody_looks_at() -> None:
    def screen(shown: messages.State, aside: Aside = Aside.NOWHERE) -> Screen:
        return route(shown, Condition.ANSWERING, aside).screen

    assert screen(state(registered=STAFF)) is Screen.HOME
    assert screen(state(registered=STAFF), Aside.SIGN_IN) is Screen.SIGN_IN
    assert screen(state(person=INSPECTOR)) is Screen.MENU
    assert screen(state(person=INSPECTOR), Aside.PAN_CARD) is Screen.PAN_CARD
    assert screen(waiting()) is Screen.SIGN_IN, "nobody else sees what it asks"
    assert screen(state(p.AskWitness(first="张三"), person=INSPECTOR)) is Screen.SIGN_IN
    assert screen(state(PROMPTS["clear_pan"], person=INSPECTOR)) is Screen.CLEAR_PAN


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("phase", PHASES)
def test_what_became_of_a_pin_is_said_in_words(lang: str, phase: str) -> None:
    say = Say(EN.words, lang)

    view = sign_in(told("a", phase, left=3, wait_s=200 if phase == "locked" else 0), "a", Asked.NUMBER, say)

    assert view.problem
    assert "_" not in view.problem or phase == "never_heard"
    assert view.open is (phase != "locked")
    if phase == "locked":
        assert "4" in view.problem, "200 s are said as 4 minutes"


def test_what_became_of_the_attempt_of_another_screen_is_not_said() -> None:
    assert sign_in(told("theirs", "wrong", 3), "mine", Asked.NUMBER, EN).problem == ""


def test_while_a_pin_is_looked_at_nothing_is_sent() -> None:
    assert not sign_in(told("a", "checking"), "a", Asked.NUMBER, EN).open


def test_the_menu_is_what_this_person_may_and_the_public_may_not() -> None:
    staff = tuple(kind for kind in K if kind not in PUBLIC)

    view = menu(state(person=INSPECTOR, may=tuple(K), control=DUE), EN)
    assert {entry.kind for entry in view.entries} == {*staff, None}
    assert all("_" not in entry.title for entry in view.entries), "every kind has words"
    assert "张三" in view.who

    view = menu(state(person=KEEPER, may=(*PUBLIC, K.CONTROL_CHECK)), EN)
    assert [entry.name for entry in view.entries] == ["pan", "county"], "no control weight is configured"


def test_who_is_signed_in_is_warned_before_the_session_ends() -> None:
    base = Times()
    assert times(base, None) == times(base, state()) == base
    warned = times(base, state(person=INSPECTOR))
    assert warned.until_warning + warned.warning < INSPECTOR.idle_s
    asked = state(screen=messages.ScreenState("zh", 90))
    assert times(base, asked).until_warning == 90


# --------------------------------------------------------------------------------------------- the glass

screen = pytest.mark.screen


@pytest.fixture(scope="module")
def glass() -> Iterator[tuple[FakeCore, Kiosk]]:
    run = short_dir()
    core = FakeCore(run)
    core.start()
    kiosk = Kiosk(run)
    yield core, kiosk
    kiosk.close()
    core.kill()


@pytest.fixture
def at_home(glass: tuple[FakeCore, Kiosk]) -> tuple[FakeCore, Kiosk]:
    core, kiosk = glass
    core.shown = state(person=INSPECTOR, registered=STAFF)
    kiosk.until("menu")
    kiosk.tap("menu.sign_out")
    core.shown = state(registered=STAFF, may=PUBLIC, control=DUE)
    kiosk.until("home")
    return glass


def type_in(kiosk: Kiosk, digits: str) -> None:
    for digit in digits:
        kiosk.tap(f"pad.{digit}")


def sign(core: FakeCore, kiosk: Kiosk, number: str = "1001") -> messages.Command:
    type_in(kiosk, number)
    kiosk.tap("pad.ok")
    type_in(kiosk, SECRET)
    before = len(core.answers())
    kiosk.tap("pad.ok")
    return core.wait_for(before + 1)[-1]


def shown(core: FakeCore, kiosk: Kiosk, now: messages.State) -> dict[str, object]:
    core.shown = now
    time.sleep(0.4)
    return kiosk.screen()


@screen
def test_number_then_pin_as_dots_then_the_menu(at_home: tuple[FakeCore, Kiosk]) -> None:
    core, kiosk = at_home
    kiosk.tap("door.inspector")
    kiosk.until("sign_in")
    type_in(kiosk, "10")
    assert "pad.ok" not in kiosk.screen()["ids"], "two digits are no number"
    type_in(kiosk, "01")
    assert "1001" in kiosk.screen()["texts"]
    kiosk.tap("pad.ok")

    type_in(kiosk, SECRET[:5])
    assert "pad.ok" not in kiosk.screen()["ids"], "five digits are no PIN"
    type_in(kiosk, SECRET[5])
    assert not any(SECRET[:3] in text for text in kiosk.screen()["texts"])
    kiosk.tap("pad.ok")

    command = core.wait_for(1)[-1]
    assert isinstance(command, messages.SignIn) and (command.number, command.pin) == ("1001", SECRET)
    core.shown = state(person=INSPECTOR, may=tuple(K), registered=STAFF, control=DUE)
    kiosk.until("menu")
    before = len(core.answers())
    kiosk.tap("menu.control_check")
    started = core.wait_for(before + 1)[-1]
    assert isinstance(started, messages.StartVisit) and started.kind is K.CONTROL_CHECK


@screen
def test_a_wrong_pin_is_said_and_typed_anew(at_home: tuple[FakeCore, Kiosk]) -> None:
    core, kiosk = at_home
    kiosk.tap("door.keeper")
    kiosk.until("sign_in")
    command = sign(core, kiosk)
    assert isinstance(command, messages.SignIn)

    seen = shown(core, kiosk, told(command.attempt, "wrong", 3))
    assert any("3" in text and len(text) > 8 for text in seen["texts"])
    assert "1001" in seen["texts"] and "pad.ok" in seen["ids"]
    seen = shown(core, kiosk, told(command.attempt, "locked", 0, 200))
    assert "pad.ok" not in seen["ids"]

    kiosk.tap("sign_in.back")
    kiosk.until("home")


@screen
def test_what_was_typed_is_forgotten_on_the_way_back(at_home: tuple[FakeCore, Kiosk]) -> None:
    _, kiosk = at_home
    kiosk.tap("door.inspector")
    type_in(kiosk, "1001")
    kiosk.tap("pad.ok")
    type_in(kiosk, "50")
    kiosk.tap("sign_in.back")
    assert kiosk.screen()["screen"] == "sign_in"
    kiosk.tap("sign_in.back")
    kiosk.until("home")

    kiosk.tap("door.inspector")
    assert "1001" not in kiosk.screen()["texts"]
    kiosk.tap("sign_in.back")


@screen
def test_signing_out_takes_one_touch(at_home: tuple[FakeCore, Kiosk]) -> None:
    core, kiosk = at_home
    shown(core, kiosk, state(person=KEEPER, registered=STAFF))
    before = len(core.answers())

    kiosk.tap("menu.sign_out")

    assert isinstance(core.wait_for(before + 1)[-1], messages.SignOut)


@screen
def test_a_visit_that_waits_shows_nothing_of_itself_and_takes_no_way_out(
    at_home: tuple[FakeCore, Kiosk],
) -> None:
    core, kiosk = at_home
    core.shown = waiting()
    seen = kiosk.until("sign_in")

    assert not {"nav.cancel", "nav.back", "sign_in.back"} & set(seen["ids"])
    assert any("ཚེ་རིང་།" in text for text in seen["texts"])
    assert isinstance(sign(core, kiosk), messages.SignIn)


@screen
def test_a_second_inspector_vouches_on_the_same_screen(at_home: tuple[FakeCore, Kiosk]) -> None:
    core, kiosk = at_home
    core.shown = state(p.AskWitness(first="张三"), person=INSPECTOR, registered=STAFF)
    kiosk.until("sign_in")

    command = sign(core, kiosk, "1002")

    assert isinstance(command, messages.Witness) and command.number == "1002"
    assert "nav.cancel" in kiosk.screen()["ids"]


@screen
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_fits_and_every_key_is_fifteen_millimetres(
    at_home: tuple[FakeCore, Kiosk], lang: str
) -> None:
    core, kiosk = at_home
    kiosk.tap(f"language.{lang}")
    kiosk.tap("door.inspector")
    command = sign(core, kiosk)
    views = [
        *(told(command.attempt, phase, 1, 61 if phase == "locked" else 0) for phase in ("wrong", "locked")),
        *(told(command.attempt, phase) for phase in ("not_recorded", "people_unreadable", "checking")),
        waiting("才让卓玛央金拉姆"),
        state(p.AskWitness(first="才让卓玛央金拉姆"), person=INSPECTOR, registered=STAFF),
        state(person=INSPECTOR, may=tuple(K), registered=STAFF, control=DUE),
        state(person=KEEPER, may=(K.CONTROL_CHECK,), registered=STAFF, control=DUE),
        state(may=tuple(K), control=DUE),
    ]
    for now in views:
        seen = shown(core, kiosk, now)
        assert not seen["overflow"] and not seen["outside"], (lang, now.sign_in, seen["overflow"])
        for name, (_, _, width, height) in seen["boxes"].items():
            assert width >= 78 and height >= 83, (name, width, height)
