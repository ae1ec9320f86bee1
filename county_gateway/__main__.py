"""``python -m county_gateway``: serve and what is done by command. `steelyard gateway` becomes it."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from county_gateway.commands.people import app as access_app
from county_gateway.commands.people import publish
from county_gateway.commands.shared import (
    DEFAULT_DATA,
    DEFAULT_NAME,
    DEVICE_FAILED,
    WRONG_USE,
    AsJson,
    Data,
    Database,
    Name,
    answer,
    fail,
    opened,
)
from county_gateway.commands.stick import carry, import_
from county_gateway.county import DATABASE, Settings
from county_gateway.log.witnesses import read_witness
from county_gateway.moving import move
from county_gateway.serve import serve as serve_here
from firmware_app.errors import SteelyardError

MAX_WHY = 200

app = typer.Typer(
    name="steelyard gateway",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The county's receiving end.",
    epilog="Example: steelyard gateway serve --data /var/lib/steelyard-county --port 8765",
)

Device = Annotated[str, typer.Argument(help="Id of the appliance.")]
ValidHours = Annotated[int, typer.Option(help="Hours until it expires.", min=1, max=24 * 90)]


@app.command()
def serve(
    *,
    data: Data = DEFAULT_DATA,
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
    log_origin: Annotated[
        str | None, typer.Option(help="Name of a new transparency log, best its address without https://.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="Who cosigns the log, as VKEY@URL; may be repeated.")
    ] = None,
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
        settings = Settings(
            data_dir=data,
            database=database,
            county=name,
            log_origin=log_origin,
            witnesses=tuple(map(read_witness, witness or [])),
        )
        serve_here(settings, host, port, ready)
    except SteelyardError as error:
        fail(str(error), WRONG_USE)
    except OSError as error:
        fail(f"cannot serve on {host} port {port}: {error.strerror or error}", DEVICE_FAILED)


app.command("import")(import_)
app.command("carry")(carry)
app.command("publish")(publish)
app.add_typer(access_app)


@app.command()
def token(
    data: Data = DEFAULT_DATA,
    database: Database = None,
    valid_hours: ValidHours = 72,
    as_json: AsJson = False,
) -> None:
    """Makes a one-time token with which one device may join; only its hash is kept.

    Example: steelyard gateway token --data /var/lib/steelyard-county --valid-hours 24
    """
    with opened(data, database) as county:
        given = county.give_token(timedelta(hours=valid_hours))
    answer(given, {"token": given, "valid_hours": valid_hours}, as_json=as_json)


@app.command()
def replace(
    device: Device,
    *,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    valid_hours: ValidHours = 72,
    as_json: AsJson = False,
) -> None:
    """Makes a one-time token with which a new appliance takes a broken one's place under the same id.

    The old chain stays as it is, is closed when the new appliance joins, and is cited by the new chain.
    Deliver first what the old appliance still holds; to stop it at once, revoke it.

    Example: steelyard gateway replace TZ-0001 --data /var/lib/steelyard-county
    """
    with opened(data, database) as county:
        given = county.give_token(timedelta(hours=valid_hours), replaces=device)
    answer(given, {"token": given, "valid_hours": valid_hours, "replaces": device}, as_json=as_json)


@app.command()
def revoke(
    device: Device,
    *,
    why: Annotated[str, typer.Option(help="Reason, as it is kept and shown.")],
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Takes nothing new from an appliance's key from now on; what the county holds stays.

    It cannot be taken back: the id goes on with a new key, see replace.

    Example: steelyard gateway revoke TZ-0001 --why "stolen from stall 17" --data /var/lib/steelyard-county
    """
    if not 1 <= len(why) <= MAX_WHY:
        fail(f"--why: give 1 to {MAX_WHY} characters", WRONG_USE)
    with opened(data, database) as county:
        county.revoke(device, why)
    answer(f"{device} is revoked", {"revoked": device, "why": why}, as_json=as_json)


@app.command("rotate-key")
def rotate_key(*, data: Data = DEFAULT_DATA, database: Database = None, as_json: AsJson = False) -> None:
    """Goes over to a new county key. Appliances learn it with their next receipt; old receipts stay good.

    Where gateways run on several machines, copy the new key's file to each of them: until then they give no
    receipts. Keep the old key's file off line or destroy it.

    Example: steelyard gateway rotate-key --data /var/lib/steelyard-county
    """
    with opened(data, database) as county:
        old, new = county.kid, county.rotate_key()
    words = f"new key {new} in {data}/county-{new}.key; the key before it was {old}"
    answer(words, {"kid": new, "before": old}, as_json=as_json)


@app.command()
def keys(
    *,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    name: Name = DEFAULT_NAME,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("keys.ndjson"),
    as_json: AsJson = False,
) -> None:
    """Writes the list of all appliances' keys, signed, by which slips are checked where there is no network.

    Example: steelyard gateway keys --data /var/lib/steelyard-county --out keys.ndjson
    """
    with opened(data, database, name) as county:
        written = county.key_list()
        out.write_text(written, encoding="ascii")
        kid, count = county.kid, written.count("\n") - 1
    answer(
        f"{count} keys in {out}, signed by {kid}",
        {"file": str(out), "keys": count, "kid": kid},
        as_json=as_json,
    )


@app.command("move")
def move_county(
    to: Annotated[str, typer.Argument(help="The empty database to go to: a file or postgresql:// URL.")],
    *,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Copies the county into another database, whole; stop the gateways first, then start them upon the new.

    Example: steelyard gateway move postgresql://steelyard-county@/county --data /var/lib/steelyard-county
    """
    try:
        moved = move(database or data / DATABASE, to)
    except SteelyardError as error:
        fail(str(error), WRONG_USE)
    answer(
        f"{moved['entries']} entries of {moved['devices']} chains are there now", dict(moved), as_json=as_json
    )


if __name__ == "__main__":
    app(prog_name="steelyard gateway")
