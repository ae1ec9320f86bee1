"""What can come of one exchange with the county, and of one with the core."""

from __future__ import annotations

import enum

import msgspec


class Trouble(enum.StrEnum):
    """Why nothing was delivered; the code that the screen finds words for."""

    NO_NETWORK = "no_network"
    """No connection: name, route or refused."""
    TIMEOUT = "timeout"
    CERTIFICATE = "certificate"
    """The county's TLS certificate cannot be verified."""
    CAPTIVE_PORTAL = "captive_portal"
    """Somebody answers in the county's place: a log-in page, a redirect, something that is not its format."""
    PROXY = "proxy"
    """A proxy stands in between and asks who we are (407)."""
    SERVER_ERROR = "server_error"
    BUSY = "busy"
    """The county asks to come back later (429, 503)."""
    TOO_LARGE = "too_large"
    """The batch is too large for the county (413)."""
    NOT_ENROLLED = "not_enrolled"
    """The county does not know this device (401, 403, 404)."""
    FORK = "fork"
    """The county holds another history of this device: an alarm, not a fault of the line."""
    ENTRY_REFUSED = "entry_refused"
    """The county will not take one certain entry; those after it wait until it lies on the county's shelf."""
    RECEIPT_REFUSED = "receipt_refused"
    """The county's receipt is not its word on what was sent."""
    LOG_INCONSISTENT = "log_inconsistent"
    """The county's log is not what it was when this device saw it last: an alarm, written into the ledger."""
    NOT_KEPT = "not_kept"
    """The appliance itself could not keep the receipt (disk full or failing)."""
    COUNTY_CONFUSED = "county_confused"
    """The county asks for what it cannot be missing."""


class Delivered(msgspec.Struct, frozen=True):
    """The county took the batch and gave a receipt, which nobody has verified yet.

    ``county_keys``: the county's statements of its new keys, which nobody has verified either.
    """

    receipt: str
    county_keys: tuple[str, ...] = ()
    held: str = ""
    """An entry of this device that the county holds and that was not sent, as it claims."""


class Reached(msgspec.Struct, frozen=True):
    """The county answered a knock."""


class ShelfTaken(msgspec.Struct, frozen=True):
    """The county holds the refused entry's text. ``read``: it could read it after all."""

    receipt: str
    read: bool


class NothingNew(msgspec.Struct, frozen=True):
    """The county publishes what it did when it was asked last."""


class Fetched(msgspec.Struct, frozen=True):
    """A file from the county and its statement, which nobody has verified yet."""

    statement: str
    content: bytes


class Missing(msgspec.Struct, frozen=True):
    """The county misses entries: it expects number ``expected``."""

    expected: int


class EntryRefused(msgspec.Struct, frozen=True):
    """The county refuses entry ``seq``, or the batch without saying which (0); ``why`` in its words."""

    seq: int
    why: str


class Failed(msgspec.Struct, frozen=True):
    """Nothing was delivered. ``retry_after_s``: what the county asked for, 0 where it did not."""

    trouble: Trouble
    retry_after_s: float = 0.0
    held: str = ""
    """Of a fork: the entry that the county holds instead, as it claims."""

    @property
    def reached(self) -> bool:
        """Whether it was the county that answered."""
        return self.trouble not in _UNREACHED


_UNREACHED = frozenset(
    {Trouble.NO_NETWORK, Trouble.TIMEOUT, Trouble.CERTIFICATE, Trouble.CAPTIVE_PORTAL, Trouble.PROXY}
)

Outcome = Delivered | Missing | EntryRefused | Failed
