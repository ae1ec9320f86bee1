"""What a wrong row probably should have been: slips of the hand in loads and counts.

Rules this file obeys:

* A slip is offered only where its figure agrees with what the other points say; nothing is put right.
* The likelier by the number of figures that a kind of slip can make comes first: of two explanations that
  agree, the one that had fewer chances to agree is believed.
* Figures are taken as they were written, digit by digit.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

WIDE = 3.0
"""A corrected figure agrees within this many standard uncertainties of what the other points say."""
MOST_OFFERED = 3
MOST_DIGITS = 12
POUND, OUNCE = Decimal("453.59237"), Decimal("28.349523125")
UNITS: tuple[tuple[str, Decimal], ...] = (
    ("kilograms", Decimal(1000)),
    ("milligrams", Decimal("0.001")),
    ("斤", Decimal(500)),
    ("两", Decimal(50)),
    ("pounds", POUND),
    ("ounces", OUNCE),
)


class Kind(enum.StrEnum):
    """What slipped; the values are for programs."""

    SIGN = "sign"
    UNIT = "unit"
    FACTOR_TEN = "factor_ten"
    SWAPPED_ROWS = "swapped_rows"
    TRANSPOSED = "transposed_digits"
    DIGIT_LOST = "digit_lost"
    DIGIT_DOUBLED = "digit_doubled"
    WEIGHT_MISSED = "weight_missed"
    ONE_DIGIT = "one_digit"
    CARRIED = "carried"


class Slip(msgspec.Struct, frozen=True):
    """One explanation: the kind, the figure it should have been, and in words."""

    kind: Kind
    figure: str
    words: str


def of_figure(text: str, wanted: float, doubt: float, unit: str = "g") -> list[Slip]:
    """Slips that turn the figure ``text`` into ``wanted`` ± ``doubt`` (standard), the likeliest first.

    ``unit``: ``g`` for a load, ``counts`` for counts (then no unit can have been mistaken).
    """
    try:
        typed = Decimal(text)
    except ArithmeticError:
        return []
    if not typed or len(text) > MOST_DIGITS + 2:
        return []
    reach = Decimal(repr(WIDE * doubt))
    goal = Decimal(repr(wanted))
    found: list[tuple[int, Decimal, Slip]] = []
    for kind, figures in _candidates(typed, text, unit):
        agreeing = [
            (abs(figure - goal), figure, why) for figure, why in figures if abs(figure - goal) <= reach
        ]
        for away, figure, why in agreeing:
            shown = _plain(figure)
            found.append((len(figures), away, Slip(kind, shown, f"{shown} {unit}: {why}")))
    return _fewest(found)


def of_missed_weight(
    load: float, wanted: float, doubt: float, weights: Sequence[float], others: Sequence[tuple[int, float]]
) -> list[Slip]:
    """A weight left off or counted twice, or the figure of another row; ``others``: rows and their loads."""
    found: list[tuple[int, Decimal, Slip]] = []
    reach = WIDE * doubt
    for row, other in others:
        if abs(other - wanted) <= reach and abs(other - load) > reach:
            words = f"{other:g} g: the figure of row {row}; rows may have been mixed up"
            found.append((len(others), Decimal(0), Slip(Kind.SWAPPED_ROWS, f"{other:g}", words)))
    for weight in sorted(set(weights)):
        for sign, what in ((1, "was on the pan but not counted"), (-1, "was counted but not on the pan")):
            if weight > reach and abs(load + sign * weight - wanted) <= reach:
                words = f"{load + sign * weight:g} g: a weight of {weight:g} g {what}"
                slip = Slip(Kind.WEIGHT_MISSED, f"{load + sign * weight:g}", words)
                found.append((2 * len(set(weights)), Decimal(0), slip))
    return _fewest(found)


def _fewest(found: list[tuple[int, Decimal, Slip]]) -> list[Slip]:
    found.sort(key=lambda one: one[:2])
    seen: dict[str, Slip] = {}
    for _, _, slip in found:
        seen.setdefault(slip.figure, slip)
    return list(seen.values())[:MOST_OFFERED]


Figures = list[tuple[Decimal, str]]


def _candidates(typed: Decimal, text: str, unit: str) -> Iterator[tuple[Kind, Figures]]:
    yield Kind.SIGN, [(-typed, "the sign is the other way round")]
    tens: Figures = [(typed * 10, "a factor of ten too small"), (typed / 10, "a factor of ten too large")]
    tens += [
        (typed * 100, "a factor of a hundred too small"),
        (typed / 100, "a factor of a hundred too large"),
    ]
    yield Kind.FACTOR_TEN, tens
    if unit == "g":
        yield Kind.UNIT, [(typed * factor, f"written in {name}") for name, factor in UNITS]
    yield Kind.TRANSPOSED, _of_digits(text, _transposed, "two digits are the wrong way round")
    yield Kind.DIGIT_LOST, _of_digits(text, _with_one_more, "a digit is missing")
    yield Kind.DIGIT_DOUBLED, _of_digits(text, _with_one_less, "a digit too many")
    yield Kind.ONE_DIGIT, _of_digits(text, _with_another, "one digit is wrong")


def _of_digits(text: str, change: object, why: str) -> Figures:
    assert callable(change)
    figures = {}
    for changed in change(text):
        try:
            figures[Decimal(changed)] = why
        except ArithmeticError:
            continue
    figures.pop(Decimal(text), None)
    return list(figures.items())


def _transposed(text: str) -> Iterator[str]:
    places = [place for place, character in enumerate(text) if character.isdigit()]
    for first, second in itertools.pairwise(places):
        swapped = list(text)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        yield "".join(swapped)


def _with_another(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        if character.isdigit():
            yield from (text[:place] + digit + text[place + 1 :] for digit in "0123456789")


def _with_one_more(text: str) -> Iterator[str]:
    start = 1 if text[:1] in "+-" else 0
    for place in range(start, len(text) + 1):
        yield from (text[:place] + digit + text[place:] for digit in "0123456789")


def _with_one_less(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        if character.isdigit():
            yield text[:place] + text[place + 1 :]


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
