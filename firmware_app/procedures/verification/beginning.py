"""The handlers before the first item: stall, scale, what stands on its plate, stage, surroundings.

Rules this file obeys:

* Pure functions: nothing is read, written, timed or drawn by lot here.
* Nothing is judged by facts that are wrong: where plate and registry disagree the visit ends.
* The one entrance of typed figures is `figures.py`; what is not taken is said, and counted.
"""

from __future__ import annotations

from decimal import Decimal

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, FigureTyped, Picked, ScaleChosen, StallTyped
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.verification.figures import bare_number, typed_mass
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.loads import plan, ranges_rise
from firmware_app.procedures.verification.moving import go
from firmware_app.procedures.verification.state import Phase, VerificationState, changed
from firmware_app.registry.confirmations import confirmation_for, with_confirmed_lead
from firmware_app.rules.base import RulesError
from firmware_app.rules.checks import PartialRange
from firmware_app.rules.rows import Stage

MOST_RANGES = 3
"""Ranges of a multi-interval scale; none on a market has more."""
MOST_SUPPORTS = 12
LOWEST_C, HIGHEST_C = Decimal(-40), Decimal(60)
"""What a thermometer in a market may show; R 76 rates instruments from −10 °C to 40 °C unless they say."""
MOST_RH = Decimal(100)

STAGES = (Stage.IN_SERVICE, Stage.SUBSEQUENT, Stage.INITIAL)
"""In the order in which they are met on a market."""


def leave(_context: Context, state: VerificationState, _event: Event, _now_ns: int) -> VerificationState:
    """The visit is over without more."""
    return changed(state, phase=Phase.LEFT)


def find_stall(
    context: Context, state: VerificationState, event: StallTyped, _now_ns: int
) -> VerificationState:
    """A known code leads to its scales, an unknown one back to the question."""
    found = context.registry.find(event.code)
    if found is None:
        return changed(state, asked_problem=Problem.UNKNOWN_STALL, typed=event.code[:32])
    return changed(
        state,
        phase=Phase.CHOOSE_SCALE,
        asked_problem=None,
        typed=event.code[:32],
        stall=found.stall,
        choices=found.scales,
    )


