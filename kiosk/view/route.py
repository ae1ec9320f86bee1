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
    SIGN_IN = "sign_in"
    MENU = "menu"
    COUNTY = "county"
    STICK = "stick"


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
    p.AskWitness: Screen.SIGN_IN,
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
_CANCEL = _BACK | {Screen.ASK_STALL, Screen.INTERRUPTED, Screen.SIGN_IN}
_HELD = frozenset({Screen.NO_CORE, Screen.INTERRUPTED, Screen.SAVING})


class Aside(enum.Enum):
    """Where somebody is who is in no visit."""

    NOWHERE = "nowhere"
    PAN_CARD = "pan_card"
    SIGN_IN = "sign_in"
    COUNTY = "county"
    STICK = "stick"


def route(state: messages.State | None, condition: Condition, aside: Aside = Aside.NOWHERE) -> Route:
    """A core that is not answering hides every prompt: an old question must not take an answer.

    ``aside``: what somebody looks at beside a visit; a visit, wherever it was begun, comes before that.
    """
    if condition is not Condition.ANSWERING or state is None:
        return Route(Screen.NO_CORE, held=True)
    if state.visit is None:
        place = _place(state, aside)
        return Route(place, held=place is Screen.STICK and carrying(state))
    if state.visit.waits_for is not None:
        # Only who began it goes on with it: nobody is asked what it asks.
        return Route(Screen.SIGN_IN, held=True)
    screen = OF_PROMPT[type(state.visit.prompt)]
    return Route(screen, back=screen in _BACK, cancel=screen in _CANCEL, held=screen in _HELD or _held(state))


def _place(state: messages.State, aside: Aside) -> Screen:
    if aside is Aside.PAN_CARD:
        return Screen.PAN_CARD
    if state.person is not None:
        if state.person.role is messages.Role.KEEPER and aside in _KEEPERS:
            return _KEEPERS[aside]
        return Screen.MENU
    return Screen.SIGN_IN if aside is Aside.SIGN_IN else Screen.HOME


_KEEPERS = {Aside.COUNTY: Screen.COUNTY, Aside.STICK: Screen.STICK}


def carrying(state: messages.State) -> bool:
    """Whether something is being done with a stick."""
    return state.stick is not None and state.stick.task is not None and state.stick.result is None


def _held(state: messages.State | None) -> bool:
    """Whether the visit waits for somebody who may be away for long."""
    prompt = None if state is None or state.visit is None else state.visit.prompt
    return isinstance(prompt, messages.page.Page) and prompt.held
