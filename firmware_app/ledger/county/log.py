"""What the device makes of the county's log: it only ever grows, or this device says so for ever.

Rules this file obeys:

* Pure: the tree head kept with the last receipt, and a new receipt that is already verified; a cause or none.
* The head kept is the one in the receipt upon the highest entry: it is on disk as long as that receipt is.
* An alarm rests on the county's own signature: nobody else can raise one.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from firmware_app.ledger.county.merkle import verify_consistency
from firmware_app.ledger.county.note import Checkpoint
from firmware_app.ledger.county.receipt import LoggedReceipt, Receipt, SeenLog, read_proof, seen_log
from firmware_app.ledger.errors import BadFormat, BadLogProof, BadReceipt
from firmware_app.ledger.jose import PublicJwk

ALARM_KIND = "county_log_alarm"
"""Kind of the entry that an alarm becomes."""


class Cause(enum.StrEnum):
    """Why the county's log cannot be what it was."""

    WENT_BACK = "went_back"
    """The county shows a smaller tree than it has shown before."""
    FORKED = "forked"
    """The new tree does not begin with the one that was seen."""
    NOT_PROVEN = "not_proven"
    """The proof does not begin at the tree that was seen."""
    WITHHELD = "withheld"
    """A receipt without a place in the log, from a county that keeps one. It is taken all the same."""
    REPLACED = "replaced"
    """The county that was joined keeps another log now. The receipt is taken all the same."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Body of an entry of kind ``county_log_alarm``. ``kept``, ``seen``: the signed notes (``seen`` empty of
    a receipt without one); ``receipt``: upon which entry; ``county``: thumbprint of the county's key."""

    cause: Cause
    county: str
    receipt: int
    kept: str
    seen: str

    @property
    def refuses(self) -> bool:
        """Whether the receipt is no receipt."""
        return self.cause not in (Cause.WITHHELD, Cause.REPLACED)


WORDS = {
    Cause.WENT_BACK: "the county's log is smaller than it was",
    Cause.FORKED: "the county's log is another one than it was",
    Cause.NOT_PROVEN: "the county does not show that its log goes on from what this device has seen",
    Cause.WITHHELD: "the county keeps a log and gives a receipt without a place in it",
    Cause.REPLACED: "the county has begun another log",
}


def judge(
    kept: SeenLog | None, receipt: Receipt, county: PublicJwk, *, joined: int, plain: bool
) -> Alarm | None:
    """What is wrong with a receipt's log, None where nothing is; raises BadReceipt where it comes too late.

    ``kept``: what the last receipt showed; ``receipt``: verified, by the key ``county``; ``joined``: number
    of the latest enrolment; ``plain``: whether this entry may have a receipt without a place in the log.
    """
    if kept is None or receipt.seq <= kept.seq:
        return None
    seen = seen_log(receipt, county) if isinstance(receipt, LoggedReceipt) else None
    cause = _cause(kept, seen, receipt, anew=joined > kept.seq, plain=plain)
    if cause is None:
        return None
    if cause is Cause.WENT_BACK and _earlier(receipt.at, kept.at):
        # Carried on a stick, and overtaken by one that came over the network: no lie, and no news.
        raise BadReceipt("receipt: the county gave a later one before this one came")
    return Alarm(
        cause=cause,
        county=county.kid,
        receipt=receipt.seq,
        kept=str(kept.note),
        seen="" if seen is None else str(seen.note),
    )


def _cause(kept: SeenLog, seen: SeenLog | None, receipt: Receipt, *, anew: bool, plain: bool) -> Cause | None:
    if seen is None or not isinstance(receipt, LoggedReceipt):
        return None if anew or plain else Cause.WITHHELD
    if seen.head.origin != kept.head.origin:
        return None if anew else Cause.REPLACED
    return _compared(kept.head, seen.head, receipt)


def _compared(old: Checkpoint, new: Checkpoint, receipt: LoggedReceipt) -> Cause | None:
    if new.size < old.size:
        return Cause.WENT_BACK
    if new.size == old.size:
        return None if new.root == old.root else Cause.FORKED
    if receipt.since != old.size:
        return Cause.NOT_PROVEN
    try:
        verify_consistency(old.size, new.size, old.root, new.root, read_proof(receipt.consistency))
    except (BadFormat, BadLogProof):
        return Cause.FORKED
    return None


def _earlier(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) < datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False
