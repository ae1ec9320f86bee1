"""The county's list of inspectors: who they are, and who is one no more. No PIN, no hash of one.

A PIN has a million values. Its Argon2 hash on every card of the county could be tried out on a stolen one
within days, and would then open every appliance. So a list can take somebody out everywhere; letting somebody
in stays with a keeper, who registers the person at the appliance.

Rules this file obeys:

* The file is hostile until validated: bounded, every field checked, no field beside those named here.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from firmware_app import settings_file
from firmware_app.errors import SteelyardError
from firmware_app.registry.person import Name, Number
from firmware_app.settings_file import Key

MAX_FILE = 1 << 18
MOST = 2000
"""Inspectors of one county, the former ones among them."""


class BadInspectors(SteelyardError):
    """The list cannot be used; the message names the entry and the field."""


class Inspector(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. ``state``: active, or revoked for good."""

    number: Number
    name: Name
    role: Literal["inspector", "keeper"] = "inspector"
    state: Literal["active", "revoked"] = "active"


class Inspectors(msgspec.Struct, frozen=True):
    """All of them; a working number is one person's: else ValueError."""

    inspectors: Annotated[tuple[Inspector, ...], Key("inspector"), Meta(max_length=MOST)] = ()

    def __post_init__(self) -> None:
        numbers = [each.number for each in self.inspectors]
        for number in numbers:
            if numbers.count(number) > 1:
                raise ValueError(f"the working number {number} stands there twice")

    @property
    def revoked(self) -> tuple[str, ...]:
        """Working numbers of those who sign in no more."""
        return tuple(each.number for each in self.inspectors if each.state == "revoked")


def parse_inspectors(data: bytes, name: str = "inspectors") -> Inspectors:
    """The list in the bytes of a TOML file; raises BadInspectors. ``name`` is for the message."""
    return settings_file.parse(data, Inspectors, name, BadInspectors, MAX_FILE)
