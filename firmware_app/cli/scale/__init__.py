"""`steelyard scale`: what a scale's serial output says; one file a group of commands, put together here."""

from __future__ import annotations

import typer

from firmware_app.cli.scale.decode import decode
from firmware_app.cli.scale.listen import listen
from firmware_app.cli.scale.record import record
from firmware_app.cli.scale.shelf import list_ports, list_profiles
from firmware_app.cli.scale.watch import watch

app = typer.Typer(
    help="Serial protocols of scales: find the port, listen, watch, record, decode.",
    epilog="Example: steelyard scale listen /dev/ttyUSB0",
    no_args_is_help=True,
)

app.command("list")(list_profiles)
app.command("ports")(list_ports)
app.command()(listen)
app.command()(watch)
app.command()(record)
app.command()(decode)
