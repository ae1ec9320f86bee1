"""Who somebody is to the appliance: a working number, a name as it goes on records, a role.

Rules this file obeys:

* The public and traders are nobody in particular: no name is asked of them or kept (EN 303 645, personal
  data). Only inspectors and keepers are persons here.
"""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

NUMBER_PATTERN = r"^[0-9]{3,12}\Z"
Number = Annotated[str, Meta(pattern=NUMBER_PATTERN, description="a working number of 3 to 12 digits")]
"""What the number pad of the screen can type."""
Name = Annotated[
    str,
    Meta(
        pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,39}\Z",
        description="1 to 40 characters as the name goes on records",
    ),
]


class Role(enum.StrEnum):
    """The four who stand before the appliance; the first two do not sign in."""

    PUBLIC = "public"
    TRADER = "trader"
    INSPECTOR = "inspector"
    KEEPER = "keeper"


REGISTERED = frozenset({Role.INSPECTOR, Role.KEEPER})
"""Roles that sign in, and so must be registered."""
EVERYBODY = frozenset(Role)


class Person(msgspec.Struct, frozen=True):
    """Somebody who has signed in: what goes on records as ``by``."""

    number: Number
    role: Role
    name: Name
