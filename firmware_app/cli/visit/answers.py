"""What a person types at the terminal, as the answer to the prompt that is shown.

Rules this file obeys:

* What cannot be an answer is refused in words; what a procedure refuses is the procedure's to say.
* A choice is made by its number or its id; what stands beside a question by a letter or its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from firmware_app.cli.visit.told import Choice, Told, Wants
from firmware_app.errors import SteelyardError
from firmware_app.procedures.events import (
    Answer,
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
from firmware_app.procedures.prompts import Way

MOST = 128
"""Characters of one answer; nobody types a longer one."""
BACK, STOP, TYPE = "back", "stop", "type"
LETTERS = "abcdefgh"
"""What stands beside a question is chosen by one of these."""

_FIGURE = re.compile(r"\s*([+\-−]?[0-9]*\.?[0-9]+)\s*(\S*)\s*")


class NoAnswer(SteelyardError):
    """That is no answer to what is asked; the message says what would be."""


def answer(told: Told, typed: str) -> Answer:
    """The answer that was typed; raises NoAnswer."""
    text = typed.strip()
    if len(text) > MOST:
        raise NoAnswer(f"that is longer than {MOST} characters")
    if text in (BACK, STOP):
        return GoBack() if text == BACK else Cancel()
    beside = _chosen(told.beside, text, letters=True)
    if beside is not None:
        return Picked(beside)
    if told.wants not in READ:
        raise NoAnswer(hint(told))
    return READ[told.wants](told, text)


def hint(told: Told) -> str:
    """What may be typed."""
    said = {
        Wants.STALL: "type the number of the stall",
        Wants.CODE: "type the code",
        Wants.FIGURE: f"type the figure with its unit ({', '.join(unit or 'none' for unit in told.units)})",
        Wants.CONFIRM: "press Enter when it is done",
        Wants.LOAD_IS_ON: f"press Enter when it is on the scale, or {TYPE} to type the figure",
        Wants.SCALE: "type a number",
        Wants.WAY: "type a number",
        Wants.PICK: "type a number",
    }.get(told.wants, "wait: an instrument goes on by itself")
    lettered = zip(LETTERS, told.beside, strict=False)
    more = "".join(f", {letter} for: {choice.words}" for letter, choice in lettered)
    return f"{said}{more}; {BACK} for one question back, {STOP} to leave"


def _confirmed(told: Told, text: str) -> Answer:
    if text not in ("", "done"):
        raise NoAnswer(hint(told))
    return Confirmed()


def _is_on(told: Told, text: str) -> Answer:
    if text not in ("", "done", TYPE):
        raise NoAnswer(hint(told))
    return TypeInstead() if text == TYPE else LoadIsOn()


def _figure(told: Told, text: str) -> Answer:
    parts = _FIGURE.fullmatch(text)
    if parts is None:
        raise NoAnswer(f"{text[:40]!r} is no figure: {hint(told)}")
    return FigureTyped(parts[1], parts[2] or told.units[0])


def _choice(told: Told, text: str) -> Answer:
    chosen = _chosen(told.choices, text)
    if chosen is None:
        raise NoAnswer(f"{text[:40]!r} is none of them: {hint(told)}")
    if told.wants is Wants.SCALE:
        return ScaleChosen(chosen)
    return WayChosen(Way(chosen)) if told.wants is Wants.WAY else Picked(chosen)


def _chosen(choices: tuple[Choice, ...], text: str, *, letters: bool = False) -> str | None:
    """The id of the choice that the text names; raises NoAnswer for one that cannot be chosen now."""
    names = LETTERS if letters else [str(number) for number in range(1, len(choices) + 1)]
    for name, choice in zip(names, choices, strict=False):
        if text in (name, choice.id):
            if choice.why_not:
                raise NoAnswer(choice.why_not)
            return choice.id
    return None


READ: dict[Wants, Callable[[Told, str], Answer]] = {
    Wants.STALL: lambda _told, text: StallTyped(text),
    Wants.CODE: lambda _told, text: CodeGiven(text),
    Wants.FIGURE: _figure,
    Wants.CONFIRM: _confirmed,
    Wants.LOAD_IS_ON: _is_on,
    Wants.SCALE: _choice,
    Wants.WAY: _choice,
    Wants.PICK: _choice,
}
"""How an answer of each kind is read; what is not here takes none."""
