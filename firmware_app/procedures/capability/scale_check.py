"""May a scale be checked at a load, and how: weights, the own pan, the pan with weights in turns.

Rules this file obeys:

* The limit is that of the stage asked for; weights must also keep a third of the *initial* MPE, which is
  stricter than a third of U in service (OIML R 76-1:2006 3.7.1).
* Of a load that lies on the pan already its own U counts; of one that does not, the one to be expected.
* Rounding of a direct reading is no fault of the reference: it is said beside, as what sharpens.
"""

from __future__ import annotations

from decimal import Decimal

from firmware_app.procedures import budget
from firmware_app.procedures.capability.answer import Capability, Method, first_failed
from firmware_app.procedures.capability.choosing import Candidate, choose, refused
from firmware_app.procedures.capability.conditions import pan_ready, weights_at_hand
from firmware_app.procedures.context import Context
from firmware_app.quantity import Estimate, Grams
from firmware_app.registry.registry import Scale
from firmware_app.rules.mpe import OutsideTable, mpe, reference_limit
from firmware_app.rules.pack import NoPackInForce, pack_in_force
from firmware_app.rules.rows import NawiPack, RulesError, Stage
from firmware_app.standards.sets import Piece
from firmware_app.weighing.substitution import Way
from hardware.loadcell.contract import Fault

CHANGE_STEP = Decimal("0.1")
"""Of e: the small weights by which a change point is sought (OIML R 76-1:2006 A.4.4.3)."""
MOST_STEP = Decimal("0.2")
"""Of e: a coarser step is no better than what e ≤ 0.2 e of a finer display would be (R 76-1 A.4.4.3)."""


def for_scale(
    context: Context,
    scale: Scale,
    load_g: Grams,
    *,
    stage: Stage = Stage.IN_SERVICE,
    pieces: tuple[Piece, ...] | None = None,
    weighed: Estimate | None = None,
    pan_fault: Fault | None = None,
    pan_unfit: str = "",
) -> Capability:
    """The method by which the scale may be judged at ``load_g`` at ``stage``, or why not.

    ``pieces``: the weights meant for this load, None: any of the drawer that make it. ``weighed``: what the
    pan (or a comparison on it) has said of the load; None: what it is expected to say.
    """
    try:
        pack = pack_in_force(NawiPack, context.on, context.packs, budget.instrument_of(scale))
        answer = mpe(pack, budget.instrument_of(scale), load_g, stage, context.on)
    except NoPackInForce:
        return refused("no_rules", "call_keeper")
    except OutsideTable:
        return refused("beyond_max", "smaller_load")
    except RulesError:
        return refused("scale_data", "ask_market_office")
    limit = answer.limit_g
    chosen = pieces_for(context, load_g) if pieces is None else pieces
    weights = weights_at_hand(context, chosen, reference_limit(pack, answer))
    pan = pan_ready(context, pan_fault, pan_unfit)
    way, known = _on_pan(context, load_g, limit, weighed)
    standard = sum(piece.standard_g for piece in chosen)
    candidates = [
        Candidate(
            method=Method.WEIGHTS,
            conditions=weights,
            expanded_g=budget.expanded_g(standard) if chosen else None,
            limit_g=limit,
            help="use_goods" if first_failed(pan) is None else "",
        ),
        Candidate(
            method=Method.SUBSTITUTION if way is Way.SUBSTITUTE else Method.PAN,
            conditions=pan,
            expanded_g=known,
            limit_g=limit,
            help="use_weights" if first_failed(weights) is None else "",
        ),
    ]
    if weighed is not None:
        candidates = candidates[1:]
    elif pieces is not None:
        candidates = candidates[:1]
    return choose(tuple(candidates), sharpens(context, scale, limit, known or Decimal(0)))


def sharpens(context: Context, scale: Scale, limit_g: Grams, known_g: Grams) -> tuple[Method, ...]:
    """What gets over the rounding of a direct reading, where that alone leaves an exact scale undecided.

    ``known_g``: U of the reference side. Change points need small weights; odd loads need the pan.
    """
    if budget.tells_honest(float(known_g) / 2, scale.d_g, limit_g):
        return ()
    found = []
    if small_weights(context, scale.e_g):
        found.append(Method.CHANGE_POINT)
    if first_failed(pan_ready(context)) is None:
        found.append(Method.ODD_LOADS)
    return tuple(found)


def small_weights(context: Context, e_g: Grams) -> tuple[Piece, ...]:
    """The weights by which a change point can be sought: from steps of 0.2 e or less up to e together.

    Empty where the drawer has none fine enough, or too few to reach the next interval.
    """
    usable = [
        piece
        for weight_set in context.weights
        for piece in weight_set.pieces
        if piece.nominal_g < e_g and not piece.unusable(context.on)
    ]
    usable.sort(key=lambda piece: (piece.nominal_g, piece.id))
    if not usable or usable[0].nominal_g > MOST_STEP * e_g:
        return ()
    chosen: list[Piece] = []
    reach = Decimal(0)
    for piece in usable:
        # Every multiple of the smallest must be made: a piece may be one step more than what lies there.
        if piece.nominal_g > reach + max(usable[0].nominal_g, CHANGE_STEP * e_g):
            break
        chosen.append(piece)
        reach += piece.nominal_g
        if reach >= e_g:
            return tuple(chosen)
    return ()


def pieces_for(context: Context, load_g: Grams) -> tuple[Piece, ...]:
    """Weights of the drawer that make the load, the heaviest first; what is in date comes first.

    Empty where they do not make exactly it.
    """
    pieces = [piece for weight_set in context.weights for piece in weight_set.pieces]
    pieces.sort(key=lambda piece: (bool(piece.unusable(context.on)), -piece.nominal_g, piece.id))
    chosen: list[Piece] = []
    left = load_g
    for piece in pieces:
        if piece.nominal_g <= left:
            chosen.append(piece)
            left -= piece.nominal_g
    return tuple(chosen) if chosen and not left else ()


def _on_pan(
    context: Context, load_g: Grams, limit_g: Grams, weighed: Estimate | None
) -> tuple[Way, Grams | None]:
    """How the pan would weigh the load, and U by that; None where there is no pan to tell."""
    if context.pan is None:
        return Way.NEITHER, None
    if weighed is not None:
        return Way.DIRECT, budget.expanded_g(weighed.standard)
    chosen = budget.expected(context, load_g, limit_g)
    return chosen.way, chosen.expanded_g
