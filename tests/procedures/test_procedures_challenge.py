"""Whole challenges of a simulated inspector: what is found, what is kept, and what is never said."""

import json
from decimal import Decimal as D
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_app.procedures.challenge import machine
from firmware_app.procedures.challenge.judging import bound_text
from firmware_app.procedures.challenge.looks import HOLD_NS
from firmware_app.procedures.challenge.state import Kind, Phase
from firmware_app.procedures.challenge.visit import Challenge
from firmware_app.procedures.context import Head
from firmware_app.procedures.events import (
    Cancel,
    Event,
    FigureTyped,
    GoBack,
    LineSilent,
    Picked,
    SaveFailed,
    ScaleChosen,
    StallTyped,
)
from firmware_app.procedures.page import Page, PageJudged, Wait
from firmware_app.procedures.prompts import ChooseScale, Interrupted, NotSaved, Saving
from firmware_app.uncertainty.decision import Verdict
from firmware_app.weighing.reading import PanFault
from hardware.loadcell.contract import Fault
from tests.procedures.challenger import HEAD, PLATE, SECOND, Bench, Inspector
from tests.procedures.person import context, indication, reading

PIN = ("9", "5", "2", "7")


def remote(scale, number, now_s):
    """The trader holds the remote control at every second load."""
    scale.remote(number % 2 == 0, now_s)


CHEATS = {
    "multiplier": (Bench, ("multiplier",), {"ratio"}),
    "plu_multiplier": (Bench, ("plu_multiplier", (*PIN, "M4")), {"keys"}),
    "plu_hidden": (Bench, ("plu_multiplier", (*PIN, "M1")), {"keys"}),
    "nominal_honest": (Bench, ("nominal_honest",), {"nominal"}),
    "offset": (Bench, ("offset",), {"threshold"}),
    "remote_jump": (Bench, ("remote_jump", (), remote), {"repeat", "power", "keys"}),
    "delayed_drop": (Bench, ("delayed_drop",), {"time"}),
}


def named(judged):
    return [
        line.label.removeprefix("challenge_")
        for line in judged.lines
        if any(fact.value == "challenge_fits_best" for fact in line.facts)
    ]


def said(judged, mark):
    return {
        line.label.removeprefix("challenge_") for line in judged.lines if line.mark == f"challenge_{mark}"
    }


@pytest.mark.parametrize("head", range(4))
@pytest.mark.parametrize("cheat", CHEATS)
def test_each_of_the_cheats_is_found_with_its_probability(cheat, head):
    make, arguments, patterns = CHEATS[cheat]
    inspector = Inspector(make(*arguments), head=Head(head, f"{head:064x}"))
    judged = inspector.run()
    assert judged.verdict is Verdict.DOES_NOT_CONFORM
    assert judged.reason == "challenge_pattern_not_explained"
    assert judged.next_step == "challenge_send_for_verification_officers"
    assert next(fact.value for fact in judged.facts if fact.label == "challenge_honest") == "< 0.000001"
    assert len(named(judged)) == 1 and set(named(judged)) <= said(judged, "not_explained")
    assert patterns & said(judged, "not_explained")
    if cheat in ("multiplier", "plu_multiplier", "plu_hidden", "nominal_honest"):
        assert set(named(judged)) == patterns


@pytest.mark.parametrize("stall", ["12", "7"])
@pytest.mark.parametrize("model", ["honest", "carried", "worn"])
@pytest.mark.parametrize("head", range(4))
def test_no_pattern_is_said_of_a_scale_that_does_not_cheat(model, head, stall):
    bench = Bench(
        model, plate=PLATE if stall == "12" else msgspec.structs.replace(PLATE, max_g=D(30000), e_g=D(10))
    )
    judged = Inspector(bench, head=Head(head, f"{head:064x}"), stall=stall).run()
    assert judged.reason == "" and not said(judged, "not_explained")
    assert said(judged, "nothing_seen") and judged.verdict is not Verdict.DOES_NOT_CONFORM
    if model == "honest":
        assert judged.verdict is Verdict.CONFORMS
    keys = {"keys"} if stall == "7" else set()
    # The scale of stall 7 computes no prices and has no keys to try.
    assert said(judged, "not_tried") == keys


