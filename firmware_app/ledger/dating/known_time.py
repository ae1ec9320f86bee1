"""The last moment that is known for good: what a machine that lost the time may still rely on.

Rules this file obeys:

* Evidence only: the county's signed receipts, and entries stamped while the clock was synchronised. It lies
  in the ledger already, so no power cut takes it.
* It is a bound from below. The present is not before it, and may be any time after.
"""

from __future__ import annotations

from datetime import datetime

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.reader import MAX_PAGE, LedgerReader


class KnownTime:
    """The latest such moment of one ledger, kept up as entries and receipts come."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger
        self._last: datetime | None = None
        # Of an old ledger the latest page is enough: behind it lie receipts.
        self._seen = max(0, ledger.head_seq - MAX_PAGE)
        self._receipted = 0

    def last(self) -> datetime | None:
        """The moment, None where nobody ever vouched for one; raises as the ledger's reading does."""
        while self._seen < self._ledger.head_seq:
            for jws in self._ledger.lines(self._seen, MAX_PAGE):
                payload = unverified_payload(jws)
                self._seen = payload.seq
                if payload.clock is ClockQuality.SYNCHRONISED:
                    self._later(payload.at)
        if self._ledger.receipted > self._receipted:
            self._receipted = self._ledger.receipted
            receipt = self._ledger.receipt_text(self._receipted)
            if receipt is not None:
                self._later(self._ledger.check_receipt(receipt).at)
        return self._last

    def _later(self, at: str) -> None:
        moment = datetime.fromisoformat(at)
        self._last = moment if self._last is None else max(self._last, moment)
