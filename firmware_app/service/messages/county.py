"""What is said at the door about files that come down from the county."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.county.downlink import MAX_STATEMENT, MOST_NAMES, DownlinkName
from firmware_app.ledger.jose import PublicJwk

ASIDE = "downlink-{}"
"""In the run directory: where the uploader puts a file for the core, by its name."""


class AskDownlink(msgspec.Struct, frozen=True, tag="ask_downlink"):
    """Sign an ask for the county, and say what is held already. Refused while a visit is open."""


class TakeDownlink(msgspec.Struct, frozen=True, tag="take_downlink"):
    """A file from the county lies aside (`ASIDE`): look at it and use it. Sent again it changes nothing.

    ``statement``: the county's word on it.
    """

    name: DownlinkName
    statement: Annotated[str, Meta(max_length=MAX_STATEMENT)]


class HeldFile(msgspec.Struct, frozen=True):
    """A file that is used, or will be from the next start on."""

    name: str
    version: int
    sha256: str


class DownlinkAsk(msgspec.Struct, frozen=True, tag="downlink_ask"):
    """What to show to the county. ``keys``: whose statements count, so that nothing else is carried here."""

    ask: str
    held: Annotated[tuple[HeldFile, ...], Meta(max_length=MOST_NAMES)]
    keys: tuple[PublicJwk, ...]


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the county. ``at``: when it was taken (RFC 3339).

    ``version`` 0: none was ever taken; ``waits``: it counts from the next start on; ``damaged``: what lies
    here is not what was taken, and it is asked for again. ``refused``: a later version that this appliance
    could not use, 0 where there is none, with ``why`` in words for the keeper.
    """

    name: str
    version: int = 0
    at: str = ""
    waits: bool = False
    damaged: bool = False
    refused: int = 0
    why: str = ""
