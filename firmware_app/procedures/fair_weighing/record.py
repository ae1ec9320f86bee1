"""What is kept of a fair weighing, and the page that says its outcome.

Rules this file obeys:

* Every mass in the body is a decimal string of grams, every amount of money one of yuan.
* The body holds all that the verdict rests on: it can be judged again from it alone (rejudging.py).
* No person and no words of a person stand in it.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.fair_weighing.case import case_of, weighing_of
from firmware_app.procedures.fair_weighing.complaint import COMPLAIN
from firmware_app.procedures.fair_weighing.duties import duties_of
from firmware_app.procedures.fair_weighing.judging import DECISION_RULE, Found
from firmware_app.procedures.fair_weighing.ready import looked_at, not_ready
from firmware_app.procedures.fair_weighing.state import Bag, FairState, What
from firmware_app.procedures.law import Law
from firmware_app.procedures.page import GRAM, KILOGRAM, YUAN, Fact, Line, Option, PageJudged
from firmware_app.procedures.taken import pan_evidence
from firmware_app.quantity import Grams, plain, trimmed
from firmware_app.rules.retail import RetailAnswer

KIND = "fair_weighing"
"""Kind of the ledger entry."""
POLICY = "fair-at-rest/1"
TENTH = Decimal("0.1")
"""Grams to which a screen gives what was weighed: finer digits nobody knows."""
CENTIGRAM, THOUSANDTH, KILO = Decimal("0.01"), Decimal("0.001"), Decimal(1000)


def body_of(context: Context, state: FairState, found: Found) -> dict[str, Any]:
    """The body of the entry."""
    assert state.what is not None and state.settled is not None
    return {
        "procedure": KIND,
        "procedure_version": 1,
        "rules_date": context.on.isoformat(),
        "what": state.what.value,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "next_step": found.next_step,
        "law": {**msgspec.to_builtins(found.law), "method": found.method},
        "decision_rule": DECISION_RULE,
        "settled": _settled(state),
        "goods": {
            "kind": state.kind,
            "price": _plain(state.price),
            "counts_band": state.counts_band,
            "band": found.band,
        },
        "bag": {
            "how": (state.bag or Bag.UNKNOWN).value,
            "typed_g": _plain(state.bag_typed_g) if state.bag is Bag.TYPED else "",
            "half_g": _plain(state.bag_half_g) if state.bag is Bag.TYPED else "",
        },
        "result": {
            "net_g": _plain(found.net_g),
            "expanded_g": _plain(found.known_g),
            "error_g": _plain(found.error_g),
            "deviation_g": _plain(found.deviation_g),
            "limit_g": _plain(found.limit_g),
            "capability": _capability(found),
            "remaining": list(found.remaining),
            "by_band": [_band(answer) for answer in found.by_band],
            "times_tolerable": found.beyond,
        },
        "information": _information(found),
        "weighings": [
            {
                "what": each.what,
                "net_g": plain(weighing_of(each).net_g),
                "calibration": each.calibration,
                "dropped": each.dropped,
                "pan_empty": pan_evidence(each.empty),
                "pan_loaded": pan_evidence(each.loaded),
            }
            for each in state.weighed
        ],
        "weighings_more": state.weighed_more,
        "at_rest": not state.gave_up,
        "given": [msgspec.to_builtins(each) for each in state.given],
        "given_more": state.given_more,
        "pan": {
            "calibration": context.pan.calibration if context.pan is not None else "",
            "policy": POLICY,
            "unfit": _unfit(state),
            "not_ready": case_of(state, not_ready(context)).unfit,
            "control": msgspec.to_builtins(context.controlled),
            "conditions": [msgspec.to_builtins(each) for each in looked_at(context, _unfit(state))],
        },
        "duties": [
            {
                "item": each.item,
                "pack": each.pack,
                "version": each.version,
                "sha256": each.sha256,
                "clause": each.clause,
                "confidence": each.confidence.value,
            }
            for each in duties_of(context, found.verdict)
        ],
        "weights": [],
        "interruptions": [msgspec.to_builtins(each) for each in state.interruptions],
    }


def judged_page(context: Context, state: FairState, found: Found) -> PageJudged:
    """The outcome as the screen shows it; entry and slip follow when it is saved."""
    return PageJudged(
        key="fair_judged" if state.what is What.GOODS else "fair_judged_package",
        verdict=found.verdict,
        entry=0,
        reason=f"fair_{found.reason}" if found.reason and not found.reason.startswith("fair_") else "",
        next_step=found.next_step,
        facts=_facts(state, found),
        lines=_lines(context, found),
        law=found.law if found.law.pack else None,
        beside=(Option(id=COMPLAIN, label="fair_complain"),),
    )


def _facts(state: FairState, found: Found) -> tuple[Fact, ...]:
    """The four figures that the verdict stands on; with a bag that nobody knows there is no difference."""
    assert state.settled is not None and state.settled.value_g is not None
    facts = [mass("fair_nominal" if state.what is What.PACKAGE else "fair_settled", state.settled.value_g)]
    if found.net_g is not None and found.error_g is not None:
        if state.bag is Bag.UNKNOWN:
            facts.append(mass("fair_gross", found.net_g))
        else:
            facts.append(mass("fair_net", found.net_g))
            facts.append(mass("fair_less" if found.error_g > 0 else "fair_more", abs(found.error_g), TENTH))
    if found.limit_g is not None:
        facts.append(mass("fair_permitted", found.limit_g, CENTIGRAM))
    return tuple(facts)


def _yuan(label: str, amount: Decimal) -> Fact:
    return Fact(label=label, value=plain(amount), unit=YUAN, legal=False)


def contacts(context: Context) -> list[Fact]:
    """Who takes complaints: the national line, and the market's office where its number is configured."""
    facts = [Fact(label="fair_hotline", value=context.contacts.hotline, legal=False)]
    if context.contacts.market:
        facts.append(Fact(label="fair_market_office", value=context.contacts.market, legal=False))
    return facts


