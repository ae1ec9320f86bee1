"""A plot of points with bars of uncertainty and lines of limits, as shares of a picture; no pixels, no rule.

Rules this file obeys:

* Nothing is left out: a point beyond the picture is clipped at its edge and says so.
* The picture holds every limit and zero; ticks are 1, 2 or 5 times a power of ten apart.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence

import msgspec

REACH = 3.0
"""The picture is at most this many times as high as its widest limit; beyond that a point is clipped."""
ROOM = 1.15
MOST_POINTS = 400


class Mark(enum.StrEnum):
    """How a point is drawn: by shape as well as by colour."""

    DOT = "dot"
    UP = "up"
    DOWN = "down"
    WRONG = "wrong"


class Point(msgspec.Struct, frozen=True):
    """One point in the units of the axes; ``doubt`` is the half length of its bar, 0 for none."""

    x: float
    y: float
    doubt: float = 0.0
    mark: Mark = Mark.DOT


class Limit(msgspec.Struct, frozen=True):
    """A line of limits from point to point in the units of the axes; ``inner`` for a warning line."""

    line: tuple[tuple[float, float], ...]
    inner: bool = False


class Placed(msgspec.Struct, frozen=True):
    """A point as shares: x 0 … 1 from left, y −1 … +1 from the bottom; ``clipped`` as −1, 0, +1."""

    x: float
    y: float
    low: float
    high: float
    mark: Mark
    clipped: int


class PlotView(msgspec.Struct, frozen=True):
    """What the widget draws. Limits as shares; ticks with their texts; the words at the axes."""

    points: tuple[Placed, ...] = ()
    limits: tuple[Limit, ...] = ()
    x_ticks: tuple[tuple[float, str], ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()
    x_label: str = ""
    y_label: str = ""


def plot(
    points: Sequence[Point],
    limits: Sequence[Limit],
    *,
    x_label: str,
    y_label: str,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
) -> PlotView:
    """The view of at most ``MOST_POINTS`` points; ``x_text`` and ``y_text`` say the figure of a tick."""
    points = [one for one in points if all(map(math.isfinite, (one.x, one.y, one.doubt)))][-MOST_POINTS:]
    xs = [one.x for one in points] + [x for limit in limits for x, _ in limit.line] or [0.0, 1.0]
    left, right = min(xs), max(xs)
    if right <= left:
        left, right = left - 0.5, right + 0.5
    widest = max((abs(y) for limit in limits for _, y in limit.line), default=0.0)
    reach = max((abs(one.y) + one.doubt for one in points), default=0.0)
    half = ROOM * max(widest, min(reach, widest * REACH) if widest else reach) or 1.0

    def across(x: float) -> float:
        return (x - left) / (right - left)

    def up(y: float) -> float:
        return max(-1.0, min(1.0, y / half))

    placed = tuple(
        Placed(
            across(one.x),
            up(one.y),
            up(one.y - one.doubt),
            up(one.y + one.doubt),
            one.mark,
            0 if abs(one.y) <= half else (1 if one.y > 0 else -1),
        )
        for one in points
    )
    drawn = tuple(
        Limit(tuple((across(x), up(y)) for x, y in limit.line), limit.inner) for limit in limits if limit.line
    )
    return PlotView(
        points=placed,
        limits=drawn,
        x_ticks=tuple((across(x), x_text(x)) for x in ticks(left, right, 5)),
        y_ticks=tuple((up(y), y_text(y)) for y in ticks(-half, half, 4)),
        x_label=x_label,
        y_label=y_label,
    )


def ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """At most ``most`` + 1 round figures within ``low`` … ``high``."""
    rough = (high - low) / most
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(decade * each for each in (1, 2, 5, 10) if decade * each >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(number * step for number in range(first, last + 1))
