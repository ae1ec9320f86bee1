"""From what was paid for and what lay on the pan to the verdict, by the law of the day.

Rules this file obeys:

* Nobody is accused by chance or by word of mouth: U of the weighings and of the bag counts, a bag that nobody
  weighed counts for the seller, and of two weighings the heavier one.
* Short is said only where it is so with 99.9 %: a seller exactly at the limit is accused once in a thousand
  weighings at most (JCGM 106:2012 8.3.3, whose example of proof before a negative act has that figure).
* The pan is the finer scale (method 2) where it is fine enough, else an equal one with the doubled limit
  (method 3), else nothing is judged and the ways that remain are named.
* An amount of money is judged at every mass that it can stand for; only a common answer is an answer.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.fair_weighing import law
from firmware_app.procedures.fair_weighing.case import MILLIGRAM, Case, Net, apart_g, net_of
from firmware_app.procedures.fair_weighing.law import Packs
from firmware_app.procedures.fair_weighing.state import Bag, Settled, What
from firmware_app.procedures.law import NO_LAW, Law
from firmware_app.quantity import Grams
from firmware_app.rules.base import OutsideTable
from firmware_app.rules.prepackages import BadSample, judge_package
from firmware_app.rules.retail import Damages, RetailAnswer, Sale, damages, judge_retail
from firmware_app.rules.retail_rows import BandRow, RetailPack
from firmware_app.rules.retail_table import BETTER_SCALE, EQUAL_SCALE, WEIGHTS
from firmware_app.uncertainty.decision import CAPABILITY, Verdict, capable

OWN_METHODS = (BETTER_SCALE, EQUAL_SCALE)
"""The methods that the pan can serve, the stricter first."""
CERTAIN = Decimal("3.09")
"""Standard uncertainties that a shortage lies beyond the limit: 99.9 % at one side (JCGM 106:2012 7.3)."""
DECISION_RULE = (
    "one-sided guarded acceptance, w = U, k = 2 (JCGM 106:2012 8.3.2), and guarded rejection, w = 3.09 u, "
    "99.9 % (8.3.3); rejection by two weighings that agree within a third of the limit or 3.09 u of their "
    "difference, the heavier of which counts"
)
OPEN_WAYS = (WEIGHTS, BETTER_SCALE)
"""What decides where this pan does not: weights on the seller's scale, or a scale finer than this one."""

NEXT_STEP = {
    "bag_unknown": "fair_weigh_bag",
    "bag_typed": "fair_weigh_bag",
    "goods_not_at_rest": "fair_let_drip",
    "goods_changed": "fair_all_again",
    "money_rounded": "fair_type_weight",
    "bands_disagree": "fair_ask_market",
    "outside_table": "fair_ask_market",
    "no_rules": "fair_ask_market",
    "excluded": "fair_ask_market",
    "not_covered": "fair_ask_market",
    "not_fine_enough": "fair_other_ways",
    "near_limit": "fair_other_ways",
    "doubled_limit": "fair_other_ways",
    "short": "fair_to_the_seller",
}
"""What would decide or help, by the reason; what is wrong with the pan is for the keeper."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of the weighing; figures None where there are none. Masses in grams.

    ``net_g``: what was weighed less the bag, ``known_g`` its U (k = 2). ``error_g``: settled less net, above
    zero where the customer got too little. ``remaining``: methods that could still decide. ``by_band``: each
    band's own answer where there were several.
    """

    verdict: Verdict
    reason: str = ""
    law: Law = NO_LAW
    net_g: Grams | None = None
    known_g: Grams | None = None
    error_g: Grams | None = None
    band: str = ""
    method: int = 0
    deviation_g: Grams | None = None
    limit_g: Grams | None = None
    remaining: tuple[int, ...] = ()
    by_band: tuple[RetailAnswer, ...] = ()
    damages: Damages | None = None
    beyond: int = 0
    """Of a package: how many times T it is short by more than, up to two."""

    package: bool = False

    @property
    def next_step(self) -> str:
        """Code of what would decide or help, empty where nothing is left to do."""
        if self.package and self.reason in ("near_limit", "not_fine_enough"):
            return "fair_finer_scale"
        return NEXT_STEP.get(self.reason, "fair_call_keeper" if self.reason else "")


