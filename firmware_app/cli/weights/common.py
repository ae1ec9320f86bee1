"""What the commands about weights share: the drawer as it counts, and the record beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, fail
from firmware_app.ledger.errors import BadFormat, BadSignature, StoreFailed, WrongKey
from firmware_app.ledger.home import LEDGER, read_ledger
from firmware_app.ledger.reader import LedgerReader
from firmware_app.rules.pack import pack_in_force
from firmware_app.rules.rows import WeightsPack
from firmware_app.service import config
from firmware_app.service.config import Loaded
from firmware_app.standards.recalls import Recalls, read_recalls, withdraw
from firmware_app.standards.sets import Piece, WeightSet, load_weights

ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]
DEFAULT = config.DEFAULT_PATH


def drawer(loaded: Loaded) -> tuple[WeightSet, ...]:
    """The weights of the configuration, those marked that a recall has withdrawn."""
    now = datetime.now(ZoneInfo(loaded.config.device.time_zone))
    sets = load_weights(loaded.resolve(loaded.config.weights), pack_in_force(WeightsPack, now.date()))
    return withdraw(sets, recalls(loaded))


def recalls(loaded: Loaded) -> Recalls:
    """The recalls of the record; none where there is no record yet."""
    if not (loaded.data_dir / LEDGER).exists():
        return Recalls()
    with record(loaded) as ledger:
        return read_recalls(ledger)


@contextlib.contextmanager
def record(loaded: Loaded) -> Iterator[LedgerReader]:
    """The record, to look only, also beside a running core; what is wrong with it ends the command."""
    try:
        with read_ledger(loaded.data_dir) as ledger:
            yield ledger
    except StoreFailed as error:
        fail(str(error), DEVICE_FAILED)
    except (BadFormat, BadSignature, WrongKey) as error:
        fail(f"{loaded.data_dir}: {error}", NO)


def today(loaded: Loaded) -> datetime:
    """Now, in the market's time zone."""
    return datetime.now(ZoneInfo(loaded.config.device.time_zone))


def find(sets: tuple[WeightSet, ...], id: str) -> tuple[Piece, ...]:
    """The weight of that id, or the weights of that set or certificate; empty where nothing is called so."""
    pieces = [piece for each in sets for piece in each.pieces]
    for name in ("id", "set_id", "certificate"):
        found = tuple(piece for piece in pieces if getattr(piece, name) == id)
        if found:
            return found
    return ()
