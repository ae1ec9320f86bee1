"""The body of the ledger entry of a self-check: all that was asked, given, weighed and judged.

Rules this file obeys:

* Every mass in the body is a decimal string of grams; what is not known is an empty string.
* The verdict follows from the body alone (self_check_rejudging.py): nothing that was used is left out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from firmware_app.procedures.cards import stall_card
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import VisitResult
from firmware_app.procedures.self_check.evidence import (
    change_evidence,
    compared_evidence,
    lead_evidence,
    window_evidence,
)
from firmware_app.procedures.self_check.judging import DECISION_RULE, JudgedLoad, unfit_of
from firmware_app.procedures.self_check.state import Attempt, ChangePoint, Pile, SelfCheckState
from firmware_app.procedures.settle import PAN_AT_REST
from firmware_app.procedures.taken import pan_evidence, weight_evidence
from firmware_app.quantity import plain
from firmware_app.rules.rows import Stage

VERSION = 2
"""Of the procedure: 2 judges several odd loads together and says what was looked at before."""


def body_of(
    context: Context, state: SelfCheckState, result: VisitResult, judged: tuple[JudgedLoad, ...]
) -> dict[str, Any]:
    """What the entry of a judged visit holds; see docs/record-format.md."""
    assert state.stall is not None
    places = {id(attempt): place for place, attempt in enumerate(state.attempts)}
    loads = [
        {
            **_plain(load.result),
            "capability": "" if load.capability is None else load.capability.ratio,
            "superseded_by": load.superseded_by,
            "of": [places[id(attempt)] for attempt in load.measured.attempts],
            "budget": _budget(load),
            "change_point": _points(load),
        }
        for load in judged
    ]
    return {
        "procedure": "self_check",
        "procedure_version": VERSION,
        "rules_date": context.on.isoformat(),
        "stall": _plain(stall_card(state.stall)),
        "scale": _plain(result.scale),
        "way": result.way.value,
        "verdict": result.verdict.value,
        "next_step": result.next_step,
        "law": {**_plain(result.law), "stage": Stage.IN_SERVICE.value},
        "decision_rule": DECISION_RULE,
        "loads": loads,
        "capability": [
            {"number": load.result.number, **_plain(load.capability)}
            for load in judged
            if load.capability is not None
        ],
        "attempts": [
            _attempt(attempt, window)
            for attempt, window in zip(state.attempts, window_evidence(state.attempts), strict=True)
        ],
        "refused_more": state.refused_more,
        "weights": _weights(state),
        "weights_confirmed": {
            "state": result.weights,
            "why_not": state.unconfirmed,
            "refused": [piece.id for piece in state.refused],
            "piles": [_pile(pile) for pile in state.piles],
        },
        "corners": state.corners.value,
        "reminders": [each.code for each in result.reminders],
        "due": [_plain(each) for each in result.reminders],
        "pan": {
            "calibration": context.pan.calibration if context.pan is not None else "",
            "policy": PAN_AT_REST.label,
            "unfit": unfit_of(state.attempts),
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


def _points(load: JudgedLoad) -> dict[str, Any]:
    """The change points that gave the error, empty where it was read directly (R 76-1:2006 A.4.4.3)."""
    point, zero = load.measured.point, load.measured.zero
    if point is None or zero is None:
        return {}
    return {"load": _point(point), "zero": _point(zero)}


def _point(point: ChangePoint) -> dict[str, Any]:
    return {
        "pieces": [piece.id for piece in point.pieces],
        "nominal_g": plain(point.nominal_g),
        "indication_g": plain(point.indication_g),
        "added_g": plain(point.added_g),
        "step_g": plain(point.step_g),
    }


def _pile(pile: Pile) -> dict[str, Any]:
    """Weights as the pan saw them before they were used."""
    return {
        "pieces": list(pile.pieces),
        "found": pile.found,
        "expected_g": plain(pile.expected_g),
        "seen_g": plain(pile.seen_g),
        "within_g": plain(pile.within_g),
        "finds_g": plain(pile.finds_g),
        **pan_evidence(pile.loaded),
    }


def _weights(state: SelfCheckState) -> list[dict[str, str]]:
    """Every weight that stood for something, with the certificate that says so."""
    standing = [attempt for attempt in state.attempts if attempt.counts]
    beside = [attempt.compared.pieces for attempt in standing if attempt.compared is not None]
    points = [point.pieces for point in state.points]
    stood = (*(attempt.load.pieces for attempt in standing), *beside, *points)
    used = {piece.id: piece for pieces in stood for piece in pieces}
    return [weight_evidence(piece) for piece in used.values()]


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    # By way of JSON: a body is compared with what is read back, and there a tuple is a list.
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return built


def _budget(load: JudgedLoad) -> dict[str, Any]:
    """The parts of U where several loads were taken together, as standard uncertainties in grams."""
    mean = load.measured.averaged
    if mean is None:
        return {}
    return {
        "rounding": mean.rounding_g,
        "zero": mean.zero_g,
        "noise": mean.noise_g,
        "reference": mean.reference_g,
        "k": 2,
    }
