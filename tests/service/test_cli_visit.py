"""`steelyard visit` without a core: prompts in words, and what is typed as answers."""

from __future__ import annotations

from typing import get_args

import pytest

from firmware_app.cli.visit.answers import NoAnswer, answer, hint
from firmware_app.cli.visit.screens import TABLE
from firmware_app.cli.visit.told import Choice, Told, Wants
from firmware_app.procedures.events import (
    Cancel,
    CodeGiven,
    Confirmed,
    FigureTyped,
    GoBack,
    LoadIsOn,
    Picked,
    ScaleChosen,
    StallTyped,
    TypeInstead,
    WayChosen,
)
from firmware_app.procedures.prompts import Prompt, Way

CHOICES = (Choice("a", "first"), Choice("b", "second", "not now"), Choice("goods", "third"))
BESIDE = (Choice("skip", "leave it out"),)


def told(wants: Wants, **more: object) -> Told:
    return Told(lines=("?",), wants=wants, **more)


def test_every_kind_of_prompt_is_told() -> None:
    assert set(TABLE) == set(get_args(Prompt))


@pytest.mark.parametrize(
    ("wants", "typed", "given"),
    [
        (Wants.STALL, " 12 ", StallTyped("12")),
        (Wants.CODE, "A-7", CodeGiven("A-7")),
        (Wants.FIGURE, "1005", FigureTyped("1005", "g")),
        (Wants.FIGURE, "1.005 kg", FigureTyped("1.005", "kg")),
        (Wants.FIGURE, "-2g", FigureTyped("-2", "g")),
        (Wants.FIGURE, "5斤", FigureTyped("5", "斤")),
        (Wants.CONFIRM, "", Confirmed()),
        (Wants.LOAD_IS_ON, "", LoadIsOn()),
        (Wants.LOAD_IS_ON, "type", TypeInstead()),
        (Wants.PICK, "1", Picked("a")),
        (Wants.PICK, "goods", Picked("goods")),
        (Wants.SCALE, "1", ScaleChosen("a")),
        (Wants.WAY, "3", WayChosen(Way.GOODS)),
        (Wants.PICK, "back", GoBack()),
        (Wants.NOTHING, "stop", Cancel()),
        (Wants.NOTHING, "skip", Picked("skip")),
        (Wants.FIGURE, "a", Picked("skip")),
    ],
)
def test_what_is_typed_is_its_answer(wants: Wants, typed: str, given: object) -> None:
    choices = () if wants is Wants.FIGURE else CHOICES
    assert answer(told(wants, choices=choices, beside=BESIDE, units=("g", "kg")), typed) == given


@pytest.mark.parametrize(
    ("wants", "typed", "said"),
    [
        (Wants.FIGURE, "much", "is no figure"),
        (Wants.FIGURE, "1.2.3 kg", "is no figure"),
        (Wants.PICK, "9", "none of them"),
        (Wants.PICK, "2", "not now"),
        (Wants.CONFIRM, "perhaps", "press Enter"),
        (Wants.NOTHING, "go on", "wait"),
        (Wants.CODE, "x" * 129, "longer than 128"),
    ],
)
def test_what_is_no_answer_is_refused_in_words(wants: Wants, typed: str, said: str) -> None:
    with pytest.raises(NoAnswer, match=said):
        answer(told(wants, choices=CHOICES, units=("g",)), typed)


def test_a_hint_names_what_stands_beside() -> None:
    assert "a for: leave it out" in hint(told(Wants.CONFIRM, beside=BESIDE))
