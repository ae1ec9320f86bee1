"""What every law pack and every row of one says about itself.

Rules this file obeys:

* A row that does not say where it comes from is not a row.
* Nothing is evaluated here and nothing is read from disk.
"""

from __future__ import annotations

import enum
import re
from datetime import date

import msgspec

from firmware_app.errors import SteelyardError

_ID = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,46}[a-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,5}(?:\.[0-9]{1,6}){0,2}", re.ASCII)
"""Both are parts of a file name on the shelf."""


class RulesError(SteelyardError):
    """Root of what this room raises; the message says what, where and what to do."""


class OutsideTable(RulesError):
    """The law gives no figure here; nothing is extrapolated."""


class Confidence(enum.StrEnum):
    """How well a row is known; the mapping to the tags of the fact sheet is in docs/law-packs.md."""

    CONFIRMED = "confirmed"
    """Read in the primary text itself."""
    SECONDARY = "secondary"
    """Read in one or more secondary sources; the row's source says which."""
    UNCONFIRMED = "unconfirmed"
    """Recalled, or carried over from a text that is no longer the one in force."""


def weakest(*confidences: Confidence) -> Confidence:
    """The confidence of an answer that leans on several rows."""
    order = list(Confidence)
    return max(confidences, key=order.index)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row of a pack says about itself; raises ValueError where a field is empty."""

    clause: str
    source: str
    confidence: Confidence

    def __post_init__(self) -> None:
        if not self.clause.strip() or not self.source.strip():
            raise ValueError("a row names its clause and its source")


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """What every pack has. ``expires`` is the first day on which it is no longer in force."""

    id: str
    version: str
    title: str
    effective: date
    expires: date | None = None
    source: str
    adoption: Row
    """How the national text and the international one whose rows are kept here hang together."""
    sha256: str = ""
    """Hash of the pack's file; never written in the file itself."""

    def covers(self, on: date) -> bool:
        """Whether the pack is in force on that day."""
        return self.effective <= on and (self.expires is None or on < self.expires)

    @property
    def succession(self) -> tuple[date, tuple[int, ...]]:
        """Of two packs on the same matter the greater one counts: the later text, then the later version."""
        return self.effective, tuple(int(part) for part in self.version.split("."))

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("id: 1 to 48 letters, digits, dots and dashes, such as jjg539-2016")
        if not _VERSION.fullmatch(self.version):
            raise ValueError("version: whole numbers divided by dots, such as 2 or 2.1")
        if self.expires is not None and self.expires <= self.effective:
            raise ValueError("expires: the first day no longer in force comes after the first day in force")
