"""The line of the law that an answer stands on, as screens and records cite it."""

from __future__ import annotations

import msgspec

from firmware_app.rules.base import Confidence
from firmware_app.rules.clauses import in_chinese


class Law(msgspec.Struct, frozen=True):
    """The line of the law that was used: pack, its version and hash, the clause, and how well it is known."""

    pack: str
    version: str
    sha256: str
    clause: str
    confidence: str

    def clause_in(self, language: str) -> str:
        """The clause for readers of a language: as the pack has it, else as Chinese texts are cited."""
        return self.clause if language == "en" else in_chinese(self.clause)


NO_LAW = Law("", "", "", "", Confidence.UNCONFIRMED)
