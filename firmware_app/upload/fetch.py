"""Looks whether the county has published something, and carries it to the core.

Rules this file obeys:

* It believes nothing (see `upload.county_files`): the core proves again what is carried to it.
* It asks seldom and never in step with others: after 10 to 20 minutes; what the core refused, after a day.
* Nothing here ends or delays delivery: it is done only while nothing waits to be sent.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from firmware_app.ledger.county.downlink import Offered, Offers
from firmware_app.ledger.errors import LedgerError
from firmware_app.service import messages
from firmware_app.upload.county_files import Core, hand_over, proven
from firmware_app.upload.outcome import Failed, Fetched, NothingNew

T = TypeVar("T")
log = logging.getLogger("steelyard.upload")

SHORTEST_S, LONGEST_S = 600.0, 1200.0
LIST_S, FILE_S = 60.0, 330.0
"""The client gives up before: 30 s for a list, 5 min for a file."""
REFUSED_S = 86_400.0
MAX_LOGGED = 300


class Patiently(Protocol):
    """Waits for an errand to the county, with signs of life meanwhile; None when asked to stop first."""

    def __call__(self, errand: Callable[[], T], within: float) -> T | Failed | None: ...


class County(Protocol):
    """The county as `upload.client.CountyClient` reaches it."""

    def offers(self, ask: str, tag: str) -> tuple[Offers, str] | NothingNew | Failed: ...

    def fetch(self, ask: str, name: str) -> Fetched | Failed: ...


class Fetcher:
    """``clock``: monotonic seconds; ``chance``: a number in 0 … 1, evenly distributed, at each call."""

    def __init__(
        self, county: County, run_dir: Path, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._county = county
        self._run_dir = run_dir
        self._clock = clock
        self._chance = chance
        self._next_s = clock()
        self._tag = ""
        self._refused: dict[tuple[str, int], float] = {}

    def due(self) -> bool:
        """Whether it is time to look."""
        return self._clock() >= self._next_s

    def look(self, core: Core, patiently: Patiently) -> None:
        """Asks the county once, and carries what is new to the core."""
        self._next_s = self._clock() + SHORTEST_S + self._chance() * (LONGEST_S - SHORTEST_S)
        ask = core(messages.AskDownlink())
        if not isinstance(ask, messages.DownlinkAsk):
            return
        offered = patiently(lambda: self._county.offers(ask.ask, self._tag), LIST_S)
        if not isinstance(offered, tuple):
            if isinstance(offered, Failed):
                log.info("what the county publishes is not known: %s", offered.trouble)
            return
        offers, tag = offered
        held = {each.name: (each.version, each.sha256) for each in ask.held}
        waiting = [
            each for each in offers.items if each.name not in held or each.version > held[each.name][0]
        ]
        new = [each for each in waiting if self._clock() >= self._refused.get((each.name, each.version), 0.0)]
        carried = [
            self._carry(core, ask, each, patiently(partial(self._county.fetch, ask.ask, each.name), FILE_S))
            for each in new
        ]
        # Only a list of which all was carried is passed over the next time.
        self._tag = tag if len(new) == len(waiting) and all(carried) else ""

    def _carry(
        self, core: Core, ask: messages.DownlinkAsk, offered: Offered, fetched: Fetched | Failed | None
    ) -> bool:
        """Whether the core has it now."""
        if not isinstance(fetched, Fetched):
            log.info("%s: not fetched: %s", offered.name, fetched.trouble if fetched else "stopped")
            return False
        try:
            proven(fetched.statement, fetched.content, ask.keys)
        except LedgerError as error:
            log.warning("%s: not carried: %s", offered.name, str(error)[:MAX_LOGGED])
            return False
        return self._hand_over(core, offered, fetched)

    def _hand_over(self, core: Core, offered: Offered, fetched: Fetched) -> bool:
        try:
            reply = hand_over(core, self._run_dir, offered.name, fetched.statement, fetched.content)
        except OSError as error:
            log.warning("%s: %s: %s", self._run_dir, offered.name, error.strerror or error)
            return False
        digest = hashlib.sha256(fetched.content).hexdigest()[:12]
        if isinstance(reply, messages.Ok):
            log.info("%s version %d (%s) is with the core", offered.name, offered.version, digest)
            return True
        if isinstance(reply, messages.Refused):
            log.warning("%s version %d refused: %s", offered.name, offered.version, reply.words[:MAX_LOGGED])
            if reply.code == "bad_downlink":
                self._refused = {key: until for key, until in self._refused.items() if until > self._clock()}
                self._refused[(offered.name, offered.version)] = self._clock() + REFUSED_S
        return False
