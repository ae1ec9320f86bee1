"""Which goods are asked for: as light as the budget of the scale and of the pan lets them be."""

from decimal import Decimal as D

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person import COARSE, PAN, REGISTRY, WEIGHTS, Person, context, honest, outlook

from firmware_app.procedures.budget import choose, expanded_of_error, expected, limit_between, tells_honest
from firmware_app.procedures.context import Pan
from firmware_app.procedures.prompts import ChooseWay, Judged, Way
from firmware_app.procedures.self_check.plan import plan_goods
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.quantity import Estimate
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.substitution import Way as How

SCALE = REGISTRY.find("12").scales[0]
FINE = Pan(max_g=D(15000), calibration="c", outlook=outlook(1e-5))


def scale(**changes):
    return msgspec.structs.replace(SCALE, **{name: D(value) for name, value in changes.items()})


def ends(pan=FINE, of=SCALE, **changes):
    plan = plan_goods(context(pan=pan, **changes), of)
    return sorted((int(load.low_g), int(load.high_g), load.group) for load in plan)


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        # d = e: rounding alone is ± d/2 and its U 0.82 d, and the limit below the first step is one e.
        (SCALE, [(700, 1300, 1)] * 2 + [(2510, 5000, 0)]),
        (scale(max_g=30000, min_g=200, e_g=10, d_g=10), [(1400, 2600, 1)] * 2 + [(5020, 10000, 0)]),
        (scale(max_g=6000, min_g=40, e_g=2, d_g=2), [(280, 520, 1)] * 2 + [(1004, 2000, 0)]),
        # What this trader usually sells is known: small bags, or large ones beyond the first step.
        (scale(usual_g=300), [(210, 390, 1)] * 2 + [(2510, 5000, 0)]),
        (scale(usual_g=150), [(200, 300, 1)] * 2 + [(2510, 5000, 0)]),
        (scale(usual_g=2400), [(1680, 2490, 1)] * 2 + [(2510, 5000, 0)]),
        # d < e: the display is finer than the limit, and one load by itself can be judged.
        (scale(d_g=1), [(700, 1300, 0), (1300, 2498, 0), (2502, 5000, 0)]),
        (scale(d_g=2), [(700, 1300, 0), (1300, 2496, 0), (2504, 5000, 0)]),
    ],
)
def test_goods_reach_the_usual_sale_and_beyond_the_first_step(of, wanted):
    assert ends(of=of) == wanted


@pytest.mark.parametrize(
    ("load", "u", "d", "limit", "tells"),
    [
        (1000, 0.0, 5, 5, False),  # not even with a perfect reference
        (1000, 0.07, 5, 5, False),
        (2600, 0.17, 5, 10, True),
        (2600, 1.67, 5, 10, True),  # a reference of a third of the limit
        (500, 0.03, 1, 5, True),
    ],
)
def test_what_an_exact_scale_needs(load, u, d, limit, tells):
    assert limit_between(context(), SCALE, D(load), D(load)) == limit
    assert tells_honest(u, D(d), D(limit)) is tells


def test_of_the_uncertainty_of_an_error_nearly_all_is_the_scales_own_rounding():
    alone = expanded_of_error(0.0, D(5))
    for load in (200, 1000, 2500, 5000):
        with_pan = expanded_of_error(FINE.outlook.direct(load).standard, D(5))
        assert alone == D("4.083") and 0 <= with_pan - alone <= D("0.06")


@pytest.mark.parametrize(
    ("pan_max", "wanted"),
    [
        (15000, [(700, 1300, 1)] * 2 + [(2510, 5000, 0)]),
        (4500, [(700, 1300, 1)] * 2 + [(2510, 4275, 0)]),
        (2000, [(700, 1300, 1)] * 3),
        (1000, [(700, 950, 1)] * 3),
        (500, []),
    ],
)
def test_no_more_is_asked_for_than_the_pan_can_bear(pan_max, wanted):
    assert ends(Pan(max_g=D(pan_max), calibration="c", outlook=outlook(1e-5))) == wanted


