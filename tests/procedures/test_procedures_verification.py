"""The on-site examination: arithmetic and limits of the fact sheet, every item, stop rules, what is kept."""

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest
from examiner import (
    CHECKER,
    FULL,
    INSPECTOR,
    LARGE,
    SMALL,
    Bench,
    Examiner,
    weights,
)
from person import REGISTRY, context, indication, reading

from firmware_app.procedures.events import (
    Cancel,
    Confirmed,
    FigureTyped,
    GoBack,
    LineSilent,
    Picked,
    ScaleChosen,
    StallTyped,
    Witnessed,
)
from firmware_app.procedures.page import Amount, Confirm, Page
from firmware_app.procedures.prompts import AskWitness
from firmware_app.procedures.verification.arithmetic import within
from firmware_app.procedures.verification.items import Item
from firmware_app.procedures.verification.judging import conclude
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.procedure import Verification
from firmware_app.procedures.verification.state import MAX_TRIES, Phase
from firmware_app.registry.person import Person, Role
from firmware_app.registry.registry import Registry, Scale
from firmware_app.rules.mpe import change_point_error
from firmware_app.uncertainty.decision import Verdict

STALL = next(stall for stall in REGISTRY.stalls if stall.code == "12")


def registry_of(**facts) -> Registry:
    """A market with one scale at stall 12."""
    plate = {"max_g": D(15000), "min_g": D(100), "e_g": D(5), "accuracy_class": "III", **facts}
    return Registry((STALL,), (Scale(id="S1", stall="12", serial="X1", maker="M", model="T", **plate),))


def steps(examiner: Examiner, item: str) -> dict[str, dict]:
    """The steps of an item in the record, by name."""
    body = examiner.visit.outcome.body
    return {step["step"]: step for each in body["items"] if each["item"] == item for step in each["steps"]}


def conclusions(examiner: Examiner) -> dict[str, str]:
    return {each["item"]: each["conclusion"] for each in examiner.visit.outcome.body["items"]}


def point(examiner: Examiner, indication_g: str, added: str) -> None:
    """Types an indication in grams and what was added in grams."""
    examiner.tell(FigureTyped(indication_g, "g"))
    examiner.tell(FigureTyped(added, "g"))


# ----------------------------------------------------------------------------------- cases of the fact sheet


def at_weighing(examiner: Examiner) -> Examiner:
    """Just before E0 of the weighing test."""
    examiner.until("verif_ready")
    examiner.tell(Confirmed())
    while examiner.visit.state.step.item is not Item.WEIGHING:
        examiner.step()
    return examiner


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
    examiner.until("verif_ready")
    examiner.tell(Confirmed())
    if item == "tare_setting":
        point(examiner, "50", "2.5")
    point(examiner, "50", added)
    examiner.run()
    found = steps(examiner, item)["zero"]
    assert (D(found["error_g"]), found["conclusion"]) == (D(error), conclusion)
    assert D(found["limit_g"]) == D("1.25") == D(found["limit_initial_g"]), "never doubled"
    assert conclusions(examiner)[item] == conclusion


# ------------------------------------------------------------------------------------------------ whole visits


def test_an_honest_scale_conforms_in_every_item() -> None:
    examiner = Examiner()
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    assert set(conclusions(examiner).values()) == {"conforms"}
    assert list(conclusions(examiner))[0] == "appearance" and list(conclusions(examiner))[-1] == "challenge"
    body = examiner.visit.outcome.body
    assert body["by"] == {"number": "1001", "role": "inspector", "name": "李检"}
    assert body["checker"]["number"] == CHECKER.number
    assert body["environment"] == {"temperature_c": "18.5", "humidity_rh": "41", "source": "typed"}
    assert (body["camera"], body["photos"]) == ("none", [])
    every = [step for each in body["items"] for step in each["steps"]]
    used = {name for step in every for name in step.get("weights", ())}
    assert used <= {piece["id"] for piece in body["weights"]}
    assert all(piece["certificate"] and piece["valid_to"] for piece in body["weights"])


