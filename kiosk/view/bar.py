"""The live bar: what is always in view.

Rules this file obeys:

* A fault, a covered pan or a silent core is words and an empty figure, never 0.
* What the bar does not know it says it does not know.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import clock_time
from kiosk.link import Condition
from kiosk.view.mass import live_figure
from kiosk.view.say import Say


class Tone(enum.StrEnum):
    """How a mark is coloured and shaped: good, not yet, bad, or not speaking."""

    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    MUTE = "mute"


class PanView(msgspec.Struct, frozen=True):
    """The appliance's own pan. ``figure`` is empty where there is none to show."""

    figure: str
    unit: str
    note: str
    tone: Tone


class BarView(msgspec.Struct, frozen=True):
    pan: PanView
    time: str
    clock: str
    clock_tone: Tone
    network: str
    network_tone: Tone
    unsent: str
    unsent_tone: Tone
    simulated: str
    person: str = ""
    """Who is signed in."""


def not_empty(now: messages.PanState) -> bool:
    """Whether the pan was loaded when it was switched on: it weighs nothing before it is emptied."""
    return now.mass_g is None and now.why_not == "not_empty"


def pan(state: messages.State, say: Say) -> PanView:
    """The live weight and whether it is stable, or the words that stand in its place."""
    now = state.pan
    if now.mass_g is None or now.fault is not None or now.hidden:
        return PanView("", "kg", *_no_figure(now, say))
    figure = live_figure(now.mass_g)
    if now.unfit and now.stable:
        return PanView(figure, "kg", say("bar.look_only"), Tone.WAIT)
    if now.stable:
        return PanView(figure, "kg", say("bar.stable"), Tone.GOOD)
    return PanView(figure, "kg", say.code("why_not", now.why_not or "other"), Tone.WAIT)


def _no_figure(now: messages.PanState, say: Say) -> tuple[str, Tone]:
    """The words in the place of a weight that there is not, or that is covered."""
    if not_empty(now):
        return say("bar.not_empty"), Tone.WAIT
    if now.fault is not None:
        return say("bar.no_figure"), Tone.BAD
    return (say("bar.hidden"), Tone.MUTE) if now.hidden else (say("bar.waiting"), Tone.WAIT)


_CLOCK_TONE = {"synchronised": Tone.GOOD, "battery": Tone.WAIT}


def bar(state: messages.State | None, condition: Condition, say: Say) -> BarView:
    """What the bar shows; nothing old is shown as if it were now."""
    if state is None or condition is not Condition.ANSWERING:
        silence = say("bar.starting") if condition is Condition.STARTING else say("bar.no_figure")
        return BarView(
            pan=PanView("", "kg", silence, Tone.BAD if condition is Condition.SILENT else Tone.WAIT),
            time="",
            clock="",
            clock_tone=Tone.MUTE,
            network="",
            network_tone=Tone.MUTE,
            unsent="",
            unsent_tone=Tone.MUTE,
            simulated=say("bar.simulated") if state is not None and state.simulated else "",
        )
    county = state.county
    if any(part.name == "uploader" and part.problem for part in state.parts):
        network, network_tone = say("bar.delivery_stopped"), Tone.BAD
    elif county.reachable is None:
        network, network_tone = say("bar.network_unknown"), Tone.MUTE
    elif county.reachable and not county.problem:
        network, network_tone = say("bar.network"), Tone.GOOD
    else:
        network, network_tone = say("bar.no_network"), Tone.WAIT
    if county.unsent:
        unsent, unsent_tone = say("bar.unsent", count=str(county.unsent)), Tone.WAIT
    else:
        unsent, unsent_tone = say("bar.all_sent"), Tone.GOOD
    return BarView(
        pan=pan(state, say),
        time=clock_time(state.at),
        clock=say.code("clock", state.clock),
        clock_tone=_CLOCK_TONE.get(state.clock, Tone.BAD),
        network=network,
        network_tone=network_tone,
        unsent=unsent,
        unsent_tone=unsent_tone,
        simulated=say("bar.simulated") if state.simulated else "",
        person="" if state.person is None else state.person.name,
    )