@given(
    e=st.sampled_from([1, 2, 5, 10, 20]),
    n=st.sampled_from([1000, 1500, 3000, 6000]),
    usual=st.none() | st.integers(1, 40_000),
    finer=st.sampled_from([1, 2, 5]),
    pan_max=st.integers(500, 60_000),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_scale_and_the_sale_the_ranges_make_sense(e, n, usual, finer, pan_max):
    of = scale(max_g=n * e, min_g=20 * e, e_g=e, d_g=D(e) / finer)
    of = msgspec.structs.replace(of, usual_g=None if usual is None else D(usual))
    pan = Pan(max_g=D(pan_max), calibration="c", outlook=outlook(1e-5))
    plan = plan_goods(context(pan=pan), of)
    assert len(plan) <= 3 and [load.number for load in plan] == list(range(1, len(plan) + 1))
    assert len([load for load in plan if load.group]) != 1
    for load in plan:
        assert 2 * of.min_g <= load.low_g < load.high_g <= min(of.max_g, pan.max_g)
        assert load.low_g % of.d_g == load.high_g % of.d_g == 0
        # On one side of every MPE step: it is known which limit is theirs.
        assert not any(load.low_g <= step * e < load.high_g for step in (500, 2000))


@pytest.mark.parametrize(
    ("relative", "weights", "way"),
    [
        (1e-5, WEIGHTS, How.DIRECT),
        (1e-5, (), How.DIRECT),
        (1e-3, WEIGHTS, How.SUBSTITUTE),
        (1e-3, (), How.NEITHER),
        (2e-2, WEIGHTS, How.NEITHER),
    ],
)
def test_a_weight_beside_the_goods_only_where_it_helps(relative, weights, way):
    pan = Pan(max_g=D(15000), calibration="c", outlook=outlook(relative))
    chosen = expected(context(pan=pan, weights=weights), D(3300), D(10))
    assert chosen.way is way
    assert (chosen.expanded_g <= D(10) / 3) is (way is not How.NEITHER)
    assert bool(chosen.pieces) is (way is How.SUBSTITUTE)


def test_as_few_weights_as_do():
    # 2.2 kg lies within a fifth of 2 kg; 2.7 kg of no single weight of the drawer.
    around = context(pan=COARSE)
    for load, pieces in ((2200.0, [2000]), (2700.0, [2000, 500])):
        chosen = choose(around, Estimate(load, load * 1e-3 * 2), D(10))
        assert chosen.way is How.SUBSTITUTE
        nominal = sum(piece.nominal_g for piece in chosen.pieces)
        assert len(chosen.pieces) == len(pieces) and abs(nominal - D(load)) <= nominal / 5


def test_only_ranges_that_the_pan_can_weigh_are_asked_for():
    # Of this drawer only 2 kg can stand beside goods, from 1.6 kg to 2.4 kg.
    two = tuple(
        msgspec.structs.replace(each, pieces=tuple(p for p in each.pieces if p.nominal_g == 2000)[:1])
        for each in WEIGHTS
    )
    fine_display = scale(d_g=1)
    assert len(plan_goods(context(pan=COARSE, weights=two), fine_display)) < 3
    person = Person(SelfCheck.start(context(pan=COARSE, weights=())), honest, Way.GOODS)
    assert person.until(ChooseWay).ways[1].why_not == "pan_too_coarse"


def test_of_a_pan_of_which_nothing_is_known_only_the_reading_decides():
    assert expected(context(pan=PAN), D(3300), D(10)).way is How.DIRECT
    assert len(plan_goods(context(pan=PAN), SCALE)) == 3


@pytest.mark.parametrize("seed", range(10))
def test_a_scale_with_a_finer_display_is_judged_by_small_goods(seed):
    fine = scale(d_g=1)
    person = Person(SelfCheck.start(context(pan=FINE, seed=seed)), lambda mass: D(round(mass)), Way.GOODS)
    person.until(ChooseWay)
    person.visit._state = msgspec.structs.replace(person.visit.state, scale=fine)
    judged = person.until(Judged)
    assert judged.result.verdict is Verdict.CONFORMS
    assert min(float(load.load_g) for load in judged.result.loads) < 1800
