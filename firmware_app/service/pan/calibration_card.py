"""What a screen may say of the calibration in use: when, by which weights, how well, and its residuals."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_UP, Decimal

from firmware_app.quantity import plain, show_mass
from firmware_app.service.messages import CalibrationAt, CalibrationCard, CalibrationPoint
from firmware_app.weighing.calibration import Calibration, Kept

SHARES = (0.25, 0.5, 1.0)
MOST_POINTS = 60
"""What a plot on seven inches can show apart; more are thinned evenly, but none that was set aside."""


def card(calibration: Calibration) -> CalibrationCard:
    """The card of the calibration; figures as decimal strings in grams, uncertainties expanded (k = 2)."""
    curve = calibration.curve
    highest = calibration.capacity_g if curve is None else curve.highest_g
    per_gram = calibration.counts_per_gram if curve is None else curve.highest_counts / curve.highest_g
    loads = () if highest is None else tuple(float(round(share * highest)) for share in SHARES)
    counted = Counter((one.weight_class, one.nominal_g) for one in calibration.weights)
    return CalibrationCard(
        id=calibration.id,
        at=calibration.at,
        source=calibration.source,
        weights=tuple(
            f"{f'{count} × ' if count > 1 else ''}{name}\u00a0{show_mass(Decimal(repr(nominal)))}"
            for (name, nominal), count in sorted(counted.items(), key=lambda one: -one[0][1])
        ),
        valid_to=min((one.valid_to.isoformat() for one in calibration.weights), default=""),
        order=1 if curve is None else curve.order,
        hysteresis_known=calibration.hysteresis_g is not None,
        uncertainties=tuple(
            CalibrationAt(_grams(load), _doubt(2 * calibration.mass(load * per_gram).mass.standard))
            for load in loads
        ),
        interval_g=None if calibration.resolution_g is None else _grams(calibration.resolution_g),
        points=tuple(
            CalibrationPoint(
                _grams(one.load_g), _grams(one.residual_g), _doubt(2 * one.u_g), one.direction, one.used
            )
            for one in _thinned(calibration.points)
        ),
    )


def _thinned(points: tuple[Kept, ...]) -> list[Kept]:
    aside = [one for one in points if not one.used][:MOST_POINTS]
    used = [one for one in points if one.used]
    step = max(1, -(-len(used) // max(1, MOST_POINTS - len(aside))))
    return used[::step] + aside


def _grams(value: float) -> str:
    return plain(Decimal(f"{value:.4f}").normalize() + Decimal(0))


def _doubt(value: float) -> str:
    """Two significant figures, rounded up (JCGM 100 7.2.6)."""
    exact = Decimal(repr(value))
    step = Decimal(1).scaleb(exact.adjusted() - 1) if exact else Decimal(1)
    return plain(exact.quantize(step, ROUND_UP))
