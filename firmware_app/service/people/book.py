"""The people of the appliance as the core keeps them: every change in the record first, then in the file.

Rules this file obeys:

* The record has who was added, changed or revoked and by whom, and the SHA-256 of the file as it is from then
  on; never a PIN, never its hash.
* A file that is not what the record says was changed by other hands: the next start says so in the record.
* A file that cannot be read lets nobody in, and is not taken for one without people.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from firmware_app.ledger.errors import LedgerError
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.store import Ledger
from firmware_app.registry.people import BadPeople, People, Registered, Standing, load_people, save_people

CHANGED = "people_changed"
"""Kind of the entries."""


class PeopleBook:
    """Reads the file once; from then on it is the only one who writes it."""

    def __init__(self, ledger: Ledger, data_dir: Path) -> None:
        self._ledger = ledger
        self._data_dir = data_dir
        self.unreadable = ""
        """Why the file cannot be read, in words; empty where it can."""
        try:
            self.people = load_people(data_dir)
        except BadPeople as error:
            self.people = People()
            self.unreadable = str(error)

    def note_start(self) -> None:
        """Says in the record where the file is not what the record knows; raises LedgerError."""
        known = _last_known(self._ledger)
        if self.unreadable:
            self._ledger.append(CHANGED, {"change": "unreadable", "sha256": "", "by": None})
        elif self.people.sha256 != (known or People().sha256):
            self._ledger.append(CHANGED, {"change": "found", "sha256": self.people.sha256, "by": None})

    @property
    def anybody(self) -> bool:
        """Whether somebody was ever registered here, as far as anyone can tell."""
        return bool(len(self.people)) or bool(self.unreadable)

    def add(self, person: Registered, by: dict[str, str] | None) -> None:
        """Registers a person; raises BadPeople, LedgerError and OSError."""
        if self.people.get(person.number) is not None:
            raise BadPeople(f"the number {person.number} is taken, and stays taken where it was revoked")
        self._change("added", person, by)

    def change_pin(self, number: str, hashed: str, by: dict[str, str] | None) -> None:
        """Another PIN; raises BadPeople, LedgerError and OSError."""
        self._change("pin_changed", msgspec.structs.replace(self._active(number), pin=hashed), by)

    def revoke(self, number: str, by: dict[str, str] | None) -> None:
        """Lets the person sign in no more; raises BadPeople, LedgerError and OSError."""
        self._change("revoked", msgspec.structs.replace(self._active(number), state=Standing.REVOKED), by)

    def note_unlocked(self, number: str, by: dict[str, str] | None) -> None:
        """Says in the record that wrong PINs are forgiven; raises BadPeople and LedgerError."""
        self._append("unlocked", self._active(number), by, self.people)

    def _active(self, number: str) -> Registered:
        found = self.people.active(number)
        if found is None:
            raise BadPeople(f"nobody who may sign in has the number {number}")
        return found

    def _change(self, change: str, one: Registered, by: dict[str, str] | None) -> None:
        people = self.people.with_one(one)
        self._append(change, one, by, people)
        try:
            save_people(self._data_dir, people)
        except OSError:
            # The record must not end with what did not happen.
            with contextlib.suppress(LedgerError):
                self._append("not_saved", one, by, self.people)
            raise
        self.people = people

    def _append(self, change: str, one: Registered, by: dict[str, str] | None, people: People) -> None:
        body: dict[str, Any] = {
            "change": change,
            "number": one.number,
            "name": one.name,
            "role": one.role.value,
            "by": by,
            "sha256": people.sha256,
        }
        self._ledger.append(CHANGED, body)


def _last_known(ledger: LedgerReader) -> str:
    """The SHA-256 of the file as the record knows it, empty where it knows none."""
    known = ""
    for entry in ledger.of_kind(CHANGED, 0):
        known = str(entry.payload.body.get("sha256", ""))
    return known
