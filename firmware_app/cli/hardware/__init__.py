"""`steelyard hardware`: the bench of whoever builds or mends an appliance."""

from __future__ import annotations

import typer

from firmware_app.cli.hardware.check import check
from firmware_app.cli.hardware.corners import corners

app = typer.Typer(
    name="hardware",
    help="Bring-up of the load cell, and the trim of its corners.",
    epilog="Example: steelyard hardware check --driver spi --option rate_hz=80",
    no_args_is_help=True,
)
app.command(epilog="Example: steelyard hardware check --driver spi --option rate_hz=80")(check)
app.command(epilog="Example: steelyard hardware corners --load 5kg --driver bridges --option rate_hz=80")(
    corners
)
