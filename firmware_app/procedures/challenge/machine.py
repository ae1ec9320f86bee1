"""The challenge as a machine to be led by a visit of its own or inside another one: a table of state × event.

Rules this file obeys:

* Every event has an answer in every state; whoever leads the machine answers Cancel, Saved and SaveFailed.
* Which states a handler may lead to is written beside it and held at every step; docs/procedures draws it.
* All that must outlive a power cut is in the one state struct.
"""

from __future__ import annotations

from typing import Any

from firmware_app.procedures.challenge import lead, looks, pan
from firmware_app.procedures.challenge.draw import Ticket
from firmware_app.procedures.challenge.pages import page_of
from firmware_app.procedures.challenge.plan import deck_for, drawn, why_not
from firmware_app.procedures.challenge.state import ChallengeState, Phase, Result, changed
from firmware_app.procedures.context import Context, Head
from firmware_app.procedures.events import Confirmed, Event, FigureTyped, GoBack, LineSilent, Picked
from firmware_app.procedures.page import Page
from firmware_app.procedures.prompts import Interrupted
from firmware_app.procedures.table import Move, Row, everywhere
from firmware_app.registry.registry import Scale
from firmware_app.rules.checks import PartialRange
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import Fault
from hardware.scale.contract import Indication

__all__ = [
    "ANYWHERE",
    "TABLE",
    "ChallengeState",
    "ask",
    "begin",
    "done",
    "record",
    "result",
    "resumed",
    "step",
    "why_not",
]

ANYWHERE: Row = everywhere(
    {
        Reading: Move(lead.wait_reading),
        PanFault: Move(lead.wait_fault),
        Indication: Move(lead.hear),
        LineSilent: Move(lead.silence),
    }
)
"""What holds where a state says nothing else."""

ONWARD = (
    Phase.LOAD,
    Phase.HOLD,
    Phase.KEY,
    Phase.POWER,
    Phase.CLEAR_PAN,
    Phase.WEIGH,
    Phase.INTERRUPTED,
    Phase.DONE,
)
"""Where a look that counts may lead: to the next question of the load, to our pan or to the next load."""

BEYOND = (Phase.LOAD, Phase.POWER, Phase.DONE)
"""Where the end of a load leads."""

TABLE: dict[Phase, Row] = {
    Phase.READY: {
        **ANYWHERE,
        Confirmed: Move(looks.begin_trials, (Phase.LOAD,)),
    },
    Phase.LOAD: {
        **ANYWHERE,
        FigureTyped: Move(looks.figure_typed, ONWARD),
        Picked: Move(looks.pick_at_load),
        Indication: Move(lead.hear, ONWARD),
        GoBack: Move(looks.go_back, (Phase.READY, Phase.POWER, Phase.LOAD)),
    },
    Phase.HOLD: {
        **ANYWHERE,
        Picked: Move(looks.pick_at_hold, (Phase.CHANGED, *ONWARD)),
        Indication: Move(lead.hear, ONWARD),
        GoBack: Move(looks.go_back, (Phase.LOAD, Phase.HOLD)),
    },
    Phase.KEY: {
        **ANYWHERE,
        Picked: Move(looks.pick_at_key, (Phase.CHANGED, *ONWARD)),
        Indication: Move(lead.hear, ONWARD),
        GoBack: Move(looks.go_back, (Phase.LOAD, Phase.HOLD, Phase.KEY)),
    },
    Phase.CHANGED: {
        **ANYWHERE,
        FigureTyped: Move(looks.figure_typed, (Phase.CHANGED, *ONWARD)),
        Picked: Move(looks.pick_at_load),
        Indication: Move(lead.hear, (Phase.CHANGED, *ONWARD)),
        GoBack: Move(looks.go_back, (Phase.CHANGED, Phase.HOLD, Phase.KEY)),
    },
    Phase.POWER: {
        **ANYWHERE,
        Confirmed: Move(looks.powered, (Phase.LOAD,)),
        Picked: Move(looks.pick_at_power, (Phase.POWER, *BEYOND)),
        GoBack: Move(looks.go_back, (Phase.POWER, Phase.LOAD)),
    },
    Phase.CLEAR_PAN: {
        **ANYWHERE,
        Reading: Move(pan.clear_pan, (Phase.CLEAR_PAN, Phase.WEIGH)),
        PanFault: Move(pan.interrupt, (Phase.CLEAR_PAN, Phase.INTERRUPTED)),
        GoBack: Move(looks.go_back, (Phase.CLEAR_PAN, Phase.LOAD, Phase.HOLD, Phase.KEY)),
    },
    Phase.WEIGH: {
        **ANYWHERE,
        Reading: Move(pan.weigh, (Phase.WEIGH, *BEYOND)),
        PanFault: Move(pan.interrupt, (Phase.WEIGH, Phase.INTERRUPTED)),
        GoBack: Move(looks.go_back, (Phase.WEIGH, Phase.LOAD, Phase.HOLD, Phase.KEY)),
    },
    Phase.INTERRUPTED: {
        **ANYWHERE,
        Reading: Move(pan.resume, (Phase.CLEAR_PAN,)),
        PanFault: Move(pan.still_interrupted, (Phase.INTERRUPTED,)),
        GoBack: Move(looks.go_back, (Phase.INTERRUPTED, Phase.LOAD, Phase.HOLD, Phase.KEY)),
    },
    Phase.DONE: everywhere({}),
}


