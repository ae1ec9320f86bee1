"""The physics of the simulated cell against closed forms and datasheet figures."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.loadcell.simulated_cell import Physics, SimulatedCell

SECOND = 1_000_000_000
T = 12_191_400


def counts(cell: SimulatedCell, number: int, start: int = 0, gain: int = 128, period: int = T) -> list[float]:
    return [cell.convert(SECOND + n * period, period, gain) for n in range(start, start + number)]


def quiet(**options) -> Physics:
    options.setdefault("creep", ())
    return Physics(noise=0.0, **options)


@pytest.mark.parametrize(("rate", "sigma"), [(10, 21.5), (80, 38.7)])
def test_noise_is_the_datasheets_times_the_factor(rate, sigma):
    cell = SimulatedCell(Physics(noise=2.0), rate_hz=rate, seed=3)

    scatter = statistics.stdev(counts(cell, 6000, period=SECOND // rate))

    assert scatter == pytest.approx(2 * sigma, rel=0.06)


def test_consecutive_conversions_share_two_of_three_periods():
    cell = SimulatedCell(Physics(zero_counts=0.0), seed=5)
    values = counts(cell, 8000)
    power = statistics.fmean(v * v for v in values)

    shared = [
        statistics.fmean(a * b for a, b in zip(values, values[lag:], strict=False)) / power
        for lag in (1, 2, 3)
    ]

    assert shared == pytest.approx([2 / 3, 1 / 3, 0], abs=0.06)


def test_step_is_fully_in_after_four_conversions():
    # given a stiff, well damped cell, so that only the converter's averaging is seen
    cell = SimulatedCell(quiet(natural_hz=4000.0, damping=0.7, zero_counts=0.0, counts_per_gram=1.0))
    counts(cell, 10)

    # when 1000 g fall on it just after a conversion
    cell.put(1000.0, SECOND + 9 * T + 1)
    steps = counts(cell, 6, start=10)

    # then they come in thirds, delayed by 0.68 periods
    assert steps[0] == pytest.approx(1000 * 0.32 / 3, abs=3)
    assert steps[2] == pytest.approx(1000 * 2.32 / 3, abs=3)
    assert steps[3:] == pytest.approx([1000] * 3, abs=1e-3)


@given(st.floats(1, 80), st.floats(0.02, 0.9), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_motion_obeys_its_equation_however_finely_it_is_asked(hertz, damping, pieces):
    """The integral over 0.3 s, asked in pieces, against Runge-Kutta on x'' + 2ζωx' + ω²(x-u) = 0."""
    from hardware.loadcell.simulated_cell import _Body

    body = _Body(quiet(natural_hz=hertz, damping=damping), 0.0)
    body.put(0.1, 1.0)
    for n in range(1, pieces):
        body.integral(0.3 * n / pieces)

    omega = 2 * math.pi * hertz
    x = v = area = 0.0
    h = 0.2 / 4000

    def pull(x: float, v: float) -> float:
        return -2 * damping * omega * v - omega * omega * (x - 1.0)

    for _ in range(4000):
        k1 = pull(x, v)
        k2 = pull(x + h / 2 * v, v + h / 2 * k1)
        k3 = pull(x + h / 2 * (v + h / 2 * k1), v + h / 2 * k2)
        k4 = pull(x + h * (v + h / 2 * k2), v + h * k3)
        area += h * (x + h / 2 * v + h * h / 6 * (k1 + k2 + k3) / 3)
        x += h * v + h * h / 6 * (k1 + k2 + k3)
        v += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    assert body.integral(0.3) == pytest.approx(area, abs=2e-4)


def test_creep_approaches_its_share_with_its_time_constant():
    physics = quiet(creep=((1e-3, 60.0),), counts_per_gram=1000.0, zero_counts=0.0)
    cell = SimulatedCell(physics)
    counts(cell, 10)
    cell.put(1000.0, SECOND + 10 * T)

    late = {
        seconds: cell.convert(SECOND + 10 * T + seconds * SECOND, T, 128) / 1000 for seconds in (5, 60, 600)
    }

    assert late[60] - 1000 == pytest.approx(1 - math.exp(-1), abs=2e-3)
    assert late[600] - 1000 == pytest.approx(1, abs=1e-3)


def test_temperature_moves_zero_and_span_slowly():
    physics = quiet(zero_g_per_k=0.2, span_per_k=1e-4, thermal_s=300.0, zero_counts=0.0, counts_per_gram=1.0)
    cell = SimulatedCell(physics, load_g=1000.0)
    before = cell.convert(SECOND, T, 128)
    cell.set_air(30.0, SECOND)

    after = [cell.convert(SECOND + seconds * SECOND, T, 128) for seconds in (300, 6000)]

    assert before == pytest.approx(1000.0)
    assert after[0] == pytest.approx(1000 + 3 * (1 - math.exp(-1)), abs=0.01)
    assert after[1] == pytest.approx(1003.0, abs=0.01)


def test_gain_64_halves_the_counts_and_input_b_hears_nothing():
    cell = SimulatedCell(quiet(zero_counts=84_000.0))

    assert counts(cell, 4)[-1] == pytest.approx(84_000)
    assert counts(cell, 4, start=4, gain=64)[-1] == pytest.approx(42_000)
    assert counts(cell, 4, start=8, gain=32)[-1] == pytest.approx(0)


def test_one_seed_gives_one_life():
    lives = [counts(SimulatedCell(seed=9), 50) for _ in range(2)]

    assert lives[0] == lives[1]
    assert lives[0] != counts(SimulatedCell(seed=10), 50)


def test_default_pan_resolves_a_tenth_of_a_gram_in_a_second():
    cell = SimulatedCell(seed=2)
    means = [statistics.fmean(counts(cell, 82, start=82 * n)) / 300 for n in range(60)]

    assert statistics.stdev(means) < 0.05
