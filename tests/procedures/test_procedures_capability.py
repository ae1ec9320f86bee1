"""May the appliance judge, and how: weights, pan, methods of a sale; what nobody could observe is said."""

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest
from person import COARSE, ON, PAN, REGISTRY, WEIGHTS, context, outlook

from firmware_app.procedures.capability.answer import Condition, Held, Method
from firmware_app.procedures.capability.conditions import ratio
from firmware_app.procedures.capability.sale import METHOD_NUMBER, expected_for_sale, for_sale
from firmware_app.procedures.capability.scale_check import for_scale, pieces_for, small_weights
from firmware_app.procedures.context import Controlled, Pan, Surroundings
from firmware_app.quantity import Estimate
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.retail_rows import RetailPack
from firmware_app.rules.rows import Stage, WeightsPack
from firmware_app.standards.sets import parse_weights
from hardware.loadcell.contract import Fault

SCALE = REGISTRY.find("12").scales[0]
FINE = Pan(max_g=D(15000), calibration="c", outlook=outlook(1e-5))
RETAIL = pack_in_force(RetailPack, ON)
WARM = Surroundings(on_s=7200.0, warm_up_s=1800.0, level=True, temperature_c=12.5)
LOCKED = Controlled(state="due", lock="control_due")


def drawer(pieces, weight_class="M1", valid_to="2027-10-31"):
    """A drawer of its own; ``pieces`` in TOML."""
    text = (
        f'[[set]]\nid = "S"\nclass = "{weight_class}"\ncertificate = "C"\nvalid_to = {valid_to}\n'
        f"pieces = [{pieces}]\n"
    )
    return parse_weights(text.encode(), pack_in_force(WeightsPack, ON))


@pytest.mark.parametrize(
    ("changes", "method", "reason", "help_"),
    [
        ({"pan": FINE}, Method.WEIGHTS, "", ""),
        ({"pan": FINE, "weights": ()}, Method.PAN, "", ""),
        ({"pan": None, "weights": ()}, None, "no_weights", "bring_weights"),
        ({"pan": FINE, "weights": (), "controlled": LOCKED}, None, "no_weights", "bring_weights"),
        ({"pan": FINE, "weights": (), "pan_fault": Fault.DISCONNECTED}, None, "no_weights", "bring_weights"),
        ({"pan": FINE, "on": date(2028, 1, 1)}, Method.PAN, "", ""),
        ({"pan": None, "on": date(2028, 1, 1)}, None, "weights_expired", "renew_certificate"),
        ({"pan": FINE, "packs": ()}, None, "no_rules", "call_keeper"),
    ],
)
def test_the_method_that_remains_for_a_scale_at_two_kilograms(changes, method, reason, help_):
    answer = for_scale(context(**changes), SCALE, D(2000))
    assert (answer.method, answer.reason, answer.help) == (method, reason, help_)
    assert answer.judges is (method is not None)


def test_a_coarse_pan_serves_with_weights_in_turns_and_without_them_not():
    # 3.2 kg within U = 6.4 g, where a third of the limit in service is 3.3 g.
    weighed = for_scale(context(pan=COARSE), SCALE, D(3200))
    assert weighed.method is Method.WEIGHTS and weighed.remaining == (Method.SUBSTITUTION,)
    alone = for_scale(context(pan=COARSE, weights=()), SCALE, D(3200))
    assert alone.method is None and alone.reason == "no_weights"
    direct = for_scale(context(pan=COARSE), SCALE, D(3200), weighed=Estimate(3200.0, 3.2))
    assert (direct.method, direct.reason, direct.help) == (None, "reference_not_capable", "use_weights")
    assert direct.expanded_g == "6.400" and D(direct.ratio) < 3


@pytest.mark.parametrize(
    ("u", "judges"), [(D("0.833"), True), (D("0.834"), False)], ids=["just", "not quite"]
)
def test_the_third_is_inclusive_and_the_ratio_never_flatters(u, judges):
    # Limit in service at 1 kg is 5 g: U = 1.666 g has a ratio of 3.001, U = 1.668 g of 2.998.
    answer = for_scale(context(pan=FINE), SCALE, D(1000), weighed=Estimate(1000.0, float(u)))
    assert answer.judges is judges
    assert (D(answer.ratio) >= 3) is judges
    assert ratio(D("1.668"), D(5)) == "2.9" and ratio(D(0), D(5)) == ""


def test_the_stage_of_a_verification_asks_for_more():
    # A third of 2.5 g at 1 kg: weights of M3 (0.5 g) do, at 2.5 kg (1.25 g together) they do not.
    coarse = drawer('{ nominal = "2 kg" }, { nominal = "1 kg" }, { nominal = "500 g" }', "M3")
    around = context(pan=None, weights=coarse)
    assert for_scale(around, SCALE, D(1000), stage=Stage.INITIAL).judges
    refused = for_scale(around, SCALE, D(2500), stage=Stage.INITIAL)
    assert (refused.reason, refused.help) == ("weights_unfit", "finer_weights")


def test_what_nobody_can_tell_is_said_and_blocks_nothing():
    answer = for_scale(context(pan=FINE, weights=()), SCALE, D(1000))
    assert answer.judges
    assert set(answer.not_observed) == {
        Condition.PAN_IN_CONTROL,
        Condition.WARM,
        Condition.LEVEL,
        Condition.TEMPERATURE,
    }
    told = for_scale(context(pan=FINE, weights=(), surroundings=WARM), SCALE, D(1000))
    assert told.not_observed == (Condition.PAN_IN_CONTROL,)


