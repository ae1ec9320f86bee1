"""From the looks of a challenge to the verdict, the patterns and the body for the record.

Rules this file obeys:

* Every figure that stood on the display under a known load is judged like any figure of a self-check: the
  reference must be capable (U ≤ ⅓ of the limit), acceptance and rejection are guarded by U.
* Light goods, where rounding alone hides whether a scale is right, can find a fault and clear nobody.
* A pattern never makes a verdict: it says how improbable an honest scale is, and what should follow.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from firmware_app.procedures.budget import expanded_g, expanded_of_error, instrument_of, tells_honest
from firmware_app.procedures.capability.answer import first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.challenge.evidence import body_of
from firmware_app.procedures.challenge.state import ChallengeState, Look, Result, interval_at
from firmware_app.procedures.challenge.telling import Judged, found_in
from firmware_app.procedures.context import Context
from firmware_app.procedures.law import NO_LAW, Law
from firmware_app.procedures.prompts import Way
from firmware_app.quantity import Estimate, Grams
from firmware_app.rules.checks import PartialRange, mpe_in_range
from firmware_app.rules.mpe import BadInstrument, Instrument, MpeAnswer, OutsideTable, mpe
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, Stage
from firmware_app.standards.sets import NotUsable, reference_mass
from firmware_app.uncertainty.decision import Verdict, capable, guarded, worst

MILLIGRAM = Decimal("0.001")
NOT_EXPLAINED = "pattern_not_explained"
SEND, OFFICERS = "send_for_verification", "send_for_verification_officers"


def judge(context: Context, state: ChallengeState) -> tuple[Result, dict[str, Any]]:
    """What the screen says, and the body for the record, from the looks that stand."""
    unfit = _unfit(state)
    # A fault of the moment stops the visit where the pan is asked; it says nothing of what was weighed.
    failed = first_failed(pan_ready(msgspec.structs.replace(context, pan_fault=None)))
    locked = "" if failed is None else failed.reason
    judged = [
        reading
        for trial in state.trials
        for reading in _judge_trial(context, state, trial.number, unfit or locked)
    ]
    found = found_in(state, judged)
    telling = [each for each in found if not each.explained]
    verdict = _verdict(judged)
    best = min(telling, key=lambda each: (each.order, each.p), default=None)
    result = Result(
        verdict=verdict,
        reason=NOT_EXPLAINED if best is not None else _reason(verdict, judged),
        next_step=_next_step(verdict, best is not None),
        pattern="" if best is None else best.pattern,
        p_text="" if best is None else bound_text(best.p),
        found=tuple(each.found() for each in found),
        readings=len(judged),
        beyond=sum(reading.verdict is Verdict.DOES_NOT_CONFORM for reading in judged),
        law=next((reading.law for reading in judged if reading.law is not None), NO_LAW),
    )
    return result, body_of(context, state, result, judged)


def bound_text(p: float) -> str:
    """The next power of ten above a probability, as it is said: 0.0004 is below 0.001."""
    return format(Decimal(1).scaleb(math.ceil(math.log10(p))), "f")


def _judge_trial(context: Context, state: ChallengeState, number: int, locked: str) -> list[Judged]:
    """The figures of one load, judged; none where the load was left out."""
    looks = [look for look in state.looks if look.counts and look.trial == number]
    if not looks:
        return []
    trial, reference = state.trials[number - 1], None
    try:
        reference = _reference(context, state, looks[0])
    except NotUsable:
        locked = locked or "weights_not_usable"
    # Weights are true whatever our pan is: its lock concerns the goods.
    if trial.way is Way.WEIGHTS and locked != "weights_not_usable":
        locked = ""
    return [
        _judge(context, state, look, reference, locked)
        for look in looks
        if look.figure is not None or look is looks[0]
    ]


def _judge(
    context: Context, state: ChallengeState, look: Look, reference: Estimate | None, locked: str
) -> Judged:
    assert look.figure is not None and look.figure.value_g is not None
    shown = look.figure.value_g
    if reference is None:
        return Judged(look=look, shown_g=shown, reason=locked)
    mass = Decimal(repr(reference.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
    known = Judged(look=look, shown_g=shown, load_g=mass, u_g=reference.standard, reason=locked)
    if locked:
        return known
    doubt = expanded_g(reference.standard)
    nominal = state.trials[look.trial - 1].nominal_g
    ends = (nominal, nominal) if nominal else (max(mass - doubt, Decimal(0)), mass + doubt)
    limits = _limits(context, state, ends)
    if isinstance(limits, str):
        return msgspec.structs.replace(known, reason=limits)
    low, high = limits
    limited = msgspec.structs.replace(known, limit_g=low.limit_g, law=_law_of(low))
    if not capable(doubt, low.limit_g):
        return msgspec.structs.replace(limited, reason="reference_not_capable")
    d = interval_at(state, shown)
    expanded = expanded_of_error(reference.standard, d)
    verdicts = {guarded(shown - mass, expanded, answer.limit_g) for answer in (low, high)}
    return msgspec.structs.replace(
        limited,
        expanded_g=expanded,
        verdict=verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED,
        clears=tells_honest(reference.standard, d, low.limit_g),
    )


def _limits(
    context: Context, state: ChallengeState, ends: tuple[Grams, Grams]
) -> tuple[MpeAnswer, MpeAnswer] | str:
    """The limits in service at both ends of what the load may be, or the code of why there are none."""
    try:
        instrument = instrument_of(state.scale)
        pack = pack_in_force(NawiPack, context.on, context.packs, instrument)
        low, high = (limit_of(pack, instrument, state.ranges, end, context.on) for end in ends)
    except NoPackInForce:
        return "no_rules"
    except OutsideTable:
        return "beyond_max"
    except BadInstrument:
        return "scale_data"
    return low, high


def limit_of(
    pack: NawiPack, instrument: Instrument, ranges: tuple[PartialRange, ...], load_g: Grams, on: date
) -> MpeAnswer:
    """The limit in service at a load, by the range that counts there; raises RulesError."""
    if ranges:
        return mpe_in_range(pack, instrument, ranges, load_g, stage=Stage.IN_SERVICE, on=on)
    return mpe(pack, instrument, load_g, Stage.IN_SERVICE, on)


def _reference(context: Context, state: ChallengeState, first: Look) -> Estimate | None:
    """The mass of the load; None where our pan has not weighed it. Raises NotUsable."""
    trial = state.trials[first.trial - 1]
    if trial.way is Way.WEIGHTS:
        return reference_mass(trial.pieces, context.on)
    if first.loaded is None or first.empty is None:
        return None
    net = first.loaded.mass_g - first.empty.mass_g
    return Estimate(float(net), math.hypot(first.loaded.standard_g, first.empty.standard_g))


def _verdict(judged: list[Judged]) -> Verdict:
    """The worst of what can clear or find; a fault found on light goods counts as well."""
    if any(reading.verdict is Verdict.DOES_NOT_CONFORM for reading in judged):
        return Verdict.DOES_NOT_CONFORM
    clearing = [reading.verdict for reading in judged if reading.clears]
    return worst(clearing) if clearing else Verdict.CANNOT_JUDGE


def _reason(verdict: Verdict, judged: list[Judged]) -> str:
    if verdict is not Verdict.CANNOT_JUDGE:
        return ""
    return next((reading.reason for reading in judged if reading.reason), "no_load_tells")


def _next_step(verdict: Verdict, unexplained: bool) -> str:
    if unexplained:
        return OFFICERS
    return {Verdict.DOES_NOT_CONFORM: SEND, Verdict.UNDECIDED: "more_loads"}.get(verdict, "")


def _unfit(state: ChallengeState) -> str:
    """Why no verdict may rest on the pan: one weighing that none may rest on spoils all of them."""
    weighed = [mass for look in state.looks if look.counts for mass in (look.empty, look.loaded) if mass]
    return "pan_unfit" if any(mass.unfit for mass in weighed) else ""


def _law_of(answer: MpeAnswer) -> Law:
    return Law(answer.pack, answer.version, answer.sha256, answer.clause, answer.confidence)
