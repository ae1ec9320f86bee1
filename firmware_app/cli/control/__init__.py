"""`steelyard control`: the daily check of the pan, and its chart."""

from __future__ import annotations

import typer

from firmware_app.cli.control.chart import chart
from firmware_app.cli.control.visit import check

app = typer.Typer(
    no_args_is_help=True,
    help="The daily check of the pan: weigh its control weight, see the chart.",
    epilog="Example: steelyard control chart",
)
app.command()(check)
app.command()(chart)