@pytest.mark.parametrize(
    ("changes", "reason", "help_"),
    [
        ({"on_s": 600.0}, "not_warm", "wait_warm"),
        ({"on_s": 1799.9}, "not_warm", "wait_warm"),
        ({"level": False}, "not_level", "level_it"),
        ({"temperature_c": -10.1}, "outside_temperature", "use_weights"),
        ({"temperature_c": 40.1}, "outside_temperature", "use_weights"),
    ],
)
def test_a_cold_tilted_or_frozen_pan_judges_nothing(changes, reason, help_):
    around = msgspec.structs.replace(WARM, **changes)
    answer = for_sale(
        context(pan=FINE, weights=(), surroundings=around), RETAIL, D(20), Estimate(1000.0, 0.1)
    )
    assert (answer.method, answer.reason, answer.help) == (None, reason, help_)
    edge = msgspec.structs.replace(WARM, on_s=1800.0, temperature_c=-10.0)
    assert for_sale(context(pan=FINE, surroundings=edge), RETAIL, D(20), Estimate(1000.0, 0.1)).judges


@pytest.mark.parametrize(
    ("u", "method", "remaining"),
    [
        (0.5, Method.FINER_SCALE, (Method.EQUAL_SCALE, Method.SAME_SCALE)),
        (2.0, Method.EQUAL_SCALE, (Method.SAME_SCALE,)),
        (20.0, Method.SAME_SCALE, ()),
    ],
)
def test_the_three_methods_of_a_sale_the_finest_first(u, method, remaining):
    # Mid band, 1 kg: 5 g are permitted. U = 1 g serves as the finer scale, 4 g as an equal one, 40 g as none.
    answer = for_sale(context(pan=FINE), RETAIL, D(5), Estimate(1000.0, u))
    assert (answer.method, answer.remaining) == (method, remaining)
    assert METHOD_NUMBER[answer.method] in (1, 2, 3)


def test_a_sale_without_a_pan_is_left_to_the_sellers_scale_with_weights():
    assert for_sale(context(pan=None), RETAIL, D(5), Estimate(1000.0, 0.1)).method is Method.SAME_SCALE
    nothing = for_sale(context(pan=None, weights=()), RETAIL, D(5), Estimate(1000.0, 0.1))
    assert (nothing.method, nothing.reason) == (None, "no_pan")
    locked = for_sale(context(pan=FINE, weights=(), controlled=LOCKED), RETAIL, D(5), Estimate(1000.0, 0.1))
    assert (locked.method, locked.reason, locked.help) == (None, "control_due", "do_control_check")


def test_what_the_pan_will_say_of_goods_is_known_before():
    assert expected_for_sale(context(pan=PAN), D(1000)) == Estimate(1000.0, 0.0)
    assert 0.01 < expected_for_sale(context(pan=FINE), D(1000)).standard < 0.5


def test_rounding_is_sharpened_only_where_it_leaves_an_exact_scale_undecided():
    # 15 kg/5 g: below 2.5 kg the limit in service is one e, above it two.
    around = context(pan=FINE)
    assert for_scale(around, SCALE, D(1000)).sharpens == (Method.ODD_LOADS,)
    assert for_scale(around, SCALE, D(3000)).sharpens == ()
    fine = msgspec.structs.replace(SCALE, d_g=D(1))
    assert for_scale(around, fine, D(1000)).sharpens == ()
    small = context(pan=None, weights=(*WEIGHTS, *drawer('{ nominal = "500 mg", count = 10 }')))
    assert for_scale(small, SCALE, D(1000)).sharpens == (Method.CHANGE_POINT,)


@pytest.mark.parametrize(
    ("pieces", "smallest", "count"),
    [
        ('{ nominal = "500 mg", count = 10 }', "0.5", 10),
        ('{ nominal = "500 mg", count = 9 }', None, 0),  # 4.5 g do not reach the next interval
        ('{ nominal = "500 mg" }, { nominal = "1 g" }, { nominal = "2 g", count = 2 }', "0.5", 4),
        ('{ nominal = "500 mg" }, { nominal = "2 g", count = 3 }', None, 0),  # 1 g cannot be made
        ('{ nominal = "2 g", count = 3 }', None, 0),  # coarser than 0.2 e
    ],
)
def test_small_weights_make_every_step_up_to_the_next_interval(pieces, smallest, count):
    found = small_weights(context(weights=drawer(pieces)), D(5))
    assert len(found) == count
    assert (plain_smallest(found) if found else None) == smallest


def plain_smallest(pieces):
    return str(min(piece.nominal_g for piece in pieces).normalize())


def test_the_drawer_makes_a_load_or_says_that_it_cannot():
    assert [piece.nominal_g for piece in pieces_for(context(), D(3700))] == [2000, 1000, 500, 200]
    assert pieces_for(context(), D(3701)) == ()


def test_an_answer_is_a_fact_that_can_be_written_down():
    answer = for_scale(context(pan=FINE, surroundings=WARM), SCALE, D(1000))
    plain = msgspec.to_builtins(answer)
    assert msgspec.convert(plain, type(answer)) == answer
    assert plain["method"] == "weights" and plain["limit_g"] == "5.0"
    assert all(looked["held"] == Held.HELD for looked in plain["conditions"])
