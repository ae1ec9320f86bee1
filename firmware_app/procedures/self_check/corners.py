"""A light look at the corners of the scale, where its loads were not found right: a hint, never a verdict.

Rules this file obeys:

* Asked only where it may explain something, once, and with weights: goods cannot be pushed about alike.
* The answer is a person's word. It goes into the record as such and changes no verdict; the eccentricity
  test of the regulation (OIML R 76-1:2006 A.4.7) is an inspector's.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Picked
from firmware_app.procedures.self_check.judging import judge_loads
from firmware_app.procedures.self_check.state import Corners, SelfCheckState
from firmware_app.procedures.self_check.steps import changed, to_ledger


def answer(context: Context, state: SelfCheckState, event: Picked, _now_ns: int) -> SelfCheckState:
    """What the display did in the corners, or that nobody tried; anything else is ignored."""
    if event.option not in (Corners.CHANGES, Corners.SAME, Corners.NOT_TRIED):
        return state
    told = changed(state, corners=Corners(event.option))
    return to_ledger(context, told, judge_loads(context, told))
