"""The cheating challenge as the last item: a machine of its own, led inside the examination.

Rules this file obeys:

* The examination knows how the challenge begins, is stepped and is done; nothing of its inside.
* What it is drawn from was fixed as the examination began: nobody could know it, nobody can choose it later.
* Where it cannot be begun the item is not done, with the challenge's own reason.
"""

from __future__ import annotations

import msgspec

from firmware_app.procedures.challenge import machine
from firmware_app.procedures.context import Context
from firmware_app.procedures.page import Option, Page
from firmware_app.procedures.prompts import Interrupted
from firmware_app.procedures.verification.state import VerificationState, changed
from firmware_app.rules.checks import PartialRange

OTHER = "other"
KEPT = ("verdict", "reason", "pattern")
"""What is kept of a challenge that was done again; its trials would not fit the entry twice."""


def begun(context: Context, state: VerificationState) -> VerificationState:
    """The state with the challenge at its first page (or where it stands), or with why there is none."""
    assert state.scale is not None
    if state.challenge is not None:
        return state
    why = machine.why_not(context, state.scale, several=bool(state.ranges))
    if why:
        return changed(state, challenge_why=why)
    return changed(
        state, challenge=machine.begin(context, state.scale, head=state.head, ranges=_ranges(state))
    )


def _ranges(state: VerificationState) -> tuple[PartialRange, ...]:
    """The ranges that were typed from the plate with the last one, which is the registry's; else none."""
    assert state.scale is not None
    last = PartialRange(max_g=state.scale.max_g, e_g=state.scale.e_g)
    return (*state.ranges, last) if state.ranges else ()


def over(state: VerificationState) -> bool:
    """Whether there is nothing more to do of the challenge."""
    return state.challenge_body is not None or bool(state.challenge_why)


def finished(state: VerificationState) -> VerificationState:
    """The state with what came of a challenge that is done."""
    assert state.challenge is not None
    return changed(state, challenge=None, challenge_body=machine.record(state.challenge))


def again(state: VerificationState) -> VerificationState:
    """The state without a challenge; of one that was done its outcome is kept."""
    earlier = state.challenges_before
    if state.challenge_body is not None:
        earlier = (*earlier, {key: state.challenge_body[key] for key in KEPT})
    return changed(state, challenge=None, challenge_body=None, challenge_why="", challenges_before=earlier)


def asked(_context: Context, state: VerificationState) -> Page | Interrupted:
    """The page of the challenge, with what every step offers beside."""
    assert state.challenge is not None
    page = machine.ask(state.challenge)
    if not isinstance(page, Page):
        return page
    other = Option(id=OTHER, label=f"verif_{OTHER}")
    return msgspec.structs.replace(page, beside=(*page.beside, other), held=True)


def resumed(state: VerificationState) -> VerificationState:
    """The state after a power cut."""
    if state.challenge is None:
        return state
    return changed(state, challenge=machine.resumed(state.challenge))
