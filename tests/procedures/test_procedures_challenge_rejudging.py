"""A recorded challenge judged again: as it was, with a weight that was another one, with a pan in doubt."""

import json
from decimal import Decimal as D

import msgspec
import pytest
from examiner import FULL, Examiner, registry_of
from examiner import Bench as Table
from person import context

from firmware_app.procedures.challenge.plan import why_not
from firmware_app.procedures.context import Head
from firmware_app.procedures.events import FigureTyped, Picked
from firmware_app.procedures.rejudged import CannotRejudge, Corrected, Correction, PanDoubt
from firmware_app.procedures.rejudging import rejudge
from firmware_app.standards.uses import Use, What, uses_of, weights_in
from firmware_app.uncertainty.decision import Verdict
from tests.procedures.challenger import Bench, Inspector


def body_of(model="honest", head=1, **changes):
    """The body of the entry as it is read back from the ledger."""
    inspector = Inspector(Bench(model), head=Head(head, f"{head:064x}"), **changes)
    inspector.run()
    return json.loads(msgspec.json.encode(inspector.visit.outcome.body))


@pytest.fixture(scope="module")
def honest():
    return body_of()


@pytest.mark.parametrize("head", range(3))
@pytest.mark.parametrize(
    "model", ["honest", "worn", "multiplier", "offset", "nominal_honest", "delayed_drop"]
)
def test_nothing_changed_gives_the_recorded_verdict_reading_by_reading(model, head):
    body = body_of(model, head)
    again = rejudge(body)
    assert again.verdict == body["verdict"]
    assert len(again.loads) == len(body["readings"])
    for new, old in zip(again.loads, body["readings"], strict=True):
        assert (new.verdict, new.reason) == (old["verdict"], old["reason"])
        for name in ("load_g", "error_g", "expanded_g", "limit_g"):
            assert getattr(new, name) == old[name] or (name == "expanded_g" and not old["limit_g"])


def by_weights(body):
    """Places of the readings under weights, and the weights of the first of them."""
    ways = dict(enumerate(body["trials"], 1))
    places = [n for n, each in enumerate(body["readings"]) if ways[each["trial"]]["way"] == "weights"]
    return places, ways[body["readings"][places[0]]["trial"]]["pieces"]


def test_a_weight_found_wrong_moves_the_readings_it_lay_under_and_no_other(honest):
    places, pieces = by_weights(honest)
    known = {each["id"]: D(each["mass_g"]) for each in honest["weights"]}
    found = Corrected(known[pieces[0]] - 50, 0.01)
    again = rejudge(honest, Correction(weights={pieces[0]: found}))
    assert again.verdict is Verdict.DOES_NOT_CONFORM
    for place, (new, old) in enumerate(zip(again.loads, honest["readings"], strict=True)):
        lay = pieces[0] in honest["trials"][old["trial"] - 1]["pieces"]
        assert D(new.error_g) - D(old["error_g"]) == (50 if lay else 0)
        assert place in places or not lay


def test_a_pan_in_doubt_widens_what_was_weighed_on_it_and_shifts_nothing(honest):
    places, _ = by_weights(honest)
    again = rejudge(honest, Correction(pan=(PanDoubt(D(30), D(5000)),)))
    for place, (new, old) in enumerate(zip(again.loads, honest["readings"], strict=True)):
        assert new.error_g == old["error_g"]
        assert (new.reason == "reference_not_capable") == (place not in places)
    assert again.verdict == rejudge(honest, Correction(pan_lock="control_failed")).verdict
    slight = rejudge(honest, Correction(pan=(PanDoubt(D("0.2"), D(5000)),)))
    for place, (new, old) in enumerate(zip(slight.loads, honest["readings"], strict=True)):
        if new.expanded_g and old["expanded_g"]:
            wider = D(new.expanded_g) - D(old["expanded_g"])
            assert wider == 0 if place in places else wider >= D("0.2")


def test_a_lock_of_the_pan_says_so_of_every_reading_of_goods(honest):
    places, _ = by_weights(honest)
    again = rejudge(honest, Correction(pan_lock="control_failed"))
    for place, load in enumerate(again.loads):
        assert (load.reason == "control_failed") == (place not in places)


@pytest.mark.parametrize("spoil", [{"readings": None}, {"law": {}}, {"trials": []}, {"rules_date": "then"}])
def test_a_record_that_lacks_what_is_needed_is_refused(honest, spoil):
    with pytest.raises(CannotRejudge):
        rejudge({**honest, **spoil})