def test_our_figure_is_hidden_until_the_end_and_no_page_tells_it():
    inspector = Inspector(Bench("multiplier"))
    inspector.run()
    assert all(page.blind for page in inspector.pages)
    weighed = [look.loaded.mass_g for look in inspector.visit.state.run.looks if look.loaded]
    shown = {fact.value for page in inspector.pages for fact in page.facts}
    assert len(weighed) == 7 and not shown & {format(mass, "f") for mass in weighed}


def test_the_body_holds_all_that_was_seen_and_is_plain_json():
    inspector = Inspector(Bench("plu_multiplier", (*PIN, "M4")))
    inspector.run()
    outcome = inspector.visit.outcome
    body = outcome.body
    assert outcome.kind == "challenge" and json.loads(json.dumps(body)) == body
    assert body["verdict"] == "does_not_conform" and body["stall"]["code"] == "12"
    assert (body["draw"]["seq"], body["draw"]["head"]) == (HEAD.seq, HEAD.hash)
    assert [trial["again"] for trial in body["trials"]].count("repeat") == 1
    assert {look["key"] for look in body["looks"]} >= {"key_m4", "key_price"}
    assert len(body["readings"]) >= 9 and all(reading["limit_g"] for reading in body["readings"])
    assert all(look["pan_loaded"]["mass_g"] for look in body["looks"] if "pan_loaded" in look)
    assert body["law"]["pack"] == "jjg539-2016" and body["weights"][0]["certificate"]
    assert len(json.dumps(body)) < 40_000, "an entry takes about 48,000"
    keys = next(found for found in body["patterns"]["found"] if found["pattern"] == "keys")
    assert keys["p"] == pytest.approx(1e-6) and not keys["explained"]


@pytest.mark.parametrize(
    ("p", "text"), [(1e-6, "0.000001"), (9.9e-4, "0.001"), (1e-3, "0.001"), (1.1e-3, "0.01"), (1.0, "1")]
)
def test_a_probability_is_said_by_the_power_of_ten_above_it(p, text):
    assert bound_text(p) == text


# ------------------------------------------------------------------------------- the machine by itself


def test_the_machine_is_led_from_outside_as_inside_a_verification():
    made = context(head=HEAD)
    scale = made.registry.find("12").scales[0]
    assert machine.why_not(made, scale) == ""
    state = machine.begin(made, scale)
    outer = Inspector(Bench("offset"))
    outer.visit.handle(StallTyped("12"), 0)
    outer.visit.handle(ScaleChosen(scale.id), 0)
    assert machine.ask(state) == outer.visit.prompt
    assert isinstance(machine.ask(state), Page) and not machine.done(state)
    outer.run()
    over = outer.visit.state.run
    assert machine.done(over) and machine.record(over)["verdict"] == machine.result(over).verdict.value
    assert machine.step(made, over, GoBack(), 1) is over


def at(phase, bench=None, **changes):
    """An inspector at the first page of a phase."""
    inspector = Inspector(bench or Bench("honest"), **changes)
    for _ in range(2000):
        run = inspector.visit.state.run
        if run is not None and run.phase is phase:
            return inspector
        inspector.step()
    raise AssertionError(f"never at {phase}")


def test_the_second_look_is_not_taken_too_soon():
    inspector = at(Phase.HOLD)
    inspector.tell(Picked("same"))
    assert inspector.visit.prompt.problem == "challenge_too_soon"
    inspector.now_ns += HOLD_NS
    inspector.tell(Picked("same"))
    assert inspector.visit.state.run.phase is not Phase.HOLD


def test_a_tare_by_mistake_is_no_finding():
    inspector = at(Phase.KEY)
    inspector.tell(Picked("changed"))
    inspector.tell(FigureTyped("0", "g"))
    assert inspector.visit.prompt.problem == "challenge_tare_is_set"
    inspector.tell(GoBack())
    judged = inspector.run()
    assert judged.verdict is Verdict.CONFORMS and not said(judged, "not_explained")
    refused = [look for look in inspector.visit.state.run.looks if look.problem]
    assert [look.problem for look in refused] == ["challenge_tare_is_set"]


