"""What is to be seen to of the scale itself, said beside every result: verification, seal and codes.

Rules this file obeys:

* A reminder is no verdict and changes none; a field that the register leaves empty is said to be missing
  there, not on the scale.
* Each says by which line of which pack in force it is due; where none is in force it says none.
* The most urgent first.
"""

from __future__ import annotations

from datetime import timedelta

from firmware_app.procedures.budget import instrument_of
from firmware_app.procedures.context import Context
from firmware_app.procedures.law import NO_LAW, Law
from firmware_app.procedures.prompts import Reminder
from firmware_app.registry.registry import Scale
from firmware_app.rules.base import RulesError
from firmware_app.rules.checklist_rows import Concerned
from firmware_app.rules.checklists import CheckItem, check_items, duties
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.plan import verification_due
from firmware_app.rules.rows import NawiPack

BOOK_AHEAD = timedelta(days=30)
"""Some areas ask for booking 15 working days ahead, three weeks; and a week to think of it."""
VERIFIED = "verified"
"""The trader's duty to use nothing but instruments whose verification counts."""
CODES = ("production_code", "repair_code", "verification_code")


def reminders(context: Context, scale: Scale) -> tuple[Reminder, ...]:
    """What is to be seen to on the day of the visit: ``verification_overdue``, ``_due``, ``_unknown`` or
    ``_beyond`` (a later day than the longest period allows), a ``seal_missing``, and of a price-computing
    scale the ``codes_missing`` (production, repair, verification).

    Source: the traders' duties in Order 94, the period in the pack of the scale, the appearance lists.
    """
    looks = {each.item: each for each in check_items(context.on, instrument_of(scale), context.packs)}
    found = _verification(context, scale)
    if not scale.seal:
        found.append(Reminder(code="seal_missing", law=_law_of(looks.get("seal"))))
    if scale.price_computing and not all(getattr(scale, code) for code in CODES):
        missing = next(code for code in CODES if not getattr(scale, code))
        found.append(Reminder(code="codes_missing", law=_law_of(looks.get(missing))))
    return tuple(found)


def _verification(context: Context, scale: Scale) -> list[Reminder]:
    """Whether the verification that the register tells of is due, or cannot be as it says."""
    on, due = context.on, scale.verification_due
    duty = next((each for each in duties(on, Concerned.TRADER, context.packs) if each.item == VERIFIED), None)
    law = _law_of(duty)
    if due is None:
        return [Reminder(code="verification_unknown", law=law)]
    if on > due:
        return [Reminder(code="verification_overdue", on=due.isoformat(), law=law)]
    if on > due - BOOK_AHEAD:
        return [Reminder(code="verification_due", on=due.isoformat(), law=law)]
    try:
        pack = pack_in_force(NawiPack, on, context.packs, instrument_of(scale))
        longest = verification_due(pack, on)
    except RulesError:
        return []
    if due <= longest.on:
        return []
    # Verified today it would not count so long: the day in the register is wrong.
    cited = Law(pack.id, pack.version, pack.sha256, longest.clause, longest.confidence)
    return [Reminder(code="verification_beyond", on=due.isoformat(), law=cited)]


def _law_of(item: CheckItem | None) -> Law:
    """The line that asks for it, none where no pack in force does."""
    if item is None:
        return NO_LAW
    return Law(item.pack, item.version, item.sha256, item.clause, item.confidence)
