"""The uploader process: hands and ears for `Uploader`.

Rules this file obeys:

* It opens no file of the record: entries come from the core, receipts go to the core.
* The core hears from it every few seconds, also while a slow county keeps it waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime
from typing import Protocol, TypeVar

from firmware_app.ledger.clock import ClockQuality
from firmware_app.ledger.county.receipt import NO_LOG
from firmware_app.ledger.shelf import ShelfRequest
from firmware_app.service import messages
from firmware_app.service.client import CoreSilent
from firmware_app.upload.fetch import Fetcher
from firmware_app.upload.loop import (
    Delivery,
    Keep,
    Knock,
    NoteRead,
    Read,
    Send,
    Shelve,
    Uploader,
    Wait,
)
from firmware_app.upload.outcome import Delivered, EntryRefused, Failed, Outcome, Reached, ShelfTaken, Trouble
from firmware_app.upload.tls import Present

T = TypeVar("T")
log = logging.getLogger("steelyard.upload")

HEARTBEAT_S = 2.0
MAX_WHY = 200
"""So much of the county's reason goes into the record."""
_NOT_KEPT = {"bad_receipt": Trouble.RECEIPT_REFUSED, "log_inconsistent": Trouble.LOG_INCONSISTENT}
"""Why the core will not have a receipt, by its code; every other is its own trouble and not the county's."""
GIVE_UP_S = 60.0
"""No errand takes longer, whatever the other end does; the client's own bounds lie far below."""


class Core(Protocol):
    """The core as `service.client.CoreClient` reaches it."""

    def ask(self, command: messages.Command) -> messages.Reply: ...


class County(Protocol):
    """The county as `upload.client.CountyClient` reaches it."""

    def send(self, lines: tuple[str, ...], log: str) -> Outcome: ...

    def shelve(self, request: ShelfRequest) -> ShelfTaken | EntryRefused | Failed: ...

    def knock(self) -> Reached | Failed: ...

    def know_time(self, present: Present) -> None: ...


class Courier:
    """Does what the `Uploader` decides, until ``stopping`` is set."""

    def __init__(
        self,
        core: Core,
        county: County,
        mind: Uploader,
        stopping: threading.Event,
        fetcher: Fetcher | None = None,
    ) -> None:
        self._core = core
        self._county = county
        self._mind = mind
        self._stopping = stopping
        self._fetcher = fetcher
        self._told: Delivery | None = None
        self._log = NO_LOG

    def run(self) -> None:
        """Turns until asked to stop."""
        while not self._stopping.is_set():
            self.turn()

    def turn(self) -> None:
        """One action and what came of it."""
        mind = self._mind
        match mind.next_action():
            case Read(after=after, limit=limit):
                self._read(after, limit)
            case Send(lines=lines):
                began = time.monotonic()
                if (outcome := self._patiently(lambda: self._county.send(lines, self._log))) is not None:
                    took_s = time.monotonic() - began
                    self._show_held(outcome)
                    mind.heard_county(outcome, took_s)
            case Keep(receipt=receipt, county_keys=statements):
                self._keep(receipt, statements)
            case Shelve(seq=seq, why=why):
                self._shelve(seq, why)
            case NoteRead(seq=seq):
                self._note_read(seq)
            case Knock():
                if (knocked := self._patiently(self._county.knock)) is not None:
                    mind.heard_knock(knocked)
                    self._fetch(knocked)
            case Wait(seconds=seconds):
                self._wait(seconds)
                mind.heard_time()
        if mind.delivery != self._told:
            self._say()

    def _read(self, after: int, limit: int) -> None:
        match self._ask(messages.ReadEntries(after, limit)):
            case messages.Entries() as entries:
                self._county.know_time(_present(entries))
                self._log = entries.log
                self._mind.heard_entries(entries.jws, entries.first_seq, entries.received, entries.shelved)
            case _:
                self._mind.heard_core_silent()

    def _keep(self, receipt: str, statements: tuple[str, ...]) -> None:
        match self._ask(messages.KeepReceipt(receipt, statements)):
            case messages.Ok():
                self._mind.heard_kept()
            case messages.Refused(code=code, words=words):
                log.warning("receipt not kept: %s: %s", code, words)
                self._mind.heard_not_kept(_NOT_KEPT.get(code, Trouble.NOT_KEPT))
            case _:
                self._mind.heard_core_silent()

    def _show_held(self, outcome: Outcome) -> None:
        """What the county says that it holds of this device goes to the core, which judges it."""
        if isinstance(outcome, Delivered | Failed) and outcome.held:
            self._ask(messages.ShowHeld(outcome.held))

    def _shelve(self, seq: int, why: str) -> None:
        match self._ask(messages.ShelveEntry(seq, why[:MAX_WHY])):
            case messages.ForShelf(claim=claim, text=text):
                request = ShelfRequest(claim=claim, text=text)
                if (outcome := self._patiently(lambda: self._county.shelve(request))) is not None:
                    self._mind.heard_shelf(outcome)
            case messages.Refused(code=code, words=words):
                log.warning("entry %d not shelved: %s: %s", seq, code, words)
                self._mind.heard_shelf(None)
            case _:
                self._mind.heard_core_silent()

    def _fetch(self, knocked: Reached | Failed) -> None:
        """Nothing waits and the county is there: the time to look what it publishes."""
        fetcher = self._fetcher
        if fetcher is not None and isinstance(knocked, Reached) and fetcher.due():
            fetcher.look(self._ask, self._patiently)

    def _note_read(self, seq: int) -> None:
        match self._ask(messages.NoteRead(seq)):
            case messages.Ok() | messages.Refused():
                self._mind.heard_noted()
            case _:
                self._mind.heard_core_silent()

    def _ask(self, command: messages.Command) -> messages.Reply | None:
        try:
            return self._core.ask(command)
        except (CoreSilent, messages.BadMessage) as error:
            log.warning("%s", error)
            return None

    def _say(self) -> None:
        """Tells the core how delivery stands; before the first try there is nothing to tell."""
        delivery = self._mind.delivery
        if delivery != self._told:
            log.info("county reachable: %s; trouble: %s", delivery.reachable, delivery.problem or "none")
        self._told = delivery
        if delivery.reachable is not None:
            self._ask(messages.ReportDelivery(reachable=delivery.reachable, problem=delivery.problem))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._stopping.wait(min(left, HEARTBEAT_S)):
            if left > HEARTBEAT_S:
                self._say()

    def _patiently(self, errand: Callable[[], T], within: float | None = None) -> T | Failed | None:
        """What comes of an errand, with a sign of life meanwhile; None when asked to stop first."""
        future: Future[T] = Future()
        end = time.monotonic() + (GIVE_UP_S if within is None else within)

        def work() -> None:
            try:
                future.set_result(errand())
            except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits for it
                future.set_exception(error)

        threading.Thread(target=work, name="county", daemon=True).start()
        while not self._stopping.is_set():
            try:
                return future.result(timeout=HEARTBEAT_S)
            except NotYet:
                if time.monotonic() > end:
                    return Failed(Trouble.TIMEOUT)
                self._say()
        return None


def _present(entries: messages.Entries) -> Present:
    """What the core says of the time, for the dates of certificates."""
    known = datetime.fromisoformat(entries.known_at) if entries.known_at else None
    return Present(believed=entries.clock == ClockQuality.SYNCHRONISED, not_before=known)
