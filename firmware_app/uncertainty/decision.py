"""Decision rules: from an error, its uncertainty and a limit to a verdict.

Rules this file obeys:

* A limit is inclusive: |E| = limit conforms under simple acceptance.
* The reference side must be capable, U(k=2) ≤ ⅓ of the limit, or nothing is judged
  (JCGM 106:2012 8.2.3, OIML R 76-1:2006 3.7.1).
* Nobody is accused by chance: ``does_not_conform`` needs |E| − U > limit (JCGM 106:2012 8.3.3).
"""

from __future__ import annotations

import enum
from decimal import Decimal

CAPABILITY = Decimal(3)
"""Limit over U of the reference side that is asked for (JCGM 106:2012 8.2.3)."""


class Verdict(enum.StrEnum):
    """The four answers there are: 符合, 不符合(建议送检), 需复核, 无法判定."""

    CONFORMS = "conforms"
    DOES_NOT_CONFORM = "does_not_conform"
    UNDECIDED = "undecided"
    CANNOT_JUDGE = "cannot_judge"


def capable(reference_expanded: Decimal, limit: Decimal) -> bool:
    """Whether U(k=2) of the reference side is at most a third of the limit (same unit)."""
    return reference_expanded * CAPABILITY <= limit


def guarded(error: Decimal, expanded: Decimal, limit: Decimal) -> Verdict:
    """The verdict that accuses and clears only beyond doubt (all in one unit, limit ≥ 0, U ≥ 0).

    Guarded acceptance and guarded rejection, JCGM 106:2012 8.3.2 and 8.3.3.
    """
    if abs(error) + expanded <= limit:
        return Verdict.CONFORMS
    if abs(error) - expanded > limit:
        return Verdict.DOES_NOT_CONFORM
    return Verdict.UNDECIDED


def simple(error: Decimal, limit: Decimal) -> Verdict:
    """The verdict of the regulation: error before rounding against the limit (JCGM 106:2012 8.2)."""
    return Verdict.CONFORMS if abs(error) <= limit else Verdict.DOES_NOT_CONFORM


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict on the whole from those on its parts; nothing judged is CANNOT_JUDGE."""
    for verdict in (Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED, Verdict.CANNOT_JUDGE):
        if verdict in verdicts:
            return verdict
    return Verdict.CONFORMS if verdicts else Verdict.CANNOT_JUDGE
