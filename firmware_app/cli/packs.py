"""The law packs that a command answers by: those of the program, and of the appliance's shelf.

Rules this file obeys:

* What answers here is what judges there: a pack of the shelf counts only where the record names it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.home import LEDGER, read_ledger
from firmware_app.rules.pack import builtin_packs
from firmware_app.rules.rows import Pack
from firmware_app.rules.shelf import BadShelf
from firmware_app.service.law.desk import shelf_packs

DEFAULT_DATA = Path("/var/lib/steelyard")

DataDir = Annotated[
    Path, typer.Option("--data", help="Data directory of the appliance, whose own law packs count too.")
]


def packs_of(data: Path) -> tuple[Pack, ...]:
    """The packs that an appliance judges by; those delivered with the program where there is no appliance.

    Raises BadShelf where its record cannot be read: nothing is said of a shelf that cannot be trusted.
    """
    if not (data / LEDGER).exists():
        return builtin_packs()
    try:
        with read_ledger(data) as ledger:
            return shelf_packs(data, ledger)
    except StoreFailed as error:
        raise BadShelf(f"{data}: its record cannot be read: {error}") from error
