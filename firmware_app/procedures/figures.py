"""The figure of the scale under test: from the number pad or from the lead, checked against the scale.

Rules this file obeys:

* This is the one entrance of typed figures: bounded, digits only, with a legal unit.
* A figure that the scale cannot show is refused with its reason, never rounded into shape.
* A frame of the lead without a unit means nothing unless the registry confirms the unit.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

import msgspec

from firmware_app.procedures.prompts import Problem, Source
from firmware_app.procedures.settle import Seen, Window
from firmware_app.procedures.taken import Figure
from firmware_app.quantity import GRAMS_PER, Grams
from firmware_app.registry.registry import Scale
from hardware.scale.contract import Check, Indication, Kind

MAX_CHARACTERS = 8
BEYOND_MAX_E = 9
"""An indication may go up to Max + 9 e."""
MINUS = ("-", "\N{MINUS SIGN}")
"""As a keyboard has it, and as people write it."""
UNITS = ("g", "kg")
MAX_RAW = 128
"""Bytes of a frame that are kept; none of a scale is longer."""

_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{0,6})?")


def typed_figure(text: str, unit: str, *, label: bool = False, signed: bool = False) -> Figure:
    """What was typed, or confirmed from a label.

    ``value_g`` is None where it is no mass in g or kg of at most 8 characters; below zero only where it is
    ``signed``: the minus is then a character more, kept as ``-``.
    """
    shown = unicodedata.normalize("NFKC", text[: MAX_CHARACTERS * 2]).strip()
    if signed and shown[:1] in MINUS:
        figure = typed_figure(shown[1:], unit)
        value = None if figure.value_g is None else -figure.value_g
        return msgspec.structs.replace(figure, text=f"-{figure.text}", value_g=value)
    good = len(shown) <= MAX_CHARACTERS and unit in UNITS and _NUMBER.fullmatch(shown) is not None
    return Figure(
        source=Source.LABEL if label else Source.TYPED,
        text=shown[:MAX_CHARACTERS],
        unit=unit[:4],
        value_g=Decimal(shown) * GRAMS_PER[unit] if good else None,
    )


def lead_figure(indication: Indication, value_g: Grams, window: Window) -> Figure:
    """What the lead said, with the frame and the whole settled window as evidence."""
    return Figure(
        source=Source.LEAD,
        text=indication.raw_text[:32],
        unit=indication.unit or "",
        value_g=value_g,
        profile=indication.profile,
        raw=indication.raw[:64].hex(),
        policy=window.policy,
        window=window,
    )


def lead_unit(indication: Indication, scale: Scale) -> str | None:
    """The unit of the indication: as sent, else as the registry confirms it; None if not g or kg."""
    unit = indication.unit or scale.lead_unit
    return unit if unit in UNITS else None


def speaks_of_load(indication: Indication, scale: Scale) -> bool:
    """Whether the frame is one of this scale's protocol, undamaged, and about the load on it."""
    return (
        indication.profile == scale.profile
        and indication.check is not Check.BAD
        and indication.kind is not Kind.TARE
        and indication.answer is None
    )


def seen_of(indication: Indication, scale: Scale, now_ns: int) -> Seen | None:
    """An indication of the load as a mass, with its frame; None where it tells no mass."""
    unit = lead_unit(indication, scale)
    if indication.value is None or unit is None or indication.overload or indication.underload:
        return None
    mass = indication.value * GRAMS_PER[unit]
    return Seen(now_ns, mass, indication.stable, indication.raw[:MAX_RAW].hex())


def problem_of(figure: Figure, scale: Scale) -> Problem | None:
    """Why the scale cannot have shown this figure, None where it can."""
    if figure.value_g is None or figure.value_g < 0:
        return Problem.NOT_A_MASS
    if figure.value_g > scale.max_g + BEYOND_MAX_E * scale.e_g:
        return Problem.BEYOND_MAX
    return Problem.NOT_A_MULTIPLE if figure.value_g % scale.d_g else None
