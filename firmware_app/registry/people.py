"""The people of the appliance: who may sign in, and the hash of each PIN.

::

    DATA/people.json     mode 0600: read by the core alone

Rules this file obeys:

* Written whole or not at all, and on disk before it counts.
* Nobody is taken out: who is revoked signs in no more, and the working number is not given to another.
* The file is hostile until validated: bounded, every field checked, and refused where others could read it.
"""

from __future__ import annotations

import enum
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app import durable, settings_file
from firmware_app.errors import SteelyardError
from firmware_app.registry.person import REGISTERED, Name, Number, Person, Role

NAME = "people.json"
MODE = 0o600
FORMAT = 1
MAX_FILE = 1 << 20
MOST = 200
"""People of one market's appliance, the revoked among them."""


class BadPeople(SteelyardError):
    """The file of people cannot be used; the message names it and says what to do."""


class Standing(enum.StrEnum):
    ACTIVE = "active"
    REVOKED = "revoked"


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person. ``pin``: the Argon2id hash in its encoded form."""

    number: Number
    name: Name
    role: Role
    pin: Annotated[str, Meta(pattern=r"^\$argon2id\$", max_length=200)]
    state: Standing = Standing.ACTIVE

    @property
    def person(self) -> Person:
        """Without the secret."""
        return Person(self.number, self.role, self.name)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    people: tuple[Registered, ...]


class People:
    """All of them, as they are now. Each change is a new value; `save` puts it on the disk."""

    def __init__(self, people: Iterable[Registered] = ()) -> None:
        self._by_number = {each.number: each for each in people}

    def __iter__(self) -> Iterator[Registered]:
        return iter(self._by_number.values())

    def __len__(self) -> int:
        return len(self._by_number)

    def get(self, number: str) -> Registered | None:
        """Whoever has this number, revoked or not."""
        return self._by_number.get(number)

    def active(self, number: str) -> Registered | None:
        """Whoever may sign in with this number."""
        found = self._by_number.get(number)
        return found if found is not None and found.state is Standing.ACTIVE else None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Roles that somebody can sign in with, in their order."""
        held = {each.role for each in self._by_number.values() if each.state is Standing.ACTIVE}
        return tuple(role for role in Role if role in held)

    def with_one(self, one: Registered) -> People:
        """With this person in the place of whoever had the number; raises BadPeople beyond the most."""
        changed = {**self._by_number, one.number: one}
        if len(changed) > MOST:
            raise BadPeople(f"{MOST} people are registered already: an appliance keeps no more")
        return People(changed.values())

    def encoded(self) -> bytes:
        """The bytes of the file."""
        kept = _File(FORMAT, tuple(self._by_number.values()))
        return msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n"

    @property
    def sha256(self) -> str:
        """Of the file: names its state in the record without giving anything of it away."""
        return settings_file.sha256(self.encoded())


def load_people(data_dir: Path) -> People:
    """The people of an appliance, none where there is no file; raises BadPeople."""
    path = data_dir / NAME
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return People()
    except OSError as error:
        raise BadPeople(f"{path}: cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise BadPeople(f"{path}: others may reach it (mode {mode:o}): chmod 600 it, and let PINs be changed")
    if len(data) > MAX_FILE:
        raise BadPeople(f"{path}: larger than {MAX_FILE} bytes")
    try:
        read = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPeople(f"{path}: {error}; put a good copy there, or register everybody anew") from error
    numbers = [each.number for each in read.people]
    if read.format != FORMAT or len(set(numbers)) != len(numbers) or len(numbers) > MOST:
        raise BadPeople(f"{path}: not a file of people as this program writes it")
    if any(each.role not in REGISTERED for each in read.people):
        raise BadPeople(f"{path}: only inspectors and keepers are registered")
    return People(read.people)


def save_people(data_dir: Path, people: People) -> None:
    """Puts the file on the disk, readable by its owner alone; raises OSError."""
    durable.write(data_dir / NAME, people.encoded(), MODE)
