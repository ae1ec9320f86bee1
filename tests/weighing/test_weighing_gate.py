"""The gate against tables of schedules, and hostile streams."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.weighing.gate import (
    ALIVE_CHANGES,
    FLATLINE_RUN,
    GAIN_CHANGE_CONVERSIONS,
    POWER_UP_CONVERSIONS,
    SECOND,
    Gate,
    GateEvent,
)
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault, Sample

T = 95_000_000


def live(count: int, start_ns: int = 0, period_ns: int = T, base: int = 0) -> list[Sample]:
    """Codes that never repeat, on schedule."""
    return [Sample(start_ns + i * period_ns, float(base + (i * 37) % 101)) for i in range(count)]


def feed(gate: Gate, samples: list[Sample]) -> list[GateEvent]:
    return [event for sample in samples for event in gate.feed(sample)]


def warm(count: int = 20) -> tuple[Gate, int]:
    """A gate that has released, and the time of its last sample."""
    gate = Gate()
    stream = live(count)
    feed(gate, stream)
    return gate, stream[-1].at_ns


def kinds(events: list[GateEvent]) -> list[str]:
    return [e.fault.value if isinstance(e, PanFault) else "released" for e in events]


def test_five_conversions_after_power_up_are_discarded_and_the_rest_released_one_late() -> None:
    stream = live(12)

    events = feed(Gate(), stream)

    assert kinds(events) == ["settling"] * POWER_UP_CONVERSIONS + ["released"] * 6
    assert [e.at_ns for e in events] == [s.at_ns for s in stream[:-1]]


@pytest.mark.parametrize(
    ("periods", "expected", "dropped"),
    [
        (1.0, ["released"], False),
        (1.17, ["released"], False),
        (1.49, ["released"], False),
        (1.6, ["released", "late"], False),
        (2.0, ["released", "late"], False),
        (4.2, ["released", "late"], False),
        (4.435, ["reset"], True),
        (4.448, ["reset"], True),
        (4.457, ["reset"], True),
        (4.7, ["late"], True),
        (8.0, ["late"], True),
        (0.2, ["released"], False),
    ],
)
def test_what_becomes_of_the_held_sample_by_the_time_of_the_next(
    periods: float, expected: list[str], dropped: bool
) -> None:
    gate, last_ns = warm()

    events = gate.feed(Sample(last_ns + round(periods * T), 5.5))

    assert kinds(events) == expected
    stated = [e.dropped_at_ns for e in events if isinstance(e, PanFault)]
    assert stated == ([last_ns] if dropped else [None] * len(stated))
    assert not any(e.lasting for e in events if isinstance(e, PanFault))


def test_after_a_reset_the_very_next_conversion_is_good() -> None:
    gate, last_ns = warm()
    after = last_ns + round(4.448 * T)

    gate.feed(Sample(after, 1.5))
    events = gate.feed(Sample(after + T, 2.5))

    assert events == [Sample(after, 1.5)]


@pytest.mark.parametrize("real_rate", [10.5, 11.66, 82.0, 93.0])
@pytest.mark.parametrize("nominal", [None, "right"])
def test_the_period_is_learned_whatever_the_oscillator(real_rate: float, nominal: str | None) -> None:
    period = round(SECOND / real_rate)
    gate = Gate((10.0 if real_rate < 20 else 80.0) if nominal else None)
    stream = live(40, period_ns=period)
    feed(gate, stream)

    events = gate.feed(Sample(stream[-1].at_ns + round(4.448 * period), 1.5))

    assert kinds(events) == ["reset"]
    assert gate.period_ns == pytest.approx(period, rel=0.01)


def test_the_period_is_right_though_times_are_rounded_to_ten_milliseconds() -> None:
    gate = Gate()
    times = [round(i * 0.0858, 2) for i in range(60)]
    events = feed(gate, [Sample(round(t * 1e9), float(i % 7)) for i, t in enumerate(times)])

    gap = round((times[-1] + 4.448 * 0.0858) * 100) / 100
    last = gate.feed(Sample(round(gap * 1e9), 50.0))

    assert set(kinds(events)) == {"settling", "released"}
    assert kinds(last) == ["reset"]


def test_a_burst_out_of_a_buffer_at_the_start_is_no_period() -> None:
    times = [0.0, 0.01, 0.09, 0.18, 0.26, 0.35, 0.44, 0.52, 0.61, 0.69, 0.78]

    events = feed(Gate(), [Sample(round(t * 1e9), float(i)) for i, t in enumerate(times)])

    assert kinds(events) == ["settling"] * 5 + ["released"] * 5


def test_a_reset_among_the_first_conversions_is_told_too() -> None:
    stream = live(1) + live(12, start_ns=round(4.45 * T), base=200)

    events = feed(Gate(), stream)

    assert kinds(events)[0] == "reset"
    assert kinds(events).count("settling") == POWER_UP_CONVERSIONS - 1


def test_silence_is_told_once_and_five_conversions_are_discarded_after_it() -> None:
    gate, last_ns = warm()

    assert gate.tick(last_ns + SECOND) == []
    gone = gate.tick(last_ns + SECOND + 1)
    assert gate.tick(last_ns + 3 * SECOND) == []
    back = feed(gate, live(12, start_ns=last_ns + 4 * SECOND, base=300))

    assert kinds(gone) == ["disconnected", "disconnected"]  # the held sample, and the state
    assert [e.dropped_at_ns for e in gone if isinstance(e, PanFault)] == [last_ns, None]
    assert kinds(back) == ["settling"] * 5 + ["released"] * 6


def test_a_hole_of_more_than_a_second_is_a_disconnection_without_any_tick() -> None:
    gate, last_ns = warm()

    events = gate.feed(Sample(last_ns + 2 * SECOND, 1.5))

    assert kinds(events) == ["disconnected", "disconnected"]
    assert events[-1].at_ns == last_ns + SECOND


def test_nothing_ever_heard_is_a_disconnection() -> None:
    gate = Gate()

    assert gate.tick(7) == []
    assert kinds(gate.tick(8 + SECOND)) == ["disconnected"]


@pytest.mark.parametrize(
    ("sample", "fault", "lasting"),
    [
        (Sample(0, 8_388_607.0), Fault.OVERLOAD, True),
        (Sample(0, -8_388_608.0), Fault.UNDERLOAD, True),
        (Sample(0, None, (Fault.OVERLOAD,)), Fault.OVERLOAD, True),
        (Sample(0, 12.0, (Fault.BAD_TRANSFER,)), Fault.BAD_TRANSFER, False),
        (Sample(0, 12.0, (Fault.SLOW_CLOCK,)), Fault.SLOW_CLOCK, False),
        (Sample(0, None), Fault.BAD_TRANSFER, False),
        (Sample(0, math.nan), Fault.BAD_TRANSFER, False),
        (Sample(0, math.inf), Fault.BAD_TRANSFER, False),
        (Sample(0, None, (Fault.NOT_A_CHIP,)), Fault.NOT_A_CHIP, True),
        (Sample(0, None, (Fault.DISCONNECTED,)), Fault.DISCONNECTED, True),
    ],
)
def test_a_sample_with_a_fault_or_without_counts_is_never_released(
    sample: Sample, fault: Fault, lasting: bool
) -> None:
    gate, last_ns = warm()
    spoiled = Sample(last_ns + T, sample.counts, sample.faults)

    events = gate.feed(spoiled) + gate.feed(Sample(last_ns + 2 * T, 77.0))

    stated = [e for e in events if isinstance(e, PanFault)]
    assert (stated[-1].fault, stated[-1].lasting) == (fault, lasting)
    assert all(e.at_ns != spoiled.at_ns for e in events if isinstance(e, Sample))


def test_single_faults_become_lasting_when_nothing_else_comes_for_a_second() -> None:
    gate, last_ns = warm()

    events = feed(gate, [Sample(last_ns + i * T, 1.0, (Fault.BAD_TRANSFER,)) for i in range(1, 16)])

    lasting = [e.lasting for e in events if isinstance(e, PanFault)]
    assert lasting[0] is False
    assert lasting[-1] is True


def test_a_dead_line_releases_nothing_at_all() -> None:
    events = feed(Gate(), [Sample(i * T, 0.0) for i in range(100)])

    assert set(kinds(events)) == {"settling", "flatline"}


def test_a_line_that_dies_is_flat_within_six_conversions_and_one_odd_code_is_not_life() -> None:
    gate, last_ns = warm()
    dead = [Sample(last_ns + i * T, 8317.09) for i in range(1, 40)]
    dead[20] = Sample(dead[20].at_ns, -18477.11)

    events = feed(gate, dead)

    released = [e for e in events if isinstance(e, Sample) and e.counts == 8317.09]
    assert len(released) == FLATLINE_RUN - 2
    assert set(kinds(events[FLATLINE_RUN:])) == {"flatline"}


def test_life_comes_back_after_five_changes() -> None:
    gate, last_ns = warm()
    feed(gate, [Sample(last_ns + i * T, 3.0) for i in range(1, 20)])

    events = feed(gate, live(12, start_ns=last_ns + 20 * T, base=500))

    assert kinds(events) == ["flatline"] * ALIVE_CHANGES + ["released"] * 6


def test_a_recording_rounded_by_its_logger_is_alive() -> None:
    """One neighbour in two is equal: runs of six are then nothing rare."""
    gate = Gate()
    codes = [0.0, 1.0, 1.0, 2.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 20 + [1.0] * 8 + [0.0, 2.0]

    events = feed(gate, [Sample(i * T, code) for i, code in enumerate(codes)])

    assert "flatline" not in kinds(events)


def test_a_gain_change_costs_two_conversions_and_a_new_session_five() -> None:
    for conversions in (GAIN_CHANGE_CONVERSIONS, POWER_UP_CONVERSIONS):
        gate, last_ns = warm()
        gate.restart(conversions)
        events = feed(gate, live(14, start_ns=last_ns + T, base=300))
        assert kinds(events) == ["settling"] * conversions + ["released"] * (13 - conversions)


def test_the_last_conversion_is_given_up_at_the_end() -> None:
    gate, _ = warm()

    assert gate.flush() == []
    assert kinds(Gate().flush()) == []


@st.composite
def streams(draw: st.DrawFn) -> list[Sample]:
    steps = st.sampled_from([0, 1, T // 5, T, T, T, T, T, 2 * T, round(4.45 * T), 6 * T, 11 * T, 30 * T, -T])
    special = [None, math.nan, math.inf, 8_388_607.0, -8_388_608.0]
    counts = st.sampled_from([float(n) for n in range(25)] + [0.0] * 5 + special)
    told = st.sampled_from([()] * 25 + [(fault,) for fault in Fault])
    at_ns, out = 0, []
    for step, value, faults in draw(st.lists(st.tuples(steps, counts, told), max_size=60)):
        at_ns += step
        out.append(Sample(at_ns, value, faults))
    return out


@settings(max_examples=150, deadline=None)
@given(streams(), st.sampled_from([None, 10.0, 80.0]))
def test_whatever_comes_every_sample_leaves_once_and_only_sound_ones_are_released(
    stream: list[Sample], nominal: float | None
) -> None:
    gate = Gate(nominal)

    events = feed(gate, stream) + gate.flush()

    released = [e for e in events if isinstance(e, Sample)]
    dropped = [e.dropped_at_ns for e in events if isinstance(e, PanFault) and e.dropped_at_ns is not None]
    assert len(released) <= len(stream)
    assert all(e in stream and not e.faults and e.counts is not None for e in released)
    assert all(e.counts is not None and -8_388_608 < e.counts < 8_388_607 for e in released)
    assert [e.at_ns for e in released] == sorted(e.at_ns for e in released)
    assert [e.at_ns for e in events] == sorted(e.at_ns for e in events)
    times = {s.at_ns for s in stream}
    assert set(dropped) <= times
