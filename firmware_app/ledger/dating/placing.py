"""The true times of a ledger's entries: `true_time.place` upon what a ledger holds.

Rules this file obeys:

* Only verified receipts count, and entries whose signature was verified, as the ones shown are.
* Evidence far away changes nothing for people: so many entries around are enough, and keep it quick.
"""

from __future__ import annotations

from firmware_app.ledger.dating.true_time import Placed, place
from firmware_app.ledger.reader import MAX_PAGE, LedgerReader

AROUND = 2000


def place_entries(ledger: LedgerReader, after: int, limit: int) -> dict[int, Placed]:
    """The bounds of entries ``after + 1`` … ``after + limit``, by number; raises as reading does."""
    begin, end = max(0, after - AROUND), min(ledger.head_seq, after + limit + AROUND)
    payloads = []
    while begin < end:
        page = ledger.entries(begin, min(MAX_PAGE, end - begin))
        if not page:
            break
        payloads += [entry.payload for entry in page]
        begin += len(page)
    receipts = {}
    for payload in payloads:
        text = ledger.receipt_text(payload.seq)
        if text is not None:
            receipts[payload.seq] = ledger.check_receipt(text).at
    return {placed.seq: placed for placed in place(payloads, receipts) if after < placed.seq <= after + limit}