def begin(
    context: Context,
    scale: Scale,
    *,
    head: Head | None = None,
    pan_fault: Fault | None = None,
    ranges: tuple[PartialRange, ...] = (),
) -> ChallengeState:
    """A challenge at its first page, to be begun only where ``why_not(context, scale)`` is empty.

    ``head``: what is drawn from, kept from the beginning of the visit; that of the context where None.
    ``ranges``: of a multi-interval scale, all of them, rising.
    """
    drawn_from = context.head if head is None else head
    ticket = Ticket(seq=drawn_from.seq, head=drawn_from.hash, scale=scale.id)
    deck = deck_for(context, scale, several=bool(ranges))
    return ChallengeState(
        scale=scale,
        ranges=ranges,
        ticket=ticket,
        deck=deck,
        trials=drawn(deck, ticket),
        lead=scale.profile in context.lead_profiles,
        pan_fault=context.pan_fault if pan_fault is None else pan_fault,
    )


def step(context: Context, state: ChallengeState, event: Event, now_ns: int) -> ChallengeState:
    """The state after an event at a monotonic time; the same object where nothing changes."""
    move = TABLE[state.phase][type(event)]
    after: ChallengeState = move.handler(context, state, event, now_ns)
    assert after.phase in (move.to or (state.phase,)), f"{state.phase} to {after.phase}"
    return after


def ask(state: ChallengeState) -> Page | Interrupted:
    """What the person is asked for; once done, what was asked for last."""
    return page_of(state)


def done(state: ChallengeState) -> bool:
    """Whether it is over: ``record`` and ``result`` have something to say."""
    return state.phase is Phase.DONE


def result(state: ChallengeState) -> Result:
    """What it came to, once done."""
    assert state.result is not None
    return state.result


def record(state: ChallengeState) -> dict[str, Any]:
    """What belongs in the record, once done: plain values, masses as decimal strings of grams."""
    assert state.body is not None
    return state.body


def resumed(state: ChallengeState) -> ChallengeState:
    """The state after a power cut: times of the clock before mean nothing, the pan is emptied again."""
    rested = changed(
        state, since_ns=None, listening_ns=None, lead_window=None, pan_window=None, pan_last=None
    )
    if state.phase in (Phase.WEIGH, Phase.INTERRUPTED):
        return changed(rested, phase=Phase.CLEAR_PAN, pan_empty=None, problem="")
    return rested
