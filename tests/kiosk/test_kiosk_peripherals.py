"""Scanner and printer on the screen: what a scan came to, and the key that prints the slip."""

from __future__ import annotations

import pytest
from kiosk_core import PROMPTS, FakeCore, Kiosk, short_dir, state

from firmware_app.service import messages
from hardware.printer_contract import Trouble
from hardware.scanner_contract import Refusal
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.view.pad import MAX_DIGITS, Pad, Unit, filled
from kiosk.view.printing import Press, print_key
from kiosk.view.say import Say

p = messages.prompts
WORDS = Language.shipped(strict=True)
SAYS = {lang: Say(WORDS, lang) for lang in LANGUAGES}
READY = messages.PrinterStatus(ready=True)
GOODS = PROMPTS["put_goods"]
SCANS = ("unknown", "not_now", "figure", "price_label", "bad_label", "unknown_label", "no_figure_now")


def job(phase: str, entry: int = 41) -> messages.SlipJob:
    return messages.SlipJob(job=f"{entry}-{phase}", entry=entry, phase=phase)


def status(ready: bool, trouble: str = "", *jobs: messages.SlipJob) -> messages.PrinterStatus:
    return messages.PrinterStatus(ready=ready, trouble=trouble, jobs=jobs)


# ---------------------------------------------------------------------------------------------- views


@pytest.mark.parametrize(
    ("printer", "words", "press"),
    [
        (status(True), "Print the slip", Press.PRINT),
        (status(True, "silent"), "Print the slip", Press.PRINT),
        (status(True, "paper_low"), "Print the slip", Press.PRINT),
        (status(False, "paper_out"), "Printer out of paper", Press.NOTHING),
        (status(False, "cover_open"), "Printer cover open", Press.NOTHING),
        (status(False, "gone"), "Printer not connected", Press.NOTHING),
        (status(False), "Looking for the printer", Press.NOTHING),
        (status(True, "", job("waiting")), "Printing …", Press.NOTHING),
        (status(True, "", job("printing")), "Printing …", Press.NOTHING),
        (
            status(False, "paper_out", job("waiting")),
            "Printer out of paper: waiting. Touch to cancel",
            Press.CANCEL,
        ),
        (status(True, "", job("printed")), "Printed. Touch for a copy", Press.PRINT),
        (status(True, "silent", job("sent")), "Sent to the printer. Touch for a copy", Press.PRINT),
        (status(True, "", job("unsure")), "Is the slip whole? Touch for a copy", Press.PRINT),
        (status(False, "offline", job("printed")), "Printer offline", Press.NOTHING),
        (status(True, "", job("cancelled")), "Print the slip", Press.PRINT),
        (status(True, "", job("failed")), "This slip cannot be printed", Press.NOTHING),
        (status(True, "", job("printed", 40)), "Print the slip", Press.PRINT),
        (status(True, "", job("printed"), job("printing")), "Printing …", Press.NOTHING),
    ],
)
def test_the_key_says_what_it_does_or_why_it_cannot(printer, words, press) -> None:
    key = print_key(printer, 41, SAYS["en"])
    assert key is not None and (key.words, key.press) == (words, press)


