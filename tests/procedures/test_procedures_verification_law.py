"""The on-site examination: arithmetic and limits of the fact sheet, loads and weights for each scale."""

from datetime import date
from decimal import Decimal as D

import pytest
from examiner import (
    FULL,
    INSPECTOR,
    LARGE,
    SMALL,
    Bench,
    Examiner,
    at_weighing,
    conclusions,
    point,
    registry_of,
    steps,
    weights,
)
from person import context

from firmware_app.procedures.events import (
    FigureTyped,
    GoBack,
    Picked,
    ScaleChosen,
    StallTyped,
)
from firmware_app.procedures.verification.arithmetic import within
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.procedure import Verification
from firmware_app.procedures.verification.state import Phase
from firmware_app.rules.mpe import change_point_error
from firmware_app.uncertainty.decision import Verdict

# --------------------------------------------------------------------------- cases of the fact sheet


@pytest.mark.parametrize(
    ("load", "shown", "added", "zero", "error"),
    [
        # A1: OIML R 76-1:2006 A.4.4.3 as a public calculation methodology restates it; E0 at 10 e = 50 g.
        ("1000", "1000", "1.5", "0.5", "0.5"),
        ("1000", "1005", "2.5", "0", "5.0"),
    ],
)
def test_a1_the_change_point_gives_the_error_before_rounding(load, shown, added, zero, error) -> None:
    error_g = change_point_error(D(shown), D(load), D(added), D(5))
    assert error_g - D(zero) == D(error)


def test_a1_through_the_procedure() -> None:
    # given E0 = +0.5 g, found at 10 e: 50 + 2.5 - 2 - 50
    examiner = at_weighing(Examiner())
    point(examiner, "50", "2")
    # when Min shows itself and flips after 1.5 g
    point(examiner, "100", "1.5")
    examiner.run()
    # then P = 101 g, E = +1.0 g, Ec = +0.5 g, within 2.5 g (initial) and 5 g (in service)
    found = steps(examiner, "weighing")["up1"]
    assert (D(found["p_g"]), D(found["error_g"]), D(found["zero_g"])) == (D(101), D("1.0"), D("0.5"))
    assert (D(found["corrected_g"]), found["zero_of"]) == (D("0.5"), "zero")
    assert (D(found["limit_g"]), D(found["limit_initial_g"])) == (D(5), D("2.5"))
    assert (found["conclusion"], found["holds_initial"]) == ("conforms", True)


@pytest.mark.parametrize(
    ("max_g", "e_g", "table"),
    [
        # A2: from OIML R 76-1:2006 Table 6; in service twice as much.
        (15000, 5, {100: "2.5", 2500: "2.5", 2505: "5", 10000: "5", 10005: "7.5", 15000: "7.5"}),
        (30000, 10, {200: "5", 5000: "5", 5010: "10", 20000: "10", 20010: "15", 30000: "15"}),
        (3000, 1, {20: "0.5", 500: "0.5", 501: "1.0", 2001: "1.5", 3000: "1.5"}),
    ],
)
def test_a2_limits_of_the_loads(max_g, e_g, table) -> None:
    registry = registry_of(max_g=D(max_g), min_g=D(20 * e_g), e_g=D(e_g))
    visit = Verification.start(context(registry=registry, weights=FULL, person=INSPECTOR))
    visit.handle(StallTyped("12"), 1)
    visit.handle(ScaleChosen("S1"), 2)
    rules = rules_of(context(registry=registry), visit.state)
    for load, initial in table.items():
        answer = rules.limit(D(load))
        assert (answer.limit_initial_g, answer.limit_g) == (D(initial), 2 * D(initial))


def test_a2_the_eccentric_load_is_a_third_of_max_with_its_limit() -> None:
    examiner = Examiner()
    examiner.run()
    corners = steps(examiner, "eccentricity")
    places = ["front_left", "front_right", "back_right", "back_left"]
    assert list(corners) == ["zero", *places]
    for place in places:
        found = corners[place]
        assert (D(found["load_g"]), D(found["limit_initial_g"]), D(found["limit_g"])) == (5000, 5, 10)


