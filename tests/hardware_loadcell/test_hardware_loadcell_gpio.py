"""The GPIO driver on a simulated chip, through gpiozero pins of a simulated machine, in virtual time."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from firmware_app.weighing.gate import Gate
from hardware.loadcell import gpio
from hardware.loadcell.clock import SECOND, VirtualClock
from hardware.loadcell.contract import BadOption, DriverUnavailable, Fault, LoadCellError, Sample
from hardware.loadcell.gpio_fitness import WINDOW, Fitness
from hardware.loadcell.gpio_pins import GpioPins
from hardware.loadcell.gpiozero_fake import Bench, ChipFactory, Costs, Moment
from hardware.loadcell.simulated_chip import COLD_TAIL_COUNTS, ChipFault, ScheduledFault, SimulatedChip

PERIOD = {10: 95_200_000, 80: 12_191_400}
NEAR_NS = 1_000
US, MS = 1_000, 1_000_000
RESTART = 4.448
SCK, DOUT = 13, 6


def proven() -> Fitness:
    """A machine that was tried and found fast enough."""
    fitness = Fitness()
    for _ in range(WINDOW):
        fitness.note(9 * US)
    return fitness


class Rig:
    """A chip whose n-th conversion reads ``value(n)``, the fake machine and the driver on it."""

    def __init__(self, *, value=None, options=None, costs=None, meddle=None, fitness=None, **chip) -> None:
        self.options = gpio.GpioOptions(realtime=False, **(options or {}))
        self.period_ns = PERIOD[self.options.rate_hz]
        self.clock = VirtualClock()
        self.truth: list[tuple[int, int, int]] = []
        self._value = value or (lambda number: 1000 * number - 400_000)
        self.chip = SimulatedChip(self._convert, lambda: self.period_ns, **chip)
        self.bench = Bench(self.chip, self.clock, clock_gpio=SCK, data_gpio=DOUT, costs=costs, meddle=meddle)
        self.factory = ChipFactory(self.bench)
        self.pins = GpioPins(self.factory, SCK, DOUT, self.clock, self.bench)
        self.driver = gpio.GpioLoadCell(self.pins, self.clock, self.options, fitness=fitness or proven())

    def _convert(self, at_ns: int, _period: int, gain: int) -> float:
        counts = self._value(len(self.truth)) * gain // 128
        self.truth.append((at_ns, counts, gain))
        return counts

    def real(self, sample) -> tuple[int, int, int]:
        """The conversion that became ready when the sample says so."""
        at_ns, counts, gain = min(self.truth, key=lambda conversion: abs(conversion[0] - sample.at_ns))
        assert abs(at_ns - sample.at_ns) < NEAR_NS
        return at_ns, counts, gain

    def read(self, number: int) -> list[Sample]:
        """The next samples; none may take a second."""
        samples = []
        for _ in range(number):
            begun_ns = self.clock.now_ns()
            samples.append(self.driver.read())
            assert self.clock.now_ns() - begun_ns < SECOND
        return samples

    def fault(self, fault: ChipFault, after_ns: int = 0) -> None:
        self.chip.schedule(ScheduledFault(self.clock.now_ns() + after_ns, fault))

    def no_wrong_value(self, samples) -> list[Sample]:
        """The samples that are given out as sound, each of which must be its own conversion."""
        sound = [sample for sample in samples if not sample.faults]
        for sample in sound:
            assert sample.counts == self.real(sample)[1], sample
        return sound


LIVE = range(84_000, 84_013)


def live(number: int) -> int:
    """Counts with some noise: the gate takes the same code again and again for a dead bridge."""
    return LIVE[number * 7 % len(LIVE)]


def past_the_gate(samples, rate_hz) -> list[float]:
    """The counts that are weighed in the end."""
    gate = Gate(rate_hz)
    return [event.counts for sample in samples for event in gate.feed(sample) if isinstance(event, Sample)]


class Once:
    """Pushes the program aside once: at the ``number``-th of a moment from when it is armed."""

    def __init__(self, moment: Moment, pause_ns: int, number: int) -> None:
        self.moment, self.pause_ns, self.left = moment, pause_ns, number
        self.armed = self.struck = False

    def __call__(self, moment: Moment, _at_ns: int) -> int:
        if not self.armed or self.struck or moment is not self.moment:
            return 0
        self.left -= 1
        self.struck = self.left < 0
        return self.pause_ns if self.struck else 0


# ------------------------------------------------------------------------------------- the ordinary read


@pytest.mark.parametrize("gain", [128, 64, 32])
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_every_conversion_is_read_once_and_timed_to_the_microsecond(rate_hz, gain):
    rig = Rig(options={"rate_hz": rate_hz, "gain": gain})

    samples = rig.read(120)

    # the first five after opening are flagged, as a power-up cannot be told from it
    assert [sample.faults for sample in samples] == [(Fault.SETTLING,)] * 5 + [()] * 115
    conversions = [rig.real(sample) for sample in samples]
    assert [sample.counts for sample in samples] == [counts for _, counts, _ in conversions]
    assert {of for *_, of in conversions[1:]} == {gain}
    first = rig.truth.index(conversions[0])
    assert conversions == rig.truth[first : first + 120]
    assert not rig.chip.troubles


@pytest.mark.parametrize(("gain", "pulses"), [(128, 25), (32, 26), (64, 27)])
def test_gain_is_said_by_the_number_of_pulses(gain, pulses):
    rig = Rig(options={"gain": gain})
    rig.read(10)
    before = rig.bench.pulses

    rig.read(10)

    assert rig.bench.pulses - before == 10 * pulses


@pytest.mark.parametrize("counts", [0, -1, 1, 8_388_606, -8_388_607])
def test_no_true_value_is_taken_for_a_fault(counts):
    sample = Rig(value=lambda _: counts).read(8)[-1]

    assert (sample.counts, sample.faults) == (counts, ())


@pytest.mark.parametrize(("counts", "fault"), [(8_388_607, Fault.OVERLOAD), (-8_388_608, Fault.UNDERLOAD)])
def test_saturation_is_a_fault_and_no_number(counts, fault):
    samples = Rig(value=lambda _: counts).read(10)

    assert {sample.counts for sample in samples} == {None}
    assert all(fault in sample.faults for sample in samples)


def test_cold_tail_is_flagged_and_never_given_out():
    rig = Rig(value=lambda _: 84_000, cold_tail=COLD_TAIL_COUNTS[:5])

    samples = rig.read(20)

    assert samples[0].counts == 84_915
    assert {(sample.counts, sample.faults) for sample in samples[5:]} == {(84_000, ())}


# ------------------------------------------------------------------------------------------- slow machines

SLOW = {
    "80 µs pair, 40 µs high": Costs(before_ns=30 * US, after_ns=10 * US, look_ns=0),
    "120 µs pair": Costs(before_ns=5 * US, after_ns=40 * US, look_ns=30 * US),
    "250 µs pair, mostly the look": Costs(before_ns=20 * US, after_ns=25 * US, look_ns=160 * US),
}


@pytest.mark.parametrize("costs", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_a_short_high_phase_is_taken_however_slow_the_pair(costs, rate_hz):
    rig = Rig(costs=costs, options={"rate_hz": rate_hz})

    samples = rig.read(60)

    assert len(rig.no_wrong_value(samples)) == 55
    assert not rig.chip.troubles
    assert all(count <= 2 for count in Counter(sample.at_ns for sample in samples).values())


@pytest.mark.parametrize("rate_hz", [10, 80])
@pytest.mark.parametrize(("before_us", "after_us"), [(40, 25), (100, 25), (10, 52)])
def test_too_long_a_high_phase_is_refused_every_time_and_said_at_the_start(rate_hz, before_us, after_us):
    costs = Costs(before_ns=before_us * US, after_ns=after_us * US)
    rig = Rig(costs=costs, options={"rate_hz": rate_hz}, fitness=Fitness())

    assert "too slow" in rig.driver.unfit and f"{before_us + after_us}.0 µs" in rig.driver.unfit
    samples = rig.read(30)

    assert {sample.counts for sample in samples} == {None}
    assert all(Fault.SLOW_CLOCK in sample.faults for sample in samples)


def test_burst_longer_than_a_period_is_a_stated_fault_within_a_second():
    rig = Rig(costs=Costs(before_ns=10 * US, after_ns=10 * US, look_ns=600 * US), fitness=Fitness())

    samples = rig.read(3)

    assert {(sample.counts, sample.faults) for sample in samples} == {(None, (Fault.SLOW_CLOCK,))}


# ------------------------------------------------------------------------------------------- preemption

PAUSES = [50 * US, 61 * US, 100 * US, 1 * MS, 10 * MS]


def pushed_aside(moment, pause_ns, number, rate_hz, gain, keeps_gain) -> None:
    """One pause at the ``number``-th such moment of a read; codes end in ones as well as in zeros."""
    once = Once(moment, pause_ns, number)
    rig = Rig(
        options={"rate_hz": rate_hz, "gain": gain},
        meddle=once,
        keeps_gain=keeps_gain,
        value=lambda n: (84_000, 84_001, -1, 0x2AAAAA, 0x7FFFF)[n % 5],
    )
    rig.read(7 + number % 3)
    once.armed = True

    samples = rig.read(15)

    # what is given out is right, the damage is stated, and it is soon over
    sound = rig.no_wrong_value(samples)
    assert once.struck
    assert all(not sample.faults for sample in samples[-4:]), samples
    assert len(sound) >= 8


@pytest.mark.parametrize("pause_ns", PAUSES)
@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize(("rate_hz", "gain", "keeps_gain"), [(80, 128, True), (80, 64, False)])
def test_one_pause_on_any_edge_never_lets_a_wrong_value_out(rate_hz, gain, keeps_gain, moment, pause_ns):
    for number in (0, 12, 23, 24):
        pushed_aside(moment, pause_ns, number, rate_hz, gain, keeps_gain)


@pytest.mark.slow
@pytest.mark.parametrize("pause_ns", PAUSES)
@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("keeps_gain", [True, False])
@pytest.mark.parametrize("gain", [128, 64, 32])
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_one_pause_on_each_edge_of_a_read(rate_hz, gain, keeps_gain, moment, pause_ns):
    for number in range(25):
        pushed_aside(moment, pause_ns, number, rate_hz, gain, keeps_gain)


def in_a_crowd(seed, costs, reads) -> tuple[Rig, list[Sample], int]:
    """A machine that is pushed aside at any edge, for 50 µs to 10 ms, about once in ten reads; the pauses."""
    chance = random.Random(seed)
    pauses = []

    def crowd(_moment, _at_ns):
        if chance.random() < 0.0007:
            pauses.append(round(10 ** chance.uniform(4.7, 7)))
            return pauses[-1]
        return 0

    rig = Rig(meddle=crowd, costs=costs, value=lambda n: (n * 7919) % 8_000_000 - 4_000_000)
    return rig, rig.read(reads), len(pauses)


def restarts(rig) -> int:
    """How often PD_SCK was high for so long that the chip powered down."""
    return sum("powered down" in trouble.what for trouble in rig.chip.troubles)


ALLOWED = {Fault.SETTLING, Fault.SLOW_CLOCK, Fault.BAD_TRANSFER, Fault.RESET}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("costs", [Costs(), SLOW["80 µs pair, 40 µs high"]], ids=["fast", "slow"])
def test_a_crowded_machine_gives_every_value_right_or_not_at_all(seed, costs):
    rig, samples, _ = in_a_crowd(seed, costs, 300)

    # no value given out is wrong, although the chip was restarted again and again
    assert restarts(rig)
    assert len(rig.no_wrong_value(samples)) > 180
    assert {fault for sample in samples for fault in sample.faults} <= ALLOWED


@pytest.mark.slow
@pytest.mark.parametrize("costs", [Costs(), SLOW["80 µs pair, 40 µs high"]], ids=["fast", "slow"])
def test_twenty_thousand_reads_of_a_crowded_machine(costs):
    """Prints the figures of hardware/docs/loadcell.md (pytest -s)."""
    told = pushed = restarted = given_out = 0
    for seed in range(20):
        rig, samples, pauses = in_a_crowd(100 + seed, costs, 1000)
        given_out += len(rig.no_wrong_value(samples))
        told += sum(bool(sample.faults) for sample in samples)
        pushed, restarted = pushed + pauses, restarted + restarts(rig)
    print(f"{pushed} pauses, {restarted} restarts, {given_out} given out, {told} with a fault, 0 wrong")
    assert given_out + told == 20_000
    assert restarted > 200


def test_pause_inside_the_call_that_rises_is_not_missed():
    """The clock read after the rise comes too late to see it: the chip is gone, all further bits are ones."""
    once = Once(Moment.AFTER_RISE, 200 * US, 20)
    rig = Rig(meddle=once, value=lambda _: 84_000)
    rig.read(10)
    once.armed = True

    hit, after, *_ = rig.read(3)

    assert (hit.counts, hit.faults) == (None, (Fault.RESET,))
    # the signature of a restart by the clock, and no settling after it
    assert (after.at_ns - hit.at_ns) / rig.period_ns == pytest.approx(RESTART, abs=0.1)
    assert (after.counts, after.faults) == (84_000, ())


def test_a_long_restart_by_the_clock_is_a_power_up():
    """That nothing trails is known of restarts of 4.448 periods only; this chip was off for a second."""
    once = Once(Moment.BEFORE_FALL, SECOND, 12)
    rig = Rig(meddle=once, value=lambda _: 84_000)
    rig.read(10)
    once.armed = True
    hit = rig.driver.read()

    after = rig.read(6)

    assert Fault.SLOW_CLOCK in hit.faults
    assert [sample.faults for sample in after] == [(Fault.SETTLING,)] * 5 + [()]


def test_restart_by_the_clock_is_told_at_once_and_costs_one_sample():
    once = Once(Moment.BEFORE_FALL, 100 * US, 12)
    rig = Rig(meddle=once, value=lambda _: 84_000)
    rig.read(10)
    once.armed = True

    hit, after = rig.read(2)

    assert (hit.counts, hit.faults) == (None, (Fault.SLOW_CLOCK,))
    assert (after.at_ns - hit.at_ns) / rig.period_ns == pytest.approx(RESTART, abs=0.1)
    assert (after.counts, after.faults) == (84_000, ())


@pytest.mark.parametrize("keeps_gain", [True, False])
def test_restart_at_another_gain_settles_anew(keeps_gain):
    """After it the chip may convert at gain 128 (older datasheet), so two conversions are not trusted."""
    once = Once(Moment.BEFORE_FALL, 100 * US, 25)
    rig = Rig(options={"gain": 64}, meddle=once, value=lambda _: 84_000, keeps_gain=keeps_gain)
    rig.read(10)
    once.armed = True

    hit, *after = rig.read(6)

    assert hit.faults == (Fault.SLOW_CLOCK,)
    assert [sample.faults for sample in after[:2]] == [(Fault.SETTLING,)] * 2
    assert {(sample.counts, sample.faults) for sample in after[2:]} == {(42_000, ())}


@pytest.mark.parametrize("periods", [3, 8, 40])
def test_a_caller_that_was_away_gets_the_newest_conversion_and_no_false_alarm(periods):
    rig = Rig()
    rig.read(20)

    rig.bench.pass_time(periods * rig.period_ns)
    samples = rig.read(10)

    assert len(rig.no_wrong_value(samples)) == 10
    assert samples[0].at_ns > rig.truth[20 + periods - 2][0]


@pytest.mark.parametrize(
    ("told_hz", "real_hz", "said"), [(10, 80, Fault.BAD_TRANSFER), (80, 10, Fault.SETTLING)]
)
def test_a_rate_pin_that_contradicts_the_configuration_releases_nothing(told_hz, real_hz, said):
    rig = Rig(options={"rate_hz": told_hz})
    rig.period_ns = PERIOD[real_hz]

    samples = rig.read(40)

    assert all(sample.faults for sample in samples)
    assert Counter(fault for sample in samples for fault in sample.faults)[said] > 30


@pytest.mark.parametrize("faster", [1.17, 1 / 1.17])
def test_an_oscillator_that_changes_its_speed_is_followed(faster):
    rig = Rig()
    rig.read(20)
    rig.period_ns = round(rig.period_ns / faster)

    samples = rig.read(40)

    assert len(rig.no_wrong_value(samples)) == 40


# --------------------------------------------------------------------------------------- cable and supply


@pytest.mark.parametrize(
    ("fault", "said"),
    [(ChipFault.UNPLUG, Fault.DISCONNECTED), (ChipFault.SHORT_LOW, Fault.NOT_A_CHIP)],
)
@pytest.mark.parametrize("rate_hz", [10, 80])
def test_dead_line_is_named_within_a_second_again_and_again(fault, said, rate_hz):
    rig = Rig(options={"rate_hz": rate_hz}, faults=[ScheduledFault(0, fault)])

    assert {(sample.counts, sample.faults) for sample in rig.read(3)} == {(None, (said,))}
    assert not rig.bench.pulses


@pytest.mark.parametrize("rate_hz", [10, 80])
@pytest.mark.parametrize("after", [0.001, 0.01, 0.04, 0.5, 0.99])
def test_plug_pulled_and_put_in_again(rate_hz, after):
    rig = Rig(options={"rate_hz": rate_hz}, value=live, cold_tail=(900.0, 900.0, 400.0, 60.0))
    samples = rig.read(20)

    rig.fault(ChipFault.UNPLUG, int(after * rig.period_ns))
    pulled_ns = rig.clock.now_ns()
    while Fault.DISCONNECTED not in (sample := rig.read(1)[0]).faults:
        samples.append(sample)
    assert sample.at_ns - pulled_ns < SECOND + rig.period_ns
    samples += [sample, *rig.read(2)]
    rig.fault(ChipFault.PLUG)
    again = rig.read(12)

    # then the first conversions after it are settling, and no wrong one passes the gate
    back = [sample for sample in again if Fault.DISCONNECTED not in sample.faults]
    assert [sample.faults for sample in back[:5]] == [(Fault.SETTLING,)] * 5
    assert {sample.faults for sample in back[5:]} == {()}
    released = past_the_gate(samples + again, rate_hz)
    assert set(released) <= set(LIVE) and len(released) > 12


@pytest.mark.parametrize("rate_hz", [10, 80])
@pytest.mark.parametrize("after", [0.001, 0.4, 0.97])
def test_brown_out_starts_the_settling_anew(rate_hz, after):
    rig = Rig(options={"rate_hz": rate_hz}, value=live, cold_tail=COLD_TAIL_COUNTS[:5])
    before = rig.read(20)
    rig.fault(ChipFault.BROWN_OUT, int(after * rig.period_ns))

    samples = rig.read(20)

    # a supply that fails inside a read leaves ones behind, as it does on any driver: the gap tells the gate
    released = past_the_gate(before + samples, rate_hz)
    assert set(released) <= set(LIVE)
    assert sum(Fault.SETTLING in sample.faults for sample in samples) == 5
    assert len(released) >= 14


def test_a_clock_wire_that_is_off_is_a_bad_transfer_each_time():
    rig = Rig()
    rig.bench.clock_gpio = 21

    assert {(sample.counts, sample.faults) for sample in rig.read(10)} == {(None, (Fault.BAD_TRANSFER,))}


@pytest.mark.parametrize("after_ns", [100 * US, 3 * MS])
def test_line_shorted_while_running_gives_no_count(after_ns):
    rig = Rig()
    rig.read(20)
    rig.fault(ChipFault.SHORT_LOW, after_ns)

    samples = rig.read(4)

    assert {sample.counts for sample in samples} == {None}
    assert samples[-1].faults == (Fault.NOT_A_CHIP,)


@pytest.mark.parametrize(
    ("rate_hz", "flip_us", "reads"),
    [
        *((80, 7, 20), (80, 40, 60), (80, 250, 150), (80, 1_000, 150), (80, 10_000, 150)),
        *((10, 40, 10), (10, 3_000, 150), (10, 10_000, 150), (10, 40_000, 60)),
    ],
)
def test_floating_line_gives_no_count_that_could_be_weighed(rate_hz, flip_us, reads):
    rig = Rig(options={"rate_hz": rate_hz}, value=lambda n: 80_000 + n)
    rig.chip.FLOAT_FLIP_NS = flip_us * US
    samples = rig.read(20)
    rig.fault(ChipFault.FLOAT)

    samples += rig.read(reads)

    # a line that hangs in the air flips on its own: what passes one check does not pass the next
    assert set(past_the_gate(samples, rate_hz)) <= {80_000 + n for n in range(25)}


# ------------------------------------------------------------------------------------------------ clocks


class Striking:
    """Schedules ``fault`` just before one pulse of the next read."""

    def __init__(self, fault: ChipFault, pulse: int) -> None:
        self.fault, self.left, self.rig = fault, pulse, None

    def __call__(self, moment: Moment, at_ns: int) -> int:
        if self.rig is not None and moment is Moment.BEFORE_RISE:
            if self.left == 0:
                self.rig.chip.schedule(ScheduledFault(at_ns + 1, self.fault))
            self.left -= 1
        return 0


@pytest.mark.parametrize("pulse", range(24))
@pytest.mark.parametrize("gain", [128, 64, 32])
def test_lost_clock_inside_an_even_code_is_seen_and_the_gain_not_trusted(gain, pulse):
    striking = Striking(ChipFault.LOSE_CLOCK, pulse)
    rig = Rig(value=lambda _: 4116 * 128 // gain, options={"gain": gain}, meddle=striking)
    rig.read(20)
    striking.rig = rig

    hit, *after = rig.read(8)

    assert (hit.counts, hit.faults) == (None, (Fault.BAD_TRANSFER,))
    assert [sample.faults for sample in after[:2]] == [(Fault.SETTLING,)] * 2
    assert {(sample.counts, sample.faults) for sample in after[2:]} == {(4116, ())}


@pytest.mark.parametrize("fault", [ChipFault.LOSE_CLOCK, ChipFault.DOUBLE_CLOCK])
@pytest.mark.parametrize("pulse", [0, 12, 23, 24])
@pytest.mark.parametrize("gain", [128, 64])
def test_one_struck_pulse_spoils_two_conversions_at_most(fault, pulse, gain):
    """What the wires cannot tell (see the driver's page) is over with the next burst."""
    striking = Striking(fault, pulse)
    rig = Rig(value=lambda _: 84_002, options={"gain": gain}, meddle=striking)
    rig.read(20)
    striking.rig = rig

    samples = rig.read(10)

    assert all(sample.counts == 84_002 * gain // 128 for sample in samples[2:])
    assert not samples[9].faults


# ------------------------------------------------------------------------------------------------ fitness


def test_the_start_says_in_figures_that_the_machine_is_fast_enough_and_moves_no_clock():
    rig = Rig(fitness=Fitness())

    assert rig.driver.unfit == ""
    assert rig.bench.pulses == 0 and not rig.chip.troubles
    (words,) = rig.driver.diagnosis()
    assert words.startswith("gpio: this machine is fast enough: 0 of 878 reads")
    assert "typically 8.0 µs, at most 8.0 µs" in words


def test_the_trial_ends_in_time_and_the_reads_go_on_with_it():
    """A pair of 250 µs gives too few reads in two seconds; the rest of the proof comes from real ones."""
    rig = Rig(costs=SLOW["250 µs pair, mostly the look"], fitness=Fitness())

    assert rig.clock.now_ns() < 2.1 * SECOND
    assert "not yet shown to be fast enough (0 of" in rig.driver.unfit

    for _ in range(WINDOW):
        if not rig.driver.unfit:
            break
        rig.read(1)
    assert rig.driver.unfit == ""


def test_a_machine_that_becomes_slow_becomes_unfit_and_is_believed_again_only_when_proven():
    busy = {"on": False}

    def meddle(moment, _at_ns):
        return 80 * US if busy["on"] and moment is Moment.BEFORE_FALL else 0

    rig = Rig(meddle=meddle)
    rig.read(10)
    assert rig.driver.unfit == ""

    busy["on"] = True
    rig.read(6)
    assert rig.driver.unfit == ""
    rig.read(1)
    assert "gpio: this machine is too slow (7 of 878 reads" in rig.driver.unfit
    assert "driver spi" in rig.driver.unfit

    busy["on"] = False
    rig.read(WINDOW - 1)
    assert rig.driver.unfit
    rig.read(20)
    assert rig.driver.unfit == ""


@pytest.mark.parametrize(
    ("slow", "of", "fit_before", "fit_after"),
    [
        (0, 877, False, False),
        (0, 878, False, True),
        (1, 878, False, False),
        (6, 878, True, True),
        (7, 878, True, False),
    ],
)
def test_fit_and_unfit_are_both_proven(slow, of, fit_before, fit_after):
    fitness = proven() if fit_before else Fitness()

    for number in range(of):
        fitness.note(51 * US if number < slow else 50 * US)

    assert (not fitness.unfit) is fit_after


# --------------------------------------------------------------------------------------- opening, closing


def test_close_leaves_the_clock_low_and_the_pins_free():
    rig = Rig()
    with rig.driver as cell:
        cell.read()
    cell.close()

    rig.bench.pass_time(SECOND)
    assert not rig.chip.troubles
    with pytest.raises(LoadCellError, match="closed"):
        cell.read()
    # the very pins can be had again
    GpioPins(rig.factory, SCK, DOUT, rig.clock, rig.bench).close()


def test_pin_that_somebody_else_has_is_said():
    rig = Rig()

    with pytest.raises(DriverUnavailable, match=r"the pins cannot be had: .*GPIO13.*in use"):
        GpioPins(rig.factory, 5, SCK, rig.clock, rig.bench)
    # and what was free before is free again
    GpioPins(rig.factory, 5, 7, rig.clock, rig.bench).close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clock": 1}, "did you mean 'clock_gpio'"),
        ({"clock_gpio": 28}, "clock_gpio.*<= 27"),
        ({"clock_gpio": 6}, "both 6"),
        ({"gain": 100}, "gain: is none of"),
        ({"rate_hz": "eighty"}, "rate_hz"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(options, words):
    for refuse in (gpio.open_driver, gpio.check_options):
        with pytest.raises(BadOption, match=words):
            refuse(options)
