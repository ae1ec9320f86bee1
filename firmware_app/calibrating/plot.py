"""The residuals of a calibration as a picture (PNG), drawn without a screen.

Rules this file obeys:

* The only file of the program that draws with matplotlib; it is imported where a picture is asked for.
* Every point is drawn, also one that was set aside; limits are drawn only where d is known.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from firmware_app.calibrating.points import Direction
from firmware_app.calibrating.result import Result
from firmware_app.calibrating.uncertainty import third_of_mpe, uncertainty_at

INCHES, DOTS = (9.0, 5.4), 110
MARKS = {Direction.UP: ("^", "#0b4a6f", "loading"), Direction.DOWN: ("v", "#0c5a2e", "unloading")}
PLAIN = ("o", "#12181d", "point")
STEPS = 101


def draw(result: Result, path: Path, *, title: str, resolution_g: float | None) -> None:
    """Writes the picture; raises ValueError where the result has no curve, or OSError."""
    if result.curve is None:
        raise ValueError("refused data have no curve to draw")
    figure = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    loads = np.linspace(result.curve.lowest_g, result.curve.highest_g, STEPS)
    band = np.array([2 * uncertainty_at(result, float(load)).standard for load in loads])
    axes.fill_between(loads, -band, band, color="#dbe8ef", label="U (k = 2) of one weighing")
    for direction in Direction:
        mark, colour, words = MARKS.get(direction, PLAIN)
        rows = [row for row in result.rows if row.used and row.direction is direction]
        if rows:
            axes.errorbar(
                [row.load_g for row in rows],
                [row.residual_g for row in rows],
                yerr=[2 * row.u_g for row in rows],
                fmt=mark,
                color=colour,
                capsize=3,
                markersize=6,
                label=f"{words} (k = 2)",
            )
    reach = _reach(result, band)
    for row in result.aside:
        inside = float(np.clip(row.residual_g, -0.96 * reach, 0.96 * reach))
        axes.plot([row.load_g], [inside], "x", color="#8e1616", markersize=10, markeredgewidth=2.5)
        axes.annotate(f"row {row.row}: {row.residual_g:+.3g} g", (row.load_g, inside), color="#8e1616")
    if resolution_g is not None:
        limits = np.array(
            [float(third_of_mpe(Decimal(repr(abs(float(load)))), resolution_g)) for load in loads]
        )
        axes.step(loads, limits, "--", loads, -limits, "--", color="#7a5b00", where="mid")
        axes.plot([], [], "--", color="#7a5b00", label="⅓ MPE, class III, e = d")
        reach = max(reach, 1.1 * float(limits.max()))
    axes.axhline(0, color="#12181d", linewidth=0.8)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("load / g")
    axes.set_ylabel("error of the curve / g")
    axes.set_title(title)
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    figure.savefig(path, format="png")


def _reach(result: Result, band: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Half the height: what was used is all seen, what was set aside is drawn at the edge."""
    used = [abs(row.residual_g) + 2 * row.u_g for row in result.rows if row.used]
    return 1.25 * max([*used, float(band.max()), 1e-9])
