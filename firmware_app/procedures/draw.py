"""Draws each procedure from its table of states: the pages in docs/procedures.

Nothing on a page is written by hand. ``python -m firmware_app.procedures.draw [NAME]`` prints one.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from firmware_app.procedures.challenge import machine as challenge_machine
from firmware_app.procedures.challenge import visit as challenge_visit
from firmware_app.procedures.challenge.state import Phase as ChallengePhase
from firmware_app.procedures.control_check import procedure as control_check
from firmware_app.procedures.control_check.state import ControlPhase
from firmware_app.procedures.events import Event
from firmware_app.procedures.fair_weighing import procedure as fair_weighing
from firmware_app.procedures.fair_weighing.state import FairPhase
from firmware_app.procedures.self_check import procedure as self_check
from firmware_app.procedures.self_check.state import Phase
from firmware_app.procedures.verification import procedure as verification
from firmware_app.procedures.verification.state import Phase as VerificationPhase


class Drawn(NamedTuple):
    """One procedure: its name in a title, module, table, what holds anywhere, first and last state."""

    title: str
    module: str
    table: Mapping[Any, Mapping[type[Event], Any]]
    anywhere: Mapping[type[Event], Any]
    first: enum.Enum
    left: enum.Enum


PROCEDURES: dict[str, Drawn] = {
    "self-check": Drawn(
        "self-check", "self_check", self_check.TABLE, self_check.ANYWHERE, Phase.ASK_STALL, Phase.LEFT
    ),
    "control-check": Drawn(
        "control check",
        "control_check",
        control_check.TABLE,
        control_check.ANYWHERE,
        ControlPhase.CLEAR_PAN,
        ControlPhase.LEFT,
    ),
    "fair-weighing": Drawn(
        "fair weighing",
        "fair_weighing/procedure",
        fair_weighing.TABLE,
        fair_weighing.ANYWHERE,
        FairPhase.ASK_WHAT,
        FairPhase.LEFT,
    ),
    "challenge": Drawn(
        "challenge as a visit",
        "challenge/visit",
        challenge_visit.TABLE,
        challenge_visit.ANYWHERE,
        challenge_visit.VisitPhase.ASK_STALL,
        challenge_visit.VisitPhase.LEFT,
    ),
    "challenge-machine": Drawn(
        "challenge",
        "challenge/machine",
        challenge_machine.TABLE,
        challenge_machine.ANYWHERE,
        ChallengePhase.READY,
        # The machine has no state that was left: its last one is drawn.
        challenge_visit.VisitPhase.LEFT,
    ),
    "verification": Drawn(
        "on-site examination",
        "verification/procedure",
        verification.TABLE,
        verification.ANYWHERE,
        VerificationPhase.ASK_STALL,
        VerificationPhase.LEFT,
    ),
}

HEAD = """# The {title}, state by state

This page is drawn from the table in `firmware_app/procedures/{module}.py` by
`python -m firmware_app.procedures.draw{argument} > docs/procedures/{name}.md`; a test keeps it up to date.

"""

DIAGRAM = """## Diagram

Left out for the sake of reading: `Cancel`, which leads to `left` from everywhere, and events after which
the state stays.

"""

ANYWHERE_HEAD = """
## Where a state says nothing else

| Event | Handler | Leads to |
|---|---|---|
"""

STATES_HEAD = """
## Every state

Only what differs from the table above is listed.
"""


def page(name: str = "self-check") -> str:
    """The whole page of a procedure as Markdown; raises KeyError for one that is not drawn."""
    drawn = PROCEDURES[name]
    argument = "" if name == "self-check" else f" {name}"
    head = HEAD.format(title=drawn.title, module=drawn.module, argument=argument, name=name)
    parts = [head, DIAGRAM, _diagram(drawn), ANYWHERE_HEAD, _rows(drawn.anywhere, None), STATES_HEAD]
    return "".join([*parts, _states(drawn)])


def _diagram(drawn: Drawn) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {drawn.first.value}"]
    for phase, row in drawn.table.items():
        arrows: dict[enum.Enum, list[str]] = {}
        for event, move in row.items():
            for target in move.to:
                if target not in (phase, drawn.left):
                    arrows.setdefault(target, []).append(event.__name__)
        lines += [
            f"    {phase.value} --> {target.value}: {', '.join(names)}" for target, names in arrows.items()
        ]
    return "\n".join([*lines, "```", ""])


def _states(drawn: Drawn) -> str:
    parts = []
    for phase, row in drawn.table.items():
        own = {event: move for event, move in row.items() if move != drawn.anywhere[event]}
        parts.append(f"\n### {phase.value}\n\n")
        if own:
            parts.append("| Event | Handler | Leads to |\n|---|---|---|\n" + _rows(own, phase))
        else:
            parts.append("Nothing of its own.\n")
    return "".join(parts)


def _rows(row: Mapping[type[Event], Any], phase: enum.Enum | None) -> str:
    return "".join(
        f"| {event.__name__} | {_what(move.handler)} | {_targets(move.to, phase)} |\n"
        for event, move in row.items()
    )


def _what(handler: Callable[..., Any]) -> str:
    """The handler and the first sentence of what it says of itself."""
    said = (handler.__doc__ or "").strip().split("\n")[0]
    return f"`{handler.__name__}`: {said}" if said else f"`{handler.__name__}`"


def _targets(targets: tuple[Any, ...], phase: enum.Enum | None) -> str:
    return ", ".join("stays" if target is phase else target.value for target in targets) or "stays"


if __name__ == "__main__":
    sys.stdout.write(page(*sys.argv[1:2]))
