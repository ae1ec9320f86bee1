"""What every barcode scanner is: something that yields whole codes, or says why it yields none.

Rules this file obeys:

* A code is hostile input: what is refused is refused whole, with the reason, and never half used.
* A device that is away is a state and comes back by itself; it is never an exception of ``read``.
"""

from __future__ import annotations

import enum
from typing import Protocol, Self

import msgspec

from hardware.scale.contract import LineState

__all__ = [
    "BadOption",
    "DriverUnavailable",
    "LineState",
    "Refusal",
    "Refused",
    "Scan",
    "Scanner",
    "ScannerError",
]


class Refusal(enum.StrEnum):
    """Why what the scanner sent is not a scan."""

    TOO_LONG = "too_long"
    """More than 512 bytes without an end."""
    TOO_SLOW = "too_slow"
    """More than a second from first to last byte: torn, or typed by hand."""
    TOO_FAST = "too_fast"
    """More than five codes within a second."""
    NOT_TEXT = "not_text"
    """Neither UTF-8 nor GB18030."""
    CONTROL = "control"
    """Control, format or unassigned characters, which a display or a parser might obey."""
    UNKNOWN_KEY = "unknown_key"
    """A key that stands for no character."""
    LOST = "lost"
    """The device went away, or the kernel dropped events, in the middle of a code."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One code as read. ``aim``: the symbology identifier if one was sent, ``symbology`` its name.

    ``encoding``: utf-8 or gb18030. ``raw``: as sent, with identifier, without the end. ``at_ns``: monotonic.
    """

    text: str
    raw: bytes
    encoding: str
    at_ns: int
    aim: str | None = None
    symbology: str | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Something was sent and is not used. ``length``: bytes thrown away."""

    why: Refusal
    length: int
    at_ns: int


class ScannerError(Exception):
    """Root of what this part raises; the message says what, where and what to do."""


class BadOption(ScannerError):
    """An option is unknown or wrong."""


class DriverUnavailable(ScannerError):
    """The scanner cannot be used on this machine: a package is missing, or the bench has no place."""


class Scanner(Protocol):
    """Something that reads codes and comes back by itself.

    Made by a factory ``open_x(options) -> Scanner`` of the entry point group ``steelyard.scanner``, which
    raises BadOption or DriverUnavailable; ``steelyard.scanner_options`` names what checks the same options
    without opening anything.
    """

    @property
    def state(self) -> LineState: ...

    def read(self, timeout_s: float) -> list[Scan | Refused]:
        """What was read within ``timeout_s``; empty when nothing was, or the device is away."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...