@pytest.mark.parametrize(
    ("added", "error", "conclusion"),
    # A3: e = 5 g, at most 0.25 e; equality passes.
    [
        ("2.5", "0", "conforms"),
        ("1.0", "1.5", "does_not_conform"),
        ("1.25", "1.25", "conforms"),
        ("3.75", "-1.25", "conforms"),
    ],
)
@pytest.mark.parametrize("item", ["zero_setting", "tare_setting"])
def test_a3_zero_and_tare(item, added, error, conclusion) -> None:
    examiner = Examiner()
    examiner.until("verif_zero")
    if item == "tare_setting":
        point(examiner, "50", "2.5")
    point(examiner, "50", added)
    examiner.run()
    found = steps(examiner, item)["zero"]
    assert (D(found["error_g"]), found["conclusion"]) == (D(error), conclusion)
    assert D(found["limit_g"]) == D("1.25") == D(found["limit_initial_g"]), "never doubled"
    assert conclusions(examiner)[item] == conclusion


# -------------------------------------------------------------------------------- weights and scales


def test_where_the_weights_do_not_reach_goods_stand_in_for_them() -> None:
    few = LARGE.replace('{ nominal = "10 kg" }, ', "")
    examiner = Examiner(weights=weights(few, SMALL))
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    found = next(each for each in examiner.visit.outcome.body["items"] if each["item"] == "weighing")
    top = {step["step"]: step for step in found["steps"]}["up5"]
    # 7.5 kg of goods, 1.2 g lighter than the weights, and 7.5 kg of weights upon them
    assert top["goods"] == 1 and abs(D(found["goods_g"][0]) - D("7498.8")) <= D("0.5")
    assert abs(D(top["load_g"]) - D("14998.8")) <= D("0.5")
    assert found["substitution"]["confidence"] == "unconfirmed"


@pytest.mark.parametrize("enough", [True, False])
def test_with_a_third_of_max_in_weights_the_scale_must_repeat_well(enough) -> None:
    third = """
[[set]]
id = "THIRD"
class = "M1"
certificate = "T"
valid_to = 2027-10-31
pieces = [{ nominal = "5 kg" }, { nominal = "500 g" }, { nominal = "100 g" }, { nominal = "50 g" }]
"""

    def answer(examiner, page):
        # 0.3 e = 1.5 g; the second placing shows the goods 2 g lighter
        if not enough and page.key == "verif_goods" and examiner.visit.state.step.nth == 2:
            point(examiner, "4995", "1")
            return True
        return False

    examiner = Examiner(weights=weights(third, SMALL), answer=answer)
    examiner.run()
    body = next(each for each in examiner.visit.outcome.body["items"] if each["item"] == "weighing")
    placed = [step for step in body["steps"] if step["step"].startswith("goods1.")]
    assert len(placed) == 3
    top = {step["step"]: step for step in body["steps"]}["up5"]
    if enough:
        assert top["conclusion"] == "conforms" and top["goods"] == 2
    else:
        assert top["conclusion"] == "not_done"
        assert (body["conclusion"], top["why_not"]) == ("not_done", "not_repeatable")


def test_too_few_weights_leave_items_undone_with_the_reason() -> None:
    little = """
[[set]]
id = "LITTLE"
class = "M1"
certificate = "T"
valid_to = 2027-10-31
pieces = [{ nominal = "1 kg" }, { nominal = "100 g" }, { nominal = "50 g" }]
"""
    examiner = Examiner(weights=weights(little, SMALL))
    outcome = examiner.run()
    assert (outcome.verdict, outcome.reason) == (Verdict.UNDECIDED, "verif_items_left_out")
    found = conclusions(examiner)
    assert found["weighing"] == found["eccentricity"] == "not_done"
    whys = {step["step"]: step.get("why_not") for step in steps(examiner, "weighing").values()}
    assert whys["up1"] is None and whys["up5"] == "weights_missing"


def test_weights_that_are_not_fine_enough_are_not_put_on() -> None:
    coarse = LARGE.replace('"M1"', '"M3"')
    examiner = Examiner(weights=weights(coarse, SMALL))
    examiner.run()
    whys = {step["step"]: step.get("why_not") for step in steps(examiner, "weighing").values()}
    # 1.25 g of class M3 at 2.5 kg, where a third of the initial MPE is 0.83 g
    assert whys["up2"] == "weights_unfit" and whys["up1"] is None


def test_weights_out_of_date_are_no_weights() -> None:
    examiner = Examiner(weights=weights(LARGE.replace("2027-10-31", "2026-10-31"), SMALL))
    examiner.run()
    assert conclusions(examiner)["weighing"] == "not_done"


