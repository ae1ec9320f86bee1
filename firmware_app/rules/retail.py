"""Goods sold by weight: the permitted deviation, who may check it again, and whether weight is short.

Rules this file obeys:

* Short weight is settled minus actual above zero; a customer who gained has not been wronged.
* Above the top of a band there is no figure: the answer is ``cannot_judge``, nothing is extrapolated.
* Where the checking side is not good enough the answer is ``cannot_judge``, with the ways that remain.
* Goods and price that lead to different bands are both judged; only a common answer is an answer.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec

from firmware_app.quantity import Grams, show_mass, trimmed
from firmware_app.rules.base import Confidence, OutsideTable, Row, weakest
from firmware_app.rules.retail_rows import (
    BandRow,
    ConditionRow,
    DeviationRow,
    ExcludedRow,
    MethodRow,
    RetailPack,
)
from firmware_app.rules.retail_table import (
    BETTER_SCALE,
    WEIGHTS,
    BadSale,
    beyond_doubt,
    condition,
    lawful_methods,
    method_row,
    permitted_deviation,
)
from firmware_app.rules.shortage import judge_shortage
from firmware_app.uncertainty.decision import Verdict

FEN = Decimal("0.01")


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What was settled and what was found; grams. Raises BadSale.

    ``actual_g``: the mass found by the checking scale, or (method 1) of the weights that made the seller's
    scale show the same. ``standard_g``: standard uncertainty of it, None where it is not known.
    ``recheck_g``: what the seller's scale showed for the goods again (method 1).
    """

    settled_g: Grams
    actual_g: Grams
    standard_g: Grams | None = None
    recheck_g: Grams | None = None

    def __post_init__(self) -> None:
        if not (self.settled_g.is_finite() and self.settled_g > 0):
            raise BadSale(f"settled {self.settled_g} g: give what was paid for, above zero")
        for name, value in (("actual", self.actual_g), ("u", self.standard_g), ("recheck", self.recheck_g)):
            if value is not None and not (value.is_finite() and value >= 0):
                raise BadSale(f"{name} {value} g: give a mass from zero up")


class RetailAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on one sale and the rows it stands on; figures None where the law gives none.

    ``error_g``: settled minus actual, positive where the customer got too little; by method 1 with a recheck
    the larger of its two differences. ``remaining``: the methods that could still decide.
    """

    verdict: Verdict
    reason: str
    band: str
    method: int
    settled_g: Grams
    actual_g: Grams
    error_g: Grams
    expanded_g: Grams | None = None
    deviation_g: Grams | None = None
    limit_g: Grams | None = None
    remaining: tuple[int, ...] = ()
    clause: str
    pack: str
    version: str
    sha256: str
    confidence: Confidence
    alternatives: tuple[RetailAnswer, ...] = ()


class Damages(msgspec.Struct, frozen=True, kw_only=True):
    """What a court that finds fraud may award, and the price of what was missing; yuan, for information."""

    damages_yuan: Decimal
    refund_yuan: Decimal
    clause: str
    confidence: Confidence


def judge_retail(
    pack: RetailPack, bands: tuple[BandRow, ...], sale: Sale, method: int = BETTER_SCALE
) -> RetailAnswer:
    """The verdict on a sale by every band that may count; raises BadSale.

    Several bands give a verdict only where they agree; the limit is then the one that binds hardest against
    that verdict. Otherwise the answer is ``cannot_judge`` with each band's own beside it.
    """
    asked = method_row(pack, method)
    if sale.recheck_g is not None and method != WEIGHTS:
        raise BadSale("a recheck reading of the seller's scale belongs to method 1")
    answers = tuple(_judge_in_band(pack, band, sale, asked) for band in bands)
    if len(answers) == 1:
        return answers[0]
    verdicts = {answer.verdict for answer in answers}
    if len(verdicts) == 1 and Verdict.CANNOT_JUDGE not in verdicts:
        strict = min if Verdict.CONFORMS in verdicts else max
        decisive = strict(answers, key=lambda answer: answer.limit_g or Decimal(0))
        reason = f"goods and price lead to different bands, and to the same answer; {decisive.reason}"
        return msgspec.structs.replace(decisive, reason=reason, alternatives=answers)
    both = " or ".join(f"{answer.band} ({answer.verdict.value})" for answer in answers)
    return msgspec.structs.replace(
        answers[0],
        verdict=Verdict.CANNOT_JUDGE,
        reason=f"goods and price lead to different bands, {both}, and which one counts is not settled: "
        "choose one of them",
        band="",
        deviation_g=None,
        limit_g=None,
        clause="; ".join(dict.fromkeys(part for each in answers for part in each.clause.split("; "))),
        confidence=weakest(*(answer.confidence for answer in answers)),
        alternatives=answers,
    )


def damages(pack: RetailPack, price: Decimal, sale: Sale) -> Damages:
    """Three times the price paid with its floor, and the price of the missing mass; ``price`` in yuan per kg.

    Information only: whether it was fraud is for the authority or a court to find. Source: row compensation.
    """
    row = pack.compensation
    paid, missing = price * sale.settled_g / 1000, max(sale.settled_g - sale.actual_g, Decimal(0))
    return Damages(
        damages_yuan=max(row.floor_yuan, row.factor * paid).quantize(FEN, ROUND_HALF_UP),
        refund_yuan=(price * missing / 1000).quantize(FEN, ROUND_HALF_UP),
        clause=row.clause,
        confidence=row.confidence,
    )


def _judge_in_band(pack: RetailPack, band: BandRow, sale: Sale, method: MethodRow) -> RetailAnswer:
    blank = _blank(pack, band, sale, method)
    error, expanded = blank.error_g, blank.expanded_g
    try:
        row = permitted_deviation(pack, band.band, sale.settled_g)
    except OutsideTable as outside:
        return msgspec.structs.replace(blank, reason=str(outside))
    limit = method.factor * row.deviation_g
    asked = condition(pack, method.method)
    methods = _remaining(pack, row.deviation_g, expanded, method)
    leans: tuple[Row, ...] = (row, method)
    # Where even the strictest reading of the condition is met, nothing leans on which one is right.
    if expanded is not None and not beyond_doubt(pack, method.method, expanded, row.deviation_g):
        leans = (*leans, asked)
    if expanded is not None and expanded * asked.divisor > row.deviation_g:
        verdict, reason = Verdict.CANNOT_JUDGE, _not_good_enough(pack, expanded, row, asked, methods)
    else:
        verdict = judge_shortage(error, expanded or Decimal(0), limit)
        reason = _found(error, expanded, limit, verdict)
    return msgspec.structs.replace(
        blank,
        verdict=verdict,
        reason=reason,
        deviation_g=row.deviation_g,
        limit_g=limit,
        remaining=methods if verdict in (Verdict.CANNOT_JUDGE, Verdict.UNDECIDED) else (),
        clause="; ".join(dict.fromkeys(each.clause for each in leans)),
        confidence=weakest(*(each.confidence for each in leans)),
    )


def excluded_answer(pack: RetailPack, row: ExcludedRow, sale: Sale, method: int) -> RetailAnswer:
    """The answer for goods that the annex excepts: ``cannot_judge``, with the clause that excepts them."""
    reason = "these goods are excepted from the table: no deviation is permitted or refused here"
    return msgspec.structs.replace(_blank(pack, row, sale, method_row(pack, method)), reason=reason)


def _blank(pack: RetailPack, row: BandRow | ExcludedRow, sale: Sale, method: MethodRow) -> RetailAnswer:
    """An answer that judges nothing yet, standing on one row."""
    return RetailAnswer(
        verdict=Verdict.CANNOT_JUDGE,
        reason="",
        band=row.band if isinstance(row, BandRow) else "",
        method=method.method,
        settled_g=sale.settled_g,
        actual_g=sale.actual_g,
        error_g=_shortage(sale, method),
        expanded_g=None if sale.standard_g is None else 2 * sale.standard_g,
        clause=row.clause,
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        confidence=row.confidence,
    )


def _shortage(sale: Sale, method: MethodRow) -> Grams:
    """Settled minus actual; by method 1 with a recheck each of its two differences must hold by itself."""
    if method.method == WEIGHTS and sale.recheck_g is not None:
        return max(sale.settled_g - sale.recheck_g, sale.recheck_g - sale.actual_g)
    return sale.settled_g - sale.actual_g


def _found(error: Grams, expanded: Grams | None, limit: Grams, verdict: Verdict) -> str:
    doubt = "the actual mass taken as exact" if expanded is None else f"U = {show_mass(expanded)} (k = 2)"
    if error <= 0:
        what = f"not short: the customer got {show_mass(-error)} more" if error else "not short"
    else:
        what = f"short by {show_mass(error)}, permitted {show_mass(limit)}"
    more = "; too close to tell: weigh more finely" if verdict is Verdict.UNDECIDED else ""
    return f"{what}; {doubt}{more}"


def _not_good_enough(
    pack: RetailPack,
    expanded: Grams,
    row: DeviationRow,
    asked: ConditionRow,
    methods: tuple[int, ...],
) -> str:
    most = row.deviation_g / asked.divisor
    ways = "; ".join(f"method {each}: {method_row(pack, each).needs}" for each in methods)
    return (
        f"U = {show_mass(expanded)} (k = 2) is more than {trimmed(round(most, 4))}\u00a0g, the permitted "
        f"{show_mass(row.deviation_g)} over {trimmed(asked.divisor)}; "
        f"what remains: {ways}; or something finer"
    )


def _remaining(
    pack: RetailPack, deviation: Grams, expanded: Grams | None, asked: MethodRow
) -> tuple[int, ...]:
    """The other methods that are lawful; U of weights (method 1) says nothing of the scales at hand."""
    if asked.method == WEIGHTS or expanded is None:
        lawful = pack.methods
    else:
        lawful = lawful_methods(pack, deviation, expanded)
    return tuple(row.method for row in lawful if row.method != asked.method)
