"""The law of the noise against noise that is made by other means."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_app.weighing.allan import Law
from firmware_app.weighing.noise import Noise

CASES = [(32, 32, 32), (32, 32, 320), (20, 100, 60), (20, 100, 1000), (32, 32, 8), (10, 60, 30)]


def pink(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = np.zeros(count // 2 + 1)
    shape[1:] = 1 / np.sqrt(np.arange(1, count // 2 + 1))
    return (
        np.fft.irfft((rng.normal(size=shape.size) + 1j * rng.normal(size=shape.size)) * shape, count) * count
    )


def seen(noise: np.ndarray, one: int, other: int, lag: int) -> float:
    """Mean square difference of two means, over many places."""
    sums = np.concatenate([[0.0], np.cumsum(noise)])
    begin = np.arange(200, len(noise) - 3000, 17)
    later = (begin + one / 2 + lag - other / 2).astype(int)
    first = (sums[begin + one] - sums[begin]) / one
    second = (sums[later + other] - sums[later]) / other
    return float(np.mean((first - second) ** 2))


@pytest.mark.parametrize(("one", "other", "lag"), CASES)
def test_the_difference_of_two_means_scatters_as_the_law_says(one: int, other: int, lag: int) -> None:
    rng = np.random.default_rng(2)
    white = np.convolve(rng.normal(size=1 << 17), np.ones(3) / 3, "valid")
    flicker = pink(1 << 17, 3)
    neighbours = flicker[: len(flicker) // 64 * 64].reshape(-1, 64).mean(1)
    floor = float(np.mean(np.diff(neighbours) ** 2) / 2)
    walk = np.cumsum(rng.normal(size=1 << 20))

    assert seen(white, one, other, lag) == pytest.approx(Law(1, 0, 0).difference(one, other, lag), rel=0.15)
    assert seen(flicker, one, other, lag) == pytest.approx(
        Law(0, floor, 0).difference(one, other, lag), rel=0.25
    )
    assert seen(walk, one, other, lag) == pytest.approx(Law(0, 0, 1).difference(one, other, lag), rel=0.15)


def test_the_same_window_twice_differs_by_nothing_and_neighbours_by_twice_the_allan_variance() -> None:
    law = Law(400.0, 30.0, 0.1)

    assert Law(0.0, 30.0, 0.1).difference(50, 50, 0) == pytest.approx(0.0, abs=1e-9)
    assert law.difference(50, 50, 50) == pytest.approx(2 * law.allan(50), rel=0.02)
    assert law.difference(50, 50, 500) > law.difference(50, 50, 100) > law.difference(50, 50, 50)


@pytest.mark.parametrize("drift_per_conversion", [0.0, 0.5, -3.0])
def test_a_steady_drift_teaches_nothing_of_the_noise(drift_per_conversion: float) -> None:
    """Creep under a load must not widen what is said of the next one."""
    rng = np.random.default_rng(4)
    line = np.convolve(rng.normal(0, 50, 9002), np.ones(3) / 3, "valid") + pink(16384, 5)[:9000] * 2
    noise = Noise()

    for index, value in enumerate(line + drift_per_conversion * np.arange(9000)):
        noise.add(index * 95_000_000, float(value))
        noise.plateau(float(value))

    law = noise.law()
    assert law is not None
    assert law.difference(26, 26, 60) == pytest.approx(seen(line, 26, 26, 60), rel=0.6)


def test_little_observed_is_much_doubted() -> None:
    rng = np.random.default_rng(6)
    noise = Noise()
    widths = []
    for index in range(2000):
        value = float(rng.normal(0, 20))
        noise.add(index * 95_000_000, value)
        noise.plateau(value)
        if index in {20, 200, 1999}:
            widths.append(noise.widening(16))

    assert widths[0] == pytest.approx(1.4, abs=0.15)
    assert widths[0] > widths[1] > widths[2] > 1.0
