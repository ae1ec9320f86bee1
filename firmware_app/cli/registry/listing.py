"""`steelyard registry list` and `show`: stalls and scales as they are registered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from firmware_app.cli.common import NO, console, fail, in_words, print_json
from firmware_app.registry.columns import COLUMNS
from firmware_app.registry.labels import find_label
from firmware_app.registry.ranges import show_range
from firmware_app.registry.registry import Found, Registry, Scale, Stall, load_registry
from firmware_app.service import config

ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs, one object a line.")]


@in_words
def list_(file: ConfigFile = config.DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Lists every scale, stall by stall.

    Example: steelyard registry list
    """
    registry = _registry(file)
    if as_json:
        for stall in registry.stalls:
            for scale in _on(registry, stall):
                print_json(_row(stall, scale))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("stall", "scale", "model", "range", "verification due"):
        table.add_column(heading, overflow="fold")
    for stall in registry.stalls:
        scales = _on(registry, stall)
        if not scales:
            table.add_row(f"{stall.code} {stall.name}", *["–"] * 4)
        for scale in scales:
            table.add_row(
                f"{stall.code} {stall.name}".strip(),
                scale.id,
                scale.model,
                show_range(scale.min_g, scale.max_g),
                "" if scale.verification_due is None else scale.verification_due.isoformat(),
            )
    Console(markup=False).print(table)
    console.print(f"{len(registry.scales)} scales on {len(registry.stalls)} stalls", markup=False)


@in_words
def show(
    text: Annotated[str, typer.Argument(help="A stall, a scale, or what a label says.", metavar="ID")],
    file: ConfigFile = config.DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Shows all that is registered of a stall or scale.

    Example: steelyard registry show 12
    """
    found = _found(_registry(file), text)
    if as_json:
        for scale in found.scales:
            print_json(_row(found.stall, scale))
        return
    out = Console(markup=False, highlight=False, soft_wrap=True)
    out.print(f"stall {found.stall.code} {found.stall.name}".rstrip())
    for scale in found.scales:
        out.print()
        for header, value in _row(found.stall, scale).items():
            if value and not header.startswith("摊位"):
                out.print(f"  {header}  {value}")


def _registry(file: Path) -> Registry:
    loaded = config.load(file)
    return load_registry(loaded.resolve(loaded.config.registry))


def _found(registry: Registry, text: str) -> Found:
    place = find_label(registry, text)
    found = None if place is None else registry.find(place.scale or place.stall)
    if found is None:
        fail(f"no stall, scale or label is {text[:60]!r}; see steelyard registry list", NO)
    return found


def _row(stall: Stall, scale: Scale) -> dict[str, str]:
    return {column.header: column.show(stall, scale) for column in COLUMNS}


def _on(registry: Registry, stall: Stall) -> list[Scale]:
    return [scale for scale in registry.scales if scale.stall == stall.code]