@pytest.mark.parametrize(
    ("model", "item", "step"),
    [("worn", "eccentricity", "back_right"), ("multiplier", "weighing", "up2")],
)
def test_a_scale_fails_at_the_item_that_shows_its_fault(model, item, step) -> None:
    examiner = Examiner(Bench(model))
    outcome = examiner.run()
    assert outcome.verdict is Verdict.DOES_NOT_CONFORM
    assert (outcome.reason, outcome.next_step) == ("verif_item_failed", "verif_send_for_verification")
    assert conclusions(examiner)[item] == "does_not_conform"
    assert steps(examiner, item)[step]["conclusion"] == "does_not_conform"
    assert "verif_failed" in examiner.asked


def test_the_loads_go_up_and_down_again() -> None:
    examiner = Examiner()
    examiner.run()
    loads = [(name, D(step["load_g"])) for name, step in steps(examiner, "weighing").items()]
    assert loads == [
        ("zero", 50),
        *zip(["up1", "up2", "up3", "up4", "up5"], [100, 2500, 7500, 10000, 15000], strict=True),
        *zip(["down1", "down2", "down3", "down4"], [10000, 7500, 2500, 100], strict=True),
        ("return", 50),
    ]


def test_every_line_of_the_outcome_stands_on_a_line_of_the_law() -> None:
    examiner = Examiner()
    outcome = examiner.run()
    assert outcome.law.pack == "jjg539-2016" and outcome.law.confidence == "unconfirmed"
    for found in examiner.visit.outcome.body["items"]:
        if found["item"] != "challenge":
            assert found["law"]["clause"] and found["law"]["confidence"] in ("secondary", "unconfirmed")
    weighing = next(each for each in examiner.visit.outcome.body["items"] if each["item"] == "weighing")
    assert weighing["law"]["confidence"] == "unconfirmed", "which loads are put on is only recalled"


def test_from_2027_on_every_item_of_a_price_scale_is_unconfirmed_and_the_codes_are_looked_at() -> None:
    examiner = Examiner(on=date(2027, 1, 8), weights=FULL)
    examiner.run()
    body = examiner.visit.outcome.body
    looked = [step["step"] for step in body["items"][0]["steps"]]
    assert {"production_code", "repair_code", "verification_code", "self_lock", "seal"} <= set(looked)
    assert {each["law"]["confidence"] for each in body["items"] if each["law"]} == {"unconfirmed"}


@pytest.mark.parametrize("stage", ["initial", "subsequent", "in_service"])
def test_the_stage_decides_the_limit(stage) -> None:
    examiner = Examiner(stage=stage)
    examiner.run()
    found = steps(examiner, "weighing")["up2"]
    assert D(found["limit_g"]) == (D(5) if stage == "in_service" else D("2.5"))
    assert D(found["limit_initial_g"]) == D("2.5")


# -------------------------------------------------------------------------------------------------- stop rules


def says_no_to(*names):
    def answer(examiner, page):
        if page.key == "verif_look_all":
            examiner.tell(Picked("one_by_one"))
            return True
        if page.key == "verif_look" and examiner.visit.state.step.what in names:
            examiner.tell(Picked("no"))
            return True
        return False

    return answer


def test_a_broken_seal_stops_the_examination_with_its_reason() -> None:
    examiner = Examiner(answer=says_no_to("seal"))
    stopped = examiner.until("verif_stopped")
    assert ("verif_look", "verif_seal") in [(fact.label, fact.value) for fact in stopped.facts]
    outcome = examiner.run()
    assert outcome.verdict is Verdict.DOES_NOT_CONFORM
    found = conclusions(examiner)
    assert found.pop("appearance") == "does_not_conform"
    assert set(found.values()) == {"not_done"}
    whys = {each["why_not"] for each in examiner.visit.outcome.body["items"] if each["item"] != "appearance"}
    assert whys == {"stopped"}


def test_after_a_stop_one_may_go_on_for_information_and_nothing_of_it_counts() -> None:
    seal = says_no_to("seal")

    def answer(examiner, page):
        if page.key == "verif_stopped":
            examiner.tell(Picked("go_on"))
            return True
        return seal(examiner, page)

    examiner = Examiner(answer=answer)
    outcome = examiner.run()
    assert outcome.verdict is Verdict.DOES_NOT_CONFORM
    body = examiner.visit.outcome.body
    assert [each["information"] for each in body["items"]] == [False, *[True] * (len(body["items"]) - 1)]
    assert conclusions(examiner)["weighing"] == "conforms"


