"""What a bring-up of a bridge hands out, and the samples sorted out for it.

Rules this file obeys:

* Each finding has its figure, its limit and where that limit is from; what cannot be judged says why.
* Verdicts are of the electronics; nothing here is a weight.
"""

from __future__ import annotations

import enum
import statistics
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import msgspec

from firmware_app.weighing.gate import POWER_UP_CONVERSIONS, SECOND
from hardware.loadcell.contract import Fault, Sample

DATASHEET = "HX711 datasheet V2.0"
FIELD = "field recordings"
ENOUGH = 30
"""Conversions below which no statistics are told."""
CODES = 1 << 24


class Level(enum.StrEnum):
    """The verdict on one line."""

    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"
    NOT_JUDGED = "not_judged"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the check.

    ``figure`` in words with its unit, ``value`` the same as a number. ``limit``: what it is held against,
    from ``source``. ``words``: what it means and what to do; empty where nothing is to be said.
    """

    what: str
    level: Level
    figure: str
    value: float | None = None
    limit: str = ""
    source: str = ""
    words: str = ""


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the bridge: nominal rate (None: not known), gain, and excitation in volts.

    ``codes``: whether counts are what the chip sent (a logger may have scaled them). ``from_power_up``:
    whether the samples begin with the opening of the driver.
    """

    rate_hz: float | None
    gain: int = 128
    excitation_v: float = 5.0
    codes: bool = True
    from_power_up: bool = True

    @property
    def nanovolts_per_count(self) -> float:
        """Input of one code: full scale is ±½ excitation over gain (datasheet, "Analog inputs")."""
        return self.excitation_v * 1e9 / (self.gain * CODES)


class Seen:
    """The samples of a bring-up, sorted out once."""

    def __init__(self, samples: Sequence[Sample], bridge: Bridge) -> None:
        self.bridge = bridge
        self.samples = samples

    def count(self, *faults: Fault) -> int:
        """Samples that carry one of the faults."""
        return sum(any(fault in faults for fault in sample.faults) for sample in self.samples)

    @cached_property
    def seconds(self) -> float:
        return (self.samples[-1].at_ns - self.samples[0].at_ns) / SECOND if self.samples else 0.0

    @cached_property
    def converted(self) -> list[Sample]:
        """Samples behind which there is a conversion, sound or saturated or settling."""
        behind = {Fault.OVERLOAD, Fault.UNDERLOAD, Fault.SETTLING, Fault.FLATLINE}
        return [s for s in self.samples if s.counts is not None or behind & {*s.faults}]

    @cached_property
    def sound(self) -> list[Sample]:
        """Samples with counts and no fault, those after a power-up left out."""
        first = POWER_UP_CONVERSIONS if self.bridge.from_power_up else 0
        return [s for s in self.converted[first:] if s.counts is not None and not s.faults]

    @cached_property
    def gaps(self) -> list[int]:
        """Nanoseconds between one conversion and the next."""
        times = [sample.at_ns for sample in self.converted]
        return [later - earlier for earlier, later in pairwise(times)]

    @cached_property
    def period_ns(self) -> float | None:
        """The mean of the gaps within a quarter of their median (times may be rounded); None without gaps."""
        gaps = sorted(gap for gap in self.gaps if gap > 0)
        if not gaps:
            return None
        typical = gaps[len(gaps) // 2]
        return statistics.fmean(gap for gap in gaps if abs(gap - typical) <= typical / 4)

    @cached_property
    def series(self) -> dict[str, list[float]]:
        """Sound counts by bridge: of each corner where there are several, else of the one."""
        corners = {len(sample.corners) for sample in self.sound}
        if len(corners) == 1 and (width := corners.pop()):
            return {f"corner {n + 1}": [s.corners[n] for s in self.sound] for n in range(width)}
        return {"": [s.counts for s in self.sound if s.counts is not None]}
