"""The conclusion of each item, and on the whole.

Rules this file obeys:

* Acceptance is simple, as the regulation has it: the error before rounding against an inclusive limit.
* A step that was not done leaves its item undone with the reason, unless another step of it has failed.
* The whole fails by the first item that fails; it conforms only where every item that applies was done.
* Nothing after a stop counts for or against the scale.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from firmware_app.procedures.law import Law
from firmware_app.procedures.verification.arithmetic import Point, counting, point_of, points, why_not, within
from firmware_app.procedures.verification.items import NO, OVERLOAD, Ask, Item, LeftOut
from firmware_app.procedures.verification.law import Rules
from firmware_app.procedures.verification.state import Step, VerificationState
from firmware_app.quantity import Grams
from firmware_app.rules.base import RulesError
from firmware_app.rules.checks import price_to_pay
from firmware_app.uncertainty.decision import Verdict

NOT_DONE = "not_done"


class Spread(NamedTuple):
    """How a scale repeats: spread of the errors, and the largest (None where the load is not known)."""

    spread_g: Grams
    largest_g: Grams | None
    limit_g: Grams
    limit_initial_g: Grams
    verdict: Verdict


class ItemResult(NamedTuple):
    """The conclusion of an item, None with ``why`` where it was not done. ``failed``: ids of its steps."""

    item: Item
    verdict: Verdict | None
    why: str
    failed: tuple[str, ...]
    law: Law
    information: bool


class Whole(NamedTuple):
    """The conclusion. ``reason``: code of what it rests on; ``next_step``: of what is to be done."""

    verdict: Verdict
    reason: str
    next_step: str
    items: tuple[ItemResult, ...]


def spread_of(state: VerificationState, rules: Rules) -> Spread | None:
    """What the weighings of the same load give together; None before the last of them."""
    steps = [s for s in state.plan if s.item is Item.REPEATS and s.ask is Ask.POINT and not s.zero]
    found = [point for step in steps if (point := point_of(state, step, rules)) is not None]
    if not steps or len(found) < len(steps):
        return None
    spread = max(p.corrected_g for p in found) - min(p.corrected_g for p in found)
    first = found[0]
    # Both ends of a difference may be off by half a scale interval where it was read directly.
    loose = sum((p.step.d_g for p in found[:1] if p.added_g is None and p.half_g), Decimal(0))
    verdict = within(spread, loose, first.limit_g)
    known = all(step.pieces for step in steps)
    largest = max((p.corrected_g for p in found), key=abs) if known else None
    if known:
        verdict = _worst([verdict, *(p.verdict for p in found)])
    return Spread(spread, largest, first.limit_g, first.limit_initial_g, verdict)


def step_verdict(state: VerificationState, step: Step, rules: Rules) -> Verdict | None:
    """What the try of a step that counts says of the scale; None where there is none, or nothing to say."""
    tried = counting(state, step)
    if tried is None:
        return None
    if tried.answer in (OVERLOAD, NO):
        return Verdict.DOES_NOT_CONFORM
    if step.ask is Ask.PRICE:
        assert tried.shown is not None and step.price is not None and tried.amount is not None
        exact = tried.amount == price_to_pay(rules.pack, step.price, tried.shown.value_g)
        return Verdict.CONFORMS if exact else Verdict.DOES_NOT_CONFORM
    if step.ask is not Ask.POINT or (step.item is Item.REPEATS and not step.zero and not step.pieces):
        return Verdict.CONFORMS  # of goods that are weighed several times the spread decides
    point = point_of(state, step, rules)
    return None if point is None else point.verdict


def item_result(state: VerificationState, item: Item, rules: Rules) -> ItemResult:
    """The conclusion of one item."""
    steps = [step for step in state.plan if step.item is item]
    failed: list[str] = []
    verdicts: list[Verdict] = []
    why = ""
    for step in steps:
        challenged = step.ask is Ask.CHALLENGE
        verdict = challenge_verdict(state) if challenged else step_verdict(state, step, rules)
        if verdict is None:
            cannot = why_not(state, step, rules) or (challenged and state.challenge_why)
            why = why or cannot or LeftOut.NOT_BEGUN
        else:
            verdicts.append(verdict)
        if verdict is Verdict.DOES_NOT_CONFORM:
            failed.append(step.id)
    omitted = next((each.why.value for each in state.omitted if each.item is item), "")
    if item is Item.REPEATS and (spread := spread_of(state, rules)) is not None:
        verdicts.append(spread.verdict)
    whole: Verdict | None = _worst(verdicts)
    if (omitted or why) and whole is not Verdict.DOES_NOT_CONFORM:
        whole = None
    order = list(dict.fromkeys(step.item for step in state.plan))
    after = state.stopped_at is not None and order.index(item) > order.index(state.stopped_at)
    if whole is None:
        why = omitted or (LeftOut.STOPPED.value if after else str(why))
    return ItemResult(item, whole, why if whole is None else "", tuple(failed), rules.law_of(item), after)


def challenge_verdict(state: VerificationState) -> Verdict | None:
    """What came of the cheating challenge, None where it was not done."""
    return None if state.challenge_body is None else Verdict(state.challenge_body["verdict"])


def conclude(state: VerificationState, rules: Rules) -> Whole:
    """The conclusion on every item of the plan and on the whole."""
    items = tuple(item_result(state, item, rules) for item in dict.fromkeys(step.item for step in state.plan))
    counted = [each for each in items if not each.information]
    if any(each.verdict is Verdict.DOES_NOT_CONFORM for each in counted):
        return Whole(Verdict.DOES_NOT_CONFORM, "item_failed", "send_for_verification", items)
    if all(each.verdict is None for each in counted):
        return Whole(Verdict.CANNOT_JUDGE, "nothing_done", "repeat", items)
    if any(each.verdict is None and each.why != LeftOut.NOT_APPLICABLE for each in counted):
        return Whole(Verdict.UNDECIDED, "items_left_out", "complete", items)
    if any(each.verdict in (Verdict.UNDECIDED, Verdict.CANNOT_JUDGE) for each in counted):
        return Whole(Verdict.UNDECIDED, "item_undecided", "sharpen", items)
    return Whole(Verdict.CONFORMS, "", "", items)


def item_points(state: VerificationState, item: Item, rules: Rules) -> tuple[Point, ...]:
    """The points of an item, none where the law has no limit for one of them."""
    try:
        return tuple(points(state, item, rules))
    except RulesError:
        return ()


def _worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict that decides."""
    order = (Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED, Verdict.CANNOT_JUDGE)
    return next((each for each in order if each in verdicts), Verdict.CONFORMS)
