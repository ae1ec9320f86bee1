"""`steelyard weights`: the reference weights, what rests on them, and their recall."""

from __future__ import annotations

import typer

from firmware_app.cli.weights.listing import list_, show
from firmware_app.cli.weights.recall import recall
from firmware_app.cli.weights.used import used

app = typer.Typer(
    no_args_is_help=True,
    help="The reference weights: certificates, what rests on them, recall.",
    epilog="Example: steelyard weights used DEMO-M1-5kg",
)
app.command("list")(list_)
app.command()(show)
app.command()(used)
app.command()(recall)
