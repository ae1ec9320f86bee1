"""The change-point arithmetic of the points that were taken: I, ΔL, P, E, E0, Ec, limits.

Rules this file obeys:

* Nothing is kept that follows from the tries: every figure here is worked out anew from plan and tries, so a
  screen, the record and a checker cannot disagree.
* Errors are those before rounding; limits are inclusive; E0 is a step of its own and never zero in silence.
* What is only known to half a scale interval, for want of small weights, is undecided unless both ends agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from firmware_app.procedures.verification.goods import repeats_enough
from firmware_app.procedures.verification.items import Ask, Item, LeftOut, Method
from firmware_app.procedures.verification.law import Rules
from firmware_app.procedures.verification.state import Step, Try, VerificationState
from firmware_app.quantity import Grams
from firmware_app.rules.mpe import change_point_error, corrected_error
from firmware_app.uncertainty.decision import Verdict


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point worked out; masses in grams. ``half_g``: how far P may be off for want of a change point.

    ``zero_id``: the step whose E0 was taken off, empty where the point is itself such a step.
    """

    step: Step
    load_g: Grams
    indication_g: Grams
    added_g: Grams | None
    p_g: Grams
    error_g: Grams
    zero_id: str
    zero_g: Grams | None
    corrected_g: Grams
    half_g: Grams
    limit_g: Grams
    limit_initial_g: Grams
    verdict: Verdict
    holds_initial: bool


def within(value_g: Grams, half_g: Grams, limit_g: Grams) -> Verdict:
    """Whether a value that may be off by ``half_g`` keeps an inclusive limit of both signs."""
    if abs(value_g) + half_g <= limit_g:
        return Verdict.CONFORMS
    return Verdict.DOES_NOT_CONFORM if abs(value_g) - half_g > limit_g else Verdict.UNDECIDED


def counting(state: VerificationState, step: Step) -> Try | None:
    """The try of a step that counts, None where there is none."""
    return next((each for each in reversed(state.tries) if each.step == step.id and each.counts), None)


def measured(state: VerificationState, step: Step) -> Try | None:
    """The try of a step that counts and holds an indication, None where there is none."""
    tried = counting(state, step)
    return None if tried is None or tried.shown is None else tried


def before_rounding(step: Step, tried: Try) -> Grams:
    """P, the indication before rounding: I + ½ d − ΔL, or I where it was read directly."""
    assert tried.shown is not None
    indication = tried.shown.value_g
    if tried.added_g is None:
        return indication
    return change_point_error(indication, Decimal(0), tried.added_g, step.d_g)


def half_width(step: Step, tried: Try) -> Grams:
    """How far P may be off: nothing at a change point or with a fine interval, else half an interval."""
    exact = tried.added_g is not None or step.method is Method.FINE
    return Decimal(0) if exact else step.d_g / 2


def load_of(state: VerificationState, step: Step) -> Grams | None:
    """The load that lay on the scale: the weights, and under them the goods at the mass that was found.

    None where those goods have not been put on.
    """
    if not step.goods:
        return step.load_g
    under = goods_mass(state, step.goods)
    return None if under is None else under + weights_of(state, step)


def weights_of(state: VerificationState, step: Step) -> Grams:
    """Nominal mass of the weights of a step alone."""
    nominal = {piece.id: piece.nominal_g for piece in state.drawer}
    return sum((nominal[each] for each in step.pieces), Decimal(0))


def goods_mass(state: VerificationState, turn: int) -> Grams | None:
    """What the goods weigh once they have taken the weights' place ``turn`` times: L + mean of P − P of L."""
    steps = _placings(state, turn)
    tries = [(step, measured(state, step)) for step in steps]
    found = [before_rounding(step, tried) for step, tried in tries if tried is not None]
    before = next(step for step in state.plan if step.id == steps[0].what)
    weighed, load = measured(state, before), load_of(state, before)
    if len(found) < len(steps) or weighed is None or load is None:
        return None
    return load + sum(found, Decimal(0)) / len(found) - before_rounding(before, weighed)


def goods_spread(state: VerificationState) -> Grams | None:
    """By how much the goods differed when they were put on several times; None where once was enough."""
    steps = _placings(state, 1)
    tries = [(step, measured(state, step)) for step in steps]
    found = [before_rounding(step, tried) for step, tried in tries if tried is not None]
    return max(found) - min(found) if len(found) == len(steps) > 1 else None


def why_not(state: VerificationState, step: Step, rules: Rules) -> LeftOut | None:
    """Why a step cannot be done now, None where it can."""
    if step.why_not is not None:
        return step.why_not
    if not step.goods or step.ask not in (Ask.POINT, Ask.SUBSTITUTE):
        return None
    spread = goods_spread(state)
    if spread is not None and not repeats_enough(rules, _placings(state, 1)[0].load_g, spread):
        return LeftOut.NOT_REPEATABLE
    return LeftOut.WEIGHTS_MISSING if goods_mass(state, step.goods) is None else None


def zero_step(state: VerificationState, item: Item) -> Step | None:
    """The step of an item that finds its E0."""
    return next((step for step in state.plan if step.item is item and step.zero), None)


def zero_error(state: VerificationState, item: Item) -> tuple[str, Grams, Grams] | None:
    """Id of the step, E0, and how far it may be off; None where it was not found."""
    step = zero_step(state, item)
    tried = None if step is None else measured(state, step)
    if step is None or tried is None:
        return None
    return step.id, before_rounding(step, tried) - step.load_g, half_width(step, tried)


def point_of(state: VerificationState, step: Step, rules: Rules, tried: Try | None = None) -> Point | None:
    """What a try of a step gives (the one that counts, unless one is handed in); None where it gives nothing.

    Raises RulesError for a load that the law has no limit for.
    """
    tried = tried or counting(state, step)
    load = load_of(state, step)
    if tried is None or tried.shown is None or load is None or step.ask not in (Ask.POINT, Ask.SUBSTITUTE):
        return None
    p, half = before_rounding(step, tried), half_width(step, tried)
    # The goods need not be known to tell how a scale repeats: they weigh what it says of them at first.
    error = p - load
    if step.zero:
        zero_id, zero, corrected = "", None, error
        limit = initial = rules.zero_limit()
    else:
        found = zero_error(state, step.item)
        if found is None:
            return None
        zero_id, zero, zero_half = found
        corrected, half = corrected_error(error, zero), half + zero_half
        answer = rules.limit(min(load, rules.instrument.max_g))
        limit, initial = answer.limit_g, answer.limit_initial_g
    judged = step.item in (Item.ZERO, Item.TARE_ZERO) or not step.zero
    return Point(
        step=step,
        load_g=load,
        indication_g=tried.shown.value_g,
        added_g=tried.added_g,
        p_g=p,
        error_g=error,
        zero_id=zero_id,
        zero_g=zero,
        corrected_g=corrected,
        half_g=half,
        limit_g=limit,
        limit_initial_g=initial,
        verdict=within(corrected, half, limit) if judged else Verdict.CONFORMS,
        holds_initial=within(corrected, half, initial) is Verdict.CONFORMS,
    )


def points(state: VerificationState, item: Item, rules: Rules) -> Iterable[Point]:
    """Every point of an item that counts, in the order of the plan."""
    for step in state.plan:
        if step.item is item and step.ask is Ask.POINT:
            found = point_of(state, step, rules)
            if found is not None:
                yield found


def _placings(state: VerificationState, turn: int) -> list[Step]:
    """The steps that put goods in the weights' place for the ``turn``-th time."""
    return [step for step in state.plan if step.ask is Ask.SUBSTITUTE and step.goods == turn - 1]
