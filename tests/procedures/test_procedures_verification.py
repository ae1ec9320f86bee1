"""The on-site examination: whole visits, stop rules, what is done again and what is left out."""

from datetime import date
from decimal import Decimal as D

import msgspec
import pytest
from examiner import (
    CHECKER,
    FULL,
    Bench,
    Examiner,
    at_weighing,
    conclusions,
    point,
    steps,
)

from firmware_app.procedures.events import (
    GoBack,
    Picked,
)
from firmware_app.procedures.verification.items import Item
from firmware_app.procedures.verification.judging import conclude
from firmware_app.procedures.verification.law import rules_of
from firmware_app.procedures.verification.room import ROOM, fitting
from firmware_app.procedures.verification.state import MAX_TRIES, Phase
from firmware_app.uncertainty.decision import Verdict

# -------------------------------------------------------------------------------------- whole visits


def test_an_honest_scale_conforms_in_every_item() -> None:
    examiner = Examiner()
    outcome = examiner.run()
    assert outcome.verdict is Verdict.CONFORMS
    assert set(conclusions(examiner).values()) == {"conforms"}
    first, *_, last = conclusions(examiner)
    assert (first, last) == ("appearance", "challenge")
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


# ---------------------------------------------------------------------------------------- stop rules


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
    assert ("verif_not_held", "verif_seal") in [(fact.label, fact.value) for fact in stopped.facts]
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


# ----------------------------------------------------------------------- again, left out, taken back


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
    examiner.until("verif_zero")
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


def test_what_would_not_fit_an_entry_gives_way_from_the_outside_in() -> None:
    examiner = Examiner(lead_profiles=("and-st-gs",))
    examiner.run()
    body = msgspec.to_builtins(examiner.visit.outcome.body)
    assert fitting(body) is body
    look = body["challenge"]["looks"][0]
    for looks, tries, gone in ((200, 0, 1), (200, 100, 2), (200, 400, 3)):
        full = {**body, "challenge": {**body["challenge"], "looks": [look] * looks}}
        full["tries"] = [
            {"step": "weighing:up1", "dropped": "again", "indication_g": "100", "text": "0.1" * 20}
        ] * tries
        for item in full["items"]:
            item["steps"] = [{**step, "raw": "5a" * 128} if "raw" in step else step for step in item["steps"]]
        fitted = fitting(full)
        assert len(msgspec.json.encode(fitted)) <= ROOM
        reduced = [fitted["challenge"]["looks"], fitted.get("raw", []), fitted["tries"]]
        assert [isinstance(each, dict) for each in reduced] == [True] * gone + [False] * (3 - gone)
        assert fitted["challenge"]["looks"]["count"] == looks
        assert [each["conclusion"] for each in fitted["items"]] == [
            each["conclusion"] for each in body["items"]
        ]
