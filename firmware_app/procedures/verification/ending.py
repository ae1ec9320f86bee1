"""The handlers after the items: the review, the second person, and the ledger.

Rules this file obeys:

* An item can be done again until the examination is closed; then nothing changes any more.
* Nothing is called checked that nobody checked: without a second person the record says none.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, Picked, Saved, SaveFailed, Witnessed
from firmware_app.procedures.verification.items import Item
from firmware_app.procedures.verification.judging import conclude
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.moving import item_again, may_repeat, tries_of
from firmware_app.procedures.verification.record import body_of
from firmware_app.procedures.verification.room import fitting
from firmware_app.procedures.verification.state import Phase, VerificationState, changed
from firmware_app.registry.person import Person

CLOSING = ("sign", "no_checker")


def review(context: Context, state: VerificationState, event: Picked, _now_ns: int) -> VerificationState:
    """Close with a second person, or without; or take up an item, first or again."""
    if event.option == "sign":
        return changed(state, phase=Phase.CHECKER, problem="")
    if event.option == "no_checker":
        return closed(context, changed(state, checker=None))
    items = {step.item for step in state.plan}
    for item in items:
        if event.option == item.value:
            return _taken_up(context, state, item)
    return state


def _taken_up(context: Context, state: VerificationState, item: Item) -> VerificationState:
    """The item is begun, or begun again where it was done; after a stop for information only."""
    on = changed(state, information=state.stopped_at is not None)
    if tries_of(state, item) and not may_repeat(state):
        return state
    return item_again(context, on, item, "again")


def witnessed(
    context: Context, state: VerificationState, event: Witnessed, _now_ns: int
) -> VerificationState:
    """A second inspector has vouched by PIN, who is not the first."""
    if context.person is not None and event.number == context.person.number:
        return state
    return closed(context, changed(state, checker=Person(event.number, event.role, event.name)))


def back_to_review(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to the review."""
    return changed(state, phase=Phase.REVIEW, problem="")


def closed(context: Context, state: VerificationState) -> VerificationState:
    """The conclusion on its way to the ledger."""
    whole = conclude(state, rules_of(context, state))
    return changed(
        state,
        phase=Phase.SAVING,
        problem="",
        verdict=whole.verdict.value,
        body=fitting(body_of(context, state, whole)),
    )


def saved(_context: Context, state: VerificationState, event: Saved, _now_ns: int) -> VerificationState:
    """On disk: now the conclusion may be shown."""
    return changed(state, phase=Phase.JUDGED, entry=event.entry, slip=event.slip)


def not_saved(
    _context: Context, state: VerificationState, event: SaveFailed, _now_ns: int
) -> VerificationState:
    """Not on disk: there is no conclusion."""
    return changed(state, phase=Phase.NOT_SAVED, reason=event.reason)
