"""Goods and weights in turns on the screen: one thing to do at a time, in words and in the picture."""

from __future__ import annotations

import pytest
from kiosk_core import PROMPTS, state

from firmware_app.service import messages
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.view import bar as bars
from kiosk.view import home, loads, trouble
from kiosk.view.loads import Stage
from kiosk.view.say import Say
from kiosk.view.swap import Hand, Thing, swap

p = messages.prompts
WORDS = Language.shipped(strict=True)
EN = Say(WORDS, "en")
SAYS = [Say(WORDS, lang) for lang in LANGUAGES]
EMPTY = messages.PanState(mass_g="0.1", stable=True, why_not=None, fault=None)
LADEN = messages.PanState(mass_g="2702.4", stable=True, why_not=None, fault=None)
AT_START = messages.PanState(mass_g=None, stable=False, why_not="not_empty", fault=messages.Fault.SETTLING)


def view(name, say=EN, pan=LADEN):
    return swap(PROMPTS[f"swap_on_pan_{name}"], state(pan=pan), say)


@pytest.mark.parametrize(
    ("name", "title", "thing", "hand", "weights"),
    [
        ("goods_off", "goods_off", Thing.GOODS, Hand.OFF, 0),
        ("weights_on", "weights_on", Thing.WEIGHTS, Hand.ON, 3),
        ("weights_lie", "weights_on", Thing.WEIGHTS, Hand.NONE, 3),
        ("weights_other", "weights_on", Thing.WEIGHTS, Hand.ON, 3),
        ("weights_off", "weights_off", Thing.WEIGHTS, Hand.OFF, 0),
        ("goods_on", "goods_on", Thing.GOODS, Hand.ON, 0),
        ("goods_other", "goods_on", Thing.GOODS, Hand.ON, 0),
        ("once_more", "goods_off", Thing.GOODS, Hand.OFF, 0),
    ],
)
@pytest.mark.parametrize("say", SAYS, ids=LANGUAGES)
def test_what_is_to_be_done_now_and_nothing_else(say, name, title, thing, hand, weights):
    seen = view(name, say)
    mass = {"mass": "2.7\u00a0kg"} if title == "weights_on" else {}
    assert seen.title == say(f"swap_on_pan.{title}", **mass)
    assert (seen.thing, seen.hand, len(seen.pieces)) == (thing, hand, weights)


@pytest.mark.parametrize(
    ("name", "pan", "stage"),
    [
        ("goods_off", LADEN, Stage.EMPTY),
        ("weights_on", EMPTY, Stage.EMPTY),
        ("weights_lie", LADEN, Stage.STILL),
        ("weights_other", LADEN, Stage.EMPTY),
        ("goods_other", LADEN, Stage.EMPTY),
    ],
)
def test_what_will_not_be_taken_makes_no_progress(name, pan, stage):
    assert view(name, pan=pan).stage is stage


@pytest.mark.parametrize("say", SAYS, ids=LANGUAGES)
def test_why_it_is_asked_is_said_at_first_and_a_problem_in_its_words(say):
    assert view("goods_off", say).note == say("swap_on_pan.why")
    for name, problem in (
        ("weights_other", "other_weights"),
        ("goods_other", "goods_changed"),
        ("once_more", "once_more"),
    ):
        assert view(name, say).problem == say(f"problem.{problem}")


@pytest.mark.parametrize("say", SAYS, ids=LANGUAGES)
def test_a_pan_that_was_loaded_at_the_start_says_what_to_do_everywhere(say):
    now = state(pan=AT_START, parts=(messages.PartState("pan", "not_empty"),))
    assert bars.pan(now, say).note == say("bar.not_empty")
    assert say("part_problem.not_empty") in home.notice(now, say)
    shown = trouble.interrupted(PROMPTS["interrupted_not_empty"], AT_START, say)
    assert (shown.what, shown.remedy) == (say("interrupted.not_empty"), say("interrupted.empty_it"))


@pytest.mark.parametrize("say", SAYS, ids=LANGUAGES)
def test_a_check_of_an_unfit_pan_says_so_at_the_empty_pan_too(say):
    prompt = p.ClearPan(1, 2, p.Problem.PAN_UNFIT)
    assert loads.clear_pan(prompt, state(pan=EMPTY), say).problem == say("problem.pan_unfit")
