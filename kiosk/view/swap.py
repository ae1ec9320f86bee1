"""Goods and reference weights change places on the appliance's pan: one thing to do at a time.

Rules this file obeys:

* What lies there and must go comes first, then what is to come: never two things in one sentence.
* Why it is asked at all is said in words, for it is more trouble than usual.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import mass
from kiosk.view.bar import PanView, pan
from kiosk.view.loads import Stage, own_pan_stage, progress, refused
from kiosk.view.say import Say

p = messages.prompts


class Thing(enum.StrEnum):
    """What the picture shows."""

    GOODS = "goods"
    WEIGHTS = "weights"


class Hand(enum.StrEnum):
    """Which way it goes."""

    ON = "on"
    OFF = "off"
    NONE = "none"


class SwapView(msgspec.Struct, frozen=True):
    """``pieces``: mark and grams of every weight to put on, empty while something else is to be done."""

    title: str
    load: str
    number: int
    count: int
    pan: PanView
    stage: Stage
    thing: Thing
    hand: Hand
    pieces: tuple[tuple[str, float], ...]
    note: str
    problem: str
    skips: bool = False
    """Whether the person may go on without."""


def swap(prompt: messages.prompts.SwapOnPan, state: messages.State, say: Say) -> SwapView:
    if prompt.confirms:
        return _confirm(prompt, state, say)
    weights = prompt.put is p.OnPan.WEIGHTS
    stage = own_pan_stage(state.pan)
    wanted = Thing.WEIGHTS if weights else Thing.GOODS
    other = Thing.GOODS if weights else Thing.WEIGHTS
    thing, hand = wanted, Hand.ON
    if prompt.on_pan is prompt.put:
        hand = Hand.NONE
    elif prompt.on_pan.value == other.value:
        thing, hand = other, Hand.OFF
    if hand is Hand.OFF or prompt.on_pan is p.OnPan.OTHER:
        stage = Stage.EMPTY
    to_put = prompt.pieces_g if thing is Thing.WEIGHTS and weights else ()
    return SwapView(
        title=_title(thing, hand, mass(prompt.nominal_g), say),
        load=progress(prompt.number, prompt.count, say),
        number=prompt.number,
        count=prompt.count,
        pan=pan(state, say),
        stage=stage,
        thing=thing,
        hand=hand,
        pieces=tuple((mass(piece), float(Decimal(piece))) for piece in to_put),
        note=_note(hand, say, weights=weights),
        problem="" if prompt.problem is None else say.code("problem", prompt.problem.value),
    )


def _confirm(prompt: messages.prompts.SwapOnPan, state: messages.State, say: Say) -> SwapView:
    """Weights looked at before they are used: together on their way to the scale, or one alone."""
    alone = len(prompt.pieces_g) == 1 and (prompt.count > 1 or bool(prompt.refused_g))
    off = prompt.on_pan is p.OnPan.OTHER
    key = "confirm_weights.alone" if len(prompt.pieces_g) == 1 else "confirm_weights.together"
    title = say("swap_on_pan.weights_off") if off else say(key, mass=mass(prompt.nominal_g))
    note = say("confirm_weights.why_alone") if alone else say("confirm_weights.why")
    return SwapView(
        title=title,
        load=say("confirm_weights.step"),
        number=prompt.number,
        count=prompt.count,
        pan=pan(state, say),
        stage=Stage.EMPTY if off else own_pan_stage(state.pan),
        thing=Thing.WEIGHTS,
        hand=Hand.OFF if off else Hand.ON,
        pieces=() if off else tuple((mass(piece), float(Decimal(piece))) for piece in prompt.pieces_g),
        note=refused(prompt.refused_g, say) if prompt.refused_g else note,
        problem="" if prompt.problem is None else say.code("problem", prompt.problem.value),
        skips=True,
    )


def _title(thing: Thing, hand: Hand, nominal: str, say: Say) -> str:
    if hand is Hand.OFF:
        return say("swap_on_pan.goods_off") if thing is Thing.GOODS else say("swap_on_pan.weights_off")
    if thing is Thing.WEIGHTS:
        return say("swap_on_pan.weights_on", mass=nominal)
    return say("swap_on_pan.goods_on")


def _note(hand: Hand, say: Say, *, weights: bool) -> str:
    if hand is not Hand.OFF:
        return say("swap_on_pan.hint")
    return say("swap_on_pan.why") if weights else say("swap_on_pan.then_goods")
