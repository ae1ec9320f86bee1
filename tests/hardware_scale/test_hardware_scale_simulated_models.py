"""The models of market scales: what each shows, by figures made by hand, and how each gives itself away."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale.simulated.display import Plate, Shown
from hardware.scale.simulated.models import MODELS, PIN, Position, looks_like_weights, normal_gravity
from hardware.scale.simulated.physics import MarketScale

PLATE = Plate(max_g=Decimal(15000), e_g=Decimal(5))


def loaded(model: str, load_g: float) -> MarketScale:
    scale = MarketScale(PLATE, model)
    scale.put(load_g, 0.0)
    return scale


def settled(model: str, load_g: float, at_s: float = 1.7) -> Shown:
    return loaded(model, load_g).at(at_s)


@pytest.mark.parametrize(
    ("model", "load_g", "grams"),
    [
        ("honest", 0, 0),
        ("honest", 1237, 1235),
        ("honest", 1238, 1240),
        ("honest", -12, -10),
        ("honest", 15000, 15000),
        ("worn", 2000, 2000),
        ("carried", 1000, 1000),
        ("carried", 10000, 9990),
        ("carried", 15000, 14990),
        ("multiplier", 0, 0),
        ("multiplier", 1000, 1100),
        ("multiplier", 1237, 1360),
        ("plu_multiplier", 1237, 1235),
        ("nominal_honest", 0, 0),
        ("nominal_honest", 20, 20),
        ("nominal_honest", 1000, 1000),
        ("nominal_honest", 1000.05, 1000),
        ("nominal_honest", 7500, 7500),
        ("nominal_honest", 1237, 1360),
        ("nominal_honest", 333, 365),
        ("offset", 495, 495),
        ("offset", 500, 550),
        ("offset", 10000, 10050),
        ("remote_jump", 1237, 1235),
        ("base_number", 1000, 1050),
        ("delayed_drop", 2000, 2000),
        ("tare_forgotten", 1000, 1085),
    ],
)
def test_what_a_model_shows_of_a_load(model: str, load_g: float, grams: int) -> None:
    shown = settled(model, load_g)
    assert (shown.grams, shown.stable, shown.out_of_range) == (Decimal(grams), True, False)


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_is_switched_on_at_zero(model: str) -> None:
    assert settled(model, 0, at_s=10).zero


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("load_g", [float("nan"), float("inf")])
def test_no_model_takes_what_is_no_load(model: str, load_g: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        MarketScale(PLATE, model).put(load_g, 0)


def test_a_model_that_is_not_known_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no model 'honets'; known: honest, worn"):
        MarketScale(PLATE, "honets")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_says_what_it_is_in_one_sentence(model: object) -> None:
    tells = MODELS[model.name].tells  # type: ignore[attr-defined]
    assert tells[0].isupper()
    assert tells.endswith(".")
    assert ". " not in tells
    assert len(tells) <= 100


@given(st.floats(-90, 15000))
def test_an_honest_scale_is_within_rounding(load_g: float) -> None:
    assert abs(float(settled("honest", load_g).grams) - load_g) <= 2.5 + 1e-3


def test_limits_of_the_display() -> None:
    """Given Max 15 kg and e 5 g, then Max + 9 e is the last weight shown, and -20 e the first."""
    assert not settled("honest", 15045).overload
    assert settled("honest", 15050).overload
    assert not settled("honest", -100).underload
    assert settled("honest", -105).underload


def test_a_load_put_on_is_in_motion_first() -> None:
    scale = MarketScale(PLATE)
    scale.put(2000, 1.0)
    course = [scale.at(1.0 + step / 20) for step in range(41)]
    assert course[0].grams == 0
    assert not any(shown.stable for shown in course[:6])
    assert [shown.grams for shown in course] == sorted(shown.grams for shown in course)
    assert course[-1].stable
    assert course[-1].grams == 2000


# Without intent.


def test_normal_gravity_is_that_of_the_published_table() -> None:
    """Given 37 degrees north, then the values at four heights, and -7.9e-4 between 0 and 2,500 m."""
    for altitude, due in [(0, 9.79906), (2400, 9.79165), (2500, 9.79134), (3000, 9.78980)]:
        assert normal_gravity(37, altitude) == pytest.approx(due, abs=6e-6)
    assert normal_gravity(37, 2500) / normal_gravity(37, 0) - 1 == pytest.approx(-7.9e-4, abs=5e-6)
    assert normal_gravity(0, 0) == pytest.approx(9.7803253359)
    assert normal_gravity(90, 0) == pytest.approx(9.8321849378)


def test_a_worn_scale_shows_more_on_the_way_down() -> None:
    """Given 0, 5, 10, 5 kg, then the second 5 kg reads at least an interval more, and 0 is 0 again."""
    scale = MarketScale(PLATE, "worn")
    up, down = [], []
    for step, load in enumerate((5000, 10000, 5000, 0)):
        scale.put(load, float(step))
        (down if step > 1 else up).append(scale.at(step + 0.9).grams)
    assert up == [5000, 10000]
    assert down == [5005, 0]


def test_a_worn_scale_reads_by_place() -> None:
    scale = loaded("worn", 5000)
    read = {}
    for second, place in enumerate(Position, start=1):
        scale.move(place, float(second))
        read[str(place)] = int(scale.at(second + 0.9).grams)
    assert read == {
        "centre": 5000,
        "front_left": 5015,
        "front_right": 4995,
        "back_left": 5005,
        "back_right": 4990,
    }


def test_a_worn_scale_does_not_repeat_and_does_so_in_the_same_way_every_time() -> None:
    def ten_loads() -> list[int]:
        scale, read = MarketScale(PLATE, "worn"), []
        for step in range(10):
            scale.put(3001.5, 2.0 * step)
            read.append(int(scale.at(2.0 * step + 0.9).grams))
            scale.put(0.0, 2.0 * step + 1)
        return read

    assert ten_loads() == ten_loads()
    assert len(set(ten_loads())) > 1
    assert max(ten_loads()) - min(ten_loads()) <= 10


def test_the_zero_of_a_worn_scale_drifts_and_can_be_set() -> None:
    scale = MarketScale(PLATE, "worn")
    assert scale.at(3600.0).grams == 10
    scale.press("zero", 3600.0)
    assert scale.at(3601.0).zero
    assert scale.at(7200.0).grams == 10


# With intent.


@pytest.mark.parametrize("piece", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000])
def test_every_piece_of_a_set_of_weights_looks_like_one(piece: int) -> None:
    assert looks_like_weights(piece, 5.0)


@given(st.integers(60, 13000))
def test_a_mass_that_no_large_weights_make_is_cheated(load_g: int) -> None:
    nominal = min(load_g % 50, 50 - load_g % 50) <= 1 or load_g in {100, 200, 500}
    shown = float(settled("nominal_honest", load_g).grams)
    assert shown == pytest.approx(load_g if nominal else 1.1 * load_g, abs=2.6)


@pytest.mark.parametrize(("key", "grams"), [("M1", 500), ("M4", 600), ("M5", 625), ("M6", 650)])
def test_the_hidden_mode_wants_its_pin(key: str, grams: int) -> None:
    """Given 500 g, when a key is pressed before and after the PIN, then only the second is obeyed."""
    scale = loaded("plu_multiplier", 500)
    scale.press(key, 1.0)
    assert scale.at(1.1).grams == 500
    for pressed in ("1", *PIN[:2], "0", *PIN, key):
        scale.press(pressed, 2.0)
    assert scale.at(2.1).grams == grams
    scale.switch_on(3.0)
    assert scale.at(4.0).grams == 500, "the mode is gone when an inspector switches the scale off and on"


def test_the_remote_jump_comes_and_goes_flagged_stable() -> None:
    scale = loaded("remote_jump", 1000)
    scale.remote(held=True, now_s=1.0)
    assert (scale.at(1.01).grams, scale.at(1.01).stable) == (1100, True)
    scale.put(0.0, 2.0)
    assert scale.at(3.0).zero, "an empty pan gives nothing away"
    scale.put(1000, 4.0)
    scale.remote(held=False, now_s=5.0)
    assert scale.at(5.01).grams == 1000


def test_the_base_number_comes_back_after_zero() -> None:
    scale = loaded("base_number", 1000)
    scale.put(0.0, 1.0)
    assert scale.at(2.0).grams == 50, "kept in the display of an empty pan"
    scale.press("zero", 2.0)
    assert scale.at(2.1).zero
    scale.put(1000.0, 3.0)
    assert scale.at(4.0).grams == 1050


def test_the_forgotten_dish_can_be_tared_for_good() -> None:
    scale = loaded("tare_forgotten", 1000)
    scale.put(0.0, 1.0)
    assert scale.at(2.0).grams == 85
    scale.press("tare", 2.0)
    scale.put(1000.0, 3.0)
    shown = scale.at(4.0)
    assert (shown.grams, shown.tare_g) == (1000, 85)


def test_the_drop_comes_after_the_eye_has_gone_and_is_flagged_stable() -> None:
    scale = loaded("delayed_drop", 2000)
    assert (scale.at(1.7).grams, scale.at(1.7).stable) == (2000, True)
    assert (scale.at(1.9).grams, scale.at(1.9).stable) == (1900, True)


# Keys.


def test_zero_is_set_within_four_per_cent_and_not_in_motion() -> None:
    scale = loaded("honest", 600)
    scale.press("zero", 0.1)
    assert scale.at(1.0).grams == 600, "in motion"
    scale.press("zero", 1.0)
    assert scale.at(1.1).zero
    scale.put(0.0, 2.0)
    assert scale.at(3.0).underload
    scale = loaded("honest", 605)
    scale.press("zero", 1.0)
    assert scale.at(1.1).grams == 605, "4 % of 15 kg is 600 g"


@pytest.mark.parametrize("key", ["", "x" * 17, "\x1b", "去皮"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        MarketScale(PLATE).press(key, 0.0)


def test_what_is_no_place_is_refused() -> None:
    with pytest.raises(ValueError, match="known: centre"):
        MarketScale(PLATE).move("left", 0.0)


def test_the_page_about_peripherals_names_every_model_with_its_sentence() -> None:
    page = (Path(__file__).parents[2] / "docs" / "peripherals.md").read_text(encoding="utf-8")
    for model in MODELS.values():
        assert f"| `{model.name}` | {model.tells} |" in page
