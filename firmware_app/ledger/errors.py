"""What the ledger raises: one root, one class a cause."""

from __future__ import annotations

from firmware_app.errors import SteelyardError


class LedgerError(SteelyardError):
    """Root of everything the ledger refuses or cannot do."""


class BadFormat(LedgerError):
    """The text is not what it claims to be: framing, header, size or fields."""


class BadSignature(LedgerError):
    """The signature does not belong to these bytes and this key."""


class WrongKey(LedgerError):
    """Signed by another key than the one that must have signed."""


class BadBody(LedgerError):
    """A body cannot be recorded faithfully (not an object, not finite, too large)."""


class KeyFileError(LedgerError):
    """A key file is missing, already there, loosely kept or damaged."""


class SignerUnavailable(LedgerError):
    """The hardware or library that holds the key is not there."""


class SignerFailed(LedgerError):
    """The hardware that holds the key is there, but does not do what it must."""


class LedgerInUse(LedgerError):
    """Another process writes this ledger; there is only ever one."""


class NewerLedger(LedgerError):
    """The ledger was written by a newer version of the program."""


class StoreFailed(LedgerError):
    """Nothing was saved. ``code``: disk_full, read_only, io_error, busy or damaged."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class ChainError(LedgerError):
    """The sequence of entries is broken at ``seq``."""

    def __init__(self, seq: int, words: str) -> None:
        super().__init__(f"entry {seq}: {words}")
        self.seq = seq


class Gap(ChainError):
    """An entry is missing; ``expected`` is the number that should have come."""

    def __init__(self, seq: int, expected: int) -> None:
        super().__init__(seq, f"entry {expected} should come here")
        self.expected = expected


class Repeated(ChainError):
    """The number has been passed already, with the same bytes or with bytes no longer at hand."""


class Fork(ChainError):
    """The device signed two histories: the same number with other bytes, or upon another past."""


class WrongPrev(Fork):
    """The entry does not follow from the one before it."""


class WrongDevice(ChainError):
    """The entry is of another device."""


class WrongSigner(ChainError):
    """The entry is signed by another key than the chain's."""


class BadGenesis(ChainError):
    """The chain does not begin with a genesis entry that carries its own key."""


class BadEntry(ChainError):
    """The entry's own bytes are bad: format or signature. ``seq`` is its place in the sequence."""


class BadReceipt(LedgerError):
    """The receipt is not the pinned county's word on an entry of this ledger."""


class BadStatement(LedgerError):
    """The statement is not the county's word: on its next key, or on the end of a chain."""


class BadLogProof(LedgerError):
    """A proof of the county's log does not hold."""


class LogInconsistent(BadReceipt):
    """The county's log contradicts what this device has seen of it. ``cause``: a code."""

    def __init__(self, cause: str, words: str) -> None:
        super().__init__(words)
        self.cause = cause


class NotEnrolled(LedgerError):
    """The device has not joined a county."""