def test_without_a_printer_there_is_no_key() -> None:
    assert print_key(None, 41, SAYS["en"]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_and_every_refusal_has_words_of_its_own(language: str) -> None:
    say = SAYS[language]
    for code in [*(str(trouble) for trouble in Trouble), "gone", "stuck"]:
        assert say.code("printer_trouble", code) != unknown(say, "printer_trouble", code)
        if code not in ("silent", "paper_low"):
            assert say.code("part_problem", code) != unknown(say, "part_problem", code)
    for code in [*SCANS, *(str(refusal) for refusal in Refusal)]:
        assert say.code("scan", code) != unknown(say, "scan", code)


def unknown(say: Say, family: str, code: str) -> str:
    """What is said of a code that has no words."""
    return say.code(family, "nonsense").replace("nonsense", code)


@pytest.mark.parametrize(
    ("figure", "unit", "pad"),
    [
        ("1.235", "kg", Pad("1.235", Unit.KG, label=True)),
        ("0.050", "kg", Pad("0.050", Unit.KG, label=True)),
        ("500", "g", Pad("500", Unit.G, label=True)),
        ("", "kg", None),
        ("1.", "kg", None),
        ("-1", "kg", None),
        ("1e3", "kg", None),
        ("1.235", "lb", None),
        ("1.235", "", None),
        ("1" * (MAX_DIGITS + 1), "g", None),
        ("１.２", "kg", None),
    ],
)
def test_a_figure_is_filled_in_only_as_it_could_have_been_typed(figure, unit, pad) -> None:
    assert filled(figure, unit) == pad


@pytest.mark.parametrize(("key", "label"), [("delete", False), ("5", False), ("g", False), ("kg", True)])
def test_a_key_that_changes_the_figure_makes_it_the_persons_own(key, label) -> None:
    assert Pad("1.235", Unit.KG, label=True).press(key).label is label


# --------------------------------------------------------------------------------------------- screen

screen = pytest.mark.screen


class Steps:
    number = 0


def show(core: FakeCore, kiosk: Kiosk, prompt, **changes: object) -> dict[str, object]:
    Steps.number += 1
    core.heard.clear()
    core.shown = state(prompt, Steps.number, **changes)
    return kiosk.until_step(Steps.number if prompt is not None else 0)


def until_said(kiosk: Kiosk, words: str) -> dict[str, object]:
    for _ in range(100):
        seen = kiosk.screen()
        if any(words in text.replace("\n", " ") for text in seen["texts"]):
            return seen
    raise AssertionError(f"{words!r} wanted, said: {seen['texts']}")


@screen
def test_a_touch_prints_and_the_same_key_takes_a_waiting_slip_back(core: FakeCore, kiosk: Kiosk) -> None:
    show(core, kiosk, PROMPTS["judged_conforms"], printer=READY)
    kiosk.tap("judged.print")
    (command,) = core.wait_for(1)
    assert isinstance(command, messages.PrintSlip) and command.entry == 41 and len(command.job) == 16

    show(core, kiosk, PROMPTS["judged_conforms"], printer=status(False, "paper_out", job("waiting")))
    kiosk.tap("judged.print")
    assert core.wait_for(1) == [messages.CancelSlip(41)]


@screen
def test_a_key_that_cannot_print_cannot_be_touched(core: FakeCore, kiosk: Kiosk) -> None:
    seen = show(core, kiosk, PROMPTS["judged_conforms"], printer=status(False, "paper_out"))
    assert "judged.print" not in seen["ids"] and "Printer out of paper" in seen["texts"]
    assert not kiosk.ask(do="tap", id="judged.print")["ok"]


@screen
def test_without_a_printer_the_verdict_is_as_it_was(core: FakeCore, kiosk: Kiosk) -> None:
    seen = show(core, kiosk, PROMPTS["judged_conforms"])
    assert "judged.print" not in seen["ids"]
    assert not any("rint" in text for text in seen["texts"])


@screen
@pytest.mark.parametrize(("keys", "label"), [((), True), (("pad.delete", "pad.5"), False)])
def test_the_figure_of_a_label_is_filled_in_and_entered_by_the_person(
    core: FakeCore, kiosk: Kiosk, keys: tuple[str, ...], label: bool
) -> None:
    scan = messages.SeenScan(at_ns=7 + len(keys), code="figure", figure="1.235", unit="kg")
    show(core, kiosk, GOODS, scan=scan)
    until_said(kiosk, "1.235")
    assert core.answers() == []
    for key in keys:
        kiosk.tap(key)
    kiosk.tap("pad.ok")
    (command,) = core.wait_for(1)
    assert command.answer == messages.events.FigureTyped("1.235", "kg", label)


@screen
def test_what_a_scan_came_to_covers_no_key(core: FakeCore, kiosk: Kiosk) -> None:
    scan = messages.SeenScan(at_ns=18, code="bad_label")
    seen = show(core, kiosk, GOODS, scan=scan)
    seen = until_said(kiosk, "The code was not read rightly.")
    assert {f"pad.{digit}" for digit in "1234567890"} <= set(seen["ids"])
    kiosk.tap("pad.1")


@screen
def test_a_scan_wakes_a_dark_screen(core: FakeCore) -> None:
    core = FakeCore(short_dir())
    core.start()
    kiosk = Kiosk(core.run_dir, "--language", "en", "--dark-s", "1")
    try:
        for _ in range(200):
            if kiosk.screen()["cover"] == "Dark":
                break
        assert kiosk.screen()["cover"] == "Dark"
        core.shown = state(None, scan=messages.SeenScan(at_ns=19, code="unknown"))
        assert until_said(kiosk, "This code is not known here.")["cover"] == ""
    finally:
        kiosk.close()
        core.kill()


@screen
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_in_any_language(core: FakeCore, kiosk: Kiosk, language: str) -> None:
    kiosk.tap(f"language.{language}")
    walked = [
        ("judged_does_not_conform", {"printer": READY}),
        ("judged_conforms", {"printer": status(True, "", job("printed"))}),
        ("judged_conforms", {"printer": status(True, "", job("unsure"))}),
        *(
            ("judged_conforms", {"printer": status(False, code, job("waiting"))})
            for code in ("knife", "cover_open", "feeding", "gone")
        ),
        ("put_goods", {"scan": messages.SeenScan(at_ns=20, code="figure", figure="1.235", unit="kg")}),
        ("ask_stall", {"scan": messages.SeenScan(at_ns=21, code="unknown")}),
        ("weigh_goods", {"scan": messages.SeenScan(at_ns=22, code="not_now")}),
        ("home", {"scan": messages.SeenScan(at_ns=23, code="too_long")}),
        ("home", {"parts": (messages.PartState("printer", "gone"),)}),
        ("ask_stall", {"parts": (messages.PartState("scanner"),)}),
    ]
    for name, changes in walked:
        show(core, kiosk, PROMPTS[name], **changes)
        kiosk.ask(do="wait_idle")
        seen = kiosk.screen()
        assert seen["overflow"] == [] and seen["outside"] == [], (name, changes)
    kiosk.tap("language.en")
