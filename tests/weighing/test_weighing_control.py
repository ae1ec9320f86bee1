"""The control chart: its rules on hand-made histories, and its rates by simulation of the very code."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.weighing.control import (
    ACTION_FACTOR,
    BASELINE,
    D2,
    LAMBDA,
    LEAST_SHIFT,
    Basis,
    Chart,
    Check,
    NextStep,
    Outcome,
    Reason,
    averaged,
    memory,
)

U = 5.0
"""A budget so wide that only history decides; the unit is one standard deviation of a check."""
FINE = 1e-6


def fed(deviations, u=U, d=FINE, chart=None):
    chart = chart or Chart(resolution_g=d)
    judged = []
    for x in deviations:
        one, chart = chart.add(Check(x, u))
        judged.append(one)
    return judged, chart


def alternating(n=BASELINE, step=1.0):
    """n figures around zero whose mean moving range is ``step``."""
    return [step / 2 if i % 2 else -step / 2 for i in range(n)]


# -------------------------------------------------------------------------------------- little history


def test_without_history_the_budget_is_the_limit_and_it_is_said():
    judged, chart = fed([0.17, -0.29, 0.31], u=0.1)
    assert [one.outcome for one in judged] == [
        Outcome.IN_CONTROL,
        Outcome.IN_CONTROL,
        Outcome.OUT_OF_CONTROL,
    ]
    assert {one.limits.basis for one in judged} == {Basis.BUDGET}
    assert (judged[0].limits.lower_g, judged[0].limits.upper_g) == pytest.approx((-0.3, 0.3))
    assert judged[2].reason is Reason.BEYOND_BUDGET and judged[2].ewma is None
    assert chart.baseline == 2, "what was out of control is no history"


def test_limits_of_history_are_those_of_the_moving_range():
    _, chart = fed(alternating(step=1.0))
    judged = chart.judge(Check(0.0, U))
    s = 1.0 / D2
    assert judged.limits.basis is Basis.HISTORY and judged.baseline == BASELINE
    assert judged.limits.centre_g == pytest.approx(0.0)
    assert judged.limits.sigma_g == pytest.approx(s)
    assert judged.limits.upper_g == pytest.approx(3 * s * (1 + 1 / BASELINE) ** 0.5)
    assert judged.limits.lower_g == pytest.approx(-judged.limits.upper_g)


def test_the_ewma_follows_its_recurrence_and_its_limits_open_to_the_asymptote():
    _, chart = fed(alternating())
    z, centre, s = 0.0, 0.0, 1.0 / D2
    for i, x in enumerate([0.3, -0.2, 0.5, 0.1, -0.4, 0.2] * 10, 1):
        one, chart = chart.add(Check(x, U))
        z = (1 - LAMBDA) * z + LAMBDA * x
        half = 3 * s * (LAMBDA / (2 - LAMBDA) * (1 - (1 - LAMBDA) ** (2 * i)) + 1 / BASELINE) ** 0.5
        assert one.ewma.z_g == pytest.approx(z)
        assert (one.ewma.lower_g, one.ewma.upper_g) == pytest.approx((centre - half, centre + half))
    assert half == pytest.approx(3 * s * (LAMBDA / (2 - LAMBDA) + 1 / BASELINE) ** 0.5, rel=1e-6)


NIST = "52.0 47.0 53.0 49.3 50.1 47.0 51.0 50.1 51.2 50.5 49.6 47.6 49.9 51.3 47.8 51.2 52.6 52.4 53.6 52.1"
NIST_EWMA = (
    "50.60 49.52 50.56 50.18 50.16 49.21 49.75 49.85 50.26 50.33 50.11 49.36 49.52 50.05 49.38 49.92 50.73 "
    "51.23 51.94 51.99"
)
"""Worked example of the NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.4 (doi 10.18434/M32189): target
50, s = 2.0539, λ = 0.3, limits 52.5884 and 47.4115."""


def test_the_moving_average_gives_the_figures_of_the_handbook():
    z = 50.0
    for x, published in zip(NIST.split(), NIST_EWMA.split(), strict=True):
        z = averaged(z, float(x), 0.3)
        assert f"{z:.2f}" == published
    half = ACTION_FACTOR * 2.0539 * memory(10**6, 0.3) ** 0.5
    assert (50 + half, 50 - half) == pytest.approx((52.5884, 47.4115), abs=1e-3)


# ------------------------------------------------------------------------------------ rules and remedies


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (2.69, Reason.WITHIN),
        (2.71, Reason.BEYOND_LIMITS),
        (-2.71, Reason.BEYOND_LIMITS),
        (ACTION_FACTOR * U + 0.01, Reason.BEYOND_BUDGET),
    ],
)
def test_a_jump_is_found_at_three_s(x, reason):
    _, chart = fed(alternating())
    half = 3 / D2 * (1 + 1 / BASELINE) ** 0.5
    assert half == pytest.approx(2.7035, abs=1e-4)
    assert chart.judge(Check(x, U)).reason is reason


def test_a_slow_drift_is_found_by_the_mean_while_every_check_is_within():
    _, chart = fed(alternating())
    judged, _ = fed([1.5] * 12, chart=chart)
    first = next(one for one in judged if one.outcome is Outcome.OUT_OF_CONTROL)
    assert first.reason is Reason.DRIFTED
    assert judged.index(first) < 8


def test_trying_again_does_not_weigh_a_drift_away():
    _, chart = fed(alternating())
    judged, chart = fed([1.6] * 40, chart=chart)
    assert all(one.outcome is Outcome.OUT_OF_CONTROL for one in judged[10:])


def test_a_jump_is_answered_step_by_step_and_opens_once_it_is_put_right():
    _, chart = fed(alternating())
    judged, after = fed([40.0, 40.0, 0.1], chart=chart)
    assert [one.outcome for one in judged[:2]] == [Outcome.OUT_OF_CONTROL] * 2
    assert [one.next_step for one in judged] == [NextStep.CLEAN, NextStep.LEVEL_AND_WARM, NextStep.NONE]
    assert judged[2].outcome is Outcome.IN_CONTROL and judged[2].failures == 0
    assert (after.baseline, after.total_g, after.ranges_g) == (chart.baseline, chart.total_g, chart.ranges_g)


def test_after_three_gross_errors_two_good_checks_open():
    _, chart = fed(alternating())
    judged, _ = fed([400.0] * 3 + [0.1, 0.1], chart=chart)
    assert judged[2].next_step is NextStep.CALIBRATE
    assert [one.outcome for one in judged[3:]] == [Outcome.OUT_OF_CONTROL, Outcome.IN_CONTROL]
    assert judged[3].reason is Reason.DRIFTED


def test_a_jump_cannot_be_weighed_away_by_trying_until_one_check_is_within():
    rng, opened = random.Random(11), 0
    for _ in range(300):
        _, chart = fed([rng.gauss(0, 1) for _ in range(BASELINE)])
        judged, _ = fed([rng.gauss(4.0, 1) for _ in range(6)], chart=chart)
        opened += any(one.outcome is not Outcome.OUT_OF_CONTROL for one in judged[2:])
    assert opened / 300 < 0.25


def test_two_of_three_near_one_limit_is_a_warning_and_no_lock():
    _, chart = fed(alternating())
    near = 2.0
    judged, _ = fed([near, -0.9, near], chart=chart)
    assert [one.outcome for one in judged] == [Outcome.IN_CONTROL, Outcome.IN_CONTROL, Outcome.WARNING]
    assert judged[2].reason is Reason.TWO_OF_THREE and judged[2].next_step is NextStep.WATCH
    judged, _ = fed([near, -near, 0.0, near], chart=chart)
    assert Outcome.WARNING not in {one.outcome for one in judged}, "not the same side, or not of three"


def test_history_that_is_wider_than_the_budget_gives_no_wider_limit():
    _, chart = fed(alternating(step=2.0), u=1.0)
    limits = chart.judge(Check(0.0, 0.6)).limits
    assert (limits.lower_g, limits.upper_g) == pytest.approx((-1.8, 1.8))


def test_a_pan_that_always_shows_the_same_gets_limits_of_half_an_interval():
    _, chart = fed([0.0] * BASELINE, d=0.1)
    limits = chart.judge(Check(0.0, U)).limits
    assert limits.upper_g == pytest.approx(LEAST_SHIFT * 0.1 * (1 + 1 / BASELINE) ** 0.5)


@given(st.lists(st.floats(-30, 30), max_size=120))
def test_no_check_out_of_control_widens_a_limit(deviations):
    _, chart = fed(alternating())
    before = chart.judge(Check(0.0, U)).limits
    _, chart = fed(deviations, chart=chart)
    assert chart.judge(Check(0.0, U)).limits == before, "the baseline is frozen"


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60))
def test_a_growing_baseline_holds_only_what_was_in_control(deviations):
    judged, chart = fed(deviations, u=0.5)
    kept = [one.check.deviation_g for one in judged if one.outcome is not Outcome.OUT_OF_CONTROL][:BASELINE]
    assert chart.baseline == len(kept)
    assert chart.total_g == pytest.approx(sum(kept))


@pytest.mark.parametrize("check", [Check(float("nan"), 1.0), Check(0.0, 0.0), Check(0.0, float("inf"))])
def test_what_is_no_figure_is_no_check(check):
    with pytest.raises(ValueError, match="not a check"):
        Chart(resolution_g=0.1).add(check)


# ------------------------------------------------------------------------------------------- the rates


def run_length(rng, shift, most=3000):
    """Checks from the end of the baseline, where the shift begins, to the first lock, and its reason."""
    chart = Chart(resolution_g=FINE)
    while chart.baseline < BASELINE:
        _, chart = chart.add(Check(rng.gauss(0, 1), U))
    for count in range(1, most + 1):
        judged, chart = chart.add(Check(rng.gauss(shift, 1), U))
        if judged.outcome is Outcome.OUT_OF_CONTROL:
            return count, judged.reason
    return most, None


def lengths(shift, runs, seed=20261123, most=3000):
    rng = random.Random(seed)
    found = [run_length(rng, shift, most) for _ in range(runs)]
    counts = sorted(count for count, _ in found)
    return sum(counts) / runs, counts[runs // 2], Counter(reason for _, reason in found)


def test_a_pan_in_control_is_seldom_locked():
    _, median, _ = lengths(0.0, 400, most=600)
    assert 110 <= median <= 230


@pytest.mark.parametrize(
    ("shift", "mean", "median"), [(1.0, (14, 40), (7, 15)), (2.0, (3, 5), (2, 4)), (3.0, (1.5, 2.4), (1, 2))]
)
def test_a_shift_is_found_in_so_many_checks(shift, mean, median):
    found, middle, reasons = lengths(shift, 400)
    assert mean[0] <= found <= mean[1] and median[0] <= middle <= median[1]
    assert reasons[Reason.DRIFTED] > 0 and reasons[Reason.BEYOND_LIMITS] > 0


def test_half_an_interval_is_found_by_a_pan_as_quiet_as_its_display():
    """s = d/6, the finest limit there is: a shift of 0.5 d is one of three s."""
    rng, d = random.Random(7), 0.1
    found = []
    for _ in range(300):
        chart = Chart(resolution_g=d)
        while chart.baseline < BASELINE:
            _, chart = chart.add(Check(rng.gauss(0, d / 6), U))
        count = 0
        while True:
            count += 1
            judged, chart = chart.add(Check(rng.gauss(d / 2, d / 6), U))
            if judged.outcome is Outcome.OUT_OF_CONTROL:
                break
        found.append(count)
    assert 1.5 <= sum(found) / len(found) <= 2.6


def test_before_there_is_history_one_check_in_four_hundred_is_a_false_alarm():
    rng = random.Random(3)
    chart = Chart(resolution_g=FINE)
    alarms = sum(
        chart.judge(Check(rng.gauss(0, 1), 1.0)).outcome is Outcome.OUT_OF_CONTROL for _ in range(40_000)
    )
    assert 0.0019 <= alarms / 40_000 <= 0.0036


@pytest.mark.slow
def test_the_figures_of_the_page():
    """``pytest tests/weighing/test_weighing_control.py -k figures_of_the_page -s`` prints them."""
    for shift in (0.0, 0.5, 1.0, 2.0, 3.0):
        mean, median, reasons = lengths(shift, 10_000, most=20_000)
        print(f"shift {shift} s: mean {mean:.1f}, median {median}, {dict(reasons)}")
        assert median >= 1
