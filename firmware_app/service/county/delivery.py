"""The core's side of delivery: hands entries out, keeps receipts, and knows what lies on the county's shelf.

Rules this file obeys:

* The ledger is the outbox: nothing is handed over that is not on disk, and no receipt counts before it is.
* What is said of the shelf is what the chain says of it; it outlives any process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import get_args

from firmware_app.ledger.clock import Clock
from firmware_app.ledger.county.receipt import NO_LOG
from firmware_app.ledger.county.statements import MAX_STATEMENTS
from firmware_app.ledger.dating.known_time import KnownTime
from firmware_app.ledger.errors import LedgerError, LogInconsistent, StoreFailed
from firmware_app.ledger.shelf import MOST_SHELVED, READ, SHELVED, Shelved, unread
from firmware_app.ledger.store import Ledger
from firmware_app.service import door, messages
from firmware_app.service.messages import CountyState
from firmware_app.service.watches.witnesses import WitnessWatch

Delivered = (
    messages.ReadEntries
    | messages.KeepReceipt
    | messages.ReportDelivery
    | messages.ShelveEntry
    | messages.NoteRead
    | messages.SignBundle
)

PAGE_BYTES = messages.MAX_BYTES - (1 << 16)
"""Of entries in one answer: nearly a batch, with room for what is said beside them."""


class DeliveryDesk:
    """Answers the uploader, and says how delivery stands."""

    def __init__(self, ledger: Ledger, clock: Clock, witnesses: WitnessWatch | None = None) -> None:
        self._ledger = ledger
        self._witnesses = witnesses or WitnessWatch(ledger, clock, (), 1)
        self._clock = clock
        self._known_time = KnownTime(ledger)
        self._shelved = unread(ledger)
        self._told = messages.ReportDelivery(reachable=False)
        self._log: tuple[int, str] | None = None
        self.heard_ns: int | None = None
        """When the uploader was heard last."""

    def commands(self) -> door.Commands:
        """What this desk is asked to do."""
        return dict.fromkeys(get_args(Delivered), self.obey)

    def obey(self, command: Delivered, now_ns: int) -> messages.Reply:
        """The answer to one command."""
        match command:
            case messages.ReadEntries(after=after, limit=limit):
                self.heard_ns = now_ns
                return self._entries(after, limit)
            case messages.KeepReceipt(receipt=receipt, county_keys=statements):
                return self._keep_receipt(receipt, statements)
            case messages.ReportDelivery():
                self.heard_ns, self._told = now_ns, command
                return messages.Ok()
            case messages.ShelveEntry(seq=seq, why=why):
                return self._in_words(lambda: self._shelve(seq, why))
            case messages.NoteRead(seq=seq):
                return self._in_words(lambda: self._note_read(seq))
            case messages.SignBundle():
                return self._in_words(self._sign)

    def state(self) -> CountyState:
        """How delivery stands."""
        head, receipted = self._ledger.head_seq, self._ledger.receipted
        return CountyState(
            reachable=None if self.heard_ns is None else self._told.reachable,
            unsent=head - receipted,
            last_entry=head,
            received=receipted,
            problem=self._told.problem,
            shelved=tuple(each.seq for each in self._shelved),
            witnesses=self._witnesses.state,
        )

    def _entries(self, after: int, limit: int) -> messages.Reply:
        known_at = None
        try:
            lines = self._ledger.lines(after, limit, PAGE_BYTES)
            log = self._log_claim()
            # Without it certificates are dated more leniently; that must not stop delivery.
            with contextlib.suppress(StoreFailed):
                known_at = self._known_time.last()
        except LedgerError as error:
            return messages.Refused("bad_range", str(error))
        return messages.Entries(
            jws=lines,
            first_seq=after + 1,
            received=self._ledger.receipted,
            shelved=tuple(each.seq for each in self._shelved),
            clock=self._clock.quality(),
            known_at="" if known_at is None else known_at.isoformat(),
            log=log,
        )

    def _log_claim(self) -> str:
        """What the device has seen of the county's log; looked up anew only once a receipt has come."""
        received = self._ledger.receipted
        if self._log is None or self._log[0] != received:
            seen = self._ledger.log_seen()
            self._log = (received, NO_LOG if seen is None else seen.claim)
        return self._log[1]

    def _keep_receipt(self, receipt: str, statements: tuple[str, ...]) -> messages.Reply:
        try:
            for statement in statements[:MAX_STATEMENTS]:
                self._ledger.learn_county_key(statement)
            self._ledger.keep_receipt(receipt)
        except StoreFailed as error:
            return messages.Refused(error.code, str(error))
        except LogInconsistent as error:
            return messages.Refused("log_inconsistent", str(error))
        except LedgerError as error:
            return messages.Refused("bad_receipt", str(error))
        self._witnesses.look()
        return messages.Ok()

    def _shelve(self, seq: int, why: str) -> messages.Reply:
        lying = any(each.seq == seq for each in self._shelved)
        if not lying and seq != self._ledger.receipted + 1:
            return messages.Refused("not_waiting", f"entry {seq} is not the next one that waits")
        if not lying and len(self._shelved) >= MOST_SHELVED:
            words = f"{MOST_SHELVED} entries lie unread at the county already: that is no entry's fault"
            return messages.Refused("shelf_full", words)
        entry = self._ledger.entry(seq)
        if entry is None:
            return messages.Refused("no_entry", f"there is no entry {seq}")
        claim = self._ledger.shelf_claim(entry)
        if not lying:
            # Written down before it is handed out: what the county holds unread, the trail names.
            told = Shelved(seq=seq, entry=entry.hash, why=why[:200])
            self._ledger.append(SHELVED, told)
            self._shelved = (*self._shelved, told)
        return messages.ForShelf(claim=claim, text=entry.jws)

    def _note_read(self, seq: int) -> messages.Reply:
        told = next((each for each in self._shelved if each.seq == seq), None)
        if told is not None:
            self._ledger.append(READ, Shelved(seq=seq, entry=told.entry))
            self._shelved = tuple(each for each in self._shelved if each.seq != seq)
        return messages.Ok()

    def _sign(self) -> messages.Reply:
        last = self._ledger.entry(self._ledger.head_seq)
        assert last is not None
        return messages.Bundle(self._ledger.bundle_manifest(max(1, self._ledger.receipted), last))

    def _in_words(self, answer: Callable[[], messages.Reply]) -> messages.Reply:
        try:
            return answer()
        except StoreFailed as error:
            return messages.Refused(error.code, str(error))
        except LedgerError as error:
            return messages.Refused("damaged", str(error))
