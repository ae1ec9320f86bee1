"""Odd loads judged together: what averages out, what does not, and that the stated U holds."""

import math
import random
import sys
from decimal import Decimal as D
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person import REGISTRY, Person, adds_ten_percent, context, honest, outlook, rounded

from firmware_app.procedures.budget import expanded_of_error
from firmware_app.procedures.context import Pan
from firmware_app.procedures.prompts import ChooseWay, Judged, PutGoods, Way
from firmware_app.procedures.self_check.odd_loads import MOST, OddLoad, average
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.uncertainty.decision import Verdict
from hardware.scale.simulated.display import Plate
from hardware.scale.simulated.physics import MarketScale

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import odd_loads as benchmark

STEP = 5 / math.sqrt(12)
FINE = Pan(max_g=D(30000), calibration="c", outlook=outlook(1e-5))


def loads(*masses, u=0.05, error=0.0):
    return [OddLoad(indication_g=rounded(mass + error), mass_g=D(str(mass)), standard_g=u) for mass in masses]


# ---------------------------------------------------------------------------------------- the mean


@given(mass=st.floats(100, 3000), u=st.floats(0, 2))
def test_of_one_load_it_is_the_budget_of_a_direct_reading(mass, u):
    alone = average(loads(round(mass, 3), u=u), D(5))
    assert alone.expanded_g == expanded_of_error(u, D(5))
    assert alone.noise_g == 0.0


@given(place=st.floats(0, 4.99), intervals=st.lists(st.integers(-50, 50), min_size=2, max_size=6))
def test_loads_that_are_alike_gain_nothing(place, intervals):
    # Packs that differ by whole intervals round alike: their mean is as unsure as each of them.
    alike = loads(*(round(1000 + place + 5 * each, 3) for each in intervals))
    assert average(alike, D(5)).rounding_g == pytest.approx(STEP, rel=1e-6)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_loads_spread_evenly_gain_as_a_finer_display_would(count):
    spread = loads(*(round(1000 + 50 * n + 5 * n / count, 3) for n in range(count)))
    assert average(spread, D(5)).rounding_g == pytest.approx(STEP / count, rel=1e-3)


def test_two_loads_at_known_places():
    # delta = 1.25 g = d/4: (2 d^2/12 + 2 (d^2/12 - 1.25 * 3.75 / 2)) / 4 = 0.911 g^2.
    two = average(loads(1000.0, 1101.25), D(5))
    assert two.rounding_g == pytest.approx(math.sqrt((4 * 25 / 12 - 2 * 1.25 * 3.75 / 2) / 4), abs=1e-9)
    assert two.load_g == D("1050.625") and two.indication_g == D("1050.000")
    assert two.error_g == D("-0.625")


@given(
    st.lists(st.floats(700, 1300), min_size=2, max_size=6),
    st.floats(-6, 6),
    st.randoms(use_true_random=False),
)
def test_the_order_does_not_matter_and_more_is_never_claimed_than_the_zero_allows(masses, error, chance):
    some = loads(*(round(mass, 2) for mass in masses), error=error)
    mean = average(some, D(5))
    chance.shuffle(some)
    again = average(some, D(5))
    assert (again.error_g, again.expanded_g) == (mean.error_g, mean.expanded_g)
    assert mean.expanded_g >= D(repr(2 * STEP)).quantize(D("0.001")) - D("0.001")
    assert mean.rounding_g <= STEP * 1.000001


def test_a_reference_that_cannot_tell_the_places_claims_no_more_than_chance():
    spread = loads(*(1000 + 50 * n + 5 * n / 4 for n in range(4)), u=0.6)
    assert average(spread, D(5)).rounding_g == pytest.approx(STEP / 2)


def test_noise_of_the_scale_is_added():
    quiet = loads(1000.0, 1101.3, 902.6, 1203.9)
    noisy = [
        msgspec.structs.replace(each, indication_g=each.indication_g + off)
        for each, off in zip(quiet, (15, -15, 10, -10), strict=True)
    ]
    assert average(quiet, D(5)).noise_g < 0.5 < 5 < average(noisy, D(5)).noise_g


def test_no_loads_have_no_mean():
    with pytest.raises(ValueError, match="no loads"):
        average([], D(5))


# ------------------------------------------------------------------------------- that U holds


@pytest.mark.parametrize("load", benchmark.LOADS)
@pytest.mark.parametrize("scale", benchmark.SCALES)
def test_the_stated_u_holds_for_every_scale_and_however_odd_the_loads(scale, load):
    visits = 300
    row = benchmark.measure(benchmark.SCALES[scale], benchmark.LOADS[load], visits, seed=7)
    sampling = 3 * math.sqrt(0.95 * 0.05 / visits)
    assert row.covered >= 0.95 - sampling
    if scale.startswith("exact"):
        assert row.accused == 0.0
    if scale in ("exact", "exact, zero within ¼ d", "exact, noise 0.1 d") and load == "odd":
        assert row.conforms >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / visits)
        assert row.loads < 3


