"""The simulated chip against the datasheet and against what real chips were seen to do."""

from __future__ import annotations

import itertools
import random

import pytest

from hardware.loadcell.simulated_chip import ChipFault, ScheduledFault, SimulatedChip

T = 95_200_000
READY = 5_000_000
HALF = 1_000


def chip_with(code: int = 4116, **options) -> SimulatedChip:
    options.setdefault("first_ready_ns", READY)
    return SimulatedChip(lambda *_: code, lambda: T, **options)


def clock(chip: SimulatedChip, pulses: int, at_ns: int) -> tuple[list[int], int]:
    """Pulses of 1 µs; DOUT after each falling edge, and the time after the last."""
    bits = []
    for _ in range(pulses):
        chip.set_sck(1, at_ns)
        chip.set_sck(0, at_ns + HALF)
        bits.append(chip.dout(at_ns + HALF))
        at_ns += 2 * HALF
    return bits, at_ns


def what(chip: SimulatedChip) -> list[str]:
    return [trouble.what for trouble in chip.troubles]


def number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def test_dout_is_high_until_ready_and_again_after_pulse_25():
    chip = chip_with()

    assert [chip.dout(READY - 1), chip.dout(READY)] == [1, 0]
    bits, at_ns = clock(chip, 25, READY + 1000)
    assert number(bits[:24]) == 4116
    assert bits[24] == 1
    assert chip.dout_run(at_ns) == (1, READY + T - 75_000)
    assert [chip.dout(READY + T - 1), chip.dout(READY + T)] == [1, 0]


def test_data_appear_only_after_their_delay():
    chip = chip_with(code=-0x7FFFFF)

    chip.set_sck(1, READY + 1000)

    assert [chip.dout(READY + 1000 + after_ns) for after_ns in (0, 49, 50, 100)] == [0, 0, 1, 1]


def test_unread_conversion_is_replaced_with_75_microseconds_high():
    chip = chip_with()
    levels = {at_ns: chip.dout(at_ns) for at_ns in (READY, READY + T - 75_001, READY + T - 75_000)}
    levels[READY + T - 1] = chip.dout(READY + T - 1)
    levels[READY + T] = chip.dout(READY + T)

    assert list(levels.values()) == [0, 0, 1, 1, 0]


@pytest.mark.parametrize(("pulses", "gain"), [(25, 128), (26, 32), (27, 64)])
def test_number_of_pulses_selects_the_next_gain(pulses, gain):
    asked = []
    chip = SimulatedChip(lambda _, __, g: asked.append(g) or 0, lambda: T, first_ready_ns=READY)

    clock(chip, pulses, READY + 1000)
    chip.advance(READY + T)

    assert asked == [128, gain]
    assert not chip.troubles


def test_28th_pulse_and_clocks_before_ready_are_errors_of_the_reader():
    chip = chip_with()

    early, _ = clock(chip, 2, READY - 100_000)
    clock(chip, 28, READY + 1000)

    assert early == [1, 1]
    assert what(chip) == ["clock while no conversion is ready"] * 2 + ["pulse 28: at most 27 are allowed"]


def test_read_that_meets_an_update_is_noted():
    chip = chip_with()

    clock(chip, 10, READY + 1000)
    chip.advance(READY + T)

    assert what(chip) == ["read of 10 pulses runs into the next conversion"]


@pytest.mark.parametrize(("high_ns", "off"), [(60_000 - 1, False), (60_001, True)])
def test_sck_high_for_60_microseconds_powers_down(high_ns, off):
    chip = chip_with()
    clock(chip, 25, READY + 1000)
    rise = READY + 10_000_000
    chip.set_sck(1, rise)
    chip.set_sck(0, rise + high_ns)

    ready = rise + high_ns + round(4.448 * T) if off else READY + T

    assert [chip.dout(ready - 1), chip.dout(ready)] == [1, 0]


@pytest.mark.parametrize(("keeps", "gain"), [(True, 64), (False, 128)])
def test_gain_after_power_down_follows_the_chosen_edition_of_the_datasheet(keeps, gain):
    asked = []
    chip = SimulatedChip(
        lambda _, __, g: asked.append(g) or 0, lambda: T, first_ready_ns=READY, keeps_gain=keeps
    )
    _, at_ns = clock(chip, 27, READY + 1000)
    chip.set_sck(1, at_ns)
    chip.set_sck(0, at_ns + 100_000)

    chip.advance(at_ns + 5 * T)

    assert asked == [128, gain]


