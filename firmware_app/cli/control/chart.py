"""`steelyard control chart`: the chart of the pan as the record tells it. Works beside a running core."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.control.series import Series, latest_series
from firmware_app.cli.ledger import DEFAULT_DATA
from firmware_app.ledger.errors import BadFormat, BadSignature, StoreFailed, WrongKey
from firmware_app.ledger.home import read_ledger
from firmware_app.procedures.control_check.record import in_grams
from firmware_app.weighing.control import BASELINE

MARKS = {"in_control": "[green]✓[/]", "warning": "[yellow]?[/]", "out_of_control": "[red]✗[/]"}


@in_words
def chart(
    data: Annotated[
        Path, typer.Option("--data", "--ledger", help="Data directory of the appliance.")
    ] = DEFAULT_DATA,
    last: Annotated[int, typer.Option(help="So many checks from the end.", min=1)] = 30,
    picture: Annotated[Path | None, typer.Option("--plot", help="Draws the chart into this PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with every check.")] = False,
) -> None:
    """Shows the chart of the present calibration and weight; leaves with 1 where nothing was checked yet.

    Example: steelyard control chart --data /var/lib/steelyard --plot chart.png
    """
    try:
        with read_ledger(data) as ledger:
            series = latest_series(ledger)
    except StoreFailed as error:
        fail(str(error), DEVICE_FAILED)
    except (BadFormat, BadSignature, WrongKey) as error:
        fail(f"{data}: {error}", NO)
    if series is None:
        fail(f"{data}: the pan has never been checked: see steelyard control check --help", NO)
    if picture is not None:
        from firmware_app.cli.control.plot import draw

        draw(series, picture, last)
        console.print(f"drawn: {picture}", markup=False)
    if as_json:
        print_json(series)
    elif picture is None:
        _print(series, last)


def _print(series: Series, last: int) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "entry", "time", "deviation", "limits", "mean", "its limits", "reason"):
        table.add_column(
            heading, no_wrap=True, justify="right" if heading in ("entry", "deviation") else "left"
        )
    for check in series.checks[-last:]:
        judged = check.judged
        limits, ewma = judged.limits, judged.ewma
        table.add_row(
            MARKS[check.outcome.value],
            str(check.entry),
            check.at[:16].replace("T", " "),
            in_grams(judged.check.deviation_g),
            f"{in_grams(limits.lower_g)} … {in_grams(limits.upper_g)}",
            "" if ewma is None else in_grams(ewma.z_g),
            "" if ewma is None else f"{in_grams(ewma.lower_g)} … {in_grams(ewma.upper_g)}",
            judged.reason.value.replace("_", " "),
        )
    Console().print(table)
    baseline = series.checks[-1].judged.baseline
    basis = (
        f"limits from the history of {BASELINE} checks"
        if baseline >= BASELINE
        else f"limits from the uncertainty until {BASELINE} checks are in control, {baseline} before the last"
    )
    console.print(
        f"{series.device}: weight {series.weight} of {series.mass_g} g, calibration {series.calibration}; "
        f"{basis}; all in grams; {series.others} closed charts",
        markup=False,
    )
