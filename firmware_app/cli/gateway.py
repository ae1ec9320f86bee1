"""`steelyard gateway`: the county's receiving end."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from firmware_app.cli.common import DEVICE_FAILED, console, fail, in_words, print_json

if TYPE_CHECKING:
    from county_gateway.county import Settings

app = typer.Typer(no_args_is_help=True, help="The county's receiving end: serve, token.")

DEFAULT_DATA = Path("/var/lib/steelyard-county")
DataDir = Annotated[Path, typer.Option("--data", help="Directory of the county's key and database.")]
Database = Annotated[Path | None, typer.Option(help="SQLite file; DATA/county.db if not given.")]
Name = Annotated[str, typer.Option("--name", help="The county's name, as receipts give it.")]
DEFAULT_NAME = "天祝县计量监督"


@app.command()
@in_words
def serve(
    *,
    data: DataDir = DEFAULT_DATA,
    database: Database = None,
    name: Name = DEFAULT_NAME,
    host: Annotated[
        str, typer.Option(help="Address to listen on; put TLS in front for a network.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port; 0 takes a free one and says which.", min=0, max=65535)
    ] = 8765,
    ready_file: Annotated[
        Path | None, typer.Option(help='Write {"url": ...} here once connections are taken.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON object.")] = False,
) -> None:
    """Serves until it is told to stop.

    Example: steelyard gateway serve --data /var/lib/steelyard-county --port 8765
    """
    settings = _settings(data, database, name)
    from county_gateway.serve import serve as serve_here

    def ready(url: str) -> None:
        if ready_file is not None:
            part = ready_file.with_name(f".{ready_file.name}.part")
            part.write_bytes(msgspec.json.encode({"url": url}) + b"\n")
            part.replace(ready_file)
        if as_json:
            print_json({"url": url})
        else:
            console.print(f"county gateway at {url} (API: {url}/schema)", markup=False, soft_wrap=True)

    try:
        serve_here(settings, host, port, ready)
    except OSError as error:
        fail(f"cannot serve on {host} port {port}: {error.strerror or error}", DEVICE_FAILED)


@app.command()
@in_words
def token(
    data: DataDir = DEFAULT_DATA,
    database: Database = None,
    valid_hours: Annotated[int, typer.Option(help="Hours until it expires.", min=1, max=24 * 90)] = 72,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Makes a one-time token with which one device may join; only its hash is kept.

    Example: steelyard gateway token --data /var/lib/steelyard-county --valid-hours 24
    """
    settings = _settings(data, database, DEFAULT_NAME)
    from county_gateway.county import County

    county = County(settings)
    try:
        given = county.give_token(timedelta(hours=valid_hours))
    finally:
        county.close()
    if as_json:
        print_json({"token": given, "valid_hours": valid_hours})
    else:
        sys.stdout.write(given + "\n")


def _settings(data: Path, database: Path | None, name: str) -> Settings:
    try:
        from county_gateway.county import Settings
    except ImportError as error:
        fail(f"the gateway is not installed ({error.name}): pip install 'steelyard[gateway]'")
    return Settings(data_dir=data, database=database, county=name)
