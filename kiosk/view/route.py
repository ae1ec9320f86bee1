"""Which screen is shown: a function of what the core said, and of whether it is there at all."""

from __future__ import annotations

import enum

import msgspec

from firmware_app.service import messages
from kiosk.link import Condition

p = messages.prompts


class Screen(enum.StrEnum):
    """The screens there are; the values are the names that a visitor's script sees."""

    NO_CORE = "no_core"
    HOME = "home"
    ASK_STALL = "ask_stall"
    CHOOSE_SCALE = "choose_scale"
    CHOOSE_WAY = "choose_way"
    PUT_WEIGHTS = "put_weights"
    PUT_GOODS = "put_goods"
    CLEAR_PAN = "clear_pan"
    WEIGH_GOODS = "weigh_goods"
    SWAP_ON_PAN = "swap_on_pan"
    PUT_CONTROL_WEIGHT = "put_control_weight"
    INTERRUPTED = "interrupted"
    SAVING = "saving"
    JUDGED = "judged"
    PAN_CARD = "pan_card"
    CONTROL_JUDGED = "control_judged"
    NOT_SAVED = "not_saved"
    PAGE = "page"
    PAGE_JUDGED = "page_judged"


OF_PROMPT: dict[type, Screen] = {
    p.AskStall: Screen.ASK_STALL,
    p.ChooseScale: Screen.CHOOSE_SCALE,
    p.ChooseWay: Screen.CHOOSE_WAY,
    p.PutWeights: Screen.PUT_WEIGHTS,
    p.PutGoods: Screen.PUT_GOODS,
    p.ClearPan: Screen.CLEAR_PAN,
    p.WeighGoods: Screen.WEIGH_GOODS,
    p.SwapOnPan: Screen.SWAP_ON_PAN,
    p.PutControlWeight: Screen.PUT_CONTROL_WEIGHT,
    p.Interrupted: Screen.INTERRUPTED,
    p.Saving: Screen.SAVING,
    p.Judged: Screen.JUDGED,
    p.ControlJudged: Screen.CONTROL_JUDGED,
    p.NotSaved: Screen.NOT_SAVED,
    messages.page.Page: Screen.PAGE,
    messages.page.PageJudged: Screen.PAGE_JUDGED,
}


class Route(msgspec.Struct, frozen=True):
    """The screen, and how it may be left. ``held``: nobody is sent home from here by idleness."""

    screen: Screen
    back: bool = False
    cancel: bool = False
    held: bool = False


_BACK = frozenset(
    {
        Screen.CHOOSE_SCALE,
        Screen.CHOOSE_WAY,
        Screen.PUT_WEIGHTS,
        Screen.PUT_GOODS,
        Screen.CLEAR_PAN,
        Screen.WEIGH_GOODS,
        Screen.SWAP_ON_PAN,
        Screen.PUT_CONTROL_WEIGHT,
        Screen.PAGE,
    }
)
_CANCEL = _BACK | {Screen.ASK_STALL, Screen.INTERRUPTED}
_HELD = frozenset({Screen.NO_CORE, Screen.INTERRUPTED, Screen.SAVING})


def route(state: messages.State | None, condition: Condition, *, pan_card: bool = False) -> Route:
    """A core that is not answering hides every prompt: an old question must not take an answer.

    ``pan_card``: somebody reads about this pan; a visit, wherever it was begun, comes before that.
    """
    if condition is not Condition.ANSWERING or state is None:
        screen = Screen.NO_CORE
    elif state.visit is None:
        screen = Screen.PAN_CARD if pan_card else Screen.HOME
    else:
        screen = OF_PROMPT[type(state.visit.prompt)]
    return Route(screen, back=screen in _BACK, cancel=screen in _CANCEL, held=screen in _HELD or _held(state))


def _held(state: messages.State | None) -> bool:
    """Whether the visit waits for somebody who may be away for long."""
    prompt = None if state is None or state.visit is None else state.visit.prompt
    return isinstance(prompt, messages.page.Page) and prompt.held
