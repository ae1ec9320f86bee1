"""The keeper's pages about the county: the USB stick at the glass, and what came down from the county."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from kiosk_core import FakeCore, Kiosk, short_dir, state

from firmware_app.service import messages
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.link import Condition
from kiosk.view.bar import Tone
from kiosk.view.county import MOST_FILES, county
from kiosk.view.route import Aside, Screen, route
from kiosk.view.say import Say
from kiosk.view.sign_in import menu
from kiosk.view.stick import stick

Role, Task = messages.Role, messages.StickTask
KEEPER = messages.PersonState(number="9001", name="马管理", role=Role.KEEPER, idle_s=300)
INSPECTOR = messages.PersonState(number="1001", name="张三", role=Role.INSPECTOR, idle_s=300)
WORDS = Language.shipped(strict=True)
EN = Say(WORDS, "en")
CODES = (
    "no_stick", "several", "full", "locked", "gone", "forgets", "hangs", "nothing", "damaged", "link",
    "broken", "bad_receipt", "log_inconsistent", "busy", "not_enrolled", "disk_full", "uploader_silent",
)  # fmt: skip
WAITS = messages.CountyState(
    reachable=False, unsent=105, last_entry=1205, received=1100, problem="no_network"
)


def at(sticks: int | None = 1, person: messages.PersonState = KEEPER, **changes: object) -> messages.State:
    files = changes.pop("files", ())
    told = messages.StickState(sticks=sticks, **changes)
    return state(person=person, registered=(Role.KEEPER,), county=WAITS, stick=told, files=files)


def ended(
    task: messages.StickTask, attempt: str = "mine", sticks: int = 1, **result: object
) -> messages.State:
    return at(sticks, attempt=attempt, task=task, result=messages.StickResult(**result))


FILES = (
    messages.FileState(name="inspectors", version=3, at="2026-11-02T08:00:00+08:00"),
    messages.FileState(name="registry", version=7, at="2026-11-20T08:00:00+08:00", waits=True),
    messages.FileState(name="rules-jjg539-2016", version=2, at="2026-10-01T08:00:00+08:00", damaged=True),
    messages.FileState(name="weights", version=4, at="2026-09-30T08:00:00+08:00", refused=5, why="TOML"),
)

# ------------------------------------------------------------------------------------------------ views


@pytest.mark.parametrize(("sticks", "open_"), [(None, False), (0, False), (1, True), (2, False)])
def test_only_with_one_stick_in_may_anything_be_done(sticks, open_):
    view = stick(at(sticks), "", EN)

    assert view.open is open_
    assert view.lines == ("105 entries have not been confirmed by the county.",)
    assert view.share is None


def test_while_it_works_it_says_how_far_it_is_and_takes_no_other_wish():
    view = stick(at(attempt="other", task=Task.WRITE, done=600, of=1200), "", EN)

    assert (view.banner, view.share, view.open) == ("Writing: 600 of 1200", 0.5, False)
    assert view.lines == ("Leave the stick in.",)


def test_what_was_written_is_said_with_what_to_do_next():
    view = stick(ended(Task.WRITE, first=1100, last=1205, new=105), "mine", EN)

    assert view.banner == "105 entries are on the stick."
    assert view.lines == ("Take the stick out and carry it to the county. Then bring it back here.",)
    assert view.tone is Tone.GOOD


def test_what_came_back_is_said_by_name_and_what_was_refused_too():
    view = stick(
        ended(Task.READ, before=1100, received=1205, taken=("registry", "rules-a"), refused=("weights",)),
        "mine",
        EN,
    )

    assert view.banner == "Could not be used here: Reference weights. See “The county”."
    assert view.lines[0] == "The county has everything up to entry 1205."
    assert view.lines[1] == "New: Stalls and scales, Law: a."
    assert "quarter of an hour" in view.lines[2]
    assert view.tone is Tone.WAIT
    assert stick(ended(Task.READ, before=9, received=9), "mine", EN).banner.startswith("Nothing new")
    only_files = stick(ended(Task.READ, taken=("inspectors",)), "mine", EN)
    assert only_files.banner == "New: Inspectors."


def test_what_came_of_another_attempt_is_not_said():
    view = stick(ended(Task.WRITE, attempt="theirs", new=5), "mine", EN)

    assert view.banner == "A USB stick is in." and view.open


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_why_it_failed_is_said_in_words(lang, code):
    view = stick(ended(Task.READ, code=code), "mine", Say(WORDS, lang))

    assert view.tone is Tone.BAD
    assert "_" not in view.lines[0] and code not in view.lines[0].split()


def test_only_a_keeper_has_the_two_pages():
    def names(person: messages.PersonState, **changes: object) -> list[str]:
        shown = msgspec.structs.replace(at(person=person), **changes)
        return [entry.name for entry in menu(shown, EN).entries]

    assert names(KEEPER) == ["pan", "county", "stick"]
    assert names(KEEPER, stick=None) == ["pan", "county"], "no directory for sticks is configured"
    assert names(INSPECTOR) == ["pan"]
    for aside, screen in ((Aside.STICK, Screen.STICK), (Aside.COUNTY, Screen.COUNTY)):
        assert route(at(), Condition.ANSWERING, aside).screen is screen
        assert route(at(person=INSPECTOR), Condition.ANSWERING, aside).screen is Screen.MENU
        nobody = msgspec.structs.replace(at(), person=None)
        assert route(nobody, Condition.ANSWERING, aside).screen is Screen.HOME


def test_nobody_is_sent_home_while_the_stick_is_written():
    assert route(at(attempt="a", task=Task.WRITE), Condition.ANSWERING, Aside.STICK).held
    assert not route(ended(Task.WRITE), Condition.ANSWERING, Aside.STICK).held


def test_the_page_of_the_county_says_what_wants_looking_at_first():
    view = county(at(files=FILES), EN)

    assert view.delivery == "105 entries wait. The county has everything up to 1100."
    assert [each.name for each in view.files] == [
        "Law: jjg539-2016", "Reference weights", "Inspectors", "Stalls and scales",
    ]  # fmt: skip
    assert [each.tone for each in view.files] == [Tone.WAIT, Tone.WAIT, Tone.GOOD, Tone.MUTE]
    assert "in use after a start" in view.files[3].words
    assert county(at(), EN).none
    many = tuple(messages.FileState(name=f"rules-{n}", version=1) for n in range(9))
    assert county(at(files=many), EN).more == f"… and {9 - MOST_FILES} more."


# ----------------------------------------------------------------------------------------- the real screen

screen = pytest.mark.screen


@pytest.fixture(scope="module")
def glass() -> Iterator[tuple[FakeCore, Kiosk]]:
    run = short_dir()
    core = FakeCore(run)
    core.start()
    kiosk = Kiosk(run, "--language", "en")
    yield core, kiosk
    kiosk.close()
    core.kill()


@screen
def test_a_keeper_writes_the_record_onto_a_stick_and_brings_back_what_the_county_gave(glass):
    core, kiosk = glass
    core.shown = at(0)
    kiosk.until("menu")
    kiosk.tap("menu.stick")
    kiosk.until("stick")
    refused = kiosk.ask(do="tap", id="stick.write")
    assert not refused["ok"], "no stick is in"

    for task, key in ((Task.WRITE, "stick.write"), (Task.READ, "stick.read")):
        core.shown = at(1)
        kiosk.until("stick")
        before = len(core.answers())
        while not kiosk.ask(do="tap", id=key)["ok"]:
            pass
        (wish,) = core.wait_for(before + 1)[before:]
        assert isinstance(wish, messages.CarryByStick) and wish.task is task
        core.shown = at(1, attempt=wish.attempt, task=task, done=3, of=9)
        assert not kiosk.ask(do="tap", id="stick.write")["ok"], "one thing at a time"
        result = messages.StickResult(new=9, before=1, received=9)
        core.shown = at(1, attempt=wish.attempt, task=task, result=result)
    kiosk.tap("pan_card.back")
    kiosk.until("menu")
    kiosk.tap("menu.county")
    kiosk.until("county")
    core.shown = msgspec.structs.replace(at(1), person=None)
    kiosk.until("home")
    core.shown = at(1)
    kiosk.until("menu")


def test_what_the_door_answers_has_words():
    for code in ("stick_busy", "no_sticks"):
        assert WORDS.has(f"refused.{code}")
