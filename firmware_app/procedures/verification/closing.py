"""What is asked for after the items: the review, the second person, the outcome.

Rules this file obeys:

* What is not well stands first.
* Nothing here says more than the record holds.
"""

from __future__ import annotations

from firmware_app.procedures import prompts
from firmware_app.procedures.context import Context
from firmware_app.procedures.page import Fact, Line, Page, PageJudged, Pick
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.verification import record
from firmware_app.procedures.verification.arithmetic import point_of
from firmware_app.procedures.verification.facts import FACTS_BESIDE, code_fact, mass_fact, option
from firmware_app.procedures.verification.items import Ask, Item
from firmware_app.procedures.verification.judging import NOT_DONE, ItemResult, conclude, spread_of
from firmware_app.procedures.verification.law import Rules, rules_of
from firmware_app.procedures.verification.state import VerificationState
from firmware_app.uncertainty.decision import Verdict


def review(context: Context, state: VerificationState) -> Prompt:
    whole = conclude(state, rules_of(context, state))
    facts = (
        code_fact("conclusion", whole.verdict.value),
        *(
            Fact(label=f"verif_item_{each.item.value}", value=_mark_words(each), words=True)
            for each in sorted(whole.items, key=lambda each: each.verdict is Verdict.CONFORMS)
        ),
    )[:FACTS_BESIDE]
    items = tuple(option(each.item.value, f"verif_item_{each.item.value}") for each in whole.items)
    return Page(
        key="verif_review",
        wants=Pick((option("sign"), option("no_checker"), *items)),
        facts=facts,
        held=True,
        scale=scale_id(state),
    )


def checker(context: Context, state: VerificationState) -> Prompt:
    first = "" if context.person is None else context.person.name
    return prompts.AskWitness(first=first, number=len(state.plan), count=len(state.plan))


def judged(context: Context, state: VerificationState) -> Prompt:
    rules = rules_of(context, state)
    whole = conclude(state, rules)
    return PageJudged(
        key="verif_judged",
        verdict=whole.verdict,
        entry=state.entry,
        slip=state.slip,
        reason=f"verif_{whole.reason}" if whole.reason else "",
        next_step=f"verif_{whole.next_step}" if whole.next_step else "",
        facts=superseded(rules),
        lines=tuple(_line(state, rules, each) for each in whole.items),
        law=rules.law(),
        document=document(state.entry),
    )


def superseded(rules: Rules) -> tuple[Fact, ...]:
    """The text that is in force and that nobody has read, where the limits are those of the one before it."""
    return (Fact(label="verif_superseded", value=rules.superseded_by),) if rules.superseded_by else ()


def document(entry: int) -> str:
    """Name of the record sheet of an entry, as `steelyard record-sheet` writes it."""
    return f"{record.KIND}-{entry}.pdf"


def _line(state: VerificationState, rules: Rules, result: ItemResult) -> Line:
    """One item of the outcome, with the point that comes nearest to its limit or goes beyond it."""
    found = [
        point
        for step in state.plan
        if step.item is result.item and (point := point_of(state, step, rules)) is not None
        if step.ask is Ask.POINT and (not step.zero or step.item in (Item.ZERO, Item.TARE_ZERO))
    ]
    facts: tuple[Fact, ...] = ()
    if result.item is Item.REPEATS and (spread := spread_of(state, rules)) is not None:
        facts = (mass_fact("spread", spread.spread_g), mass_fact("limit", spread.limit_g))
    elif found:
        worst = max(found, key=lambda point: abs(point.corrected_g) / point.limit_g)
        facts = (mass_fact("corrected", worst.corrected_g), mass_fact("limit", worst.limit_g))
    mark = _mark(result)
    if result.why:
        facts = (code_fact("why", f"why_{result.why}"), *facts)
    return Line(label=f"verif_item_{result.item.value}", mark=mark, facts=facts)


def _mark(result: ItemResult) -> str:
    return f"verif_{NOT_DONE}" if result.verdict is None else result.verdict.value


def _mark_words(result: ItemResult) -> str:
    return f"verif_{NOT_DONE}" if result.verdict is None else f"verif_{result.verdict.value}"


def scale_id(state: VerificationState) -> str:
    """Id of the scale under test."""
    assert state.scale is not None
    return state.scale.id
