"""``python -m county_gateway access`` and ``publish``: who of the county may ask, and what appliances get."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from county_gateway import access
from county_gateway.access import MAX_DAYS, Role
from county_gateway.commands.shared import (
    DEFAULT_DATA,
    DEFAULT_NAME,
    DEVICE_FAILED,
    AsJson,
    Data,
    Database,
    answer,
    fail,
    opened,
)
from firmware_app.ledger.county.downlink import MAX_CONTENT

VALID_DAYS = 180

Who = Annotated[str, typer.Argument(help="Name of the person or program; used once and never again.")]

app = typer.Typer(
    name="access",
    no_args_is_help=True,
    help="Tokens with which the county's own people and programs ask what came.",
    epilog="Example: python -m county_gateway access create li.ming --role officer",
)


@app.command()
def create(
    name: Who,
    *,
    role: Annotated[
        Role, typer.Option(help="reader: lists and plots; officer: also audit and alarms.")
    ] = Role.READER,
    days: Annotated[int, typer.Option(help="Days until it ends.", min=1, max=MAX_DAYS)] = VALID_DAYS,
    data: Data = DEFAULT_DATA,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Makes a token and shows it, this once: only its hash is kept.

    Example: python -m county_gateway access create desk-screen --data /var/lib/steelyard-county
    """
    with opened(data, database) as county:
        token = county.give_access(name, role, timedelta(days=days))
    facts: dict[str, object] = {"name": name, "role": role.value, "token": token, "days": days}
    answer(token, facts, as_json=as_json)


@app.command()
def revoke(
    name: Who, *, data: Data = DEFAULT_DATA, database: Database = None, as_json: AsJson = False
) -> None:
    """Ends a token at once and for good.

    Example: python -m county_gateway access revoke desk-screen --data /var/lib/steelyard-county
    """
    with opened(data, database) as county:
        county.revoke_access(name)
    answer(f"the token of {name} is good for nothing any more", {"revoked": name}, as_json=as_json)


@app.command("list")
def list_(*, data: Data = DEFAULT_DATA, database: Database = None, as_json: AsJson = False) -> None:
    """Who has a token, until when, and on which day it was used last.

    Example: python -m county_gateway access list --data /var/lib/steelyard-county
    """
    with opened(data, database) as county:
        known = access.known(county.store)
    if as_json:
        sys.stdout.write(msgspec.json.encode(known).decode() + "\n")
        return
    for each in known:
        until = f"revoked {each.revoked_at}" if each.revoked_at else f"until {each.expires_at}"
        sys.stdout.write(f"{each.name}\t{each.role.value}\t{until}\tused {each.used_on or 'never'}\n")


def publish(
    name: Annotated[str, typer.Argument(help="registry, weights, inspectors, or rules-NAME.")],
    file: Annotated[Path, typer.Argument(help="The file, as an appliance reads it.")],
    *,
    device: Annotated[str, typer.Option(help="For this appliance alone; for all if left out.")] = "",
    data: Data = DEFAULT_DATA,
    database: Database = None,
    county_name: Annotated[str, typer.Option("--name", help="The county's name.")] = DEFAULT_NAME,
    as_json: AsJson = False,
) -> None:
    """Signs a file with the county's key and gives it to every appliance that asks.

    An appliance checks all of it before it takes it, and refuses in words what it cannot use; try first with
    `steelyard downlink check`. What was published stays; publish the older file again to go back.

    Example: python -m county_gateway publish registry registry.toml --data /var/lib/steelyard-county
    """
    try:
        with file.open("rb") as source:
            content = source.read(MAX_CONTENT + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", DEVICE_FAILED)
    with opened(data, database, county_name) as county:
        version = county.publish(name, content, device)
        kid = county.kid
    facts: dict[str, object] = {"published": name, "device": device, "version": version, "kid": kid}
    answer(f"{name} version {version}, as the county of key {kid}", facts, as_json=as_json)
