"""The control chart as a picture.

Rules this file obeys:

* The only file of this command that draws with matplotlib; it is imported where a picture is asked for.
* Nothing is smoothed or left out: a check far outside stands at the edge with its figure.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from firmware_app.cli.control.series import Series
from firmware_app.weighing.control import Outcome

SIZE_IN = (10.0, 5.0)
DPI = 120
REACH = 3.0
"""Times the widest limit that the picture is high; beyond it a check stands at the edge."""
INK = {Outcome.IN_CONTROL: "#12181d", Outcome.WARNING: "#0b4a6f", Outcome.OUT_OF_CONTROL: "#8e1616"}
MARK = {Outcome.IN_CONTROL: "o", Outcome.WARNING: "^", Outcome.OUT_OF_CONTROL: "X"}


def draw(series: Series, path: Path, last: int) -> None:
    """Draws the last checks into a PNG; raises OSError where it cannot be written."""
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    first = max(0, len(series.checks) - last)
    judged = [check.judged for check in series.checks[first:]]
    numbers = list(range(first + 1, first + 1 + len(judged)))
    edges = [number + half for number in numbers for half in (-0.5, 0.5)]
    for side, name in (("lower_g", "action limits"), ("upper_g", "")):
        heights = [getattr(one.limits, side) for one in judged for _ in range(2)]
        axes.plot(edges, heights, color="#8e1616", linewidth=1.2, label=name or None)
    mean = [(number, one.ewma) for number, one in zip(numbers, judged, strict=True) if one.ewma is not None]
    if mean:
        at = [number for number, _ in mean]
        axes.plot(at, [one.z_g for _, one in mean], color="#0c5a2e", label="moving average (λ = 0.2)")
        for side in ("lower_g", "upper_g"):
            axes.plot(
                at, [getattr(one, side) for _, one in mean], color="#0c5a2e", linewidth=0.8, linestyle=":"
            )
    widest = max(max(abs(one.limits.lower_g), abs(one.limits.upper_g)) for one in judged)
    for number, one in zip(numbers, judged, strict=True):
        x = one.check.deviation_g
        shown = max(-REACH * widest, min(REACH * widest, x))
        axes.plot([number], [shown], MARK[one.outcome], color=INK[one.outcome], markersize=6)
        if shown != x:
            axes.annotate(f"{x:+.1f} g", (number, shown), textcoords="offset points", xytext=(6, -4))
    axes.axhline(0.0, color="#434b52", linewidth=0.8)
    axes.set_xlabel("check")
    axes.set_ylabel("deviation in g")
    axes.set_title(f"{series.device}: {series.weight} of {series.mass_g} g, calibration {series.calibration}")
    axes.legend(loc="upper left")
    figure.savefig(path, format="png")
