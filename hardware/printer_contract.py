"""What every slip printer is: something that brings a bitmap out on paper, or says in words why not.

Rules this file obeys:

* No answer is a state of its own, never "everything is fine".
* A slip that did not come out is said, never supposed.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol, Self

import msgspec


class Trouble(enum.StrEnum):
    """Why a slip does not come out, or soon will not."""

    SILENT = "silent"
    OFFLINE = "offline"
    COVER_OPEN = "cover_open"
    PAPER_OUT = "paper_out"
    PAPER_LOW = "paper_low"
    FEEDING = "feeding"
    KNIFE = "knife"
    HOT = "hot"
    BROKEN = "broken"


WORDS: Mapping[Trouble, str] = {
    Trouble.SILENT: "the printer does not say how it is",
    Trouble.OFFLINE: "the printer is offline: press its feed button or switch it off and on",
    Trouble.COVER_OPEN: "the cover of the printer is open: close it",
    Trouble.PAPER_OUT: "the paper is used up: put in a new roll",
    Trouble.PAPER_LOW: "the paper is nearly used up: have a new roll ready",
    Trouble.FEEDING: "the feed button of the printer is held down",
    Trouble.KNIFE: "the knife of the printer is stuck: open the cover and take the paper out",
    Trouble.HOT: "the head of the printer is too hot: it goes on by itself",
    Trouble.BROKEN: "the printer has a fault that it cannot mend: switch it off and on, or have it repaired",
}

BLOCKING = frozenset(set(Trouble) - {Trouble.PAPER_LOW, Trouble.SILENT})
"""With these nothing is printed. A silent printer may be one that cannot speak, so it is tried."""


class PrinterState(msgspec.Struct, frozen=True):
    """What is wrong, the causes before the effect; nothing when all is well."""

    troubles: tuple[Trouble, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a slip can be printed."""
        return not BLOCKING & set(self.troubles)

    @property
    def words(self) -> str:
        """All of it for people."""
        return "; ".join(WORDS[trouble] for trouble in self.troubles) or "the printer is ready"


class PrinterError(Exception):
    """Root of what this part raises; the message says what happened and what to do."""


class BadOption(PrinterError):
    """An option is unknown or wrong."""


class BadSlip(PrinterError):
    """The image is no slip: too wide, too long, grey, or no image at all."""


class PrinterUnavailable(PrinterError):
    """There is no printer now: not plugged in, switched off, no permission; worth trying again."""


class PrinterNotReady(PrinterError):
    """The printer is there and does not print; ``state`` says why."""

    def __init__(self, state: PrinterState) -> None:
        super().__init__(state.words)
        self.state = state


class Printer(Protocol):
    """Something that brings a slip out; after PrinterUnavailable the next call tries to find it again.

    Made by a factory ``open_x(options) -> Printer`` of the entry point group ``steelyard.printer``, which
    raises BadOption or PrinterUnavailable; ``steelyard.printer_options`` names what checks the same options
    without opening anything. Every call ends, at the latest when the line takes nothing for five seconds.
    """

    def print_slip(self, png: bytes) -> None:
        """Prints one slip; raises BadSlip, PrinterNotReady, PrinterUnavailable."""
        ...

    def state(self) -> PrinterState:
        """What the printer says of itself; raises PrinterUnavailable."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...
