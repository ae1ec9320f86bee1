"""The uploader's mind: what to do next, given what has come of the last thing. No I/O, no clock, no chance.

Rules this file obeys:

* It owns nothing but a cursor. The truth about what was received is the core's, told with every reading.
* A receipt moves the cursor only after the core has verified and kept it.
* No trouble ends it and none makes it spin: every failure waits, with decorrelated jitter between 1 s and
  5 min, so that a market's appliances do not come back all at once after an outage.
* The batch follows the line: doubled while an exchange is short, cut where it is long, halved by a timeout;
  1 … 256 entries, never more than the county takes. A connection that breaks once says nothing about the
  line, and changes nothing; twice in a row it halves the batch too.
* A county that says when to come back is obeyed, and nobody comes at the very second that all were told.
* An entry that the county refuses is said aloud and tried again seldom. Nothing is skipped, because the chain
  cannot be continued without it: what is refused for good goes to the county's shelf with its text
  (`firmware_app.ledger.shelf`), and those behind it follow.

The shell calls `next_action`, does it, and tells what came of it by exactly one of the ``heard_`` methods.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from firmware_app.ledger.county.contract import MAX_BATCH_BYTES
from firmware_app.upload.outcome import (
    Delivered,
    EntryRefused,
    Failed,
    Missing,
    Outcome,
    Reached,
    ShelfTaken,
    Trouble,
)

SHORTEST_DELAY_S, LONGEST_DELAY_S = 1.0, 300.0
DELAY_GROWTH = 3.0
"""Decorrelated jitter: evenly between the shortest delay and so many times the last one, never above the
longest (Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015)."""
IDLE_S = 1.0
KNOCK_AFTER_S = 60.0
FIRST_BATCH, LARGEST_BATCH = 32, 256
LONG_S = 8.0
"""An exchange that lasts longer is too long for its batch. The county cuts off a body after 20 s, and TCP's
rate under loss varies twofold within such a time."""
LATER_BY = 0.25
"""Of the time that the county asks for: so much later at the most, evenly."""
REFUSALS_BEFORE_SHELF = 12
"""So often a county refuses one entry alone, with 2.5 to 5 minutes between, before it is refused for good:
half an hour to an hour, in which whoever updates a gateway can look."""
SHELF_AGAIN_S = 86_400.0
"""A day's waiting after which the county is asked whether it can read by now what lies on its shelf."""


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
    """Hand this receipt to the core to verify and keep, and before it what the county says of its keys."""

    receipt: str
    county_keys: tuple[str, ...] = ()


class Knock(msgspec.Struct, frozen=True):
    """Nothing to send for a while: see whether the county is in reach."""


class Wait(msgspec.Struct, frozen=True):
    """Do nothing for so long."""

    seconds: float


class Shelve(msgspec.Struct, frozen=True):
    """Have the core hand out entry ``seq`` for the shelf, and post it there; ``why``: the county's words."""

    seq: int
    why: str


class NoteRead(msgspec.Struct, frozen=True):
    """Tell the core that the county can read entry ``seq`` now."""

    seq: int


