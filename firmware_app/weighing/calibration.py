"""The calibration of one pan: what turns counts into grams, read from and written to TOML.

Rules this file obeys:

* Every key is validated with its unit and range; an unknown key is refused and the nearest one named.
* ``mass`` is the one way from counts to grams: it carries all that the calibration adds to the uncertainty.
* A calibration is a fact: frozen, with an id, a date and a source. Changing one makes another.
* Errors say which file, which key and what to do.
"""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from firmware_app import durable, settings_file
from firmware_app.errors import SteelyardError
from firmware_app.quantity import Estimate
from firmware_app.settings_file import Key, Read
from firmware_app.weighing.cell import Cell
from firmware_app.weighing.curve import Beyond, Curve

MAX_BYTES = 64 * 1024


class BadCalibration(SteelyardError):
    """The calibration cannot be used; the message says which key, its unit and range."""


MOMENT = Meta(max_length=40, description="RFC 3339, such as 2025-05-01T09:00:00+08:00")


def _moment(text: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is no moment: give {MOMENT.description}")
    return text


Short = Annotated[str, Meta(pattern=r"\S", min_length=1, max_length=80)]


class UsedWeight(msgspec.Struct, frozen=True):
    """A reference weight that the calibration rests on, as its certificate stood on that day."""

    id: Short
    weight_class: Annotated[str, Key("class"), Meta(max_length=16)]
    nominal_g: Annotated[float, Meta(gt=0, le=1e7, description="g")]
    u_g: Annotated[float, Meta(ge=0, le=1e5, description="g, k = 1")]
    certificate: Annotated[str, Meta(max_length=80)]
    valid_to: datetime.date


class Kept(msgspec.Struct, frozen=True):
    """One load of the calibration: what the curve leaves of it, and how well that is known (k = 1).

    ``direction``: ``up``, ``down`` or empty. ``used``: False where the point was set aside.
    """

    direction: Annotated[str, Meta(max_length=8)]
    load_g: Annotated[float, Meta(ge=-1e7, le=1e7, description="g")]
    residual_g: Annotated[float, Meta(ge=-1e7, le=1e7, description="g")]
    u_g: Annotated[float, Meta(ge=0, le=1e7, description="g, k = 1")]
    used: bool = True


MOST_POINTS = 200
MOST_WEIGHTS = 64
OVER_INTERVALS = 9
"""Intervals above the highest load up to which an instrument may indicate (R 76-1 4.2.3: Max + 9 e)."""
LOOP_DIVISOR = math.sqrt(8)
"""Standard deviation of the arc sine distribution over the width of the loop (JCGM 101 6.4.6.4: a/√2)."""
BELOW_SHARE = 0.02
"""Of the highest load, by which a zero may have moved (R 76-1 4.5.1: ± 2 % of Max)."""


class Weighed(msgspec.Struct, frozen=True):
    """The mass that counts stand for, and its parts (standard uncertainties in grams).

    ``beyond``: the load lies outside what was calibrated; the figure is then no more than an indication.
    """

    mass: Estimate
    counts: float
    fit: float
    weights: float
    hysteresis: float
    repeatability: float
    temperature: float
    beyond: Beyond | None = None


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """From counts to grams, and how well that is known: a straight line, or a curve where one is given.

    ``counts_per_gram``: signed, a bridge wired the other way round counts downwards; of a curve its mean.
    ``relative_standard_uncertainty``: of ``counts_per_gram``, from the fit and the reference weights.
    ``zero_counts``: counts of the empty pan when calibrated; None where not known. ``capacity_g`` (Max) and
    ``resolution_g`` (display interval d): None only for an assumed calibration.
    ``at``: RFC 3339. ``gravity``: where it was made, in words or m/s².

    ``hysteresis_g``: width of the loop between loading and unloading at its widest; None where not known.
    ``repeatability_g``: standard deviation of one placement beyond the noise of the reading.
    ``temperature_c``: of the cell body then; ``span_per_k`` the relative change of grams a count a kelvin.
    ``cell``: limits of the cell that no calibration tells (cell.py).
    """

    counts_per_gram: Annotated[float, Meta(description="counts/g")]
    relative_standard_uncertainty: Annotated[float, Meta(ge=0, le=0.1, description="relative, k = 1")]
    zero_counts: Annotated[float, Meta(ge=-(2**31), le=2**31, description="counts")] | None = None
    capacity_g: Annotated[float, Meta(ge=1, le=1e7, description="g")] | None
    resolution_g: Annotated[float, Meta(ge=1e-4, le=1e4, description="g")] | None
    id: Annotated[str, Meta(pattern=r"\S", min_length=1, max_length=64)]
    at: Annotated[str, MOMENT, Read(_moment)]
    gravity: Annotated[str, Meta(max_length=200)] = ""
    source: Annotated[str, Meta(pattern=r"\S", min_length=1, max_length=400)]
    hysteresis_g: Annotated[float, Meta(ge=0, le=1e5, description="g")] | None = None
    hysteresis_from: Literal["measured", "class", "missing"] = "missing"
    repeatability_g: Annotated[float, Meta(ge=0, le=1e5, description="g, k = 1")] = 0.0
    temperature_c: Annotated[float, Meta(ge=-60, le=100, description="°C")] | None = None
    span_per_k: Annotated[float, Meta(ge=-0.01, le=0.01, description="relative a kelvin")] = 0.0
    span_per_k_u: Annotated[float, Meta(ge=0, le=0.01, description="relative a kelvin, k = 1")] = 0.0
    curve: Curve | None = None
    cell: Cell = Cell()
    weights: Annotated[tuple[UsedWeight, ...], Key("weight"), Meta(max_length=MOST_WEIGHTS)] = ()
    points: Annotated[tuple[Kept, ...], Key("point"), Meta(max_length=MOST_POINTS)] = ()

    def __post_init__(self) -> None:
        if not 1e-6 <= abs(self.counts_per_gram) <= 1e9:
            raise ValueError(f"counts_per_gram = {self.counts_per_gram}: give counts/g, ± 1e-06 … 1e+09")
        if self.resolution_g and self.capacity_g and self.resolution_g > self.capacity_g / 100:
            raise ValueError("resolution_g must be at most capacity_g / 100 (R 76-1 Table 3: n ≥ 100)")
        if self.curve is not None:
            straight = self.curve.highest_counts / self.counts_per_gram
            if not abs(self.curve.highest_g - straight) <= 0.1 * abs(straight):
                raise ValueError("curve and counts_per_gram do not belong together: over 10 % apart")

    @classmethod
    def assumed(cls, counts_per_gram: float) -> Calibration:
        """A line somebody named: exact as far as anyone knows, so its readings carry no calibration term.

        Raises BadCalibration where ``counts_per_gram`` is 0 or not finite.
        """
        try:
            return cls(
                counts_per_gram=float(counts_per_gram),
                relative_standard_uncertainty=0.0,
                capacity_g=None,
                resolution_g=None,
                id="assumed",
                at="",
                source="counts per gram given by hand; not traceable",
            )
        except ValueError as error:
            raise BadCalibration(str(error)) from error

    @classmethod
    def parse(cls, text: str, where: str = "calibration") -> Calibration:
        """The calibration in TOML ``text``; raises BadCalibration whose message begins with ``where``."""
        return settings_file.parse(text.encode(), cls, where, BadCalibration, MAX_BYTES)

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """The calibration in the file; raises BadCalibration, or OSError where it cannot be read."""
        data = settings_file.read(path, MAX_BYTES)
        return settings_file.parse(data, cls, str(path), BadCalibration, MAX_BYTES)

    def dump(self) -> str:
        """The calibration as TOML, in the order of its keys; ``parse`` gives it back."""
        if self.capacity_g is None or self.resolution_g is None:
            raise BadCalibration("an assumed calibration is not kept: calibrate the pan first")
        lines = _lines(self)
        if self.curve is not None:
            lines += ["", "[curve]", *_lines(self.curve)]
        if self.cell != Cell():
            lines += ["", "[cell]", *_lines(self.cell)]
        for heading, entries in (("weight", self.weights), ("point", self.points)):
            for entry in entries:
                lines += ["", f"[[{heading}]]", *_lines(entry)]
        return "\n".join(lines) + "\n"

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all; on disk when this returns."""
        durable.write(path, self.dump().encode())

    @property
    def interval_counts(self) -> float | None:
        """One display interval d in counts; None of an assumed calibration."""
        return None if self.resolution_g is None else self.resolution_g * abs(self.counts_per_gram)

    @property
    def capacity_counts(self) -> float | None:
        """Max in counts; None of an assumed calibration."""
        return None if self.capacity_g is None else self.capacity_g * abs(self.counts_per_gram)

    def grams(self, counts: float) -> float:
        """Grams that a difference of ``counts`` stands for."""
        return counts / self.counts_per_gram if self.curve is None else self.curve.at(counts).value

    def mass(self, counts: float, counts_u: float = 0.0, temperature_c: float | None = None) -> Weighed:
        """The mass that a difference of ``counts`` to zero stands for, with all that is known of its doubt.

        ``counts_u``: standard uncertainty of the difference from the reading itself. ``temperature_c``: of
        the cell body now, where a sensor is fitted; it is used where the calibration knows its own. Terms
        are independent and added in quadrature (JCGM 100 5.1.2); of the hysteresis loop most weighings lie
        near one branch or the other, so it is U-shaped (JCGM 101 6.4.6).
        """
        if self.curve is None:
            value = counts / self.counts_per_gram
            slope, fit, weights = 1 / self.counts_per_gram, value * self.relative_standard_uncertainty, 0.0
            loop, beyond = 1.0, None
        else:
            point = self.curve.at(counts)
            value, slope, fit, weights = point.value, point.slope, point.fit, point.weights
            loop, beyond = self.curve.loop(value), self._beyond(self.curve, value)
        hysteresis = (self.hysteresis_g or 0.0) * loop / LOOP_DIVISOR
        warm, temperature = self._temperature(temperature_c)
        value, fit, weights = value * warm, abs(fit * warm), weights * warm
        temperature *= abs(value)
        repeatability = self.repeatability_g
        standard = math.hypot(counts_u * slope, fit, weights, hysteresis, repeatability, temperature)
        return Weighed(
            mass=Estimate(value, standard),
            counts=abs(counts_u * slope),
            fit=fit,
            weights=weights,
            hysteresis=hysteresis,
            repeatability=repeatability,
            temperature=temperature,
            beyond=beyond,
        )

    def _beyond(self, curve: Curve, value: float) -> Beyond | None:
        reach = max(abs(curve.highest_g), abs(curve.lowest_g))
        if value > curve.highest_g + OVER_INTERVALS * (self.resolution_g or 0.0):
            return Beyond.ABOVE
        return Beyond.BELOW if value < curve.lowest_g - BELOW_SHARE * reach else None

    def _temperature(self, now_c: float | None) -> tuple[float, float]:
        """By what the mass is to be multiplied at ``now_c``, and the relative uncertainty of that."""
        if now_c is None or self.temperature_c is None:
            return 1.0, 0.0
        away = now_c - self.temperature_c
        return 1 + self.span_per_k * away, self.span_per_k_u * abs(away)


def _lines(record: msgspec.Struct) -> list[str]:
    """``key = value`` for every plain field of the record that has one, with the unit of a number."""
    lines = []
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        plain = isinstance(value, str | float | int | datetime.date)
        rows = isinstance(record, Curve) and isinstance(value, tuple)
        if not (plain or rows):
            continue
        key = settings_file.key(type(record), field.name)
        unit = settings_file.described(type(record), key) if not isinstance(value, str) else ""
        date = isinstance(value, datetime.date)
        text = value.isoformat() if date else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key} = {text}{f'  # {unit}' if unit else ''}")
    return lines
