"""An old record judged again: by its own pack as it was, or with a weight that was not what it seemed."""

import json
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person import COARSE, Person, adds_ten_percent, context, honest, honest_with_weights_only, rounded

from firmware_app.procedures.context import Controlled
from firmware_app.procedures.prompts import Judged, Way
from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction, PanDoubt
from firmware_app.procedures.rejudging import REJUDGERS, rejudge
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import NawiPack
from firmware_app.uncertainty.decision import Verdict

LEAD = ("and-st-gs", "yaohua-tf0")


def body_of(shows, way, span=None, **changes):
    """The body of the entry as it is read back from the ledger."""
    person = Person(SelfCheck.start(context(**changes)), shows, way)
    person.span = span
    person.until(Judged, ticks=3000)
    return json.loads(msgspec.json.encode(person.visit.outcome.body))


def same(body, again):
    assert again.verdict == body["verdict"]
    assert len(again.loads) == len(body["loads"])
    for new, old in zip(again.loads, body["loads"], strict=True):
        assert (new.number, new.verdict, new.reason) == (old["number"], old["verdict"], old["reason"])
        if old["limit_g"]:
            assert (new.load_g, new.error_g, new.expanded_g, new.limit_g) == (
                old["load_g"],
                old["error_g"],
                old["expanded_g"],
                old["limit_g"],
            )


SIMULATED = {
    "factor": st.floats(0.97, 1.03),
    "offset": st.floats(-12, 12),
    "way": st.sampled_from(list(Way)),
    "seed": st.integers(0, 10**6),
    "lead": st.booleans(),
    "coarse": st.sampled_from([None, None, 1.0, 1.001]),
    "lock": st.sampled_from(["", "", "control_due"]),
    "stall": st.sampled_from(["12", "7"]),
}
"""A scale that errs, a way of loading, a lead or none, a pan that is fine or coarse, locked or not."""


@settings(max_examples=60, deadline=None)
@given(**SIMULATED)
def test_nothing_changed_gives_the_recorded_verdict(**visit):
    judged_twice(**visit)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(**SIMULATED)
def test_nothing_changed_gives_the_recorded_verdict_of_thousands_of_visits(**visit):
    judged_twice(**visit)


def judged_twice(factor, offset, way, seed, lead, coarse, lock, stall):
    def shows(mass):
        return max(rounded(mass * factor + offset), D(0))

    changes = {"seed": seed, "lead_profiles": LEAD if lead else ()}
    if lock and way is Way.WEIGHTS:
        changes["controlled"] = Controlled(state="due", lock=lock)
    if coarse is not None and way is Way.GOODS:
        body = body_of(shows, way, coarse, **{**changes, "pan": COARSE, "lead_profiles": ()})
    else:
        body = body_of(shows, way, **changes)
    same(body, rejudge(body))


@pytest.mark.parametrize("shows", [honest, adds_ten_percent, honest_with_weights_only])
def test_a_record_that_could_not_be_judged_stays_so(shows):
    locked = body_of(shows, Way.GOODS)
    locked["pan"]["control"]["lock"] = "control_failed"
    assert {load.reason for load in rejudge(locked).loads} == {"control_failed"}
    unfit = body_of(shows, Way.GOODS)
    unfit["pan"]["unfit"] = "the loop was broken"
    assert rejudge(unfit).verdict is Verdict.CANNOT_JUDGE


def test_a_weight_found_light_turns_the_verdicts_that_rested_on_it():
    # The load of 1 kg was really 12 g less: the scale that showed 1000 g showed 12 g too much.
    body = body_of(honest, Way.WEIGHTS)
    assert body["verdict"] == "conforms"
    weight = next(each["id"] for each in body["weights"] if each["nominal_g"] == "1000")
    light = Corrected(D("988"), 0.01)
    again = rejudge(body, Correction(weights={weight: light}))
    with_it = {n["number"] for n in body["attempts"] if weight in n["pieces"]}
    for load, old in zip(again.loads, body["loads"], strict=True):
        if load.number in with_it:
            assert D(load.load_g) == D(old["load_g"]) - 12
            assert D(load.error_g) == D(old["error_g"]) + 12
        else:
            assert load.verdict == old["verdict"]
    assert again.verdict in (Verdict.DOES_NOT_CONFORM, Verdict.UNDECIDED)


def test_a_weight_that_is_hardly_known_judges_nothing():
    body = body_of(honest, Way.WEIGHTS)
    doubtful = {each["id"]: Corrected(D(each["mass_g"]), 5.0) for each in body["weights"]}
    again = rejudge(body, Correction(weights=doubtful))
    assert again.verdict is Verdict.CANNOT_JUDGE
    assert {load.reason for load in again.loads} == {"reference_not_capable"}