def test_without_small_weights_a_point_is_known_to_half_an_interval_only() -> None:
    examiner = Examiner(weights=weights(LARGE))
    outcome = examiner.run()
    assert "verif_added" not in examiner.asked
    found = steps(examiner, "weighing")["up1"]
    assert (found["method"], D(found["half_width_g"])) == ("direct", D(5))
    assert found["conclusion"] == "conforms", "0 ± 5 g keeps 5 g"
    assert conclusions(examiner)["zero_setting"] == "undecided", "± 2.5 g tells nothing of 1.25 g"
    assert conclusions(examiner)["discrimination"] == "not_done"
    assert outcome.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("value", "half", "limit", "verdict"),
    [
        ("5", "0", "5", Verdict.CONFORMS),
        ("-5", "0", "5", Verdict.CONFORMS),
        ("5.5", "0", "5", Verdict.DOES_NOT_CONFORM),
        ("5", "2.5", "5", Verdict.UNDECIDED),
        ("10", "2.5", "5", Verdict.DOES_NOT_CONFORM),
        ("2.5", "2.5", "5", Verdict.CONFORMS),
    ],
)
def test_limits_are_inclusive_and_half_an_interval_leaves_doubt(value, half, limit, verdict) -> None:
    assert within(D(value), D(half), D(limit)) is verdict


def test_a_multi_interval_scale_has_the_e_of_each_range() -> None:
    def answer(examiner, page):
        if page.key == "verif_scale" and not examiner.visit.state.ranges:
            examiner.tell(Picked("range"))
            examiner.tell(FigureTyped("6", "kg"))
            examiner.tell(FigureTyped("2", "g"))
            return True
        return False

    class TwoRanges(Bench):
        """e = 2 g up to 6 kg, 5 g above."""

        def shown(self):
            exact = D(str(self.scale._exact(self.now_s)))
            e = D(2) if exact <= 6000 else D(5)
            return (exact / e).quantize(D(1)) * e - self.scale.at(self.now_s).tare_g

    examiner = Examiner(
        TwoRanges(e_g=1), answer=answer, at=None, registry=registry_of(min_g=D(40)), weights=FULL
    )
    examiner.run()
    found = steps(examiner, "weighing")
    by_load = {D(step.get("wanted_g", step["load_g"])): step for step in found.values() if "limit_g" in step}
    # 500 e and 2000 e of the first range are 1 kg and 4 kg; in the second 2000 e is 10 kg
    assert {40, 1000, 4000, 6000, 10000, 15000} <= set(by_load)
    assert D(by_load[1000]["limit_initial_g"]) == 1 and D(by_load[6000]["limit_initial_g"]) == 3
    assert D(by_load[10000]["limit_initial_g"]) == 5 and D(by_load[15000]["limit_initial_g"]) == D("7.5")
    assert D(steps(examiner, "zero_setting")["zero"]["limit_g"]) == D("0.5")
    body = examiner.visit.outcome.body
    assert [each["e_g"] for each in body["ranges"]] == ["2", "5"]


@pytest.mark.parametrize("figures", [("20", "kg", "2", "g"), ("6", "kg", "5", "g"), ("6", "kg", "x", "g")])
def test_ranges_that_do_not_rise_are_refused(figures) -> None:
    examiner = Examiner()
    examiner.until("verif_scale")
    examiner.tell(Picked("range"))
    examiner.tell(FigureTyped(*figures[:2]))
    if examiner.visit.state.phase is Phase.RANGE_E:
        examiner.tell(FigureTyped(*figures[2:]))
    assert examiner.visit.prompt.problem == "verif_not_a_range"


def test_class_iiii_has_its_own_steps() -> None:
    registry = registry_of(max_g=D(5000), min_g=D(50), accuracy_class="IIII", price_computing=False)
    examiner = Examiner(Bench(max_g=5000), registry=registry, challenge=False)
    examiner.run()
    assert set(conclusions(examiner).values()) - {"conforms"} == {"not_done"}, "of the challenge"
    found = steps(examiner, "weighing")
    loads = [D(found[name]["load_g"]) for name in ("up1", "up2", "up3", "up4", "up5")]
    assert loads == [50, 250, 1000, 2500, 5000]
    assert [D(found[f"up{n}"]["limit_initial_g"]) for n in range(1, 6)] == [
        D("2.5"),
        D("2.5"),
        5,
        D("7.5"),
        D("7.5"),
    ]
    assert "price_computing" not in conclusions(examiner)


def test_more_than_four_supports_carry_one_part_each() -> None:
    def answer(examiner, page):
        if page.key == "verif_scale" and examiner.visit.state.supports == 4:
            examiner.tell(Picked("supports"))
            examiner.tell(FigureTyped("6", ""))
            return True
        return False

    examiner = Examiner(answer=answer)
    examiner.run()
    found = steps(examiner, "eccentricity")
    assert [name for name in found if name != "zero"] == [f"support_{n}" for n in range(1, 7)]
    assert {D(step["load_g"]) for name, step in found.items() if name != "zero"} == {D(3000)}


