"""The calibration of one pan: what turns counts into grams, read from and written to TOML.

Rules this file obeys:

* Every key is validated with its unit and range; an unknown key is refused and the nearest one named.
* A calibration is a fact: frozen, with an id, a date and a source. Changing one makes another.
* Errors say which file, which key and what to do.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.errors import SteelyardError
from firmware_app.settings_file import Read

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


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A straight line from counts to grams, and how well it is known.

    ``counts_per_gram``: signed, a bridge wired the other way round counts downwards.
    ``relative_standard_uncertainty``: of ``counts_per_gram``, from the fit and the reference weights.
    ``zero_counts``: counts of the empty pan when calibrated; None where not known. ``capacity_g`` (Max) and
    ``resolution_g`` (display interval d): None only for an assumed calibration.
    ``at``: RFC 3339. ``gravity``: where it was made, in words or m/s².
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

    def __post_init__(self) -> None:
        if not 1e-6 <= abs(self.counts_per_gram) <= 1e9:
            raise ValueError(f"counts_per_gram = {self.counts_per_gram}: give counts/g, ± 1e-06 … 1e+09")
        if self.resolution_g and self.capacity_g and self.resolution_g > self.capacity_g / 100:
            raise ValueError("resolution_g must be at most capacity_g / 100 (R 76-1 Table 3: n ≥ 100)")

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
        lines = []
        for name, value in msgspec.structs.asdict(self).items():
            if value is not None:
                unit = settings_file.described(Calibration, name) if isinstance(value, float) else ""
                lines.append(
                    f"{name} = {json.dumps(value, ensure_ascii=False)}{f'  # {unit}' if unit else ''}"
                )
        return "\n".join(lines) + "\n"

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_text(self.dump(), encoding="utf-8")
        part.replace(path)

    def grams(self, counts: float) -> float:
        """Grams that a difference of ``counts`` stands for."""
        return counts / self.counts_per_gram