def test_a_stop_can_be_taken_back_by_looking_again() -> None:
    examiner = Examiner(answer=says_no_to("seal"))
    examiner.until("verif_stopped")
    examiner.answer = lambda *_: False
    examiner.tell(Picked("again"))
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    dropped = [each for each in examiner.visit.outcome.body["tries"] if each["step"] == "appearance:seal"]
    assert [(each["answer"], each["dropped"]) for each in dropped] == [("no", "again")]


# ---------------------------------------------------------------------------------- again, left out, taken back


@pytest.mark.parametrize("item", [item for item in Item if item is not Item.APPEARANCE])
def test_every_item_can_be_left_out_with_a_reason(item) -> None:
    def answer(examiner, page):
        if examiner.visit.state.plan and page.number and examiner.visit.state.step.item is item:
            examiner.tell(Picked("other"))
            examiner.tell(Picked("leave_out"))
            examiner.tell(Picked("trader_needs_it"))
            return True
        return False

    examiner = Examiner(answer=answer)
    outcome = examiner.run()
    assert (outcome.verdict, outcome.reason) == (Verdict.UNDECIDED, "verif_items_left_out")
    found = next(each for each in examiner.visit.outcome.body["items"] if each["item"] == item)
    assert (found["conclusion"], found["why_not"]) == ("not_done", "trader_needs_it")


def test_an_item_that_does_not_apply_is_no_item_that_is_missing() -> None:
    def answer(examiner, page):
        if examiner.visit.state.plan and page.number and examiner.visit.state.step.item is Item.CHALLENGE:
            examiner.tell(Picked("other"))
            examiner.tell(Picked("leave_out"))
            examiner.tell(Picked("not_applicable"))
            return True
        return False

    assert Examiner(answer=answer).run().verdict is Verdict.CONFORMS


@pytest.mark.parametrize("item", [*Item])
def test_every_item_can_be_done_again_and_the_first_attempt_is_kept(item) -> None:
    examiner = Examiner()
    examiner.until("verif_review")
    first = len(examiner.visit.state.tries)
    before = conclude(examiner.visit.state, rules_of(examiner.context, examiner.visit.state))
    examiner.tell(Picked(item.value))
    outcome = examiner.run()
    assert outcome.verdict is before.verdict is Verdict.CONFORMS
    body = examiner.visit.outcome.body
    if item is Item.CHALLENGE:
        assert [each["verdict"] for each in body["challenges_before"]] == ["conforms"]
        return
    again = [each for each in body["tries"] if each["dropped"] == "again"]
    assert again and {each["step"].partition(":")[0] for each in again} == {item.value}
    assert len(examiner.visit.state.tries) == first + len(again)


def test_a_point_beyond_its_limit_can_be_done_once_more() -> None:
    examiner = Examiner()
    examiner.until("verif_ready")
    examiner.tell(Confirmed())
    point(examiner, "55", "2.5")
    failed = examiner.visit.prompt
    assert failed.key == "verif_failed"
    shown = {fact.label: fact.value for fact in failed.facts}
    assert shown["verif_i_added"] == "55 g · 2.5 g" and shown["verif_p_error"] == "55 g · +5 g"
    assert shown["verif_limit"] == "±1.25 g"
    examiner.tell(Picked("once_more"))
    point(examiner, "50", "2.5")
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    kept = [each for each in examiner.visit.outcome.body["tries"] if each["dropped"] == "once_more"]
    assert [(each["step"], each["indication_g"], each["added_g"]) for each in kept] == [
        ("zero_setting:zero", "55", "2.5")
    ]


def test_back_takes_one_step_back_and_keeps_it() -> None:
    examiner = at_weighing(Examiner())
    examiner.step()  # I of E0
    examiner.tell(GoBack())
    assert examiner.visit.state.phase is Phase.INDICATION and examiner.visit.state.shown is None
    examiner.step()
    examiner.step()
    place = examiner.visit.state.place
    examiner.tell(GoBack())
    assert examiner.visit.state.place == place - 1
    assert examiner.visit.state.tries[-1].dropped == "went_back"


