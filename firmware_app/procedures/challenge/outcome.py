"""What the screen says of a finished challenge: the verdict, and every pattern with its probability."""

from __future__ import annotations

from firmware_app.procedures.challenge.state import Found, Result
from firmware_app.procedures.page import Fact, Line, PageJudged


def lines_of(result: Result) -> tuple[Line, ...]:
    """One line a pattern: not explained by an honest scale, nothing seen, or not tried."""
    return tuple(
        Line(label=f"challenge_{found.pattern}", mark=_mark(found), facts=_facts(found, result))
        for found in result.found
    )


def judged_page(result: Result, *, entry: int, slip: str) -> PageJudged:
    """The outcome, saved."""
    facts = [
        Fact(label="challenge_readings", value=str(result.readings)),
        Fact(label="challenge_beyond", value=str(result.beyond)),
    ]
    if result.p_text:
        facts.append(Fact(label="challenge_honest", value=f"< {result.p_text}"))
    return PageJudged(
        key="challenge_judged",
        verdict=result.verdict,
        entry=entry,
        slip=slip,
        reason=_words(result.reason),
        next_step=_words(result.next_step),
        facts=tuple(facts),
        lines=lines_of(result),
        law=result.law,
    )


def _words(code: str) -> str:
    """The words of a code are those of this procedure."""
    return f"challenge_{code}" if code else ""


def _mark(found: Found) -> str:
    if not found.tested:
        return "challenge_not_tried"
    return "challenge_nothing_seen" if found.explained else "challenge_not_explained"


def _facts(found: Found, result: Result) -> tuple[Fact, ...]:
    if found.explained:
        return ()
    named = (Fact(label="challenge_named", value="challenge_fits_best", words=True),)
    size = Fact(label="challenge_size", value=found.estimate, unit=found.unit)
    return (size, *named) if found.pattern == result.pattern else (size,)