# ------------------------------------------------------------------------------------- whole visits


PLATES = {"15 kg": (15000, 5), "30 kg": (30000, 10), "6 kg": (6000, 2), "3 kg": (3000, 1)}


def visit(plate, model, chance):
    """One visit with goods that come as they come: (verdict, loads asked for)."""
    max_g, e = plate

    def shows(mass):
        scale = MarketScale(Plate(max_g=D(max_g), e_g=D(e)), model)
        scale.put(mass, 1.0)
        return scale.at(31.0).grams

    person = Person(SelfCheck.start(context(pan=FINE, seed=chance.getrandbits(32))), shows, Way.GOODS)
    person.odd, person.pan_u = lambda _: chance.random(), 0.05
    person.until(ChooseWay)
    plain = {"max_g": D(max_g), "e_g": D(e), "d_g": D(e), "min_g": D(20 * e)}
    person.visit._state = msgspec.structs.replace(
        person.visit.state, scale=msgspec.structs.replace(REGISTRY.scales[0], **plain)
    )
    judged = person.until(Judged, ticks=2000)
    return judged.result.verdict, len(person.visit.state.attempts)


@pytest.mark.parametrize("plate", PLATES)
def test_an_honest_scale_of_every_size_is_decided(plate):
    chance = random.Random(f"honest {plate}")
    ends = [visit(PLATES[plate], "honest", chance) for _ in range(60)]
    decided = sum(verdict is Verdict.CONFORMS for verdict, _ in ends)
    assert decided >= 57  # 95 %
    assert not any(verdict is Verdict.DOES_NOT_CONFORM for verdict, _ in ends)
    # Two loads near the usual sale and one above the first step do most of the time.
    assert sum(asked for _, asked in ends) / len(ends) <= 3.8


@pytest.mark.parametrize("model", ["multiplier", "nominal_honest", "offset", "base_number"])
def test_a_cheat_is_still_found_and_needs_no_more_loads(model):
    chance = random.Random(model)
    ends = [visit(PLATES["15 kg"], model, chance) for _ in range(10)]
    assert {verdict for verdict, _ in ends} == {Verdict.DOES_NOT_CONFORM}
    assert {asked for _, asked in ends} == {3}


def test_one_more_is_asked_for_only_while_undecided():
    # All goods at one place between two intervals: rounding cannot average out, and after six it ends.
    person = Person(SelfCheck.start(context(pan=FINE)), rounded, Way.GOODS)
    person.until(PutGoods)
    masses = iter([902.4] * 20)

    def step():
        prompt = person.visit.prompt
        if isinstance(prompt, PutGoods):
            person.goods = next(masses) if D(prompt.high_g) < 2500 else 3003.0
            person._figure(person.goods, prompt.source)
        else:
            person.step()

    while not isinstance(person.visit.prompt, Judged):
        step()
    asked = [prompt for prompt in person.prompts if isinstance(prompt, PutGoods) and prompt.problem is None]
    assert len(person.visit.state.attempts) == MOST + 1
    assert [prompt.other for prompt in asked].count(True) >= MOST - 2
    judged = person.visit.prompt
    assert judged.result.verdict is Verdict.UNDECIDED and judged.result.next_step == "more_loads"


def test_a_load_that_says_something_by_itself_is_not_averaged_away():
    # One of the two near the usual sale shows 10 % more: it stands alone and is not made milder.
    count = iter(range(100))
    person = Person(
        SelfCheck.start(context(pan=FINE)),
        lambda mass: adds_ten_percent(mass) if mass < 2000 and next(count) == 0 else honest(mass),
        Way.GOODS,
    )
    judged = person.until(Judged, ticks=2000)
    assert judged.result.verdict is Verdict.DOES_NOT_CONFORM
    assert {load.readings for load in judged.result.loads} == {1}
    assert len(judged.result.loads) == 3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(0, 60))
def test_resume_equals_not_interrupted(seed, cut):
    def played(at):
        chance = random.Random(seed)
        person = Person(SelfCheck.start(context(pan=FINE, seed=seed)), honest, Way.GOODS)
        person.odd = lambda _: chance.random()
        for step in range(2000):
            if isinstance(person.visit.prompt, Judged):
                return person.visit.outcome
            if step == at:
                person.visit = SelfCheck.restore(context(pan=FINE, seed=seed), person.visit.snapshot())
            person.step()
        raise AssertionError("no end")

    assert played(cut) == played(None)