def test_once_the_record_is_full_nothing_is_done_again_but_everything_can_be_finished() -> None:
    examiner = at_weighing(Examiner())
    while len(examiner.visit.state.tries) < MAX_TRIES:
        examiner.tell(Picked("other"))
        examiner.tell(Picked("again" if len(examiner.visit.state.tries) else "leave_out"))
        examiner.step()
        examiner.step()
    tries = examiner.visit.state.tries
    examiner.tell(GoBack())
    examiner.tell(Picked("other"))
    assert "again" not in [option.id for option in examiner.visit.prompt.wants.options]
    examiner.tell(GoBack())
    assert examiner.visit.state.tries == tries
    examiner.run()
    body = examiner.visit.outcome.body
    assert len(body["tries"]) > 100
    assert len(msgspec.json.encode(body)) < 47_000
    assert len(examiner.visit.snapshot()) < 200_000


# ------------------------------------------------------------------------------------------- weights and scales


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
        assert (body["conclusion"], body["why_not"]) == ("not_done", "not_repeatable")


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
    examiner.until("verif_ready")
    examiner.tell(Picked("at_zero"))
    assert examiner.visit.state.step.ask == "ready"
    examiner.run()
    assert examiner.visit.outcome.body["zero_at_g"] == ["0"]
    assert D(steps(examiner, "weighing")["zero"]["load_g"]) == 0


def test_a_wrong_price_fails() -> None:
    def answer(examiner, page):
        if page.key == "verif_amount":
            examiner.tell(FigureTyped("31.00", "CNY"))
            return True
        return False

    examiner = Examiner(answer=answer)
    assert examiner.run().verdict is Verdict.DOES_NOT_CONFORM
    assert conclusions(examiner)["price_computing"] == "does_not_conform"


# ----------------------------------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("figure", "unit", "problem"),
    [
        ("x", "g", "not_a_mass"),
        ("", "g", "not_a_mass"),
        ("-5", "g", "not_a_mass"),
        ("1e3", "g", "not_a_mass"),
        ("50", "斤", "not_a_mass"),
        ("9" * 400, "g", "not_a_mass"),
        ("52", "g", "not_a_multiple"),
        ("99999", "g", "beyond_max"),
    ],
)
def test_nonsense_for_an_indication_is_refused_with_its_reason(figure, unit, problem) -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(FigureTyped(figure, unit))
    assert examiner.visit.prompt.problem == problem
    assert examiner.visit.state.refused == 1


@pytest.mark.parametrize("figure", ["x", "", "1.5", "13", "99999999", "-1", "½"])
def test_nonsense_for_what_was_added_is_refused(figure) -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(FigureTyped("50", "g"))
    examiner.tell(FigureTyped(figure, ""))
    assert examiner.visit.prompt.problem in ("verif_not_added", "verif_added_too_much")
    assert examiner.visit.state.phase is Phase.ADDED


@pytest.mark.parametrize(
    ("key", "figure", "problem"),
    [
        ("verif_temperature", "99", "verif_not_a_temperature"),
        ("verif_temperature", "warm", "verif_not_a_temperature"),
        ("verif_humidity", "101", "verif_not_a_humidity"),
        ("verif_amount", "gratis", "verif_not_an_amount"),
    ],
)
def test_other_nonsense_is_refused(key, figure, problem) -> None:
    examiner = Examiner()
    page = examiner.until(key)
    assert isinstance(page.wants, Amount)
    examiner.tell(FigureTyped(figure, ""))
    assert examiner.visit.prompt.problem == problem


def test_frost_is_typed_without_a_sign() -> None:
    examiner = Examiner()
    examiner.until("verif_temperature")
    examiner.tell(Picked("below_zero"))
    examiner.tell(FigureTyped("7.5", ""))
    examiner.run()
    assert examiner.visit.outcome.body["environment"]["temperature_c"] == "-7.5"


def test_goods_heavier_than_the_weights_they_stand_for_are_refused() -> None:
    few = LARGE.replace('{ nominal = "10 kg" }, ', "")
    examiner = Examiner(weights=weights(few, SMALL))
    examiner.until("verif_goods")
    point(examiner, "7510", "2.5")
    assert examiner.visit.prompt.problem == "goods_too_heavy"
    point(examiner, "7000", "2.5")
    assert examiner.visit.prompt.problem == "goods_too_light"


