"""What the doors have in common: pages of lists, bounded parameters, and how a refusal is described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from firmware_app.ledger.county.contract import Rejection

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list. ``next``: what to give as ``after`` for the page after it, None at the end."""

    items: list[T]
    next: int | None


class Sheet(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list. ``next``: the cursor to give for the page after it, None at the end."""

    items: list[T]
    next: str | None


DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
NAME = r"^[^\x00-\x1f\x7f]{1,120}$"
CODE = r"^[a-z][a-z_]{0,39}$"
DEVICE = r"^[A-Za-z0-9._~-]{1,64}$"
CURSOR = r"^[A-Za-z0-9_-]{1,400}$"

After = Annotated[int, Parameter(ge=0, le=2**63 - 1, description="only what came after this id")]
Limit = Annotated[int, Parameter(ge=1, le=200, description="at most so many")]
Filter = Annotated[str | None, Parameter(max_length=64, pattern=NAME)]
Cursor = Annotated[str | None, Parameter(pattern=CURSOR, description="`next` of the page before")]
DeviceFilter = Annotated[str | None, Parameter(pattern=DEVICE, description="id of the device")]
NameFilter = Annotated[str | None, Parameter(pattern=NAME)]
CodeFilter = Annotated[str | None, Parameter(pattern=CODE)]
DayFilter = Annotated[str | None, Parameter(pattern=DAY, description="a day, YYYY-MM-DD, itself included")]

_WORDS = {
    400: "What was asked cannot be read",
    401: "No token, or none that is good",
    403: "Not for this caller",
    404: "Nothing of that name",
    405: "Not in this way",
    408: "The body came too slowly",
    409: "It contradicts what the county holds",
    413: "Too large",
    415: "Another content type is wanted",
    422: "An entry is not what it should be",
    429: "Asked too often",
    503: "Not now: ask again later",
}


def refusals(*codes: int) -> Mapping[int, ResponseSpec]:
    """How these refusals of a door are described; every door may say 400, 429 and 503."""
    return {
        code: ResponseSpec(Rejection, description=_WORDS[code], generate_examples=False)
        for code in sorted({*codes, 400, 429, 503})
    }


ANYBODY: list[dict[str, list[str]]] = []
TOKEN: list[dict[str, list[str]]] = [{"token": []}, {"password": []}]
DEVICE_KEY: list[dict[str, list[str]]] = [{"device": []}]
"""What a door asks for, as the API document names it."""

Anything = Any
