"""The tests of one scale: each item with its loads and limits, in the order in which they are gone through.

Rules this file obeys:

* Every load and limit comes from a row of the pack handed in, and says which row and how well it is known.
* After a handover nothing of the text that went before is better than unconfirmed, no item of it either.
* Which ranges a scale has and how it carries its load is handed in; nothing is guessed from its Max.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from firmware_app.quantity import Grams, show_mass
from firmware_app.rules.base import Confidence, OutsideTable, Row, weakest
from firmware_app.rules.checks import (
    FEW_SUPPORTS,
    PartialRange,
    discrimination_load,
    discrimination_points,
    eccentric_load,
    least_load,
    load_points,
    mpe_in_range,
    range_at,
    repeatability_row,
)
from firmware_app.rules.mpe import BadInstrument, Instrument, handed_over, mpe, zero_setting_limit
from firmware_app.rules.plan_rows import Item, ItemRow, PlanRows, Stage
from firmware_app.rules.rows import NawiPack, Platform

ZERO = Decimal(0)
LEFT_FOR_TARE = 3
"""Of Max, where the tare is not named: the least that the row ``plan.tare`` asks of a tare up to Max."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """The scale as its tests must know it. ``ranges``: empty where it has one; ``active``: see range_at.

    ``d_g``: the actual scale interval where it is not e. ``platform``: tank or rolling load.
    """

    instrument: Instrument
    ranges: tuple[PartialRange, ...] = ()
    active: int | None = None
    d_g: Grams | None = None
    supports: int = FEW_SUPPORTS
    platform: Platform | None = None
    additive_tare_g: Grams = ZERO
    tare_g: Grams | None = None
    """The tare that is weighed against; None: room is left for a third of Max."""


class PlannedLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One load of an item and the largest |E| there, inclusive; ``e_g``: of the range that counts.

    Discrimination: ``limit_g`` is the extra load that must change the display by one d.
    """

    load_g: Grams
    limit_g: Grams
    limit_initial_g: Grams
    e_g: Grams
    clause: str
    confidence: Confidence


class PlannedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One test. ``weighings``: of each load; ``positions``: where on the pan, each in turn.

    ``stop``: where it does not hold, the rest is not begun. Items without loads are answered by a person
    (appearance) or by prices (price_computing). ``clause`` and ``confidence``: of there being the item.
    """

    item: Item
    loads: tuple[PlannedLoad, ...] = ()
    weighings: int = 1
    positions: int = 1
    falling: bool = False
    """Whether the loads are gone through again on the way down."""
    stop: bool = False
    clause: str
    confidence: Confidence
    pack: str
    version: str
    sha256: str
    superseded_by: str = ""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The last day of a verification, as far as the longest period goes; its mark may say an earlier one."""

    on: date
    clause: str
    confidence: Confidence


def plan_rows(pack: NawiPack) -> PlanRows:
    """How a scale is tested; raises OutsideTable for packs of before there were such rows."""
    if pack.plan is None:
        raise OutsideTable(f"{pack.id} version {pack.version} does not say how a scale is tested")
    return pack.plan


def planned_items(pack: NawiPack, scale: Examined, stage: Stage, on: date) -> tuple[PlannedItem, ...]:
    """The items of a stage for a scale, in their order; raises BadInstrument, OutsideTable.

    Source: the rows ``plan`` of the pack, and those of each item.
    """
    rows = plan_rows(pack).items
    found = (_item(pack, scale, row, stage, on) for row in rows if stage in row.stages)
    # Whether prices are tried goes by the scale.
    return tuple(
        item for item in found if item.item is not Item.PRICE_COMPUTING or scale.instrument.price_computing
    )


def planned_item(pack: NawiPack, scale: Examined, item: Item, stage: Stage, on: date) -> PlannedItem:
    """One of them; raises also OutsideTable where the stage does not have it."""
    for each in planned_items(pack, scale, stage, on):
        if each.item is item:
            return each
    raise OutsideTable(f"{pack.id} has no item {item.value!r} for this scale at the stage {stage.value!r}")


