"""The home screen: three doors and a quiet fourth, and which of them open."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.view.say import Say


class Door(msgspec.Struct, frozen=True):
    """``kind`` None: not built, so it says so and cannot be tapped."""

    name: str
    title: str
    text: str
    kind: messages.VisitKind | None


class HomeView(msgspec.Struct, frozen=True):
    """``notice``: the first part that is not well, or the trouble of delivery; empty when all is well."""

    title: str
    notice: str
    doors: tuple[Door, Door, Door]
    keeper: Door


BUILT = {"self_check": messages.VisitKind.SELF_CHECK}


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
    return say.code("county_problem", state.county.problem) if state.county.problem else ""


COLON = {"zh": "：", "bo": " ", "en": ": "}
"""A Tibetan name ends with a shad already."""


def home(state: messages.State, say: Say) -> HomeView:
    def door(name: str) -> Door:
        kind = BUILT.get(name)
        return Door(
            name=name,
            title=say(f"home.{name}"),
            text=say(f"home.{name}_hint") if kind else say("home.not_built"),
            kind=kind,
        )

    return HomeView(
        title=say("home.title"),
        notice=notice(state, say),
        doors=(door("self_check"), door("fair"), door("inspector")),
        keeper=_keeper(state.control, say),
    )


def _keeper(control: messages.ControlStatus, say: Say) -> Door:
    """The quiet door leads to the daily check of the pan, where a weight for it is configured."""
    if control.state == "not_configured":
        return Door(name="keeper", title=say("home.keeper"), text=say("home.not_built"), kind=None)
    words = say("control_state.locked") if control.lock else say.code("control_state", control.state)
    return Door(name="keeper", title=say("home.keeper"), text=words, kind=messages.VisitKind.CONTROL_CHECK)
