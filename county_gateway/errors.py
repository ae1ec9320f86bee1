"""What the gateway refuses: one root, one class a cause, each with its HTTP status and code."""

from __future__ import annotations

from typing import ClassVar

from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.contract import Rejection


class GatewayError(SteelyardError):
    """Root of everything that the gateway answers with a Rejection."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def rejection(self) -> Rejection:
        """The body of the answer."""
        return Rejection(error=self.code, why=str(self))


class BadBatch(GatewayError):
    """The body is not a batch: empty, too many lines, not ended by a line feed, not ASCII."""

    code = "bad_batch"


class UnknownDevice(GatewayError):
    """No device of that id has joined."""

    status = 403
    code = "unknown_device"


class Revoked(GatewayError):
    """The device's key is trusted no more: nothing new is taken from it."""

    status = 403
    code = "revoked"


class Replaced(GatewayError):
    """The device's id goes on with another key: nothing new is taken upon the old chain."""

    status = 403
    code = "replaced"


class KeyNotHere(GatewayError):
    """The key that the county signs with is not on this machine: it gives no receipts."""

    status = 503
    code = "busy"


class EntryBad(GatewayError):
    """Entry ``seq`` is not what it should be."""

    status = 422
    code = "bad_entry"

    def __init__(self, seq: int, words: str) -> None:
        super().__init__(words)
        self.seq = seq

    def rejection(self) -> Rejection:
        return Rejection(error=self.code, why=str(self), seq=self.seq)


class GapFound(GatewayError):
    """Entries before the batch are missing."""

    status = 409
    code = "gap"

    def __init__(self, expected: int) -> None:
        super().__init__(f"entry {expected} should come next")
        self.expected = expected

    def rejection(self) -> Rejection:
        return Rejection(error=self.code, why=str(self), expected=self.expected)


class ForkFound(GatewayError):
    """The device signed another history than the one that the county holds."""

    status = 409
    code = "fork"

    def __init__(self, seq: int, jws: str, other_hash: str, known_hash: str) -> None:
        super().__init__(f"entry {seq} contradicts what this county holds; the county has been alarmed")
        self.seq = seq
        self.jws = jws
        self.other_hash = other_hash
        self.known_hash = known_hash
        self.held = ""

    def rejection(self) -> Rejection:
        return Rejection(error=self.code, why=str(self), seq=self.seq, held=self.held)


class BadToken(GatewayError):
    """The token was never given out, has expired, or has let another device in."""

    status = 403
    code = "bad_token"


class BadProof(GatewayError):
    """The device does not hold the private key of the JWK it shows."""

    status = 403
    code = "bad_proof"


class DeviceTaken(GatewayError):
    """A device of that id has joined with another key."""

    status = 409
    code = "device_taken"


class BadCursor(GatewayError):
    """What was given as the place to go on from is no cursor of that list."""

    code = "bad_cursor"


class NothingThere(GatewayError):
    """There is nothing of that name or number."""

    status = 404
    code = "not_found"


class BadAccess(GatewayError):
    """A token cannot be made or ended so."""

    code = "bad_access"


class NotLoggedIn(GatewayError):
    """No token, or none that is good."""

    status = 401
    code = "not_logged_in"


class NotAllowed(GatewayError):
    """The token is good, and not for this."""

    status = 403
    code = "not_allowed_to"


class TooOften(GatewayError):
    """Asked too often; ``retry_s``: when to ask again."""

    status = 429
    code = "too_often"

    def __init__(self, words: str, retry_s: int) -> None:
        super().__init__(words)
        self.retry_s = retry_s


class TooLarge(GatewayError):
    """More than a body may be long, once unpacked."""

    status = 413
    code = "too_large"


class WrongCoding(GatewayError):
    """The body is packed in a way that is not known, or came damaged: nobody has seen what is in it."""

    status = 415
    code = "wrong_coding"


class TooSlow(GatewayError):
    """The body did not arrive in time."""

    status = 408
    code = "too_slow"


class BadAsk(GatewayError):
    """What a device shows to be let in is not its own, not fresh, or not for this county."""

    status = 401
    code = "bad_ask"


class BadDownlink(GatewayError):
    """This cannot be published."""

    code = "bad_downlink"
