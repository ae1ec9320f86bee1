"""The uploader's mind: what to do next, given what has come of the last thing. No I/O, no clock, no chance.

Rules this file obeys:

* It owns nothing but a cursor. The truth about what was received is the core's, told with every reading.
* A receipt moves the cursor only after the core has verified and kept it.
* No trouble ends it and none makes it spin: every failure waits, with full jitter between 1 s and 5 min.
* An entry that the county refuses is said aloud and tried again seldom; nothing is skipped, because the
  chain cannot be continued without it.

The shell calls `next_action`, does it, and tells what came of it by exactly one of the ``heard_`` methods.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from firmware_app.upload.outcome import (
    Delivered,
    EntryRefused,
    Failed,
    Missing,
    Outcome,
    Reached,
    Trouble,
)

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
SHORTEST_DELAY_S = 0.1
IDLE_S = 1.0
KNOCK_AFTER_S = 60.0
FIRST_BATCH, LARGEST_BATCH = 32, 256


class Read(msgspec.Struct, frozen=True):
    """Ask the core for entries with seq > ``after``."""

    after: int
    limit: int


class Send(msgspec.Struct, frozen=True):
    """Post these entries to the county; the first has number ``first``."""

    lines: tuple[str, ...]
    first: int

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


class Keep(msgspec.Struct, frozen=True):
    """Hand this receipt to the core to verify and keep."""

    receipt: str


class Knock(msgspec.Struct, frozen=True):
    """Nothing to send for a while: see whether the county is in reach."""


class Wait(msgspec.Struct, frozen=True):
    """Do nothing for so long."""

    seconds: float


Action = Read | Send | Keep | Knock | Wait


class Delivery(msgspec.Struct, frozen=True):
    """What the screen may say. ``reachable`` None before the first try; ``problem`` empty when well."""

    reachable: bool | None = None
    problem: str = ""
    entry: int = 0
    """The entry at fault, where the trouble is one entry's."""


