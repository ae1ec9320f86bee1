"""Whether the pan may judge at all, and whether it will be fine enough for goods that do not lie on it yet.

Rules this file obeys:

* What is said here is an outlook. What was weighed is judged by the uncertainty of its own readings.
"""

from __future__ import annotations

import msgspec

from firmware_app.procedures.budget import expanded_g
from firmware_app.procedures.capability.answer import Condition, Looked, Method, first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.capability.sale import expected_for_sale, for_sale
from firmware_app.procedures.context import Context
from firmware_app.procedures.fair_weighing import law
from firmware_app.procedures.fair_weighing.state import FairState, What
from firmware_app.rules.retail_table import EQUAL_SCALE, method_row
from firmware_app.uncertainty.decision import capable

FINER, EQUAL, COARSE = "fair_pan_finer", "fair_pan_equal", "fair_pan_coarse"


def looked_at(context: Context, unfit: str = "") -> tuple[Looked, ...]:
    """Every condition and what was found; a fault of the pan interrupts the visit and is none of them."""
    found = pan_ready(context, None, unfit)
    return tuple(each for each in found if each.condition is not Condition.PAN_WORKS)


def not_ready(context: Context, unfit: str = "") -> str:
    """Code of the first condition that does not hold, empty where all that could be observed do."""
    failed = first_failed(looked_at(context, unfit))
    return "" if failed is None else failed.reason


def outlook(context: Context, state: FairState) -> str:
    """As what the pan is expected to serve for these goods; empty where nothing is known of it."""
    limit = law.tightest(context, state)
    if limit is None or context.pan is None or context.pan.outlook is None:
        return ""
    assert state.settled is not None and state.settled.value_g is not None
    expected = expected_for_sale(context, state.settled.value_g)
    known = expanded_g(expected.standard)
    pack = law.packs_of(context).retail
    if state.what is What.PACKAGE or pack is None:
        return FINER if capable(known, limit) else COARSE
    # A fault at the beginning of the visit is none any more where goods are asked for.
    method = for_sale(msgspec.structs.replace(context, pan_fault=None), pack, limit, expected).method
    if method is Method.FINER_SCALE:
        return FINER
    doubled = limit * method_row(pack, EQUAL_SCALE).factor
    return EQUAL if method is Method.EQUAL_SCALE and capable(known, doubled) else COARSE
