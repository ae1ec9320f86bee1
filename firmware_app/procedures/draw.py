"""Draws the self-check from its table of states: the page docs/procedures/self-check.md.

Nothing on the page is written by hand. ``python -m firmware_app.procedures.draw`` prints it.
"""

from __future__ import annotations

import sys

from firmware_app.procedures.events import Event
from firmware_app.procedures.self_check import ANYWHERE, TABLE, Move
from firmware_app.procedures.state import Phase

HEAD = """# The self-check, state by state

This page is drawn from the table in `firmware_app/procedures/self_check.py` by
`python -m firmware_app.procedures.draw > docs/procedures/self-check.md`; a test keeps it up to date.

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


def page() -> str:
    """The whole page as Markdown."""
    return "".join([HEAD, DIAGRAM, _diagram(), ANYWHERE_HEAD, _rows(ANYWHERE, None), STATES_HEAD, _states()])


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Phase.ASK_STALL.value}"]
    for phase, row in TABLE.items():
        arrows: dict[Phase, list[str]] = {}
        for event, move in row.items():
            for target in move.to:
                if target is not phase and target is not Phase.LEFT:
                    arrows.setdefault(target, []).append(event.__name__)
        lines += [
            f"    {phase.value} --> {target.value}: {', '.join(names)}" for target, names in arrows.items()
        ]
    return "\n".join([*lines, "```", ""])


def _states() -> str:
    parts = []
    for phase, row in TABLE.items():
        own = {event: move for event, move in row.items() if move != ANYWHERE[event]}
        parts.append(f"\n### {phase.value}\n\n")
        if own:
            parts.append("| Event | Handler | Leads to |\n|---|---|---|\n" + _rows(own, phase))
        else:
            parts.append("Nothing of its own.\n")
    return "".join(parts)


def _rows(row: dict[type[Event], Move], phase: Phase | None) -> str:
    return "".join(
        f"| {event.__name__} | {_what(move)} | {_targets(move, phase)} |\n" for event, move in row.items()
    )


def _what(move: Move) -> str:
    """The handler and the first sentence of what it says of itself."""
    said = (move.handler.__doc__ or "").strip().split("\n")[0]
    return f"`{move.handler.__name__}`: {said}" if said else f"`{move.handler.__name__}`"


def _targets(move: Move, phase: Phase | None) -> str:
    return ", ".join("stays" if target is phase else target.value for target in move.to) or "stays"


if __name__ == "__main__":
    sys.stdout.write(page())