Action = Read | Send | Keep | Knock | Wait | Shelve | NoteRead


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
        self._refusals = 0
        self._why = ""
        self._shelved: tuple[int, ...] = ()
        self._unasked_s = 0.0
        self._asked = 0
        self._read_at_county: int | None = None
        self._delay_s = 0.0
        self._rewinds = 0
        self._breaks = 0
        self._took_s = 0.0
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

    def heard_entries(
        self, lines: tuple[str, ...], first: int, received: int, shelved: tuple[int, ...] = ()
    ) -> None:
        """The core's answer to Read. ``shelved``: what lies unread on the county's shelf."""
        self._shelved = shelved
        if self._cursor is None:
            # The last receipted entry is shown once more: a county that holds a later one says so, and a disk
            # that was put back to an older state is found out at the first contact.
            self._cursor = received if received in shelved else max(0, received - 1)
            self._resending_to = max(self._resending_to, received)
            self._next = self._read()
            return
        if received < self._cursor and self._cursor > self._resending_to:
            # A true receipt, but for less than was sent: what it left out is sent again, not at once.
            self._cursor = received
            self._fail(Failed(Trouble.RECEIPT_REFUSED))
            return
        if received > self._cursor >= self._resending_to:
            # A receipt came by another way (a stick): what it covers is not sent.
            self._cursor = received
            self._next = self._read()
            return
        lines = self._up_to_poison(lines, first)
        if lines and first == self._cursor + 1:
            self._sent = Send(lines, first)
            self._next = self._sent
        elif self._shelved and self._unasked_s >= SHELF_AGAIN_S:
            self._unasked_s = 0.0
            self._asked = next((seq for seq in self._shelved if seq > self._asked), self._shelved[0])
            self._next = Shelve(self._asked, "")
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
            self._refusals = 0
        if self._cursor > self._resending_to:
            self._rewinds = 0
            self._delay_s = 0.0
        self._fit_batch(len(self._sent.lines))
        self._sent = None
        self._breaks = 0
        self.delivery = Delivery(reachable=True)
        self._next = self._read()
        if self._read_at_county is not None:
            self._next, self._read_at_county = NoteRead(self._read_at_county), None

    def heard_noted(self) -> None:
        """The core has written down that the county reads the entry, or has not: then in a day."""
        self._next = Read(0, 1) if self._cursor is None else self._read()

    def heard_not_kept(self, trouble: Trouble) -> None:
        """The core will not have this receipt, or cannot keep it."""
        self._fail(Failed(trouble))

    # -------------------------------------------------------------------------------- from the county

    def heard_county(self, outcome: Outcome, took_s: float = 0.0) -> None:
        """What came of Send, after so many seconds."""
        self._quiet_s = 0.0
        self._took_s = took_s
        match outcome:
            case Delivered(receipt=receipt, county_keys=statements):
                self._next = Keep(receipt, statements)
            case Missing(expected=expected):
                self._rewind(expected)
            case EntryRefused(seq=seq, why=why):
                self._refused(seq, why)
            case Failed():
                self._fail(outcome)

    def heard_shelf(self, outcome: ShelfTaken | Failed | EntryRefused | None) -> None:
        """What came of Shelve; None where the core would not hand the entry out."""
        self._quiet_s = 0.0
        asked = self._next
        assert isinstance(asked, Shelve)
        match outcome:
            case ShelfTaken(receipt=receipt, read=read) if self._cursor == asked.seq - 1:
                self._sent = Send(("",), asked.seq)
                self._read_at_county = asked.seq if read else None
                self._next = Keep(receipt)
            case ShelfTaken(read=read):
                self._next = NoteRead(asked.seq) if read else self._read()
            case _ if asked.seq in self._shelved and self._cursor != asked.seq - 1:
                self._next = self._read()
            case Failed():
                self._fail(outcome)
            case _:
                # A county without a shelf, or an entry that is damaged here: as before, it waits and is said.
                self._refusals = 0
                self._next = self._wait_for_somebody()

    def heard_knock(self, outcome: Reached | Failed) -> None:
        """What came of Knock."""
        if isinstance(outcome, Failed):
            # The next knock comes right after the wait: the screen learns soon that the county is back.
            self._quiet_s = KNOCK_AFTER_S
            self._fail(outcome)
        else:
            self._quiet_s = 0.0
            self._delay_s = 0.0
            self.delivery = Delivery(reachable=True)
            self._next = Wait(IDLE_S)

    def heard_time(self) -> None:
        """Wait is over."""
        assert isinstance(self._next, Wait)
        self._unasked_s += self._next.seconds
        self._next = Read(0, 1) if self._cursor is None else self._read()

    # ---------------------------------------------------------------------------------------- choices

    def _read(self) -> Read:
        assert self._cursor is not None
        if self._poison is None:
            return Read(self._cursor, self._batch)
        # What comes before the refused entry goes out in whole batches; the entry itself goes alone.
        return Read(self._cursor, max(1, min(self._batch, self._poison - 1 - self._cursor)))

    def _up_to_poison(self, lines: tuple[str, ...], first: int) -> tuple[str, ...]:
        most = min(self._batch, self._fitting(lines))
        if self._poison is None or first >= self._poison:
            return lines[:most]
        return lines[: min(most, self._poison - first)]

    def _fitting(self, lines: tuple[str, ...]) -> int:
        """How many of the entries a body may hold; one goes alone, whatever its size."""
        left = MAX_BATCH_BYTES
        for number, line in enumerate(lines):
            left -= len(line) + 1
            if left < 0:
                return max(1, number)
        return len(lines)

    def _fit_batch(self, sent: int) -> None:
        """The next batch by how long this one took, of ``sent`` entries."""
        if self._took_s > LONG_S:
            self._batch = max(1, int(sent * LONG_S / self._took_s))
        elif self._took_s <= LONG_S / 2:
            self._batch = min(self._batch * 2, LARGEST_BATCH)

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
        self._next = self._read() if self._rewinds == 1 else Wait(self._delay())

    def _refused(self, seq: int, why: str) -> None:
        assert self._sent is not None
        alone = self._sent.first == self._sent.last
        if not seq:
            # It could not even say which: halves are sent until one is refused alone.
            if not alone:
                self._batch = len(self._sent.lines) // 2
                self._next = self._read()
                return
            seq = self._sent.first
        if not self._sent.first <= seq <= self._sent.last:
            self._fail(Failed(Trouble.COUNTY_CONFUSED))
            return
        first_time = self._poison != seq
        self._refusals = (0 if first_time else self._refusals) + alone
        self._poison, self._why = seq, why
        self.delivery = Delivery(reachable=True, problem=Trouble.ENTRY_REFUSED, entry=seq)
        if first_time and seq > self._sent.first:
            self._next = self._read()
        elif self._refusals >= REFUSALS_BEFORE_SHELF and self._cursor == seq - 1:
            self._next = Shelve(seq, self._why)
        else:
            self._next = self._wait_for_somebody()

    def _wait_for_somebody(self) -> Wait:
        """Asking again soon changes nothing; somebody has to look."""
        return Wait(LONGEST_DELAY_S * (0.5 + self._chance() / 2))

    def _fail(self, failed: Failed) -> None:
        self._breaks = self._breaks + 1 if failed.trouble is Trouble.NO_NETWORK else 0
        if failed.trouble in (Trouble.TIMEOUT, Trouble.TOO_LARGE) or self._breaks > 1:
            self._batch = max(1, self._batch // 2)
        self.delivery = Delivery(reachable=failed.reached, problem=failed.trouble)
        if failed.retry_after_s:
            # Its word counts and not our guess: who was sent away often would come long after his turn.
            asked = failed.retry_after_s * (1 + LATER_BY * self._chance())
            self._next = Wait(min(LONGEST_DELAY_S, max(SHORTEST_DELAY_S, asked)))
        else:
            self._next = Wait(self._delay())

    def _delay(self) -> float:
        """Decorrelated jitter: see DELAY_GROWTH. What was waited last is all that is remembered."""
        bound = max(self._delay_s, SHORTEST_DELAY_S) * DELAY_GROWTH
        delay = SHORTEST_DELAY_S + self._chance() * (bound - SHORTEST_DELAY_S)
        self._delay_s = min(LONGEST_DELAY_S, delay)
        return self._delay_s
