"""The desk for people: signing in and out, vouching, and what keepers change of people and settings.

Rules this file obeys:

* Who asks is known before anything is done: signed in at the screen, or by the number and PIN that the
  command brings. What they may is asked of `permission` and of nothing else.
* A keeper can be entered without a PIN only by whoever reads the key in the data directory, which is new at
  every start: the first one, and the next where nobody can sign in any more. The record says that it was so.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.ledger.errors import LedgerError
from firmware_app.procedures.events import Witnessed
from firmware_app.registry import pin as pins
from firmware_app.registry.people import Registered
from firmware_app.registry.person import REGISTERED, Person, Role
from firmware_app.service.door import Commands
from firmware_app.service.messages import (
    AddPerson,
    ChangePin,
    Ok,
    RecallWeight,
    Refused,
    Reply,
    RevokePerson,
    SetParameter,
    SignIn,
    SignOut,
    UnlockPerson,
    Witness,
)
from firmware_app.service.people import permission
from firmware_app.service.people.book import PeopleBook
from firmware_app.service.people.lock_out import LockOut
from firmware_app.service.people.permission import Facts
from firmware_app.service.people.sign_in import SignInDesk, by, refused

CONSOLE_KEY = "console.key"
"""In the data directory, mode 0600."""
LEFT_BEHIND_NS = 1800 * 1_000_000_000
"""A visit that waits so long for the person who began it is over."""
CONSOLE = {"number": "", "role": "console", "name": ""}
"""``by`` of what was done by the key in the data directory."""


Vouch = Callable[[Witnessed, int], None]
"""Tells the open visit."""
Change = Callable[[SetParameter, Person], Reply]
"""Changes a setting."""


class PeopleDesk:
    """Answers every command that is about people; ``facts`` says how things stand now."""

    def __init__(
        self,
        book: PeopleBook,
        lock_out: LockOut,
        sign_in: SignInDesk,
        *,
        data_dir: Path,
        facts: Callable[[], Facts],
        vouch: Vouch,
        change: Change,
    ) -> None:
        self._book = book
        self._lock_out = lock_out
        self._sign_in = sign_in
        self._facts = facts
        self._vouch = vouch
        self._change = change
        self._key = secrets.token_hex(32)
        self._waiting_ns: int | None = None
        # A full disk must not keep the home screen away: nobody is entered by the key until the next start.
        with contextlib.suppress(OSError):
            durable.write(data_dir / CONSOLE_KEY, self._key.encode() + b"\n", 0o600)

    def commands(self) -> Commands:
        """What this desk is asked to do."""
        return {
            SignIn: self._open,
            SignOut: self._close,
            Witness: self._witness,
            AddPerson: self._add,
            ChangePin: self._change_pin,
            RevokePerson: self._revoke,
            UnlockPerson: self._unlock,
            SetParameter: self._set,
        }

    def left_behind(self, now_ns: int) -> bool:
        """Whether the open visit has waited too long for the person who began it."""
        if permission.waits_for(self._sign_in.person, self._facts()) is None:
            self._waiting_ns = None
        elif self._waiting_ns is None:
            self._waiting_ns = now_ns
        return self._waiting_ns is not None and now_ns - self._waiting_ns > LEFT_BEHIND_NS

    # ---------------------------------------------------------------------------------------- session

    def _open(self, command: SignIn, now_ns: int) -> Reply:
        def opened(who: Person, _hashed: str) -> Reply:
            return self._sign_in.open(who, now_ns)

        return self._sign_in.ask(command.attempt, command.number, command.pin, opened, now_ns)

    def _close(self, _command: SignOut, _now_ns: int) -> Reply:
        self._sign_in.close("asked")
        return Ok()

    def _witness(self, command: Witness, now_ns: int) -> Reply:
        first = self._sign_in.person
        led = self._facts().visit_by
        if first is None or led is None or led.number != first.number:
            return self._sign_in.once(command.attempt, lambda: refused("no_visit"))
        if command.number == first.number:
            return self._sign_in.once(command.attempt, lambda: refused("same_person"))

        def vouched(second: Person, _hashed: str) -> Reply:
            if second.role is not Role.INSPECTOR:
                return refused("not_inspector")
            if self._facts().visit_by != led:
                return refused("no_visit")
            self._vouch(Witnessed(second.number, second.name, second.role), now_ns)
            return Ok()

        return self._sign_in.ask(command.attempt, command.number, command.pin, vouched, now_ns)

    # ----------------------------------------------------------------------------------------- people

    def _add(self, command: AddPerson, now_ns: int) -> Reply:
        if command.role not in REGISTERED:
            return Refused("bad_role", "only inspectors and keepers sign in: the public and traders need not")
        if why := pins.refusal(command.pin, command.number):
            return Refused(why, pins.WORDS[why])

        def add(who: Person | None, hashed: str) -> Reply:
            one = Registered(command.number, command.name, command.role, hashed)
            return _done(lambda: self._book.add(one, CONSOLE if who is None else by(who)))

        if command.console:
            if not hmac.compare_digest(command.console.encode(), self._key.encode()):
                return Refused("bad_key", f"that is not the key in {CONSOLE_KEY} of the data directory")
            if command.role is not Role.KEEPER:
                return Refused(permission.NO_KEEPER, "the key enters keepers only: they add the others")
            nobody = Person(command.number, command.role, command.name)
            return self._sign_in.hash_only(
                command.attempt, nobody, command.pin, lambda _who, hashed: add(None, hashed)
            )
        return self._by_keeper(command, add, now_ns, new_pin=command.pin)

    def _change_pin(self, command: ChangePin, now_ns: int) -> Reply:
        if why := pins.refusal(command.pin, command.number):
            return Refused(why, pins.WORDS[why])

        def change(who: Person, hashed: str) -> Reply:
            return _done(lambda: self._book.change_pin(command.number, hashed, by(who)))

        return self._by_keeper(command, change, now_ns, new_pin=command.pin)

    def _revoke(self, command: RevokePerson, now_ns: int) -> Reply:
        def revoke(who: Person, _hashed: str) -> Reply:
            reply = _done(lambda: self._book.revoke(command.number, by(who)))
            signed_in = self._sign_in.person
            if isinstance(reply, Ok) and signed_in is not None and signed_in.number == command.number:
                self._sign_in.close("revoked")
            return reply

        return self._by_keeper(command, revoke, now_ns)

    def _unlock(self, command: UnlockPerson, now_ns: int) -> Reply:
        def unlock(who: Person, _hashed: str) -> Reply:
            def forgive() -> None:
                self._book.note_unlocked(command.number, by(who))
                self._lock_out.forgive(command.number, now_ns)

            return _done(forgive)

        return self._by_keeper(command, unlock, now_ns)

    def _set(self, command: SetParameter, now_ns: int) -> Reply:
        return self._by_keeper(command, lambda who, _hashed: self._change(command, who), now_ns)

    def _by_keeper(
        self,
        command: AddPerson | ChangePin | RevokePerson | UnlockPerson | SetParameter,
        do: Callable[[Person, str], Reply],
        now_ns: int,
        *,
        new_pin: str = "",
    ) -> Reply:
        """Does it for whoever asks, where they may: whose PIN it brings, else who is signed in."""
        attempt, signed_in = command.attempt, self._sign_in.person

        def permitted(who: Person, hashed: str) -> Reply:
            why = permission.refusal(command, who, self._facts())
            return Refused(why, permission.WORDS[why]) if why else do(who, hashed)

        if command.by is not None:
            return self._sign_in.ask(
                attempt, command.by.number, command.by.pin, permitted, now_ns, new_pin=new_pin
            )
        why = permission.refusal(command, signed_in, self._facts())
        if why or signed_in is None:
            return Refused(why, permission.WORDS[why])
        if new_pin:
            return self._sign_in.hash_only(attempt, signed_in, new_pin, permitted)
        return self._sign_in.once(attempt, lambda: permitted(signed_in, ""))

    def who(self, command: RecallWeight, now_ns: int) -> str | Reply:
        """Who recalls a weight, in words for the record; or the reply to whoever may not, or must wait."""
        facts, given = self._facts(), command.by
        if given is None:
            signed_in = self._sign_in.person
            why = permission.refusal(command, signed_in, facts)
            if why:
                return Refused(why, permission.WORDS[why])
            return "console" if signed_in is None else in_words(signed_in)

        def permitted(who: Person, _hashed: str) -> Reply:
            why = permission.refusal(command, who, self._facts())
            return Refused(why, permission.WORDS[why]) if why else Ok()

        reply = self._sign_in.ask(f"recall {command.recall}"[:64], given.number, given.pin, permitted, now_ns)
        asked = self._book.people.active(given.number)
        return reply if not isinstance(reply, Ok) or asked is None else in_words(asked.person)


def in_words(person: Person) -> str:
    """A person in one line of the record."""
    return f"{person.number} {person.name} ({person.role.value})"


def _done(do: Callable[[], None]) -> Reply:
    """Does it; what fails is said, and nothing of it was done."""
    try:
        do()
    except (LedgerError, OSError):
        return refused("not_recorded")
    except SteelyardError as error:
        return Refused("people", str(error))
    return Ok()
