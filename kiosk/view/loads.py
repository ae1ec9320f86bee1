"""The screens of one load: put it on, type or take the figure, clear the pan, weigh the goods again.

Rules this file obeys:

* With goods the appliance's own figure is not even in the view before the scale's figure is given: the
  core covers the pan, and these views take nothing else.
* A figure from the lead is shown as sent; overload and silence are words.
"""

from __future__ import annotations

import enum
import re
from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import mass
from kiosk.view.bar import PanView, Tone, pan
from kiosk.view.mass import like_scale
from kiosk.view.say import Say

p = messages.prompts

_FIGURE = re.compile(r"[+-]?\d{1,7}(\.\d{1,3})?")
"""What the lead may say as a figure; anything else is no figure of a market scale and is not drawn."""


class LeadView(msgspec.Struct, frozen=True):
    """What the scale under test says over its lead. ``ready``: its figure may be taken now."""

    figure: str
    unit: str
    note: str
    tone: Tone
    ready: bool


class PutView(msgspec.Struct, frozen=True):
    """Put a load on the scale under test. ``pieces``: the weights to draw, empty with goods."""

    title: str
    load: str
    number: int
    count: int
    text: str
    pieces: tuple[tuple[str, float], ...]
    """What is engraved on each weight, and its mass in grams for its size."""
    question: str
    problem: str
    lead: LeadView | None
    """None where the figure is typed."""


class Stage(enum.IntEnum):
    """How far the appliance's pan is."""

    EMPTY = 0
    LOADED = 1
    STILL = 2


class OwnPanView(msgspec.Struct, frozen=True):
    """The appliance's pan has to be cleared, or loaded."""

    title: str
    load: str
    number: int
    count: int
    pan: PanView
    stage: Stage
    note: str
    shown: str
    problem: str


def lead(state: messages.LeadState, say: Say) -> LeadView:
    """The lead in words and figures; a figure is ready when it is there and not said to be moving."""
    if state.state != "streaming":
        return LeadView("", "", say.code("lead_state", state.state), Tone.BAD, ready=False)
    if state.overload or state.underload:
        words = say.code("lead_state", "overload" if state.overload else "underload")
        return LeadView("", "", words, Tone.BAD, ready=False)
    if not _FIGURE.fullmatch(state.text):
        return LeadView("", "", say("lead_state.waiting"), Tone.WAIT, ready=False)
    if state.stable is False:
        return LeadView(state.text, state.unit, say("lead_state.unstable"), Tone.WAIT, ready=False)
    return LeadView(state.text, state.unit, say("lead_state.stable"), Tone.GOOD, ready=True)


def put(
    prompt: messages.prompts.PutWeights | messages.prompts.PutGoods, state: messages.LeadState, say: Say
) -> PutView:
    over_lead = prompt.source is p.Source.LEAD
    if isinstance(prompt, p.PutWeights):
        title = say("put_weights.title", mass=mass(prompt.nominal_g))
        text = ""
        pieces = tuple((mass(piece), float(Decimal(piece))) for piece in prompt.pieces_g)
    else:
        title = say("put_goods.title")
        low, high = mass(prompt.low_g), mass(prompt.high_g)
        text = say("put_goods.other" if prompt.other else "put_goods.range", low=low, high=high)
        pieces = ()
    return PutView(
        title=title,
        load=progress(prompt.number, prompt.count, say),
        number=prompt.number,
        count=prompt.count,
        text=text,
        pieces=pieces,
        question=_question(prompt, say, over_lead=over_lead),
        problem="" if prompt.problem is None else say.code("problem", prompt.problem.value),
        lead=lead(state, say) if over_lead else None,
    )


def _question(
    prompt: messages.prompts.PutWeights | messages.prompts.PutGoods, say: Say, *, over_lead: bool
) -> str:
    """What is to be done with the figure; before it the weights that must not be taken."""
    asked = say("put_weights.read_by_lead") if over_lead else say("put_weights.type_figure")
    if isinstance(prompt, p.PutWeights) and prompt.refused_g:
        return f"{refused(prompt.refused_g, say)} {asked}"
    return asked


def refused(pieces_g: tuple[str, ...], say: Say) -> str:
    """The weights that were found wrong, each mark once."""
    return say("confirm_weights.refused", pieces=", ".join(dict.fromkeys(mass(each) for each in pieces_g)))


def clear_pan(prompt: messages.prompts.ClearPan, state: messages.State, say: Say) -> OwnPanView:
    live = pan(state, say)
    return OwnPanView(
        title=say("clear_pan.title"),
        load=progress(prompt.number, prompt.count, say),
        number=prompt.number,
        count=prompt.count,
        pan=live,
        stage=Stage.EMPTY,
        note=say("clear_pan.hint"),
        shown="",
        problem="" if prompt.problem is None else say.code("problem", prompt.problem.value),
    )


def weigh_goods(prompt: messages.prompts.WeighGoods, state: messages.State, say: Say) -> OwnPanView:
    live = pan(state, say)
    return OwnPanView(
        title=say("weigh_goods.title"),
        load=progress(prompt.number, prompt.count, say),
        number=prompt.number,
        count=prompt.count,
        pan=live,
        stage=own_pan_stage(state.pan),
        note=say("weigh_goods.hint"),
        shown=say("weigh_goods.shown", mass=like_scale(prompt.indication_g)),
        problem="" if prompt.problem is None else _goods_problem(prompt.problem, say),
    )


def put_control_weight(
    prompt: messages.prompts.PutControlWeight, state: messages.State, say: Say
) -> OwnPanView:
    return OwnPanView(
        title=say("put_control_weight.title", mass=mass(prompt.nominal_g)),
        load=progress(prompt.number, prompt.count, say),
        number=prompt.number,
        count=prompt.count,
        pan=pan(state, say),
        stage=own_pan_stage(state.pan),
        note=say("put_control_weight.hint"),
        shown="",
        problem="" if prompt.problem is None else say.code("problem", prompt.problem.value),
    )


def _goods_problem(problem: messages.prompts.Problem, say: Say) -> str:
    """On our pan too light and too heavy mean: not what your scale showed."""
    match problem:
        case messages.prompts.Problem.GOODS_TOO_LIGHT:
            return say("weigh_goods.lighter")
        case messages.prompts.Problem.GOODS_TOO_HEAVY:
            return say("weigh_goods.heavier")
    return say.code("problem", problem.value)


SEEN_G = Decimal(20)
"""Above this the drawing shows goods on the pan; nothing is judged by it."""


def own_pan_stage(now: messages.PanState) -> Stage:
    """How far the pan is, for the drawing."""
    if now.mass_g is None or Decimal(now.mass_g) < SEEN_G:
        return Stage.EMPTY
    return Stage.STILL if now.stable else Stage.LOADED


def progress(number: int, count: int, say: Say) -> str:
    """Which load of how many this is."""
    return say("step.progress", number=str(number), count=str(count))
