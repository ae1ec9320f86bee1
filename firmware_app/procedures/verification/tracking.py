"""Whether the scale tracks its zero, found out step by step: small weights on a scale at zero, one by one.

Rules this file obeys:

* How many, how heavy and how often is the pack's row to say; where E0 is found follows from the answer.
* Ten e is right in either case: whoever does not try it loses nothing but a point nearer to zero.
* Where E0 is found does not change once a point was taken: points of one item share their E0.
"""

from __future__ import annotations

from firmware_app.procedures.context import Context
from firmware_app.procedures.events import Picked
from firmware_app.procedures.law import Law
from firmware_app.procedures.page import Fact, Page, Pick, Picture
from firmware_app.procedures.prompts import Prompt
from firmware_app.procedures.verification.beginning import planned, refused
from firmware_app.procedures.verification.closing import scale_id
from firmware_app.procedures.verification.facts import mass_fact, option
from firmware_app.procedures.verification.items import LEFT_ZERO, NOT_TRIED, STAYED_AT_ZERO
from firmware_app.procedures.verification.law import Rules, rules_of
from firmware_app.procedures.verification.moving import go, taken
from firmware_app.procedures.verification.state import VerificationState, changed
from firmware_app.procedures.verification.taking import besides
from firmware_app.quantity import trimmed
from firmware_app.rules.plan import plan_rows

ANSWERS = (LEFT_ZERO, STAYED_AT_ZERO, NOT_TRIED)


def tracked(context: Context, state: VerificationState, event: Picked, now_ns: int) -> VerificationState:
    """What the indication did: E0 is found at zero where nothing holds it there, else at ten e."""
    if event.option not in ANSWERS:
        return besides(context, state, event, now_ns)
    at_zero = event.option == LEFT_ZERO
    if at_zero != state.at_zero:
        if any(each.counts and each.shown is not None for each in state.tries):
            return refused(state, "verif_tracking_late")
        state = planned(context, changed(state, at_zero=at_zero))
    return go(context, taken(state, now_ns, answer=event.option), state.place + 1)


def page(context: Context, state: VerificationState) -> Prompt:
    """How many small weights, how heavy each, and how long after the one before."""
    rules = rules_of(context, state)
    row = plan_rows(rules.pack).zero_tracking
    return Page(
        key="verif_tracking",
        wants=Pick(tuple(option(answer) for answer in ANSWERS)),
        number=state.place + 1,
        count=len(state.plan),
        facts=(
            mass_fact("each", state.step.small_g),
            Fact(label="verif_times", value=str(row.times)),
            Fact(label="verif_every", value=trimmed(row.every_s), unit="s"),
        ),
        picture=Picture.WEIGHTS_ON_SCALE,
        beside=(option("other"),),
        problem=state.problem,
        law=law_of(rules),
        held=True,
        scale=scale_id(state),
    )


def law_of(rules: Rules) -> Law:
    """The row by which it is found out."""
    row = plan_rows(rules.pack).zero_tracking
    pack = rules.pack
    return Law(pack.id, pack.version, pack.sha256, row.clause, row.confidence)
