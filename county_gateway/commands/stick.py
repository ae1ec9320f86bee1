"""``python -m county_gateway import`` and ``carry``: bundles from a USB stick, and what goes back onto it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from county_gateway.commands.shared import (
    DEFAULT_DATA,
    DEFAULT_NAME,
    DEVICE_FAILED,
    REFUSED,
    Data,
    Database,
    Name,
    complain,
    fail,
    opened,
)
from county_gateway.county import County
from county_gateway.errors import Replaced, Revoked
from county_gateway.stick.given import Given, give_files, trusted
from county_gateway.stick.taken import Imported, bundles_on, import_bundle
from firmware_app.errors import SteelyardError


def import_(
    stick: Annotated[Path, typer.Argument(help="A bundle, or the directory (stick) that holds bundles.")],
    *,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    name: Name = DEFAULT_NAME,
    receipts: Annotated[
        Path | None, typer.Option(help="Directory for the receipts (beside the bundle if not given).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a bundle.")] = False,
) -> None:
    """Imports what appliances without a network have sent by hand; twice does no harm.

    Example: steelyard gateway import /media/usb --data /var/lib/steelyard-county
    """
    try:
        found = bundles_on(stick) if stick.is_dir() else (stick,)
    except OSError as error:
        fail(f"{error.filename or stick}: {error.strerror or error}", DEVICE_FAILED)
    if not found:
        fail(f"{stick}: no bundle here (steelyard-DEVICE.bundle)", REFUSED)
    with opened(data, database, name) as county:
        codes = [_one(county, path, receipts or path.parent, as_json=as_json) for path in found]
    if max(codes):
        raise typer.Exit(max(codes))


def _one(county: County, path: Path, answer_to: Path, *, as_json: bool) -> int:
    """Imports one bundle; a bad one does not keep the others back."""
    try:
        done = import_bundle(county, path, answer_to)
        given = _files_for(county, done.device, answer_to)
    except SteelyardError as error:
        complain(f"{path}: {error}")
        return REFUSED
    except OSError as error:
        complain(f"{error.filename or path}: {error.strerror or error}")
        return DEVICE_FAILED
    sys.stdout.write(_words(done, given, as_json=as_json) + "\n")
    return 0


def _files_for(county: County, device: str, answer_to: Path) -> Given:
    """Its record was taken; where its key is trusted no more it gets its receipts and nothing else."""
    try:
        return give_files(county, device, answer_to)
    except (Revoked, Replaced):
        return Given(device=device, files=(), path="")


def _words(done: Imported, given: Given, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode({**msgspec.structs.asdict(done), "files": given.files}).decode()
    files = f", and {', '.join(given.files)}" if given.files else ""
    return (
        f"{done.device}: entries {done.first} to {done.last}, {done.new} of them new; receipts in"
        f" {done.receipts}{files}: carry the stick back"
    )


def carry(
    stick: Annotated[Path, typer.Argument(help="Where the stick is mounted.")],
    *,
    device: Annotated[
        list[str] | None, typer.Option(help="For which appliance; may be repeated. All, if not given.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    name: Name = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an appliance.")] = False,
) -> None:
    """Puts what is published for appliances onto a stick, for those that no network reaches.

    An import does the same for the appliance whose record it takes. Where the county's key has changed since,
    import a record first: with its receipt the appliance learns the new key.

    Example: steelyard gateway carry /media/usb --device TZ-0001 --data /var/lib/steelyard-county
    """
    if not stick.is_dir():
        fail(f"{stick}: no such directory: is the stick mounted?", DEVICE_FAILED)
    with opened(data, database, name) as county:
        codes = [_give(county, each, stick, as_json=as_json) for each in device or trusted(county)]
    if max(codes, default=0):
        raise typer.Exit(max(codes))


def _give(county: County, device: str, stick: Path, *, as_json: bool) -> int:
    """Puts the files for one appliance there; one that may not have them does not keep the others back."""
    try:
        given = give_files(county, device, stick)
    except SteelyardError as error:
        complain(f"{device}: {error}")
        return REFUSED
    except OSError as error:
        complain(f"{error.filename or stick}: {error.strerror or error}")
        return DEVICE_FAILED
    files = f"{', '.join(given.files)} in {given.path}" if given.files else "nothing is published"
    words = msgspec.json.encode(given).decode() if as_json else f"{device}: {files}"
    sys.stdout.write(words + "\n")
    return 0
