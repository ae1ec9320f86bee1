"""What may stand in a profile file: the tables and keys of profiles/*.toml.

Rules this file obeys:

* A profile is data: nothing in it is executed, and no key means two things.
* Columns are counted from 1 over the whole frame, as manuals count, or from the end (-1 is the last byte),
  and cover every byte without a gap.
* Text stands for bytes one to one (Latin-1): "\\u0000" is the byte 00.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from hardware.scale.contract import Check, Kind

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Hex = Annotated[str, Meta(pattern=r"^[0-9A-F]{2}( [0-9A-F]{2})*$", max_length=600)]
Length = Annotated[int, Meta(ge=1, le=128)]
Place = Annotated[int, Meta(ge=-128, le=128)]


class Meaning(enum.StrEnum):
    """What a column is for."""

    FIXED = "fixed"
    """Exactly one of the texts in ``equals``."""
    MAP = "map"
    """One of the keys of ``map``; the facts behind it hold. Any other text is no frame."""
    BITS = "bits"
    """One byte; each range of bits has its own map. Bits not named may be anything."""
    WEIGHT = "weight"
    TARE = "tare"
    ANSWER = "answer"
    """Printable text that answers a command."""
    CHECK = "check"
    ANYTHING = "anything"
    """Bytes without meaning here; any value."""


class Form(enum.StrEnum):
    """How a number is written."""

    DIGITS = "digits"
    """Digits only, blanks in front; the point is told by ``decimals`` from another column."""
    DECIMAL = "decimal"
    """Sign and point (or comma) among the digits, blanks around and behind the sign."""
    POUNDS_OUNCES = "lb:oz"
    """``12:07.50``; the value is given exactly in ounces, 199.50."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a status says. Where two columns state the same fact the later one holds.

    ``out_of_range``: overload, or underload when the sign is minus. ``expanded``: the last digit is an
    auxiliary one.
    """

    stable: bool | None = None
    kind: Kind | None = None
    negative: bool | None = None
    overload: bool | None = None
    underload: bool | None = None
    out_of_range: bool | None = None
    zero: bool | None = None
    unit: Word | None = None
    decimals: Annotated[int, Meta(ge=0, le=9)] | None = None
    expanded: bool | None = None
    error: Word | None = None
    answer: Word | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes ``from`` … ``to`` (``to`` left out: one byte)."""

    name: Word
    first: Place = field(name="from")
    to: Place | None = None
    meaning: Meaning
    equals: tuple[str, ...] = ()
    map: dict[str, Facts] = {}
    bits: dict[str, dict[str, Facts]] = {}
    form: Form | None = None

    @property
    def last(self) -> int:
        return self.first if self.to is None else self.to


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way a frame of this protocol looks; the first shape that fits is taken."""

    name: Word
    column: Annotated[tuple[Column, ...], Meta(min_length=1)]


class Framing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How frames are cut: see ``hardware.scale.framing.Cut``. ``start`` and ``end`` in hexadecimal."""

    kind: Literal["length", "end", "terminator"]
    start: tuple[Hex, ...] = ()
    end: Hex | None = None
    length: Length | None = None
    longest: Length | None = None


class CheckRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which check, over which columns. ``optional``: the same frame without it is valid too."""

    kind: Word
    first: Place = field(name="from")
    to: Place
    optional: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Line settings by likelihood, the factory setting first."""

    baud_rates: Annotated[tuple[Annotated[int, Meta(ge=300, le=921600)], ...], Meta(min_length=1)]
    settings: Annotated[tuple[Annotated[str, Meta(pattern="^[78][NEO][12]$")], ...], Meta(min_length=1)]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command the protocol knows: documentation, never sent by this program on its own."""

    send: Hex
    does: Word
    changes_scale: bool


class Vector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes and everything they mean; a key left out says that the frame does not state it.

    ``refused``: the bytes must give nothing at all.
    """

    hex: Hex
    source: Word
    note: Word | None = None
    refused: bool = False
    value: Word | None = None
    raw_text: Word | None = None
    unit: Word | None = None
    stable: bool | None = None
    kind: Kind = Kind.UNKNOWN
    overload: bool = False
    underload: bool = False
    zero: bool | None = None
    tare: Word | None = None
    auxiliary: Word | None = None
    error: Word | None = None
    answer: Word | None = None
    check: Check = Check.NONE


class ProfileFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile file as a whole. ``notes`` are for people."""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
    version: Word
    title: Word
    confidence: Literal["captured", "manual", "code", "unconfirmed"]
    sources: Annotated[tuple[Word, ...], Meta(min_length=1)]
    polled: bool
    notes: tuple[Word, ...] = ()
    line: Line
    framing: Framing
    check: CheckRange | None = None
    shape: Annotated[tuple[Shape, ...], Meta(min_length=1)]
    command: tuple[Command, ...] = ()
    vector: Annotated[tuple[Vector, ...], Meta(min_length=1)]