def back_to_stall(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to the first question."""
    return changed(state, phase=Phase.ASK_STALL, asked_problem=None, typed="")


def choose_scale(
    context: Context, state: VerificationState, event: ScaleChosen, _now_ns: int
) -> VerificationState:
    """One of the scales shown is taken; any other id is ignored."""
    for scale in state.choices:
        if scale.id == event.scale:
            known = confirmation_for(scale, context.confirmations)
            read = with_confirmed_lead(scale, known)
            confirmed = known if known is not None and known.profile == read.profile else None
            return changed(
                state, phase=Phase.SCALE, scale=read, confirmed=confirmed, ranges=(), supports=4, problem=""
            )
    return state


def back_to_scale(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to the scales of the stall."""
    return changed(state, phase=Phase.CHOOSE_SCALE, problem="")


def confirm_scale(
    context: Context, state: VerificationState, event: Picked, _now_ns: int
) -> VerificationState:
    """The plate says so too, or it differs, or it says more than the registry does."""
    if event.option == "right":
        return _right(context, state)
    if event.option == "range" and len(state.ranges) < MOST_RANGES - 1:
        return changed(state, phase=Phase.RANGE_MAX, problem="")
    if event.option == "no_ranges" and state.ranges:
        return changed(state, ranges=(), problem="")
    to = {"differs": Phase.DIFFERS, "supports": Phase.SUPPORTS}.get(event.option)
    return state if to is None else changed(state, phase=to, problem="")


def _right(context: Context, state: VerificationState) -> VerificationState:
    """The facts hold: they must fit a class of the rules too."""
    try:
        rules_of(context, state)
    except RulesError:
        return changed(state, problem="scale_data")
    return changed(state, phase=Phase.STAGE, problem="")


def back_to_facts(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to what stands on the plate."""
    return changed(state, phase=Phase.SCALE, problem="", range_max_g=None)


def range_max(
    _context: Context, state: VerificationState, event: FigureTyped, _now_ns: int
) -> VerificationState:
    """Max of a lower range: a mass below that of the scale."""
    assert state.scale is not None
    mass = typed_mass(event)
    if mass is None or not 0 < mass < state.scale.max_g:
        return refused(state, "verif_not_a_range")
    return changed(state, phase=Phase.RANGE_E, range_max_g=mass, problem="")


def range_e(
    _context: Context, state: VerificationState, event: FigureTyped, _now_ns: int
) -> VerificationState:
    """e of that range: ranges rise in Max and in e, up to those of the scale."""
    assert state.scale is not None and state.range_max_g is not None
    e = typed_mass(event)
    if e is None or e <= 0:
        return refused(state, "verif_not_a_range")
    ranges = tuple(sorted((*state.ranges, PartialRange(max_g=state.range_max_g, e_g=e)), key=_max_of))
    last = PartialRange(max_g=state.scale.max_g, e_g=state.scale.e_g)
    if not ranges_rise((*ranges, last)) or any(each.max_g % each.e_g for each in ranges):
        return refused(state, "verif_not_a_range")
    return changed(state, phase=Phase.SCALE, ranges=ranges, range_max_g=None, problem="")


def supports(
    _context: Context, state: VerificationState, event: FigureTyped, _now_ns: int
) -> VerificationState:
    """How many points carry the platform."""
    number = bare_number(event.figure)
    if number is None or number % 1 or not 1 <= number <= MOST_SUPPORTS:
        return refused(state, "verif_not_a_count")
    return changed(state, phase=Phase.SCALE, supports=int(number), problem="")


def choose_stage(
    context: Context, state: VerificationState, event: Picked, _now_ns: int
) -> VerificationState:
    """The stage decides the limits; then the surroundings are written down."""
    if event.option not in {stage.value for stage in STAGES}:
        return state
    try:
        staged = planned(context, changed(state, stage=Stage(event.option)))
    except RulesError:
        return changed(state, phase=Phase.SCALE, problem="scale_data")
    return changed(staged, phase=Phase.TEMPERATURE, problem="")


def planned(context: Context, state: VerificationState) -> VerificationState:
    """The state with its plan; raises RulesError."""
    steps, drawer = plan(context, state, rules_of(context, state))
    return changed(state, plan=steps, drawer=drawer)


def temperature(
    _context: Context, state: VerificationState, event: FigureTyped, _now_ns: int
) -> VerificationState:
    """What the thermometer shows."""
    number = bare_number(event.figure, signed=True)
    if number is None or not LOWEST_C <= number <= HIGHEST_C:
        return refused(state, "verif_not_a_temperature")
    return changed(state, phase=Phase.HUMIDITY, temperature=str(number), problem="")


def about_temperature(
    _context: Context, state: VerificationState, event: Picked, _now_ns: int
) -> VerificationState:
    """Nothing was measured."""
    if event.option == "not_measured":
        return changed(state, phase=Phase.HUMIDITY, temperature="", problem="")
    return state


def humidity(
    context: Context, state: VerificationState, event: FigureTyped, _now_ns: int
) -> VerificationState:
    """What the hygrometer shows; then the first item."""
    number = bare_number(event.figure)
    if number is None or not 0 <= number <= MOST_RH:
        return refused(state, "verif_not_a_humidity")
    return go(context, changed(state, humidity=str(number)), 0)


def about_humidity(
    context: Context, state: VerificationState, event: Picked, _now_ns: int
) -> VerificationState:
    """Nothing was measured."""
    return go(context, changed(state, humidity=""), 0) if event.option == "not_measured" else state


def back_to_stage(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to the stage."""
    return changed(state, phase=Phase.STAGE, problem="")


def back_to_temperature(
    _context: Context, state: VerificationState, _event: Event, _now_ns: int
) -> VerificationState:
    """Back to the thermometer."""
    return changed(state, phase=Phase.TEMPERATURE, problem="")


def refused(state: VerificationState, problem: str) -> VerificationState:
    """The state with the reason why an answer was not taken."""
    return changed(state, problem=problem, refused=state.refused + 1)


def _max_of(each: PartialRange) -> Decimal:
    return each.max_g
