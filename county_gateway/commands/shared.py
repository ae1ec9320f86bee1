"""What all commands of the gateway share: their options, exit codes, answers and errors in words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from county_gateway.county import County, Settings
from firmware_app.errors import SteelyardError

REFUSED, WRONG_USE, DEVICE_FAILED = 1, 2, 3
DEFAULT_DATA = Path("/var/lib/steelyard-county")
DEFAULT_NAME = "天祝县计量监督"

Data = Annotated[Path, typer.Option("--data", help="Directory of the county's key and database.")]
Database = Annotated[
    str | None,
    typer.Option(
        envvar="STEELYARD_COUNTY_DATABASE",
        help="SQLite file, or postgresql://user@host/name with ~/.pgpass; DATA/county.db if left out.",
    ),
]
Name = Annotated[str, typer.Option("--name", help="The county's name, as receipts give it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@contextmanager
def opened(data: Path, database: str | None, name: str = DEFAULT_NAME) -> Iterator[County]:
    """The county of that directory and database; leaves the program in words where it fails."""
    try:
        county = County(Settings(data_dir=data, database=database, county=name))
        try:
            yield county
        finally:
            county.close()
    except SteelyardError as error:
        fail(str(error), WRONG_USE)
    except OSError as error:
        fail(f"{error.filename or data}: {error.strerror or error}", DEVICE_FAILED)


def answer(words: str, facts: dict[str, object], *, as_json: bool) -> None:
    """Says what came of a command, for people or for programs."""
    sys.stdout.write((msgspec.json.encode(facts).decode() if as_json else words) + "\n")


def complain(words: str) -> None:
    """Says on standard error what went wrong."""
    sys.stderr.write(f"steelyard gateway: {words}\n")


def fail(words: str, code: int) -> NoReturn:
    """Says what went wrong and leaves with ``code``."""
    complain(words)
    raise typer.Exit(code)
