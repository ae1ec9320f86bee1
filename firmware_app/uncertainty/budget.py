"""Uncertainty budgets as people write them: a model and, for each of its inputs, what is known of it.

Rules this file obeys:

* An input says in exactly one way how well it is known; what is left out is refused, never taken to be zero.
* A name in the model without an input, and an input that the model does not use, are both refused.
* Standard uncertainties of type B are those of JCGM 100 4.3, of type A those of 4.2.
"""

from __future__ import annotations

import enum
import math
import statistics
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.settings_file import Key, Read
from firmware_app.uncertainty.errors import BadBudget, BadExpression
from firmware_app.uncertainty.expression import MAX_CHARACTERS, Expression, input_name, parse_expression

MAX_BYTES = 1 << 20
MAX_INPUTS = 100
MAX_OBSERVATIONS = 10_000
FAIRLY_CERTAIN = 3.0
"""k of a normal distribution whose bounds are given: they hold 99.73 % (JCGM 100 4.3.9 note 1)."""


class Distribution(enum.StrEnum):
    """What may be said of the values between two bounds (JCGM 100 4.3.6, 4.3.7 and 4.3.9; JCGM 101 6.4)."""

    RECTANGULAR = "rectangular"
    TRIANGULAR = "triangular"
    NORMAL = "normal"
    U_SHAPED = "u_shaped"


DIVISORS = {
    Distribution.RECTANGULAR: math.sqrt(3),
    Distribution.TRIANGULAR: math.sqrt(6),
    Distribution.U_SHAPED: math.sqrt(2),
}
"""Half width over standard uncertainty."""

LARGEST = 1e60
"""Beyond every quantity; its fourth power, which the degrees of freedom need, is still a number."""

Value = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Uncertainty = Annotated[float, Meta(ge=0, le=LARGEST, description="in the unit of the input")]


def printable(text: str) -> str:
    """``text`` where it has nothing in it that moves a terminal; raises ValueError."""
    if not text.isprintable():
        raise ValueError("has characters that cannot be shown: give one line of plain text")
    return text


Text = Annotated[str, Meta(max_length=400), Read(printable)]
Unit = Annotated[str, Meta(max_length=40), Read(printable)]


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """An input of a budget as it stands in the file.

    Exactly one of ``standard``, ``expanded`` with ``k``, ``half_width`` with ``distribution`` (a normal one
    may have its ``k``) and ``observations``; these also give the value and the degrees of freedom ``dof``.
    ``unit`` and ``source`` are for people.
    """

    name: Annotated[str, Read(input_name), Meta(description="as in the model")]
    value: Value | None = None
    standard: Uncertainty | None = None
    expanded: Uncertainty | None = None
    k: Annotated[float, Meta(ge=0.5, le=10, description="coverage factor")] | None = None
    half_width: Uncertainty | None = None
    distribution: Distribution | None = None
    dof: (
        Annotated[float, Meta(ge=1, le=1e9, description="degrees of freedom; left out: infinitely many")]
        | None
    ) = None
    observations: Annotated[tuple[Value, ...], Meta(min_length=2, max_length=MAX_OBSERVATIONS)] | None = None
    unit: Unit = ""
    source: Text = ""

    def __post_init__(self) -> None:
        ways = ("standard", "expanded", "half_width", "observations")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            stands = " and ".join(given) + " stand together" if given else "nothing says how well it is known"
            raise ValueError(f"{stands}: give one of {', '.join(ways)} (standard = 0 for an exact number)")
        if self.observations is None:
            if self.value is None:
                raise ValueError("value is missing: give a number")
        elif self.value is not None or self.dof is not None:
            raise ValueError("observations give value and dof themselves: leave these out")
        if (self.half_width is None) != (self.distribution is None):
            raise ValueError(
                f"half_width and distribution go together; give one of {', '.join(Distribution)}"
            )
        if self.expanded is not None and self.k is None:
            raise ValueError("expanded needs its k: give the coverage factor that it was stated with")
        if self.k is not None and self.expanded is None and self.distribution is not Distribution.NORMAL:
            raise ValueError("k belongs to expanded, or to half_width of a normal distribution")


