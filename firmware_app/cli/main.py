"""The command `steelyard`: one file a command, put together here."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="steelyard",
    help="The appliance that makes an honest market scale provable.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Entry point of the package."""
    app()
