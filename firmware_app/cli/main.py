"""The command `steelyard`: one file a command, put together here."""

from __future__ import annotations

import typer

from firmware_app.cli.demo.command import demo
from firmware_app.cli.health import health
from firmware_app.cli.record import record
from firmware_app.cli.run import run
from firmware_app.cli.scale import app as scale

app = typer.Typer(
    name="steelyard",
    help="The appliance that makes an honest market scale provable.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

app.command()(demo)
app.command()(run)
app.command()(health)
app.command()(record)
app.add_typer(scale, name="scale")


def main() -> None:
    """Entry point of the package."""
    app()


if __name__ == "__main__":
    main()
