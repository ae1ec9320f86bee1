"""What is said at the door about law packs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app.rules.bounds import MAX_PACK, MAX_SIGNATURE


class AddLawPack(msgspec.Struct, frozen=True, tag="add_law_pack"):
    """Puts a pack on the appliance's shelf. Whoever asks: the publisher's signature is what permits it.

    ``pack``: the bytes of its file; ``signature``: those of the publisher's note. Sent again it says so.
    """

    pack: Annotated[bytes, Meta(max_length=MAX_PACK)]
    signature: Annotated[bytes, Meta(max_length=MAX_SIGNATURE)]

    def __repr__(self) -> str:
        return f"AddLawPack({len(self.pack)} bytes)"


class LawPackAdded(msgspec.Struct, frozen=True, tag="law_pack_added"):
    """The pack is on the shelf and in the record. ``new``: False where it was there before."""

    id: str
    version: str
    sha256: str
    publisher: str
    new: bool
