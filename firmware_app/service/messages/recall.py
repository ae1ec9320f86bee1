"""What is said at the door about the recall of a weight."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.service.messages.people import Credentials

Text = Annotated[str, Meta(max_length=200)]
Amount = Annotated[str, Meta(max_length=40)]


class RecallWeight(msgspec.Struct, frozen=True, tag="recall_weight"):
    """A weight was found wrong: withdraw it, and judge again every entry that rests on it.

    ``recall``: made by the caller; sent again with the same one, the command tells how far it is.
    ``found``, ``expanded``: conventional mass and U (k = 2) as amounts with a unit. ``since``: first day on
    which the weight is doubted (such as 2026-09-01), empty for always. ``by``: else the keeper at the screen.
    """

    recall: Annotated[str, Meta(min_length=1, max_length=64)]
    weight: Annotated[str, Meta(min_length=1, max_length=80)]
    found: Amount
    expanded: Amount
    why: Text
    since: Annotated[str, Meta(max_length=10)] = ""
    by: Credentials | None = None


class Recalled(msgspec.Struct, frozen=True, tag="recalled"):
    """How far a recall is. ``entries``: numbers of its parts in the record; ``affected`` and ``changed``:
    entries that rest on the weight, and those of them whose verdict is another now, as far as it got.
    ``problem``: why it stands still, in words; empty where it goes on.
    """

    recall: str
    weight: str
    entries: tuple[int, ...]
    done_to: int
    up_to: int
    affected: int
    changed: int
    finished: bool
    problem: str = ""
