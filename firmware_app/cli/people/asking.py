"""How the terminal asks for PINs, and asks the core for what needs one.

Rules this file obeys:

* A PIN is typed without an echo, read from a file, or from standard input where that is no terminal: never
  from the command line, where every process of the machine could read it.
"""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, fail
from firmware_app.service import messages
from firmware_app.service.client import CoreClient, CoreSilent

PAUSE_S = 0.05
PATIENCE_S = 30.0
"""Argon2 takes a second on the slowest Pi; a core that takes longer stands still."""
MAX_PIN_FILE = 256
STDIN = Path("-")

As = Annotated[
    str | None, typer.Option("--as", metavar="NUMBER", help="Working number of the keeper who asks.")
]
AsPinFile = Annotated[
    Path | None, typer.Option(help="File with that keeper's PIN; - is standard input. Else it is asked for.")
]
PinFile = Annotated[
    Path | None, typer.Option(help="File with the new PIN; - is standard input. Else it is asked for.")
]
RunDir = Annotated[Path | None, typer.Option(help="Run directory of the appliance.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration.")]


def pin_of(number: str, file: Path | None) -> str:
    """The PIN of a person: from the file, else from a line of standard input, else typed without an echo."""
    if file is None and sys.stdin.isatty():
        return getpass.getpass(f"PIN of {number}: ")
    return _line(file)


def new_pin(number: str, file: Path | None) -> str:
    """A new PIN, typed twice where it is typed."""
    if file is not None or not sys.stdin.isatty():
        return _line(file)
    pin = getpass.getpass(f"new PIN of {number} (6 to 12 digits): ")
    if getpass.getpass("once more: ") != pin:
        fail("the two were not alike: nothing was changed")
    return pin


def _line(file: Path | None) -> str:
    if file is None or file == STDIN:
        return sys.stdin.readline(MAX_PIN_FILE).strip()
    with file.open(encoding="utf-8") as text:
        return text.readline(MAX_PIN_FILE).strip()


def credentials(number: str | None, file: Path | None) -> messages.Credentials | None:
    """Who asks; None where the person at the screen is meant."""
    return None if number is None else messages.Credentials(number, pin_of(number, file))


def ask(core: CoreClient, command: messages.Command) -> messages.Reply:
    """The core's reply once it is done; a refusal ends the command with its words and exit code 1."""
    end = time.monotonic() + PATIENCE_S
    while True:
        reply = core.ask(command)
        if isinstance(reply, messages.Refused) and reply.code != "busy":
            fail(reply.words, NO)
        if not isinstance(reply, messages.Working | messages.Refused):
            return reply
        if time.monotonic() > end:
            raise CoreSilent("the core looks at a PIN and does not come to an end")
        time.sleep(PAUSE_S)


def tell(run_dir: Path, command: messages.Command) -> messages.Reply:
    """Asks the core that runs in ``run_dir``."""
    try:
        with CoreClient(run_dir) as core:
            return ask(core, command)
    except CoreSilent as error:
        fail(str(error), DEVICE_FAILED)
