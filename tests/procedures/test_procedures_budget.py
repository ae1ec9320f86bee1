"""The uncertainty of an error. Source: acceptance case A9 of the fact sheet, terms of EURAMET cg-18 7.1."""

from decimal import Decimal as D

import pytest

from firmware_app.procedures.budget import expanded_g, expanded_of_error
from firmware_app.uncertainty.decision import capable

WEIGHTS = 0.0866
REPEATABILITY, ECCENTRICITY, BUOYANCY, DRIFT = 0.6, 0.3464, 0.0476, 0.0289
OTHERS = (REPEATABILITY, ECCENTRICITY, BUOYANCY, DRIFT)


def test_a9_by_change_point_with_half_gram_steps():
    expanded = expanded_of_error(WEIGHTS, D("0.5"), *OTHERS)
    assert float(expanded) == pytest.approx(1.459, abs=0.0015)
    assert capable(expanded, D(5)) and float(5 / expanded) == pytest.approx(3.43, abs=0.01)


def test_a9_read_directly():
    expanded = expanded_of_error(WEIGHTS, D(5), *OTHERS)
    assert float(expanded) == pytest.approx(4.3, abs=0.05)
    assert not capable(expanded, D(5)) and not capable(expanded, D(10))


@pytest.mark.parametrize(
    ("standards", "expanded"),
    [((0.5,), "1.000"), ((0.50001,), "1.001"), ((3.0, 4.0), "10.000"), ((0.0,), "0.000")],
)
def test_expanded_uncertainty_is_rounded_up_only(standards, expanded):
    assert expanded_g(*standards) == D(expanded)
