"""`steelyard site`: what gravity and air of a place do to weighing there.

Names in JSON end in their unit. What was not measured but taken from the standard atmosphere is listed
under ``assumed``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import fail, in_words, print_json
from firmware_app.weighing.site import (
    ANOMALY_RELATIVE,
    REFERENCE_AIR_KG_M3,
    Air,
    AirDensity,
    Place,
    air_density_cipm_2007,
    air_density_simplified,
    buoyancy_of_goods,
    change_by_air,
    relative_change,
)

LOAD_G = 15_000.0
GOODS_KG_M3 = 1000.0
USUAL_TEMPERATURE_C, USUAL_HUMIDITY_PERCENT = 15.0, 40.0


class Densities(msgspec.Struct, frozen=True, kw_only=True):
    """The density of the air by both formulas."""

    cipm_2007: AirDensity
    simplified: AirDensity


class Buoyancy(msgspec.Struct, frozen=True, kw_only=True):
    """What the air does to goods on a scale that was adjusted here with steel weights.

    ``relative``: reading over mass, less one. ``beside_reference_air``: the same less that in 1.2 kg/m³.
    """

    goods_density_kg_m3: float
    relative: float
    beside_reference_air: float


class AdjustedElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell adjusted there and not adjusted again reads here for ``load_g`` of steel weights.

    ``half_width_g``: what the rock below may add to it or take away.
    """

    latitude_deg: float
    altitude_m: float
    gravity_m_s2: float
    load_g: float
    reading_g: float
    change_by_gravity_g: float
    change_by_air_g: float
    half_width_g: float


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What `steelyard site --json` prints; without another place parts of it are null."""

    latitude_deg: float
    altitude_m: float
    gravity_m_s2: float
    gravity_half_width_m_s2: float
    relative_change: float | None
    air: Air
    assumed: tuple[str, ...]
    air_density: Densities
    buoyancy: Buoyancy
    adjusted: AdjustedElsewhere | None
    words: str


@in_words
def site(
    *,
    latitude: Annotated[float, typer.Option(help="Degrees, south negative.")],
    altitude: Annotated[float, typer.Option(help="Metres above sea level.")],
    adjusted_latitude: Annotated[float | None, typer.Option(help="Where the scale was adjusted.")] = None,
    adjusted_altitude: Annotated[float | None, typer.Option(help="Where the scale was adjusted.")] = None,
    temperature: Annotated[float | None, typer.Option(help="°C; 15 where not given.")] = None,
    pressure: Annotated[float | None, typer.Option(help="hPa; the standard atmosphere's.")] = None,
    humidity: Annotated[float | None, typer.Option(help="Relative, %; 40 where not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for a program.")] = False,
) -> None:
    """Gravity, air density and buoyancy at a place, and what a scale adjusted elsewhere reads there."""
    here = Place(latitude, altitude)
    if (adjusted_latitude is None) != (adjusted_altitude is None):
        fail("--adjusted-latitude and --adjusted-altitude go together: give both or neither")
    there = None
    if adjusted_latitude is not None and adjusted_altitude is not None:
        there = Place(adjusted_latitude, adjusted_altitude)
    measured = {"temperature_c": temperature, "pressure_hpa": pressure, "humidity_percent": humidity}
    air = Air(
        USUAL_TEMPERATURE_C if temperature is None else temperature,
        here.pressure_hpa if pressure is None else pressure,
        USUAL_HUMIDITY_PERCENT if humidity is None else humidity,
    )
    answer = _answer(here, there, air, tuple(name for name, value in measured.items() if value is None))
    if as_json:
        print_json(answer)
    else:
        _show(answer)


def _answer(here: Place, there: Place | None, air: Air, assumed: tuple[str, ...]) -> Site:
    densities = Densities(cipm_2007=air_density_cipm_2007(air), simplified=air_density_simplified(air))
    goods = buoyancy_of_goods(densities.cipm_2007.density_kg_m3, GOODS_KG_M3)
    adjusted = None if there is None else _adjusted(here, there, air)
    return Site(
        latitude_deg=here.latitude_deg,
        altitude_m=here.altitude_m,
        gravity_m_s2=here.gravity_m_s2,
        gravity_half_width_m_s2=ANOMALY_RELATIVE * here.gravity_m_s2,
        relative_change=None if there is None else relative_change(here, there),
        air=air,
        assumed=assumed,
        air_density=densities,
        buoyancy=Buoyancy(
            goods_density_kg_m3=GOODS_KG_M3,
            relative=goods,
            beside_reference_air=goods - buoyancy_of_goods(REFERENCE_AIR_KG_M3, GOODS_KG_M3),
        ),
        adjusted=adjusted,
        words=_words(adjusted),
    )


def _adjusted(here: Place, there: Place, air: Air) -> AdjustedElsewhere:
    air_there = Air(air.temperature_c, there.pressure_hpa, air.humidity_percent)
    by_gravity = relative_change(here, there)
    by_air = change_by_air(
        air_density_cipm_2007(air).density_kg_m3, air_density_cipm_2007(air_there).density_kg_m3
    )
    return AdjustedElsewhere(
        latitude_deg=there.latitude_deg,
        altitude_m=there.altitude_m,
        gravity_m_s2=there.gravity_m_s2,
        load_g=LOAD_G,
        reading_g=LOAD_G * (1 + by_gravity) * (1 + by_air),
        change_by_gravity_g=LOAD_G * by_gravity,
        change_by_air_g=LOAD_G * by_air,
        half_width_g=LOAD_G * ANOMALY_RELATIVE,
    )


def _words(adjusted: AdjustedElsewhere | None) -> str:
    if adjusted is None:
        return "Adjust a scale here, with weights: then gravity is the same for weights and goods."
    gravity, air = adjusted.change_by_gravity_g, adjusted.change_by_air_g
    there = _place(adjusted.latitude_deg, adjusted.altitude_m)
    return (
        f"A cell adjusted at {there} and not adjusted again would "
        f"read {adjusted.reading_g:.1f} g here for {adjusted.load_g / 1000:g} kg of steel weights: "
        f"gravity {'takes' if gravity < 0 else 'adds'} {abs(gravity):.1f} g "
        f"(± {adjusted.half_width_g:.1f} g for the rock below), "
        f"the air {'takes' if air < 0 else 'adds'} {abs(air):.1f} g. "
        "Adjusted here with weights, it would read right."
    )


def _place(latitude_deg: float, altitude_m: float) -> str:
    return f"{abs(latitude_deg):g}° {'S' if latitude_deg < 0 else 'N'}, {altitude_m:g} m"


def _show(answer: Site) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    air, goods = answer.air, answer.buoyancy
    table.add_row("place", _place(answer.latitude_deg, answer.altitude_m))
    table.add_row("gravity", f"{answer.gravity_m_s2:.5f} m/s² ± {answer.gravity_half_width_m_s2:.5f} m/s²")
    if answer.relative_change is not None:
        table.add_row("relative change", f"{answer.relative_change:+.2e}")
    state = f"{air.temperature_c:g} °C, {air.pressure_hpa:.1f} hPa, {air.humidity_percent:g} %"
    names = ", ".join(name.partition("_")[0] for name in answer.assumed)
    table.add_row("air", f"{state} (assumed: {names})" if names else state)
    for density in (answer.air_density.cipm_2007, answer.air_density.simplified):
        table.add_row(
            f"density, {density.source}",
            f"{density.density_kg_m3:.4f} kg/m³"
            + ("" if density.valid else f" · not valid here: {density.reason}"),
        )
    table.add_row(
        f"goods of {goods.goods_density_kg_m3:g} kg/m³",
        f"{goods.relative * 1000:+.2f} g per kg; {goods.beside_reference_air * 1000:+.2f} g per kg beside "
        f"air of {REFERENCE_AIR_KG_M3:g} kg/m³",
    )
    table.add_row("", answer.words)
    Console(highlight=False, markup=False).print(table)
