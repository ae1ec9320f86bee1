"""The verdict: one word, what to do next, every load with its figures, and the law that was used."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.view.bar import Tone
from kiosk.view.corridor import CorridorView, corridor
from kiosk.view.mass import NBSP, doubt, like_scale, limit, signed
from kiosk.view.mass import load as load_text
from kiosk.view.say import Say

CONFIRMED = "confirmed"
LOADS_A_PAGE = 6


class Row(msgspec.Struct, frozen=True):
    """One load of the table, as text."""

    load: str
    indication: str
    error: str
    doubt: str
    limits: str
    verdict: messages.Verdict
    word: str


class VerdictView(msgspec.Struct, frozen=True):
    verdict: messages.Verdict
    tone: Tone
    word: str
    hint: str
    next_step: str
    scale: str
    entry: str
    slip: str
    slip_words: str
    slip_larger: str
    """Said instead where the code is too small to be read."""
    corridor: CorridorView
    band_initial: str
    band_service: str
    heads: tuple[str, str, str, str, str, str]
    rows: tuple[Row, ...]
    first: int
    page: int
    pages: int
    law: str
    check_only: str
    caution: str
    """Empty only where the clause is confirmed from the official text."""


_TONES = {
    messages.Verdict.CONFORMS: Tone.GOOD,
    messages.Verdict.DOES_NOT_CONFORM: Tone.BAD,
    messages.Verdict.UNDECIDED: Tone.WAIT,
    messages.Verdict.CANNOT_JUDGE: Tone.MUTE,
}


def judged(prompt: messages.prompts.Judged, page: int, say: Say) -> VerdictView:
    """``page``: of the table of loads; a page beyond the last is the last."""
    result, law = prompt.result, prompt.result.law
    code = result.verdict.value
    pages = max(1, -(-len(result.loads) // LOADS_A_PAGE))
    page = min(max(page, 0), pages - 1)
    first = page * LOADS_A_PAGE
    loads = sorted(result.loads, key=lambda load: load.number)[first : first + LOADS_A_PAGE]
    bands = f"{say('verdict_screen.initial')} / {say('verdict_screen.in_service')}"
    return VerdictView(
        verdict=result.verdict,
        tone=_TONES[result.verdict],
        word=say.code("verdict_short", code),
        hint=_hint(result, say),
        next_step=_next(result, say),
        scale=f"{result.scale.maker} {result.scale.model} {result.scale.serial}".strip(),
        entry=say("verdict_screen.entry", entry=str(prompt.entry)),
        slip=prompt.slip,
        slip_words=say("verdict_screen.slip"),
        slip_larger=say("verdict_screen.slip_larger"),
        corridor=corridor(result.loads),
        band_initial=say("verdict_screen.initial"),
        band_service=say("verdict_screen.in_service"),
        heads=(
            say("verdict_screen.load"),
            say("verdict_screen.shown"),
            say("verdict_screen.error"),
            f"U{NBSP}(k{NBSP}={NBSP}2)",
            f"{say('verdict_screen.limit')}\n{bands}",
            say("verdict_screen.judged"),
        ),
        rows=tuple(_row(load, result.scale, say) for load in loads),
        first=first,
        page=page,
        pages=pages,
        law=say("verdict_screen.law", clause=law.clause_in(say.lang), pack=law.pack, version=law.version)
        if law.pack
        else say("verdict_hint.cannot_judge"),
        check_only=_beside(result, say),
        caution=""
        if law.confidence == CONFIRMED or not law.pack
        else say.code("confidence", law.confidence or "other"),
    )


def _next(result: messages.prompts.VisitResult, say: Say) -> str:
    """What to do next: what would decide or help, else the most urgent thing to see to."""
    hint = say.code("weighing_hint", result.hint) if result.hint else ""
    if result.next_step:
        return f"{say.code('next_step', result.next_step)} {hint}".strip()
    if hint:
        return hint
    if not result.reminders:
        return ""
    first = result.reminders[0]
    clause = first.law.clause_in(say.lang)
    return " ".join(filter(None, (say.code("reminder", first.code), clause)))


def _beside(result: messages.prompts.VisitResult, say: Say) -> str:
    """That it is no verification, and whether anybody looked at the weights."""
    said = say("verdict_screen.not_verification")
    if not result.weights:
        return said
    known = result.weights == "confirmed"
    words = say("verdict_screen.weights_confirmed" if known else "verdict_screen.weights_not_confirmed")
    return f"{words} {said}"


def _hint(result: messages.prompts.VisitResult, say: Say) -> str:
    """Why the verdict is what it is: the reason of the load that decided, where it has one."""
    for load in result.loads:
        if load.verdict is result.verdict and load.reason:
            return say.code("reason", load.reason)
    return say.code("verdict_hint", result.verdict.value)


def _row(load: messages.prompts.LoadResult, scale: messages.prompts.ScaleCard, say: Say) -> Row:
    return Row(
        load=load_text(load.load_g),
        indication=like_scale(load.indication_g, scale.d_g)
        if load.readings == 1
        else say("verdict_screen.mean", times=str(load.readings)),
        error=signed(load.error_g),
        doubt=doubt(load.expanded_g),
        limits=f"{limit(load.limit_initial_g)} / {limit(load.limit_g)}",
        verdict=load.verdict,
        word=say.code("verdict_short", load.verdict.value),
    )
