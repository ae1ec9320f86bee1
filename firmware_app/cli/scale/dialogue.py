"""The confirmation at the terminal: the person says what the display shows, the candidates that differ fall.

Rules this file obeys:

* The person types the figure of the display and the program compares: nothing is nodded through.
* As many different loads are compared as the candidate asks for, and the last word is the person's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import typer
from rich.console import Console

from firmware_app.cli.common import NO, console, fail
from firmware_app.cli.scale.ear import Ear
from hardware.scale.bits import Setting
from hardware.scale.confirm import Confirmation, NotConfirmed, Shown, compared, confirmation, display
from hardware.scale.contract import Profiles, Transport
from hardware.scale.listen import Candidate, Proposal

MAX_TRIES = 20
QUIT = ("q", "quit")


class Plate(msgspec.Struct, frozen=True):
    """What the data plate says; empty text is asked for."""

    maker: str
    model: str


def confirm_with_display(
    open_at: Callable[[Setting], Transport], proposal: Proposal, known: Profiles, *, asked: bool, plate: Plate
) -> Confirmation:
    """The confirmation a person gave; leaves with exit code 1 where none came about.

    ``open_at``: opens the line at a setting. ``asked``: that line asks the scale, as the person chose.
    """
    best = proposal.candidates[0].setting
    rivals = [one for one in proposal.candidates if one.setting.baud == best.baud and one.value is not None]
    # 7E1 and the like were read out of what came as 8N1; all rivals must share one way of hearing.
    physical = best if asked or not best.line else Setting(best.baud, "8N1")
    with Ear(open_at(physical), rivals, known) as ear:
        chosen, shown, unit = _compare(ear, rivals)
    out = Console()
    out.print(f"{chosen.profile} reads what the display shows: {chosen.title}", markup=False)
    if chosen.asked_twice and not typer.confirm(
        "No capture confirms this protocol yet. Were both loads compared with care?", default=False
    ):
        fail("not confirmed", NO)
    maker = plate.maker or typer.prompt("Maker on the data plate")
    model = plate.model or typer.prompt("Model on the data plate")
    if not typer.confirm(f"Read {maker} {model} by {chosen.profile} at {chosen.setting}?", default=False):
        fail("not confirmed", NO)
    at = datetime.now(UTC).isoformat("T", "seconds")
    return confirmation(chosen, shown, unit, maker=maker.strip(), model=model.strip(), at=at, asked=asked)


def _compare(ear: Ear, rivals: Sequence[Candidate]) -> tuple[Candidate, tuple[Shown, ...], str]:
    """The candidate that stands after its loads, with what was compared and the unit of the display."""
    out = Console()
    standing = {one.profile: one for one in rivals}
    shown: dict[str, tuple[Shown, ...]] = dict.fromkeys(standing, ())
    for _ in range(MAX_TRIES):
        text = typer.prompt("Put a load on. What does the display show, with its unit (1.560 kg; q ends)")
        if text.strip().casefold() in QUIT:
            break
        agree = _agreeing(ear, text, {name: shown[name] for name in standing})
        if not agree:
            out.print("Nothing was taken.")
            continue
        standing = {name: one for name, one in standing.items() if name in agree}
        shown = {name: (*shown[name], agree[name][0]) for name in standing}
        if len(standing) > 1:
            out.print(f"still possible: {', '.join(standing)}", markup=False)
        if all(len(shown[name]) >= _loads(one, standing) for name, one in standing.items()):
            chosen = _choice(tuple(standing.values()))
            return chosen, shown[chosen.profile], agree[chosen.profile][1]
        out.print("That agrees. Now another, clearly different load.")
    console.print("not confirmed: no protocol agreed with the display")
    raise typer.Exit(NO)


def _agreeing(ear: Ear, text: str, shown: Mapping[str, tuple[Shown, ...]]) -> dict[str, tuple[Shown, str]]:
    """Of the protocols those that read now what the display shows; why the others do not is said."""
    out = Console()
    agree: dict[str, tuple[Shown, str]] = {}
    try:
        display(text)
    except NotConfirmed as error:
        out.print(str(error), markup=False)
        return {}
    for name, earlier in shown.items():
        indication = ear.at_rest(name)
        if indication is None:
            out.print(f"{name}: moving or silent: wait until the display rests", markup=False)
            continue
        try:
            agree[name] = compared(text, indication, earlier)
        except NotConfirmed as error:
            out.print(f"{name}: {error}", markup=False)
    return agree


def _loads(candidate: Candidate, standing: dict[str, Candidate]) -> int:
    """Where several still stand, two loads at the least."""
    return max(candidate.loads, 2 if len(standing) > 1 else 1)


def _choice(standing: Sequence[Candidate]) -> Candidate:
    """The one that is left, or of several that read alike the one the person names."""
    if len(standing) == 1:
        return standing[0]
    out = Console()
    for place, one in enumerate(standing, start=1):
        out.print(f"{place}: {one.profile}: {one.title}", markup=False)
    number: int = typer.prompt("They read alike. Which one does the manual name", type=int)
    if not 1 <= number <= len(standing):
        fail("not confirmed: no such number", NO)
    return standing[number - 1]
