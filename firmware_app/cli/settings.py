"""`steelyard settings list|set`: what a keeper may change while the appliance runs."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
import typer
from rich.table import Column, Table

from firmware_app.cli.common import console, in_words, print_json
from firmware_app.cli.people.asking import As, AsPinFile, ConfigFile, RunDir, credentials, tell
from firmware_app.service import config, messages

app = typer.Typer(
    help="Settings that a keeper may change while the appliance runs.",
    epilog="Example: steelyard settings set screen.idle_s 90 --as 9001",
    no_args_is_help=True,
)


@app.command("list")
@in_words
def list_settings(
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a setting.")] = False,
) -> None:
    """Lists them with their values, and what the configuration file says.

    Example: steelyard settings list
    """
    reply = tell(run_dir or config.load(file).run_dir, messages.ShowParameters())
    assert isinstance(reply, messages.Parameters)
    if as_json:
        for each in reply.items:
            print_json(msgspec.to_builtins(each))
        return
    table = Table(Column("setting", no_wrap=True), "value", "in the file", "a change counts", "may be")
    for each in reply.items:
        counts = "at once" if each.at_once else "from the next start"
        table.add_row(each.name, each.value, each.file, counts, each.wanted)
    console.print(table)


@app.command("set")
@in_words
def set_setting(
    name: Annotated[str, typer.Argument(help="Name, such as screen.idle_s.")],
    value: Annotated[str, typer.Argument(help="New value.")],
    *,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
) -> None:
    """Changes one; the record has the old value, the new one and who before it counts.

    Example: steelyard settings set screen.idle_s 90 --as 9001
    """
    where = run_dir or config.load(file).run_dir
    number = as_number or typer.prompt("working number", err=True)
    by = credentials(number, as_pin_file)
    tell(where, messages.SetParameter(secrets.token_hex(8), name[:64], value[:120], by))
    shown = tell(where, messages.ShowParameters())
    assert isinstance(shown, messages.Parameters)
    now = next(each for each in shown.items if each.name == name)
    counts = "" if now.at_once else " from the next start"
    console.print(f"{name} is {now.value}{counts}", markup=False)
