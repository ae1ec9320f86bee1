"""The generic page of a procedure, and its outcome, in words and figures.

Rules this file obeys:

* Words are found by the page's key and codes; a code without words shows itself, never nothing.
* A mass is shown as people read it; what is evidence of a display is shown as it stood there.
* The appliance's own figure is in the view only where the page waits for the pan.
"""

from __future__ import annotations

import enum
import re
from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import mass
from kiosk.view.bar import PanView, Tone, pan
from kiosk.view.mass import NBSP
from kiosk.view.pad import MASSES, Unit
from kiosk.view.say import Say

g = messages.page
CONFIRMED = "confirmed"
MOST_OPTIONS = 4
"""Keys of 15 mm that stand above each other; of a longer list one row turns the pages."""
LINES_A_PAGE = 7
BULLET = "·"
"""Label of a fact that is an item of a list: its words have the whole line."""
FACTS_BESIDE = 5
"""Facts that fit beside a question; more of them are the procedure's mistake, and the last ones stay away."""
TONES = {
    messages.Verdict.CONFORMS: Tone.GOOD,
    messages.Verdict.DOES_NOT_CONFORM: Tone.BAD,
    messages.Verdict.UNDECIDED: Tone.WAIT,
    messages.Verdict.CANNOT_JUDGE: Tone.MUTE,
}


class Ask(enum.StrEnum):
    """What stands at the right of the page."""

    KEYS = "keys"
    OPTIONS = "options"
    CONFIRM = "confirm"
    HOLD = "hold"
    PAN = "pan"
    NOTHING = "nothing"
    """A photo is being taken: hands off."""


class OptionView(msgspec.Struct, frozen=True):
    """One key. ``why_not``: words beneath where it cannot be chosen."""

    id: str
    words: str
    why_not: str = ""


class FactView(msgspec.Struct, frozen=True):
    """One line of figures."""

    label: str
    value: str


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``units``: what a figure may be typed in, empty where a code is typed.

    ``pieces``: the weights to draw, ``pieces_words`` the same in words; ``law``: its first line alone.
    """

    title: str
    text: str
    step: str
    number: int
    count: int
    facts: tuple[FactView, ...]
    pieces: tuple[tuple[str, float], ...]
    pieces_words: str
    picture: messages.page.Picture
    problem: str
    law: str
    ask: Ask
    options: tuple[OptionView, ...] = ()
    page: int = 0
    pages: int = 1
    confirm: str = ""
    units: tuple[Unit, ...] = ()
    signed: bool = False
    unit_words: tuple[tuple[Unit, str], ...] = ()
    pan: PanView | None = None
    beside: tuple[OptionView, ...] = ()


class LineView(msgspec.Struct, frozen=True):
    """One line of an outcome: what, its figures, its mark in words, and the verdict that draws it.

    Every figure of the outcome is a line as well.
    """

    label: str
    figures: str
    word: str
    verdict: str


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome. ``verdict``: empty where nothing was judged."""

    verdict: str
    tone: Tone
    word: str
    hint: str
    next_step: str
    facts: tuple[FactView, ...]
    lines: tuple[LineView, ...]
    page: int
    pages: int
    law: str
    caution: str
    entry: str
    slip: str
    slip_words: str
    slip_larger: str
    check_only: str
    beside: tuple[OptionView, ...]
    document: str


