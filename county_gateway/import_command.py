"""``python -m county_gateway import``: bundles from a USB stick, and the receipts back onto it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from county_gateway.carried import Imported, bundles_on, import_bundle
from county_gateway.county import County, Settings
from firmware_app.errors import SteelyardError

REFUSED, WRONG_USE, DEVICE_FAILED = 1, 2, 3
DEFAULT_DATA = Path("/var/lib/steelyard-county")
DEFAULT_NAME = "天祝县计量监督"


def import_(
    stick: Annotated[Path, typer.Argument(help="A bundle, or the directory (stick) that holds bundles.")],
    *,
    data: Annotated[Path, typer.Option(help="Directory of the county's key and database.")] = DEFAULT_DATA,
    database: Annotated[
        str | None, typer.Option(envvar="STEELYARD_COUNTY_DATABASE", help="As for serve.")
    ] = None,
    name: Annotated[str, typer.Option(help="The county's name, as receipts give it.")] = DEFAULT_NAME,
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
        if not found:
            _fail(f"{stick}: no bundle here (steelyard-DEVICE.bundle)", REFUSED)
        county = County(Settings(data_dir=data, database=database, county=name))
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"{error.filename or stick}: {error.strerror or error}", DEVICE_FAILED)
    try:
        codes = [_one(county, path, receipts or path.parent, as_json=as_json) for path in found]
    finally:
        county.close()
    if max(codes):
        raise typer.Exit(max(codes))


def _one(county: County, path: Path, answer_to: Path, *, as_json: bool) -> int:
    """Imports one bundle; a bad one does not keep the others back."""
    try:
        done = import_bundle(county, path, answer_to)
    except SteelyardError as error:
        return _say(f"{path}: {error}", REFUSED)
    except OSError as error:
        return _say(f"{error.filename or path}: {error.strerror or error}", DEVICE_FAILED)
    sys.stdout.write(_words(done, as_json=as_json) + "\n")
    return 0


def _words(done: Imported, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode(done).decode()
    return (
        f"{done.device}: entries {done.first} to {done.last}, {done.new} of them new; receipts in"
        f" {done.receipts}: carry the stick back"
    )


def _say(words: str, code: int) -> int:
    sys.stderr.write(f"steelyard gateway: {words}\n")
    return code


def _fail(words: str, code: int) -> NoReturn:
    _say(words, code)
    raise typer.Exit(code)
