"""How `steelyard calibrate` says what came out: in words and tables, and as one object for programs."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_app.calibrating.order import MOST_BEND
from firmware_app.calibrating.points import Direction, Severity
from firmware_app.calibrating.result import Result, Row
from firmware_app.calibrating.table import Column
from firmware_app.calibrating.uncertainty import finest_interval, third_of_mpe, uncertainty_at
from firmware_app.quantity import grams

out = Console(highlight=False, soft_wrap=True)

COLOURS = {Severity.REFUSE: "bold red", Severity.WARN: "yellow", Severity.NOTE: "cyan"}
ARROWS = {Direction.UP: "↑", Direction.DOWN: "↓", Direction.UNKNOWN: ""}
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_ROWS = 60


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What programs get of one cell."""

    column: str
    refused: bool
    order: int | None
    why: str
    counts_per_gram: float
    zero_counts: float
    zeros: dict[str, float]
    coefficients_g: tuple[float, ...]
    lowest_g: float
    highest_g: float
    scatter_g: float
    reduced_chi_square: float | None
    repeatability_g: float
    hysteresis_g: float | None
    hysteresis_from: str
    dof: int
    finest_interval_g: float | None
    uncertainty: tuple[dict[str, float], ...]
    residuals: tuple[dict[str, Any], ...]
    outliers: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]


def told(column: Column, result: Result) -> Told:
    """The record of one cell."""
    curve = result.curve
    return Told(
        column=column.name,
        refused=result.refused,
        order=None if curve is None else curve.order,
        why=why_this_order(result),
        counts_per_gram=result.counts_per_gram,
        zero_counts=result.zero_counts,
        zeros={zero.name: zero.counts for zero in result.zeros},
        coefficients_g=() if curve is None else curve.coefficients_g,
        lowest_g=0.0 if curve is None else curve.lowest_g,
        highest_g=0.0 if curve is None else curve.highest_g,
        scatter_g=result.scatter_g,
        reduced_chi_square=result.reduced_chi_square,
        repeatability_g=result.repeatability_g,
        hysteresis_g=result.hysteresis_g,
        hysteresis_from=result.hysteresis_from,
        dof=result.dof,
        finest_interval_g=None if result.refused else finest_interval(result),
        uncertainty=()
        if curve is None
        else tuple(
            {
                "load_g": at.load_g,
                "standard": at.standard,
                "fit": at.fit,
                "weights": at.weights,
                "hysteresis": at.hysteresis,
                "repeatability": at.repeatability,
            }
            for at in (uncertainty_at(result, share * curve.highest_g) for share in SHARES)
        ),
        residuals=tuple(
            {
                "row": row.row,
                "load_g": row.load_g,
                "counts": row.counts,
                "direction": row.direction.value,
                "curve_g": row.curve_g,
                "residual_g": row.residual_g,
                "u_g": row.u_g,
                "used": row.used,
            }
            for row in result.rows
        ),
        outliers=tuple(
            {
                "row": row.row,
                "load_g": row.load_g,
                "counts": row.counts,
                "cause": row.cause,
                "carried_from": row.carried_from,
                "should_be": [{"kind": slip.kind.value, "figure": slip.figure} for slip in row.slips],
            }
            for row in result.aside
        ),
        findings=tuple(msgspec.to_builtins(finding) for finding in result.findings),
    )


def why_this_order(result: Result) -> str:
    """The order and the evidence for it in one sentence; empty where refused."""
    if result.curve is None:
        return ""
    order = result.curve.order
    steps = {tried.order: tried for tried in result.tried}
    if order > 1:
        chance = steps[order].p
        p = "under 0.0001" if chance is None or chance < 1e-4 else f"{chance:.2g}"
        words = f"order {order}: a lower one leaves more than chance does (F test, p {p})"
    elif any(tried.order > order and tried.bend > MOST_BEND for tried in result.tried):
        words = (
            "a straight line: what bends more than any sound cell is set down to the loads, not to the cell"
        )
    elif len(steps) > 1:
        chances = [
            f"order {tried.order} p = {tried.p:.2g}" for tried in steps.values() if tried.p is not None
        ]
        words = f"a straight line: no bend beyond the scatter is proved ({', '.join(chances)})"
    else:
        words = "a straight line: all that so few loads can carry"
    return f"{words}; the loads carry order {result.carried} at most"