class Quantity(msgspec.Struct, frozen=True):
    """What is known of an input: ``estimate``, ``standard`` uncertainty, ``dof`` (infinite: exactly known).

    ``distribution`` None is that of a mean of observations, a scaled and shifted t (JCGM 101 6.4.9).
    """

    name: str
    estimate: float
    standard: float
    dof: float
    distribution: Distribution | None
    unit: str = ""

    @property
    def half_width(self) -> float:
        """Half the width of a bounded distribution, in the unit of the input."""
        return self.standard * DIVISORS[self.distribution] if self.distribution in DIVISORS else math.inf

    @property
    def is_student(self) -> bool:
        """Whether it is spread as a t distribution: a normal one of which the width itself is in doubt."""
        return math.isfinite(self.dof) and self.distribution in (None, Distribution.NORMAL)


class Budget(msgspec.Struct, frozen=True):
    """A model with all of its inputs, in the order of the file; ``k`` None: from the degrees of freedom."""

    model: Expression
    inputs: tuple[Quantity, ...]
    k: float | None = None
    title: str = ""
    unit: str = ""


class BudgetFile(msgspec.Struct, frozen=True, kw_only=True):
    """What may stand in a budget file."""

    title: Text = ""
    model: Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS, description="an expression")]
    unit: Unit = ""
    k: Annotated[float, Meta(ge=0.5, le=10, description="coverage factor asked for")] | None = None
    inputs: Annotated[tuple[Input, ...], Key("input"), Meta(min_length=1, max_length=MAX_INPUTS)]

    def __post_init__(self) -> None:
        names = [each.name for each in self.inputs]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"input {twice[0]!r} is given twice")


def parse_budget(data: bytes, where: str = "budget") -> Budget:
    """The budget in a TOML file; raises BadBudget with the key, or the character of the model."""
    written = settings_file.parse(data, BudgetFile, where, BadBudget, MAX_BYTES)
    try:
        return budget(written)
    except (BadExpression, BadBudget) as error:
        raise BadBudget(f"{where}: {error}") from error


def budget(written: BudgetFile) -> Budget:
    """The budget that the file says; raises BadExpression, and BadBudget where names do not agree."""
    model = parse_expression(written.model)
    known = [each.name for each in written.inputs]
    for name in model.names:
        if name not in known:
            raise BadBudget(
                f"{name!r} stands in the model and no [[input]] has that name; known: {', '.join(known)}"
            )
    for name in known:
        if name not in model.names:
            raise BadBudget(f"input {name!r} does not stand in the model: put it there or take it out")
    return Budget(model, tuple(map(quantity, written.inputs)), written.k, written.title, written.unit)


def quantity(known: Input) -> Quantity:
    """Estimate and standard uncertainty of an input."""
    if known.observations is not None:
        return _of_observations(known.name, known.observations, known.unit)
    kind, value = known.distribution or Distribution.NORMAL, known.value
    assert value is not None
    if known.standard is not None:
        standard = known.standard
    elif known.expanded is not None:
        assert known.k is not None
        standard = known.expanded / known.k
    else:
        assert known.half_width is not None
        standard = known.half_width / DIVISORS.get(kind, known.k or FAIRLY_CERTAIN)
    return Quantity(known.name, value, standard, known.dof or math.inf, kind, known.unit)


def _of_observations(name: str, observations: tuple[float, ...], unit: str) -> Quantity:
    """Mean, s/√n and n − 1 (JCGM 100 4.2.1, 4.2.3 and G.3.3)."""
    count = len(observations)
    mean = statistics.fmean(observations)
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in observations) / (count - 1))
    return Quantity(name, mean, spread / math.sqrt(count), count - 1, None, unit)
