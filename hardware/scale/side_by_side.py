"""Side by side: two protocols that read the same bytes, and where they differ.

Rules this file obeys:

* Frames are compared where they share bytes, never by their number in the stream.
* Saying less is no difference: a unit that one of them does not state is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

import msgspec

from hardware.scale.contract import Indication


class Side(msgspec.Struct, frozen=True):
    """What one protocol reads; ``value`` None for overload and the like."""

    profile: str
    value: str | None
    unit: str | None


class Confusable(msgspec.Struct, frozen=True, kw_only=True):
    """Two protocols that read the same bytes (``raw``, in hexadecimal) differently."""

    raw: str
    sides: tuple[Side, Side]
    factor_ten: bool


def confusables(read: Mapping[str, Sequence[Indication]]) -> tuple[Confusable, ...]:
    """The pairs of protocols that differ; ``read``: what each makes of the same stream, in its order."""
    pairs = (_pair(first, second) for first, second in combinations(read.values(), 2))
    return tuple(pair for pair in pairs if pair is not None)


def _pair(first: Sequence[Indication], second: Sequence[Indication]) -> Confusable | None:
    """The frame read differently that shows the difference best, None where the two agree."""
    worst: tuple[Decimal, Indication, Indication] | None = None
    ten = False
    for one, other in _overlapping(first, second):
        if not _differ(one, other):
            continue
        ten = ten or is_factor_ten(one.value, other.value)
        size = max(abs(one.value or Decimal(0)), abs(other.value or Decimal(0)))
        if worst is None or size > worst[0]:
            worst = (size, one, other)
    if worst is None:
        return None
    _, one, other = worst
    whole = one if len(one.raw) >= len(other.raw) else other
    return Confusable(raw=hexadecimal(whole.raw), sides=(side_of(one), side_of(other)), factor_ten=ten)


def _overlapping(
    first: Sequence[Indication], second: Sequence[Indication]
) -> Iterable[tuple[Indication, Indication]]:
    """The frames of two protocols that share bytes, both sequences in order of the stream."""
    place = 0
    for one in first:
        while place < len(second) and second[place].at + len(second[place].raw) <= one.at:
            place += 1
        if place < len(second) and second[place].at < one.at + len(one.raw):
            yield one, second[place]


def speaks(indication: Indication) -> bool:
    """Whether the frame is about the load: a value, overload or underload."""
    return indication.value is not None or indication.overload or indication.underload


def _differ(one: Indication, other: Indication) -> bool:
    if not (speaks(one) and speaks(other)):
        return False
    both_units = one.unit is not None and other.unit is not None
    return (
        one.value != other.value
        or (both_units and one.unit != other.unit)
        or (one.overload, one.underload) != (other.overload, other.underload)
    )


def is_factor_ten(one: Decimal | None, other: Decimal | None) -> bool:
    """Whether two values have the same digits and the point elsewhere."""
    if not one or not other or one == other:
        return False
    return one.normalize().as_tuple()[:2] == other.normalize().as_tuple()[:2]


def side_of(indication: Indication) -> Side:
    """What this frame says, as text."""
    value = indication.value
    return Side(indication.profile, None if value is None else f"{value:f}", indication.unit)


def hexadecimal(data: bytes) -> str:
    """``02 2B 30``."""
    return data.hex(" ").upper()
