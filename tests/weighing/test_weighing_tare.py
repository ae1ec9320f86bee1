"""Tare, and what is asked for and must wait: granted on rest, refused with the reason."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from weighing_data import assumed, bridge_stream, readings, run

from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.codes import NOISIEST_CODES, CodeStep
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import Reading, WhyNot
from firmware_app.weighing.waiting import Refusal
from hardware.loadcell.contract import Sample

PER_GRAM = 500.0
ZERO = 84_000.0


def scale() -> Calibration:
    return Calibration(
        counts_per_gram=PER_GRAM,
        relative_standard_uncertainty=2e-5,
        zero_counts=ZERO,
        capacity_g=15_000.0,
        resolution_g=1.0,
        id="test",
        at="2025-05-01T09:00:00+08:00",
        source="test",
    )


def loaded(grams: Callable[[float], float], seconds: float, sigma: float = 30.0) -> list[Sample]:
    return bridge_stream(lambda t: ZERO + PER_GRAM * grams(t), seconds, sigma=sigma)


def played(
    pan: Instrument, stream: list[Sample], asks: dict[float, Callable[[], None]]
) -> list[tuple[float, Reading]]:
    """Readings by seconds since the beginning, with wishes made at their times."""
    waiting = dict(asks)
    shown = []
    for sample in stream:
        t = sample.at_ns / 1e9 - 100
        for at_s in [at for at in waiting if t >= at]:
            waiting.pop(at_s)()
        shown += [(e.at_ns / 1e9 - 100, e) for e in pan.feed(sample) if isinstance(e, Reading)]
    return shown


def bowl_and_goods(t: float) -> float:
    return 0.0 if t < 5 else 300.0 if t < 15 else 800.0 if t < 25 else 0.0


def test_a_tare_is_taken_away_from_what_follows_until_it_is_cleared() -> None:
    pan = Instrument(scale())

    shown = played(pan, loaded(bowl_and_goods, 35), {8.0: pan.request_tare, 32.0: pan.clear_tare})

    by_time = {round(t): r for t, r in shown}
    assert pan.tare_outcome is not None and pan.tare_outcome.refusal is None
    assert (by_time[7].net, by_time[12].net, by_time[34].net) == (False, True, False)
    assert by_time[12].mass.value == pytest.approx(0.0, abs=0.2)
    assert by_time[22].mass.value == pytest.approx(500.0, abs=0.3)
    assert by_time[30].mass.value == pytest.approx(-300.0, abs=0.3)
    assert by_time[34].mass.value == pytest.approx(0.0, abs=0.3)


def test_the_zero_is_not_tracked_in_net_mode_and_is_not_set_either() -> None:
    """R 76-1 4.5.7: a bowl that is slowly filled must not be hidden while a tare stands at zero."""
    pan = Instrument(scale())

    def seeping(t: float) -> float:
        return 0.0 if t < 5 else 300.0 + (0.03 * max(0.0, t - 20))

    shown = played(pan, loaded(seeping, 80), {8.0: pan.request_tare, 70.0: pan.request_zero})

    assert shown[-1][1].mass.value == pytest.approx(1.8, abs=0.2)
    assert pan.zero_outcome is not None and pan.zero_outcome.refusal is Refusal.TARED


@pytest.mark.parametrize(
    ("grams", "refusal"),
    [(-20.0, Refusal.OUT_OF_RANGE), (300.0, None), (15_100.0, Refusal.OUT_OF_RANGE)],
)
def test_a_tare_lies_above_zero_and_within_max(grams: float, refusal: Refusal | None) -> None:
    pan = Instrument(scale())
    played(pan, loaded(lambda t: 0.0 if t < 5 else grams, 12), {8.0: pan.request_tare})

    assert pan.tare_outcome is not None and pan.tare_outcome.refusal is refusal


WISHES = [
    (Instrument.request_zero, "zero_outcome"),
    (Instrument.request_tare, "tare_outcome"),
    (Instrument.request_reading, "reading_outcome"),
]
every_wish = pytest.mark.parametrize(("ask", "answer"), WISHES)


@every_wish
def test_every_wish_waits_for_rest_and_is_refused_with_the_reason(
    ask: Callable[[Instrument], None], answer: str
) -> None:
    pan = Instrument(scale())

    played(pan, loaded(lambda t: 30 * max(0.0, t - 5), 20), {6.0: lambda: ask(pan)})

    outcome = getattr(pan, answer)
    assert outcome.refusal is Refusal.NOT_STABLE
    assert outcome.why_not in {WhyNot.MOVING, WhyNot.SETTLING, WhyNot.UNQUIET}
    assert 5.0 < outcome.at_ns / 1e9 - 106.0 < 5.3


@every_wish
def test_every_wish_is_refused_while_the_pan_is_at_fault(
    ask: Callable[[Instrument], None], answer: str
) -> None:
    pan = Instrument(scale())
    stream = loaded(lambda _: 0.0, 8)
    run(pan, stream)
    pan.tick(stream[-1].at_ns + 2_000_000_000)

    ask(pan)

    assert getattr(pan, answer).refusal is Refusal.FAULT


def test_a_reading_that_is_asked_for_is_the_next_stable_one() -> None:
    pan = Instrument(scale())

    shown = played(pan, loaded(lambda t: 0.0 if t < 8 else 500.0, 14), {8.6: pan.request_reading})

    outcome = pan.reading_outcome
    assert outcome is not None and outcome.reading is not None
    first = next(r for t, r in shown if t > 8.6 and r.stable)
    assert outcome.reading == first
    assert first.mass.value == pytest.approx(500.0, abs=0.3)


def test_without_a_zero_there_is_no_tare() -> None:
    pan = Instrument(scale())
    played(pan, loaded(lambda _: 5_000.0, 8), {4.0: pan.request_tare})

    assert pan.tare_outcome is not None and pan.tare_outcome.refusal is Refusal.NO_ZERO


@pytest.mark.parametrize(
    ("unit", "found"), [(1.0, 1.0), (1 / 454, 1 / 454), (1e-3, None), (1 / 420.7, 1 / 420.7)]
)
def test_one_code_is_found_in_a_scaled_recording_but_not_in_a_rounded_one(
    unit: float, found: float | None
) -> None:
    step = CodeStep()
    for sample in bridge_stream(lambda _: 84_000.0, 5):
        assert sample.counts is not None
        step.feed(round(sample.counts * unit, 3) if unit == 1e-3 else sample.counts * unit)

    assert step.settled
    assert step.step == (None if found is None else pytest.approx(found, rel=1e-9))


@pytest.mark.parametrize("unit", [1.0, 1 / 454])
def test_what_is_noisier_than_any_bridge_is_never_a_weight(unit: float) -> None:
    def shown(sigma: float) -> list[Reading]:
        stream = bridge_stream(lambda _: 0.0, 30, sigma=sigma)
        scaled = [Sample(s.at_ns, (s.counts or 0.0) * unit) for s in stream]
        return readings(run(assumed(), scaled))

    assert shown(3 * NOISIEST_CODES) == []
    assert any(r.stable for r in shown(0.1 * NOISIEST_CODES))


def test_the_window_is_learned_within_two_and_three_seconds() -> None:
    """A bridge that walks is averaged for less time than one that does not."""
    import numpy as np

    rng = np.random.default_rng(1)
    lengths = []
    for walk in (0.0, 12.0):
        pan = assumed(1.0, 0.0)
        stream = bridge_stream(lambda _: 0.0, 400, sigma=30.0)
        wander = np.cumsum(rng.normal(0, walk, len(stream)))
        run(pan, [Sample(s.at_ns, round((s.counts or 0.0) + w)) for s, w in zip(stream, wander, strict=True)])
        lengths.append(pan.window_s)

    assert lengths[0] == 3.0 and lengths[1] == 2.0
    assert all(a != b for a, b in itertools.pairwise(lengths))
