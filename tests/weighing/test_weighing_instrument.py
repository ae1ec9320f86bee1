"""The pan as a whole: sessions, faults, and what may never happen whatever comes in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weighing_data import assumed, bridge_stream, faults, readings, run

from firmware_app.quantity import Estimate
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.instrument import Instrument
from firmware_app.weighing.reading import PanFault, Reading
from hardware.loadcell.contract import BridgeInfo, Fault, Sample

T = 95_000_000


def bridge(session: str = "a", gain: int = 128, rate: float = 10.0, at_ns: int = 0) -> BridgeInfo:
    return BridgeInfo("pan", "simulated", rate, gain, session, at_ns)


def later(stream: list[Sample], seconds: float) -> list[Sample]:
    return [Sample(s.at_ns + round(seconds * 1e9), s.counts, s.faults) for s in stream]


@pytest.mark.parametrize(
    ("second", "discarded"),
    [(bridge("b"), 5), (bridge("a", gain=64), 2), (bridge("a", rate=80.0), 5), (bridge("a"), 0)],
)
def test_a_new_session_is_a_power_up_and_the_same_again_is_nothing(
    second: BridgeInfo, discarded: int
) -> None:
    pan = assumed(zero=0.0)
    stream = bridge_stream(lambda _: 0.0, 10)
    pan.restart(bridge())
    run(pan, stream[:60])

    told = pan.restart(second)
    events = [event for sample in stream[60:] for event in pan.feed(sample)]

    assert [e.fault for e in faults(told)] == ([Fault.SETTLING] if discarded else [])
    assert len(faults(events, Fault.SETTLING)) == discarded
    assert readings(events)[-1].stable or discarded == 5


def test_a_plug_pulled_is_a_fault_within_a_second_and_a_fresh_start_after() -> None:
    pan = assumed(zero=0.0)
    stream = bridge_stream(lambda _: 500.0, 10)
    run(pan, stream)
    last_ns = stream[-1].at_ns

    assert pan.tick(last_ns + 900_000_000) == []
    gone = pan.tick(last_ns + 1_000_000_001)
    back = run(pan, later(stream, 30))

    assert {e.fault for e in faults(gone)} == {Fault.DISCONNECTED}
    assert all(e.lasting for e in faults(gone))
    assert len(faults(back, Fault.SETTLING)) == 5
    first_stable = next(r for r in readings(back) if r.stable)
    assert first_stable.at_ns - stream[0].at_ns - 30 * 10**9 > 1.0e9
    assert first_stable.window_s < 2.0


def test_overload_ends_stability_and_the_way_back_is_earned() -> None:
    pan = assumed(zero=0.0)
    stream = bridge_stream(lambda _: 500.0, 20)
    spoiled = [Sample(s.at_ns, 8_388_607.0) if 100 <= i < 110 else s for i, s in enumerate(stream)]

    events = run(pan, spoiled)

    assert len(faults(events, Fault.OVERLOAD)) == 10
    after = [r for r in readings(events) if r.at_ns > stream[110].at_ns]
    assert not any(r.stable for r in after if r.at_ns < stream[110].at_ns + 10**9)
    assert after[-1].stable


def test_the_budget_adds_up_in_quadrature() -> None:
    stream = bridge_stream(lambda _: 2_000_000.0, 20)

    def shown(relative: float, zero: float) -> Reading:
        scale = Calibration(
            counts_per_gram=1000.0,
            relative_standard_uncertainty=relative,
            zero_counts=None,
            capacity_g=10_000.0,
            resolution_g=0.02,
            id="x",
            at="2025-05-01T09:00:00+08:00",
            gravity="",
            source="x",
        )
        return readings(run(Instrument(scale, zero=zero), stream))[-1]

    plain, doubtful = shown(0.0, 0.0), shown(1e-4, 0.0)

    assert plain.mass.value == pytest.approx(2000.0, abs=0.1)
    assert doubtful.mass.standard == pytest.approx(math.hypot(plain.mass.standard, 2000.0 * 1e-4), rel=1e-3)


def test_a_swing_within_the_display_interval_is_stable_but_told_in_the_uncertainty() -> None:
    scale = Calibration.parse(
        """counts_per_gram = 100.0
relative_standard_uncertainty = 0.0
capacity_g = 15000
resolution_g = 5
id = "x"
at = "2025-05-01T09:00:00+08:00"
source = "x"
"""
    )
    still = bridge_stream(lambda _: 0.0, 25, sigma=2.0)
    swung = bridge_stream(lambda t: 60 * math.sin(2 * math.pi * t / 1.2) if t > 15 else 0.0, 25, sigma=2.0)

    calm = readings(run(Instrument(scale, zero=0.0), still))[-1]
    moved = readings(run(Instrument(scale, zero=0.0), swung))[-1]

    assert calm.stable and moved.stable
    assert moved.mass.standard > calm.mass.standard + 0.2


def test_equal_figures_for_equal_input() -> None:
    stream = bridge_stream(lambda t: 5000.0 if t > 6 else 0.0, 15)

    assert run(assumed(7.0), stream) == run(assumed(7.0), stream)


@st.composite
def hostile(draw: st.DrawFn) -> list[Sample]:
    """A live stream with pauses, faults, saturation, equal codes and nonsense scattered through it."""
    stream = bridge_stream(lambda t: 9_000.0 if t > 4 else 0.0, 9, seed=draw(st.integers(0, 50)))
    gaps = draw(
        st.dictionaries(
            st.integers(0, 94), st.sampled_from([2 * T, round(3.45 * T), 8 * T, 40 * T]), max_size=4
        )
    )
    odd = st.sampled_from([None, math.nan, 8_388_607.0, -8_388_608.0, 0.0])
    values = draw(st.dictionaries(st.integers(0, 94), odd, max_size=8))
    told = draw(st.dictionaries(st.integers(0, 94), st.sampled_from(list(Fault)), max_size=4))
    late, out = 0, []
    for index, sample in enumerate(stream):
        late += gaps.get(index, 0)
        spoiled = (told[index],) if index in told else ()
        out.append(Sample(sample.at_ns + late, values.get(index, sample.counts), spoiled))
    return out


@settings(max_examples=60, deadline=None)
@given(hostile())
def test_a_fault_is_never_a_number_and_time_never_goes_back(stream: list[Sample]) -> None:
    pan = assumed(zero=0.0)

    events = run(pan, stream)

    sound = {s.at_ns for s in stream if s.counts is not None and not s.faults and abs(s.counts) < 8_388_607}
    shown = readings(events)
    assert len(shown) <= pan.released <= pan.samples == len(stream)
    assert {r.at_ns for r in shown} <= sound
    assert len({r.at_ns for r in shown}) == len(shown)
    dropped = {e.dropped_at_ns for e in events if isinstance(e, PanFault)}
    assert dropped.isdisjoint({r.at_ns for r in shown})
    assert [e.at_ns for e in events] == sorted(e.at_ns for e in events)
    for reading in shown:
        assert isinstance(reading.mass, Estimate)
        assert reading.stable == (reading.why_not is None)
        assert abs(reading.counts) < 10_000
        assert reading.window_s <= 3.0
