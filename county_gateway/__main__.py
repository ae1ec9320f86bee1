"""``python -m county_gateway``: serve, token. `steelyard gateway` becomes this program."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from county_gateway.county import County, Settings
from county_gateway.serve import serve as serve_here
from firmware_app.errors import SteelyardError

WRONG_USE, DEVICE_FAILED = 2, 3

app = typer.Typer(
    name="steelyard gateway",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The county's receiving end.",
    epilog="Example: steelyard gateway serve --data /var/lib/steelyard-county --port 8765",
)

DEFAULT_DATA = Path("/var/lib/steelyard-county")
DEFAULT_NAME = "天祝县计量监督"
DataDir = Annotated[Path, typer.Option("--data", help="Directory of the county's key and database.")]
Database = Annotated[
    str | None,
    typer.Option(
        envvar="STEELYARD_COUNTY_DATABASE",
        help="SQLite file, or postgresql://user@host/name with ~/.pgpass; DATA/county.db if left out.",
    ),
]
Name = Annotated[str, typer.Option("--name", help="The county's name, as receipts give it.")]


@app.command()
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

    def ready(url: str) -> None:
        line = msgspec.json.encode({"url": url}).decode() + "\n"
        if ready_file is not None:
            part = ready_file.with_name(f".{ready_file.name}.part")
            part.write_text(line, encoding="utf-8")
            part.replace(ready_file)
        if as_json:
            sys.stdout.write(line)
            sys.stdout.flush()
        else:
            sys.stderr.write(f"county gateway at {url} (API: {url}/schema)\n")

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("steelyard").setLevel(logging.INFO)
    try:
        serve_here(Settings(data_dir=data, database=database, county=name), host, port, ready)
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"cannot serve on {host} port {port}: {error.strerror or error}", DEVICE_FAILED)


@app.command()
def token(
    data: DataDir = DEFAULT_DATA,
    database: Database = None,
    valid_hours: Annotated[int, typer.Option(help="Hours until it expires.", min=1, max=24 * 90)] = 72,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Makes a one-time token with which one device may join; only its hash is kept.

    Example: steelyard gateway token --data /var/lib/steelyard-county --valid-hours 24
    """
    try:
        county = County(Settings(data_dir=data, database=database, county=DEFAULT_NAME))
        try:
            given = county.give_token(timedelta(hours=valid_hours))
        finally:
            county.close()
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"{error.filename or data}: {error.strerror or error}", DEVICE_FAILED)
    answer = msgspec.json.encode({"token": given, "valid_hours": valid_hours}).decode() if as_json else given
    sys.stdout.write(answer + "\n")


def _fail(words: str, code: int) -> None:
    sys.stderr.write(f"steelyard gateway: {words}\n")
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="steelyard gateway")