def mass(label: str, value: Grams, step: Grams | None = None) -> Fact:
    """A mass to the digits that somebody knows: a difference by its ``step``, a load as a scale shows it."""
    if step is not None:
        return Fact(label=label, value=trimmed(value.quantize(step, ROUND_HALF_EVEN)), unit=GRAM)
    if value < KILO:
        return Fact(label=label, value=plain(value.quantize(TENTH, ROUND_HALF_EVEN)), unit=GRAM)
    return Fact(label=label, value=plain((value / KILO).quantize(THOUSANDTH, ROUND_HALF_EVEN)), unit=KILOGRAM)


def _lines(context: Context, found: Found) -> tuple[Line, ...]:
    """The bands where they were several, the ways that remain, what our pan knows, money, and who to call."""
    bands = [
        Line(
            label=f"fair_band_{answer.band}",
            mark=answer.verdict.value,
            facts=() if answer.limit_g is None else (mass("fair_permitted", answer.limit_g, CENTIGRAM),),
        )
        for answer in found.by_band
    ]
    ways = [Line(label=f"fair_method_{method}", mark="fair_way_open") for method in found.remaining]
    told = []
    if found.known_g is not None:
        known = trimmed(found.known_g.quantize(TENTH, ROUND_CEILING))
        told.append(Line(label="fair_pan", facts=(Fact(label="fair_known", value=known, unit=GRAM),)))
    if found.damages is not None:
        told.append(Line(label="fair_refund", facts=(_yuan("fair_about", found.damages.refund_yuan),)))
        told.append(Line(label="fair_damages", facts=(_yuan("fair_at_most", found.damages.damages_yuan),)))
    owed = [
        Line(
            label=f"fair_duty_{each.item}",
            law=Law(each.pack, each.version, each.sha256, each.clause, each.confidence),
        )
        for each in duties_of(context, found.verdict)
    ]
    return (
        *bands,
        *ways,
        *told,
        *owed,
        *(Line(label=fact.label, text=fact.value) for fact in contacts(context)),
    )


def _settled(state: FairState) -> dict[str, str]:
    settled = state.settled
    assert settled is not None
    return {
        "source": settled.source.value,
        "settled_g": _plain(settled.value_g),
        "low_g": _plain(settled.low_g),
        "high_g": _plain(settled.high_g),
        "yuan": _plain(settled.yuan),
        "half_yuan": _plain(settled.half_yuan),
        "label": settled.label,
    }


def _capability(found: Found) -> str:
    """Limit over U, empty where one of them is not known."""
    if not found.limit_g or not found.known_g:
        return ""
    return plain((found.limit_g / found.known_g).quantize(TENTH))


def _band(answer: RetailAnswer) -> dict[str, Any]:
    return {
        "band": answer.band,
        "verdict": answer.verdict.value,
        "method": answer.method,
        "limit_g": _plain(answer.limit_g),
        "clause": answer.clause,
    }


def _information(found: Found) -> dict[str, str]:
    """Damages as information: whether it was fraud is for the authority or a court to find."""
    if found.damages is None:
        return {}
    return {
        "refund_yuan": plain(found.damages.refund_yuan),
        "damages_yuan": plain(found.damages.damages_yuan),
        "clause": found.damages.clause,
        "confidence": found.damages.confidence.value,
    }


def _unfit(state: FairState) -> str:
    stand = [mass for each in state.weighed if not each.dropped for mass in (each.empty, each.loaded)]
    return next((mass.unfit for mass in stand if mass.unfit), "")


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
