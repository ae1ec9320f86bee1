"""The home screen: three doors and a quiet fourth, and which of them open."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.view.say import Say


class Door(msgspec.Struct, frozen=True):
    """``kind``: the visit behind it; ``sign_in``: asks first who is there. Neither: it cannot be tapped."""

    name: str
    title: str
    text: str
    kind: messages.VisitKind | None
    sign_in: bool = False

    @property
    def opens(self) -> bool:
        """Whether it leads anywhere."""
        return self.kind is not None or self.sign_in


class HomeView(msgspec.Struct, frozen=True):
    """``notice``: the first part that is not well, or the trouble of delivery; empty when all is well."""

    title: str
    notice: str
    doors: tuple[Door, Door, Door]
    keeper: Door


BUILT = {"self_check": messages.VisitKind.SELF_CHECK, "fair": messages.VisitKind.FAIR_WEIGHING}


BROKEN = "history_broken"
"""No part out of order is worse: nothing is judged, and no waiting helps."""
SELF = "kiosk"
"""A screen that can be read needs no words about its own silence."""


def notice(state: messages.State, say: Say) -> str:
    """What the keeper should hear of, in words."""
    if state.county.problem == BROKEN:
        return say.code("county_problem", BROKEN)
    for part in state.parts:
        if part.problem and part.name != SELF:
            name = say.code("part_name", part.name)
            return f"{name}{COLON[say.lang]}{say.code('part_problem', part.problem)}"
    if state.control.lock:
        return say.code("control_lock", state.control.lock)
    if state.county.problem:
        return say.code("county_problem", state.county.problem)
    return "" if messages.Role.KEEPER in state.registered else say("home.no_keeper")


COLON = {"zh": "：", "bo": " ", "en": ": "}
"""A Tibetan name ends with a shad already."""


def home(state: messages.State, say: Say) -> HomeView:
    def door(name: str) -> Door:
        kind = BUILT[name] if BUILT[name] in state.may else None
        text = say(f"home.{name}_hint") if kind else say("home.not_built")
        return Door(name=name, title=say(f"home.{name}"), text=text, kind=kind)

    return HomeView(
        title=say("home.title"),
        notice=notice(state, say),
        doors=(door("self_check"), door("fair"), _inspector(state, say)),
        keeper=_keeper(state, say),
    )


def _inspector(state: messages.State, say: Say) -> Door:
    """Leads to signing in, once somebody can."""
    there = messages.Role.INSPECTOR in state.registered
    text = say("home.inspector_hint") if there else say("home.no_inspector")
    return Door("inspector", say("home.inspector"), text, None, sign_in=there)


def _keeper(state: messages.State, say: Say) -> Door:
    """The quiet door: to signing in; where nobody is registered, to the daily check of the pan itself."""
    control, kind = state.control, messages.VisitKind.CONTROL_CHECK
    configured = control.state != "not_configured"
    words = say("control_state.locked") if control.lock else say.code("control_state", control.state)
    if state.registered:
        text = words if configured else say("home.keeper_hint")
        return Door("keeper", say("home.keeper"), text, None, sign_in=True)
    if configured and kind in state.may:
        return Door("keeper", say("home.keeper"), words, kind)
    return Door("keeper", say("home.keeper"), say("home.not_built"), None)
