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
    title: str
    doors: tuple[Door, Door, Door]
    keeper: Door


BUILT = {"self_check": messages.VisitKind.SELF_CHECK}


def home(say: Say) -> HomeView:
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
        doors=(door("self_check"), door("fair"), door("inspector")),
        keeper=door("keeper"),
    )
