"""From what was measured to the verdict and the body of the ledger entry.

Rules this file obeys:

* The reference must be capable before anything is judged: U(k=2) ≤ ⅓ of the limit used.
* U holds the reference and the rounding of the scale under test (budget.py).
* Where the load is not known well enough to say on which side of an MPE step it lies, both limits must give
  the same verdict, else it is undecided.
* Every mass in the body is a decimal string of grams.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from firmware_app.procedures.budget import expanded_g, expanded_of_error, instrument_of
from firmware_app.procedures.context import Context
from firmware_app.procedures.evidence import (
    change_evidence,
    compared_evidence,
    lead_evidence,
    pan_evidence,
    window_evidence,
)
from firmware_app.procedures.law import NO_LAW, Law
from firmware_app.procedures.prompts import LoadResult, VisitResult, Way
from firmware_app.procedures.screens import scale_card, stall_card
from firmware_app.procedures.settle import PAN_AT_REST
from firmware_app.procedures.state import Attempt, PanMass, SelfCheckState
from firmware_app.quantity import Estimate, Grams, plain
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import BadInstrument, MpeAnswer, OutsideTable, mpe
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import Confidence, NawiPack, Stage, weakest
from firmware_app.standards.sets import NotUsable, reference_mass
from firmware_app.uncertainty.decision import Verdict, capable, guarded, worst

DECISION_RULE = "guarded acceptance and rejection, w = U, k = 2 (JCGM 106:2012 8.3.2, 8.3.3)"
MILLIGRAM = Decimal("0.001")
CHANGED_AFTER = "changed_after_settling"

NEXT_STEP = {
    (Verdict.UNDECIDED, Way.WEIGHTS): "change_point",
    (Verdict.UNDECIDED, Way.GOODS): "more_loads",
    (Verdict.DOES_NOT_CONFORM, Way.WEIGHTS): "send_for_verification",
    (Verdict.DOES_NOT_CONFORM, Way.GOODS): "send_for_verification",
}


class JudgedLoad(msgspec.Struct, frozen=True):
    """One load with the law that was used for it (None where the law gave nothing)."""

    result: LoadResult
    capability: str
    superseded_by: str
    law: Law | None


def judge(context: Context, state: SelfCheckState) -> tuple[VisitResult, dict[str, Any]]:
    """The result shown to the person and the body of the entry, from the attempts that stand."""
    assert state.scale is not None and state.stall is not None and state.way is not None
    standing = [attempt for attempt in state.attempts if attempt.counts]
    unfit = _unfit(standing)
    judged = [_judge_load(context, state.scale, attempt, unfit) for attempt in standing]
    verdict = worst([load.result.verdict for load in judged])
    result = VisitResult(
        verdict=verdict,
        way=state.way,
        scale=scale_card(state.scale),
        loads=tuple(load.result for load in judged),
        law=_law([load.law for load in judged if load.law is not None]),
        next_step=_next_step(verdict, state, judged),
    )
    return result, _body(context, state, result, judged)


def _next_step(verdict: Verdict, state: SelfCheckState, judged: list[JudgedLoad]) -> str:
    """What would decide; more loads do not where the display changed under one of them."""
    assert state.way is not None
    if verdict is Verdict.UNDECIDED and any(load.result.reason == CHANGED_AFTER for load in judged):
        return "send_for_verification"
    return NEXT_STEP.get((verdict, state.way), "")


def _unfit(standing: list[Attempt]) -> str:
    """Why no verdict may rest on the pan: one reading that none may rest on spoils the visit."""
    return next((mass.unfit for attempt in standing for mass in _weighings(attempt) if mass.unfit), "")


def _weighings(attempt: Attempt) -> tuple[PanMass, ...]:
    """Every reading of the pan that the load rests on."""
    turns = () if attempt.compared is None else attempt.compared.turns
    return tuple(mass for mass in (attempt.empty, attempt.loaded, *turns) if mass is not None)


def _judge_load(context: Context, scale: Scale, attempt: Attempt, unfit: str) -> JudgedLoad:
    indication = attempt.figure.value_g
    assert indication is not None
    try:
        reference = _reference(context, attempt)
    except NotUsable:
        return _unjudged(attempt, indication, None, "weights_not_usable")
    mass = Decimal(repr(reference.value)).quantize(MILLIGRAM, ROUND_HALF_EVEN)
    known = expanded_g(reference.standard)
    locked = context.controlled.lock if attempt.way is Way.GOODS else ""
    if unfit or locked:
        return _unjudged(attempt, indication, (mass, known), "pan_unfit" if unfit else locked)
    # The law asks for the load; weights are asked for by their nominal value, goods are only known within U.
    nominal = attempt.load.nominal_g
    ends = (nominal, nominal) if nominal is not None else (max(mass - known, Decimal(0)), mass + known)
    try:
        pack = pack_in_force(NawiPack, context.on, context.packs)
        low, high = (mpe(pack, instrument_of(scale), end, Stage.IN_SERVICE, context.on) for end in ends)
    except NoPackInForce:
        return _unjudged(attempt, indication, (mass, known), "no_rules")
    except OutsideTable:
        return _unjudged(attempt, indication, (mass, known), "beyond_max")
    except BadInstrument:
        return _unjudged(attempt, indication, (mass, known), "scale_data")
    error, expanded = indication - mass, expanded_of_error(reference.standard, scale.d_g)
    verdict, reason = Verdict.CANNOT_JUDGE, "reference_not_capable"
    if capable(known, low.limit_g):
        verdicts = {guarded(error, expanded, answer.limit_g) for answer in (low, high)}
        verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED
        reason = ""
    if attempt.changed is not None and verdict in (Verdict.CONFORMS, Verdict.UNDECIDED):
        # Which of its two figures the scale sells by is not known: it is not found right, nor accused here.
        verdict, reason = Verdict.UNDECIDED, CHANGED_AFTER
    return JudgedLoad(
        LoadResult(
            number=attempt.number,
            load_g=plain(mass),
            load_u_g=plain(known),
            indication_g=plain(indication),
            source=attempt.figure.source,
            error_g=plain(error),
            expanded_g=plain(expanded),
            limit_g=plain(low.limit_g),
            limit_initial_g=plain(low.limit_initial_g),
            verdict=verdict,
            reason=reason,
        ),
        plain((low.limit_g / known).quantize(Decimal("0.1"))) if known else "",
        low.superseded_by,
        _law_of(low),
    )


def _reference(context: Context, attempt: Attempt) -> Estimate:
    if attempt.way is Way.WEIGHTS:
        return reference_mass(attempt.load.pieces, context.on)
    assert attempt.loaded is not None and attempt.empty is not None
    compared = attempt.compared
    if compared is not None and compared.result is not None and not compared.why_not:
        return Estimate(compared.result.mass.value, compared.standard_g)
    net = attempt.loaded.mass_g - attempt.empty.mass_g
    return Estimate(float(net), math.hypot(attempt.loaded.standard_g, attempt.empty.standard_g))


def _unjudged(
    attempt: Attempt, indication: Grams, known: tuple[Grams, Grams] | None, reason: str
) -> JudgedLoad:
    """A load without a limit: what is known is shown, the rest stays empty."""
    mass, u = (plain(known[0]), plain(known[1])) if known else ("", "")
    result = LoadResult(
        number=attempt.number,
        load_g=mass,
        load_u_g=u,
        indication_g=plain(indication),
        source=attempt.figure.source,
        error_g=plain(indication - known[0]) if known else "",
        expanded_g="",
        limit_g="",
        limit_initial_g="",
        verdict=Verdict.CANNOT_JUDGE,
        reason=reason,
    )
    return JudgedLoad(result, "", "", None)


def _law_of(answer: MpeAnswer) -> Law:
    return Law(answer.pack, answer.version, answer.sha256, answer.clause, answer.confidence)


def _law(laws: list[Law]) -> Law:
    """The law of the visit: that of its loads, with the weakest confidence among them."""
    if not laws:
        return NO_LAW
    confidence = weakest(*(Confidence(law.confidence) for law in laws))
    return msgspec.structs.replace(laws[0], confidence=confidence)


def _body(
    context: Context, state: SelfCheckState, result: VisitResult, judged: list[JudgedLoad]
) -> dict[str, Any]:
    assert state.stall is not None
    loads = [
        {**_plain(load.result), "capability": load.capability, "superseded_by": load.superseded_by}
        for load in judged
    ]
    return {
        "procedure": "self_check",
        "procedure_version": 1,
        "rules_date": context.on.isoformat(),
        "stall": _plain(stall_card(state.stall)),
        "scale": _plain(result.scale),
        "way": result.way.value,
        "verdict": result.verdict.value,
        "next_step": result.next_step,
        "law": {**_plain(result.law), "stage": Stage.IN_SERVICE.value},
        "decision_rule": DECISION_RULE,
        "loads": loads,
        "attempts": [
            _attempt(attempt, window)
            for attempt, window in zip(state.attempts, window_evidence(state.attempts), strict=True)
        ],
        "refused_more": state.refused_more,
        "weights": _weights(state),
        "pan": {
            "calibration": context.pan.calibration if context.pan is not None else "",
            "policy": PAN_AT_REST.label,
            "unfit": _unfit([attempt for attempt in state.attempts if attempt.counts]),
            "control": _plain(context.controlled),
        },
        "lead": lead_evidence(state),
        "interruptions": [_plain(interruption) for interruption in state.interruptions],
    }


def _attempt(attempt: Attempt, window: dict[str, Any] | None) -> dict[str, Any]:
    load = attempt.load
    written: dict[str, Any] = {
        "number": attempt.number,
        "scale": attempt.scale,
        "way": attempt.way.value,
        "pieces": [piece.id for piece in load.pieces],
        "asked_g": [plain(mass) for mass in (load.nominal_g, load.low_g, load.high_g) if mass is not None],
        "figure": {
            "source": attempt.figure.source.value,
            "text": attempt.figure.text,
            "unit": attempt.figure.unit,
            "indication_g": plain(attempt.figure.value_g) if attempt.figure.value_g is not None else "",
            "profile": attempt.figure.profile,
            "raw": attempt.figure.raw,
            "policy": attempt.figure.policy,
            "window": window,
        },
        "blind": attempt.blind,
        "problem": attempt.problem.value if attempt.problem else "",
        "dropped": attempt.dropped,
    }
    if attempt.compared is not None:
        written["compared"] = compared_evidence(attempt.compared, attempt.counts)
    if attempt.changed is not None:
        written["changed"] = change_evidence(attempt.changed)
    for name, taken in (("pan_empty", attempt.empty), ("pan_loaded", attempt.loaded)):
        if taken is not None:
            written[name] = pan_evidence(taken)
    return written


def _weights(state: SelfCheckState) -> list[dict[str, str]]:
    """Every weight that stood for something, with the certificate that says so."""
    standing = [attempt for attempt in state.attempts if attempt.counts]
    beside = [attempt.compared.pieces for attempt in standing if attempt.compared is not None]
    stood = (*(attempt.load.pieces for attempt in standing), *beside)
    used = {piece.id: piece for pieces in stood for piece in pieces}
    return [
        {
            "id": piece.id,
            "set": piece.set_id,
            "class": piece.weight_class,
            "nominal_g": plain(piece.nominal_g),
            "mass_g": plain(piece.mass_g),
            "u_g": repr(piece.standard_g),
            "basis": "certificate" if piece.certified else "class_tolerance",
            "certificate": piece.certificate,
            "valid_to": piece.valid_to.isoformat(),
        }
        for piece in used.values()
    ]


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(value)
    return built
