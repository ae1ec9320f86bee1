"""The USB stick between appliance and county: what is in, what may be done, and what came of it."""

from __future__ import annotations

import msgspec

from firmware_app.service import messages
from kiosk.view.bar import Tone
from kiosk.view.county import file_name
from kiosk.view.say import Say

Task = messages.StickTask
AT_START = ("registry", "weights")
"""Files that count from the next start on."""

BETWEEN = {"zh": "、", "bo": " ", "en": ", "}
"""A Tibetan name ends with a shad already."""


class StickView(msgspec.Struct, frozen=True):
    """``banner``: the one thing to know now; ``lines``: what follows from it.

    ``share``: how much is done, 0 to 1, None where nothing is being done; ``open``: the keys may be pressed.
    """

    title: str
    banner: str
    tone: Tone
    lines: tuple[str, ...]
    share: float | None
    write: str
    read: str
    open: bool


def stick(state: messages.State, attempt: str, say: Say) -> StickView:
    """``attempt``: the one that was sent from this screen; what came of another's is not said."""
    at = state.stick
    sticks = None if at is None else at.sticks
    banner, tone, open_ = _here(sticks, say), Tone.MUTE, False
    lines: tuple[str, ...] = (_waiting(state, say),)
    share: float | None = None
    if at is not None and at.task is not None and at.result is None:
        banner, lines = _working(at, say), (say("stick.leave_in"),)
        share = at.done / at.of if at.of else 0.0
    elif at is not None and at.result is not None and at.attempt == attempt:
        banner, tone, lines = _came_of(at, at.result, say)
        open_ = sticks == 1
    elif sticks == 1:
        tone, open_ = Tone.GOOD, True
    elif sticks:
        tone = Tone.WAIT
    return StickView(
        title=say("stick.title"),
        banner=banner,
        tone=tone,
        lines=lines,
        share=share,
        write=say("stick.write"),
        read=say("stick.read"),
        open=open_,
    )


def _here(sticks: int | None, say: Say) -> str:
    if sticks is None:
        return say("stick.unknown")
    return say({0: "stick.none", 1: "stick.one"}.get(sticks, "stick.several"))


def _waiting(state: messages.State, say: Say) -> str:
    unsent = state.county.unsent
    return say("stick.waiting", count=str(unsent)) if unsent else say("stick.nothing_waits")


def _working(at: messages.StickState, say: Say) -> str:
    if at.task is Task.READ:
        return say("stick.working_read")
    return say("stick.working_write", done=str(at.done), of=str(at.of)) if at.of else say("stick.working")


def _came_of(
    at: messages.StickState, result: messages.StickResult, say: Say
) -> tuple[str, Tone, tuple[str, ...]]:
    if result.code:
        return say("stick.failed"), Tone.BAD, (say.code("stick_code", result.code),)
    if at.task is Task.WRITE:
        if not result.new:
            return say("stick.written_nothing"), Tone.GOOD, (say("stick.take_out"),)
        return say("stick.written", count=str(result.new)), Tone.GOOD, (say("stick.written_next"),)
    return _brought(result, say)


def _brought(result: messages.StickResult, say: Say) -> tuple[str, Tone, tuple[str, ...]]:
    def names(files: tuple[str, ...]) -> str:
        return BETWEEN[say.lang].join(file_name(each, say) for each in files)

    new = result.received > result.before
    lines = []
    if result.refused:
        lines.append(say("stick.refused", names=names(result.refused)))
    if new:
        lines.append(say("stick.received", received=str(result.received)))
    if result.taken:
        lines.append(say("stick.came", names=names(result.taken)))
    if any(each in AT_START for each in result.taken):
        lines.append(say("stick.came_later"))
    banner, *more = lines or [say("stick.nothing_new")]
    return banner, Tone.WAIT if result.refused else Tone.GOOD, (*more, say("stick.take_out"))