def tare_range(pack: NawiPack, largest_g: Grams) -> tuple[Grams, Grams]:
    """Between which masses the tare of the tare weighing lies; ``largest_g``: the largest of the scale."""
    row = plan_rows(pack).tare
    return row.from_fraction * largest_g, row.to_fraction * largest_g


def zero_tracking_load(pack: NawiPack, e_g: Grams) -> Grams:
    """The load at which E0 is found where zero is tracked: 10 e."""
    return plan_rows(pack).zero_tracking.work_at_e * e_g


def change_point_step(pack: NawiPack, e_g: Grams) -> Grams:
    """The small weights that are added up to the change point: about 0.1 e each."""
    return plan_rows(pack).change_point_step.to_fraction * e_g


def verification_due(pack: NawiPack, last: date) -> Due:
    """Until when a verification of that day counts at the longest; raises OutsideTable."""
    row = plan_rows(pack).period
    years, month = divmod(last.month - 1 + row.months, 12)
    year = last.year + years
    day = min(last.day, monthrange(year, month + 1)[1])
    return Due(on=date(year, month + 1, day), clause=row.clause, confidence=row.confidence)


def _item(pack: NawiPack, scale: Examined, row: ItemRow, stage: Stage, on: date) -> PlannedItem:
    handed = handed_over(pack, scale.instrument, on)
    blank = PlannedItem(
        item=row.item,
        stop=row.stop,
        clause=row.clause if handed is None else f"{row.clause}; {handed.clause}",
        confidence=row.confidence if handed is None else Confidence.UNCONFIRMED,
        pack=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        superseded_by="" if handed is None else handed.to,
    )

    def held(loads_g: Iterable[Grams], *leans: Row) -> tuple[PlannedLoad, ...]:
        return tuple(_held_to_mpe(pack, scale, load, (stage, on), leans) for load in loads_g)

    facts: dict[str, object] = {}
    match row.item:
        case Item.ZERO_SETTING | Item.TARE_SETTING:
            facts = {"loads": (_zero(pack, scale, blank),)}
        case Item.WEIGHING:
            facts = {"loads": held(weighing_loads(pack, scale)), "falling": True}
        case Item.TARE_WEIGHING:
            facts = {"loads": held(net_loads(pack, scale), plan_rows(pack).net)}
        case Item.ECCENTRICITY:
            loads = held((_eccentric(pack, scale),), _eccentric_row(pack, scale))
            facts = {"loads": loads, "positions": scale.supports}
        case Item.REPEATABILITY:
            counted = repeatability_row(pack, scale.instrument.accuracy_class)
            loads = held((part * _whole(scale) for part in counted.fractions), counted)
            facts = {"loads": loads, "weighings": counted.weighings}
        case Item.DISCRIMINATION:
            facts = {"loads": _discrimination(pack, scale, blank)}
        case Item.APPEARANCE | Item.PRICE_COMPUTING:
            pass  # answered by a person and by prices, not by loads
    return msgspec.structs.replace(blank, **facts)


def weighing_loads(pack: NawiPack, scale: Examined) -> tuple[Grams, ...]:
    """The loads of the weighing test, rising; of a scale with ranges those of every range that counts.

    The choice is only recalled (row load_points); raises BadInstrument.
    """
    if not scale.ranges:
        return load_points(pack, scale.instrument)
    if scale.active is not None:
        return load_points(pack, _of_range(scale, scale.active - 1))
    points: set[Grams] = set()
    for number, each in enumerate(scale.ranges):
        below = scale.ranges[number - 1].max_g if number else ZERO
        # What lies below belongs to the range before, with its smaller e.
        points |= {load for load in load_points(pack, _of_range(scale, number)) if below < load <= each.max_g}
    return tuple(sorted(points))


def net_loads(pack: NawiPack, scale: Examined) -> tuple[Grams, ...]:
    """The net loads of the tare weighing, rising: those of the weighing test that fit above the tare."""
    whole = _whole(scale)
    room = whole - (whole / LEFT_FOR_TARE if scale.tare_g is None else scale.tare_g)
    if room <= 0:
        raise BadInstrument(f"a tare of {show_mass(scale.tare_g or ZERO)} leaves nothing to weigh")
    return tuple(load for load in weighing_loads(pack, scale) if load <= room)