def test_a_pack_that_is_not_here_is_named(honest):
    with pytest.raises(CannotRejudge, match="is not on this appliance"):
        rejudge({**honest, "law": {**honest["law"], "sha256": "0" * 64}})


# ------------------------------------------------------------------ as the last item of an examination


@pytest.fixture(scope="module")
def examined():
    examiner = Examiner(Table(), weights=FULL)
    examiner.run()
    return json.loads(msgspec.json.encode(examiner.visit.outcome.body))


def test_an_examination_rests_on_what_its_challenge_rests_on(examined):
    uses = uses_of("verification", examined)
    challenge = examined["challenge"]
    assert Use(What.CALIBRATION, challenge["pan"]["calibration"]) in uses
    ids = {each["id"] for each in weights_in(examined)}
    assert {each["id"] for each in challenge["weights"]} <= ids


def test_and_is_judged_again_with_it(examined):
    assert rejudge(examined).verdict == examined["verdict"] == "conforms"
    _, pieces = by_weights(examined["challenge"])
    known = {each["id"]: D(each["mass_g"]) for each in examined["challenge"]["weights"]}
    # A lock of the pan takes the goods away, and with them the item; the other items stand.
    locked = rejudge(examined, Correction(pan_lock="control_failed"))
    challenged = rejudge(examined["challenge"], Correction(pan_lock="control_failed"))
    assert locked.verdict is (
        Verdict.CONFORMS if challenged.verdict is Verdict.CONFORMS else Verdict.UNDECIDED
    )
    light = rejudge(examined, Correction(weights={pieces[0]: Corrected(known[pieces[0]] - 60, 0.01)}))
    assert light.verdict is Verdict.DOES_NOT_CONFORM


# ------------------------------------------------------------------ scales of several ranges


def two_ranges(fault=0.0):
    """The examination of a scale of 6 kg / 2 g and 15 kg / 5 g, whose lower range may be off."""
    plate = {"max_g": D(15000), "e_g": D(5), "d_g": D(5), "min_g": D(40)}

    class Fine(Table):
        loaded = 0.0

        def shown(self):
            mass = self.loaded
            e = 2 if mass <= 6000 else 5
            return D(round((mass + (fault if mass and mass <= 6000 else 0.0)) / e) * e)

        def put(self, load, place=""):
            self.loaded = load
            self.actions += 1
            return self.shown()

        def add(self, load):
            self.loaded = load
            return self.shown()

    def answer(examiner, page):
        if page.key == "verif_scale" and not examiner.visit.state.ranges:
            examiner.tell(Picked("range"))
            examiner.tell(FigureTyped("6", "kg"))
            examiner.tell(FigureTyped("2", "g"))
            return True
        state = examiner.visit.state
        if state.plan and page.number and state.step.item != "challenge" and page.key != "verif_review":
            # only the challenge is of interest here
            examiner.tell(Picked("other"))
            examiner.tell(Picked("leave_out"))
            examiner.tell(Picked("no_time"))
            return True
        return False

    examiner = Examiner(Fine(), weights=FULL, registry=registry_of(**plate), answer=answer)
    examiner.run()
    return json.loads(msgspec.json.encode(examiner.visit.outcome.body))["challenge"]


@pytest.mark.parametrize(("fault", "verdict"), [(0.0, "conforms"), (9.0, "does_not_conform")])
def test_a_scale_of_several_ranges_is_challenged_by_the_range_of_each_load(fault, verdict):
    body = two_ranges(fault)
    assert body["ranges"] == [{"max_g": "6000", "e_g": "2"}, {"max_g": "15000", "e_g": "5"}]
    for reading in body["readings"]:
        load = D(reading["load_g"])
        # MPE in service: 1 e up to 500 e, 2 e up to 2000 e, 3 e beyond, with e of the range of the load
        e = 2 if load <= 6000 else 5
        factor = 1 if load <= 500 * e else 2 if load <= 2000 * e else 3
        assert D(reading["limit_g"]) == factor * e
    assert body["verdict"] == verdict
    assert rejudge({**body}).verdict == verdict


def test_a_scale_whose_e_is_that_of_its_lowest_range_is_refused_in_words():
    # 15 kg by 1 g are 15,000 intervals: more than class III may have
    scale = registry_of(e_g=D(1), d_g=D(1)).scales[0]
    assert why_not(context(), scale) == "scale_data"
