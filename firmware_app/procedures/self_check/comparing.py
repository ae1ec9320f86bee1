"""Goods and reference weights in turns on the appliance's pan, where its own reading is not good enough.

Rules this file obeys:

* What lies on the pan is told by its mass: other weights, or goods that have changed, are never taken.
* Between two turns the load must have left the pan; every turn rests for the same time.
* Turns that cannot be compared (uneven, too far apart) ask for one more; the last three count. After
  ``MOST_TURNS`` the direct reading stands, by which nothing is judged.
* A comparison that contradicts the direct reading decides nothing: one of the two is not what it seems.
* After a fault the turns begin anew, at the empty pan.
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from firmware_app.procedures import budget
from firmware_app.procedures.context import Context
from firmware_app.procedures.prompts import OnPan, Problem
from firmware_app.procedures.self_check.state import Attempt, Compared, Comparing, Phase, SelfCheckState
from firmware_app.procedures.self_check.steps import (
    changed,
    interrupted,
    next_load,
    note_fault,
    note_reading,
    scale_of,
)
from firmware_app.procedures.settle import PAN_AT_REST, SECOND, Window, settled
from firmware_app.procedures.taken import PanMass
from firmware_app.quantity import Estimate, Grams
from firmware_app.rules.rows import RulesError
from firmware_app.standards.sets import NotUsable, Piece
from firmware_app.uncertainty.decision import capable
from firmware_app.weighing.reading import PanFault, Reading
from firmware_app.weighing.substitution import BadComparison, Way, compare, contrast

REST_NS = 3 * SECOND
"""For so long each load lies still before its turn is taken: a whole window of the pan, and equal creep."""
LONGEST_REST_NS = 12 * SECOND
"""Goods that come back sooner than the weights did may lie so long to make the turns even in time."""
MOST_TURNS = 7
LEFT_SHARE = 0.3
"""Of the load, by which the pan must have changed between two turns: more than goods and weights differ."""
WEIGHT_SIGMAS = 6
"""Standard uncertainties of the reading within which weights read their mass; no other weight is so near."""
CONTRADICTION = 3
"""Standard uncertainties between the comparison and the direct reading from which they contradict."""


def limit_missed(context: Context, state: SelfCheckState, attempt: Attempt) -> Grams | None:
    """The limit for which the direct reading is not good enough; None where it is, or nothing helps."""
    if context.pan is None or context.pan.outlook is None or context.controlled.lock:
        return None
    if attempt.loaded is None or attempt.loaded.unfit or attempt.loaded.seen is None:
        return None
    direct, reach = _direct(attempt)
    mass = Decimal(repr(direct.value))
    try:
        limit = budget.limit_between(context, scale_of(state), max(mass - reach, Decimal(0)), mass + reach)
    except RulesError:
        return None
    return None if capable(reach, limit) else limit


def with_weights(context: Context, attempt: Attempt, limit_g: Grams) -> Comparing | None:
    """The comparison that would be good enough for the limit, begun with the goods as they lie there."""
    direct, _ = _direct(attempt)
    chosen = budget.choose(context, direct, limit_g)
    if chosen.way is not Way.SUBSTITUTE or attempt.loaded is None:
        return None
    return Comparing(pieces=chosen.pieces, needed_g=budget.needed_g(limit_g), turns=(attempt.loaded,))


def rested(window: Window) -> bool:
    """Whether the load has lain still for as long as every turn does."""
    return settled(window, PAN_AT_REST) and window.last_ns - window.since_ns >= REST_NS


def begin(state: SelfCheckState, comparing: Comparing) -> SelfCheckState:
    """The goods lie on the pan and are the first turn: now the weights."""
    return changed(state, phase=Phase.PUT_REFERENCE, comparing=comparing, problem=None, pan_window=None)


def take_turn(context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """What is asked for is taken when it lies still; anything else is named."""
    seen = note_reading(context, state, event, now_ns)
    comparing, empty = seen.comparing, seen.pan_empty
    assert comparing is not None and empty is not None
    wants_weights = state.phase is Phase.PUT_REFERENCE
    first = comparing.turns[0]
    expected = nominal(comparing.pieces) + empty.mass_g if wants_weights else first.mass_g
    away = abs(event.mass.value - float(comparing.turns[-1].mass_g))
    moved = comparing.moved or away > LEFT_SHARE * float(first.mass_g)
    if event.mass.value < float(expected) / 2:
        return _noted(seen, moved=moved, on_pan=OnPan.NOTHING)
    if not moved:
        return _noted(seen, on_pan=OnPan.GOODS if wants_weights else OnPan.WEIGHTS)
    last, window = seen.pan_last, seen.pan_window
    if last is None or last.seen is None or window is None or not settled(window, PAN_AT_REST):
        return changed(seen, comparing=msgspec.structs.replace(comparing, moved=True))
    off = abs(last.mass_g - expected)
    most = _weight_tolerance(seen, last) if wants_weights else comparing.needed_g
    if off > most:
        problem = Problem.OTHER_WEIGHTS if wants_weights else Problem.GOODS_CHANGED
        return _noted(seen, moved=True, on_pan=OnPan.OTHER, problem=problem)
    right = _noted(seen, moved=True, on_pan=OnPan.WEIGHTS if wants_weights else OnPan.GOODS)
    if not rested(window) or _hurried(comparing.turns, last, window):
        return right
    return _taken(context, right, last)


def interrupt(context: Context, state: SelfCheckState, event: PanFault, now_ns: int) -> SelfCheckState:
    """A lasting fault ends the turns: afterwards the pan is cleared, and the goods are weighed anew."""
    seen = note_fault(context, state, event, now_ns)
    if not event.lasting:
        return seen
    return interrupted(changed(seen, comparing=None, pan_empty=None), Phase.CLEAR_PAN)


def nominal(pieces: tuple[Piece, ...]) -> Grams:
    """The conventional mass of the pieces together."""
    return sum((piece.mass_g for piece in pieces), Decimal(0))


# ------------------------------------------------------------------------------------------------ inside


def _taken(context: Context, state: SelfCheckState, last: PanMass) -> SelfCheckState:
    """One more turn: the result where there is one, else the next turn."""
    assert state.comparing is not None
    comparing = msgspec.structs.replace(state.comparing, turns=(*state.comparing.turns, last), moved=False)
    phase, on_pan = Phase.GOODS_AGAIN, OnPan.WEIGHTS
    if len(comparing.turns) % 2:
        phase, on_pan = Phase.PUT_REFERENCE, OnPan.GOODS
    following = changed(
        state,
        phase=phase,
        comparing=msgspec.structs.replace(comparing, on_pan=on_pan),
        pan_window=None,
        problem=None,
    )
    if len(comparing.turns) < 3:
        return following
    compared = _compared(context, state.attempts[-1], comparing)
    if compared.result is None and not compared.why_not:
        if len(comparing.turns) < MOST_TURNS:
            return changed(following, problem=Problem.ONCE_MORE)
        compared = msgspec.structs.replace(compared, why_not="turns_not_even")
    attempt = msgspec.structs.replace(state.attempts[-1], compared=compared)
    done = changed(state, attempts=(*state.attempts[:-1], attempt), comparing=None, pan_window=None)
    return next_load(context, done)


def _compared(context: Context, attempt: Attempt, comparing: Comparing) -> Compared:
    """The last three turns compared; without a result and a reason where one more turn may help."""
    turns, scheme = comparing.turns[-3:], _scheme(len(comparing.turns))
    goods = comparing.turns[::2]
    moved = max(abs(float(each.mass_g - goods[0].mass_g)) for each in goods) / 2
    found = Compared(pieces=comparing.pieces, turns=comparing.turns, scheme=scheme, moved_g=moved)
    outlook = None if context.pan is None else context.pan.outlook
    if outlook is None:
        return msgspec.structs.replace(found, why_not="pan_unknown")
    try:
        reference = budget.reference_of(context, comparing.pieces)
        # At the air of the convention: the scale under test was set with weights in this same air.
        result = compare(
            scheme,
            [turn.seen for turn in turns if turn.seen is not None],
            reference,
            outlook.calibration,
            outlook.difference,
        )
    except NotUsable:
        return msgspec.structs.replace(found, why_not="weights_not_usable")
    except BadComparison:
        return found
    standard = math.hypot(result.expanded / 2, moved / math.sqrt(3))
    if not math.isfinite(standard):
        return found
    direct, _ = _direct(attempt)
    why_not = ""
    if abs(result.mass.value - direct.value) > CONTRADICTION * math.hypot(direct.standard, standard):
        why_not = "contradicts_the_pan"
    elif standard >= direct.standard:
        why_not = "no_better"
    return msgspec.structs.replace(found, result=result, standard_g=standard, why_not=why_not)


def _scheme(turns: int) -> str:
    """The letters of the last three of so many turns, of which the first was of goods (B)."""
    return "BAB" if turns % 2 else "ABA"


def _direct(attempt: Attempt) -> tuple[Estimate, Grams]:
    """What the pan alone says of the goods, and its U(k=2)."""
    assert attempt.loaded is not None and attempt.empty is not None
    net = attempt.loaded.mass_g - attempt.empty.mass_g
    standard = math.hypot(attempt.loaded.standard_g, attempt.empty.standard_g)
    return Estimate(float(net), standard), budget.expanded_g(standard)


def _weight_tolerance(state: SelfCheckState, last: PanMass) -> Grams:
    return max(Decimal(repr(WEIGHT_SIGMAS * last.standard_g)), scale_of(state).e_g / 2)


def _hurried(turns: tuple[PanMass, ...], last: PanMass, window: Window) -> bool:
    """Whether a longer rest, and only that, would make this turn and the two before it even in time."""
    left_ns = LONGEST_REST_NS - (window.last_ns - window.since_ns)
    if len(turns) < 2 or left_ns <= 0:
        return False
    scheme = _scheme(len(turns) + 1)
    seen = [turn.seen.at_ns * 1e-9 for turn in (*turns[-2:], last) if turn.seen is not None]
    return not _even(scheme, seen) and _even(scheme, [*seen[:2], seen[2] + left_ns * 1e-9])


def _even(scheme: str, times_s: list[float]) -> bool:
    try:
        contrast(scheme, times_s)
    except BadComparison:
        return False
    return True


def _noted(
    state: SelfCheckState, *, on_pan: OnPan, moved: bool = False, problem: Problem | None = None
) -> SelfCheckState:
    assert state.comparing is not None
    # What was said of the turn before stays until something moves.
    if problem is None and state.problem is Problem.ONCE_MORE and not moved:
        problem = Problem.ONCE_MORE
    comparing = msgspec.structs.replace(state.comparing, on_pan=on_pan, moved=moved)
    return changed(state, comparing=comparing, problem=problem)
