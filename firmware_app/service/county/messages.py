"""What is said at the door about files that come down from the county."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.ledger.downlink import MAX_STATEMENT, MOST_NAMES, DownlinkName
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
