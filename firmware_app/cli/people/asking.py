"""How the terminal asks for PINs, and asks the core for what needs one.

Rules this file obeys:

* A PIN is typed without an echo, read from a file, or from standard input where that is no terminal: never
  from the command line, where every process of the machine could read it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, fail
from firmware_app.cli.signing import NotTaken, read_pin, settled
from firmware_app.registry.pin import LEAST, MOST
from firmware_app.service import messages
from firmware_app.service.client import CoreClient, CoreSilent

STDIN = Path("-")

As = Annotated[
    str | None, typer.Option("--as", metavar="NUMBER", help="Working number of whoever asks, as a keeper.")
]
AsPinFile = Annotated[
    Path | None, typer.Option(help="File with the PIN of --as; - is standard input. Else it is asked for.")
]
PinFile = Annotated[
    Path | None, typer.Option(help="File with the new PIN; - is standard input. Else it is asked for.")
]
RunDir = Annotated[Path | None, typer.Option(help="Run directory of the appliance.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]


def pin_of(number: str, file: Path | None) -> str:
    """The PIN of a person: from the file, else from a line of standard input, else typed without an echo."""
    return read_pin(f"PIN of {number}", file if file is not None or sys.stdin.isatty() else STDIN)


def new_pin(number: str, file: Path | None) -> str:
    """A new PIN, typed twice where it is typed."""
    if file is not None or not sys.stdin.isatty():
        return read_pin("", STDIN if file is None else file)
    pin = read_pin(f"new PIN of {number} ({LEAST} to {MOST} digits)")
    if read_pin("once more") != pin:
        fail("the two were not alike: nothing was changed")
    return pin


def credentials(number: str | None, file: Path | None) -> messages.Credentials | None:
    """Who asks; None where the person at the screen is meant."""
    return None if number is None else messages.Credentials(number, pin_of(number, file))


def tell(run_dir: Path, command: messages.Command) -> messages.Reply:
    """Asks the core that runs in ``run_dir``."""
    try:
        with CoreClient(run_dir) as core:
            return settled(core, command)
    except NotTaken as error:
        fail(str(error), NO)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
