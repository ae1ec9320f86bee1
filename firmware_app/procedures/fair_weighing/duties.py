"""Whose duty it is, once goods were found short: the lines of the market's own order, as reminders.

Rules this file obeys:

* A duty is no verdict and is said only beside one that went against the seller.
* What the pack in force on the day has is said, with its line; where it has nothing, nothing is.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.rules.checklist_rows import Concerned
from firmware_app.rules.checklists import CheckItem, duties
from firmware_app.uncertainty.decision import Verdict

CONCERN = ("disputes", "pay_first")
"""Of the organiser's duties, those on which a buyer can call: to settle a dispute, and to pay first."""


def duties_of(context: Context, verdict: Verdict) -> tuple[CheckItem, ...]:
    """The organiser's duties that such a verdict calls upon, in the order of the pack."""
    if verdict is not Verdict.DOES_NOT_CONFORM:
        return ()
    known = duties(context.on, Concerned.ORGANISER, context.packs)
    return tuple(each for each in known if each.item in CONCERN)
