"""``python -m county_gateway import``: bundles from a USB stick, and the receipts back onto it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from county_gateway.carried import Imported, bundles_on, import_bundle
from county_gateway.commands import (
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
    except SteelyardError as error:
        complain(f"{path}: {error}")
        return REFUSED
    except OSError as error:
        complain(f"{error.filename or path}: {error.strerror or error}")
        return DEVICE_FAILED
    sys.stdout.write(_words(done, as_json=as_json) + "\n")
    return 0


def _words(done: Imported, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(done).decode()
    return (
        f"{done.device}: entries {done.first} to {done.last}, {done.new} of them new; receipts in"
        f" {done.receipts}: carry the stick back"
    )
