"""Corner trim: what an eccentricity test says, what it cannot say, and what is wrong with it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.weighing.corners import BadCornerTest, CornerReading, corner_test

LOAD = 5000.0
QUARTERS = {
    "middle": (0.0, 0.0),
    "front left": (-0.5, -0.5),
    "back left": (-0.5, 0.5),
    "back right": (0.5, 0.5),
    "front right": (0.5, -0.5),
}
SENSITIVITY = (300.0, 309.0, 295.0, 291.0)
SUPPORTS = ((-1, -1), (-1, 1), (1, 1), (1, -1))


def plate(place, bends):
    """Shares of four corners: of a plate on four springs, stiff (0) or as limp as can be (1)."""
    x, y = place
    return [(1 + a * x + b * y + bends * a * b * x * y) / 4 for a, b in SUPPORTS]


def readings(
    places=QUARTERS, sensitivity=SENSITIVITY, bends=1.0, noise=0.0, seed=1, standard=None, load=LOAD
):
    chance = random.Random(seed)
    return [
        CornerReading(
            name,
            tuple(
                s * w * load + chance.gauss(0, noise)
                for s, w in zip(sensitivity, plate(place, bends), strict=True)
            ),
            standard,
        )
        for name, place in places.items()
    ]


def equal(trims, sensitivity=SENSITIVITY):
    products = [k * s for k, s in zip(trims, sensitivity, strict=True)]
    return max(products) / min(products) - 1


def test_noiseless_places_give_the_very_sensitivities_back():
    test = corner_test(readings(), LOAD)

    assert equal(test.trims) == pytest.approx(0, abs=1e-9)
    assert math.fsum(test.trims) == pytest.approx(4)
    assert test.largest_before_g > 50
    assert test.largest_after_g == pytest.approx(0, abs=1e-6)
    assert not test.twist_free
    assert [each.place for each in test.places] == list(QUARTERS)
    # four corners of about 300 counts/g share the load: their mean has a quarter of that
    assert test.counts_per_gram == pytest.approx(75, rel=0.02)


@given(st.lists(st.floats(0.95, 1.05), min_size=4, max_size=4), st.floats(0.6, 1.0), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_spread_of_cells_is_trimmed_away(spread, bends, backwards):
    sensitivity = [300 * s * (-1 if backwards else 1) for s in spread]

    test = corner_test(readings(sensitivity=sensitivity, bends=bends), LOAD)

    assert test.largest_after_g < 1e-6
    assert equal(test.trims, sensitivity) < 1e-9


def test_a_stiff_plate_leaves_the_twist_open_and_its_corners_right_all_the_same():
    test = corner_test(readings(bends=0.0), LOAD)

    assert test.twist_free
    assert test.largest_before_g > 40
    # anywhere on such a plate the trimmed sum is the same, though the trims are not the sensitivities
    anywhere = {str(n): (x, y) for n, (x, y) in enumerate([(0.9, 0.9), (-0.9, 0.1), (0.2, -0.7)])}
    sums = [
        math.fsum(k * c for k, c in zip(test.trims, each.counts, strict=True))
        for each in readings(anywhere, bends=0.0)
    ]
    # at most 0.02 % (1 g of 5 kg): second order in the spread of the cells
    assert max(sums) / min(sums) - 1 < 2e-4


def test_uncertainties_cover_the_truth():
    """Over many noisy tests, each trim lies within two standard uncertainties as often as it should."""
    true = [1 / s for s in SENSITIVITY]
    true = [4 * k / math.fsum(true) for k in true]
    within = total = 0
    for seed in range(200):
        test = corner_test(readings(noise=60.0, seed=seed, standard=60.0), LOAD)
        for k, u, truth in zip(test.trims, test.standard, true, strict=True):
            within += abs(k - truth) <= 2 * u
            total += 1

    assert 0.93 <= within / total <= 0.985


def test_without_a_known_noise_repeated_places_tell_it():
    twice = readings(noise=60.0, seed=3) + readings(noise=60.0, seed=4)

    test = corner_test(twice, LOAD)

    assert test.standard_g == pytest.approx(60 / 2 / 75, rel=0.7)
    # four places for four unknowns: nothing is left over to tell it
    corners = {name: place for name, place in QUARTERS.items() if name != "middle"}
    assert corner_test(readings(corners, noise=60.0), LOAD).standard is None


def test_one_bridge_for_all_can_be_looked_at_but_not_trimmed():
    summed = [CornerReading(r.place, (math.fsum(r.counts),)) for r in readings()]

    test = corner_test(summed, LOAD)

    assert test.trims == ()
    assert test.standard is None
    assert test.largest_after_g is None
    assert test.largest_before_g == pytest.approx(corner_test(readings(), LOAD).largest_before_g)


LINE = {str(n): (x, 0.0) for n, x in enumerate((-0.6, -0.2, 0.2, 0.6))}
SPOT = {str(n): (0.5, 0.5) for n in range(5)}
THREE = {name: QUARTERS[name] for name in ("middle", "front left", "back right")}


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (readings(SPOT), "corner 1 never carries more than"),
        (readings(THREE), "corner 2 never carries more than"),
        (readings(LINE), "do not tell the corners apart"),
        (readings(sensitivity=(300, 300, 5, 300)), "corner 3 never carries more than"),
        (readings(sensitivity=(300, 300, 200, 300)), "would need a trim"),
        (readings(sensitivity=(300, -300, 300, 300)), "corner|wired"),
        (readings()[:1], "1 places"),
        (readings(load=20.0), "take a heavier one"),
        ([*readings(), CornerReading("x", (1.0, 2.0))], "same 1 to 4 counts"),
        ([*readings(), CornerReading("x", (1.0, 2.0, 3.0, math.nan))], "not finite"),
        ([*readings(), CornerReading("x", (1.0, 2.0, 3.0, 4.0), -1.0)], "below zero"),
        ([CornerReading("a", ()), CornerReading("b", ())], "same 1 to 4 counts"),
    ],
)
def test_what_does_not_determine_the_trims_is_refused_with_the_reason(given_, words):
    with pytest.raises(BadCornerTest, match=words):
        corner_test(given_, LOAD)


@pytest.mark.parametrize("load", [0.0, -1.0, math.nan, math.inf])
def test_a_load_that_is_none_is_refused(load):
    with pytest.raises(BadCornerTest, match="load"):
        corner_test(readings(), load)


@pytest.mark.parametrize(
    ("width", "places"), [(2, [(-0.5, 0), (0.5, 0)]), (3, [(0, 0.9), (-0.8, -0.8), (0.8, -0.8)])]
)
def test_two_and_three_corners(width, places):
    from hardware.loadcell.simulated_platform import shares

    spread = (300.0, 306.0, 297.0)[:width]
    given_ = [
        CornerReading(str(n), tuple(s * w * LOAD for s, w in zip(spread, shares(width, place), strict=True)))
        for n, place in enumerate(places)
    ]
    test = corner_test(given_, LOAD)

    assert equal(test.trims, spread) < 1e-9
    assert test.largest_after_g < 1e-6
