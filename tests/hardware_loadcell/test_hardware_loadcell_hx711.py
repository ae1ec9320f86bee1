"""The protocol without I/O, against the tables of the datasheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.loadcell import hx711
from hardware.loadcell.contract import Fault

codes = st.integers(0, 0xFFFFFF)
gains = st.sampled_from([128, 64, 32])


def bits_of(code: int, gain: int) -> list[int]:
    return [code >> (23 - n) & 1 for n in range(24)] + [1] * (hx711.PULSES[gain] - 24)


@pytest.mark.parametrize(
    ("code", "counts", "faults"),
    [
        (0x000000, 0, ()),
        (0x000001, 1, ()),
        (0xFFFFFF, -1, ()),
        (0x7FFFFE, 8_388_606, ()),
        (0x800001, -8_388_607, ()),
        (0x7FFFFF, None, (Fault.OVERLOAD,)),
        (0x800000, None, (Fault.UNDERLOAD,)),
    ],
)
def test_code_becomes_counts_or_a_fault(code, counts, faults):
    frame = hx711.decode(bits_of(code, 128), 128)

    assert (frame.counts, frame.faults) == (counts, faults)


@given(codes, gains)
def test_every_other_code_is_its_two_s_complement(code, gain):
    frame = hx711.decode(bits_of(code, gain), gain)

    if code not in (0x7FFFFF, 0x800000):
        assert frame.counts == int.from_bytes(code.to_bytes(3, "big"), "big", signed=True)
    assert frame.code == code


@given(codes, gains, st.data())
def test_low_dout_at_any_gain_pulse_spoils_the_frame(code, gain, data):
    bits = bits_of(code, gain)
    bits[data.draw(st.integers(24, len(bits) - 1))] = 0

    frame = hx711.decode(bits, gain)

    assert (frame.counts, frame.faults) == (None, (Fault.BAD_TRANSFER,))


@pytest.mark.parametrize(("high_ns", "faults"), [(50_000, ()), (50_001, (Fault.SLOW_CLOCK,))])
def test_slow_clock_begins_above_50_microseconds(high_ns, faults):
    frame = hx711.decode(bits_of(5, 128), 128, high_ns)

    assert frame.faults == faults
    assert frame.counts == (None if faults else 5)


def test_saturation_is_not_claimed_of_a_spoiled_frame():
    bits = bits_of(0x7FFFFF, 128)
    bits[24] = 0

    assert hx711.decode(bits, 128).faults == (Fault.BAD_TRANSFER,)


@pytest.mark.parametrize(("gain", "count"), [(128, 24), (128, 26), (64, 25), (32, 27)])
def test_wrong_number_of_pulses_is_refused(gain, count):
    with pytest.raises(ValueError, match="pulses"):
        hx711.decode([1] * count, gain)


@pytest.mark.parametrize(
    ("periods", "fault"),
    [
        (1.0, None),
        (1.5, None),
        (1.51, Fault.LATE),
        (4.3, Fault.LATE),
        (4.435, Fault.RESET),
        (4.448, Fault.RESET),
        (4.457, Fault.RESET),
        (4.6, Fault.LATE),
        (9.0, Fault.LATE),
    ],
)
def test_gap_between_conversions_tells_what_happened(periods, fault):
    assert hx711.gap_fault(periods * 95_200_000, 95_200_000) is fault


def test_period_is_learned_and_not_moved_by_resets_and_misses():
    # given a part 18 % faster than its nominal 12.5 ms
    period = hx711.Period(12_500_000)
    assert (period.ns, period.known) == (12_500_000, False)
    assert period.shortest_ns < 10_700_000

    # when most gaps are regular
    for gap_ns in (10_700_000, 10_701_000, 47_594_000, 10_699_000, 21_400_000, 10_700_500, 10_700_200):
        period = period.learn(gap_ns)

    # then it is known
    assert period.known
    assert abs(period.ns - 10_700_500) < 1_500
