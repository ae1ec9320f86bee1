"""The line of the law that an answer stands on, as screens and records cite it."""

from __future__ import annotations

import msgspec

from firmware_app.rules.base import Confidence


class Law(msgspec.Struct, frozen=True):
    """The line of the law that was used: pack, its version and hash, the clause, and how well it is known."""

    pack: str
    version: str
    sha256: str
    clause: str
    confidence: str


NO_LAW = Law("", "", "", "", Confidence.UNCONFIRMED)
