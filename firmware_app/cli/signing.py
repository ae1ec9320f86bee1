"""Numbers and PINs at the terminal: read without an echo, handed to the core, never written anywhere."""

from __future__ import annotations

import getpass
import secrets
import sys
import time
from pathlib import Path

from firmware_app.errors import SteelyardError
from firmware_app.service import messages
from firmware_app.service.client import CoreClient, CoreSilent

ASK_AGAIN_S = 0.05
PATIENCE_S = 30.0
"""Argon2 takes a second on the slowest Pi; a core that takes longer stands still."""
MAX_PIN_FILE = 128


class NotTaken(SteelyardError):
    """The core refused; the message says why."""


def read_pin(prompt: str, file: Path | None = None) -> str:
    """A PIN typed unseen, or the first line of a file (``-`` for standard input); raises OSError."""
    if file is None:
        return getpass.getpass(f"{prompt}: ")
    if str(file) == "-":
        return sys.stdin.readline(MAX_PIN_FILE).strip()
    with file.open(encoding="utf-8") as lines:
        return lines.readline(MAX_PIN_FILE).strip()


def settled(core: CoreClient, command: messages.Command) -> messages.Reply:
    """What came of a command that takes its time; raises NotTaken where it was refused, CoreSilent."""
    end = time.monotonic() + PATIENCE_S
    while True:
        reply = core.ask(command)
        busy = isinstance(reply, messages.Refused) and reply.code == "busy"
        if isinstance(reply, messages.Refused) and not busy:
            raise NotTaken(reply.words)
        if not busy and not isinstance(reply, messages.Working):
            return reply
        if time.monotonic() > end:
            raise CoreSilent("the core looks at a PIN and does not come to an end")
        time.sleep(ASK_AGAIN_S)


def sign_in(core: CoreClient, number: str, pin: str) -> None:
    """Opens a session; raises NotTaken, CoreSilent."""
    settled(core, messages.SignIn(_attempt(), number, pin))


def witness(core: CoreClient, number: str, pin: str) -> None:
    """Vouches for the visit that is open as the second person; raises NotTaken, CoreSilent."""
    settled(core, messages.Witness(_attempt(), number, pin))


def _attempt() -> str:
    return secrets.token_hex(8)
