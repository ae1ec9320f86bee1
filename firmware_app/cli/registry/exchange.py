"""`steelyard registry import` and `export`: the ledger of scales as XLSX or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from firmware_app import durable, settings_file
from firmware_app.cli.common import NO, console, fail, in_words, print_json
from firmware_app.registry.dump import BEFORE, save
from firmware_app.registry.registry import Registry, load_registry
from firmware_app.registry.sheets import MAX_FILE, read_rows, write_rows
from firmware_app.registry.table import MOST_TROUBLES, Change, Trouble, change, rows_of
from firmware_app.service import config

ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or with ``dry_run`` or troubles would have done."""

    file: str
    written: bool
    rows: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[Trouble, ...]


@in_words
def import_(  # noqa: PLR0917 - the options of the command
    table: Annotated[Path, typer.Argument(help="The table, .xlsx or CSV.", metavar="FILE")],
    file: ConfigFile = config.DEFAULT_PATH,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    good_rows: Annotated[
        bool, typer.Option("--good-rows", help="Take what is good, leave the rest.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="The table is the whole registry: what is not in it goes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Takes stalls and scales from a table with the columns of the national ledger (e-CQS) and ours.

    Nothing is imported while one row is wrong, unless --good-rows; every wrong cell is told with its row and
    column. `steelyard registry export` gives a table to fill in. Leaves with 1 where something was wrong.

    Example: steelyard registry import 台账.xlsx --dry-run
    """
    loaded = config.load(file)
    path = loaded.resolve(loaded.config.registry)
    old = load_registry(path) if path.exists() else Registry()
    found = change(read_rows(settings_file.read(table, MAX_FILE), table.name), old, replace=replace)
    wanted = not dry_run and found.rows > 0 and (good_rows or not found.troubles)
    written = wanted and found.registry != old
    if written:
        save(path, found.registry)
    if as_json:
        print_json(_told(table, found, written))
    else:
        _print(found, path, dry_run, wanted, written)
    if found.troubles or not found.rows:
        raise typer.Exit(NO)


@in_words
def export(
    table: Annotated[Path, typer.Argument(help="Where to, .xlsx or .csv.", metavar="FILE")],
    file: ConfigFile = config.DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Writes all stalls and scales into a table, with the headers of the national ledger (e-CQS) and ours.

    Imported again it changes nothing.

    Example: steelyard registry export 台账.xlsx
    """
    loaded = config.load(file)
    registry = load_registry(loaded.resolve(loaded.config.registry))
    durable.write(table, write_rows(rows_of(registry), table))
    if as_json:
        print_json({"file": str(table), "stalls": len(registry.stalls), "scales": len(registry.scales)})
    else:
        console.print(
            f"{len(registry.scales)} scales on {len(registry.stalls)} stalls in {table}", markup=False
        )


def _told(table: Path, found: Change, written: bool) -> Imported:
    return Imported(
        file=str(table),
        written=written,
        rows=found.rows,
        added=found.added,
        changed=found.changed,
        unchanged=found.unchanged,
        removed=found.removed,
        ignored_columns=found.ignored,
        troubles=found.troubles,
        notes=found.notes,
    )


def _print(found: Change, path: Path, dry_run: bool, wanted: bool, written: bool) -> None:
    for title, told in (("wrong", found.troubles), ("taken otherwise than it stands there", found.notes)):
        if not told:
            continue
        table = Table(box=None, pad_edge=False, title=title, title_justify="left")
        for heading in ("row", "column", "stands there", "what to do"):
            table.add_column(heading, justify="right" if heading == "row" else "left", overflow="fold")
        for each in told:
            # A cell's brackets are no markup.
            table.add_row(str(each.row), *(_safe(text) for text in (each.column, each.found, each.remedy)))
        Console().print(table)
    if len(found.troubles) >= MOST_TROUBLES:
        console.print(f"only the first {MOST_TROUBLES} are told", markup=False)
    if found.ignored:
        console.print(
            f"columns that are not known and were passed over: {'、'.join(found.ignored)}", markup=False
        )
    console.print(
        f"{found.rows} rows: {len(found.added)} scales new, {len(found.changed)} changed, "
        f"{len(found.unchanged)} as before, {len(found.removed)} gone, {len(found.troubles)} mistakes",
        markup=False,
    )
    if not found.rows:
        fail("there is no row below the header: nothing was imported", NO)
    if written:
        console.print(
            f"written to {path}; the one before is {path.name}{BEFORE}. The core takes it at its next start "
            "and records the change: systemctl restart steelyard-core",
            markup=False,
        )
    elif wanted:
        console.print("nothing changed", markup=False)
    elif found.troubles and not dry_run:
        console.print("nothing was imported: put the rows right, or give --good-rows", markup=False)
    else:
        console.print("a trial: nothing was imported", markup=False)


def _safe(text: str) -> str:
    return text.replace("[", "\\[")
