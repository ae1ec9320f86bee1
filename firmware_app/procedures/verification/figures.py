"""What is typed: bounded, digits only, and only what this scale can show.

Rules this file obeys:

* This is the one entrance of what an inspector types; whatever it does not know is refused, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from firmware_app.procedures.events import FigureTyped
from firmware_app.procedures.figures import BEYOND_MAX_E, MINUS, typed_figure
from firmware_app.procedures.page import GRAM
from firmware_app.procedures.verification.items import Ask
from firmware_app.procedures.verification.state import Shown, Step, VerificationState
from firmware_app.quantity import Grams

MAX_TEXT = 9
MOST_ADDED = Decimal("1.2")
"""More than an interval cannot be added before the indication goes over; a fifth more is left for one that
flickers until it does so without doubt."""

NEAR_ZERO_E = 10
"""A scale with more than ten e on it, where E0 is found, that shows less than zero shows no load at all."""

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


def bare_number(text: str, *, signed: bool = False) -> Decimal | None:
    """The number that was typed, None where it is none; below zero only where it is ``signed``."""
    shown = unicodedata.normalize("NFKC", text[:64]).strip()
    if signed and shown[:1] in MINUS:
        number = bare_number(shown[1:])
        return None if number is None else -number
    return Decimal(shown) if len(shown) <= MAX_TEXT and _NUMBER.fullmatch(shown) else None


def typed_mass(event: FigureTyped) -> Grams | None:
    """The mass that was typed, None where it is none in g or kg."""
    return typed_figure(event.figure, event.unit).value_g


def step_is_signed(step: Step) -> bool:
    """Whether the scale may show less than nothing at this step: unloaded, or with next to nothing on it."""
    return step.ask is Ask.POINT and step.load_g <= NEAR_ZERO_E * step.e_g


def typed_indication(state: VerificationState, event: FigureTyped) -> Shown | str:
    """The indication that was typed, or the code of why this scale cannot have shown it."""
    figure = typed_figure(event.figure, event.unit, signed=step_is_signed(state.step))
    if figure.value_g is None:
        return "not_a_mass"
    shown = Shown(value_g=figure.value_g, text=figure.text, unit=figure.unit, source=figure.source)
    return problem_of(state, figure.value_g) or shown


def problem_of(state: VerificationState, value_g: Grams) -> str:
    """Code of why this scale cannot show such a value, empty where it can."""
    scale = state.scale
    assert scale is not None
    if abs(value_g) > scale.max_g + BEYOND_MAX_E * scale.e_g:
        return "beyond_max"
    interval = next((each.e_g for each in state.ranges if value_g <= each.max_g), scale.d_g)
    return "not_a_multiple" if value_g % interval else ""


def typed_added(step: Step, event: FigureTyped) -> Grams | str:
    """What was added, as a mass or (without unit) as so many small weights; or why it cannot be."""
    if not event.unit:
        number = bare_number(event.figure)
        added = None if number is None or number % 1 else number * step.small_g
    else:
        added = typed_mass(event) if event.unit == GRAM else None
    if added is None:
        return "verif_not_added"
    return "verif_added_too_much" if added > MOST_ADDED * step.d_g else added
