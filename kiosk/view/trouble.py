"""Screens that ask nothing: a fault, a silent core, saving, not saved.

A fault is said in words with its remedy; while it lasts nothing is judged, and the screen says that too.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.service import messages
from kiosk.link import Condition
from kiosk.view.bar import Tone, not_empty
from kiosk.view.say import Say


class Picture(enum.StrEnum):
    PLUG = "plug"
    OVERLOAD = "overload"
    HOURGLASS = "hourglass"
    CLEAR_PAN = "clear_pan"
    DISK = "disk"
    CROSS = "cross"


class TroubleView(msgspec.Struct, frozen=True):
    tone: Tone
    picture: Picture
    banner: str
    what: str
    remedy: str
    goes_on: str
    done: bool = False


_PICTURES = {
    messages.Fault.OVERLOAD: Picture.OVERLOAD,
    messages.Fault.UNDERLOAD: Picture.OVERLOAD,
    messages.Fault.SETTLING: Picture.HOURGLASS,
    messages.Fault.RESET: Picture.HOURGLASS,
}


def interrupted(prompt: messages.prompts.Interrupted, now: messages.PanState, say: Say) -> TroubleView:
    if not_empty(now):
        return TroubleView(
            tone=Tone.WAIT,
            picture=Picture.CLEAR_PAN,
            banner=say("interrupted.title"),
            what=say("interrupted.not_empty"),
            remedy=say("interrupted.empty_it"),
            goes_on=say("interrupted.hint"),
        )
    code = prompt.fault.value
    return TroubleView(
        tone=Tone.BAD,
        picture=_PICTURES.get(prompt.fault, Picture.PLUG),
        banner=say("interrupted.title"),
        what=say.code("fault", code),
        remedy=say.code("fault_remedy", code),
        goes_on=say("interrupted.hint"),
    )


def no_core(condition: Condition, say: Say) -> TroubleView:
    if condition is Condition.STARTING:
        return TroubleView(
            tone=Tone.WAIT,
            picture=Picture.HOURGLASS,
            banner="",
            what=say("no_core.starting"),
            remedy="",
            goes_on="",
        )
    return TroubleView(
        tone=Tone.BAD,
        picture=Picture.CROSS,
        banner=say("interrupted.title"),
        what=say("no_core.title"),
        remedy=say("no_core.remedy"),
        goes_on=say("interrupted.hint"),
    )


def saving(say: Say) -> TroubleView:
    return TroubleView(
        tone=Tone.WAIT,
        picture=Picture.DISK,
        banner="",
        what=say("saving.title"),
        remedy=say("saving.hint"),
        goes_on="",
    )


def not_saved(prompt: messages.prompts.NotSaved, say: Say) -> TroubleView:
    return TroubleView(
        tone=Tone.BAD,
        picture=Picture.DISK,
        banner=say("not_saved.title"),
        what=say.code("not_saved_reason", prompt.reason),
        remedy=say("not_saved.hint"),
        goes_on="",
        done=True,
    )
