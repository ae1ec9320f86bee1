"""Deficiencies: one-sided verdicts, since nobody is wronged by getting too much.

Rules this file obeys:

* A limit is inclusive: a shortage equal to it conforms.
* Nobody is accused by chance: ``does_not_conform`` needs the shortage less U beyond the limit.
"""

from __future__ import annotations

from decimal import Decimal

from firmware_app.uncertainty.decision import Verdict


def judge_shortage(shortage: Decimal, expanded: Decimal, limit: Decimal) -> Verdict:
    """The verdict on a shortage (negative: a surplus) with U (k = 2) against a limit, all in one unit.

    Guarded acceptance and rejection at one side, JCGM 106:2012 8.3.2 and 8.3.3.
    """
    if shortage + expanded <= limit:
        return Verdict.CONFORMS
    if shortage - expanded > limit:
        return Verdict.DOES_NOT_CONFORM
    return Verdict.UNDECIDED