class Uploader:
    """The state between two actions.

    ``chance``: a number in 0 … 1, evenly distributed, at each call.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._cursor: int | None = None
        self._batch = FIRST_BATCH
        self._poison: int | None = None
        self._failures = 0
        self._rewinds = 0
        self._resending_to = 0
        self._quiet_s = KNOCK_AFTER_S
        self._next: Action = Read(0, 1)
        self._sent: Send | None = None
        self.delivery = Delivery()

    @property
    def cursor(self) -> int:
        """The last entry known to be delivered."""
        return self._cursor or 0

    def next_action(self) -> Action:
        """What to do now."""
        return self._next

    # ---------------------------------------------------------------------------------- from the core

    def heard_entries(self, lines: tuple[str, ...], first: int, received: int) -> None:
        """The core's answer to Read."""
        if self._cursor is None:
            self._cursor = received
            self._next = self._read()
            return
        if received < self._cursor and self._cursor > self._resending_to:
            # A true receipt, but for less than was sent: what it left out is sent again, not at once.
            self._cursor = received
            self._fail(Failed(Trouble.RECEIPT_REFUSED))
            return
        lines = self._up_to_poison(lines, first)
        if lines and first == self._cursor + 1:
            self._sent = Send(lines, first)
            self._next = self._sent
        elif self._quiet_s >= KNOCK_AFTER_S:
            self._next = Knock()
        else:
            self._quiet_s += IDLE_S
            self._next = Wait(IDLE_S)

    def heard_core_silent(self) -> None:
        """The core did not answer Read or Keep: it is asked again, from what it then says."""
        self._cursor = None
        self._next = Wait(IDLE_S)

    def heard_kept(self) -> None:
        """The core has verified the receipt and has it on disk."""
        assert self._sent is not None
        self._cursor = self._sent.last
        if self._poison is not None and self._cursor >= self._poison:
            self._poison = None
        if self._cursor > self._resending_to:
            self._rewinds = 0
        self._sent = None
        self._failures = 0
        self._batch = min(self._batch * 2, LARGEST_BATCH)
        self.delivery = Delivery(reachable=True)
        self._next = self._read()

    def heard_not_kept(self, *, bad_receipt: bool) -> None:
        """The core will not have this receipt, or cannot keep it."""
        self._fail(Failed(Trouble.RECEIPT_REFUSED if bad_receipt else Trouble.NOT_KEPT))

    # -------------------------------------------------------------------------------- from the county

    def heard_county(self, outcome: Outcome) -> None:
        """What came of Send."""
        self._quiet_s = 0.0
        match outcome:
            case Delivered(receipt=receipt):
                self._next = Keep(receipt)
            case Missing(expected=expected):
                self._rewind(expected)
            case EntryRefused(seq=seq):
                self._shelve(seq)
            case Failed():
                self._fail(outcome)

    def heard_knock(self, outcome: Reached | Failed) -> None:
        """What came of Knock."""
        if isinstance(outcome, Failed):
            # The next knock comes right after the wait: the screen learns soon that the county is back.
            self._quiet_s = KNOCK_AFTER_S
            self._fail(outcome)
        else:
            self._quiet_s = 0.0
            self._failures = 0
            self.delivery = Delivery(reachable=True)
            self._next = Wait(IDLE_S)

    def heard_time(self) -> None:
        """Wait is over."""
        self._next = Read(0, 1) if self._cursor is None else self._read()

    # ---------------------------------------------------------------------------------------- choices

    def _read(self) -> Read:
        assert self._cursor is not None
        if self._poison is None:
            return Read(self._cursor, self._batch)
        # What comes before the refused entry goes out in whole batches; the entry itself goes alone.
        return Read(self._cursor, max(1, min(self._batch, self._poison - 1 - self._cursor)))

    def _up_to_poison(self, lines: tuple[str, ...], first: int) -> tuple[str, ...]:
        if self._poison is None or first >= self._poison:
            return lines[: self._batch]
        return lines[: min(self._batch, self._poison - first)]

    def _rewind(self, expected: int) -> None:
        assert self._sent is not None
        if not 1 <= expected < self._sent.first:
            self._fail(Failed(Trouble.COUNTY_CONFUSED))
            return
        # The county lost what it had receipted (a restored backup): it gets all of it again.
        self._resending_to = max(self._resending_to, self._sent.first - 1)
        self._cursor = expected - 1
        self._sent = None
        self._rewinds += 1
        self.delivery = Delivery(reachable=True)
        # Once is answered at once; a county that asks again and again is not obeyed in a circle.
        self._next = self._read() if self._rewinds == 1 else Wait(self._delay(self._rewinds))

    def _shelve(self, seq: int) -> None:
        assert self._sent is not None
        if not self._sent.first <= seq <= self._sent.last:
            self._fail(Failed(Trouble.COUNTY_CONFUSED))
            return
        first_time = self._poison != seq
        self._poison = seq
        self.delivery = Delivery(reachable=True, problem=Trouble.ENTRY_REFUSED, entry=seq)
        if first_time and seq > self._sent.first:
            self._next = self._read()
            return
        # Asking again soon changes nothing; somebody has to look.
        self._next = Wait(LONGEST_DELAY_S * (0.5 + self._chance() / 2))

    def _fail(self, failed: Failed) -> None:
        if failed.trouble in (Trouble.TIMEOUT, Trouble.TOO_LARGE):
            self._batch = max(1, self._batch // 2)
        self.delivery = Delivery(reachable=failed.reached, problem=failed.trouble)
        self._failures += 1
        asked = min(failed.retry_after_s, LONGEST_DELAY_S)
        self._next = Wait(max(asked, self._delay(self._failures)))

    def _delay(self, failures: int) -> float:
        """Full jitter: evenly between nearly nothing and a bound that doubles with every failure."""
        bound = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 10))
        return max(SHORTEST_DELAY_S, self._chance() * bound)