def test_a_preset_tare_lowers_the_figure_and_is_no_finding_by_its_key():
    # A PLU key may take a stored tare off (OIML R 76-1 4.7): the figure falls, and nothing is said of keys.
    inspector = at(Phase.KEY)
    first = float(inspector.visit.prompt.facts[-1].value)
    inspector.tell(Picked("changed"))
    inspector.tell(FigureTyped(str(int(first - 100)), "g"))
    judged = inspector.run()
    assert "keys" not in said(judged, "not_explained")


def test_a_key_the_scale_has_not_is_noted_and_not_tried():
    class Without(Inspector):
        def on_key(self, page):
            self.tell(Picked("no_such_key"))

        on_sequence = on_key

    inspector = Without(Bench("plu_multiplier", (*PIN, "M1")))
    judged = inspector.run()
    assert said(judged, "not_tried") >= {"keys"}
    assert sum(look["absent"] for look in inspector.visit.outcome.body["looks"]) == 12


def test_a_scale_that_cannot_be_switched_off_leaves_that_load_out():
    class Battery(Inspector):
        def on_power(self, page):
            self.tell(Picked("cannot"))

    inspector = Battery(Bench("multiplier"))
    judged = inspector.run()
    assert said(judged, "not_tried") == {"power"} and judged.verdict is Verdict.DOES_NOT_CONFORM
    assert [trial["left_out"] for trial in inspector.visit.outcome.body["trials"]].count(True) == 1


def test_other_goods_at_the_repetition_are_not_the_scale_s_fault():
    class Muddled(Inspector):
        def on_repeat(self, page):
            self.goods += 400.0
            super().on_repeat(page)

        on_powered = on_repeat

    judged = Muddled(Bench("honest")).run()
    assert judged.verdict is not Verdict.DOES_NOT_CONFORM and not said(judged, "not_explained")
    assert said(judged, "not_tried") == {"power", "repeat"}


def test_a_pan_no_verdict_may_rest_on_judges_no_goods():
    class Unfit(Inspector):
        def tick(self, pan):
            self.now_ns += SECOND // 10
            self.tell(reading(self.now_ns, pan, unfit="test rig"))

    inspector = Unfit(Bench("multiplier"))
    inspector.visit.handle(StallTyped("12"), 0)
    inspector.visit.handle(ScaleChosen("TZ-DEMO-0012"), 0)
    judged = inspector.run()
    goods = [each for each in inspector.visit.outcome.body["readings"] if each["reason"] == "pan_unfit"]
    assert len(goods) >= 7 and judged.verdict is Verdict.DOES_NOT_CONFORM  # by the weights alone
    again = Inspector(Bench("honest"))
    again.visit.handle(reading(1, 0.0, unfit="test rig"), 1)
    again.visit.handle(StallTyped("12"), 2)
    again.visit.handle(ScaleChosen("TZ-DEMO-0012"), 3)
    assert (again.visit.prompt.key, again.visit.prompt.problem) == ("challenge_cannot", "pan_unfit")


# -------------------------------------------------------------------------------------------- the lead

LEAD = {"lead_profiles": ("and-st-gs",)}


class OverLead(Inspector):
    """Every figure comes over the lead."""

    def figure(self, shown):
        assert "from_lead" in [option.id for option in self.visit.prompt.beside]
        self.tell(Picked("from_lead"))
        for _ in range(30):
            if not isinstance(self.visit.prompt.wants, Wait):
                return
            self.now_ns += SECOND // 10
            self.tell(indication(shown))
            if self.visit.state.run.listening_ns is None:
                return

    def same_or_not(self, page):
        self.figure(self.bench.read())


