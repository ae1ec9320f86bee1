"""A pan that may only be looked at: the kiosk shows its weight and says, in words, that it judges nothing."""

from __future__ import annotations

import pytest
from kiosk_core import PROMPTS, state

from firmware_app.service import messages
from kiosk.language.catalogue import LANGUAGES, Language
from kiosk.view import bar as bars
from kiosk.view import choose, verdict
from kiosk.view.home import notice
from kiosk.view.say import Say

p = messages.prompts
WHY = "gpio: this machine is too slow"
WORDS = Language.shipped(strict=True)
PARTS = (messages.PartState("pan", "unfit"),)


def pan(**changes) -> messages.PanState:
    return messages.PanState(
        **{"mass_g": "1505", "stable": True, "why_not": None, "fault": None, "unfit": WHY, **changes}
    )


@pytest.fixture(params=LANGUAGES)
def say(request) -> Say:
    return Say(WORDS, request.param)


def test_the_bar_shows_the_weight_to_be_looked_at_only(say):
    view = bars.pan(state(pan=pan()), say)

    assert (view.figure, view.note, view.tone) == ("1.505", say("bar.look_only"), bars.Tone.WAIT)


@pytest.mark.parametrize(
    ("changes", "figure"),
    [
        ({"stable": False, "why_not": "moving"}, "1.505"),
        ({"fault": messages.Fault.SLOW_CLOCK, "mass_g": None}, ""),
        ({"hidden": True, "mass_g": None}, ""),
    ],
)
def test_what_matters_more_is_said_first(say, changes, figure):
    view = bars.pan(state(pan=pan(**changes)), say)

    assert view.figure == figure
    assert view.note != say("bar.look_only")


def test_the_home_screen_says_it_without_a_word_of_the_driver(say):
    words = notice(state(pan=pan(), parts=PARTS), say)

    assert say("part_name.pan").rstrip("།") in words and say("part_problem.unfit") in words
    assert "gpio" not in words


def test_the_way_with_goods_is_closed_and_says_why(say):
    offer = p.WayOffered(p.Way.GOODS, False, "pan_unfit")
    prompt = p.ChooseWay(PROMPTS["choose_way"].scale, (offer,))

    (view,) = choose.ways(prompt, say).ways

    assert not view.possible
    assert view.text == say("way_why_not.pan_unfit")


def test_loads_that_could_not_be_judged_have_a_dash_and_no_band(say):
    """As the core sends them where the pan is unfit, locked, or no rule applies."""
    known = {"number": 1, "load_g": "2871", "load_u_g": "0.5", "indication_g": "2870", "error_g": "-1"}
    unknown = {"number": 2, "load_g": "", "load_u_g": "", "indication_g": "500", "error_g": ""}
    loads = tuple(
        p.LoadResult(
            **fields,
            source=p.Source.TYPED,
            expanded_g="",
            limit_g="",
            limit_initial_g="",
            verdict=messages.Verdict.CANNOT_JUDGE,
            reason="pan_unfit",
        )
        for fields in (known, unknown)
    )
    result = PROMPTS["judged_conforms"].result
    nothing = p.VisitResult(
        verdict=messages.Verdict.CANNOT_JUDGE,
        way=p.Way.GOODS,
        scale=result.scale,
        loads=loads,
        law=p.Law("", "", "", "", "unconfirmed"),
    )

    view = verdict.judged(p.Judged(nothing, 42, "SLIP"), 0, say)

    assert view.hint == say("reason.pan_unfit")
    assert view.corridor.columns == ()
    first, second = view.rows
    assert (first.load, first.doubt, first.limits) == ("2.871\u00a0kg", "—", "— / —")
    assert first.error == "\u22121\u00a0g" and second.load == second.error == "—"
    assert (view.law, view.caution) == (say("verdict_hint.cannot_judge"), "")
