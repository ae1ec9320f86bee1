"""`steelyard registry`: the stalls and scales of the market, from and to spreadsheets and onto labels."""

from __future__ import annotations

import typer

from firmware_app.cli.registry.exchange import export, import_
from firmware_app.cli.registry.labels import labels
from firmware_app.cli.registry.listing import list_, show

app = typer.Typer(
    no_args_is_help=True,
    help="The stalls and scales of the market: list, import, export, labels.",
    epilog="Example: steelyard registry import 台账.xlsx --dry-run",
)
app.command("list")(list_)
app.command()(show)
app.command("import")(import_)
app.command()(export)
app.command()(labels)