def find(packs: Packs, case: Case) -> Found:
    """What the law says of a case."""
    net = net_of(case)
    if net is None:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="goods_not_at_rest")
    if case.unfit:
        found = Found(verdict=Verdict.CANNOT_JUDGE, reason=case.unfit)
    else:
        found = (_package if case.what is What.PACKAGE else _goods)(packs, case, net)
        if found.limit_g is not None and not agree(case, found.limit_g):
            found = msgspec.structs.replace(
                found, verdict=Verdict.CANNOT_JUDGE, reason="goods_changed", damages=None
            )
    assert case.settled.value_g is not None
    return msgspec.structs.replace(
        found, net_g=net.mass_g, known_g=net.expanded_g, error_g=case.settled.value_g - net.mass_g
    )


def agree(case: Case, limit_g: Grams) -> bool:
    """Whether the weighings of the goods agree: within a third of the limit, or within their own doubt."""
    net = net_of(case)
    doubt = Decimal(0) if net is None else CERTAIN * Decimal(2).sqrt() * net.standard_g
    return apart_g(case) <= max(limit_g / CAPABILITY, doubt)


# --------------------------------------------------------------------------------------------- the bag


def _with_bag(case: Case, found: Found, without_bag: Found) -> Found:
    """The answer, where the bag was not weighed: by such a bag nobody is accused."""
    if without_bag.verdict is Verdict.DOES_NOT_CONFORM or case.bag in (Bag.BARE, Bag.WEIGHED):
        return found
    if case.bag is Bag.UNKNOWN and found.verdict in (Verdict.CONFORMS, Verdict.UNDECIDED):
        return msgspec.structs.replace(
            found, verdict=Verdict.CANNOT_JUDGE, reason="bag_unknown", damages=None
        )
    if case.bag is Bag.TYPED and found.verdict is Verdict.DOES_NOT_CONFORM:
        return msgspec.structs.replace(found, verdict=Verdict.UNDECIDED, reason="bag_typed", damages=None)
    return found


# ------------------------------------------------------------------------------------- goods by weight


def _goods(packs: Packs, case: Case, net: Net) -> Found:
    pack = packs.retail
    if pack is None:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="no_rules")
    if case.kind == law.NOT_FOOD:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="not_covered", law=law.law_of(pack, pack.adoption))
    excepted = law.excluded_row(pack)
    if case.kind == law.EXCLUDED and excepted is not None:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="excluded", law=law.law_of(pack, excepted))
    bands = law.bands_of(pack, case.kind, case.price, case.counts_band)
    if not bands:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="no_rules", law=law.law_of(pack, pack.adoption))
    found = _at_every_mass(pack, bands, case.settled, net.mass_g, net.standard_g)
    bare = _at_every_mass(pack, bands, case.settled, net.with_bag_g, net.standard_g)
    found = _with_bag(case, found, bare)
    if found.verdict is not Verdict.DOES_NOT_CONFORM or case.price is None:
        return found
    # What is certain at least: the figure at the low end of what can have been paid for.
    sale = Sale(settled_g=case.settled.low_g or Decimal(0), actual_g=net.mass_g, standard_g=net.standard_g)
    return msgspec.structs.replace(found, damages=damages(pack, case.price, sale))


def _at_every_mass(
    pack: RetailPack, bands: tuple[BandRow, ...], settled: Settled, net_g: Grams, standard: Decimal
) -> Found:
    """The answer at the settled mass, where it is the answer at every mass that this can have been."""
    assert settled.value_g is not None
    answers = [_in_bands(pack, bands, settled.value_g, net_g, standard)]
    answers += [_in_bands(pack, bands, mass, net_g, standard) for mass in _masses(pack, bands, settled)]
    if len({answer.verdict for answer in answers}) == 1:
        return answers[0]
    return msgspec.structs.replace(answers[0], verdict=Verdict.UNDECIDED, reason="money_rounded")


def _masses(pack: RetailPack, bands: tuple[BandRow, ...], settled: Settled) -> list[Grams]:
    """Both ends of what was paid for, and both sides of every step of the table between them.

    Within a step the shortage rises with the settled mass and the limit stays, so these are its extremes.
    """
    low, high = settled.low_g, settled.high_g
    if low is None or high is None or low == high:
        return []
    names = {band.band for band in bands}
    steps = [row.up_to_g for row in pack.deviations if row.band in names and low <= row.up_to_g < high]
    return [low, *steps, *(step + MILLIGRAM for step in steps), high]


