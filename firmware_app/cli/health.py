"""`steelyard health`: every part in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import DEVICE_FAILED, NO, fail, in_words, print_json
from firmware_app.service import config, messages
from firmware_app.service.client import CoreClient, CoreSilent


@in_words
def health(
    run_dir: Annotated[Path | None, typer.Option(help="Run directory of the appliance.")] = None,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a part.")] = False,
) -> None:
    """Says how every part is and what to do; leaves with 1 when one needs attention.

    Example: steelyard health --run-dir /run/steelyard
    """
    where = run_dir or config.load(file).run_dir
    try:
        with CoreClient(where) as core:
            reply = core.ask(messages.AskHealth())
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
    assert isinstance(reply, messages.Health)
    if as_json:
        for item in reply.items:
            print_json(item)
    else:
        table = Table(box=None, pad_edge=False)
        for heading in ("", "part", "finding", "what to do"):
            table.add_column(heading)
        for item in reply.items:
            mark = "[green]✓[/]" if item.ok else "[bold red]✗[/]"
            table.add_row(mark, item.part, item.finding, item.remedy)
        Console().print(table)
    if not all(item.ok for item in reply.items):
        raise typer.Exit(NO)