@pytest.mark.parametrize(
    ("model", "verdict"), [("honest", Verdict.CONFORMS), ("offset", Verdict.DOES_NOT_CONFORM)]
)
def test_figures_over_the_lead_come_to_the_same(model, verdict):
    inspector = OverLead(Bench(model), **LEAD)
    judged = inspector.run()
    assert judged.verdict is verdict
    figures = [look["figure"] for look in inspector.visit.outcome.body["looks"]]
    assert all(figure["source"] == "lead" and figure["frames"] >= 4 for figure in figures if figure)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([LineSilent()], "lead_silent"),
        ([indication(None, overload=True)], "lead_overload"),
        ([reading(40 * SECOND, 0.0)], "lead_silent"),
        ([indication(None), reading(40 * SECOND, 0.0)], "lead_unstable"),
        ([Picked("type_it")], ""),
    ],
)
def test_a_lead_that_does_not_help_leads_back_to_the_pad(events, problem):
    inspector = at(Phase.LOAD, **LEAD)
    before = inspector.visit.prompt
    inspector.tell(Picked("from_lead"))
    assert isinstance(inspector.visit.prompt.wants, Wait)
    for event in events:
        inspector.now_ns = max(inspector.now_ns, getattr(event, "at_ns", 0))
        inspector.tell(event)
    assert inspector.visit.prompt == msgspec.structs.replace(before, problem=problem)


# ------------------------------------------------------------------------- interruption, way back, home


def test_a_fault_stops_at_the_pan_and_the_figure_stays_given():
    inspector = at(Phase.WEIGH)
    figures = len(inspector.visit.state.run.looks)
    inspector.tell(PanFault(at_ns=1, fault=Fault.DISCONNECTED, lasting=True))
    assert isinstance(inspector.visit.prompt, Interrupted)
    inspector.tick(0.02)
    assert inspector.visit.state.run.phase is Phase.CLEAR_PAN
    assert len(inspector.visit.state.run.looks) == figures
    judged = inspector.run()
    assert judged.verdict is Verdict.CONFORMS
    assert inspector.visit.outcome.body["interruptions"][0]["fault"] == "disconnected"


@pytest.mark.parametrize(
    "phase", [Phase.LOAD, Phase.HOLD, Phase.KEY, Phase.POWER, Phase.CLEAR_PAN, Phase.WEIGH]
)
def test_the_way_back_keeps_the_first_attempt(phase):
    inspector = at(phase)
    questions = 0
    while not isinstance(inspector.visit.prompt, ChooseScale):
        assert questions < 60, f"the way back ends at {inspector.visit.prompt}"
        inspector.tell(GoBack())
        questions += 1
    inspector = at(phase)
    inspector.tell(GoBack())
    dropped = [look for look in inspector.visit.state.run.looks if look.dropped]
    judged = inspector.run()
    assert judged.verdict is Verdict.CONFORMS
    kept = inspector.visit.outcome.body["looks"]
    assert len([look for look in kept if look["dropped"] == "went_back"]) == len(dropped)


def test_cancel_leads_home_and_nothing_is_shown_before_it_is_saved():
    inspector = at(Phase.KEY)
    inspector.tell(Cancel())
    assert inspector.visit.finished and inspector.visit.outcome is None
    inspector = Inspector(Bench("honest"))
    while not isinstance(inspector.visit.prompt, Saving):
        inspector.step()
    assert inspector.visit.outcome is not None
    inspector.tell(SaveFailed("disk_full"))
    assert inspector.visit.prompt == NotSaved("disk_full")


def snapshots():
    """A challenge at every page it has: the state kept, and what is then asked for."""
    inspector = Inspector(Bench("nominal_honest"))
    seen = [(inspector.visit.snapshot(), inspector.visit.prompt)]
    while not isinstance(inspector.visit.prompt, PageJudged):
        inspector.step()
        seen.append((inspector.visit.snapshot(), inspector.visit.prompt))
    return seen, inspector


