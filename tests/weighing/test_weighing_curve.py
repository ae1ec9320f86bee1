"""The curve in a calibration file: kept, refused where it cannot be one, weighed by with all its terms."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_app.weighing.calibration import BadCalibration, Calibration, Kept, UsedWeight
from firmware_app.weighing.curve import Beyond, Curve
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import Reading, WhyNot
from hardware.loadcell.contract import Sample

CURVE = Curve(
    lowest_counts=0.0,
    highest_counts=4_500_000.0,
    coefficients_g=(15_006.0, -6.0),
    covariance_g2=((0.04, -0.03), (-0.03, 0.09)),
    weights_g=(0.4, 0.03),
)
GOOD = Calibration(
    counts_per_gram=300.0,
    relative_standard_uncertainty=2e-5,
    capacity_g=15_000.0,
    resolution_g=2.0,
    id="pan",
    at="2026-11-23T09:00:00+08:00",
    source="x",
    hysteresis_g=0.6,
    hysteresis_from="measured",
    repeatability_g=0.15,
    temperature_c=20.0,
    span_per_k=5e-5,
    span_per_k_u=1e-6,
    curve=CURVE,
    weights=(UsedWeight("M1-5kg", "M1", 5000.0, 0.144, "2026-117", datetime.date(2027, 10, 31)),),
    points=(Kept("up", 3000.0, -0.1, 0.2), Kept("down", 900.0, 8100.0, 0.2, False)),
)


def test_a_curve_is_kept_and_read_back_with_all_that_belongs_to_it() -> None:
    assert Calibration.parse(GOOD.dump()) == GOOD
    assert "valid_to = 2027-10-31" in GOOD.dump() and 'class = "M1"' in GOOD.dump()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[15006.0, -6.0]", "[15006.0, -9000.0]", "does not rise everywhere"),
        ("[15006.0, -6.0]", "[15006.0]", "1 coefficients need as many"),
        ("[15006.0, -6.0]", "[15006.0, -6.0, 0.0, 0.0]", "coefficients_g"),
        ("[[0.04, -0.03], [-0.03, 0.09]]", "[[0.04, -0.03], [0.03, 0.09]]", "symmetric"),
        ("[[0.04, -0.03], [-0.03, 0.09]]", "[[0.04, 0.9], [0.9, 0.09]]", "|r| ≤ 1"),
        ("[[0.04, -0.03], [-0.03, 0.09]]", "[[-0.04, 0.0], [0.0, 0.09]]", "covariance"),
        ("highest_counts = 4500000.0", "highest_counts = 0.0", "highest_counts"),
        ("lowest_counts = 0.0", "lowest_counts = 9.0", "other side"),
        ("counts_per_gram = 300.0", "counts_per_gram = 200.0", "do not belong together"),
        ("[15006.0, -6.0]", "[15006.0, inf]", "coefficients_g"),
        ('hysteresis_from = "measured"', 'hysteresis_from = "guessed"', "measured, class, missing"),
    ],
)
def test_what_is_no_curve_is_refused(old: str, new: str, words: str) -> None:
    text = GOOD.dump()
    assert text.count(old) == 1

    with pytest.raises(BadCalibration) as refused:
        Calibration.parse(text.replace(old, new))

    assert words in str(refused.value)


def test_the_terms_of_a_weighing_add_in_quadrature() -> None:
    weighed = GOOD.mass(2_250_000.0, counts_u=30.0, temperature_c=30.0)

    warm = 1 + 5e-5 * 10
    assert weighed.mass.value == pytest.approx((15_006 / 2 - 6 / 4) * warm)
    assert weighed.fit == pytest.approx(math.sqrt(0.04 / 4 - 2 * 0.03 / 8 + 0.09 / 16) * warm)
    assert weighed.weights == pytest.approx((0.4 / 2 + 0.03 / 4) * warm)
    assert weighed.hysteresis == pytest.approx(0.6 / math.sqrt(8))
    assert weighed.repeatability == 0.15
    assert weighed.temperature == pytest.approx(1e-6 * 10 * weighed.mass.value)
    assert weighed.counts == pytest.approx(30 / 300, rel=1e-3)
    terms = (weighed.fit, weighed.weights, weighed.hysteresis, weighed.repeatability, weighed.temperature)
    assert weighed.mass.standard == pytest.approx(math.hypot(weighed.counts, *terms))
    # Without a sensor nothing is corrected and nothing is claimed.
    assert GOOD.mass(2_250_000.0).temperature == 0


def test_the_loop_closes_at_zero() -> None:
    assert GOOD.mass(0.0).hysteresis == 0
    assert GOOD.mass(0.0).mass.standard == pytest.approx(0.15)


@given(st.floats(-2.0, 3.0))
def test_the_curve_is_continuous_and_rises_beyond_its_ends(t: float) -> None:
    here, after = CURVE.at(t * 4.5e6), CURVE.at((t + 1e-6) * 4.5e6)

    assert 0 < after.value - here.value < 0.1
    assert here.beyond is (Beyond.BELOW if t < 0 else Beyond.ABOVE if t > 1 else None)


def test_the_instrument_gives_no_stable_reading_outside_the_range() -> None:
    def last(load_g: float) -> Reading:
        pan = Instrument(GOOD, nominal_rate_hz=10.0, zero=84_000.0, tracking=False)
        noise = (0.0, 14.0, -9.0, 4.0, -13.0, 8.0, -3.0, 11.0)
        counts = 84_000 + 300 * load_g
        events = []
        for n in range(120):
            events += pan.feed(Sample(n * 95_000_000, round(counts + noise[n * 5 % 8])))
        return [event for event in events if isinstance(event, Reading)][-1]

    assert last(14_000.0).stable
    above = last(16_000.0)
    assert not above.stable and above.why_not is WhyNot.OUTSIDE
    assert last(-500.0).why_not is WhyNot.OUTSIDE