def _in_bands(
    pack: RetailPack, bands: tuple[BandRow, ...], settled_g: Grams, net_g: Grams, standard: Decimal
) -> Found:
    """The answer of one band, or the common one of several, by the limit that binds hardest against it."""
    sale = Sale(settled_g=settled_g, actual_g=net_g, standard_g=standard)
    answers = tuple(_in_band(pack, band, sale) for band in bands)
    verdicts = {answer.verdict for answer in answers}
    if len(answers) == 1:
        return _found(pack, answers[0])
    if len(verdicts) > 1:
        found = _found(pack, answers[0])
        return msgspec.structs.replace(
            found,
            verdict=Verdict.CANNOT_JUDGE,
            reason="bands_disagree",
            band="",
            method=0,
            deviation_g=None,
            limit_g=None,
            by_band=answers,
        )
    strict = min if Verdict.CONFORMS in verdicts else max
    decisive = strict(answers, key=lambda answer: answer.limit_g or Decimal(0))
    return msgspec.structs.replace(_found(pack, decisive), by_band=answers)


def _in_band(pack: RetailPack, band: BandRow, sale: Sale) -> RetailAnswer:
    """By the strictest method that the pan is good enough for."""
    assert sale.standard_g is not None
    answers = [judge_retail(pack, (band,), sale, method) for method in OWN_METHODS]
    for answer in answers:
        # An equal scale may be as coarse as the deviation; the reference side of a verdict may not.
        good = answer.limit_g is not None and capable(2 * sale.standard_g, answer.limit_g)
        if good and answer.verdict is not Verdict.CANNOT_JUDGE:
            verdict = certain(answer.verdict, answer.error_g, answer.limit_g, sale.standard_g)
            return msgspec.structs.replace(answer, verdict=verdict)
    return msgspec.structs.replace(answers[0], verdict=Verdict.CANNOT_JUDGE)


def certain(verdict: Verdict, error: Grams, limit: Grams | None, standard: Decimal) -> Verdict:
    """The verdict, undecided where a shortage is not beyond the limit with 99.9 %."""
    if verdict is not Verdict.DOES_NOT_CONFORM or limit is None:
        return verdict
    return verdict if error - CERTAIN * standard > limit else Verdict.UNDECIDED


def _found(pack: RetailPack, answer: RetailAnswer) -> Found:
    reason = {
        Verdict.CONFORMS: "doubled_limit" if answer.method == EQUAL_SCALE else "",
        Verdict.DOES_NOT_CONFORM: "short",
        Verdict.UNDECIDED: "near_limit",
        Verdict.CANNOT_JUDGE: "outside_table" if answer.deviation_g is None else "not_fine_enough",
    }[answer.verdict]
    ways = OPEN_WAYS if NEXT_STEP.get(reason) == "fair_other_ways" else ()
    return Found(
        verdict=answer.verdict,
        reason=reason,
        law=Law(answer.pack, answer.version, answer.sha256, answer.clause, answer.confidence),
        band=answer.band,
        method=answer.method,
        deviation_g=answer.deviation_g,
        limit_g=answer.limit_g,
        remaining=tuple(row.method for row in pack.methods if row.method in ways),
    )


# --------------------------------------------------------------------------------------------- packages


def _package(packs: Packs, case: Case, net: Net) -> Found:
    found = _one_package(packs, case, net.mass_g, net.standard_g)
    return _with_bag(case, found, _one_package(packs, case, net.with_bag_g, net.standard_g))


def _one_package(packs: Packs, case: Case, net_g: Grams, standard: Decimal) -> Found:
    pack = packs.packages
    assert case.settled.value_g is not None
    if pack is None:
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="no_rules")
    try:
        answer = judge_package(pack, case.settled.value_g, net_g, standard)
    except OutsideTable:
        outside = law.law_of(pack, pack.single)
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="outside_table", law=outside)
    except BadSample:
        # More than twice what it names: whatever lies there, it is not that package.
        return Found(verdict=Verdict.CANNOT_JUDGE, reason="goods_changed", law=law.law_of(pack, pack.single))
    verdict = certain(answer.verdict, answer.error_g, answer.limit_g, standard)
    reason = {
        Verdict.CONFORMS: "",
        Verdict.DOES_NOT_CONFORM: "short",
        Verdict.UNDECIDED: "near_limit",
        Verdict.CANNOT_JUDGE: "not_fine_enough",
    }[verdict]
    return Found(
        verdict=verdict,
        reason=reason,
        law=Law(answer.pack, answer.version, answer.sha256, answer.clause, answer.confidence),
        deviation_g=answer.limit_g,
        limit_g=answer.limit_g,
        beyond=answer.beyond,
        package=True,
    )
