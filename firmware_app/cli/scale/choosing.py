"""The choice to ask a scale: by which protocol, at which setting, and the yes of a person.

Rules this file obeys:

* Nothing is sent from here, and nothing is chosen for the person: without a name and a yes nobody is asked.
* What would be sent, how often and at which setting is shown before the yes.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import typer
from rich.console import Console

from firmware_app.cli.scale.common import setting_of
from hardware.scale.bits import Setting, lines_of
from hardware.scale.contract import Poll, ProfileError, ProfileInfo, Profiles

MOST_TRIES = 5
LIST = "?"


class Asking(msgspec.Struct, frozen=True):
    """A protocol that a person chose to ask by, what is sent, and the one setting at which it is."""

    info: ProfileInfo
    poll: Poll
    setting: Setting


def info_of(known: Profiles, profile: str) -> ProfileInfo:
    """The profile of that id; raises ProfileError naming the nearest known one."""
    known.decoder(profile)
    return next(info for info in known.list() if info.id == profile)


def choose_asking(known: Profiles, baud: int | None, line: str | None) -> Asking | None:
    """What the person at the terminal chose; None where nothing is to be sent."""
    out = Console()
    out.print(
        "Nothing was sent. Some scales only answer; their manual names the protocol. Asked by a wrong one, a "
        "scale may change its settings.",
        markup=False,
    )
    info = _named(known)
    if info is None or info.poll is None:
        return None
    setting = setting_of(baud or info.baud_rates[0], line or lines_of(info)[0])
    text = typer.prompt("Rate and setting, as in the menu of the scale", default=str(setting))
    rate, _, wanted = text.strip().partition(" ")
    setting = setting_of(
        int(rate) if rate.isascii() and rate.isdigit() else 0, wanted.strip() or setting.line
    )
    for step in info.poll.steps:
        does = next(each.does for each in info.requests if each.send == step)
        out.print(f"  {step.hex(' ').upper()}  {does}", markup=False)
    every = info.poll.every_ms
    if not typer.confirm(f"Send this every {every} ms at {setting} to a scale of {info.id}?", default=False):
        return None
    return Asking(info, info.poll, setting)


def _named(known: Profiles) -> ProfileInfo | None:
    """The protocol that the person names; None for Enter, and after too many names that are none."""
    out = Console()
    asked = [info for info in known.list() if info.poll is not None]
    for _ in range(MOST_TRIES):
        name = typer.prompt(f"Ask by which protocol ({LIST} lists them, Enter: none)", default="").strip()
        if not name:
            return None
        if name == LIST:
            _list(asked)
            continue
        try:
            info = info_of(known, name)
        except ProfileError as error:
            out.print(str(error), markup=False)
            continue
        if info.poll is not None:
            return info
        out.print(f"{info.id} cannot be asked without changing the scale, or sends by itself", markup=False)
    return None


def _list(asked: Sequence[ProfileInfo]) -> None:
    out = Console(soft_wrap=True)
    for info in asked:
        out.print(f"  {info.id}: {info.title}", markup=False)
