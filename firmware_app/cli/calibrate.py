"""`steelyard calibrate`: the curve of the pan from loads and counts, guided over the live pan or from a file.

Rules this file obeys:

* Nothing is written where the data are refused.
* The calibration of the appliance goes into its ledger with old and new values: at once where the core does
  not run, else by the core when it starts next, which is when it takes effect.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.calibrating.calibrate import calibrate as fit
from firmware_app.calibrating.guard import Range
from firmware_app.calibrating.keeping import PointsFile
from firmware_app.calibrating.points import Point
from firmware_app.calibrating.result import Result
from firmware_app.calibrating.session import LOADS, Step, plan, used_weights
from firmware_app.calibrating.table import Column, read_points
from firmware_app.cli.calibrate_keep import Wish, write
from firmware_app.cli.calibrate_live import Left, Stream, guide
from firmware_app.cli.calibrate_output import say, told
from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.samples import source
from firmware_app.cli.weights.common import recalls
from firmware_app.quantity import BadAmount, grams
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service import config
from firmware_app.service.config import Loaded
from firmware_app.settings_file import BadSettings
from firmware_app.standards.recalls import withdraw
from firmware_app.standards.sets import load_weights
from firmware_app.weighing.calibration import Calibration, UsedWeight
from hardware.loadcell.contract import LoadCellError

CELL_SHARE = 1.4
"""Width of the loop that R 60-1 allows a cell of class C midway, in intervals v = Max/n: two times the MPE
there, which is 0.7 × 1.0 v (R 60-1:2021 5.3.2: hysteresis lies within the error envelope)."""
KEPT = "calibration-points.csv"


@in_words
def calibrate(
    *,
    points: Annotated[Path | None, typer.Option(help="Points from a CSV file (grams,counts …).")] = None,
    column: Annotated[
        str | None, typer.Option(help="Which counts, where the file has several cells.")
    ] = None,
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    driver: Annotated[str | None, typer.Option(help="Open this driver instead: spi, bridges …")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Of the driver.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File of reference weights (TOML).")] = None,
    loads: Annotated[int, typer.Option(min=2, max=12, help="Loads beside the empty pan.")] = LOADS,
    keep: Annotated[Path | None, typer.Option(help="Where the points are kept as they come.")] = None,
    capacity: Annotated[str | None, typer.Option("--max", help="Max of the pan, such as 15kg.")] = None,
    interval: Annotated[str | None, typer.Option(help="Display interval d, such as 0.5g.")] = None,
    cell_intervals: Annotated[
        int | None, typer.Option(min=500, max=10_000, help="n of the cell's class C (3000 for C3).")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the residuals (PNG).")] = None,
    output: Annotated[Path | None, typer.Option("--out", help="Write the calibration (TOML).")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Id of the new calibration.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Calibrates the pan: several loads, up and down, the order by evidence, mistakes named.

    Without --points it leads through the loads over the live pan. Leaves with 1 where the data are refused.

    Example: steelyard calibrate --points grams_counts.csv --plot residuals.png --out pan.toml
    """
    if points is not None and (driver is not None or run_dir is not None):
        fail("give --points, or a pan to calibrate over (--driver or --run-dir), not both")
    loaded = _settings(file, needed=points is None and run_dir is None and driver is None)
    present = _present(loaded)
    pan = _range(capacity, interval, present)
    if cell_intervals is not None and pan.capacity_g is None:
        fail("--cell-intervals is of the cell's whole range: give --max too")
    today = datetime.now().astimezone().date()
    used: tuple[UsedWeight, ...] = ()
    if points is not None:
        columns = _chosen(read_points(points), column)
    else:
        steps = _steps(weights, loaded, pan, loads, today)
        used = used_weights(steps)
        where = run_dir or (None if driver is not None or loaded is None else loaded.run_dir)
        columns = (_guided(steps, driver, option or [], where, keep or Path(KEPT)),)
    loop = (
        None
        if cell_intervals is None or pan.capacity_g is None
        else CELL_SHARE * pan.capacity_g / cell_intervals
    )
    results = _fitted(columns, today, used, pan, loop)
    _show(columns, results, pan, as_json=as_json)
    if len(columns) > 1 and (plot is not None or output is not None):
        fail(f"the file has {len(columns)} cells: say with --column which of {_names(columns)}")
    source_name = "" if points is None else points.name
    wish = Wish(
        plot=plot, output=output, name=name, source=source_name, pan=pan, loaded=loaded, before=present
    )
    write(columns[0].name, results[0], wish)
    if any(result.refused for result in results):
        raise typer.Exit(NO)


