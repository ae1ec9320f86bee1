"""What holds for the table of every procedure, whatever it is about: one test for all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from examiner import FULL, HEAD, INSPECTOR
from person import COARSE, PAN, context
from wanderer import Wanderer

from firmware_app.procedures.context import CheckPlan
from firmware_app.procedures.events import Cancel, Event
from firmware_app.procedures.table import Led
from firmware_app.service.messages import VisitKind
from firmware_app.service.visits import KINDS
from firmware_app.weighing.control import Chart

WALKS, STEPS = 6, 300
MOST_MISSED = 3


VARIANTS = (
    {},
    {"lead_profiles": ("and-st-gs", "yaohua-tf0")},
    {"pan": COARSE},
    {"person": None},
    {"pan": None},
)
"""Appliances that lead a visit other ways."""


def around(**changes):
    """An appliance on which every kind of visit can be begun."""
    weight = next(piece for each in FULL for piece in each.pieces if piece.nominal_g == 5000)
    check = CheckPlan(piece=weight, chart=Chart(resolution_g=0.1), points=(), resolution_g=Decimal("0.1"))
    usual = {"weights": FULL, "pan": PAN, "check": check, "person": INSPECTOR, "head": HEAD}
    return context(**{**usual, "camera": "simulated", **changes})


def begun(kind: VisitKind, **changes) -> Led:
    return KINDS[kind].start(around(**changes))


def reaches(table, start) -> set:
    """Every state to which a way leads from ``start``."""
    seen, todo = {start}, [start]
    while todo:
        for move in table[todo.pop()].values():
            for target in move.to:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
    return seen


every_kind = pytest.mark.parametrize("kind", VisitKind)


def test_every_kind_of_visit_can_be_begun() -> None:
    assert set(KINDS) == set(VisitKind)


@every_kind
def test_every_event_has_an_answer_in_every_state(kind: VisitKind) -> None:
    table = begun(kind).TABLE
    assert {
        phase: set(get_args(Event)) - set(row)
        for phase, row in table.items()
        if set(row) != set(get_args(Event))
    } == {}


@every_kind
def test_there_is_no_dead_end_and_no_state_that_nothing_leads_to(kind: VisitKind) -> None:
    visit = begun(kind)
    for phase in visit.TABLE:
        assert visit.LEFT in reaches(visit.TABLE, phase), f"no way out of {phase}"
    firsts = {visit.state.phase, *_other_beginnings(visit)}
    reached = set().union(*(reaches(visit.TABLE, first) for first in firsts))
    assert set(visit.TABLE) - reached == set()


def _other_beginnings(visit: Led) -> set:
    """States in which a visit begins on an appliance with a fault."""
    return {phase for phase in visit.TABLE if getattr(phase, "value", "") in ("interrupted", "nobody")}


@every_kind
@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk_never_falls_and_cancel_always_leads_home(kind: VisitKind, seed: int) -> None:
    visit = begun(kind)
    wanderer = Wanderer(visit, seed)
    for visit in wanderer.wander(STEPS):
        # From a copy, so that the walk goes on: every state is left by one Cancel.
        copy = KINDS[kind].restore(around(), visit.snapshot())
        copy.handle(Cancel(), wanderer.now_ns)
        assert copy.finished, f"{visit.state.phase} is not left"


@every_kind
@pytest.mark.parametrize("seed", range(WALKS))
def test_a_visit_that_was_interrupted_goes_on_as_if_it_had_not_been(kind: VisitKind, seed: int) -> None:
    # given two visits led alike, one of them laid aside and taken up at every single step
    whole, parted = Wanderer(begun(kind), seed), Wanderer(begun(kind), seed)
    cls = type(whole.visit)
    for _ in range(STEPS // 2):
        if whole.visit.finished:
            break
        parted.visit = KINDS[kind].restore(around(), parted.visit.snapshot())
        if cls.resumed.__func__ is Led.resumed.__func__:
            assert parted.visit.prompt == whole.visit.prompt
            assert parted.visit.state == whole.visit.state
        whole.step()
        parted.step()


@every_kind
def test_the_walks_reach_nearly_every_state_of_the_table(kind: VisitKind) -> None:
    # Without this the walks above could prove nothing; what they miss needs an instrument of its own kind.
    table, seen = begun(kind).TABLE, set()
    for seed in range(30):
        changes = VARIANTS[seed % (len(VARIANTS) if kind is not VisitKind.CONTROL_CHECK else 2)]
        wanderer = Wanderer(begun(kind, **changes), 1000 + seed, sense=(1.0, 0.97, 0.9)[seed % 3])
        wanderer.coarse = changes.get("pan") is COARSE
        seen.add(wanderer.visit.state.phase)
        seen.update(visit.state.phase for visit in wanderer.wander(STEPS))
        wanderer.tell(Cancel())
        seen.add(wanderer.visit.state.phase)
    missed = {phase.value for phase in set(table) - seen}
    assert len(missed) <= MOST_MISSED, missed
