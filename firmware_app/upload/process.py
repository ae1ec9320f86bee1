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
from typing import Protocol, TypeVar

from firmware_app.service import messages
from firmware_app.service.client import CoreSilent
from firmware_app.upload.loop import Delivery, Keep, Knock, Read, Send, Uploader, Wait
from firmware_app.upload.outcome import Failed, Outcome, Reached, Trouble

T = TypeVar("T")
log = logging.getLogger("steelyard.upload")

HEARTBEAT_S = 2.0
GIVE_UP_S = 60.0
"""No errand takes longer, whatever the other end does; the client's own bounds lie far below."""


class Core(Protocol):
    """The core as `service.client.CoreClient` reaches it."""

    def ask(self, command: messages.Command) -> messages.Reply: ...


class County(Protocol):
    """The county as `upload.client.CountyClient` reaches it."""

    def send(self, lines: tuple[str, ...]) -> Outcome: ...

    def knock(self) -> Reached | Failed: ...


class Courier:
    """Does what the `Uploader` decides, until ``stopping`` is set."""

    def __init__(self, core: Core, county: County, mind: Uploader, stopping: threading.Event) -> None:
        self._core = core
        self._county = county
        self._mind = mind
        self._stopping = stopping
        self._told: Delivery | None = None

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
                if (outcome := self._patiently(lambda: self._county.send(lines))) is not None:
                    mind.heard_county(outcome)
            case Keep(receipt=receipt):
                self._keep(receipt)
            case Knock():
                if (knocked := self._patiently(self._county.knock)) is not None:
                    mind.heard_knock(knocked)
            case Wait(seconds=seconds):
                self._wait(seconds)
                mind.heard_time()
        if mind.delivery != self._told:
            self._say()

    def _read(self, after: int, limit: int) -> None:
        match self._ask(messages.ReadEntries(after, limit)):
            case messages.Entries(jws=jws, first_seq=first, received=received):
                self._mind.heard_entries(jws, first, received)
            case _:
                self._mind.heard_core_silent()

    def _keep(self, receipt: str) -> None:
        match self._ask(messages.KeepReceipt(receipt)):
            case messages.Ok():
                self._mind.heard_kept()
            case messages.Refused(code=code, words=words):
                log.warning("receipt not kept: %s: %s", code, words)
                self._mind.heard_not_kept(bad_receipt=code == "bad_receipt")
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

    def _patiently(self, errand: Callable[[], T]) -> T | Failed | None:
        """What comes of an errand, with a sign of life meanwhile; None when asked to stop first."""
        future: Future[T] = Future()
        end = time.monotonic() + GIVE_UP_S

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
