"""The handlers of the self-check: each takes context, state, event and time, and gives the next state.

Rules this file obeys:

* Pure functions: nothing is read, written, timed or drawn by lot here.
* Taken back or refused is kept, never deleted.
* A state is left only by a handler named in the table of self_check.py.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import (
    Event,
    FigureTyped,
    LineSilent,
    Saved,
    SaveFailed,
    ScaleChosen,
    StallTyped,
)
from firmware_app.procedures.figures import problem_of, seen_of, speaks_of_load, typed_figure
from firmware_app.procedures.prompts import Problem, Source, Way
from firmware_app.procedures.self_check.after import Changed, Watch, look
from firmware_app.procedures.self_check.judging import (
    JudgedLoad,
    judge_loads,
    result_of,
    seekable,
    undecided_group,
    wants_corners,
)
from firmware_app.procedures.self_check.plan import ways_offered
from firmware_app.procedures.self_check.record import body_of
from firmware_app.procedures.self_check.state import MAX_ATTEMPTS, Attempt, Phase, SelfCheckState
from firmware_app.procedures.settle import PAN_AT_REST, follow, settled
from firmware_app.procedures.taken import Figure, Interruption, pan_mass
from firmware_app.quantity import Grams
from firmware_app.registry.confirmations import confirmation_for, with_confirmed_lead
from firmware_app.registry.registry import Scale
from firmware_app.weighing.reading import PanFault, Reading
from hardware.scale.contract import Indication

TOO_MUCH = Decimal("1.3")
"""A scale that shows too much must not be refused for it: figures up to 30 % over the range are taken."""
OTHER_GOODS = (Problem.GOODS_TOO_LIGHT, Problem.GOODS_TOO_HEAVY)
PUT = {Way.WEIGHTS: Phase.PUT_WEIGHTS, Way.GOODS: Phase.PUT_GOODS}


def changed(state: SelfCheckState, **fields: object) -> SelfCheckState:
    """The state with some fields replaced."""
    return msgspec.structs.replace(state, **fields)


def leave(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """The visit is over without more."""
    return changed(state, phase=Phase.LEFT)


# ------------------------------------------------------------------------------------------ questions


def find_stall(context: Context, state: SelfCheckState, event: StallTyped, _now_ns: int) -> SelfCheckState:
    """A known code leads to its scales, an unknown one back to the question."""
    found = context.registry.find(event.code)
    if found is None:
        return changed(state, problem=Problem.UNKNOWN_STALL, typed=event.code[:32])
    return changed(
        state,
        phase=Phase.CHOOSE_SCALE,
        problem=None,
        typed=event.code[:32],
        stall=found.stall,
        choices=found.scales,
    )


def choose_scale(context: Context, state: SelfCheckState, event: ScaleChosen, _now_ns: int) -> SelfCheckState:
    """One of the scales shown is taken; any other id is ignored."""
    for scale in state.choices:
        if scale.id == event.scale:
            ways = ways_offered(context, scale, state.pan_fault, state.pan_unfit, state.refused)
            known = confirmation_for(scale, context.confirmations)
            read = with_confirmed_lead(scale, known)
            confirmed = known if known is not None and known.profile == read.profile else None
            return changed(state, phase=Phase.CHOOSE_WAY, scale=read, confirmed=confirmed, ways=ways)
    return state


def back_to_stall(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """Back to the first question."""
    return changed(state, phase=Phase.ASK_STALL, problem=None, typed="")


def back_to_scale(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """Back to the scales of the stall."""
    return changed(state, phase=Phase.CHOOSE_SCALE, problem=None)


def ask_load(context: Context, state: SelfCheckState, number: int) -> SelfCheckState:
    """The question for the load of that number, over the lead where the lead serves."""
    assert state.way is not None
    lead = scale_of(state).profile in context.lead_profiles and not state.typing and not state.lead_silent
    return changed(
        state,
        phase=PUT[state.way],
        number=number,
        problem=None,
        source=Source.LEAD if lead else Source.TYPED,
        lead_window=None,
        back_to=None,
        comparing=None,
        confirming=None,
    )


def go_back(context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """One load back, or from the first one to the choice of the way; what was measured stops counting."""
    if len(state.attempts) >= MAX_ATTEMPTS:
        return state
    if state.number > 1:
        return ask_load(context, _dropped(state, state.number - 1), state.number - 1)
    ways = ways_offered(context, scale_of(state), state.pan_fault, state.pan_unfit, state.refused)
    return changed(
        _dropped(state, 1),
        phase=Phase.CHOOSE_WAY,
        ways=ways,
        problem=None,
        way=None,
        plan=(),
        number=0,
        confirming=None,
    )


def back_to_figure(context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """From the pan back to the figure of the same load; the first figure stays in the record."""
    if len(state.attempts) >= MAX_ATTEMPTS:
        return state
    return ask_load(context, _dropped(state, state.number), state.number)


# ------------------------------------------------------------------------------------ the figure given


def type_instead(_context: Context, state: SelfCheckState, _event: Event, _now_ns: int) -> SelfCheckState:
    """From now on figures are typed."""
    assert state.way is not None
    return changed(state, phase=PUT[state.way], typing=True, source=Source.TYPED, problem=None)


def figure_typed(context: Context, state: SelfCheckState, event: FigureTyped, now_ns: int) -> SelfCheckState:
    """A typed figure, or one from a label, taken or refused."""
    return give_figure(context, state, typed_figure(event.figure, event.unit, label=event.label), now_ns)


def give_figure(context: Context, state: SelfCheckState, figure: Figure, _now_ns: int) -> SelfCheckState:
    """The figure of the load, checked against the scale (and the range asked for) and kept either way."""
    assert state.way is not None
    load = state.load
    problem = problem_of(figure, scale_of(state))
    if problem is None and load.low_g is not None and load.high_g is not None:
        problem = _out_of_range(figure, load.low_g, load.high_g)
    attempt = Attempt(
        number=state.number,
        way=state.way,
        scale=scale_of(state).id,
        load=load,
        figure=figure,
        blind=not any(_seen_on_pan(earlier, state) for earlier in state.attempts),
        problem=problem,
    )
    if problem is not None:
        # Other goods can be shown over the lead again; a figure this scale cannot show will not get better.
        over_lead = figure.source is Source.LEAD and problem in OTHER_GOODS
        source = Source.LEAD if over_lead else Source.TYPED
        return changed(_kept(state, attempt), phase=PUT[state.way], problem=problem, source=source)
    taken = changed(state, attempts=(*state.attempts, attempt), problem=None)
    return to_pan(taken) if state.way is Way.GOODS else next_load(context, taken)


def next_load(context: Context, state: SelfCheckState) -> SelfCheckState:
    """The next load of the plan; after it one more while that may decide; then the verdict to the ledger."""
    planned = sum(not load.more for load in state.plan)
    if state.number < planned:
        return ask_load(context, state, state.number + 1)
    asked = changed(state, plan=state.plan[: state.number])
    judged = judge_loads(context, asked)
    group = undecided_group(judged)
    if group is not None:
        number = state.number + 1
        more = msgspec.structs.replace(group.first.load, number=number, more=True)
        return ask_load(context, changed(asked, plan=(*asked.plan, more)), number)
    seeking = seekable(context, asked, judged)
    if seeking is not None:
        return changed(asked, phase=Phase.OFFER_POINT, seeking=seeking, sought=True, problem=None)
    if wants_corners(asked, judged):
        return changed(asked, phase=Phase.TRY_CORNERS, problem=None)
    return to_ledger(context, asked, judged)


def to_ledger(context: Context, state: SelfCheckState, judged: tuple[JudgedLoad, ...]) -> SelfCheckState:
    """The verdict, on its way to the ledger."""
    result = result_of(context, state, judged)
    body = body_of(context, state, result, judged)
    return changed(state, phase=Phase.SAVING, problem=None, result=result, body=body, seeking=None)


def to_pan(state: SelfCheckState) -> SelfCheckState:
    """After the figure: to the pan, which must be empty first; a fault interrupts."""
    cleared = changed(state, pan_window=None, pan_empty=None, problem=None)
    if state.pan_fault is not None:
        return interrupted(cleared, Phase.CLEAR_PAN)
    if settled(state.pan_window, PAN_AT_REST) and state.pan_last is not None and is_empty(state):
        return changed(cleared, phase=Phase.WEIGH_GOODS, pan_empty=state.pan_last)
    return changed(cleared, phase=Phase.CLEAR_PAN)


# --------------------------------------------------------------------------------------- instruments


def note_reading(_context: Context, state: SelfCheckState, event: Reading, now_ns: int) -> SelfCheckState:
    """The pan works; a run of stable readings is followed."""
    if state.scale is None or not event.stable:
        return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=None, pan_last=None)
    mass = pan_mass(event)
    window = follow(state.pan_window, mass.mass_g, now_ns, PAN_AT_REST, state.scale.e_g)
    return changed(state, pan_fault=None, pan_unfit=event.unfit, pan_window=window, pan_last=mass)


def note_fault(_context: Context, state: SelfCheckState, event: PanFault, _now_ns: int) -> SelfCheckState:
    """A lasting fault is remembered; a dropped sample only begins the run of readings anew."""
    fault = event.fault if event.lasting else state.pan_fault
    return changed(state, pan_fault=fault, pan_window=None, pan_last=None)


def note_silence(
    _context: Context, state: SelfCheckState, _event: LineSilent, _now_ns: int
) -> SelfCheckState:
    """The next load will be asked for with the number pad."""
    return changed(state, lead_silent=True, lead_window=None)


def note_lead(_context: Context, state: SelfCheckState, event: Indication, now_ns: int) -> SelfCheckState:
    """The lead speaks again: the next load may come over it. A figure that was taken is watched."""
    heard = changed(state, lead_silent=False) if state.lead_silent else state
    if heard.watch is None or heard.result is not None:
        return heard
    return _watched(heard, heard.watch, event, now_ns)


def _watched(state: SelfCheckState, watch: Watch, event: Indication, now_ns: int) -> SelfCheckState:
    """Follows the display after its figure was taken; a change that no hand makes goes to its attempt."""
    scale = scale_of(state)
    if not speaks_of_load(event, scale):
        return state
    seen = seen_of(event, scale, now_ns)
    found = None if seen is None else look(watch, seen, min_g=scale.min_g, d_g=scale.d_g)
    if not isinstance(found, Changed):
        return changed(state, watch=found)
    attempts = list(state.attempts)
    attempts[watch.attempt] = msgspec.structs.replace(attempts[watch.attempt], changed=found)
    return changed(state, watch=None, attempts=tuple(attempts))


# ------------------------------------------------------------------------------------------- the ledger


def saved(_context: Context, state: SelfCheckState, event: Saved, _now_ns: int) -> SelfCheckState:
    """On disk: now the verdict may be shown."""
    return changed(state, phase=Phase.JUDGED, entry=event.entry, slip=event.slip)


def not_saved(_context: Context, state: SelfCheckState, event: SaveFailed, _now_ns: int) -> SelfCheckState:
    """Not on disk: there is no verdict."""
    return changed(state, phase=Phase.NOT_SAVED, reason=event.reason)


# --------------------------------------------------------------------------------------------- helpers


def scale_of(state: SelfCheckState) -> Scale:
    """The scale under test, from its choice on."""
    assert state.scale is not None
    return state.scale


def _out_of_range(figure: Figure, low_g: Grams, high_g: Grams) -> Problem | None:
    assert figure.value_g is not None
    if figure.value_g < low_g:
        return Problem.GOODS_TOO_LIGHT
    return Problem.GOODS_TOO_HEAVY if figure.value_g > high_g * TOO_MUCH else None


def is_empty(state: SelfCheckState) -> bool:
    """What lies within one e of zero is the zero of the goods; it is subtracted, not ignored."""
    return state.pan_last is not None and abs(state.pan_last.mass_g) <= scale_of(state).e_g


def _seen_on_pan(earlier: Attempt, state: SelfCheckState) -> bool:
    return earlier.number == state.number and earlier.way is Way.GOODS and bool(earlier.dropped)


def _dropped(state: SelfCheckState, number: int) -> SelfCheckState:
    """The state in which figures from that load on stand no longer."""
    attempts = tuple(
        msgspec.structs.replace(attempt, dropped="went_back")
        if attempt.counts and attempt.number >= number
        else attempt
        for attempt in state.attempts
    )
    return changed(state, attempts=attempts)


def _kept(state: SelfCheckState, attempt: Attempt) -> SelfCheckState:
    """The state with a refused attempt in the record, counted only once the record is full."""
    if len(state.attempts) >= MAX_ATTEMPTS:
        return changed(state, refused_more=state.refused_more + 1)
    return changed(state, attempts=(*state.attempts, attempt))


def interrupted(state: SelfCheckState, back_to: Phase) -> SelfCheckState:
    """The visit stopped by the fault that the pan has, to go on at ``back_to``."""
    assert state.pan_fault is not None
    interruptions = (*state.interruptions, Interruption(state.number, state.pan_fault))[-MAX_ATTEMPTS:]
    return changed(state, phase=Phase.INTERRUPTED, back_to=back_to, interruptions=interruptions, problem=None)