@pytest.mark.parametrize(("counts", "code"), [(9e6, 0x7FFFFF), (-9e6, 0x800000), (-1.4, 0xFFFFFF)])
def test_output_is_rounded_and_clamped(counts, code):
    chip = SimulatedChip(lambda *_: counts, lambda: T, first_ready_ns=READY)

    bits, _ = clock(chip, 24, READY + 1000)

    assert number(bits) == code


def test_tail_follows_a_cold_start_but_not_a_power_down():
    chip = chip_with(code=1000, cold_tail=(900.0, 400.0), first_ready_ns=None)
    seen, at_ns = [], 0
    for n in range(7):
        while chip.dout(at_ns):
            _, at_ns = chip.dout_run(at_ns)
        bits, at_ns = clock(chip, 25, at_ns + 1000)
        seen.append(number(bits[:24]))
        if n == 2:
            chip.set_sck(1, at_ns)
            at_ns += 100_000
            chip.set_sck(0, at_ns)
        if n == 4:
            chip.schedule(ScheduledFault(at_ns, ChipFault.BROWN_OUT))

    assert seen == [1900, 1400, 1000, 1000, 1000, 1900, 1400]


@pytest.mark.parametrize(("fault", "level"), [(ChipFault.UNPLUG, 1), (ChipFault.SHORT_LOW, 0)])
def test_line_faults_come_and_go_on_schedule(fault, level):
    mend = ChipFault.PLUG if fault is ChipFault.UNPLUG else ChipFault.RELEASE
    chip = chip_with(faults=[ScheduledFault(3 * T, fault), ScheduledFault(20 * T, mend)])

    levels = {chip.dout(at_ns) for at_ns in range(3 * T, 20 * T, T // 7)}
    chip.advance(20 * T)
    ready_ns = 20 * T
    while chip.dout(ready_ns):
        _, ready_ns = chip.dout_run(ready_ns)

    assert levels == {level}
    assert number(clock(chip, 24, ready_ns + 1000)[0]) == 4116


def test_lost_clock_and_doubled_clock_shift_the_bits():
    chip = chip_with(code=0b0101_0000_0000_0000_0000_0001)
    chip.schedule(ScheduledFault(READY + 2_500, ChipFault.LOSE_CLOCK))
    lost, _ = clock(chip, 24, READY + 1000)
    chip.advance(READY + T)
    chip.schedule(ScheduledFault(READY + T + 4_500, ChipFault.DOUBLE_CLOCK))
    doubled, _ = clock(chip, 24, READY + T + 1000)

    assert "".join(map(str, lost)) == "001010000000000000000000"
    assert "".join(map(str, doubled)) == "011000000000000000000011"


@pytest.mark.parametrize("pulse", range(1, 25))
def test_interference_turns_one_bit_over_and_no_other(pulse):
    chip = chip_with(code=4116)
    chip.schedule(ScheduledFault(READY, ChipFault.FLIP, pulse))

    bits, _ = clock(chip, 25, READY + 1000)

    assert number(bits[:24]) == 4116 ^ 1 << (24 - pulse)
    assert bits[24] == 1
    assert [struck.fault for struck in chip.struck] == [ChipFault.FLIP]


def test_short_interference_is_over_when_the_line_is_looked_at_again():
    chip = chip_with()
    chip.schedule(ScheduledFault(READY + 5_000, ChipFault.FLIP, lasts_ns=500))

    levels = [chip.dout(READY + at_ns) for at_ns in (4_999, 5_000, 5_499, 5_500)]

    assert levels == [0, 1, 1, 0]
    assert chip.dout_run(READY + 6_000) == (0, READY + T - 75_000)


@pytest.mark.parametrize(
    ("fault", "pulse", "seen"),
    [
        (ChipFault.LOSE_CLOCK, 2, 0b0010_1000_0000_0000_0000_0000),
        (ChipFault.DOUBLE_CLOCK, 24, 0b0101_0000_0000_0000_0000_0001),
        (ChipFault.LOSE_CLOCK, 25, 0b0101_0000_0000_0000_0000_0001),
    ],
)
def test_fault_waits_for_its_pulse_of_a_conversion(fault, pulse, seen):
    chip = chip_with(code=0b0101_0000_0000_0000_0000_0001)
    chip.schedule(ScheduledFault(0, fault, pulse))

    bits, _ = clock(chip, 25, READY + 1000)

    assert number(bits[:24]) == seen
    assert chip.scheduled == 0


@pytest.mark.parametrize(
    ("pulses", "lost", "gain"), [(27, 25, 32), (27, 26, 32), (27, 27, 32), (26, 26, 128), (25, 25, 128)]
)
def test_lost_gain_pulse_chooses_another_input_or_none(pulses, lost, gain):
    """27 pulses want A at 64: with one lost the chip counts 26 and takes B at 32."""
    asked = []
    chip = SimulatedChip(lambda _, __, g: asked.append(g) or 0, lambda: T, first_ready_ns=READY)
    chip.schedule(ScheduledFault(0, ChipFault.LOSE_CLOCK, lost))

    clock(chip, pulses, READY + 1000)
    chip.advance(READY + T)

    assert asked == [128, gain]


def test_reader_of_a_second_chip_reads_ours_away_or_changes_its_gain():
    asked = []
    chip = SimulatedChip(lambda _, __, g: asked.append(g) or 0, lambda: T, first_ready_ns=READY)
    # once while a conversion waits, once after it was read
    chip.schedule(
        ScheduledFault(READY + 10_000, ChipFault.FOREIGN_CLOCKS),
        ScheduledFault(READY + T + 5_000_000, ChipFault.FOREIGN_CLOCKS),
    )

    before, gone = chip.dout(READY + 5_000), chip.dout(READY + 200_000)
    chip.advance(READY + T)
    clock(chip, 25, READY + T + 1000)
    chip.advance(READY + 2 * T)

    assert (before, gone) == (0, 1)
    assert asked == [128, 128, 64]


def test_time_never_goes_back():
    chip = chip_with()
    chip.advance(1000)

    with pytest.raises(ValueError, match="went back"):
        chip.dout(999)


def test_preempted_bit_bang_reader_leaves_the_signature_seen_in_the_field():
    """Gaps of 4.448 periods, corrupt samples before them and nowhere else (141 of 141 on real Pis)."""
    # given a chip whose codes are known, and a reader preempted now and then in either phase of PD_SCK
    chance = random.Random(711)
    truth: list[tuple[int, int]] = []

    def convert(at_ns: int, *_: int) -> float:
        truth.append((at_ns, chance.randrange(-200_000, 200_000) & ~1))
        return truth[-1][1]

    chip = SimulatedChip(convert, lambda: round(chance.gauss(T, 20_000)), first_ready_ns=READY)
    read: list[tuple[int, int]] = []
    preempted_low = reset_reads = 0
    at_ns = 0
    for _ in range(3000):
        while chip.dout(at_ns):
            _, at_ns = chip.dout_run(at_ns)
        ready_ns, bits, troubles = truth[-1][0], [], len(chip.troubles)
        at_ns += 5_000
        for _pulse in range(25):
            chip.set_sck(1, at_ns)
            at_ns += 2_000 + (chance.randrange(70_000, 900_000) if chance.random() < 2e-3 else 0)
            chip.set_sck(0, at_ns)
            bits.append(chip.dout(at_ns))
            slept = chance.random() < 2e-3
            preempted_low += slept
            at_ns += 2_000 + (chance.randrange(50_000, 900_000) if slept else 0)
        code = number(bits[:24])
        reset_reads += any("powered down" in text for text in what(chip)[troubles:])
        read.append((ready_ns, code - (code >> 23 << 24)))

    # when the gaps and the wrong codes are looked up
    real = dict(truth)
    gaps = [(b - a) / T for (a, _), (b, _) in itertools.pairwise(read)]
    before_gap = {i for i, gap in enumerate(gaps) if gap > 1.5}
    corrupt = {i for i, (ready_ns, counts) in enumerate(read[:-1]) if counts != real[ready_ns]}

    # then both tell the same story
    assert reset_reads > 100
    assert preempted_low > 100
    assert abs(len(before_gap) - reset_reads) <= 1
    assert all(4.435 < gaps[i] < 4.465 for i in before_gap)
    assert len(corrupt) > 50
    assert corrupt <= before_gap
