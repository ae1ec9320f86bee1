"""`steelyard people add|list|change-pin|revoke|unlock`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from firmware_app.cli.common import console, fail, in_words, print_json
from firmware_app.cli.people.asking import (
    As,
    AsPinFile,
    ConfigFile,
    PinFile,
    RunDir,
    credentials,
    new_pin,
    tell,
)
from firmware_app.registry import pin as pins
from firmware_app.registry.people import load_people
from firmware_app.registry.person import REGISTERED, Role
from firmware_app.service import config, messages
from firmware_app.service.people.desk import CONSOLE_KEY

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="Working number, 3 to 12 digits.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data directory of the appliance.")]


@in_words
def add(
    number: NumberArgument,
    name: Annotated[str, typer.Argument(help="Name as it goes on records.")],
    *,
    role: Annotated[str, typer.Option(help="inspector or keeper.")],
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    pin_file: PinFile = None,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
    data: DataDir = None,
) -> None:
    """Registers an inspector or keeper. PINs are typed without an echo, or read from files.

    Without --as a keeper is entered by the key in the data directory, which its owner alone can read.

    Example: steelyard people add 1001 张三 --role inspector --as 9001
    """
    if role not in REGISTERED:
        fail(f"--role {role}: give inspector or keeper; the public and traders do not sign in")
    where = _run_dir(run_dir, file)
    by = credentials(as_number, as_pin_file)
    key = "" if by is not None else _console_key(data or config.load(file).data_dir)
    pin = _good(new_pin(number, pin_file), number)
    command = _checked(
        messages.AddPerson(secrets.token_hex(8), number, name, Role(role), pin, by, console=key)
    )
    tell(where, command)
    console.print(f"{number} {name} may sign in as {role}", markup=False)


@in_words
def list_people(
    file: ConfigFile = config.DEFAULT_PATH,
    data: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a person.")] = False,
) -> None:
    """Lists everybody who is registered, from the file that its owner alone can read.

    Example: steelyard people list --data /var/lib/steelyard
    """
    people = load_people(data or config.load(file).data_dir)
    if as_json:
        for each in people:
            print_json({**msgspec.to_builtins(each.person), "state": each.state.value})
        return
    if not len(people):
        console.print("nobody is registered: steelyard people add 9001 NAME --role keeper", markup=False)
        return
    table = Table("number", "name", "role", "state")
    for each in people:
        table.add_row(each.number, each.name, each.role.value, each.state.value)
    console.print(table)


@in_words
def change_pin(
    number: NumberArgument,
    *,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    pin_file: PinFile = None,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
) -> None:
    """Gives a person another PIN: one's own by the old one, anybody's by a keeper's.

    Example: steelyard people change-pin 1001
    """
    where = _run_dir(run_dir, file)
    by = credentials(as_number or number, as_pin_file)
    pin = _good(new_pin(number, pin_file), number)
    tell(where, _checked(messages.ChangePin(secrets.token_hex(8), number, pin, by)))
    console.print(f"{number} has another PIN", markup=False)


@in_words
def revoke(
    number: NumberArgument,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
) -> None:
    """Lets a person sign in no more; the number is not given to another.

    Example: steelyard people revoke 1001 --as 9001
    """
    by = credentials(as_number, as_pin_file)
    tell(_run_dir(run_dir, file), _checked(messages.RevokePerson(secrets.token_hex(8), number, by)))
    console.print(f"{number} signs in no more", markup=False)


@in_words
def unlock(
    number: NumberArgument,
    as_number: As = None,
    as_pin_file: AsPinFile = None,
    run_dir: RunDir = None,
    file: ConfigFile = config.DEFAULT_PATH,
) -> None:
    """Forgives a person wrong PINs, so that signing in need not wait.

    Example: steelyard people unlock 1001 --as 9001
    """
    by = credentials(as_number, as_pin_file)
    tell(_run_dir(run_dir, file), _checked(messages.UnlockPerson(secrets.token_hex(8), number, by)))
    console.print(f"{number} can try again", markup=False)


def _run_dir(run_dir: Path | None, file: Path) -> Path:
    return run_dir or config.load(file).run_dir


def _good(pin: str, number: str) -> str:
    """The PIN where it is taken; refused before it goes anywhere."""
    why = pins.refusal(pin, number)
    if why:
        fail(pins.WORDS[why])
    return pin


def _checked(command: messages.Command) -> messages.Command:
    """The command where the door can read it; a number or name that it cannot is said here."""
    try:
        return messages.decode_command(messages.encode(command))
    except messages.BadMessage:
        fail("give a working number of 3 to 12 digits, and a name of 1 to 40 characters")


def _console_key(data_dir: Path) -> str:
    path = data_dir / CONSOLE_KEY
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        fail(f"there is no {path}: is the appliance running? Or name a keeper with --as")
    except PermissionError:
        fail(f"{path} is not yours to read: name a keeper with --as, or run this as its owner")
