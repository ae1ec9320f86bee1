"""What is said at the door about delivery: entries go out, receipts and the county's word come in."""

from __future__ import annotations

import msgspec


class ReadEntries(msgspec.Struct, frozen=True, tag="read_entries"):
    """Up to ``limit`` entries (1 … 500) with seq > ``after``."""

    after: int
    limit: int


class Entries(msgspec.Struct, frozen=True, tag="entries"):
    """Entries in order, each a compact JWS; ``received`` is the highest seq with a receipt.

    ``shelved``: entries on the county's shelf; ``clock``: quality of the clock, and ``known_at`` the last
    moment known for good (RFC 3339, empty where there was none), by which certificates are dated.
    """

    jws: tuple[str, ...]
    first_seq: int
    received: int
    shelved: tuple[int, ...] = ()
    clock: str = "synchronised"
    known_at: str = ""
    log: str = "0"
    """What the device has seen of the county's log, to be told to the county (`receipt.LOG_HEADER`)."""


class KeepReceipt(msgspec.Struct, frozen=True, tag="keep_receipt"):
    """A county receipt to verify and keep. ``county_keys``: statements of keys, to be learnt before it."""

    receipt: str
    county_keys: tuple[str, ...] = ()


class ShowHeld(msgspec.Struct, frozen=True, tag="show_held"):
    """An entry of this device that the county holds, as it claims: the core compares it with its own."""

    text: str


class ReportDelivery(msgspec.Struct, frozen=True, tag="report_delivery"):
    """The uploader's own state: is the county in reach, and what is the trouble."""

    reachable: bool
    problem: str = ""


class ShelveEntry(msgspec.Struct, frozen=True, tag="shelve_entry"):
    """Entry ``seq`` is refused by the county for good: write that down and hand it out for the county's
    shelf. ``why``: the county's words. Refused unless it is the next that waits, or lies there already."""

    seq: int
    why: str = ""


class ForShelf(msgspec.Struct, frozen=True, tag="for_shelf"):
    """A refused entry: its text, and the device's word that it is this entry."""

    claim: str
    text: str


class NoteRead(msgspec.Struct, frozen=True, tag="note_read"):
    """The county can read entry ``seq`` of its shelf now."""

    seq: int


class SignBundle(msgspec.Struct, frozen=True, tag="sign_bundle"):
    """Sign a manifest over what waits for a receipt, which is carried to the county on a stick.

    The last receipted entry goes along, so that the county sees from where it continues.
    """


class Bundle(msgspec.Struct, frozen=True, tag="bundle"):
    """The signed manifest of a bundle."""

    manifest: str
