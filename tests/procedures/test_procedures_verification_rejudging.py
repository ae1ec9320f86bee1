"""A recorded examination judged again: as it was, and with weights that were not what they seemed."""

import json
from decimal import Decimal as D

import msgspec
import pytest
from examiner import FULL, Bench, Examiner

from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction
from firmware_app.procedures.rejudging import rejudge
from firmware_app.uncertainty.decision import Verdict


def body_of(examiner):
    examiner.run()
    return json.loads(msgspec.json.encode(examiner.visit.outcome.body))


@pytest.fixture(scope="module")
def honest():
    return body_of(Examiner(weights=FULL))


def weighing(body):
    return next(each for each in body["items"] if each["item"] == "weighing")


@pytest.mark.parametrize("model", ["honest", "multiplier", "offset"])
@pytest.mark.parametrize("weights", [FULL, None])
def test_nothing_changed_gives_the_recorded_conclusion(model, weights):
    more = {} if weights is None else {"weights": weights}
    body = body_of(Examiner(Bench(model), **more))
    again = rejudge(body)
    assert again.verdict == body["verdict"] and again.loads == ()


def used_in(body, nominal):
    """A weight of that nominal mass on which points rest."""
    ids = {each["id"] for each in body["weights"] if D(each["nominal_g"]) == nominal}
    on = {one for step in weighing(body)["steps"] for one in step.get("weights", [])}
    return min(ids & on)


def test_a_weight_found_light_moves_every_point_it_lay_on(honest):
    weight = used_in(honest, 5000)
    again = rejudge(honest, Correction(weights={weight: Corrected(D("4980"), 0.1)}))
    assert again.verdict is Verdict.DOES_NOT_CONFORM
    steps = [s for s in weighing(honest)["steps"] if weight in s.get("weights", []) and "limit_g" in s]
    moved = {D(load.load_g): load for load in again.loads}
    assert steps
    for step in steps:
        load = moved[D(step["load_g"]) - 20]
        assert D(load.error_g) == D(step["corrected_g"]) + 20
        assert load.limit_g == step["limit_g"]


def test_a_weight_within_what_is_to_spare_changes_no_conclusion(honest):
    weight = used_in(honest, 5000)
    again = rejudge(honest, Correction(weights={weight: Corrected(D("5000.1"), 0.01)}))
    assert again.verdict == honest["verdict"] and again.loads


def test_a_small_weight_makes_change_points_less_sure_and_shifts_nothing(honest):
    small = next(each["id"] for each in honest["weights"] if D(each["nominal_g"]) < 5)
    again = rejudge(honest, Correction(weights={small: Corrected(D("20"), 0.01)}))
    assert again.verdict is Verdict.UNDECIDED
    slightly = rejudge(honest, Correction(weights={small: Corrected(D("0.101"), 0.0001)}))
    assert slightly.verdict in (Verdict.CONFORMS, Verdict.UNDECIDED)


def test_a_record_that_lacks_something_is_refused(honest):
    for spoil in (lambda b: b.pop("items"), lambda b: b["scale"].pop("e_g"), lambda b: b.update(weights=7)):
        body = json.loads(json.dumps(honest))
        spoil(body)
        with pytest.raises(CannotRejudge, match="as it was written"):
            rejudge(body)


def test_goods_in_the_place_of_weights_are_refused_once_a_weight_was_wrong():
    few = tuple(
        msgspec.structs.replace(each, pieces=tuple(p for p in each.pieces if p.nominal_g != 10000))
        for each in FULL
    )
    body = body_of(Examiner(weights=few))
    if not any("goods" in step for item in body["items"] for step in item["steps"]):
        pytest.skip("this drawer needs no goods")
    assert rejudge(body).verdict == body["verdict"]
    with pytest.raises(CannotRejudge, match="goods stood in"):
        rejudge(body, Correction(weights={body["weights"][0]["id"]: Corrected(D("4999"), 0.1)}))
