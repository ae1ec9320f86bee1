"""The zero: first plateau, on request, tracked; and what the law refuses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from weighing_data import bridge_stream, readings, run

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import WhyNot
from firmware_app.weighing.waiting import Outcome as ZeroOutcome
from firmware_app.weighing.waiting import Refusal as ZeroRefusal
from hardware.loadcell.contract import Fault, Sample

PER_GRAM = 500.0
CAPACITY = 15_000.0
ZERO = 84_000.0


def pan_scale(interval: float = 1.0, zero_counts: float | None = ZERO) -> Calibration:
    return Calibration(
        counts_per_gram=PER_GRAM,
        relative_standard_uncertainty=2e-5,
        zero_counts=zero_counts,
        capacity_g=CAPACITY,
        resolution_g=interval,
        id="test",
        at="2025-05-01T09:00:00+08:00",
        gravity="",
        source="test",
    )


def loaded(grams: Callable[[float], float], seconds: float, **options: float) -> list[Sample]:
    return bridge_stream(
        lambda t: ZERO + PER_GRAM * grams(t), seconds, sigma=options.pop("sigma", 30.0), **options
    )  # type: ignore[arg-type]


def asked(pan: Instrument, stream: list[Sample], at_s: float) -> ZeroOutcome | None:
    for sample in stream:
        if pan.zero_outcome is None and not pan.zero_asked and sample.at_ns / 1e9 - 100 >= at_s:
            pan.request_zero()
        pan.feed(sample)
    return pan.zero_outcome


def test_the_first_stable_plateau_is_zero_and_nothing_is_read_before_it() -> None:
    pan = Instrument(pan_scale())

    shown = readings(run(pan, loaded(lambda t: 40 if t < 4 else 0, 10)))

    assert shown[0].stable
    assert shown[0].mass.value == 0.0
    assert shown[0].mass.standard > 0


def test_a_given_zero_gives_a_mass_as_soon_as_there_is_noise_to_know_it_by() -> None:
    pan = Instrument(pan_scale(), zero=ZERO)

    shown = readings(run(pan, loaded(lambda _: 2505.0, 10)))

    assert not shown[0].stable
    assert shown[-1].mass.value == pytest.approx(2505.0, abs=0.2)
    # u of the calibration, the air (17.5 ppm/K and 10 K, both limits) and a little creep
    assert shown[-1].mass.standard == pytest.approx(2505.0 * math.hypot(2e-5, 1.75e-5 * 10 / 3), rel=0.3)


def test_a_loaded_pan_is_not_the_initial_zero() -> None:
    pan = Instrument(pan_scale())

    events = run(pan, loaded(lambda t: 2000.0 if t < 10 else 0.0, 20))

    assert pan.missing_zero is None
    assert readings(events)[0].at_ns / 1e9 > 110
    still_loaded = Instrument(pan_scale())
    assert readings(run(still_loaded, loaded(lambda _: 2000.0, 10))) == []
    assert still_loaded.missing_zero is ZeroRefusal.OUT_OF_RANGE


def test_the_reason_for_no_zero_is_known() -> None:
    pan = Instrument(pan_scale())

    assert pan.missing_zero is WhyNot.SETTLING
    assert readings(run(pan, loaded(lambda t: 100.0 * t, 10))) == []
    assert pan.missing_zero in {WhyNot.MOVING, WhyNot.UNQUIET, WhyNot.SETTLING}


@pytest.mark.parametrize(
    ("grams", "refusal"),
    [
        (20.0, None),
        (299.0, None),
        (301.0, ZeroRefusal.OUT_OF_RANGE),
        (-301.0, ZeroRefusal.OUT_OF_RANGE),
    ],
)
def test_zero_on_request_within_two_percent_of_max(grams: float, refusal: ZeroRefusal | None) -> None:
    pan = Instrument(pan_scale())
    stream = loaded(lambda t: grams if t >= 5 else 0.0, 12)

    outcome = asked(pan, stream, 7.0)

    assert outcome is not None and outcome.refusal is refusal
    final = readings(run(pan, loaded(lambda _: grams, 5, start_s=112.1)))[-1]
    assert final.mass.value == pytest.approx(grams if refusal else 0.0, abs=0.3)


def test_a_request_waits_for_rest_and_gives_up_with_the_reason() -> None:
    waits = Instrument(pan_scale())
    assert asked(waits, loaded(lambda t: 30 * max(0.0, min(t - 5, 2)), 12), 5.5) is not None
    assert waits.zero_outcome is not None and waits.zero_outcome.refusal is None

    gives_up = Instrument(pan_scale())
    outcome = asked(gives_up, loaded(lambda t: 30 * max(0.0, t - 5), 20), 6.0)
    assert outcome is not None
    assert outcome.refusal is ZeroRefusal.NOT_STABLE
    assert outcome.why_not in {WhyNot.SETTLING, WhyNot.MOVING}
    assert 5.0 < outcome.at_ns / 1e9 - 106.0 < 5.3


def test_a_request_is_refused_while_the_pan_is_at_fault() -> None:
    pan = Instrument(pan_scale())
    last = loaded(lambda _: 0.0, 8)
    run(pan, last)
    pan.tick(last[-1].at_ns + 2_000_000_000)

    pan.request_zero()

    assert pan.zero_outcome is not None and pan.zero_outcome.refusal is ZeroRefusal.FAULT


def test_a_request_that_waits_in_silence_times_out_by_the_clock() -> None:
    pan = Instrument(pan_scale())
    pan.tick(0)

    pan.request_zero()
    assert pan.zero_outcome is None
    pan.tick(500_000_000)
    pan.tick(5_100_000_000)

    assert pan.zero_outcome is not None
    assert pan.zero_outcome.refusal in {ZeroRefusal.FAULT, ZeroRefusal.NOT_STABLE}


def test_tracking_follows_a_creeping_zero_but_no_load() -> None:
    creeping = loaded(lambda t: 0.02 * t, 100)

    tracked = readings(run(Instrument(pan_scale()), creeping))[-1]
    untracked = readings(run(Instrument(pan_scale(), tracking=False), creeping))[-1]
    under_load = readings(run(Instrument(pan_scale()), loaded(lambda t: 0 if t < 5 else 50 + 0.02 * t, 100)))[
        -1
    ]

    assert abs(tracked.mass.value) < 0.1
    assert untracked.mass.value == pytest.approx(2.0, abs=0.15)
    assert under_load.mass.value == pytest.approx(52.0, abs=0.15)


def test_tracking_never_moves_faster_than_half_an_interval_a_second() -> None:
    pan = Instrument(pan_scale(interval=2.0))
    shown = readings(run(pan, loaded(lambda t: 0.9 if t >= 8 else 0.0, 12, sigma=10.0)))

    zeros = [(r.at_ns / 1e9, r.counts / PER_GRAM - r.mass.value) for r in shown]

    for (earlier, before), (later, after) in itertools.pairwise(zeros):
        assert abs(after - before) <= 0.5 * 2.0 * (later - earlier) + 1e-9


def test_a_plug_pulled_with_goods_on_the_pan_does_not_make_them_the_zero() -> None:
    pan = Instrument(pan_scale())
    run(pan, loaded(lambda t: 0 if t < 5 else 800.0, 12))
    pan.tick(round(114e9))

    back = readings(run(pan, loaded(lambda _: 800.0, 10, start_s=120.0, seed=4)))

    assert back[-1].stable
    assert back[-1].mass.value == pytest.approx(800.0, abs=0.3)


def test_drift_since_zero_is_that_of_the_cell_until_the_pan_shows_more() -> None:
    """R 60 C3: 14 ppm of 15 kg a kelvin, 5 K an hour: 1 g an hour, product of two rectangular limits."""
    still = Instrument(pan_scale(interval=100.0), tracking=False)
    shown = readings(run(still, loaded(lambda _: 0.0, 300)))
    minutes = (shown[-1].at_ns - shown[0].at_ns) / 60e9

    assert still.terms is not None
    assert still.terms.drift == pytest.approx(1.05 * minutes / 60 / 3, rel=0.3)

    wandering = Instrument(pan_scale(interval=100.0), tracking=False)
    run(wandering, loaded(lambda t: 0.01 * t, 300))
    assert wandering.terms is not None and wandering.terms.drift > 5 * still.terms.drift


def test_zero_lost_by_nothing_but_a_new_one() -> None:
    pan = Instrument(pan_scale())
    events = run(pan, loaded(lambda _: 0.0, 5))
    assert readings(events)
    fault = pan.feed(Sample(round(105.2e9), None, (Fault.DISCONNECTED,)))
    assert [e for e in fault if not hasattr(e, "mass")]
    assert pan.missing_zero is None
