"""The outcome of the daily check of the pan: one word, what to do, and the chart it was judged by."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from firmware_app.service import messages
from kiosk.language.figures import mass
from kiosk.view.bar import Tone
from kiosk.view.mass import NBSP, trimmed
from kiosk.view.plot import Limit, Mark, PlotView, Point, plot
from kiosk.view.say import Say

LOCKED = "out_of_control"
_TONES = {"in_control": Tone.GOOD, "warning": Tone.WAIT, LOCKED: Tone.BAD}
_MARKS = {"in_control": Mark.DOT, "warning": Mark.UP, LOCKED: Mark.WRONG}
TICK = Decimal("0.001")


class ControlView(msgspec.Struct, frozen=True):
    """What the screen shows. ``next_step``: empty where there is nothing to do."""

    tone: Tone
    word: str
    reason: str
    next_step: str
    figures: str
    basis: str
    legend: str
    entry: str
    chart: PlotView


def can_repeat(prompt: messages.prompts.ControlJudged) -> bool:
    """Whether the screen offers another check at once: only a locked pan has something to gain by it."""
    return prompt.result.outcome.value == LOCKED


def control(prompt: messages.prompts.ControlJudged, say: Say) -> ControlView:
    result = prompt.result
    counts = {"count": str(result.checks), "needed": str(result.needed)}
    if result.basis.value == "budget":
        basis = say("control_screen.budget", **counts)
    else:
        basis = say("control_screen.history", needed=counts["needed"])
    return ControlView(
        tone=_TONES[result.outcome.value],
        word=say.code("control_outcome", result.outcome.value),
        reason=say.code("control_reason", result.reason.value),
        next_step=say.code("control_next", result.next_step.value) if result.next_step.value else "",
        figures=say(
            "control_screen.deviation",
            mass=mass(result.nominal_g),
            deviation=small(result.deviation_g),
            lower=small(result.lower_g),
            upper=small(result.upper_g),
        ),
        basis=basis,
        legend=say("control_screen.legend"),
        entry=say("verdict_screen.entry", entry=str(prompt.entry)),
        chart=_chart(result, say),
    )


def small(grams: str) -> str:
    """A deviation to the milligram, sign always shown: the limits of a pan are fractions of a gram."""
    value = Decimal(grams).quantize(TICK)
    return f"{'+' if value > 0 else ''}{trimmed(value)}{NBSP}g"


def _chart(result: messages.prompts.ControlResult, say: Say) -> PlotView:
    points, first = result.points, 1
    steps = [float(number) for number in range(first, first + len(points))]
    # Half a check before the first and after the last: a single check has limits that can be seen, too.
    lines = []
    for name in ("lower_g", "upper_g"):
        ends = [(x, float(getattr(point, name))) for x, point in zip(steps, points, strict=True)]
        lines.append(Limit(tuple((x + half, y) for x, y in ends for half in (-0.5, 0.5))))
    mean = [(x, float(point.ewma_g)) for x, point in zip(steps, points, strict=True) if point.ewma_g]
    return plot(
        [
            Point(x, float(point.deviation_g), 0.0, _MARKS[point.outcome.value])
            for x, point in zip(steps, points, strict=True)
        ],
        [*lines, *([Limit(tuple(mean), inner=True)] if len(mean) > 1 else [])],
        x_label=say("control_screen.across"),
        y_label=say("control_screen.up"),
        x_text=lambda x: str(round(x)) if x == round(x) else "",
        y_text=lambda y: trimmed(Decimal(repr(y)).quantize(TICK)),
    )
