"""The shape of the rows that say how a scale is tested: which items, in which order, with what care.

Rules this file obeys:

* They stand in the pack of the limits, so that one pack, one version and one hash judge a whole record.
* Nothing is evaluated here.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from firmware_app.rules.base import Row


class Stage(enum.StrEnum):
    """When in its life an instrument is judged."""

    INITIAL = "initial"
    """首次检定."""
    SUBSEQUENT = "subsequent"
    """后续检定: periodic, and after repair."""
    IN_SERVICE = "in_service"
    """使用中检查: in use, a spot check on the market."""


class Item(enum.StrEnum):
    """One test of a scale; the value is its name in a record."""

    APPEARANCE = "appearance"
    """外观与通用技术要求."""
    ZERO_SETTING = "zero_setting"
    """置零准确度."""
    TARE_SETTING = "tare_setting"
    """除皮准确度."""
    WEIGHING = "weighing"
    """称量."""
    TARE_WEIGHING = "tare_weighing"
    """除皮称量."""
    ECCENTRICITY = "eccentricity"
    """偏载."""
    REPEATABILITY = "repeatability"
    """重复性."""
    DISCRIMINATION = "discrimination"
    """鉴别力."""
    PRICE_COMPUTING = "price_computing"
    """计价."""


class ItemRow(Row, frozen=True, kw_only=True):
    """An item of these stages. ``stop``: where it does not hold, the rest is not begun."""

    item: Item
    stages: tuple[Stage, ...]
    stop: bool = False


class ZeroTrackingRow(Row, frozen=True, kw_only=True):
    """Finding out whether zero is tracked: ``times`` weights of ``step_d`` d, one every ``every_s`` seconds.

    Where they do not move the display off zero it is, and E0 is found at ``work_at_e`` e.
    """

    step_d: Decimal
    times: int
    every_s: Decimal
    work_at_e: Decimal

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.step_d, Decimal(self.times), self.every_s, self.work_at_e) <= 0:
            raise ValueError("steps, times, seconds and the load are above zero")


class ShareRow(Row, frozen=True, kw_only=True):
    """From one fraction of something up to another, both inclusive."""

    from_fraction: Decimal
    to_fraction: Decimal


class SteadyRow(Row, frozen=True, kw_only=True):
    """How steady the surroundings are while a scale is tested."""

    span_c: Decimal
    rate_c_per_h: Decimal


class PeriodRow(Row, frozen=True, kw_only=True):
    """The longest time from one verification to the next, in months."""

    months: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.months <= 120:
            raise ValueError("a period has 1 to 120 months")


class ZeroRangeRow(Row, frozen=True, kw_only=True):
    """The largest ranges of zero-setting, fractions of Max: when switched on, and by hand or tracking."""

    switched_on: Decimal
    otherwise: Decimal


class PlanRows(msgspec.Struct, frozen=True, kw_only=True):
    """How a scale is tested; ``items`` in their order."""

    items: tuple[ItemRow, ...]
    preload: ShareRow
    """Put on once before the weighing tests, as fractions of Max."""
    steady: SteadyRow
    zero_tracking: ZeroTrackingRow
    zero_range: ZeroRangeRow
    change_point_step: ShareRow
    """Of the small weights, as fractions of e."""
    tare: ShareRow
    """Of the tare that is weighed against, as fractions of the largest tare."""
    net: Row
    """What the MPE applies to where a tare is in use."""
    period: PeriodRow


class Scope(Row, frozen=True, kw_only=True):
    """The scales that a pack is about, where it is not about all of them."""

    price_computing: bool
    max_to_g: Decimal

    def takes(self, max_g: Decimal, price_computing: bool) -> bool:
        """Whether a scale is among them."""
        return max_g <= self.max_to_g and (price_computing or not self.price_computing)


class PlanVector(msgspec.Struct, frozen=True, kw_only=True):
    """The loads and limits that an item must have for a scale; empty where the item is not gone through."""

    accuracy_class: str
    max_g: Decimal
    e_g: Decimal
    stage: Stage
    item: Item
    supports: int = 4
    loads_g: tuple[Decimal, ...] = ()
    limits_g: tuple[Decimal, ...] = ()
    weighings: int = 1
