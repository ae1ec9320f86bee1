"""`steelyard downlink`: what the county publishes for appliances, looked at before it is published."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import NO, fail, in_words, print_json
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.downlink import INSPECTORS, MAX_CONTENT, REGISTRY, WEIGHTS
from firmware_app.rules.pack import builtin_packs
from firmware_app.service.county.downlink import Needs, fit

KINDS = (REGISTRY, WEIGHTS, INSPECTORS)

app = typer.Typer(
    name="downlink",
    help="What the county publishes for its appliances.",
    epilog="Example: steelyard downlink check registry registry.toml",
    no_args_is_help=True,
)


@app.callback()
def _several() -> None:
    """Commands about what the county publishes."""


@app.command("check", epilog="Example: steelyard downlink check weights weights.toml --control CW-5kg")
@in_words
def check(
    kind: Annotated[str, typer.Argument(help="registry, weights or inspectors; for a pack see law check.")],
    file: Annotated[Path, typer.Argument(help="The file that is to be published.")],
    control: Annotated[str, typer.Option(help="Id of the weight for the daily check.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Says whether an appliance of this version could use a file, as it would itself before it takes it."""
    if kind not in KINDS:
        fail(f"{kind}: give one of {', '.join(KINDS)}; a law pack is looked at by steelyard law check")
    with file.open("rb") as opened:
        content = opened.read(MAX_CONTENT + 1)
    if not 1 <= len(content) <= MAX_CONTENT:
        fail(f"{file}: {len(content)} bytes; 1 to {MAX_CONTENT} are carried", NO)
    try:
        fit(kind, content, Needs(builtin_packs(), date.today(), control))
    except SteelyardError as error:
        fail(str(error), NO)
    if as_json:
        print_json({"kind": kind, "file": str(file), "usable": True})
    else:
        typer.echo(f"{file}: an appliance can use it as its {kind}")