def _of_range(scale: Examined, number: int) -> Instrument:
    each = range_at(scale.ranges, ZERO, number + 1)
    return msgspec.structs.replace(
        scale.instrument,
        max_g=each.max_g,
        e_g=each.e_g,
        min_g=scale.instrument.min_g if number == 0 else None,
    )


def _whole(scale: Examined) -> Grams:
    """Max of what is tested: of the active range of a multiple-range scale, else of the scale."""
    if scale.ranges and scale.active is not None:
        return range_at(scale.ranges, ZERO, scale.active).max_g
    return scale.instrument.max_g


def _e_at(scale: Examined, load_g: Grams) -> Grams:
    return range_at(scale.ranges, load_g, scale.active).e_g if scale.ranges else scale.instrument.e_g


def _held_to_mpe(
    pack: NawiPack, scale: Examined, load_g: Grams, when: tuple[Stage, date], leans: tuple[Row, ...]
) -> PlannedLoad:
    stage, on = when
    e_g = _e_at(scale, load_g)
    # A third of Max need not be a load that anybody can put on: a whole number of e is.
    load_g = (load_g / e_g).to_integral_value(ROUND_HALF_EVEN) * e_g
    if scale.ranges:
        answer = mpe_in_range(
            pack, scale.instrument, scale.ranges, load_g, stage=stage, on=on, active=scale.active
        )
    else:
        answer = mpe(pack, scale.instrument, load_g, stage, on)
    return PlannedLoad(
        load_g=load_g,
        limit_g=answer.limit_g,
        limit_initial_g=answer.limit_initial_g,
        e_g=e_g,
        clause="; ".join((*(row.clause for row in leans), answer.clause)),
        confidence=weakest(answer.confidence, *(row.confidence for row in leans)),
    )


def _zero(pack: NawiPack, scale: Examined, item: PlannedItem) -> PlannedLoad:
    e_g = _e_at(scale, ZERO)
    row, limit = pack.zero_setting, zero_setting_limit(pack, e_g)
    return PlannedLoad(
        load_g=ZERO,
        limit_g=limit,
        limit_initial_g=limit,
        e_g=e_g,
        clause=row.clause,
        confidence=row.confidence if not item.superseded_by else Confidence.UNCONFIRMED,
    )


def _discrimination(pack: NawiPack, scale: Examined, item: PlannedItem) -> tuple[PlannedLoad, ...]:
    row = pack.discrimination
    least = msgspec.structs.replace(scale.instrument, min_g=least_of(pack, scale))
    found = []
    for load in discrimination_points(pack, least) if not scale.ranges else _points(pack, scale):
        e_g = _e_at(scale, load)
        extra = discrimination_load(pack, scale.d_g or e_g)
        found.append(
            PlannedLoad(
                load_g=load,
                limit_g=extra,
                limit_initial_g=extra,
                e_g=e_g,
                clause=row.clause,
                confidence=row.confidence if not item.superseded_by else Confidence.UNCONFIRMED,
            )
        )
    return tuple(found)


def least_of(pack: NawiPack, scale: Examined) -> Grams:
    """Min of the scale: from its nameplate, else the lower limit of its class in its smallest range."""
    return least_load(pack, scale.instrument if not scale.ranges else _of_range(scale, 0))


def _points(pack: NawiPack, scale: Examined) -> tuple[Grams, ...]:
    shares = {share * _whole(scale) for share in pack.discrimination.fractions_of_max}
    return tuple(sorted({least_of(pack, scale)} | shares))


def _eccentric(pack: NawiPack, scale: Examined) -> Grams:
    return eccentric_load(
        pack,
        _whole(scale),
        supports=scale.supports,
        platform=scale.platform,
        additive_tare_g=scale.additive_tare_g,
    )


def _eccentric_row(pack: NawiPack, scale: Examined) -> Row:
    if scale.platform in (None, Platform.MANY_SUPPORTS) and scale.supports <= FEW_SUPPORTS:
        return pack.eccentricity
    wanted = scale.platform or Platform.MANY_SUPPORTS
    return next(row for row in pack.partial_eccentric_loads if row.platform is wanted)
