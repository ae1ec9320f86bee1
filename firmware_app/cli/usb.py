"""`steelyard usb`: the record to the county and its receipts back by hand, where there is no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.ledger.county.carried import downlink_name
from firmware_app.service import config
from firmware_app.service.client import CoreClient, CoreSilent
from firmware_app.upload.stick import (
    BadBundle,
    Files,
    NotTaken,
    StickFailed,
    take_files,
    take_receipts,
    write_bundle,
)

app = typer.Typer(
    no_args_is_help=True,
    help="The record to the county by USB stick, and its receipts back.",
    epilog="Example: steelyard usb write /media/usb",
)

Stick = Annotated[Path, typer.Argument(help="Where the stick is mounted.", metavar="DIRECTORY")]
RunDir = Annotated[Path | None, typer.Option(help="Run directory of the appliance.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command()
@in_words
def write(
    directory: Stick,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Writes all that has no receipt yet, with a signed manifest; the appliance goes on working.

    Leaves with 3 where the stick is full, locked or gone; what was on it is then as it was.

    Example: steelyard usb write /media/usb
    """
    with _core(directory, run_dir, file) as core, Progress(console=console, transient=True) as progress:
        task = progress.add_task("writing", total=None)
        try:
            done = write_bundle(core, directory, lambda n, of: progress.update(task, completed=n, total=of))
        except (StickFailed, CoreSilent) as error:
            fail(str(error), DEVICE_FAILED)
        except NotTaken as error:
            fail(str(error), NO)
    if as_json:
        print_json(done)
        return
    console.print(
        f"{done.new} entries that wait are in {done.file} ({done.first} to {done.last});"
        " at the county: steelyard gateway import",
        markup=False,
    )


@app.command()
@in_words
def read(
    directory: Stick,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Takes the county's receipts and files from the stick; each is verified as one from the network.

    Leaves with 1 where they are not this county's word on this record, with 3 where there are none.

    Example: steelyard usb read /media/usb
    """
    where = run_dir or config.load(file).run_dir
    files = Files()
    with _core(directory, where, file) as core:
        try:
            done = take_receipts(core, directory)
            if (directory / downlink_name(done.device)).exists():
                files = take_files(core, directory, where)
        except (StickFailed, CoreSilent) as error:
            fail(str(error), DEVICE_FAILED)
        except (BadBundle, NotTaken) as error:
            fail(f"{directory}: {error}", NO)
    if as_json:
        print_json({**msgspec.structs.asdict(done), **msgspec.structs.asdict(files)})
        return
    words = (
        f"the county has everything up to entry {done.received}"
        if done.received > done.before
        else f"nothing new: the county had everything up to entry {done.received} already"
    )
    console.print(words, markup=False)
    if files.taken:
        console.print(f"new from the county: {', '.join(files.taken)}", markup=False)
    for name, why in files.refused:
        console.print(f"{name}: refused: {why}", markup=False)
    if files.refused:
        raise typer.Exit(NO)


def _core(directory: Path, run_dir: Path | None, file: Path) -> CoreClient:
    if not directory.is_dir():
        fail(f"{directory}: no such directory: is the stick mounted?", DEVICE_FAILED)
    return CoreClient(run_dir or config.load(file).run_dir)