def say(column: Column, result: Result, resolution_g: float | None, *, several: bool) -> None:
    """The whole outcome of one cell for people."""
    if several:
        out.print(f"\n[bold]{escape(column.name)}[/]")
    curve = result.curve
    if curve is not None:
        _say_curve(result)
        _say_rows(result)
        _say_uncertainty(result, resolution_g)
    for finding in result.findings:
        out.print(f"[{COLOURS[finding.severity]}]{finding.severity.value:>6}[/] {escape(finding.words)}")
    out.print(_advice(result, resolution_g))


def _say_curve(result: Result) -> None:
    curve = result.curve
    assert curve is not None
    out.print(
        f"sensitivity {result.counts_per_gram:.4f} counts/g, {len(result.rows)} points,"
        f" {len(result.aside)} set aside"
    )
    for zero in result.zeros:
        out.print(f"zero ({zero.name}) {zero.counts:.0f} counts")
    out.print(escape(why_this_order(result)))
    if curve.order > 1:
        terms = " + ".join(f"{a:.6g}·t^{j}" for j, a in enumerate(curve.coefficients_g, start=1))
        out.print(f"m/g = {terms}, t = counts/{curve.highest_counts:.0f}")
    loop = (
        "not known"
        if result.hysteresis_g is None
        else f"{result.hysteresis_g:.3g} g wide ({result.hysteresis_from})"
    )
    out.print(
        f"range {curve.lowest_g:.6g} … {curve.highest_g:.6g} g; scatter {result.scatter_g:.3g} g with"
        f" {result.dof} degrees of freedom; hysteresis loop {loop}"
    )
    if result.reduced_chi_square is not None:
        out.print(f"reduced chi-square {result.reduced_chi_square:.2f} against the stated uncertainties")


def _say_rows(result: Result) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("row", "load/g", "", "counts", "curve says/g", "error/g", "± U/g"):
        table.add_column(heading, justify="right")
    table.add_column("")
    shown = [*[row for row in result.rows if row.used][:MOST_ROWS], *result.aside]
    for row in sorted(shown, key=lambda one: one.row):
        table.add_row(*_cells(row), style="" if row.used else "red")
    out.print(table)
    if len(shown) < len(result.rows):
        out.print(f"… {len(result.rows) - len(shown)} more rows; --json has them all")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.row),
        f"{row.load_g:g}",
        ARROWS[row.direction],
        f"{row.counts:.0f}",
        f"{row.curve_g:.6g}",
        f"{row.residual_g:+.3g}",
        f"{2 * row.u_g:.2g}",
        "" if row.used else "✗ set aside",
    )


def _say_uncertainty(result: Result, resolution_g: float | None) -> None:
    assert result.curve is not None
    table = Table(box=None, pad_edge=False, title="what the calibration adds to a weighing (U = 2u)")
    for heading in ("load/g", "U/g", "fit u/g", "weights", "hysteresis", "repeatability", "⅓ MPE/g"):
        table.add_column(heading, justify="right")
    for share in SHARES:
        at = uncertainty_at(result, share * result.curve.highest_g)
        limit = ""
        if resolution_g is not None:
            limit = f"{float(third_of_mpe(grams(f'{at.load_g:.6f}g'), resolution_g)):.3g}"
        terms = (at.fit, at.weights, at.hysteresis, at.repeatability)
        table.add_row(f"{at.load_g:.6g}", f"{2 * at.standard:.2g}", *(f"{u:.2g}" for u in terms), limit)
    out.print(table)


def _advice(result: Result, resolution_g: float | None) -> str:
    """What to do next, in one sentence."""
    if result.refused:
        return "[bold red]no calibration[/]: do what the lines above say, then calibrate again"
    finest = finest_interval(result)
    if result.aside:
        rows = ", ".join(str(row.row) for row in result.aside)
        return f"[yellow]look at row {rows}[/]: put the figure right or take the point again, then begin anew"
    words = f"this calibration can carry d = {finest:g} g (class III, U at most a third of the MPE)"
    if resolution_g is not None and resolution_g < finest:
        return f"[yellow]{words}, not {resolution_g:g} g[/]: better weights or more points, or set d to it"
    return f"[green]{words}[/]"
