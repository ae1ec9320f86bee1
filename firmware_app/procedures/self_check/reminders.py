"""What the register says of the scale itself, said beside every result: verification, seal and codes.

Rules this file obeys:

* A reminder is no verdict and changes none; a field that the register leaves empty is said to be missing
  there, not on the scale.
* Codes only, the most urgent first.
"""

from __future__ import annotations

from datetime import date, timedelta

from firmware_app.registry.registry import Scale

BOOK_AHEAD = timedelta(days=30)
"""Some areas ask for booking 15 working days ahead, three weeks; and a week to think of it."""


def reminders(scale: Scale, on: date) -> tuple[str, ...]:
    """Codes of what is to be seen to on that day: ``verification_overdue``, ``_due`` or ``_unknown``, a
    ``seal_missing``, and of a price-computing scale the ``codes_missing`` (production, repair, verification).

    Source: implementing rules of the metrology law art. 22 (a scale that is overdue must not be used); the
    three codes and the seal of JJF 2184-2025.
    """
    found = []
    if scale.verification_due is None:
        found.append("verification_unknown")
    elif on > scale.verification_due:
        found.append("verification_overdue")
    elif on > scale.verification_due - BOOK_AHEAD:
        found.append("verification_due")
    if not scale.seal:
        found.append("seal_missing")
    if scale.price_computing and not all((scale.production_code, scale.repair_code, scale.verification_code)):
        found.append("codes_missing")
    return tuple(found)
