"""What comes out: the curve with its doubt, every row with its residual, and what was found."""

from __future__ import annotations

import math

import msgspec

from firmware_app.calibrating.order import OrderTried
from firmware_app.calibrating.points import Direction, Finding, Severity
from firmware_app.calibrating.slips import Slip
from firmware_app.weighing.calibration import MOST_POINTS, Calibration, Kept, UsedWeight
from firmware_app.weighing.cell import Cell
from firmware_app.weighing.curve import Curve


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One point against the curve. ``residual_g``: what the curve says less the load (error of indication).

    ``u_g``: standard uncertainty of one such point, weights included. ``away``: residual in its own
    deviations, for a point set aside as seen from the others. ``slips``: what it should have been.
    """

    row: int
    load_g: float
    counts: float
    direction: Direction
    curve_g: float
    residual_g: float
    u_g: float
    used: bool
    away: float
    cause: str = ""
    slips: tuple[Slip, ...] = ()
    carried_from: int | None = None


class ZeroOf(msgspec.Struct, frozen=True):
    """The counts of no load in one cycle or on one side (loads put on, or pulls)."""

    name: str
    counts: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The whole outcome. ``curve`` None where refused; the findings then say why.

    ``reduced_chi_square``: scatter over stated uncertainty, squared; None where none is stated. ``factor``:
    by which few points widen what is learned from them (Student's t over its limit). Terms in g, k = 1.
    """

    findings: tuple[Finding, ...]
    rows: tuple[Row, ...] = ()
    curve: Curve | None = None
    counts_per_gram: float = 0.0
    zeros: tuple[ZeroOf, ...] = ()
    zero_counts: float = 0.0
    tried: tuple[OrderTried, ...] = ()
    carried: int = 0
    """The highest order that the number of loads can carry."""
    dof: int = 0
    factor: float = 1.0
    scatter_g: float = 0.0
    reduced_chi_square: float | None = None
    repeatability_g: float = 0.0
    hysteresis_g: float | None = None
    hysteresis_u_g: float = 0.0
    hysteresis_from: str = "missing"
    temperature_c: float | None = None
    span_per_k: float = 0.0
    span_per_k_u: float = 0.0
    weights: tuple[UsedWeight, ...] = ()

    @property
    def refused(self) -> bool:
        return self.curve is None or any(one.severity is Severity.REFUSE for one in self.findings)

    @property
    def aside(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.used)

    def calibration(
        self,
        *,
        id: str,
        at: str,
        source: str,
        capacity_g: float,
        resolution_g: float,
        gravity: str = "",
        cell: Cell | None = None,
    ) -> Calibration:
        """The calibration to keep; raises ValueError where a field is wrong, RuntimeError where refused.

        ``cell``: limits of the cell that no calibration tells, as they were known before.
        """
        if self.curve is None or self.refused:
            raise RuntimeError("refused data make no calibration")
        highest = self.curve.at(self.curve.highest_counts)
        return Calibration(
            counts_per_gram=self.counts_per_gram,
            relative_standard_uncertainty=min(0.1, math.hypot(highest.fit, highest.weights) / highest.value),
            zero_counts=self.zero_counts,
            capacity_g=capacity_g,
            resolution_g=resolution_g,
            id=id,
            at=at,
            gravity=gravity,
            source=source,
            hysteresis_g=self.hysteresis_g,
            hysteresis_from=self.hysteresis_from,  # type: ignore[arg-type]
            repeatability_g=self.repeatability_g,
            temperature_c=self.temperature_c,
            span_per_k=self.span_per_k,
            span_per_k_u=self.span_per_k_u,
            curve=self.curve,
            cell=cell or Cell(),
            weights=self.weights,
            points=self._kept(),
        )

    def _kept(self) -> tuple[Kept, ...]:
        """At most as many points as a file may hold, spread evenly; what was set aside is always kept."""
        rows = [row for row in self.rows if row.used]
        room = max(1, MOST_POINTS - len(self.aside))
        step = max(1, -(-len(rows) // room))
        shown = sorted([*rows[::step], *self.aside[:MOST_POINTS]], key=lambda row: row.row)[:MOST_POINTS]
        return tuple(
            Kept(
                row.direction.value,
                round(row.load_g, 6),
                round(row.residual_g, 6),
                round(row.u_g, 6),
                row.used,
            )
            for row in shown
        )
