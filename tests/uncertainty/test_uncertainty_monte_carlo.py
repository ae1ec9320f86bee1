"""Propagation of distributions: published figures, each distribution's own, bounds and repeatability."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from uncertainty_files import shown, written

from firmware_app.uncertainty.budget import parse_budget
from firmware_app.uncertainty.errors import BudgetError, NoValue
from firmware_app.uncertainty.first_order import first_order
from firmware_app.uncertainty.monte_carlo import BLOCK, draw, monte_carlo, numerical_tolerance

TRIALS = 200_000
SEED = 20270108


def test_a5_by_propagation_of_distributions():
    budget = parse_budget(shown("Mass by comparison in air"))

    drawn = monte_carlo(budget, 400_000, SEED, first_order(budget))

    assert drawn.value == pytest.approx(1.2340, abs=5e-4)
    assert drawn.standard_uncertainty == pytest.approx(0.0754, abs=3e-4)
    assert drawn.symmetric_95 == pytest.approx((1.0834, 1.3825), abs=2e-3)
    assert drawn.shortest_95 == pytest.approx((1.0834, 1.3825), abs=5e-3)
    assert drawn.first_order_is_enough is False


def test_a9_agrees_with_first_order():
    budget = parse_budget(shown("Error of a scale at 3 kg by change point"))

    drawn = monte_carlo(budget, TRIALS, SEED, first_order(budget))

    assert drawn.standard_uncertainty == pytest.approx(0.7296, abs=5 * drawn.sampling_error_of_u)
    assert drawn.tolerance == pytest.approx(0.005)
    assert abs(drawn.value - 1.0) < 0.01


@pytest.mark.parametrize(
    ("lines", "standard", "half_95"),
    [
        ("value = 3\nstandard = 0.2", 0.2, 1.960 * 0.2),
        ("value = 3\nstandard = 0.2\ndof = 10", 0.2 * math.sqrt(10 / 8), 2.228 * 0.2),
        ("value = 3\nexpanded = 0.2\nk = 2", 0.1, 0.196),
        ("value = 3\nhalf_width = 0.6\ndistribution = 'rectangular'", 0.6 / math.sqrt(3), 0.95 * 0.6),
        (
            "value = 3\nhalf_width = 0.6\ndistribution = 'rectangular'\ndof = 5",
            0.6 / math.sqrt(3),
            0.95 * 0.6,
        ),
        (
            "value = 3\nhalf_width = 0.6\ndistribution = 'triangular'",
            0.6 / math.sqrt(6),
            0.6 * (1 - math.sqrt(0.05)),
        ),
        (
            "value = 3\nhalf_width = 0.6\ndistribution = 'u_shaped'",
            0.6 / math.sqrt(2),
            0.6 * math.sin(0.475 * math.pi),
        ),
    ],
)
def test_each_distribution(lines, standard, half_95):
    drawn = monte_carlo(written("x", x=lines), TRIALS, SEED)

    assert drawn.standard_uncertainty == pytest.approx(standard, rel=0.01)
    assert drawn.symmetric_95 == pytest.approx((3 - half_95, 3 + half_95), abs=0.012 * half_95 * 2)
    assert drawn.first_order_is_enough is None


def test_few_observations_have_intervals_and_no_standard_uncertainty():
    three = monte_carlo(written("x", x="observations = [1, 2, 3]"), TRIALS, SEED)
    two = monte_carlo(written("x", x="observations = [1, 3]"), TRIALS, SEED)

    assert three.standard_uncertainty is None and three.value == pytest.approx(2, abs=0.05)
    assert two.value is None and two.median == pytest.approx(2, abs=0.05)
    half = 4.303 / math.sqrt(3)
    assert three.symmetric_95 == pytest.approx((2 - half, 2 + half), abs=0.15)


def test_a_square_about_zero_has_its_shortest_interval_at_zero():
    """JCGM 101 9.4.2.2: of x1² the first order is zero; the chi-square of one degree of freedom is not."""
    budget = written("x ** 2", x="value = 0\nstandard = 1")

    drawn = monte_carlo(budget, TRIALS, SEED, first_order(budget))

    assert drawn.shortest_95 == pytest.approx((0, 3.84), abs=0.06)
    assert drawn.symmetric_95 == pytest.approx((0.00098, 5.024), abs=0.08)
    assert drawn.first_order_is_enough is False


def test_where_another_seed_might_say_otherwise_nothing_is_said():
    budget = written("x", x="value = 0\nstandard = 9.9")

    drawn = monte_carlo(budget, 10_000, SEED, first_order(budget))

    assert drawn.first_order_is_enough is None
    assert any("too few trials" in note for note in drawn.notes)


def test_first_order_is_enough_for_a_sum_of_normal_ones():
    budget = written("a + b", a="value = 1\nstandard = 0.6", b="value = 1\nstandard = 0.8")

    assert monte_carlo(budget, 400_000, SEED, first_order(budget)).first_order_is_enough is True


def test_the_sampling_errors_are_those_of_other_seeds():
    budget = written("x", x="value = 0\nhalf_width = 1\ndistribution = 'triangular'")
    many = [monte_carlo(budget, 4000, seed) for seed in range(200)]

    spread_u = np.std([each.standard_uncertainty for each in many])
    spread_low = np.std([each.symmetric_95[0] for each in many])
    assert np.mean([each.sampling_error_of_u for each in many]) == pytest.approx(spread_u, rel=0.25)
    assert np.mean([each.sampling_error_of_ends for each in many]) == pytest.approx(spread_low, rel=0.3)


def test_the_same_seed_gives_the_same_result():
    budget = written("x * y", x="observations = [1, 2, 3, 4, 5]", y="value = 1\nstandard = 0.1")

    assert monte_carlo(budget, BLOCK + 7, 1) == monte_carlo(budget, BLOCK + 7, 1)
    assert monte_carlo(budget, BLOCK + 7, 1) != monte_carlo(budget, BLOCK + 7, 2)


def test_exact_inputs_make_an_exact_result():
    drawn = monte_carlo(written("x + 1", x="value = 4\nstandard = 0"), 1000, SEED)

    assert (drawn.value, drawn.standard_uncertainty, drawn.symmetric_95) == (5, 0, (5, 5))
    assert draw(written("x", x="value = 4\nstandard = 0").inputs[0], 10, np.random.default_rng(1)) == 4


@pytest.mark.parametrize("model", ["sqrt(x)", "log(x)", "x ** 0.5", "(x - x) / (x - x)", "exp(x * 1000)"])
def test_a_draw_without_a_value_makes_no_result(model):
    with pytest.raises(NoValue, match="some of the values"):
        monte_carlo(written(model, x="value = 0.5\nstandard = 1"), 1000, SEED)


@pytest.mark.parametrize("scale", ["1e-55", "1", "1e55"])
def test_the_unit_does_not_matter(scale):
    drawn = monte_carlo(written(f"{scale} * x", x="value = 1\nstandard = 1"), 10_000, SEED)

    assert drawn.standard_uncertainty == pytest.approx(float(scale), rel=0.05)
    assert drawn.sampling_error_of_u == pytest.approx(float(scale) / math.sqrt(20_000), rel=0.1)


def test_results_too_large_have_no_figures():
    with pytest.raises(NoValue, match="too large"):
        monte_carlo(written("x ** 5 * 1e4", x="value = 1e60\nstandard = 1e60"), 1000, SEED)


@pytest.mark.parametrize("trials", [-1, 0, 999, 10_000_001])
def test_the_number_of_trials_is_bounded(trials):
    with pytest.raises(BudgetError, match="give 1000"):
        monte_carlo(written("x", x="value = 1\nstandard = 1"), trials, SEED)


def test_memory_is_that_of_the_results():
    names = [f"x{n}" for n in range(40)]
    budget = written(" + ".join(names), **dict.fromkeys(names, "value = 1\nstandard = 1"))

    tracemalloc.start()
    monte_carlo(budget, TRIALS, SEED)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8 * TRIALS + 8 * BLOCK * (len(names) + 8) + (2 << 20)


@pytest.mark.parametrize(
    ("u", "tolerance"), [(0.035, 0.0005), (1.0, 0.05), (9.9, 0.05), (35, 0.5), (0.0754, 0.0005), (0, 0)]
)
def test_numerical_tolerance(u, tolerance):
    """JCGM 101 7.9.2 example 1: 0.00035 → 0.000005."""
    assert numerical_tolerance(u) == pytest.approx(tolerance)
