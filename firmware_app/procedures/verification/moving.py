"""How an examination moves through its plan: on, back, over what cannot be done, out at a stop.

Rules this file obeys:

* A step that has a try which counts is never asked again; a step that cannot be done is passed over, and why
  stands in the plan or follows from the tries.
* What is taken back or done again is kept with the reason.
* An item whose failure ends the examination does so once all of it was gone through.
"""

from __future__ import annotations

from typing import Any

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.verification import embedded
from firmware_app.procedures.verification.arithmetic import counting, why_not
from firmware_app.procedures.verification.items import ONCE, Ask, Item
from firmware_app.procedures.verification.judging import item_result
from firmware_app.procedures.verification.law import Rules, rules_of
from firmware_app.procedures.verification.state import (
    MAX_TRIES,
    Phase,
    Step,
    Try,
    VerificationState,
    changed,
)
from firmware_app.uncertainty.decision import Verdict

ENTRY: dict[Ask, Phase] = {
    Ask.LOOK: Phase.LOOK,
    Ask.READY: Phase.READY,
    Ask.TRACKING: Phase.TRACKING,
    Ask.POINT: Phase.INDICATION,
    Ask.SUBSTITUTE: Phase.INDICATION,
    Ask.RESPONDS: Phase.RESPONDS,
    Ask.PRICE: Phase.INDICATION,
    Ask.CHALLENGE: Phase.CHALLENGE,
}
"""Where the question of a step begins."""

AT_ONCE = 5
"""Points of a list that are asked for together: what a screen of seven inches shows beside a question."""

ONWARD = (
    Phase.LOOK,
    Phase.LOOK_ALL,
    Phase.READY,
    Phase.TRACKING,
    Phase.INDICATION,
    Phase.RESPONDS,
    Phase.CHALLENGE,
    Phase.STOPPED,
    Phase.REVIEW,
)
"""Where the end of a step may lead."""


def first_of(state: VerificationState, item: Item) -> int:
    """The place of the first step of an item that asks something of the scale."""
    return next(place for place, step in enumerate(state.plan) if step.item is item and step.ask not in ONCE)


def go(context: Context, state: VerificationState, place: int) -> VerificationState:
    """To the first step from that place on that is still to be done, or to the review where none is."""
    rules = rules_of(context, state)
    omitted = {each.item for each in state.omitted}
    clear = changed(state, problem="", shown=None, lead_window=None, leaving=None)
    for number in range(place, len(state.plan)):
        step = state.plan[number]
        if state.stopped_at is None and (ended := ended_by(state, step.item, rules)) is not None:
            return changed(clear, phase=Phase.STOPPED, place=number, stopped_at=ended)
        if state.stopped_at is not None and not state.information:
            break
        if step.item in omitted or counting(state, step) is not None or why_not(state, step, rules):
            continue
        if step.ask is Ask.CHALLENGE:
            clear = clear if embedded.over(clear) else embedded.begun(context, clear)
            if embedded.over(clear):
                continue
        return changed(clear, phase=entry(clear, step), place=number)
    return changed(clear, phase=Phase.REVIEW)


def ended_by(state: VerificationState, coming: Item, rules: Rules) -> Item | None:
    """The item before the coming one that has failed and ends the examination, None where there is none."""
    for planned in rules.items:
        item = Item(planned.item.value)
        if item is coming:
            return None
        if planned.stop and item_result(state, item, rules).verdict is Verdict.DOES_NOT_CONFORM:
            return item
    return None


def entry(state: VerificationState, step: Step) -> Phase:
    """Where the question of a step begins."""
    return Phase.LOOK_ALL if step.ask is Ask.LOOK and not state.one_by_one else ENTRY[step.ask]


def looked_at_once(state: VerificationState) -> range:
    """The places of the points of a list that are asked for together, from this one on."""
    place, item = state.place, state.step.item
    end = place
    while end < len(state.plan) and end < place + AT_ONCE and state.plan[end].item is item:
        end += 1
    return range(place, end)


def tries_of(state: VerificationState, item: Item) -> int:
    """How many tries of an item count."""
    return sum(1 for step in state.plan if step.item is item and counting(state, step) is not None)


def taken(state: VerificationState, now_ns: int, **facts: Any) -> VerificationState:
    """The state with a try of the step that is asked for."""
    tried = Try(step=state.step.id, at_ns=now_ns, **facts)
    return changed(state, tries=(*state.tries, tried), last_ns=now_ns, problem="")


def dropped(state: VerificationState, steps: set[str], why: str) -> VerificationState:
    """The state in which what was found at those steps counts no longer."""
    tries = tuple(
        msgspec.structs.replace(each, dropped=why) if each.counts and each.step in steps else each
        for each in state.tries
    )
    return changed(state, tries=tries)


def may_repeat(state: VerificationState) -> bool:
    """Whether anything can still be done again: every try is kept, and the record has its bound."""
    return len(state.tries) < MAX_TRIES


def item_again(context: Context, state: VerificationState, item: Item, why: str) -> VerificationState:
    """The item from its beginning; what was found so far is kept and counts no longer."""
    if item is Item.CHALLENGE:
        state = embedded.again(state)
    steps = {step.id for step in state.plan if step.item is item and step.ask not in ONCE}
    anew = dropped(state, steps, why)
    anew = changed(anew, omitted=tuple(each for each in anew.omitted if each.item is not item))
    if anew.stopped_at is item:
        anew = changed(anew, stopped_at=None, information=False)
    return go(context, anew, first_of(anew, item))


def restarted(context: Context, state: VerificationState, now_ns: int) -> VerificationState | None:
    """The item from its beginning where time began anew within it; None where it did not.

    The appliance was started again: perhaps the power was cut, and with it that of the scale, whose zero is
    another one since.
    """
    if now_ns >= state.last_ns:
        return None
    noted = changed(state, last_ns=now_ns, restarts=state.restarts + 1)
    if state.step.ask is Ask.LOOK or not tries_of(state, state.step.item) or not may_repeat(state):
        return noted
    return changed(item_again(context, noted, state.step.item, "restarted"), problem="verif_restarted")
