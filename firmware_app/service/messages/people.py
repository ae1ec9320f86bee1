"""What is said at the door about people: signing in, who may what, the people of the appliance, its settings.

Rules this file obeys:

* A PIN comes in and never goes out: no state, reply, record, file or text for people holds one, and these
  structs do not show theirs.
* Checking a PIN takes long by intent (Argon2id). Each such command carries an ``attempt`` made by its caller;
  it is answered with ``Working`` until it is done, and sent again with the same ``attempt`` it is answered
  with what came of it, done once.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.registry.person import Name, Number, Role

Attempt = Annotated[str, Meta(min_length=1, max_length=64)]
Typed = Annotated[str, Meta(max_length=64)]
"""A number, PIN or key as somebody typed it; what it is worth is found behind the door."""


class PersonState(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in. ``idle_s``: the session ends after so many seconds without a touch."""

    number: str
    name: str
    role: Role
    idle_s: int


class SignInState(msgspec.Struct, frozen=True, kw_only=True):
    """The latest attempt to give a PIN.

    ``phase``: checking, done, or the code of a refusal (wrong, locked, same_person, not_inspector …).
    ``left``: wrong PINs that are taken before the next wait; ``wait_s``: seconds until one is taken again.
    """

    attempt: str
    phase: str
    left: int = 0
    wait_s: int = 0


class Credentials(msgspec.Struct, frozen=True):
    """Who asks, where nobody is signed in at the screen."""

    number: Typed
    pin: Typed

    def __repr__(self) -> str:
        return "Credentials(…)"


# ------------------------------------------------------------------------------------------- commands


class SignIn(msgspec.Struct, frozen=True, tag="sign_in"):
    """Opens a session; whoever was signed in before is signed out."""

    attempt: Attempt
    number: Typed
    pin: Typed

    def __repr__(self) -> str:
        return "SignIn(…)"


class SignOut(msgspec.Struct, frozen=True, tag="sign_out"):
    """Ends the session; a visit that needs it waits for the person who began it."""


class Witness(msgspec.Struct, frozen=True, tag="witness"):
    """A second inspector vouches for the visit that is open; the session of the first goes on.

    The procedure is told by ``events.Witnessed``.
    """

    attempt: Attempt
    number: Typed
    pin: Typed

    def __repr__(self) -> str:
        return "Witness(…)"


class AddPerson(msgspec.Struct, frozen=True, tag="add_person"):
    """Registers a person. ``console``: the key in the data directory, by which a keeper may be entered where
    none can sign in; else ``by``, else the keeper at the screen."""

    attempt: Attempt
    number: Number
    name: Name
    role: Role
    pin: Typed
    by: Credentials | None = None
    console: Typed = ""

    def __repr__(self) -> str:
        return f"AddPerson({self.number}, {self.role})"


class ChangePin(msgspec.Struct, frozen=True, tag="change_pin"):
    """Another PIN for ``number``: by that person, or by a keeper."""

    attempt: Attempt
    number: Number
    pin: Typed
    by: Credentials | None = None

    def __repr__(self) -> str:
        return f"ChangePin({self.number})"


class RevokePerson(msgspec.Struct, frozen=True, tag="revoke_person"):
    """``number`` signs in no more, and is signed out; the number stays taken."""

    attempt: Attempt
    number: Number
    by: Credentials | None = None


class UnlockPerson(msgspec.Struct, frozen=True, tag="unlock_person"):
    """Forgives ``number`` its wrong PINs."""

    attempt: Attempt
    number: Number
    by: Credentials | None = None


class SetParameter(msgspec.Struct, frozen=True, tag="set_parameter"):
    """Changes one of the settings that a keeper may change at run time. ``value``: as it would stand in the
    configuration; a text needs no quotes."""

    attempt: Attempt
    name: Annotated[str, Meta(max_length=64)]
    value: Annotated[str, Meta(max_length=120)]
    by: Credentials | None = None


class ShowParameters(msgspec.Struct, frozen=True, tag="show_parameters"):
    """The settings that a keeper may change, as they are."""


# -------------------------------------------------------------------------------------------- replies


class Working(msgspec.Struct, frozen=True, tag="working"):
    """Not done yet: ask again with the same ``attempt``."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. ``file``: what the configuration file says; ``at_once``: a change counts without a
    restart; ``wanted``: what may stand there, in words."""

    name: str
    value: str
    file: str
    at_once: bool
    wanted: str


class Parameters(msgspec.Struct, frozen=True, tag="parameters"):
    """All settings that a keeper may change."""

    items: tuple[Parameter, ...]
