"""The curve of one calibration: grams as a polynomial in counts, with what its coefficients are known to.

Rules this file obeys:

* No I/O. The curve passes through zero: counts are differences to the zero of the empty pan.
* It answers within the loads that were put on. Beyond them the tangent goes on, and the answer says so.
* What the weights add is kept apart from what the fit adds: weights of one set err together (EURAMET cg-18
  7.1.2), placements do not.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_ORDER = 3
LOOP_PEAK = 0.5
"""Where the loop between loading and unloading is widest, as a share of the highest load."""

Grams = Annotated[float, Meta(ge=-1e7, le=1e7, description="g")]
Row = Annotated[tuple[float, ...], Meta(min_length=1, max_length=MOST_ORDER)]


class Beyond(enum.StrEnum):
    """On which side a load lies outside what was calibrated."""

    ABOVE = "above"
    BELOW = "below"


class CurvePoint(msgspec.Struct, frozen=True):
    """What the curve says of one load: grams, grams a count, and standard uncertainties in grams."""

    value: float
    slope: float
    fit: float
    weights: float
    beyond: Beyond | None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """m = Σ aⱼ·tʲ, j = 1 … order, t = counts / ``highest_counts``; counts from the zero of the empty pan.

    ``lowest_counts``, ``highest_counts``: counts of the lowest load (0, or a pull) and of the highest.
    ``coefficients_g``: aⱼ. ``covariance_g2``: of aⱼ from the fit alone. ``weights_g``: by how much aⱼ moves
    when every reference weight is heavier by its own standard uncertainty.
    """

    lowest_counts: Annotated[float, Meta(ge=-(2**31), le=2**31, description="counts")]
    highest_counts: Annotated[float, Meta(ge=-(2**31), le=2**31, description="counts")]
    coefficients_g: Annotated[Row, Meta(description="g, of t, t² and t³")]
    covariance_g2: Annotated[tuple[Row, ...], Meta(min_length=1, max_length=MOST_ORDER, description="g²")]
    weights_g: Annotated[Row, Meta(description="g")]

    def __post_init__(self) -> None:
        order = len(self.coefficients_g)
        sizes = {len(self.covariance_g2), len(self.weights_g), *map(len, self.covariance_g2)}
        if sizes != {order}:
            raise ValueError(
                f"{order} coefficients need as many weights_g and a covariance of {order}×{order}"
            )
        if abs(self.highest_counts) < 1 or self.lowest_counts / self.highest_counts > 0:
            raise ValueError("highest_counts must differ from 0, lowest_counts must lie on its other side")
        figures = (*self.coefficients_g, *self.weights_g, *(x for row in self.covariance_g2 for x in row))
        if not all(math.isfinite(figure) and abs(figure) <= 1e14 for figure in figures):
            raise ValueError("a figure of the curve is not finite")
        self._check_covariance()
        steps = [self.lowest + (1 - self.lowest) * step / 100 for step in range(101)]
        if min(self._slope(t) for t in steps) <= 0:
            raise ValueError("the curve does not rise everywhere: more counts must mean more grams")

    def _check_covariance(self) -> None:
        rows = self.covariance_g2
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                bound = math.sqrt(max(0.0, row[i] * rows[j][j])) * (1 + 1e-6)
                # Symmetry to rounding, and no correlation beyond one: else a variance may come out negative.
                if abs(value - rows[j][i]) > 1e-9 * bound or abs(value) > bound or (i == j and value < 0):
                    raise ValueError("covariance_g2 is no covariance: give it symmetric, with |r| ≤ 1")

    @property
    def order(self) -> int:
        return len(self.coefficients_g)

    @property
    def lowest(self) -> float:
        """t of the lowest load, 0 or below."""
        return self.lowest_counts / self.highest_counts

    @property
    def lowest_g(self) -> float:
        return self._value(self.lowest)

    @property
    def highest_g(self) -> float:
        return self._value(1.0)

    def at(self, counts: float) -> CurvePoint:
        """What ``counts`` above zero stand for."""
        t = counts / self.highest_counts
        end = min(1.0, max(self.lowest, t))
        powers = [end**j for j in range(1, self.order + 1)]
        slope = self._slope(end)
        value = self._value(end) + slope * (t - end)
        # Along the tangent the doubt grows as the load does; nothing beyond is more than an indication.
        reach = 1.0 if t == end else 1.0 + abs(t - end) / max(abs(end), 0.1)
        return CurvePoint(
            value=value,
            slope=slope / self.highest_counts,
            fit=reach * _quadratic(self.covariance_g2, powers),
            weights=reach * abs(math.fsum(w * p for w, p in zip(self.weights_g, powers, strict=True))),
            beyond=None if t == end else Beyond.ABOVE if t > end else Beyond.BELOW,
        )

    def loop(self, value: float) -> float:
        """How wide the hysteresis loop is at ``value`` grams, as a share of its widest.

        The loop closes at zero and at the highest load of the cycle and is widest midway. A weighing
        may be part of any smaller cycle, so from midway up the widest counts.
        """
        share = abs(value) / max(abs(self.highest_g), abs(self.lowest_g))
        return 1.0 if share >= LOOP_PEAK else share * (1 - share) / (LOOP_PEAK * (1 - LOOP_PEAK))

    def _value(self, t: float) -> float:
        return math.fsum(a * t**j for j, a in enumerate(self.coefficients_g, start=1))

    def _slope(self, t: float) -> float:
        return math.fsum(j * a * t ** (j - 1) for j, a in enumerate(self.coefficients_g, start=1))


def _quadratic(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> float:
    """√(vᵀ·M·v), 0 where rounding leaves less."""
    total = math.fsum(
        vector[i] * value * vector[j] for i, row in enumerate(matrix) for j, value in enumerate(row)
    )
    return math.sqrt(max(0.0, total))
