"""The change point of a display sought with small weights, where the loads alone did not decide.

Rules this file obeys:

* The load near zero comes first: E0 is found, never taken to be zero (OIML R 76-1:2006 A.4.4.3).
* Only when every change point is there does any of them count; whoever leaves it keeps the direct readings.
* Figures are checked at this one entrance: what the scale cannot show, or what no weights make, is refused.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Event, FigureTyped, GoBack, Picked
from firmware_app.procedures.figures import problem_of, typed_figure
from firmware_app.procedures.page import GRAM
from firmware_app.procedures.prompts import Problem
from firmware_app.procedures.self_check.judging import judge_loads
from firmware_app.procedures.self_check.screens import LEAVE, sought
from firmware_app.procedures.self_check.state import ChangePoint, Phase, Seeking, SelfCheckState
from firmware_app.procedures.self_check.steps import back_to_figure, changed, scale_of, to_ledger


def decide(context: Context, state: SelfCheckState, event: Picked, _now_ns: int) -> SelfCheckState:
    """Seek it, or leave it at what the loads said; anything else is ignored."""
    if event.option == "seek":
        return changed(state, phase=Phase.POINT_SHOWN, problem=None)
    return leave_it(context, state, event, _now_ns)


def leave_it(context: Context, state: SelfCheckState, event: Picked, _now_ns: int) -> SelfCheckState:
    """The direct readings stand; change points found so far do not count."""
    if event.option != LEAVE.id:
        return state
    left = changed(state, points=())
    return to_ledger(context, left, judge_loads(context, left))


def shown(_context: Context, state: SelfCheckState, event: FigureTyped, _now_ns: int) -> SelfCheckState:
    """What the display shows under the load before anything is added."""
    figure = typed_figure(event.figure, event.unit, label=False)
    problem = problem_of(figure, scale_of(state))
    if problem is not None:
        return changed(state, problem=problem)
    assert figure.value_g is not None
    seeking = msgspec.structs.replace(_seeking(state), shown_g=figure.value_g)
    return changed(state, phase=Phase.POINT_ADDED, seeking=seeking, problem=None)


def added(context: Context, state: SelfCheckState, event: FigureTyped, _now_ns: int) -> SelfCheckState:
    """How much it took until the display went over: the change point, then the next one or the verdict."""
    seeking, scale = _seeking(state), scale_of(state)
    figure = typed_figure(event.figure, event.unit, label=False)
    step = seeking.small[0].nominal_g
    problem = None
    if figure.value_g is None or figure.value_g <= 0 or event.unit != GRAM:
        problem = Problem.NOT_A_MASS
    elif figure.value_g % step:
        problem = Problem.NOT_A_MULTIPLE
    elif figure.value_g > scale.e_g + step:
        problem = Problem.TOO_MUCH_ADDED
    if problem is not None:
        return changed(state, problem=problem)
    assert figure.value_g is not None and seeking.shown_g is not None
    number, pieces = sought(state)
    point = ChangePoint(
        number=number,
        nominal_g=sum((piece.nominal_g for piece in pieces), Decimal(0)),
        pieces=pieces,
        indication_g=seeking.shown_g,
        added_g=figure.value_g,
        step_g=step,
    )
    found = changed(state, points=(*state.points, point), problem=None)
    place = seeking.place + 1
    if place < len(seeking.loads):
        following = msgspec.structs.replace(seeking, place=place, shown_g=None)
        return changed(found, phase=Phase.POINT_SHOWN, seeking=following)
    return to_ledger(context, found, judge_loads(context, found))


def back_to_load(context: Context, state: SelfCheckState, event: GoBack, now_ns: int) -> SelfCheckState:
    """The last load once more; its figure stays in the record."""
    back = back_to_figure(context, state, event, now_ns)
    return back if back is state else changed(back, seeking=None, points=(), sought=False)


def back_to_offer(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """To the question whether; what was found so far is found anew."""
    anew = msgspec.structs.replace(_seeking(state), place=-1, shown_g=None)
    return changed(state, phase=Phase.OFFER_POINT, seeking=anew, points=(), problem=None)


def back_to_shown(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """To what the display showed before."""
    seeking = msgspec.structs.replace(_seeking(state), shown_g=None)
    return changed(state, phase=Phase.POINT_SHOWN, seeking=seeking, problem=None)


def _seeking(state: SelfCheckState) -> Seeking:
    assert state.seeking is not None
    return state.seeking
