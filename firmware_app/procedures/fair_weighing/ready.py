"""Whether the pan may judge at all: fit, in control, warm, level, inside its range."""

from __future__ import annotations

from firmware_app.procedures.capability.answer import Condition, Looked, first_failed
from firmware_app.procedures.capability.conditions import pan_ready
from firmware_app.procedures.context import Context


def looked_at(context: Context, unfit: str = "") -> tuple[Looked, ...]:
    """Every condition and what was found; a fault of the pan interrupts the visit and is none of them."""
    found = pan_ready(context, None, unfit)
    return tuple(each for each in found if each.condition is not Condition.PAN_WORKS)


def not_ready(context: Context, unfit: str = "") -> str:
    """Code of the first condition that does not hold, empty where all that could be observed do."""
    failed = first_failed(looked_at(context, unfit))
    return "" if failed is None else failed.reason
