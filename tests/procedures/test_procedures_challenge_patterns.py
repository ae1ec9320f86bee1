"""The patterns: what each sees, what none sees in an honest scale, and how often an honest one is wronged."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import challenge_honest as market  # type: ignore[import-not-found]  # benchmarks/challenge_honest.py

from firmware_app.procedures.challenge.honest import (
    CORNER,
    GRAVITY_DOWN,
    GRAVITY_UP,
    TREMBLE_E,
    WEAR_E,
    Changes,
    Loads,
    most_change_g,
    most_g,
)
from firmware_app.procedures.challenge.patterns import (
    FALSE_ACCUSATION,
    SMALLEST_P,
    Pattern,
    allowed_for,
    changes,
    fits,
    shapes,
)
from hardware.scale.simulated.models import normal_gravity

GOODS = np.array([260.0, 560.0, 980.0, 1700.0, 4100.0])
WEIGHTS = np.array([1000.0, 2500.0])
LOAD = np.concatenate([GOODS, WEIGHTS])
IS_GOODS = np.array([True] * 5 + [False] * 2)


def loads(error_of, load=LOAD, goods=IS_GOODS, e=5.0, u=0.1):
    like = np.full_like(load, e)
    limit = e * np.where(load <= 500 * e, 1.0, 2.0)
    return Loads(load, np.full_like(load, u), load + error_of(load, goods), limit, like, like, goods)


def named(seen_in: Loads) -> Pattern:
    left = fits(seen_in)
    return min(left, key=lambda pattern: left[pattern])


# name, error of a load, the shape that must be named
SHAPES = [
    ("ratio +10 %", lambda m, g: 0.1 * m, Pattern.RATIO),
    ("ratio -5 %", lambda m, g: -0.05 * m, Pattern.RATIO),
    ("offset +50 g", lambda m, g: 50 + 0 * m, Pattern.OFFSET),
    ("+60 g from 600 g up", lambda m, g: np.where(m >= 600, 60.0, 0.0), Pattern.THRESHOLD),
    ("+10 % from 600 g up", lambda m, g: np.where(m >= 600, 0.1 * m, 0.0), Pattern.THRESHOLD),
    ("+10 %, weights true", lambda m, g: np.where(g, 0.1 * m, 0.0), Pattern.NOMINAL),
    ("+60 g, weights true", lambda m, g: np.where(g, 60.0, 0.0), Pattern.NOMINAL),
]


@pytest.mark.parametrize(("name", "error", "pattern"), SHAPES, ids=[name for name, *_ in SHAPES])
def test_each_shape_is_seen_and_named(name, error, pattern):
    seen_in = loads(error)
    assert named(seen_in) is pattern
    assert allowed_for(shapes(seen_in)[pattern].p, 9) == SMALLEST_P


def test_what_the_patterns_measure_is_what_was_put_in():
    seen = shapes(loads(lambda m, g: 0.1 * m))
    assert seen[Pattern.RATIO].estimate == pytest.approx(0.1)
    seen = shapes(loads(lambda m, g: np.where(g, 60.0, 0.0)))
    assert seen[Pattern.NOMINAL].estimate == pytest.approx(60.0)
    assert shapes(loads(lambda m, g: 50 + 0 * m))[Pattern.OFFSET].estimate == pytest.approx(50.0)


HONEST = [
    ("exact", lambda m, g: 0 * m),
    ("at the limit above", lambda m, g: np.where(m <= 2500, 5.0, 10.0)),
    ("at the limit below", lambda m, g: -np.where(m <= 2500, 5.0, 10.0)),
    ("from one limit to the other", lambda m, g: np.where(m <= 1000, -5.0, 10.0)),
    ("weights at one limit, goods at the other", lambda m, g: np.where(g, 5.0, -5.0)),
    ("carried from the coast", lambda m, g: -7.9e-4 * m),
    ("carried from the far north", lambda m, g: -GRAVITY_DOWN * m),
    ("a bad corner", lambda m, g: CORNER * m),
]


@pytest.mark.parametrize(("name", "error"), HONEST, ids=[name for name, _ in HONEST])
def test_no_pattern_is_seen_in_what_an_honest_scale_may_do(name, error):
    assert all(seen.p == 1.0 for seen in shapes(loads(error)).values())


def test_the_allowance_for_gravity_covers_the_country():
    # 18° N to 54° N at sea level against 37° N at 2400 m to 3000 m (reference sheet 7.1).
    here = [normal_gravity(37.0, height) for height in (2400.0, 3000.0)]
    assert max(here) / normal_gravity(18.0, 0.0) - 1 == pytest.approx(GRAVITY_UP, abs=5e-5)
    assert max(here) / normal_gravity(18.0, 0.0) - 1 < GRAVITY_UP
    assert 1 - min(here) / normal_gravity(54.0, 0.0) < GRAVITY_DOWN


def test_without_weights_or_goods_a_pattern_is_not_tried():
    only_goods = loads(lambda m, g: 0.1 * m, GOODS, np.full(5, True))
    assert not shapes(only_goods)[Pattern.NOMINAL].tried
    one = loads(lambda m, g: 0.1 * m, GOODS[:1], np.full(1, True))
    assert not shapes(one)[Pattern.THRESHOLD].tried
    assert named(one) in (Pattern.RATIO, Pattern.OFFSET, Pattern.NOMINAL, Pattern.THRESHOLD)


def pair(change, after=0.0, load=2000.0, u=0.1, number=1, moved=False):
    def whole(value):
        return np.full(number, float(value))

    return Changes(
        *(whole(value) for value in (change, after, load, u, 5, 5, 5)),
        np.full(number, moved),
        whole(2 * u if moved else 0),
    )


@pytest.mark.parametrize(
    ("pattern", "change", "after", "seen"),
    [
        (Pattern.TIME, 5, 0, False),  # one interval: the edge of a rounding
        (Pattern.TIME, 10, 0, False),  # a knock on a worn scale
        (Pattern.TIME, -100, -100, True),
        (Pattern.KEYS, 100, 100, True),
        (Pattern.KEYS, 100, 2, False),  # an old tare was cleared: the figure is right now
        (Pattern.KEYS, -100, -100, False),  # a stored tare was set
        (Pattern.POWER, 20, 20, False),
        (Pattern.POWER, -100, 0, True),
        (Pattern.REPEAT, 100, 100, True),
    ],
)
def test_a_change_is_seen_where_no_honest_scale_makes_it(pattern, change, after, seen):
    found = changes(pair(change, after, moved=pattern in (Pattern.POWER, Pattern.REPEAT)), pattern)
    assert (float(allowed_for(found.p, 9)) <= FALSE_ACCUSATION) is seen
    assert float(found.estimate) == change


def test_many_keys_are_paid_for():
    one, twelve = (changes(pair(16, 60, number=number), Pattern.KEYS).p for number in (1, 12))
    assert 0 < one < twelve == pytest.approx(12 * one)


def test_a_batch_says_what_each_of_its_challenges_says_alone():
    batch = market.batch(200, np.random.default_rng(3), lambda load, how: 0.03 * load)
    together = shapes(batch.loads)
    for number in range(0, 200, 17):
        alone = shapes(Loads(*(array[number] for array in batch.loads)))
        for pattern, seen in alone.items():
            assert seen.p == pytest.approx(together[pattern].p[number])
            assert seen.estimate == pytest.approx(together[pattern].estimate[number])
    for pattern, of in batch.pairs.items():
        whole = changes(of, pattern)
        for number in range(0, 200, 17):
            alone_p = changes(Changes(*(array[number] for array in of)), pattern).p
            assert alone_p == pytest.approx(whole.p[number])


# ---------------------------------------------------------------------------- how often it is wronged


@pytest.mark.parametrize("kind", market.KINDS)
def test_an_honest_scale_is_wronged_no_more_often_than_stated(kind):
    found = market.count_wronged(kind, 10_000)
    assert market.upper(found, 10_000, 0.999) < 3 * FALSE_ACCUSATION
    if not kind.startswith("edge"):
        assert found == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", market.KINDS)
def test_in_two_hundred_thousand_of_each_kind_no_more_than_stated(kind):
    assert market.upper(market.count_wronged(kind, 200_000), 200_000) <= FALSE_ACCUSATION


def test_the_edges_are_edges():
    # What stands a little beyond the bound is found: the simulated edges are no comfortable middle.
    wide = loads(lambda m, g: 0 * m)
    pushed = wide._replace(shown_g=wide.load_g + most_g(wide) + 8 * TREMBLE_E * 5)
    assert shapes(pushed)[Pattern.SINGLE].p < 1e-3 and shapes(pushed)[Pattern.OFFSET].p < 1e-3
    assert float(most_change_g(pair(0))[0]) == WEAR_E * 5 + 5
    assert float(most_change_g(pair(0, moved=True))[0]) == 5 + 2 * CORNER * 2000 + WEAR_E * 5 + 5
