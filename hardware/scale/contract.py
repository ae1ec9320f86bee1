"""What the lead from the scale under test says: Indications, and the state of the line they came over.

Rules this file obeys:

* Digits are evidence: the value is a Decimal made from the text as sent, the text is kept, and so are
  the raw bytes. Trailing zeros stay.
* Stability has three values: True, False, and None for "this protocol does not say".
* Overload, underload and errors never carry a number.
* Transports know no protocol; decoders do no I/O.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Protocol, Self

import msgspec
from msgspec import Meta


class Kind(enum.StrEnum):
    """Which quantity the scale indicates."""

    GROSS = "gross"
    NET = "net"
    TARE = "tare"
    UNKNOWN = "unknown"


class Check(enum.StrEnum):
    """What the frame's own check said."""

    NONE = "none"
    OK = "ok"
    BAD = "bad"


class Indication(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a scale, decoded.

    ``value``: in ``unit``, None when the frame holds no weight (overload, underload, error, answer).
    ``unit``: normalised symbol ("g", "kg", "t", "lb", "oz" …), None where the protocol does not send one; a
    compound such as lb:oz is given exactly in its smaller unit. ``raw_text``: the digits as sent.
    ``auxiliary``: a digit behind the verified ones. ``extra``: what only this protocol says, as pairs of name
    and text; eight at most, nothing of it is judged. ``at``: byte offset of the frame in the stream.
    ``first_ns``/``last_ns``: monotonic times of its first and last byte as read.
    """

    profile: str
    value: Decimal | None
    unit: str | None = None
    raw_text: str = ""
    kind: Kind = Kind.UNKNOWN
    stable: bool | None = None
    overload: bool = False
    underload: bool = False
    zero: bool | None = None
    tare: Decimal | None = None
    auxiliary: str | None = None
    error: str | None = None
    answer: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    check: Check = Check.NONE
    raw: bytes = b""
    at: int = 0
    first_ns: int = 0
    last_ns: int = 0


class LineState(enum.StrEnum):
    """What can be said of the line without knowing the protocol."""

    OPEN = "open"
    LOST = "lost"
    """The port is not there (unplugged, not yet plugged, no permission), or a device that only answers has
    not answered its last question as it must; it is tried again with back-off."""
    CLOSED = "closed"


class ScaleError(Exception):
    """Root of what this room raises; the message says what, where and what to do."""


class BadOption(ScaleError):
    """An option of a transport is unknown, of the wrong type or out of range."""


class ProfileError(ScaleError):
    """A profile breaks the rules of profiles, or its own vectors do not decode."""


class LineLost(ScaleError):
    """Nothing can be written: the port is gone."""


class Transport(Protocol):
    """Bytes from somewhere; reconnects by itself.

    Made by a factory ``open_x(options) -> Transport`` registered in the entry point group
    ``steelyard.scale_transport``.
    """

    @property
    def state(self) -> LineState: ...

    def read(self, timeout_s: float) -> bytes:
        """What arrived within ``timeout_s``; empty when nothing did or the line is lost (see ``state``)."""
        ...

    def write(self, data: bytes) -> None:
        """Sends ``data``; raises LineLost."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class Decoder(Protocol):
    """Bytes in, Indications out; bounded memory; no I/O and no clock of its own."""

    def feed(self, data: bytes, at_ns: int = 0) -> list[Indication]:
        """Indications completed by ``data``, in order of the stream."""
        ...

    def finish(self) -> list[Indication]:
        """Indications that only the end of the stream completes (the last frame of a file)."""
        ...

    def reset(self) -> None:
        """Forgets a half-received frame (the line was lost)."""
        ...


class Request(msgspec.Struct, frozen=True):
    """A harmless question to a scale: the bytes, and what they do in words. Zero and tare are none."""

    send: bytes
    does: str


class Registers(msgspec.Struct, frozen=True, kw_only=True):
    """The registers of a Modbus device that hold its indication, numbered as on the wire, from 0.

    ``function``: 3 or 4 (Modbus application protocol 1.1b3, 6.3 and 6.4); none that writes can be named.
    """

    address: Annotated[int, Meta(ge=1, le=247)]
    function: Literal[3, 4]
    first: Annotated[int, Meta(ge=0, le=0xFFFF)]
    count: Annotated[int, Meta(ge=1, le=125)]


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """How a scale that only answers is asked for its weight; nothing of it is sent but on a person's choice.

    ``steps``: harmless requests. With ``proceed`` all of them make one round: the next goes out when those
    bytes have come back (ENQ, ACK, DC1). Without, each round sends the next one. ``answer_ms``: how long an
    answer may take. ``registers``: set for Modbus, where the one step is the question for them.
    """

    steps: tuple[bytes, ...]
    every_ms: int
    proceed: bytes = b""
    answer_ms: int = 300
    registers: Registers | None = None


class ProfileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as an operator chooses it. ``confidence``: captured, manual, code or unconfirmed.

    ``transport``: "serial", "hid" or "modbus": on which kind of line it is spoken. ``line``: settings by
    likelihood, such as "8N1 or 7E1". ``requests``: the harmless commands of the protocol, the plain reading
    first; sent only on the choice of a person. ``poll``: how its weight is asked for again and again, None
    where that cannot be done without changing the scale, or need not be.
    """

    id: str
    version: str
    title: str
    baud_rates: Sequence[int]
    line: str
    confidence: str
    polled: bool
    transport: Literal["serial", "hid", "modbus"] = "serial"
    requests: Sequence[Request] = ()
    poll: Poll | None = None

    @property
    def asked_twice(self) -> bool:
        """Whether the operator confirms it at two loads and once more: no capture confirms it."""
        return self.confidence != "captured"


class Profiles(Protocol):
    """The shelf of protocols, registered in the entry point group ``steelyard.scale_profiles``."""

    def list(self) -> Iterable[ProfileInfo]: ...

    def decoder(self, profile_id: str) -> Decoder:
        """A fresh decoder; raises ProfileError naming the nearest known id."""
        ...
