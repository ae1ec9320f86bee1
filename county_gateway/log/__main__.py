"""``python -m county_gateway.log``: key, export, rebuild, renew. Beside a running gateway or without one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from county_gateway.county import County, Settings
from county_gateway.database import open_database
from county_gateway.log.book import LogReader, LogWriter
from county_gateway.log.publisher import MARK
from county_gateway.log.tiles import paths_of
from county_gateway.store import Store
from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.note import check_name, read_checkpoint, read_note

WRONG_USE, DEVICE_FAILED = 2, 3

app = typer.Typer(
    name="python -m county_gateway.log",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The county's transparency log.",
    epilog="Example: python -m county_gateway.log key --data /var/lib/steelyard-county",
)

Data = Annotated[Path, typer.Option("--data", help="Directory of the county's key and database.")]
Database = Annotated[
    str | None, typer.Option(help="SQLite file or postgresql:// URL; DATA/county.db if not given.")
]
DEFAULT_DATA = Path("/var/lib/steelyard-county")


@app.command()
def key(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Prints the line by which witnesses and checkers know this log.

    Example: python -m county_gateway.log key --data /var/lib/steelyard-county > county.vkey
    """
    with _words(data):
        county = County(Settings(data_dir=data, database=database))
        try:
            sys.stdout.write(f"{county.log.key()}\n")
        finally:
            county.close()


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; what is there already is kept.")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Writes checkpoint and tiles as files that any web server can serve, the checkpoint last.

    Example: python -m county_gateway.log export /srv/log --data /var/lib/steelyard-county
    """
    with _words(data):
        county = County(Settings(data_dir=data, database=database))
        try:
            text = county.log.checkpoint()
            size = read_checkpoint(read_note(text).text).size
            for path in map(str, paths_of(size)):
                # What never changes need not be written twice.
                if not (folder / path).exists():
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    durable.write(folder / path, county.log.file(path))
            durable.write(folder / "checkpoint", text.encode())
        finally:
            county.close()
    sys.stdout.write(f"{folder}: {size} entries\n")


@app.command()
def rebuild(data: Data = DEFAULT_DATA, database: Database = None) -> None:
    """Makes every tile anew from the order of the entries; for a database whose tiles are doubted.

    Example: python -m county_gateway.log rebuild --data /var/lib/steelyard-county
    """
    with _writer(data, database) as writer:
        writer.rebuild()
    sys.stdout.write("the tiles are made anew\n")


@app.command()
def renew(
    origin: Annotated[str, typer.Argument(help="Name of the new log, best an address without https://.")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
) -> None:
    """Ends this log and begins another with the same entries; stop every gateway first.

    For one case only: the database was restored from an old copy and the entries after it are gone. Every
    device writes into its own record that the log was replaced.
    Example: python -m county_gateway.log renew county.example/log-2027 --data /var/lib/steelyard-county
    """
    with _writer(data, database) as writer:
        if writer.origin() == check_name(origin):
            _fail(f"the log has the name {origin} already: another log needs another name", WRONG_USE)
        writer.rename(origin)
    (data / MARK).unlink(missing_ok=True)
    sys.stdout.write(f"the log is {origin} from now on; start the gateways and tell the witnesses its key\n")


@contextmanager
def _writer(data: Path, database: str | None) -> Iterator[LogWriter]:
    with _words(data):
        store = Store(open_database(database or data / "county.db"))
        try:
            with store.writing() as writing:
                LogReader(writing.connection).origin()
                yield LogWriter(writing.connection)
        finally:
            store.close()


@contextmanager
def _words(data: Path) -> Iterator[None]:
    try:
        yield
    except SteelyardError as error:
        _fail(str(error), WRONG_USE)
    except OSError as error:
        _fail(f"{error.filename or data}: {error.strerror or error}", DEVICE_FAILED)


def _fail(words: str, code: int) -> None:
    sys.stderr.write(f"log: {words}\n")
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m county_gateway.log")
