"""From the two weighings of a control check to its outcome and the body of the ledger entry.

Rules this file obeys:

* The chart is the one of the context, folded from the record; what is written is enough to fold it again.
* Every mass in the body is a decimal string of grams.
* A check has no verdict: it judges the pan, and no scale.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from firmware_app.procedures.context import CheckPlan, Context
from firmware_app.procedures.control_check.state import ControlCheckState
from firmware_app.procedures.prompts import ControlPoint, ControlResult
from firmware_app.procedures.settle import CONTROL_AT_REST
from firmware_app.procedures.taken import pan_evidence, weight_evidence
from firmware_app.quantity import plain
from firmware_app.weighing.control import BASELINE, RULE, Check, Judged

KIND = "control_check"
"""Kind of the ledger entry."""
MILLIGRAM = Decimal("0.001")
MOST_POINTS = 30
"""Checks that the screen draws."""


def judge_check(context: Context, state: ControlCheckState) -> tuple[ControlResult, dict[str, Any]]:
    """The outcome as the screen shows it, and the body of the entry."""
    plan, empty, loaded = context.check, state.pan_empty, state.pan_loaded
    assert plan is not None and empty is not None and loaded is not None
    deviation = loaded.mass_g - empty.mass_g - state.piece.mass_g
    standard = math.hypot(empty.standard_g, loaded.standard_g, state.piece.standard_g)
    judged, after = plan.chart.add(Check(float(deviation), standard))
    result = ControlResult(
        outcome=judged.outcome,
        reason=judged.reason,
        next_step=judged.next_step,
        basis=judged.limits.basis,
        weight=state.piece.id,
        nominal_g=plain(state.piece.nominal_g),
        deviation_g=plain(deviation),
        expanded_g=plain(Decimal(repr(2 * standard)).quantize(MILLIGRAM, ROUND_CEILING)),
        lower_g=in_grams(judged.limits.lower_g),
        upper_g=in_grams(judged.limits.upper_g),
        checks=after.baseline,
        needed=BASELINE,
        points=(*plan.points, control_point(judged))[-MOST_POINTS:],
    )
    return result, _body(context, plan, state, judged)


def control_point(judged: Judged) -> ControlPoint:
    """A judged check as the screen draws it."""
    return ControlPoint(
        deviation_g=in_grams(judged.check.deviation_g),
        lower_g=in_grams(judged.limits.lower_g),
        upper_g=in_grams(judged.limits.upper_g),
        outcome=judged.outcome,
        ewma_g="" if judged.ewma is None else in_grams(judged.ewma.z_g),
    )


def in_grams(value: float) -> str:
    """The estimate to the milligram, without a negative zero."""
    return plain(Decimal(repr(value)).quantize(MILLIGRAM) + 0)


def _body(context: Context, plan: CheckPlan, state: ControlCheckState, judged: Judged) -> dict[str, Any]:
    assert state.pan_empty is not None and state.pan_loaded is not None
    limits, ewma = judged.limits, judged.ewma
    return {
        "procedure": KIND,
        "procedure_version": 1,
        "outcome": judged.outcome.value,
        "before": context.controlled.state,
        "reason": judged.reason.value,
        "next_step": judged.next_step.value,
        "weight": weight_evidence(state.piece),
        "pan": {
            "calibration": state.calibration,
            "resolution_g": plain(plan.resolution_g),
            "policy": CONTROL_AT_REST.label,
            "unfit": state.unfit,
        },
        "pan_empty": pan_evidence(state.pan_empty),
        "pan_loaded": pan_evidence(state.pan_loaded),
        "deviation_g": plain(state.pan_loaded.mass_g - state.pan_empty.mass_g - state.piece.mass_g),
        "u_g": repr(judged.check.standard_g),
        "chart": {
            "rule": RULE,
            "basis": limits.basis.value,
            "baseline": judged.baseline,
            "failures": judged.failures,
            "centre_g": in_grams(limits.centre_g),
            "s_g": in_grams(limits.sigma_g),
            "lower_g": in_grams(limits.lower_g),
            "upper_g": in_grams(limits.upper_g),
            "ewma_g": "" if ewma is None else in_grams(ewma.z_g),
            "ewma_lower_g": "" if ewma is None else in_grams(ewma.lower_g),
            "ewma_upper_g": "" if ewma is None else in_grams(ewma.upper_g),
        },
        "not_the_weight": state.wrong,
        "interruptions": [msgspec.to_builtins(each) for each in state.interruptions],
    }
