"""Filter, noise and stability on streams with a chip's own kernel, at both rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from weighing_data import assumed, bridge_stream, faults, readings, run

from firmware_app.weighing.filter import Filter, Window
from firmware_app.weighing.reading import Reading, WhyNot
from firmware_app.weighing.stability import Limits, Stability
from hardware.loadcell.contract import Sample

RATES = [(10.6, 30.0), (83.0, 55.0)]
both_rates = pytest.mark.parametrize(("rate", "sigma"), RATES)


def windows(stream: list[Sample]) -> tuple[Filter, list[Window]]:
    line = Filter()
    return line, [line.feed(s.at_ns, s.counts) for s in stream if s.counts is not None]


def weighed(stream: list[Sample], zero: float = 0.0) -> list[Reading]:
    return readings(run(assumed(1.0, zero), stream))


@both_rates
def test_the_noise_is_learned_and_the_window_never_grows_beyond_the_allan_minimum(
    rate: float, sigma: float
) -> None:
    line, seen = windows(bridge_stream(lambda _: 1000.0, 40, rate=rate, sigma=sigma))

    assert line.noise.sigma == pytest.approx(sigma, rel=0.3)
    assert max(w.whole.length_s for w in seen) <= 3.0
    assert seen[-1].whole.length_s == pytest.approx(2.5, abs=1.1 / rate)


@both_rates
def test_the_type_a_uncertainty_is_that_of_correlated_conversions(rate: float, sigma: float) -> None:
    """Means of neighbouring windows scatter by what type_a says, and by more than σ/√N."""
    line, seen = windows(
        bridge_stream(lambda _: 0.0, 300 if rate < 20 else 80, rate=rate, sigma=sigma, seed=3)
    )
    conversions = int(2.5 * rate)
    means = np.array([w.whole.mean for w in seen[100:]])[:: conversions + 2]

    scatter = float(np.sqrt(np.mean(np.diff(means) ** 2) / 2))

    # flicker noise is assumed until seen to be absent, which takes minutes
    assert 0.7 * scatter < line.noise.type_a(conversions) < 1.8 * scatter
    assert line.noise.type_a(conversions) > sigma / math.sqrt(conversions)
    assert line.noise.type_a(1) > line.noise.type_a(8) > line.noise.type_a(conversions)


@both_rates
@pytest.mark.parametrize("step", [300.0, 5_000.0, -100_000.0])
def test_a_step_is_settled_after_four_conversions_and_stable_a_second_later(
    rate: float, sigma: float, step: float
) -> None:
    stream = bridge_stream(lambda t: step if t >= 20 else 0.0, 30, rate=rate, sigma=sigma, seed=7)

    shown = [(r.at_ns / 1e9 - 120.0, r) for r in weighed(stream)]

    assert all(r.stable for t, r in shown if -10 < t < 0)
    # the third conversion after a clear step, or the mean of 0.4 s after a small one, ends the old plateau
    blind_s = 3 / rate if abs(step) > 15 * sigma else 0.4
    assert not [r for t, r in shown if blind_s < t < 1.0 and r.stable]
    settled = [r for t, r in shown if t > 0.3 + 6 / rate]
    assert all(abs(r.mass.value - step) < 3 * sigma for r in settled)
    first = next(t for t, r in shown if t > blind_s and r.stable)
    assert first < 1.0 + 7 / rate + 0.5
    reasons = {r.why_not for t, r in shown if 0 < t < first}
    if abs(step) > 15 * sigma:
        assert {WhyNot.SETTLING, WhyNot.TOO_SHORT} <= reasons
    else:
        assert reasons & set(WhyNot)


@both_rates
def test_a_small_step_that_no_conversion_shows_is_found_in_the_mean(rate: float, sigma: float) -> None:
    step = 4 * sigma
    stream = bridge_stream(lambda t: step if t >= 20 else 0.0, 30, rate=rate, sigma=sigma, seed=5)

    shown = [(r.at_ns / 1e9 - 120.0, r) for r in weighed(stream)]

    assert not [r for t, r in shown if t > 1.0 and r.stable and abs(r.mass.value - step) > 2 * sigma]
    assert [r for t, r in shown if 0 < t < 1.2 and not r.stable]


@both_rates
@pytest.mark.parametrize("grams_per_s", [0.2, 1.0, 30.0])
def test_a_pour_is_moving_not_stable(rate: float, sigma: float, grams_per_s: float) -> None:
    per_gram = 1540.0

    def poured(t: float) -> float:
        return per_gram * grams_per_s * min(max(t - 10, 0), 10)

    shown = weighed(bridge_stream(poured, 25, rate=rate, sigma=sigma))

    during = [r for r in shown if 111.5 < r.at_ns / 1e9 < 119.5]
    after = [r for r in shown if r.at_ns / 1e9 > 122.5]
    assert during and not any(r.stable for r in during)
    assert after and all(r.stable for r in after)


@both_rates
def test_a_lone_spike_is_left_out_of_the_mean_and_two_that_agree_are_a_step(
    rate: float, sigma: float
) -> None:
    stream = bridge_stream(lambda _: 0.0, 20, rate=rate, sigma=sigma)
    at = int(15 * rate)
    spike = [*stream[:at], Sample(stream[at].at_ns, 1e6), *stream[at + 1 :]]
    double = [*spike[: at + 1], Sample(stream[at + 1].at_ns, 1e6 + 7), *stream[at + 2 :]]

    _, once = windows(spike)
    _, twice = windows(double)

    assert max(abs(w.whole.mean) for w in once[at:]) < 2 * sigma
    assert once[at].outliers == 1 and once[at].since_step > 4
    assert twice[at + 1].since_step == 2


def test_ringing_is_not_stable_until_it_has_died_down() -> None:
    def ringing(t: float) -> float:
        since = t - 10
        return (
            0.0 if since < 0 else 20_000 * (1 - math.exp(-since / 0.6) * math.cos(2 * math.pi * 2.3 * since))
        )

    shown = weighed(bridge_stream(ringing, 25, rate=83.0, sigma=55.0))

    wrong = [r for r in shown if r.at_ns / 1e9 > 110.1 and r.stable and abs(r.mass.value - 20_000) > 150]
    assert wrong == []
    assert all(r.stable for r in shown if r.at_ns / 1e9 > 116)


def test_a_conversion_missing_in_a_plateau_changes_nothing() -> None:
    stream = bridge_stream(lambda _: 0.0, 20)
    holed = stream[:120] + stream[121:]

    events = run(assumed(1.0, 0.0), holed)

    assert [f.fault.value for f in faults(events) if not f.lasting] == ["late"]
    assert all(r.stable for r in readings(events) if r.at_ns > stream[60].at_ns)


def test_the_display_interval_is_a_floor_and_the_capacity_a_ceiling_of_the_band() -> None:
    def swinging(t: float) -> float:
        return 300.0 * math.sin(2 * math.pi * t / 3) if t > 15 else 0.0

    stream = bridge_stream(swinging, 30, sigma=5.0)

    def stable(limits: Limits) -> int:
        line, judge = Filter(limits.interval / 2), Stability(limits)
        told = [
            judge.judge(line.feed(s.at_ns, s.counts), line.recent) for s in stream if s.counts is not None
        ]
        return told[180:].count(None)

    # 15 s of swinging do not teach that swinging is quiet
    assert stable(Limits()) == 0
    assert stable(Limits(interval=2000.0)) > 10
    assert stable(Limits(interval=2000.0, widest=20.0)) == 0
    quiet = windows(bridge_stream(lambda _: 0.0, 20, sigma=5.0))[1]
    noisy = Stability(Limits(widest=1.0))
    assert {noisy.judge(window, lambda w=window: w.whole) for window in quiet[40:]} == {WhyNot.UNQUIET}


def test_equal_codes_are_never_a_stable_window() -> None:
    line = Filter()
    judge = Stability()
    for sample in bridge_stream(lambda _: 0.0, 10):
        assert sample.counts is not None
        line.feed(sample.at_ns, sample.counts)
    start = 200 * 10**9

    reasons = [judge.judge(line.feed(start + i * 95_000_000, 4000.0), line.recent) for i in range(40)]

    assert None not in reasons
