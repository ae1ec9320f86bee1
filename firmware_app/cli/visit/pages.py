"""The generic page and its outcome, in words for the terminal."""

from __future__ import annotations

import msgspec

from firmware_app.cli.visit.told import Choice, Say, Told, Wants
from firmware_app.cli.visit.told import mass_in_words as mass
from firmware_app.procedures import page
from firmware_app.uncertainty.decision import Verdict


def tell_page(say: Say, prompt: page.Page) -> Told:
    """One question with what stands beside it."""
    head = f"[{prompt.number}/{prompt.count}] " if prompt.count else ""
    lines = [head + say(f"page.{prompt.key}_title"), say(f"page.{prompt.key}_do")]
    if prompt.pieces_g:
        lines.append(say("put_weights.pieces", pieces=", ".join(mass(piece) for piece in prompt.pieces_g)))
    lines += [f"  {_fact(say, fact)}" for fact in prompt.facts]
    if prompt.problem:
        lines.append(f"! {say.code('trouble', prompt.problem)}")
    told = Told(lines=tuple(lines), wants=Wants.NOTHING, beside=_options(say, prompt.beside))
    match prompt.wants:
        case page.Pick(options=options):
            return msgspec.structs.replace(told, wants=Wants.PICK, choices=_options(say, options))
        case page.Amount(units=units):
            return msgspec.structs.replace(told, wants=Wants.FIGURE, units=units)
        case page.Code():
            return msgspec.structs.replace(told, wants=Wants.CODE)
        case page.Confirm(label=label):
            done = Choice("done", say.code("option", label))
            return msgspec.structs.replace(told, wants=Wants.CONFIRM, choices=(done,))
    return told


def tell_outcome(say: Say, prompt: page.PageJudged) -> Told:
    """The outcome with all its lines."""
    verdict = prompt.verdict
    title = say(f"page.{prompt.key}_title") if verdict is None else say.code("verdict_short", verdict.value)
    reason = [say.code("page_reason", prompt.reason)] if prompt.reason else []
    facts = [f"  {_fact(say, fact)}" for fact in prompt.facts]
    items = [f"  {_line(say, line)}" for line in prompt.lines]
    step = [say.code("page_next", prompt.next_step)] if prompt.next_step else []
    entry = say("verdict_screen.entry", entry=prompt.entry)
    return Told(
        lines=(title, *reason, *facts, *items, *_law(say, prompt), *step, entry),
        wants=Wants.END,
        beside=_options(say, prompt.beside),
        well=verdict in (None, Verdict.CONFORMS),
    )


def _law(say: Say, prompt: page.PageJudged) -> tuple[str, ...]:
    law = prompt.law
    if law is None or not law.pack:
        return ()
    said = say("verdict_screen.law", clause=law.clause_in(say.language), pack=law.pack, version=law.version)
    return said, say.code("confidence", law.confidence)


def _options(say: Say, options: tuple[page.Option, ...]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            option.id,
            option.text or say.code("option", option.label or option.id),
            say.code("option_why_not", option.why_not) if option.why_not else "",
        )
        for option in options
    )


def _fact(say: Say, fact: page.Fact) -> str:
    value = say.code("fact_value", fact.value) if fact.words else f"{fact.value} {fact.unit}".strip()
    return f"{say.code('fact', fact.label)}: {value}"


def _line(say: Say, line: page.Line) -> str:
    mark = ""
    if line.mark:
        family = "verdict_short" if line.mark in {verdict.value for verdict in Verdict} else "line_mark"
        mark = say.code(family, line.mark)
    cited = () if line.law is None else (line.law.clause_in(say.language),)
    figures = ", ".join([*(_fact(say, fact) for fact in line.facts), *cited])
    named = f"{say.code('line', line.label)} {line.text}".strip()
    return " | ".join(part for part in (named, figures, mark) if part)
