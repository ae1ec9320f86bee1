"""Errors inside the MPE corridor, as heights between −1 and +1; no pixels, no rule.

Rules this file obeys:

* The bands come from the limits in the result, one column a load: nothing is computed from a class or e.
* A point beyond the picture is clipped at its edge and says so; its figure is always written.
* A load that could not be judged has no band and is left out; the table shows what is known of it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.view.mass import limit, signed
from kiosk.view.mass import load as load_text

HEADROOM = Decimal("1.4")
"""The picture reaches this many of the widest limit, at least."""
REACH = Decimal("2.6")
"""… and at most this many; beyond that a point is clipped."""


class Column(msgspec.Struct, frozen=True):
    """One load: heights as fractions of the half picture."""

    load: str
    error: str
    y: float
    low: float
    high: float
    clipped: int
    """−1 below the picture, +1 above it, 0 inside."""
    initial: float
    service: float
    verdict: messages.Verdict


class CorridorView(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]
    ticks: tuple[tuple[float, str], ...]


def corridor(loads: tuple[messages.prompts.LoadResult, ...]) -> CorridorView:
    """Columns in order of load; heights relative to a span that holds the widest corridor."""
    loads = tuple(load for load in loads if load.error_g and load.expanded_g and load.limit_g)
    if not loads:
        return CorridorView((), ())
    widest = max(Decimal(load.limit_g) for load in loads)
    reach = max(abs(Decimal(load.error_g)) + Decimal(load.expanded_g) for load in loads)
    span = max(widest * HEADROOM, min(reach * Decimal("1.1"), widest * REACH))
    if span <= 0:
        span = Decimal(1)

    def height(grams: Decimal) -> float:
        return float(max(Decimal(-1), min(Decimal(1), grams / span)))

    def column(load: messages.prompts.LoadResult) -> Column:
        error, doubt = Decimal(load.error_g), Decimal(load.expanded_g)
        clipped = 0 if abs(error) <= span else (1 if error > 0 else -1)
        return Column(
            load=load_text(load.load_g),
            error=signed(load.error_g),
            y=height(error),
            low=height(error - doubt),
            high=height(error + doubt),
            clipped=clipped,
            initial=height(Decimal(load.limit_initial_g)),
            service=height(Decimal(load.limit_g)),
            verdict=load.verdict,
        )

    ordered = sorted(loads, key=lambda load: (Decimal(load.load_g), load.number))
    top = height(widest)
    ticks = ((top, limit(format(widest, "f")).replace("±", "+")), (0.0, "0"), (-top, signed(str(-widest))))
    return CorridorView(tuple(column(load) for load in ordered), ticks)
