"""What every law pack and every row of one says about itself.

Rules this file obeys:

* A row that does not say where it comes from is not a row.
* Nothing is evaluated here and nothing is read from disk.
"""

from __future__ import annotations

import enum
from datetime import date

import msgspec

from firmware_app.errors import SteelyardError


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
