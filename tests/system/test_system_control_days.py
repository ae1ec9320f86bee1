"""Weeks of daily checks in virtual time: simulated cell and chip, the real driver, instrument and table."""

import random
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from firmware_app.procedures.context import CheckPlan, Context, Pan
from firmware_app.procedures.control_check.procedure import ControlCheck
from firmware_app.procedures.events import Saved
from firmware_app.procedures.prompts import ControlJudged, PutControlWeight, Saving
from firmware_app.registry.registry import Registry
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service.pan.control import find_piece
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.control import BASELINE, Chart, Check
from firmware_app.weighing.instrument import Instrument
from hardware.loadcell.clock import VirtualClock
from hardware.loadcell.simulated import SimulatedLoadCell, SimulatedOptions

DEMO = Path(__file__).parents[2] / "firmware_app" / "cli" / "demo" / "data"
CALIBRATION = Calibration.load(DEMO / "pan.toml")
PIECE = find_piece(
    load_weights(DEMO / "weights.toml", pack_in_force(WeightsPack, date(2026, 11, 23))), "DEMO-M1-5kg"
)
HALL_C, SPREAD_K = 20.0, 3.0
"""Temperature of the hall when the appliance is checked; the pan was calibrated at 20 °C."""
PATIENCE_S = 60.0


def day(chart, seed, temperature_c, error=0.0):
    """One check of a pan whose slope is off by ``error``: the result, the chart with it, and the seconds."""
    clock = VirtualClock()
    sensitivity = CALIBRATION.counts_per_gram * (1 + error)
    options = SimulatedOptions(counts_per_gram=sensitivity, seed=seed, temperature_c=temperature_c)
    cell, pan = SimulatedLoadCell(options, clock), Instrument(CALIBRATION, options.rate_hz)
    plan = CheckPlan(piece=PIECE, chart=chart, points=(), resolution_g=D("0.1"))
    check = ControlCheck.start(
        Context(
            registry=Registry(),
            weights=(),
            on=PIECE.valid_to,
            pan=Pan(max_g=D(15000), calibration="cal"),
            check=plan,
        )
    )
    laden = False
    while not isinstance(check.prompt, ControlJudged):
        for event in pan.feed(cell.read()):
            check.handle(event, clock.now_ns())
        if isinstance(check.prompt, PutControlWeight) and not laden:
            laden = True
            cell.put(float(PIECE.nominal_g))
        if isinstance(check.prompt, Saving):
            check.handle(Saved(1, ""), clock.now_ns())
        assert clock.now_ns() < PATIENCE_S * 1e9, f"stuck at {check.prompt}"
    cell.close()
    body = check.outcome.body
    _, after = chart.add(Check(float(body["deviation_g"]), float(body["u_g"])))
    return check.prompt.result, after, clock.now_ns() / 1e9


def weeks(days, seed=20261123):
    """The results of so many days in a hall whose temperature wanders, and the chart."""
    rng, chart, results = random.Random(seed), Chart(resolution_g=0.1), []
    for number in range(days):
        result, chart, seconds = day(chart, number, rng.gauss(HALL_C, SPREAD_K))
        results.append((result, seconds))
    return results, chart, rng


def test_a_pan_is_in_control_day_after_day_and_an_error_of_a_tenth_of_a_percent_locks_it():
    results, chart, rng = weeks(3)
    assert [result.outcome.value for result, _ in results] == ["in_control"] * 3
    assert all(abs(float(result.deviation_g)) < 0.75 for result, _ in results)
    found, _, _ = day(chart, 90, rng.gauss(HALL_C, SPREAD_K), error=1e-3)
    assert (found.outcome.value, found.reason.value) == ("out_of_control", "beyond_budget")
    assert float(found.deviation_g) == pytest.approx(5.0, abs=0.75)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_forty_days_give_limits_from_history_that_find_what_the_budget_cannot():
    results, chart, rng = weeks(BASELINE + 10)
    assert {result.outcome.value for result, _ in results} <= {"in_control", "warning"}
    by_budget, by_history = results[0][0], results[-1][0]
    assert (by_budget.basis.value, by_history.basis.value) == ("budget", "history")
    print([(result.deviation_g, result.upper_g, round(seconds, 1)) for result, seconds in results])
    assert float(by_history.upper_g) < 0.6 * float(by_budget.upper_g)
    found = []
    for number in range(6):
        result, chart, _ = day(chart, 100 + number, rng.gauss(HALL_C, SPREAD_K), error=2e-4)
        found.append(result.outcome.value)
    assert found[0] == "out_of_control" and found.count("out_of_control") >= 5
