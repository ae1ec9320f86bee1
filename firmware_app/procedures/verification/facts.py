"""Figures and choices as the pages of an examination show them.

Rules this file obeys:

* A figure of evidence is shown as its form has it: P, E and Ec with their sign, limits with both signs.
"""

from __future__ import annotations

from firmware_app.procedures.page import GRAM, Fact, Option
from firmware_app.procedures.verification.arithmetic import Point
from firmware_app.quantity import Grams, trimmed

FACTS_BESIDE = 5
"""Facts that a screen of seven inches shows beside a question."""


def option(name: str, label: str = "", *, why_not: str = "") -> Option:
    """One choice; its words stand under ``verif_<name>`` unless another label is given."""
    return Option(id=name, label=label or f"verif_{name}", why_not=why_not)


def mass_fact(label: str, mass: Grams) -> Fact:
    """A mass in grams."""
    return Fact(label=f"verif_{label}", value=trimmed(mass), unit=GRAM)


def code_fact(label: str, code: str) -> Fact:
    """A code that is said in words."""
    return Fact(label=f"verif_{label}", value=f"verif_{code}", words=True)


def point_facts(point: Point) -> tuple[Fact, ...]:
    """The figures of a point as its form has them: L, I and ΔL, P and E, E0 and Ec, the limits."""
    added = "" if point.added_g is None else f" · {trimmed(point.added_g)} g"
    zero = "" if point.zero_g is None else f"{signed(point.zero_g)} g · "
    limits = f"±{trimmed(point.limit_g)} g"
    if point.limit_initial_g != point.limit_g:
        limits += f" (±{trimmed(point.limit_initial_g)} g)"
    return (
        mass_fact("load", point.load_g),
        Fact(label="verif_i_added", value=f"{trimmed(point.indication_g)} g{added}"),
        Fact(label="verif_p_error", value=f"{trimmed(point.p_g)} g · {signed(point.error_g)} g"),
        Fact(label="verif_corrected", value=f"{zero}{signed(point.corrected_g)} g"),
        Fact(label="verif_limit", value=limits),
    )


def last_fact(point: Point) -> Fact:
    """What the point before came to, in one line."""
    if not point.zero_id:
        return Fact(label="verif_last_zero", value=f"{signed(point.error_g)} g")
    return Fact(
        label="verif_last_error", value=f"{signed(point.corrected_g)} g (±{trimmed(point.limit_g)} g)"
    )


def signed(mass: Grams) -> str:
    """The figure with its sign, a true minus, and none before zero."""
    return f"{'+' if mass > 0 else '−' if mass < 0 else ''}{trimmed(abs(mass))}"
