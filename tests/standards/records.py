"""A record to trace and recall weights in: simulated self-checks, checks of the pan and a calibration."""

import importlib.util
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path

from firmware_app.ledger.home import open_ledger
from firmware_app.procedures.context import CheckPlan, Controlled
from firmware_app.procedures.control_check.procedure import ControlCheck
from firmware_app.procedures.prompts import ControlJudged, Judged, Saving, Way
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.quantity import Estimate
from firmware_app.weighing.calibration import Calibration, UsedWeight
from firmware_app.weighing.control import Chart
from firmware_app.weighing.reading import Reading

_spec = importlib.util.spec_from_file_location(
    "procedures_person", Path(__file__).parents[1] / "procedures" / "person.py"
)
person = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(person)

CERTIFICATE = "DEMO-NOT-A-CERTIFICATE-0001"
CONTROL = next(p for each in person.WEIGHTS for p in each.pieces if p.id == "DEMO-M1-5kg")
DRAWER = person.WEIGHTS
CONTROL_ID, HEAVY_ID, KILO_ID = "DEMO-M1-5kg", "DEMO-M1-2kg-1", "DEMO-M1-1kg"


class Clock:
    """A day a visit, so that `since` has something to tell apart."""

    def __init__(self):
        self.time, self.boot, self.up, self.believed = datetime(2026, 3, 1, 9, tzinfo=UTC), "b1", 1, ""

    def now(self):
        return self.time

    def quality(self):
        return self.believed or "synchronised"

    def uptime_ns(self):
        self.up += 1
        return self.up

    def pass_(self, **span):
        self.time += timedelta(**span)


def opened(directory, clock=None):
    return open_ledger(directory, clock=clock or Clock(), software="s", device="D-1")


def visit_body(shows=person.honest, way=Way.WEIGHTS, **changes):
    """The body of a self-check that a simulated person went through."""
    led = person.Person(SelfCheck.start(person.context(**changes)), shows, way)
    led.until(Judged, ticks=3000)
    return led.visit.outcome.body


def control_body(off=0.0, piece=CONTROL, chart=None, calibration="cal-test-1"):
    """The body of a check of a pan that is off by so many grams; and the chart after it."""
    chart = chart or Chart(resolution_g=0.1)
    plan = CheckPlan(piece=piece, chart=chart, points=(), resolution_g=D("0.1"))
    pan = person.Pan(max_g=D(20000), calibration=calibration)
    visit = ControlCheck.start(person.context(check=plan, pan=pan))
    now = 10**9
    for mass in [0.0] * 40 + [5000.0 + off] * 80:
        now += 10**8
        if isinstance(visit.prompt, Saving | ControlJudged):
            break
        visit.handle(Reading(now, Estimate(mass, 0.03), True, None, 2.0, 0.0), now)
    assert visit.outcome is not None, visit.prompt
    return visit.outcome.body


def calibration(
    id="cal-test-1", weights=(HEAVY_ID,), at="2026-02-01T09:00:00+08:00", certificate=CERTIFICATE
):
    pieces = {p.id: p for each in DRAWER for p in each.pieces}
    return Calibration(
        counts_per_gram=420.0,
        relative_standard_uncertainty=1e-5,
        capacity_g=20000.0,
        resolution_g=0.1,
        id=id,
        at=at,
        source="test",
        weights=tuple(
            UsedWeight(
                each,
                "M1",
                float(pieces[each].nominal_g),
                pieces[each].standard_g,
                certificate,
                pieces[each].valid_to,
            )
            for each in weights
        ),
    )


def controlled(entry):
    return Controlled(state="in_control", entry=entry, at="2026-03-01T09:00:00+00:00")
