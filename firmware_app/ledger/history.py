"""One device, one history: what shows that this disk does not hold all that its key has signed.

Rules this file obeys:

* Only the device's own signature can accuse it: an entry that somebody shows counts if this device's key has
  signed it and this ledger does not hold it. Nobody can stop an appliance by a mere answer.
* A counter in hardware moves on after each start has been recorded; where it stands beyond the record, starts
  are missing from this disk. A power cut between the two leaves it one behind, never ahead.
* What was found is an entry, and so outlives every start.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from firmware_app.ledger.entry import read_entry
from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.reader import LedgerReader

KIND = "history_broken"
MAX_HELD = 32 * 1024
"""Characters of a text that still fits into the body of an entry."""


class Broken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Body of a ``history_broken``.

    ``why``: ``fork``: another entry ``seq`` exists; ``rollback``: it exists and this disk ends before it;
    ``counter``: the hardware counted ``hardware`` starts, this disk knows ``recorded``. ``entry``: SHA-256 of
    the text that proves it; ``held``: that text, where it is not too long.
    """

    why: Literal["fork", "rollback", "counter"]
    seq: int = 0
    entry: str = ""
    held: str = ""
    hardware: int = 0
    recorded: int = 0


def contradiction(ledger: LedgerReader, text: str) -> Broken | None:
    """What an entry that somebody shows says against this ledger, None where nothing follows from it."""
    try:
        shown = read_entry(text, ledger.key)
    except LedgerError:
        return None
    if shown.payload.device != ledger.device:
        return None
    own = ledger.entry(shown.seq)
    if own is not None and own.hash == shown.hash:
        return None
    return Broken(
        why="rollback" if own is None else "fork",
        seq=shown.seq,
        entry=shown.hash,
        held=text if len(text) <= MAX_HELD else "",
    )


def found_before(ledger: LedgerReader) -> Broken | None:
    """What an earlier look has found and recorded."""
    entry = ledger.last_of((KIND,))
    return None if entry is None else msgspec.convert(entry.payload.body, Broken)


def recorded_count(ledger: LedgerReader) -> int:
    """The counter as the last recorded start knows it, 0 where none does."""
    entry = ledger.last_of(("start",))
    count = 0 if entry is None else entry.payload.body.get("counter", 0)
    return count if isinstance(count, int) else 0


def missing_starts(recorded: int, hardware: int) -> Broken | None:
    """What the counter says against this disk; a disk that never counted begins with what it finds."""
    if recorded == 0 or hardware <= recorded:
        return None
    return Broken(why="counter", hardware=hardware, recorded=recorded)
