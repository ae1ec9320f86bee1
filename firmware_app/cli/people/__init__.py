"""`steelyard people`: who may sign in at this appliance."""

from __future__ import annotations

import typer

from firmware_app.cli.people.commands import add, change_pin, list_people, revoke, unlock

app = typer.Typer(
    help="Inspectors and keepers: who may sign in.",
    epilog="Example: steelyard people add 1001 张三 --role inspector --as 9001",
    no_args_is_help=True,
)
app.command()(add)
app.command("list")(list_people)
app.command()(change_pin)
app.command()(revoke)
app.command()(unlock)
