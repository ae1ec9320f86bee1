"""What is said at the door about the USB stick that carries what no network does."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.service.messages.people import Attempt

MAX_FILES = 64
MAX_SAID = 300


class StickTask(enum.StrEnum):
    """What is done with a stick."""

    WRITE = "write"
    """All that waits for a receipt goes onto it."""
    READ = "read"
    """What the county gave comes from it: receipts and files."""


class CarryByStick(msgspec.Struct, frozen=True, tag="carry_by_stick"):
    """The keeper at the screen wants this done with the stick that is in; once an attempt."""

    attempt: Attempt
    task: StickTask


class StickResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``code``: why it failed, empty where it did not; ``words``: the same for the record.

    Written: entries ``first`` … ``last``, of which ``new`` had no receipt. Read: the highest entry with a
    receipt was ``before`` and is ``received``; names of the files that are new here, and of those refused.
    """

    code: Annotated[str, Meta(max_length=40)] = ""
    words: Annotated[str, Meta(max_length=MAX_SAID)] = ""
    first: int = 0
    last: int = 0
    new: int = 0
    before: int = 0
    received: int = 0
    taken: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=MAX_FILES)] = ()
    refused: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=MAX_FILES)] = ()


class StickNews(msgspec.Struct, frozen=True, tag="stick_news"):
    """What the uploader sees: how many sticks are in, how far ``attempt`` is, and what came of it at its end.

    The answer is what is wanted next.
    """

    sticks: Annotated[int, Meta(ge=0, le=64)]
    attempt: Annotated[str, Meta(max_length=64)] = ""
    done: Annotated[int, Meta(ge=0)] = 0
    of: Annotated[int, Meta(ge=0)] = 0
    result: StickResult | None = None


class StickWish(msgspec.Struct, frozen=True, tag="stick_wish"):
    """What the keeper wants done; ``task`` None: nothing."""

    attempt: str = ""
    task: StickTask | None = None


class StickState(msgspec.Struct, frozen=True, kw_only=True):
    """The stick as a screen is told. ``sticks`` None: the uploader, which looks for them, says nothing.

    ``attempt``, ``task``: the latest that was wanted, with how far it is; ``result`` once it has ended.
    """

    sticks: int | None
    attempt: str = ""
    task: StickTask | None = None
    done: int = 0
    of: int = 0
    result: StickResult | None = None
