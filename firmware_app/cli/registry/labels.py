"""`steelyard registry labels`: QR codes for the stalls, to be printed and cut."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app import durable
from firmware_app.cli.common import console, in_words
from firmware_app.registry.registry import load_registry
from firmware_app.service import config


@in_words
def labels(
    out: Annotated[Path, typer.Argument(help="The PDF to write.", metavar="FILE")],
    stall: Annotated[list[str] | None, typer.Option(help="Only this stall; may be repeated.")] = None,
    scales: Annotated[bool, typer.Option("--scales", help="One label a scale in place of stalls.")] = False,
    file: Annotated[Path, typer.Option("--config", help="The configuration.")] = config.DEFAULT_PATH,
) -> None:
    """Writes sheets of A4 with a label for each stall: number, name, and a code that the appliance reads.

    Print them at 100 %, not "fit to page", and cut at the marks.

    Example: steelyard registry labels labels.pdf --stall 12 --stall 7
    """
    # A fifth of a second of import: only for those who print.
    from firmware_app.registry.label_sheet import ACROSS, DOWN, label_sheets, scale_labels, stall_labels

    loaded = config.load(file)
    registry = load_registry(loaded.resolve(loaded.config.registry))
    made = (scale_labels if scales else stall_labels)(registry, stall or ())
    durable.write(out, label_sheets(made))
    sheets = -(-len(made) // (ACROSS * DOWN))
    console.print(f"{len(made)} labels on {sheets} sheet{'s' * (sheets > 1)} of A4 in {out}", markup=False)