@pytest.mark.parametrize("clock", ["goes on", "begins anew"])
def test_after_a_power_cut_at_every_step_it_comes_to_the_same(clock):
    seen, whole = snapshots()
    expected = whole.visit.outcome.body
    for number in range(0, len(seen), 1 if clock == "goes on" else 7):
        # Given the same inspector up to here, cut and started again with a record that has grown meanwhile.
        cut = Inspector(Bench("nominal_honest"))
        for _ in range(number):
            cut.step()
        later = context(head=Head(99, "c" * 64), seed=99)
        cut.visit = Challenge.restore(later, cut.visit.snapshot())
        if clock == "begins anew":
            cut.now_ns = SECOND
        cut.run()
        body = cut.visit.outcome.body
        same = ("draw", "trials", "verdict", "pattern", "patterns", "readings", "law", "weights")
        assert {key: body[key] for key in same} == {key: expected[key] for key in same}, number


def test_a_snapshot_goes_through_every_state_without_a_difference():
    seen, _ = snapshots()
    for data, prompt in seen:
        restored = Challenge.restore(context(head=Head(99, "c" * 64)), data)
        if getattr(prompt, "key", "") == "challenge_weigh":
            assert restored.prompt.key == "challenge_clear_pan", "the pan may have another zero now"
        else:
            assert restored.prompt == prompt


EVENTS = st.sampled_from(
    [
        GoBack(),
        Picked("same"),
        Picked("changed"),
        Picked("no_such_key"),
        Picked("from_lead"),
        Picked("cannot"),
        Picked("x"),
        FigureTyped("1.005", "kg"),
        FigureTyped("9", "g"),
        FigureTyped("nonsense", "kg"),
        FigureTyped("1.5", "jin"),
        LineSilent(),
        indication(None),
        PanFault(at_ns=1, fault=Fault.DISCONNECTED, lasting=True),
        PanFault(at_ns=1, fault=Fault.LATE, lasting=False),
        reading(1, 0.0),
        reading(1, 1234.0),
        reading(1, 1234.0, stable=False),
        SaveFailed("x"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENTS, max_size=60), steps=st.integers(2, 60))
def test_nonsense_never_breaks_it_and_it_still_comes_to_an_end(events, steps):
    inspector = Inspector(Bench("honest"), **LEAD)
    for _ in range(steps):
        inspector.step()
    for event in events:
        inspector.now_ns += SECOND // 5
        inspector.tell(event)
        Challenge.restore(inspector.context, inspector.visit.snapshot())
    inspector.tell(Cancel())
    assert inspector.visit.finished


def test_every_look_that_counts_belongs_to_a_trial_and_a_kind():
    inspector = Inspector(Bench("honest"))
    inspector.run()
    state = inspector.visit.state.run
    for trial in state.trials:
        kinds = [look.kind for look in state.looks if look.trial == trial.number]
        wanted = [Kind.FIRST, *([Kind.HELD] if trial.hold else []), *([Kind.KEY] * len(trial.keys))]
        assert kinds == wanted


def test_the_machine_answers_every_event_in_every_state_and_ends_from_everywhere():
    table = machine.TABLE
    assert set(table) == set(Phase)
    assert all(set(row) == set(get_args(Event)) for row in table.values())
    ends = {Phase.DONE}
    for _ in table:
        ends |= {phase for phase, row in table.items() if any(set(move.to) & ends for move in row.values())}
    assert ends == set(Phase)


def test_however_much_goes_wrong_the_record_fits_an_entry():
    class Clumsy(OverLead):
        faults = 50

        def figure(self, shown):
            for _ in range(4):
                self.tell(FigureTyped("1.001", "kg"))
            super().figure(shown)

        def on_clear_pan(self, page):
            self.faults -= 1
            if self.faults > 0:
                self.tell(PanFault(at_ns=1, fault=Fault.DISCONNECTED, lasting=True))
            super().on_clear_pan(page)

    inspector = Clumsy(Bench("plu_multiplier", (*PIN, "M4")), **LEAD)
    inspector.run()
    body = inspector.visit.outcome.body
    assert body["refused_more"] > 0 and len(body["looks"]) >= 40
    assert len(msgspec.json.encode(body)) < 45_000
    made = inspector.visit.state.run
    assert machine.step(inspector.context, made, GoBack(), 0) is made
