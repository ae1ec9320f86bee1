"""What the place does to weighing: gravity, the density of the air, buoyancy.

Rules this file obeys:

* Everything here is an estimate from formulas; a scale that is adjusted on the spot with weights needs none
  of it, because gravity is the same for weights and goods.
* Each formula of the air says where it is valid and why it is not here; a value outside is still given, since
  the two can then be compared, but never as valid.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.errors import SteelyardError

FREE_AIR_PER_S2 = 3.086e-6
"""Gravity falls by this much (m/s²) for each metre up."""
ANOMALY_RELATIVE = 1e-4
"""Half width of what the rock below may change gravity by, relative to it."""

REFERENCE_AIR_KG_M3 = 1.2
REFERENCE_WEIGHT_KG_M3 = 8000.0
"""Air and weight of the conventional mass (OIML D 28)."""

KELVIN = 273.15


class BadPlace(SteelyardError, ValueError):
    """The place or its air cannot be; the message says which figure, its unit and range."""


LATITUDE_DEG = (-90.0, 90.0)
ALTITUDE_M = (-500.0, 9000.0)
TEMPERATURE_C = (-40.0, 60.0)
PRESSURE_HPA = (250.0, 1200.0)
HUMIDITY_PERCENT = (0.0, 100.0)


class Place(msgspec.Struct, frozen=True):
    """A place on Earth: geographic latitude in degrees, altitude above sea level in metres."""

    latitude_deg: float
    altitude_m: float

    def __post_init__(self) -> None:
        _within("latitude", self.latitude_deg, LATITUDE_DEG, "degrees")
        _within("altitude", self.altitude_m, ALTITUDE_M, "m")

    @property
    def gravity_m_s2(self) -> float:
        """Acceleration of free fall: normal gravity of WGS 84 (Somigliana) less the free-air term."""
        square = math.sin(math.radians(self.latitude_deg)) ** 2
        normal = 9.7803253359 * (1 + 0.00193185265241 * square) / math.sqrt(1 - 0.00669437999 * square)
        return normal - FREE_AIR_PER_S2 * self.altitude_m

    @property
    def pressure_hpa(self) -> float:
        """Mean pressure there: that of the standard atmosphere (ISO 2533, up to 11 km)."""
        return float(1013.25 * (1 - 0.0065 * self.altitude_m / 288.15) ** 5.25588)


class Air(msgspec.Struct, frozen=True):
    """Air: temperature in °C, pressure in hPa, relative humidity in %."""

    temperature_c: float
    pressure_hpa: float
    humidity_percent: float

    def __post_init__(self) -> None:
        _within("temperature", self.temperature_c, TEMPERATURE_C, "°C")
        _within("pressure", self.pressure_hpa, PRESSURE_HPA, "hPa")
        _within("humidity", self.humidity_percent, HUMIDITY_PERCENT, "%")


class AirDensity(msgspec.Struct, frozen=True, kw_only=True):
    """A density in kg/m³, whether the formula is valid for this air, and if not, why."""

    density_kg_m3: Annotated[float, Meta(ge=0)]
    valid: bool
    reason: str
    source: str


def air_density_cipm_2007(air: Air) -> AirDensity:
    """The density of moist air by CIPM-2007 (Picard et al., Metrologia 45 (2008) 149), 400 ppm CO2.

    Valid for 600 … 1100 hPa and 15 … 27 °C.
    """
    t, kelvin, p = air.temperature_c, air.temperature_c + KELVIN, air.pressure_hpa * 100
    saturation = math.exp(
        1.2378847e-5 * kelvin**2 - 1.9121316e-2 * kelvin + 33.93711047 - 6.3431645e3 / kelvin
    )
    enhancement = 1.00062 + 3.14e-8 * p + 5.6e-7 * t**2
    vapour = air.humidity_percent / 100 * enhancement * saturation / p
    virial = (
        1.58123e-6
        - 2.9331e-8 * t
        + 1.1043e-10 * t**2
        + (5.707e-6 - 2.051e-8 * t) * vapour
        + (1.9898e-4 - 2.376e-6 * t) * vapour**2
    )
    compressibility = 1 - p / kelvin * virial + (p / kelvin) ** 2 * (1.83e-11 - 0.765e-8 * vapour**2)
    dry_kg_mol, water_kg_mol, gas_j_mol_k = 28.96546e-3, 18.01528e-3, 8.314472
    density = p * dry_kg_mol / (compressibility * gas_j_mol_k * kelvin)
    reasons = [
        _outside("temperature", t, 15, 27, "°C"),
        _outside("pressure", air.pressure_hpa, 600, 1100, "hPa"),
    ]
    return _density(density * (1 - vapour * (1 - water_kg_mol / dry_kg_mol)), reasons, "CIPM-2007")


def air_density_simplified(air: Air) -> AirDensity:
    """The density of moist air by the simplified formula of OIML R 111-1:2004 E.3.1, good to 2×10⁻⁴.

    Valid for 900 … 1100 hPa, 10 … 30 °C and less than 80 %.
    """
    t, humidity = air.temperature_c, air.humidity_percent
    density = (0.34848 * air.pressure_hpa - 0.009 * humidity * math.exp(0.061 * t)) / (KELVIN + t)
    reasons = [
        _outside("temperature", t, 10, 30, "°C"),
        _outside("pressure", air.pressure_hpa, 900, 1100, "hPa"),
        "" if humidity < 80 else f"humidity {humidity:g} % is not below 80 %",
    ]
    return _density(density, reasons, "OIML R 111-1:2004 E.3")


def relative_change(here: Place, adjusted: Place) -> float:
    """By what part of itself every reading of a scale changes that was adjusted there and stands here.

    Negative where gravity is less here: the scale then shows too little.
    """
    return here.gravity_m_s2 / adjusted.gravity_m_s2 - 1


def change_by_air(here_kg_m3: float, adjusted_kg_m3: float) -> float:
    """By what part the reading of steel weights changes between the two airs (8000 kg/m³)."""
    return (adjusted_kg_m3 - here_kg_m3) / (REFERENCE_WEIGHT_KG_M3 - adjusted_kg_m3)


def buoyancy_of_goods(air_kg_m3: float, goods_kg_m3: float) -> float:
    """By what part more than their mass goods are shown by a scale adjusted with steel in the same air.

    Negative for all that is less dense than 8000 kg/m³: the air carries more of it.
    """
    return (1 - air_kg_m3 / goods_kg_m3) / (1 - air_kg_m3 / REFERENCE_WEIGHT_KG_M3) - 1


def buoyancy_of_weight(air_kg_m3: float, weight_kg_m3: float) -> float:
    """By what part more than its conventional mass a weight of this density balances in this air.

    Zero at 1.2 kg/m³, for which the conventional mass is defined (JCGM 101 9.3.1).
    """
    return (REFERENCE_AIR_KG_M3 - air_kg_m3) * (1 / weight_kg_m3 - 1 / REFERENCE_WEIGHT_KG_M3)


def _density(density: float, reasons: list[str], source: str) -> AirDensity:
    said = "; ".join(filter(None, reasons))
    return AirDensity(density_kg_m3=density, valid=not said, reason=said, source=source)


def _outside(what: str, value: float, low: float, high: float, unit: str) -> str:
    return "" if low <= value <= high else f"{what} {value:g} {unit} is outside {low:g} … {high:g} {unit}"


def _within(what: str, value: float, bounds: tuple[float, float], unit: str) -> None:
    low, high = bounds
    if not low <= value <= high:  # NaN is not within anything
        raise BadPlace(f"{what} {value:g} {unit}: give {low:g} … {high:g} {unit}")
