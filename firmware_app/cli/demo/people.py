"""The people of the demonstration: registered like any others, with PINs that it makes and tells."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import msgspec

from firmware_app.cli.signing import settled
from firmware_app.errors import SteelyardError
from firmware_app.registry import pin as pins
from firmware_app.registry.person import Role
from firmware_app.service import messages
from firmware_app.service.client import CoreClient
from firmware_app.service.people.desk import CONSOLE_KEY

PATIENCE_S = 20.0


class NoCore(SteelyardError):
    """The core of the demonstration does not start."""


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody who can sign in while the demonstration runs."""

    number: str
    pin: str
    name: str
    role: Role


def register(run_dir: Path, data_dir: Path) -> tuple[DemoPerson, ...]:
    """A keeper, an inspector and a second one to vouch; raises NoCore, CoreSilent."""
    people = (
        DemoPerson("9001", _pin("9001"), "演示管理员", Role.KEEPER),
        DemoPerson("1001", _pin("1001"), "演示检查员", Role.INSPECTOR),
        DemoPerson("1002", _pin("1002"), "演示核验员", Role.INSPECTOR),
    )
    keeper, key = people[0], _key(data_dir / CONSOLE_KEY)
    with CoreClient(run_dir, PATIENCE_S) as core:
        for each in people:
            by = None if each is keeper else messages.Credentials(keeper.number, keeper.pin)
            attempt, console = secrets.token_hex(8), key if by is None else ""
            settled(
                core,
                messages.AddPerson(attempt, each.number, each.name, each.role, each.pin, by, console=console),
            )
    return people


def _pin(number: str) -> str:
    """Six digits by chance that the appliance takes."""
    while True:
        pin = f"{secrets.randbelow(10**6):06d}"
        if not pins.refusal(pin, number):
            return pin


def _key(path: Path) -> str:
    """What enters the first keeper, once the core has made it."""
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        if time.monotonic() > end:
            raise NoCore(f"the core does not start: there is no {path}")
        time.sleep(0.05)
    return path.read_text(encoding="ascii").strip()
