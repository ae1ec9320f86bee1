"""Signing in: whose PIN it is, who is signed in, and when that is over.

Rules this file obeys:

* A PIN is looked at in a thread of its own, one at a time: Argon2 takes a tenth of a second to a second, and
  the turn of the core has a twentieth. What came of it is taken up by the next turn.
* Every number goes the same way: counted, looked at (against a hash that nobody has, where there is none),
  answered. Known or unknown differ in nothing that can be seen or timed from outside.
* Nobody signs in whom the record does not hold: a full disk lets nobody in. The record has working numbers of
  those who came in, of others only the last two digits, and of PINs nothing.
* A session ends after idle time, on being asked, with a restart, and for an inspector with the visit where
  that is configured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.store import Ledger
from firmware_app.registry import pin as pins
from firmware_app.registry.person import Person
from firmware_app.service.messages import Ok, PersonState, Refused, Reply, SignInState, Working
from firmware_app.service.people.book import PeopleBook
from firmware_app.service.people.lock_out import LockOut

SIGNED_IN, SIGNED_OUT = "signed_in", "signed_out"
FAILED, LOCKED = "sign_in_failed", "sign_in_locked"
"""Kinds of entries."""
REMEMBERED = 16
"""Answers kept for commands that are sent again."""
SHOWN_NS = 60_000_000_000
"""So long the screen is told of the latest attempt."""

WORDS = {
    "wrong": "the working number or the PIN is wrong",
    "locked": "too many wrong PINs",
    "busy": "another PIN is being looked at: try again",
    "not_recorded": "the record or the disk takes nothing: nobody can sign in (steelyard health)",
    "people_unreadable": "the file of people cannot be read: nobody can sign in (steelyard health)",
    "same_person": "the checker must be another person",
    "no_visit": "there is no visit of yours to vouch for",
    "not_inspector": "the checker must be an inspector",
}


class Found(NamedTuple):
    """What the thread brings: whether the PIN was right, and the hash of a new one where it was to be set."""

    right: bool
    hashed: str = ""


Then = Callable[[Person, str], Reply]
"""What is done once it is known who asks: the person, and the hash of the new PIN (empty where none)."""
Submit = Callable[[Callable[[], Found]], "Future[Found]"]


class Pending(NamedTuple):
    """An attempt on its way. ``number``: whose PIN is looked at; ``who``: set where that is not needed."""

    attempt: str
    number: str
    known: bool
    who: Person | None
    then: Then
    future: Future[Found]


class Session(NamedTuple):
    """Somebody is signed in; ``seen_ns``: when they last did something."""

    person: Person
    seen_ns: int


class SignInDesk:
    """Looks at PINs, one at a time, and keeps who is signed in at the screen."""

    def __init__(
        self,
        book: PeopleBook,
        lock_out: LockOut,
        ledger: Ledger,
        *,
        idle_s: int,
        submit: Submit | None = None,
    ) -> None:
        self.idle_s = idle_s
        self._book = book
        self._lock_out = lock_out
        self._ledger = ledger
        self._threads = ThreadPoolExecutor(1, "pin")
        self._submit: Submit = submit or self._threads.submit
        self._session: Session | None = None
        self._pending: Pending | None = None
        self._answers: dict[str, Reply] = {}
        self._shown: tuple[SignInState, str, bool, int] | None = None

    # ---------------------------------------------------------------------------------------- session

    @property
    def person(self) -> Person | None:
        """Who is signed in."""
        return None if self._session is None else self._session.person

    def state(self) -> PersonState | None:
        """The same for a screen."""
        who = self.person
        if who is None:
            return None
        return PersonState(number=who.number, name=who.name, role=who.role, idle_s=self.idle_s)

    def open(self, person: Person, now_ns: int) -> Reply:
        """Begins a session; whoever had one is signed out."""
        self.close("another")
        try:
            self._ledger.append(SIGNED_IN, {"by": by(person)})
        except LedgerError:
            return refused("not_recorded")
        self._session = Session(person, now_ns)
        return Ok()

    def close(self, why: str) -> None:
        """Ends the session. ``why``: asked, idle, visit_over, another, revoked."""
        who, self._session = self.person, None
        if who is None:
            return
        # Out is out, also where the disk takes nothing.
        with contextlib.suppress(LedgerError):
            self._ledger.append(SIGNED_OUT, {"by": by(who), "why": why})

    def stirred(self, now_ns: int) -> None:
        """Somebody does something."""
        if self._session is not None:
            self._session = self._session._replace(seen_ns=now_ns)

    # ----------------------------------------------------------------------------------------- PINs

    def ask(
        self, attempt: str, number: str, pin: str, then: Then, now_ns: int, *, new_pin: str = ""
    ) -> Reply:
        """Has the PIN of ``number`` looked at, and does ``then`` where it is right; once an attempt."""
        if (said := self._said(attempt)) is not None:
            return said
        if self._book.unreadable:
            return self._show(attempt, number, False, "people_unreadable", now_ns)
        active = self._book.people.active(number)
        known = active is not None
        if self._lock_out.wait_s(number, now_ns, known=known):
            return self._show(attempt, number, known, "locked", now_ns)
        try:
            self._lock_out.count(number, now_ns, known=known)
        except OSError:
            return self._show(attempt, number, known, "not_recorded", now_ns)
        kept = pins.NOBODY if active is None else active.pin
        work = self._submit(lambda: _look(kept, pin, new_pin))
        self._pending = Pending(attempt, number, known, None, then, work)
        self._shown = (SignInState(attempt=attempt, phase="checking"), number, known, now_ns)
        return Working()

    def hash_only(self, attempt: str, who: Person, new_pin: str, then: Then) -> Reply:
        """Has a new PIN hashed for somebody who is known already, and does ``then``; once an attempt."""
        if (said := self._said(attempt)) is not None:
            return said
        work = self._submit(lambda: Found(True, pins.hashed(new_pin)))
        self._pending = Pending(attempt, who.number, True, who, then, work)
        return Working()

    def once(self, attempt: str, do: Callable[[], Reply]) -> Reply:
        """Does what needs no PIN, and answers the same where it is asked again."""
        if (said := self._said(attempt)) is not None:
            return said
        return self._remember(attempt, do())

    def _said(self, attempt: str) -> Reply | None:
        if attempt in self._answers:
            return self._answers[attempt]
        if self._pending is None:
            return None
        return Working() if self._pending.attempt == attempt else refused("busy")

    def turn(self, now_ns: int) -> None:
        """Takes up what the thread has found, and ends what has been idle."""
        # Where the disk fails the wait goes on in memory; a restart makes it longer, the safe way to fail.
        with contextlib.suppress(OSError):
            self._lock_out.turn(now_ns)
        pending = self._pending
        if pending is not None and pending.future.done():
            self._pending = None
            self._finish(pending, pending.future.result(), now_ns)
        session = self._session
        if session is not None and now_ns - session.seen_ns > self.idle_s * 1_000_000_000:
            self.close("idle")

    def _finish(self, pending: Pending, found: Found, now_ns: int) -> None:
        number = pending.number
        if pending.who is not None:
            self._remember(pending.attempt, pending.then(pending.who, found.hashed))
            return
        # Revoked while the PIN was being looked at: out is out.
        active = self._book.people.active(number)
        if not found.right or active is None:
            self._fail(pending, now_ns)
            return
        try:
            self._lock_out.clear(number, now_ns)
        except OSError:
            self._show(pending.attempt, number, True, "not_recorded", now_ns)
            return
        reply = self._remember(pending.attempt, pending.then(active.person, found.hashed))
        phase = reply.code if isinstance(reply, Refused) else "done"
        self._shown = (SignInState(attempt=pending.attempt, phase=phase), number, True, now_ns)

    def _fail(self, pending: Pending, now_ns: int) -> None:
        number, known = pending.number, pending.known
        wait_s = self._lock_out.wait_s(number, now_ns, known=known)
        failures = self._lock_out.failures(number, known=known)
        body: dict[str, Any] = {"number": masked(number), "failures": failures}
        if wait_s:
            body["wait_s"] = wait_s
        # Where the record takes nothing the failure is still counted on the disk, and nobody got in.
        with contextlib.suppress(LedgerError):
            self._ledger.append(LOCKED if wait_s else FAILED, body)
        self._show(pending.attempt, number, known, "locked" if wait_s else "wrong", now_ns)

    # ---------------------------------------------------------------------------------------- answers

    def _show(self, attempt: str, number: str, known: bool, code: str, now_ns: int) -> Reply:
        self._shown = (SignInState(attempt=attempt, phase=code), number, known, now_ns)
        wait_s = self._lock_out.wait_s(number, now_ns, known=known)
        more = f": wait {waiting(wait_s)}" if code == "locked" else ""
        return self._remember(attempt, Refused(code, WORDS[code] + more))

    def _remember(self, attempt: str, reply: Reply) -> Reply:
        self._answers[attempt] = reply
        while len(self._answers) > REMEMBERED:
            del self._answers[next(iter(self._answers))]
        return reply

    def shown(self, now_ns: int) -> SignInState | None:
        """The latest attempt for a screen: for a minute, and for as long as it must wait."""
        if self._shown is None:
            return None
        told, number, known, since_ns = self._shown
        wait_s = self._lock_out.wait_s(number, now_ns, known=known)
        if now_ns - since_ns > SHOWN_NS and not wait_s and told.phase != "checking":
            self._shown = None
            return None
        if told.phase not in ("wrong", "locked"):
            return told
        left = self._lock_out.left(number, known=known)
        phase = "locked" if wait_s else "wrong"
        return SignInState(attempt=told.attempt, phase=phase, left=0 if wait_s else left, wait_s=wait_s)

    def finish(self) -> None:
        """Waits for a PIN that is being looked at, and ends the thread."""
        self._threads.shutdown()


def refused(code: str) -> Refused:
    """A refusal in words."""
    return Refused(code, WORDS[code])


def by(person: Person) -> dict[str, str]:
    """A person as records name them."""
    return {"number": person.number, "role": person.role.value, "name": person.name}


def masked(number: str) -> str:
    """What is kept of a number at which a PIN failed: it may be a PIN in the wrong field."""
    shown = number[-2:] if len(number) >= 4 and number.isascii() and number.isdecimal() else ""
    return f"…{shown}"


def waiting(seconds: int) -> str:
    """A wait in words."""
    return f"{seconds} s" if seconds < 60 else f"{-(-seconds // 60)} min"


def _look(kept: str, pin: str, new_pin: str) -> Found:
    """In the thread: the PIN, and only where it is right the new one."""
    right = pins.matches(kept, pin)
    return Found(right, pins.hashed(new_pin) if right and new_pin else "")