def test_with_zero_tracking_off_e0_is_found_at_zero() -> None:
    examiner = Examiner()
    page = examiner.until("verif_tracking")
    # 20 x 0.1 d, one every 2 s: the row plan.zero_tracking, for d = 5 g
    assert [(fact.value, fact.unit) for fact in page.facts] == [("0.5", "g"), ("20", ""), ("2", "s")]
    assert "zero is tracked" in page.law.clause and page.law.confidence == "secondary"
    examiner.tell(Picked("left_zero"))
    examiner.run()
    assert examiner.visit.outcome.body["zero_at_g"] == ["0"]
    assert D(steps(examiner, "weighing")["zero"]["load_g"]) == 0
    found = steps(examiner, "zero_setting")["tracking"]
    assert (found["answer"], found["each_g"], found["times"], found["every_s"]) == (
        "left_zero",
        "0.5",
        20,
        "2",
    )


@pytest.mark.parametrize("answer", ["stayed_at_zero", "not_tried"])
def test_with_zero_tracking_or_unknown_e0_is_found_at_ten_e(answer) -> None:
    examiner = Examiner()
    examiner.until("verif_tracking")
    examiner.tell(Picked(answer))
    examiner.run()
    assert examiner.visit.outcome.body["zero_at_g"] == ["50"]
    assert steps(examiner, "zero_setting")["tracking"]["answer"] == answer


def test_where_e0_is_found_does_not_change_under_points_that_were_taken() -> None:
    examiner = Examiner()
    examiner.until("verif_tared_zero")
    while examiner.visit.prompt.key != "verif_tracking":
        examiner.tell(GoBack())
    # gone back over the only point there was: nothing hangs on it any more
    examiner.tell(Picked("left_zero"))
    assert examiner.visit.state.at_zero
    # but with the weighing done, the item on zero begun again does not ask once more
    examiner.until("verif_review", 5000)
    examiner.tell(Picked("zero_setting"))
    assert examiner.visit.state.step.id == "zero_setting:zero"
    examiner.tell(GoBack())
    assert examiner.visit.prompt.key == "verif_tracking"
    examiner.tell(Picked("stayed_at_zero"))
    assert examiner.visit.prompt.problem == "verif_tracking_late" and examiner.visit.state.at_zero
    examiner.tell(Picked("left_zero"))
    assert examiner.visit.state.step.id == "zero_setting:zero"


def test_a_scale_that_goes_below_zero_is_written_down_as_it_shows() -> None:
    # given a worn scale that comes back to one interval below zero
    def answer(examiner, page):
        if examiner.visit.state.step.id == "weighing:return" and page.key == "verif_weighing":
            assert page.wants.signed
            examiner.tell(FigureTyped("-0.005", "kg"))
            return True
        if examiner.visit.state.step.id == "weighing:return" and page.key == "verif_added":
            examiner.tell(FigureTyped("5", ""))
            return True
        return False

    examiner = Examiner(answer=lambda e, p: e.visit.state.plan != () and answer(e, p))
    examiner.until("verif_tracking")
    examiner.tell(Picked("left_zero"))
    examiner.run()
    found = steps(examiner, "weighing")["return"]
    assert (D(found["indication_g"]), found["text"], found["unit"]) == (D(-5), "-0.005", "kg")
    # P = I + d/2 - dL = -5 + 2.5 - 2.5
    assert (D(found["p_g"]), D(found["error_g"])) == (D(-5), D(-5))


def test_a_text_that_nobody_has_read_is_named_on_record_and_sheet() -> None:
    # given a price scale after JJG 1204-2025 has come into force, whose limits are not in any pack
    examiner = Examiner(on=date(2027, 3, 1))
    outcome = examiner.run()
    body = examiner.visit.outcome.body
    assert body["superseded_by"] == "JJG 1204-2025" and body["law"]["confidence"] == "unconfirmed"
    assert [fact.value for fact in outcome.facts] == ["JJG 1204-2025"]
    before = Examiner(on=date(2026, 11, 23))
    assert before.run().facts == () and before.visit.outcome.body["superseded_by"] == ""


def test_a_wrong_price_fails() -> None:
    def answer(examiner, page):
        if page.key == "verif_amount":
            examiner.tell(FigureTyped("31.00", "CNY"))
            return True
        return False

    examiner = Examiner(answer=answer)
    assert examiner.run().verdict is Verdict.DOES_NOT_CONFORM
    assert conclusions(examiner)["price_computing"] == "does_not_conform"
