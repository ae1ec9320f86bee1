"""Decision rules: the published examples of JCGM 106, and the budget of a change point beside its limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.uncertainty.conformity import (
    acceptance_limits,
    capability_index,
    guard_band,
    probability_within,
    rejection_limit,
)
from firmware_app.uncertainty.coverage import coverage_factor, quantile

A9_U = 0.7296


@pytest.mark.parametrize(
    ("value", "standard", "limits", "probability"),
    [
        (-5.47, 0.05, {"upper": -5.40}, 0.92),
        (509.7, 8.6, {"lower": 490}, 0.99),
        (13.6, 1.8, {"lower": 12.5, "upper": 16.3}, 0.66),
    ],
)
def test_published_probabilities(value, standard, limits, probability):
    assert probability_within(value, standard, **limits) == pytest.approx(probability, abs=0.005)


@pytest.mark.parametrize(
    ("error", "limit", "probability"),
    [(4.0, 5, 0.915), (4.9, 5, 0.555), (5.0, 5, 0.500), (5.1, 5, 0.445), (9.0, 10, 0.915), (-9.0, 10, 0.915)],
)
def test_a9_probabilities(error, limit, probability):
    assert probability_within(error, A9_U, -limit, limit) == pytest.approx(probability, abs=0.0005)


def test_speed_limit():
    assert rejection_limit(100, 0.02, 0.999) == pytest.approx(106.6, abs=0.05)


def test_guard_band_of_ten_observations():
    assert guard_band(0.20, 0.95, dof=9) == pytest.approx(0.37, abs=0.005)


@pytest.mark.parametrize(("z", "p"), [(0.84, 0.80), (1.28, 0.90), (1.64, 0.95), (2.33, 0.99), (3.09, 0.999)])
def test_one_sided_quantiles(z, p):
    assert quantile(p) == pytest.approx(z, abs=0.006)


# EA-4/02 annex E: k for 95.45 %.
@pytest.mark.parametrize(
    ("dof", "k"), [(1, 13.97), (2, 4.53), (5, 2.65), (10, 2.28), (20, 2.13), (50, 2.05), (math.inf, 2.00)]
)
def test_coverage_factors(dof, k):
    assert coverage_factor(dof) == pytest.approx(k, abs=0.006)


def test_capability_is_limit_over_expanded_uncertainty():
    assert capability_index(10, A9_U) == pytest.approx(5 / (2 * A9_U)) == pytest.approx(3.43, abs=0.005)


def test_acceptance_and_rejection_limits():
    assert acceptance_limits(-5, 5, 1.5) == (-3.5, 3.5)
    assert acceptance_limits(-5, 5, -1.5) == (-6.5, 6.5)
    assert acceptance_limits(-5, 5, 5.1) is None


@given(st.floats(-100, 100), st.floats(0.01, 10), st.floats(-50, 50), st.floats(0, 50))
def test_probabilities_add_up(value, standard, lower, width):
    below = probability_within(value, standard, upper=lower)
    within = probability_within(value, standard, lower, lower + width)
    above = probability_within(value, standard, lower=lower + width)

    assert below + within + above == pytest.approx(1)
    assert 0 <= within <= 1


@given(st.floats(0.51, 0.999), st.floats(0.001, 100))
def test_at_the_limit_less_the_guard_band_it_is_just_that_sure(confidence, standard):
    assert probability_within(-guard_band(standard, confidence), standard, upper=0) == pytest.approx(
        confidence
    )


def test_far_tails_keep_their_digits():
    assert probability_within(-20, 1, 0, 1) == pytest.approx(0.5 * math.erfc(20 / math.sqrt(2)), rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: probability_within(1, 0, upper=2),
        lambda: probability_within(math.nan, 1, upper=2),
        lambda: probability_within(0, 1, 2, 1),
        lambda: guard_band(1, 0.5),
        lambda: rejection_limit(100, 0.5, 0.999),
        lambda: quantile(1.0),
    ],
)
def test_what_has_no_answer_is_refused(call):
    with pytest.raises(ValueError):
        call()
