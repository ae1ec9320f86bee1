"""This pan: its calibration as the keeper reads it. Figures come from the core; nothing is judged here."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.view.mass import doubt, load, signed, trimmed
from kiosk.view.plot import Limit, Mark, PlotView, Point, plot
from kiosk.view.say import Say

_MARKS = {"up": Mark.UP, "down": Mark.DOWN}
MOST_WEIGHTS = 4


class PanCardView(msgspec.Struct, frozen=True):
    """Lines of words and the plot of residuals; ``figures`` are load and U, three of them or none."""

    title: str
    lines: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    figures_title: str
    plot: PlotView
    legend: str


def pan_card(card: messages.CalibrationCard | None, say: Say) -> PanCardView:
    """What is shown of the calibration in use; a core that says nothing of it is said so."""
    title = say("pan_card.title")
    if card is None:
        return PanCardView(title, (say("pan_card.unknown"),), (), "", PlotView(), "")
    weights = "、".join(card.weights) if say.lang == "zh" else ", ".join(card.weights)
    if len(card.weights) > MOST_WEIGHTS:
        weights = say("pan_card.many_weights", count=str(len(card.weights)))
    lines = (
        say("pan_card.made", date=card.at[:10], id=card.id),
        say("pan_card.weights", weights=weights, date=card.valid_to)
        if card.weights
        else say("pan_card.no_weights"),
        say("pan_card.straight") if card.order == 1 else say("pan_card.curved", order=str(card.order)),
        "" if card.hysteresis_known else say("pan_card.no_hysteresis"),
    )
    return PanCardView(
        title=title,
        lines=tuple(line for line in lines if line),
        figures=tuple((load(one.load_g), doubt(one.expanded_g)) for one in card.uncertainties),
        figures_title=say("pan_card.doubt"),
        plot=_plot(card, say),
        legend=say("pan_card.legend") if card.points else say("pan_card.no_points"),
    )


def _plot(card: messages.CalibrationCard, say: Say) -> PlotView:
    points = [
        Point(
            float(one.load_g),
            float(one.error_g),
            float(one.expanded_g),
            _MARKS.get(one.direction, Mark.DOT) if one.used else Mark.WRONG,
        )
        for one in card.points
    ]
    if not points:
        return PlotView()
    right = max(0.0, *(one.x for one in points))
    half = float(card.interval_g) / 2 if card.interval_g else 0.0
    left = min(0.0, *(one.x for one in points))
    limits = [Limit(((left, y), (right, y)), inner=True) for y in (-half, half)] if half else []
    return plot(
        points,
        limits,
        x_label=say("pan_card.load"),
        y_label=say("pan_card.error"),
        x_text=lambda x: load(f"{x:.4f}".rstrip("0").rstrip(".")),
        y_text=_error,
    )


def _error(y: float) -> str:
    """A tick of the error, with as many places as it needs."""
    if abs(y) >= 0.1 or not y:
        return signed(f"{y:.1f}")
    value = Decimal(f"{y:.4g}")
    return f"{'+' if value > 0 else ''}{trimmed(value)}\u00a0g"
