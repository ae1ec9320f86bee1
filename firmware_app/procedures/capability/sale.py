"""May a sale be judged, and by which of the three methods of the law.

Rules this file obeys:

* The pan is tried as the better scale first (method 2), then as an equal one with the doubled deviation
  (method 3); the seller's own scale with weights (method 1) is always the way that remains.
* Method 1 is no verdict of the pan: it needs weights in date and the seller's scale, not the pan.
"""

from __future__ import annotations

from decimal import Decimal

from firmware_app.procedures import budget
from firmware_app.procedures.capability.answer import Capability, Method
from firmware_app.procedures.capability.choosing import Candidate, choose
from firmware_app.procedures.capability.conditions import pan_ready, weights_at_hand
from firmware_app.procedures.context import Context
from firmware_app.quantity import Estimate, Grams
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.retail_table import BETTER_SCALE, EQUAL_SCALE, condition
from hardware.loadcell.contract import Fault

METHOD_NUMBER = {Method.SAME_SCALE: 1, Method.FINER_SCALE: 2, Method.EQUAL_SCALE: 3}
"""The methods by their numbers in Order 66, art. 6."""


def for_sale(
    context: Context,
    pack: RetailPack,
    deviation_g: Grams,
    weighed: Estimate,
    *,
    pan_fault: Fault | None = None,
    pan_unfit: str = "",
) -> Capability:
    """The method by which goods of the mass ``weighed`` may be judged against a permitted deviation.

    ``weighed``: the pan's own reading, or the one to be expected. ``METHOD_NUMBER`` gives the number of the
    answer for ``judge_retail``. The limit of the answer is what the U of the checking side may be at most
    times three, so that its ratio reads as everywhere: 3 or more serves.
    """
    expanded = budget.expanded_g(weighed.standard)
    pan = pan_ready(context, pan_fault, pan_unfit)
    usable = tuple(
        piece
        for weight_set in context.weights
        for piece in weight_set.pieces
        if not piece.unusable(context.on)
    )
    at_hand = usable or tuple(piece for weight_set in context.weights for piece in weight_set.pieces)
    by_pan = [
        Candidate(
            method=method,
            conditions=pan,
            expanded_g=expanded,
            limit_g=3 * deviation_g / condition(pack, number).divisor,
            help="same_scale_with_weights" if usable else "",
        )
        for method, number in ((Method.FINER_SCALE, BETTER_SCALE), (Method.EQUAL_SCALE, EQUAL_SCALE))
    ]
    by_weights = Candidate(method=Method.SAME_SCALE, conditions=weights_at_hand(context, at_hand, None))
    return choose((*by_pan, by_weights))


def expected_for_sale(context: Context, load_g: Grams) -> Estimate:
    """What the pan is expected to say of goods that do not lie on it yet; exact where nothing is known."""
    outlook = None if context.pan is None else context.pan.outlook
    return Estimate(float(load_g), 0.0) if outlook is None else outlook.direct(float(max(load_g, Decimal(0))))
