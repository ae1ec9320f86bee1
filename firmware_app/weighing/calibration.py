"""The calibration of one pan: what turns counts into grams, read from and written to TOML.

Rules this file obeys:

* Every key is validated with its unit and range; an unknown key is refused and the nearest one named.
* A calibration is a fact: frozen, with an id, a date and a source. Changing one makes another.
* Errors say which file, which key and what to do.
"""

from __future__ import annotations

import datetime
import difflib
import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from firmware_app.errors import SteelyardError

MAX_BYTES = 64 * 1024


class BadCalibration(SteelyardError):
    """The calibration cannot be used; the message says which key, its unit and range."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A straight line from counts to grams, and how well it is known.

    ``counts_per_gram``: signed, a bridge wired the other way round counts downwards.
    ``relative_standard_uncertainty``: of ``counts_per_gram``, from the fit and the reference weights.
    ``zero_counts``: counts of the empty pan when calibrated; None where not known. ``capacity_g`` (Max) and
    ``resolution_g`` (display interval d): None only for an assumed calibration.
    ``at``: RFC 3339. ``gravity``: where it was made, in words or m/s².
    """

    counts_per_gram: float
    relative_standard_uncertainty: float
    zero_counts: float | None
    capacity_g: float | None
    resolution_g: float | None
    id: str
    at: str
    gravity: str
    source: str

    @classmethod
    def assumed(cls, counts_per_gram: float) -> Calibration:
        """A line somebody named: exact as far as anyone knows, so its readings carry no calibration term.

        Raises BadCalibration where ``counts_per_gram`` is 0 or not finite.
        """
        return cls(
            counts_per_gram=_number("counts_per_gram", counts_per_gram, KEYS["counts_per_gram"]),
            relative_standard_uncertainty=0.0,
            zero_counts=None,
            capacity_g=None,
            resolution_g=None,
            id="assumed",
            at="",
            gravity="",
            source="counts per gram given by hand; not traceable",
        )

    @classmethod
    def parse(cls, text: str, where: str = "calibration") -> Calibration:
        """The calibration in TOML ``text``; raises BadCalibration whose message begins with ``where``."""
        try:
            table = tomllib.loads(text)
            return msgspec.convert(_checked(table), cls)
        except tomllib.TOMLDecodeError as error:
            raise BadCalibration(f"{where}: not TOML: {error}") from error
        except BadCalibration as error:
            raise BadCalibration(f"{where}: {error}") from None

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """The calibration in the file; raises BadCalibration, or OSError where it cannot be read."""
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BadCalibration(f"{path}: more than {MAX_BYTES} bytes: not a calibration")
        try:
            return cls.parse(data.decode(), str(path))
        except UnicodeDecodeError as error:
            raise BadCalibration(f"{path}: not UTF-8 text: {error}") from error

    def dump(self) -> str:
        """The calibration as TOML, in the order of its keys; ``parse`` gives it back."""
        if self.capacity_g is None or self.resolution_g is None:
            raise BadCalibration("an assumed calibration is not kept: calibrate the pan first")
        lines = []
        for name, value in msgspec.structs.asdict(self).items():
            if value is not None:
                key = KEYS[name]
                unit = f"  # {key.unit}" if isinstance(key, Number) else ""
                lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}{unit}")
        return "\n".join(lines) + "\n"

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_text(self.dump(), encoding="utf-8")
        part.replace(path)

    def grams(self, counts: float) -> float:
        """Grams that a difference of ``counts`` stands for."""
        return counts / self.counts_per_gram


class Number(msgspec.Struct, frozen=True):
    """A number with its unit and inclusive range of the magnitude."""

    unit: str
    low: float
    high: float
    required: bool = True
    signed: bool = False


class Text(msgspec.Struct, frozen=True):
    """A text of at most ``longest`` characters."""

    longest: int
    required: bool = True


KEYS: dict[str, Number | Text] = {
    "counts_per_gram": Number("counts/g", 1e-6, 1e9, signed=True),
    "relative_standard_uncertainty": Number("relative, k = 1", 0.0, 0.1),
    "zero_counts": Number("counts", 0.0, 2**31, required=False, signed=True),
    "capacity_g": Number("g", 1.0, 1e7),
    "resolution_g": Number("g", 1e-4, 1e4),
    "id": Text(64),
    "at": Text(40),
    "gravity": Text(200, required=False),
    "source": Text(400),
}
"""Every key of a calibration file."""


def _checked(table: Mapping[str, object]) -> dict[str, object]:
    for name in table:
        if name not in KEYS:
            near = difflib.get_close_matches(name, KEYS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadCalibration(f"unknown key {name!r}; {hint}known: {', '.join(KEYS)}")
    values: dict[str, object] = {}
    for name, key in KEYS.items():
        if name not in table:
            if key.required:
                raise BadCalibration(f"key {name!r} is missing: give {_asked(name, key)}")
            values[name] = None if isinstance(key, Number) else ""
        elif isinstance(key, Number):
            values[name] = _number(name, table[name], key)
        else:
            values[name] = _text(name, table[name], key)
    resolution, capacity = values["resolution_g"], values["capacity_g"]
    assert isinstance(resolution, float) and isinstance(capacity, float)
    if resolution > capacity / 100:
        raise BadCalibration("resolution_g must be at most capacity_g / 100 (R 76-1 Table 3: n ≥ 100)")
    _date(str(values["at"]))
    return values


def _asked(name: str, key: Number | Text) -> str:
    if isinstance(key, Text):
        return f"{name} as a text of 1 … {key.longest} characters"
    sign = "± " if key.signed else ""
    return f"{name} in {key.unit}, {sign}{key.low:g} … {key.high:g}"


def _number(name: str, value: object, key: Number | Text) -> float:
    assert isinstance(key, Number)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadCalibration(f"{name} = {value!r} is not a number: give {_asked(name, key)}")
    if not key.low <= (abs(value) if key.signed else value) <= key.high:
        raise BadCalibration(f"{name} = {value!r} is out of range: give {_asked(name, key)}")
    return float(value)


def _text(name: str, value: object, key: Text) -> str:
    if not isinstance(value, str) or not (not key.required or value.strip()) or len(value) > key.longest:
        raise BadCalibration(f"{name} = {value!r} is not usable: give {_asked(name, key)}")
    return value


def _date(text: str) -> None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadCalibration(f"at = {text!r} is no moment: give RFC 3339, such as 2025-05-01T09:00:00+08:00")
