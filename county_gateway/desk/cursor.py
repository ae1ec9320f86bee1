"""Places in a list: where the next page goes on, by the values of its last row and not by a count.

Rules this file obeys:

* What is added meanwhile moves nothing: no row that was there comes twice or is left out.
* A cursor comes back from anybody: bounded, of the list's own types, or refused.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from county_gateway.errors import BadCursor
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.jose import b64url_decode, b64url_encode

T = TypeVar("T", bound=tuple[Any, ...])

MAX_CURSOR = 400


def make_cursor(*values: str | int) -> str:
    """The cursor behind a row with these values of the list's order."""
    return b64url_encode(msgspec.json.encode(values))


def read_day_cursor(text: str) -> tuple[str, int]:
    """Day and number of the last row of a page; raises BadCursor."""
    return _read(text, tuple[str, int])


def read_name_cursor(text: str) -> tuple[str, str]:
    """Two texts (a due day and a name, a name and nothing) of the last row of a page; raises BadCursor."""
    return _read(text, tuple[str, str])


def read_number_cursor(text: str) -> int:
    """The number of the last row of a page; raises BadCursor."""
    return _read(text, tuple[int])[0]


def _read(text: str, kind: type[T]) -> T:
    try:
        if len(text) > MAX_CURSOR:
            raise BadFormat("too long")
        values: T = msgspec.json.decode(b64url_decode(text), type=kind)
    except (BadFormat, msgspec.DecodeError, UnicodeError) as error:
        raise BadCursor("this is no cursor of this list: take the one that the page before gave") from error
    if not all(_fits(value) for value in values):
        raise BadCursor("this is no cursor of this list: take the one that the page before gave")
    return values


def _fits(value: object) -> bool:
    """Whether both databases can compare with it: 64 bits, and no NUL."""
    return abs(value) < 2**63 if isinstance(value, int) else "\0" not in str(value)
