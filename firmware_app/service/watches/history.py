"""The watch over the appliance's own history: a forked or rolled-back record judges nothing any more.

Rules this file obeys:

* What was found is recorded first and then obeyed, also after every later start.
* The counter of the hardware is moved on only when the start that names it is on disk.
"""

from __future__ import annotations

import contextlib

from firmware_app.ledger.errors import SignerFailed, StoreFailed
from firmware_app.ledger.history import (
    KIND,
    Broken,
    contradiction,
    found_before,
    missing_starts,
    recorded_count,
)
from firmware_app.ledger.signing.signer import Signer
from firmware_app.ledger.signing.signers import Counting
from firmware_app.ledger.store import Ledger

BROKEN = "history_broken"
WORDS = "this appliance's record has two histories; it judges nothing until the county has looked"
"""For programs and logs; people read the kiosk's own words."""
MOST_BEHIND = 2
"""A counter further behind the record than a cut-off start leaves it is another piece of hardware."""


class HistoryWatch:
    """Says whether this disk's history is whole, as far as is known. ``signer``: None of a key file."""

    def __init__(self, ledger: Ledger, signer: Signer | None) -> None:
        self._ledger = ledger
        self._counting = signer if isinstance(signer, Counting) else None
        self._count = 0
        self.broken: Broken | None = found_before(ledger)

    @property
    def code(self) -> str:
        """Why nothing may be judged, empty where the history is whole."""
        return "" if self.broken is None else BROKEN

    def before_start(self) -> dict[str, int]:
        """Looks at the counter; gives what the start is to record of it."""
        if self._counting is None:
            return {}
        try:
            hardware = self._counting.counter() or 0
        except SignerFailed:
            return {}
        recorded = recorded_count(self._ledger)
        if (missing := missing_starts(recorded, hardware)) is not None:
            self._note(missing)
        ahead = hardware if recorded - hardware > MOST_BEHIND else max(hardware, recorded)
        self._count = ahead + 1
        return {"counter": self._count}

    def after_start(self) -> None:
        """Moves the counter to what the recorded start says."""
        if self._counting is None or not self._count:
            return
        # What the hardware does not do now is made up for at the next start.
        with contextlib.suppress(SignerFailed):
            for _ in range(MOST_BEHIND + 1):
                if (self._counting.counter() or 0) >= self._count:
                    return
                self._counting.count()

    def show(self, text: str) -> bool:
        """Judges an entry that the county shows; True where it has just broken this history."""
        if self.broken is not None:
            return False
        found = contradiction(self._ledger, text)
        if found is None:
            return False
        self._note(found)
        return True

    def _note(self, found: Broken) -> None:
        if self.broken is not None:
            return
        self.broken = found
        # On a full disk nothing is judged either; at the next contact it is found and recorded again.
        with contextlib.suppress(StoreFailed):
            self._ledger.append(KIND, found)
