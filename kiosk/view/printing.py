"""The key that prints the slip: what it says and does, from the printer and the jobs of this entry.

Rules this file obeys:

* A key that cannot print says why; a slip that waits can be taken back with the same key.
* What went to paper once is offered again as what it then is: a copy.
"""

from __future__ import annotations

import enum

import msgspec

from firmware_app.service import messages
from kiosk.view.say import Say


class Press(enum.StrEnum):
    """What a touch of the key brings about."""

    NOTHING = "nothing"
    PRINT = "print"
    CANCEL = "cancel"


class PrintKey(msgspec.Struct, frozen=True):
    """The key as it stands now."""

    words: str
    press: Press


DONE = frozenset({"printed", "sent", "unsure"})
"""Phases after which dots of the entry may be on paper."""


def print_key(printer: messages.PrinterStatus | None, entry: int, say: Say) -> PrintKey | None:
    """None where no printer is configured."""
    if printer is None:
        return None
    phase = next((job.phase for job in reversed(printer.jobs) if job.entry == entry), "")
    why = say.code("printer_trouble", printer.trouble) if printer.trouble else say("printer.starting")
    if phase == "printing" or (phase == "waiting" and printer.ready):
        key = PrintKey(say("printer.printing"), Press.NOTHING)
    elif phase == "waiting":
        key = PrintKey(say("printer.waiting", why=why), Press.CANCEL)
    elif phase == "failed":
        key = PrintKey(say("printer.failed"), Press.NOTHING)
    elif not printer.ready:
        key = PrintKey(why, Press.NOTHING)
    else:
        key = PrintKey(say(f"printer.{phase}" if phase in DONE else "printer.print"), Press.PRINT)
    return key