# ------------------------------------------------------------------------------------------------ lead, persons


def test_indications_come_over_the_lead_where_there_is_one() -> None:
    examiner = Examiner(lead_profiles=("and-st-gs",))
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    found = steps(examiner, "weighing")["up2"]
    assert (found["source"], found["policy"]) == ("lead", "lead-settled/2")
    assert found["frames"] >= 4 and found["raw"]
    assert examiner.visit.outcome.body["lead"]["profile"] == "and-st-gs"


def test_a_lead_that_is_silent_gives_way_to_the_number_pad() -> None:
    examiner = at_weighing(Examiner(lead_profiles=("and-st-gs",)))
    assert isinstance(examiner.visit.prompt.wants, Confirm)
    examiner.tell(Confirmed())
    examiner.tell(LineSilent())
    assert examiner.visit.prompt.problem == "lead_silent"
    assert isinstance(examiner.visit.prompt.wants, Amount)
    examiner.visit.handle(indication(D(50)), examiner.now_ns)
    assert isinstance(examiner.visit.prompt.wants, Confirm), "it speaks again"


def test_a_lead_that_never_rests_is_waited_for_ten_seconds_only() -> None:
    examiner = at_weighing(Examiner(lead_profiles=("and-st-gs",)))
    examiner.tell(Confirmed())
    for tick in range(120):
        examiner.now_ns += 100_000_000
        examiner.visit.handle(indication(D(50), stable=False), examiner.now_ns)
        if tick % 2:
            examiner.visit.handle(reading(examiner.now_ns, 0.0), examiner.now_ns)
    assert examiner.visit.prompt.problem == "lead_unstable"


@pytest.mark.parametrize("person", [None, Person("9001", Role.KEEPER, "陈管")])
def test_only_an_inspector_begins(person) -> None:
    visit = Verification.start(context(person=person))
    assert isinstance(visit.prompt, Page) and visit.prompt.key == "verif_nobody"
    visit.handle(Confirmed(), 1)
    assert visit.finished and visit.outcome is None


def test_the_checker_is_another_person() -> None:
    examiner = Examiner()
    examiner.until("verif_review")
    examiner.tell(Picked("sign"))
    assert isinstance(examiner.visit.prompt, AskWitness) and examiner.visit.prompt.first == "李检"
    examiner.tell(Witnessed(INSPECTOR.number, INSPECTOR.name, INSPECTOR.role))
    assert examiner.visit.state.phase is Phase.CHECKER
    examiner.tell(GoBack())
    examiner.tell(Picked("no_checker"))
    examiner.run()
    assert examiner.visit.outcome.body["checker"] is None


def test_where_plate_and_register_differ_nothing_is_judged() -> None:
    examiner = Examiner()
    examiner.until("verif_scale")
    examiner.tell(Picked("differs"))
    examiner.tell(Confirmed())
    assert examiner.visit.finished and examiner.visit.outcome is None


def test_cancel_leaves_nothing() -> None:
    examiner = at_weighing(Examiner())
    examiner.tell(Cancel())
    assert examiner.visit.finished and examiner.visit.outcome is None


# ---------------------------------------------------------------------------------------------------- the record


def test_the_words_of_a_certificate_are_nowhere_in_the_record() -> None:
    examiner = Examiner()
    examiner.run()
    written = msgspec.json.encode(examiner.visit.outcome.body).decode()
    assert not [word for word in ("检定合格", "检定证书", "校准证书") if word in written]


def test_legal_values_are_decimal_strings_of_grams() -> None:
    examiner = Examiner(Bench("worn"))
    examiner.run()

    def walk(value, name=""):
        if isinstance(value, dict):
            for key, member in value.items():
                walk(member, key)
        elif isinstance(value, list):
            for member in value:
                walk(member, name)
        elif name.endswith("_g") and value:
            assert isinstance(value, str) and D(value).is_finite(), name

    body = dict(examiner.visit.outcome.body)
    body.pop("challenge")
    walk(body)
