"""What a place does to weighing: the tables of gravity and air that were derived for 37° N."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from firmware_app.cli.main import app
from firmware_app.weighing.site import (
    Air,
    BadPlace,
    Place,
    air_density_cipm_2007,
    air_density_simplified,
    buoyancy_of_goods,
    buoyancy_of_weight,
    change_by_air,
    relative_change,
)

HERE = Place(37, 2500)


@pytest.mark.parametrize(
    ("altitude_m", "gravity"), [(0, 9.79906), (2400, 9.79165), (2500, 9.79134), (3000, 9.78980)]
)
def test_gravity_at_37_degrees(altitude_m, gravity):
    assert Place(37, altitude_m).gravity_m_s2 == pytest.approx(gravity, abs=6e-6)


@pytest.mark.parametrize(
    ("latitude_deg", "gravity"), [(0, 9.7803253359), (90, 9.8321849379), (-90, 9.8321849379)]
)
def test_normal_gravity_of_wgs_84_at_equator_and_poles(latitude_deg, gravity):
    assert Place(latitude_deg, 0).gravity_m_s2 == pytest.approx(gravity, abs=1e-8)


# The table gives its latitudes to a tenth of a degree, which is up to 4×10⁻⁵ m/s².
@pytest.mark.parametrize(
    ("adjusted", "gravity", "change", "error_g"),
    [
        (Place(37, 0), 9.79906, -7.9e-4, -11.8),
        (Place(39.9, 45), 9.80147, -10.3e-4, -15.5),
        (Place(31.2, 4), 9.79421, -2.9e-4, -4.4),
        (Place(30.3, 10), 9.79343, -2.1e-4, -3.2),
        (Place(23.1, 20), 9.78824, 3.2e-4, 4.8),
        (Place(36.1, 1520), 9.79355, -2.3e-4, -3.4),
    ],
)
def test_scales_adjusted_elsewhere(adjusted, gravity, change, error_g):
    assert adjusted.gravity_m_s2 == pytest.approx(gravity, abs=4e-5)
    assert relative_change(HERE, adjusted) == pytest.approx(change, abs=0.06e-4)
    assert 15_000 * relative_change(HERE, adjusted) == pytest.approx(error_g, abs=0.06)


@pytest.mark.parametrize(
    ("altitude_m", "pressure_hpa", "density"),
    [(2400, 756, 0.912), (2500, 747, 0.900), (2600, 738, 0.889), (3000, 701, 0.845)],
)
def test_air_of_the_standard_atmosphere(altitude_m, pressure_hpa, density):
    place = Place(37, altitude_m)
    air = Air(15, place.pressure_hpa, 40)

    assert place.pressure_hpa == pytest.approx(pressure_hpa, abs=0.6)
    full, simple = air_density_cipm_2007(air), air_density_simplified(air)
    assert full.density_kg_m3 == pytest.approx(density, abs=6e-4)
    assert simple.density_kg_m3 == pytest.approx(full.density_kg_m3, rel=1e-4)
    assert full.valid and not simple.valid and "900 … 1100 hPa" in simple.reason


def test_air_of_the_laboratory():
    air = Air(20, 1013.25, 50)

    assert air_density_cipm_2007(air).density_kg_m3 == pytest.approx(1.1993, abs=5e-5)
    assert air_density_simplified(air).density_kg_m3 == pytest.approx(1.1993, abs=5e-5)
    assert air_density_cipm_2007(air).valid and air_density_simplified(air).valid


@pytest.mark.parametrize(
    ("air", "full", "simple"),
    [
        (Air(15, 600, 50), True, False),
        (Air(14.9, 1000, 50), False, True),
        (Air(27.1, 1000, 50), False, True),
        (Air(20, 599, 50), False, False),
        (Air(20, 1101, 50), False, False),
        (Air(10, 900, 79.9), False, True),
        (Air(20, 1000, 80), True, False),
        (Air(30.1, 1000, 50), False, False),
    ],
)
def test_where_the_formulas_are_valid(air, full, simple):
    for density, valid in ((air_density_cipm_2007(air), full), (air_density_simplified(air), simple)):
        assert density.valid is valid
        assert bool(density.reason) is not valid


@given(st.floats(15, 27), st.floats(900, 1100), st.floats(0, 79))
def test_the_formulas_agree_where_both_are_valid(temperature_c, pressure_hpa, humidity_percent):
    air = Air(temperature_c, pressure_hpa, humidity_percent)
    full, simple = air_density_cipm_2007(air), air_density_simplified(air)

    assert full.valid and simple.valid
    assert simple.density_kg_m3 == pytest.approx(full.density_kg_m3, rel=2e-4)


def test_buoyancy():
    assert 15_000 * buoyancy_of_weight(0.90, 7200) == pytest.approx(0.06, abs=0.005)
    assert buoyancy_of_weight(1.2, 7200) == buoyancy_of_weight(0.9, 8000) == 0
    gained = buoyancy_of_goods(0.90, 1000) - buoyancy_of_goods(1.2, 1000)
    assert 1000 * gained == pytest.approx(0.26, abs=0.005)
    assert buoyancy_of_goods(0.9, 8000) == 0
    assert change_by_air(0.9, 1.2) == pytest.approx((1 - 0.9 / 8000) / (1 - 1.2 / 8000) - 1)


@given(st.floats(-90, 90), st.floats(-500, 9000))
def test_a_scale_adjusted_where_it_stands_is_right(latitude_deg, altitude_m):
    place = Place(latitude_deg, altitude_m)

    assert relative_change(place, place) == 0
    assert 9.74 < place.gravity_m_s2 < 9.84 and 300 < place.pressure_hpa < 1080


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Place(91, 0), "latitude 91 degrees: give -90 … 90"),
        (lambda: Place(math.nan, 0), "latitude"),
        (lambda: Place(37, 9001), "altitude"),
        (lambda: Air(61, 1000, 50), "temperature"),
        (lambda: Air(20, 1.01325, 50), "pressure"),
        (lambda: Air(20, 1000, 101), "humidity"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(BadPlace, match=words):
        make()


ELSEWHERE = ["--adjusted-latitude", "37", "--adjusted-altitude", "0"]


def test_command_as_json():
    done = CliRunner().invoke(app, ["site", "--latitude", "37", "--altitude", "2500", *ELSEWHERE, "--json"])
    said = json.loads(done.stdout)

    assert done.exit_code == 0
    assert said["gravity_m_s2"] == pytest.approx(9.79134, abs=6e-6)
    assert said["relative_change"] == pytest.approx(-7.87e-4, abs=1e-6)
    assert said["air_density"]["cipm_2007"]["valid"] and not said["air_density"]["simplified"]["valid"]
    assert said["assumed"] == ["temperature_c", "pressure_hpa", "humidity_percent"]
    assert said["buoyancy"]["beside_reference_air"] == pytest.approx(2.6e-4, abs=5e-6)
    adjusted = said["adjusted"]
    assert adjusted["change_by_gravity_g"] == pytest.approx(-11.8, abs=0.05)
    # 1.2224 kg/m³ at sea level, 0.9001 here, carried by steel of 8000 kg/m³.
    assert adjusted["change_by_air_g"] == pytest.approx(15_000 * (1.2224 - 0.9001) / 8000, abs=0.001)
    assert adjusted["reading_g"] == pytest.approx(14_988.8, abs=0.05)
    assert "gravity takes 11.8 g" in said["words"] and "14988.8 g here" in said["words"]


def test_command_with_measured_air_and_no_other_place():
    measured = ["--temperature", "20", "--pressure", "1013.25", "--humidity", "50"]
    done = CliRunner().invoke(app, ["site", "--latitude", "-33", "--altitude", "10", *measured, "--json"])
    said = json.loads(done.stdout)

    assert said["assumed"] == [] and said["relative_change"] is None and said["adjusted"] is None
    assert said["air_density"]["cipm_2007"]["density_kg_m3"] == pytest.approx(1.1993, abs=5e-5)


def test_command_for_people():
    done = CliRunner().invoke(app, ["site", "--latitude", "37", "--altitude", "2500", *ELSEWHERE])
    text = " ".join(done.stdout.split())

    assert "9.79134 m/s²" in text and "not valid here" in text and "assumed" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--latitude", "99", "--altitude", "0"], "latitude"),
        (["--latitude", "nan", "--altitude", "0"], "latitude"),
        (["--latitude", "37", "--altitude", "0", "--adjusted-latitude", "37"], "go together"),
    ],
)
def test_command_refuses(arguments, words):
    done = CliRunner().invoke(app, ["site", *arguments])

    assert done.exit_code == 2 and words in done.stderr
