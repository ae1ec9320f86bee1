"""The answers of the core to most commands."""

from __future__ import annotations

import msgspec


class Ok(msgspec.Struct, frozen=True, tag="ok"):
    """Done (or already done)."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Not done: ``code`` for programs, ``words`` for people."""

    code: str
    words: str