def page(prompt: messages.page.Page, at: int, state: messages.State, say: Say) -> PageView:
    """``at``: which part of a long list of options is shown; one beyond the last is the last."""
    wants = prompt.wants
    options = wants.options if isinstance(wants, g.Pick) else ()
    a_page = MOST_OPTIONS if len(options) <= MOST_OPTIONS else MOST_OPTIONS - 1
    pages = max(1, -(-len(options) // a_page))
    at = min(max(at, 0), pages - 1)
    units: tuple[Unit, ...] = ()
    if isinstance(wants, g.Amount):
        units = tuple(Unit(unit) for unit in wants.units if unit in tuple(Unit))
    return PageView(
        title=say(f"page.{prompt.key}_title"),
        text=say(f"page.{prompt.key}_do"),
        step=say("page.progress", number=str(prompt.number), count=str(prompt.count)) if prompt.count else "",
        number=prompt.number,
        count=prompt.count,
        facts=_facts(prompt.facts[:FACTS_BESIDE], say),
        pieces=tuple((mass(piece), float(Decimal(piece))) for piece in prompt.pieces_g),
        pieces_words=" + ".join(mass(piece) for piece in prompt.pieces_g),
        picture=prompt.picture,
        problem=say.code("trouble", prompt.problem) if prompt.problem else "",
        law="" if prompt.law is None else re.split("[;；]", prompt.law.clause_in(say.lang))[0],
        ask=_ask(wants),
        options=tuple(_option(option, say) for option in options[at * a_page :][:a_page]),
        page=at,
        pages=pages,
        confirm=say.code("option", wants.label) if isinstance(wants, g.Confirm) else "",
        units=units,
        signed=isinstance(wants, g.Amount) and wants.signed,
        unit_words=tuple((unit, _unit(unit.value, say)) for unit in units),
        pan=pan(state, say) if isinstance(wants, g.Wait) else None,
        beside=tuple(_option(option, say) for option in prompt.beside),
    )


def outcome(prompt: messages.page.PageJudged, at: int, say: Say) -> OutcomeView:
    """``at``: which part of the lines is shown; one beyond the last is the last."""
    facts = _facts(prompt.facts, say)
    figures = tuple(LineView(fact.label, fact.value, "", "") for fact in facts)
    lines = (*figures, *(_line(line, say) for line in prompt.lines))
    pages = max(1, -(-len(lines) // LINES_A_PAGE))
    at = min(max(at, 0), pages - 1)
    verdict = prompt.verdict
    return OutcomeView(
        verdict="" if verdict is None else verdict.value,
        tone=Tone.MUTE if verdict is None else TONES[verdict],
        word=say(f"page.{prompt.key}_title") if verdict is None else say.code("verdict_short", verdict.value),
        hint=say.code("page_reason", prompt.reason) if prompt.reason else say(f"page.{prompt.key}_do"),
        next_step=say.code("page_next", prompt.next_step) if prompt.next_step else "",
        facts=facts,
        lines=lines[at * LINES_A_PAGE :][:LINES_A_PAGE],
        page=at,
        pages=pages,
        law=_law(prompt.law, say),
        caution=""
        if prompt.law is None or prompt.law.confidence == CONFIRMED or not prompt.law.pack
        else say.code("confidence", prompt.law.confidence or "other"),
        entry=say("verdict_screen.entry", entry=str(prompt.entry)),
        slip=prompt.slip,
        slip_words=say("verdict_screen.slip"),
        slip_larger=say("verdict_screen.slip_larger"),
        check_only=say("verdict_screen.not_verification"),
        beside=tuple(_option(option, say) for option in prompt.beside),
        document=prompt.document,
    )


def takes_mass(view: PageView) -> bool:
    """Whether the unit of a figure is chosen between kilogram and gram."""
    return all(unit in view.units for unit in MASSES)


def _ask(wants: messages.page.Wanted) -> Ask:
    match wants:
        case g.Pick():
            return Ask.OPTIONS
        case g.Confirm(hold=hold):
            return Ask.HOLD if hold else Ask.CONFIRM
        case g.Wait():
            return Ask.PAN
        case g.Shot():
            return Ask.NOTHING
    return Ask.KEYS


def _option(option: messages.page.Option, say: Say) -> OptionView:
    words = option.text or say.code("option", option.label or option.id)
    return OptionView(option.id, words, say.code("option_why_not", option.why_not) if option.why_not else "")


def _facts(facts: tuple[messages.page.Fact, ...], say: Say) -> tuple[FactView, ...]:
    return tuple(FactView(say.code("fact", fact.label), _value(fact, say)) for fact in facts)


def _value(fact: messages.page.Fact, say: Say) -> str:
    if fact.words:
        return say.code("fact_value", fact.value)
    if fact.unit == g.GRAM:
        try:
            return mass(fact.value, signed=fact.value.startswith("+"))
        except ValueError:
            return fact.value
    return f"{fact.value}{NBSP}{_unit(fact.unit, say)}" if fact.unit else fact.value


def _unit(unit: str, say: Say) -> str:
    return say.code("unit", UNITS[unit]) if unit in UNITS else unit


UNITS = {g.YUAN: "yuan", g.YUAN_PER_KG: "yuan_per_kg", g.YUAN_PER_500G: "yuan_per_500g"}
"""Units that are words; those of mass are the same everywhere."""


def _line(line: messages.page.Line, say: Say) -> LineView:
    label = say.code("line", line.label)
    verdicts = {verdict.value for verdict in messages.Verdict}
    word = "" if not line.mark else say.code("line_mark", line.mark)
    if line.mark in verdicts:
        word = say.code("verdict_short", line.mark)
    return LineView(
        label=f"{label} {line.text}".strip(),
        figures=" · ".join(
            [
                *(f"{fact.label} {fact.value}" for fact in _facts(line.facts, say)),
                *([] if line.law is None else [line.law.clause_in(say.lang)]),
            ]
        ),
        word=word,
        verdict=line.mark if line.mark in verdicts else "",
    )


def _law(law: messages.Law | None, say: Say) -> str:
    if law is None or not law.pack:
        return ""
    return say("verdict_screen.law", clause=law.clause_in(say.lang), pack=law.pack, version=law.version)
