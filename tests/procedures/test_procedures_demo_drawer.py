"""The demonstration's drawer: an examination of its scales decides, a self-check asks what it did before."""

from decimal import Decimal as D

import pytest
from examiner import Bench, Examiner, steps
from person import ON, REGISTRY, WEIGHTS, Person, context, honest

from firmware_app.cli.demo.stage import drawer
from firmware_app.procedures.prompts import Judged, PutWeights, Way
from firmware_app.procedures.self_check.procedure import SelfCheck
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.standards.sets import parse_weights
from firmware_app.uncertainty.decision import Verdict

DRAWER = parse_weights(drawer(), pack_in_force(WeightsPack, ON))


@pytest.mark.parametrize(
    ("model", "verdict"), [("honest", Verdict.CONFORMS), ("multiplier", Verdict.DOES_NOT_CONFORM)]
)
@pytest.mark.parametrize(("stall", "max_g", "e_g"), [("12", 15000, 5), ("7", 30000, 10)])
def test_the_examination_of_each_scale_decides_by_change_points(model, verdict, stall, max_g, e_g) -> None:
    examiner = Examiner(Bench(model, max_g, e_g), weights=DRAWER, stall=stall)
    # What our pan may be too small for is another matter: the items of the regulation decide here.
    examiner.challenge = stall == "12"
    outcome = examiner.run()
    if stall == "12" or verdict is Verdict.DOES_NOT_CONFORM:
        assert outcome.verdict is verdict
    methods = {step["method"] for step in steps(examiner, "weighing").values() if "method" in step}
    assert methods == {"change_point"}
    assert not [each for each in examiner.visit.outcome.body["items"] if each["why_not"].startswith("small")]


def asked(weights):
    """The loads that an honest scale is asked for in a self-check with weights, and the verdict."""
    person = Person(SelfCheck.start(context(weights=weights)), honest, Way.WEIGHTS)
    person.until(Judged, ticks=3000)
    return [
        p.nominal_g for p in person.prompts if isinstance(p, PutWeights)
    ], person.visit.prompt.result.verdict


def test_a_self_check_takes_as_many_loads_as_without_the_small_weights() -> None:
    assert asked(DRAWER) == asked(WEIGHTS)


def test_the_small_weights_reach_a_tenth_of_e_of_every_scale() -> None:
    pieces = [piece for each in DRAWER for piece in each.pieces]
    for scale in REGISTRY.scales:
        assert min(piece.nominal_g for piece in pieces) <= scale.e_g / D(10)
