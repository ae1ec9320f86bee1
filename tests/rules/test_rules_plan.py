"""The tests of one scale: items, loads and limits. Source: fact sheet 1.5."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest

from firmware_app.rules.base import Confidence, OutsideTable
from firmware_app.rules.checks import PartialRange, judge_discrimination, judge_price, judge_repeatability
from firmware_app.rules.mpe import BadInstrument, Instrument
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.plan import (
    Examined,
    change_point_step,
    plan_rows,
    planned_item,
    planned_items,
    tare_range,
    verification_due,
    zero_tracking_load,
)
from firmware_app.rules.plan_rows import Item
from firmware_app.rules.rows import NawiPack, Platform, Stage
from firmware_app.uncertainty.decision import Verdict

ON, SWITCHED = date(2026, 11, 23), date(2027, 1, 8)
PACK = pack_in_force(NawiPack, ON)
MARKET = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), price_computing=True)
DUAL = Instrument(accuracy_class="III", max_g=D(15000), e_g=D(5), min_g=D(40), price_computing=True)
RANGES = (PartialRange(max_g=D(6000), e_g=D(2)), PartialRange(max_g=D(15000), e_g=D(5)))


def item(wanted, scale=MARKET, stage=Stage.IN_SERVICE, on=ON, **more):
    return planned_item(PACK, Examined(instrument=scale, **more), wanted, stage, on)


def figures(found):
    return [(str(load.load_g), str(load.limit_g.normalize())) for load in found.loads]


def test_the_items_of_a_market_scale_in_their_order():
    names = [each.item for each in planned_items(PACK, Examined(instrument=MARKET), Stage.INITIAL, ON)]
    assert names[0] is Item.APPEARANCE and names[-1] is Item.PRICE_COMPUTING
    assert set(names) == set(Item)
    plain = msgspec.structs.replace(MARKET, price_computing=False)
    others = [each.item for each in planned_items(PACK, Examined(instrument=plain), Stage.INITIAL, ON)]
    assert set(Item) - set(others) == {Item.PRICE_COMPUTING}


def test_what_does_not_look_right_is_not_weighed_on():
    assert [
        each.item for each in planned_items(PACK, Examined(instrument=MARKET), Stage.INITIAL, ON) if each.stop
    ] == [Item.APPEARANCE]


@pytest.mark.parametrize(
    ("stage", "limits"),
    [
        (Stage.INITIAL, ["2.5", "2.5", "5", "5", "7.5"]),
        (Stage.SUBSEQUENT, ["2.5", "2.5", "5", "5", "7.5"]),
        (Stage.IN_SERVICE, ["5", "5", "1E+1", "1E+1", "15"]),
    ],
)
def test_loads_of_the_weighing_test_rise_and_fall(stage, limits):
    found = item(Item.WEIGHING, stage=stage)
    assert [load for load, _ in figures(found)] == ["100", "2500", "7500", "10000", "15000"]
    assert [limit for _, limit in figures(found)] == limits
    assert found.falling


def test_a_multi_interval_scale_is_tested_with_the_e_of_each_part():
    found = item(Item.WEIGHING, DUAL, ranges=RANGES)
    assert [(load.load_g, load.e_g) for load in found.loads] == [
        (40, 2),
        (1000, 2),
        (3000, 2),
        (4000, 2),
        (6000, 2),
        (7500, 5),
        (10000, 5),
        (15000, 5),
    ]
    assert item(Item.ZERO_SETTING, DUAL, ranges=RANGES).loads[0].limit_g == D("0.5"), "¼ of the smallest e"


def test_a_multiple_range_scale_is_tested_in_the_active_range():
    first = item(Item.WEIGHING, DUAL, ranges=RANGES, active=1)
    assert [load.load_g for load in first.loads] == [40, 1000, 3000, 4000, 6000]
    assert item(Item.ECCENTRICITY, DUAL, ranges=RANGES, active=1).loads[0].load_g == 2000
    second = item(Item.WEIGHING, DUAL, ranges=RANGES, active=2)
    assert [load.load_g for load in second.loads] == [100, 2500, 7500, 10000, 15000]


@pytest.mark.parametrize(
    ("more", "load_g", "limit_g", "positions"),
    [
        ({}, 5000, 10, 4),
        ({"supports": 1}, 5000, 10, 1),
        ({"supports": 6}, 3000, 10, 6),
        ({"additive_tare_g": D(3000)}, 6000, 10, 4),
        ({"platform": Platform.MINIMAL_OFF_CENTRE}, 1500, 5, 4),
        ({"platform": Platform.ROLLING}, 12000, 15, 4),
    ],
)
def test_the_eccentric_load_goes_by_what_carries_it(more, load_g, limit_g, positions):
    found = item(Item.ECCENTRICITY, **more)
    (load,) = found.loads
    assert (load.load_g, load.limit_g, found.positions) == (load_g, limit_g, positions)


def test_a_third_of_max_is_a_load_that_can_be_put_on():
    odd = Instrument(accuracy_class="III", max_g=D(20000), e_g=D(5))
    assert item(Item.ECCENTRICITY, odd).loads[0].load_g == 6665


@pytest.mark.parametrize(
    ("name", "max_g", "e_g", "times"), [("III", "15000", "5", 3), ("II", "15000", "1", 6)]
)
def test_repeatability_is_weighed_near_max(name, max_g, e_g, times):
    found = item(Item.REPEATABILITY, Instrument(accuracy_class=name, max_g=D(max_g), e_g=D(e_g)))
    assert (found.loads[0].load_g, found.weighings) == (12000, times)


def test_repeatability_is_judged_by_the_planned_load():
    load = item(Item.REPEATABILITY, stage=Stage.INITIAL).loads[0]
    assert judge_repeatability(PACK, MARKET, (D(1), D(2), D("8.5")), load).verdict is Verdict.DOES_NOT_CONFORM
    assert judge_repeatability(PACK, MARKET, (D(0), D(2), D("7.5")), load).verdict is Verdict.CONFORMS
    with pytest.raises(OutsideTable, match="asks for 3"):
        judge_repeatability(PACK, MARKET, (D(0), D(2)), load)


@pytest.mark.parametrize(
    ("tare_g", "loads"),
    [(None, [100, 2500, 7500, 10000]), ("7500", [100, 2500, 7500]), ("14000", [100])],
)
def test_net_loads_leave_room_for_the_tare(tare_g, loads):
    found = item(Item.TARE_WEIGHING, tare_g=None if tare_g is None else D(tare_g))
    assert [load.load_g for load in found.loads] == loads
    # Which tare and which loads is recalled; that the MPE counts for the net value is not.
    assert found.confidence is Confidence.UNCONFIRMED
    assert {load.confidence for load in found.loads} == {Confidence.SECONDARY}


def test_a_tare_of_all_leaves_nothing():
    with pytest.raises(BadInstrument, match="leaves nothing"):
        item(Item.TARE_WEIGHING, tare_g=D(15000))


def test_discrimination_by_d():
    found = item(Item.DISCRIMINATION, d_g=D(1))
    assert figures(found) == [("100", "1.4"), ("7500.0", "1.4"), ("15000", "1.4")]
    assert judge_discrimination(D(7500), D(7505), D(5)) is Verdict.CONFORMS
    assert judge_discrimination(D(7500), D(7500), D(5)) is Verdict.DOES_NOT_CONFORM


@pytest.mark.parametrize(
    ("price", "mass_g", "shown", "wanted", "verdict"),
    [
        ("12.50", "1235", "15.44", "15.44", Verdict.CONFORMS),  # 15.4375
        ("12.50", "1235", "15.43", "15.44", Verdict.DOES_NOT_CONFORM),
        ("3.99", "500", "2.00", "2.00", Verdict.CONFORMS),  # 1.995, half a fen up
        ("0", "500", "0", "0", Verdict.CONFORMS),
    ],
)
def test_prices_are_exact(price, mass_g, shown, wanted, verdict):
    found = judge_price(PACK, D(price), D(mass_g), D(shown))
    assert (found.wanted_yuan, found.verdict) == (D(wanted), verdict)
    assert found.confidence is Confidence.UNCONFIRMED


def test_from_the_day_of_the_new_text_nothing_of_the_old_one_is_better_than_unconfirmed():
    before = planned_items(PACK, Examined(instrument=MARKET), Stage.INITIAL, date(2027, 1, 7))
    after = planned_items(PACK, Examined(instrument=MARKET), Stage.INITIAL, SWITCHED)
    assert {each.superseded_by for each in before} == {""}
    for each in after:
        assert each.superseded_by == "JJG 1204-2025" and each.confidence is Confidence.UNCONFIRMED
        assert {load.confidence for load in each.loads} <= {Confidence.UNCONFIRMED}
    plain = msgspec.structs.replace(MARKET, price_computing=False)
    others = planned_items(PACK, Examined(instrument=plain), Stage.INITIAL, SWITCHED)
    assert {each.superseded_by for each in others} == {""}


@pytest.mark.parametrize(
    ("last", "due"),
    [("2025-11-24", "2026-11-24"), ("2024-02-29", "2025-02-28"), ("2025-12-31", "2026-12-31")],
)
def test_a_verification_counts_a_year_at_most(last, due):
    found = verification_due(PACK, date.fromisoformat(last))
    assert found.on == date.fromisoformat(due) and found.confidence is Confidence.SECONDARY


def test_care_while_testing_as_the_fact_sheet_has_it():
    rows = plan_rows(PACK)
    assert (rows.zero_tracking.step_d, rows.zero_tracking.times, rows.zero_tracking.every_s) == (
        D("0.1"),
        20,
        2,
    )
    assert zero_tracking_load(PACK, D(5)) == 50
    assert change_point_step(PACK, D(5)) == D("0.5")
    assert (rows.zero_range.switched_on, rows.zero_range.otherwise) == (D("0.2"), D("0.04"))
    assert (rows.steady.span_c, rows.steady.rate_c_per_h) == (5, 5)
    assert (rows.preload.from_fraction, rows.preload.to_fraction) == (1, 1)
    least, most = tare_range(PACK, D(15000))
    assert 4900 < least < 5000 and 10000 < most < 10100
