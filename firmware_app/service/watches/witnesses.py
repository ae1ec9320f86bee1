"""Whether the witnesses that this appliance knows stand behind what the county shows of its log.

A county that shows one log to some and another to others is found out only by somebody who sees both: the
witnesses. An appliance to which the configuration names some looks for their cosignatures on every checkpoint
that a receipt brings, says on health and to the keeper where there are too few, and writes it down.

Rules this file obeys:

* A lack stops nothing: the county's receipt stays its word, and a witness may be away.
* It is written down when it begins and when it is over, and no more than once a day: else every entry about
  it would bring the next receipt, and that the next entry.
* After a start it is known again from the last receipt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import msgspec

from firmware_app.ledger.clock import Clock
from firmware_app.ledger.county.cosigned import cosigners
from firmware_app.ledger.county.note import VerifierKey
from firmware_app.ledger.county.receipt import SeenLog
from firmware_app.ledger.errors import LedgerError, StoreFailed
from firmware_app.ledger.store import Ledger
from firmware_app.service.messages.parts import WitnessState

MISSING, BACK = "witnesses_missing", "witnesses_back"
"""Kinds of the entries."""


class Cosigned(msgspec.Struct, frozen=True, kw_only=True):
    """Body of both. ``receipt``: upon which entry; ``checkpoint``: the signed note as the county gave it."""

    needed: int
    cosigned: tuple[str, ...]
    missing: tuple[str, ...]
    receipt: int
    checkpoint: str


class WitnessWatch:
    """``witnesses``: those that the configuration names; ``needed``: so many must have cosigned."""

    def __init__(self, ledger: Ledger, clock: Clock, witnesses: Sequence[VerifierKey], needed: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._witnesses = tuple(witnesses)
        self._needed = needed
        self._state: WitnessState | None = None
        last = ledger.last_of((MISSING, BACK))
        self._told_missing = last is not None and last.payload.kind == MISSING
        told = ledger.last_of((MISSING,))
        self._told_on = "" if told is None else told.payload.at[:10]
        if self._witnesses:
            # A receipt that is no longer what it was is found by the checks of the ledger.
            with contextlib.suppress(LedgerError):
                self._judge(ledger.log_seen())

    @property
    def state(self) -> WitnessState | None:
        """How it stands; None where no witness is named or no log was seen yet."""
        return self._state

    def look(self) -> None:
        """Looks at what the last receipt showed."""
        if not self._witnesses:
            return
        try:
            seen = self._ledger.log_seen()
            self._judge(seen)
            if seen is not None:
                self._write_down(seen)
        except StoreFailed:
            # The receipt is kept; the next one says it again.
            return

    def _judge(self, seen: SeenLog | None) -> None:
        if seen is None:
            return
        names = cosigners(seen.note, self._witnesses)
        missing = tuple(key.name for key in self._witnesses if key.name not in names)
        self._state = WitnessState(
            needed=self._needed, cosigned=names, missing=missing, receipt=seen.seq, at=seen.at
        )

    def _write_down(self, seen: SeenLog) -> None:
        state = self._state
        assert state is not None
        if state.well == (not self._told_missing):
            return
        body = Cosigned(
            needed=state.needed,
            cosigned=state.cosigned,
            missing=state.missing,
            receipt=state.receipt,
            checkpoint=str(seen.note),
        )
        if state.well:
            self._ledger.append(BACK, body)
            self._told_missing = False
            return
        today = self._clock.now().date().isoformat()
        if today != self._told_on:
            self._ledger.append(MISSING, body)
            self._told_missing, self._told_on = True, today