def _settings(file: Path, *, needed: bool) -> Loaded | None:
    """The configuration, None where there is none and none is needed."""
    try:
        return config.load(file)
    except BadSettings:
        if needed or file != config.DEFAULT_PATH:
            raise
        return None


def _present(loaded: Loaded | None) -> Calibration | None:
    """The calibration in use, None where there is none yet."""
    if loaded is None:
        return None
    try:
        return Calibration.load(loaded.resolve(loaded.config.pan.calibration))
    except FileNotFoundError:
        return None


def _range(capacity: str | None, interval: str | None, present: Calibration | None) -> Range:
    def amount(text: str | None, option: str, otherwise: float | None) -> float | None:
        if text is None:
            return otherwise
        try:
            value = float(grams(text))
        except BadAmount as error:
            fail(f"{option}: {error}")
        if not value > 0:
            fail(f"{option} {text}: give a mass above zero")
        return value

    return Range(
        amount(capacity, "--max", None if present is None else present.capacity_g),
        amount(interval, "--interval", None if present is None else present.resolution_g),
    )


def _chosen(columns: tuple[Column, ...], wanted: str | None) -> tuple[Column, ...]:
    if wanted is None:
        return columns
    found = tuple(each for each in columns if each.name == wanted)
    if not found:
        fail(f"--column {wanted!r}: there are {_names(columns)}")
    return found


def _names(columns: tuple[Column, ...]) -> str:
    return ", ".join(each.name for each in columns)


def _steps(
    weights: Path | None, loaded: Loaded | None, pan: Range, loads: int, today: date
) -> tuple[Step, ...]:
    if weights is None:
        if loaded is None:
            fail("say which weights there are: --weights FILE, or --config FILE that names them")
        weights = loaded.resolve(loaded.config.weights)
    if pan.capacity_g is None:
        fail("say up to where: --max, such as --max 15kg")
    sets = load_weights(weights, pack_in_force(WeightsPack, today))
    if loaded is not None:
        # A weight that was recalled would carry its fault into everything that is weighed afterwards.
        sets = withdraw(sets, recalls(loaded))
    pieces = [piece for one in sets for piece in one.pieces]
    return plan(pieces, grams(f"{pan.capacity_g:.3f}g"), today, loads)


def _guided(
    steps: tuple[Step, ...], driver: str | None, given: list[str], run_dir: Path | None, keep: Path
) -> Column:
    """The points of a session; leaves with 1 where the person left, 3 where the pan failed."""
    stream = Stream(source(driver, given, run_dir))
    try:
        stream.begun()
        return Column("pan", _led(stream, steps, PointsFile(keep, steps)))
    except LoadCellError as error:
        fail(f"{error}; what was taken is kept in {keep}", DEVICE_FAILED)
    finally:
        stream.close()


def _led(stream: Stream, steps: tuple[Step, ...], kept: PointsFile) -> tuple[Point, ...]:
    try:
        return guide(stream, steps, kept, console, _ask)
    except (Left, KeyboardInterrupt, EOFError):
        console.print(f"\nleft; {len(kept.points)} of {len(steps)} points are kept in {kept.path}")
        raise typer.Exit(NO) from None


def _ask(words: str) -> str:
    """A line from the person; the question goes where errors go, so that --json stays one object."""
    sys.stderr.write(words)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip().lower()


def _fitted(
    columns: tuple[Column, ...], today: date, used: tuple[UsedWeight, ...], pan: Range, loop: float | None
) -> list[Result]:
    """Every cell by itself, then once more with what the others made suspect: they carried the same loads."""

    def one(column: Column, suspects: frozenset[int]) -> Result:
        return fit(column.points, on=today, weights=used, pan=pan, class_loop_g=loop, suspects=suspects)

    results = [one(column, frozenset()) for column in columns]
    if len(columns) == 1:
        return results
    suspects = frozenset(row.row for result in results for row in result.aside)
    return [one(each, suspects & {point.row for point in each.points}) for each in columns]


def _show(columns: tuple[Column, ...], results: list[Result], pan: Range, *, as_json: bool) -> None:
    told_of = [told(column, result) for column, result in zip(columns, results, strict=True)]
    if as_json:
        print_json(told_of[0] if len(told_of) == 1 else {"cells": told_of})
        return
    for column, result in zip(columns, results, strict=True):
        say(column, result, pan.resolution_g, several=len(columns) > 1)