def test_goods_beside_a_wrong_weight_move_with_it():
    body = body_of(honest, Way.GOODS, 1.0, pan=COARSE)
    compared = [each for each in body["attempts"] if "compared" in each]
    assert compared
    weight = compared[0]["compared"]["weights"][0]
    nominal = next(D(each["mass_g"]) for each in body["weights"] if each["id"] == weight)
    again = rejudge(body, Correction(weights={weight: Corrected(nominal - 1, 0.001)}))
    moved = []
    for new, old in zip(again.loads, body["loads"], strict=True):
        by = [body["attempts"][place].get("compared", {}).get("weights", []) for place in old["of"]]
        on_it = D(sum(weight in weights for weights in by)) / len(by)
        moved.append(D(new.load_g) - D(old["load_g"]))
        assert abs(moved[-1] + on_it) <= D("0.001")
    assert any(moved)


@given(off=st.decimals("0.01", "20", places=2), nominal=st.sampled_from([D(100), D(2000), D(10000)]))
@settings(max_examples=30, deadline=None)
def test_a_doubt_of_the_pan_only_ever_takes_verdicts_away(off, nominal):
    for shows in (honest, adds_ten_percent):
        body = BODIES.setdefault(shows, body_of(shows, Way.GOODS))
        again = rejudge(body, Correction(pan=(PanDoubt(off, nominal),)))
        assert again.verdict in (Verdict(body["verdict"]), Verdict.UNDECIDED, Verdict.CANNOT_JUDGE)
        for new, old in zip(again.loads, body["loads"], strict=True):
            if new.expanded_g:
                assert D(new.expanded_g) >= D(old["expanded_g"]) + off


BODIES = {}


def test_the_doubt_of_the_pan_grows_with_the_load_beyond_the_weight():
    doubt = PanDoubt(D("-0.5"), D(2000))
    assert [doubt.at(D(load)) for load in (0, 500, 2000, 8000)] == [D("0.5")] * 3 + [D("2.0")]


def test_a_lock_of_the_pan_touches_goods_and_no_weights():
    lock = Correction(pan_lock="control_failed")
    assert rejudge(body_of(honest, Way.GOODS), lock).verdict is Verdict.CANNOT_JUDGE
    assert rejudge(body_of(honest, Way.WEIGHTS), lock).verdict is Verdict.CONFORMS


def test_the_pack_of_the_record_judges_whatever_is_in_force():
    # A law twice as strict comes: the record was judged by the one that it cites, and is again.
    old = pack_in_force(NawiPack, date(2026, 11, 23))
    body = body_of(honest, Way.WEIGHTS)
    strict = msgspec.structs.replace(old, id="strict", sha256="0" * 64, effective=date(2026, 1, 2))
    assert rejudge(body, packs=(strict, old)).verdict is Verdict.CONFORMS
    with pytest.raises(CannotRejudge, match="not on this appliance"):
        rejudge(body, packs=(strict,))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda body: body.pop("attempts"), "attempts"),
        (lambda body: body["loads"].pop(), "figures stand"),
        (lambda body: body.update(procedure_version=99), "no rule"),
        (lambda body: body.update(procedure="tasting"), "no rule"),
        (lambda body: body.update(procedure_version="1"), "no rule"),
        (lambda body: body["scale"].update(max_g="much"), "as it was written"),
        (lambda body: body["attempts"][0]["figure"].update(indication_g=""), "as it was written"),
    ],
)
def test_a_record_that_lacks_something_is_refused_not_guessed(spoil, words):
    body = body_of(honest, Way.WEIGHTS)
    spoil(body)
    with pytest.raises(CannotRejudge, match=words):
        rejudge(body)


def test_every_rule_that_was_delivered_is_still_there():
    assert ("self_check", 1) in REJUDGERS


ARCHIVE = Path(__file__).with_name("self_checks_version_1.ndjson")
"""Bodies as the program of version 1 wrote them: by weights, goods, the lead, and goods beside weights."""


@pytest.mark.parametrize("line", ARCHIVE.read_text().splitlines(), ids=range(7))
def test_what_version_1_has_recorded_is_judged_by_version_1(line):
    body = json.loads(line)
    assert body["procedure_version"] == 1
    same(body, rejudge(body))


def test_an_old_record_follows_a_weight_that_is_corrected_now():
    body = json.loads(ARCHIVE.read_text().splitlines()[0])
    kilo = next(each["id"] for each in body["weights"] if each["nominal_g"] == "1000")
    assert rejudge(body).verdict is Verdict.CONFORMS
    corrected = Correction(weights={kilo: Corrected(D("988"), 0.01)})
    assert rejudge(body, corrected).verdict is Verdict.DOES_NOT_CONFORM
