"""The people of the appliance put together for the core: book, lock-out, session, desk.

The core asks here who stands before it, and hands over every command before it is obeyed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from firmware_app.ledger.store import Ledger
from firmware_app.procedures.page import PageJudged
from firmware_app.procedures.prompts import ControlJudged, Judged, NotSaved
from firmware_app.registry.person import EVERYBODY, Person, Role
from firmware_app.service.config import People
from firmware_app.service.door import Commands
from firmware_app.service.messages import (
    CloseVisit,
    Command,
    GiveAnswer,
    KioskAlive,
    PersonState,
    RecallWeight,
    Refused,
    Reply,
    SignInState,
    StartVisit,
    VisitKind,
    VisitState,
)
from firmware_app.service.people import permission
from firmware_app.service.people.book import PeopleBook
from firmware_app.service.people.desk import Change, PeopleDesk
from firmware_app.service.people.lock_out import LockOut
from firmware_app.service.people.permission import Facts
from firmware_app.service.people.sign_in import SignInDesk
from firmware_app.service.visits import KINDS, VisitDesk

OVER = (Judged, ControlJudged, PageJudged, NotSaved)
"""What a visit shows once nothing more comes of it: it waits for nobody."""


class Standing(NamedTuple):
    """Who stands before the appliance, for the state that goes out."""

    person: PersonState | None
    sign_in: SignInState | None
    may: tuple[VisitKind, ...]
    registered: tuple[Role, ...]
    visit: VisitState | None


class Staff:
    """Everything about people that the core needs; ``visits`` is given once the desk of visits stands."""

    def __init__(self, ledger: Ledger, data_dir: Path, config: People, change: Change, now_ns: int) -> None:
        self.leaves = config.sign_out_after_visit
        """Whether an inspector's session ends with the visit."""
        self.book = PeopleBook(ledger, data_dir)
        lock_out = LockOut(data_dir, now_ns)
        self.damaged = lock_out.damaged
        self._sign_in = SignInDesk(self.book, lock_out, ledger, idle_s=config.idle_s)
        self._desk = PeopleDesk(
            self.book,
            lock_out,
            self._sign_in,
            data_dir=data_dir,
            facts=self.facts,
            vouch=lambda event, at_ns: None if self._visits is None else self._visits.handle(event, at_ns),
            change=change,
        )
        self._visits: VisitDesk | None = None
        self._led: str | None = None
        self._step: tuple[str, int] | None = None

    def leads(self, visits: VisitDesk) -> None:
        """The desk of visits stands now."""
        self._visits = visits

    def recalls(self, command: RecallWeight, now_ns: int) -> str | Reply:
        """Who recalls a weight, in words for the record; or the reply to whoever may not, or must wait."""
        return self._desk.who(command, now_ns)

    def commands(self) -> Commands:
        """Every command about people."""
        return self._desk.commands()

    @property
    def person(self) -> Person | None:
        """Who is signed in."""
        return self._sign_in.person

    def stays(self, idle_s: int) -> None:
        """Another idle time counts from now on."""
        self._sign_in.idle_s = idle_s

    def stirs(self, now_ns: int) -> None:
        """Whoever is signed in waits for the appliance: that is no idleness."""
        self._sign_in.stirred(now_ns)

    def leaves_with_visit(self, leaves: bool) -> None:
        """Whether an inspector's session ends with the visit, from now on."""
        self.leaves = leaves

    def revoked_by_county(self, number: str, key: str) -> None:
        """The county's list, signed by ``key``, says that somebody signs in no more; strangers do not count.

        Raises LedgerError, OSError.
        """
        if self.book.people.active(number) is None:
            return
        self.book.revoke(number, {"number": "", "role": "county", "name": key})
        if self.person is not None and self.person.number == number:
            self._sign_in.close("revoked")

    def facts(self) -> Facts:
        """What permissions depend on."""
        return Facts(
            registered=self.book.people.roles,
            anybody=self.book.anybody,
            visit_by=None if self._visits is None else self._visits.by,
        )

    def refuses(self, command: Command, now_ns: int) -> Reply | None:
        """Why the command is not obeyed for whoever stands there, None where it is."""
        if isinstance(command, StartVisit | GiveAnswer | CloseVisit) or (
            isinstance(command, KioskAlive) and command.touched
        ):
            self._sign_in.stirred(now_ns)
        if type(command) in permission.BY_PIN:
            return None
        why = permission.refusal(command, self.person, self.facts())
        return Refused(why, permission.WORDS[why]) if why else None

    def leader(self, kind: VisitKind) -> Person | None:
        """Who leads a visit of this kind that begins now: None where everybody may begin it."""
        return None if permission.ALLOWED[kind] == EVERYBODY else self.person

    def waiting(self) -> Person | None:
        """Who must sign in before the open visit goes on, None where it can."""
        return permission.waits_for(self.person, self.facts())

    def turn(self, now_ns: int) -> None:
        """Takes up PINs that were looked at, ends sessions, and visits that nobody comes back to."""
        visits = self._visits
        state = None if visits is None else visits.state()
        step = None if state is None else (state.visit, state.step)
        if step != self._step:
            # Also where only instruments move a visit on: somebody puts loads on.
            self._step = step
            self._sign_in.stirred(now_ns)
        self._sign_in.turn(now_ns)
        if visits is None:
            return
        before, self._led = self._led, visits.visit if visits.by is not None else None
        who = self.person
        over = before is not None and self._led is None
        if over and self.leaves and who is not None and who.role is Role.INSPECTOR:
            self._sign_in.close("visit_over")
        if state is None or self.waiting() is None:
            self._desk.left_behind(now_ns)
        elif isinstance(state.prompt, OVER) or self._desk.left_behind(now_ns):
            visits.close(state.visit)

    def standing(self, visit: VisitState | None, now_ns: int) -> Standing:
        """How it stands with people, and the visit with whom it waits for."""
        who, facts = self.person, self.facts()
        waits = permission.waits_for(who, facts)
        return Standing(
            person=self._sign_in.state(),
            sign_in=self._sign_in.shown(now_ns),
            may=tuple(kind for kind in KINDS if not permission.why_not(kind, who, facts)),
            registered=facts.registered,
            visit=visit
            if visit is None or waits is None
            else msgspec.structs.replace(visit, waits_for=waits),
        )

    def close(self) -> None:
        """Waits for a PIN that is being looked at."""
        self._sign_in.finish()
