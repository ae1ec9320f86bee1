"""What may stand in a profile file: the tables and keys of profiles/*.toml.

Rules this file obeys:

* A profile is data: nothing in it is executed, and no key means two things.
* Columns are counted from 1 over the whole frame, as manuals count, or from the end (-1 is the last byte),
  and cover every byte without a gap; in a frame of fields they follow each other by ``width`` or ``until``.
* Text stands for bytes one to one (Latin-1): "\\u0000" is the byte 00.
"""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from hardware.scale.contract import Check, Kind
from hardware.scale.numbers import Form

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Hex = Annotated[str, Meta(pattern=r"^[0-9A-F]{2}( [0-9A-F]{2})*$", max_length=1200)]
Figure = Annotated[str, Meta(pattern=r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$")]
Length = Annotated[int, Meta(ge=1, le=256)]
Place = Annotated[int, Meta(ge=-256, le=256)]
Decimals = Annotated[int, Meta(ge=-6, le=9)]
MOST_EXTRA = 8
"""Names in ``Indication.extra``: a few facts for people, not a second record."""
ExtraName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
ExtraText = Annotated[str, Meta(min_length=1, max_length=64)]


class Meaning(enum.StrEnum):
    """What a column is for."""

    FIXED = "fixed"
    """Exactly one of the texts in ``equals``."""
    MAP = "map"
    """One of the keys of ``map``; the facts behind it hold. Any other text is no frame."""
    BITS = "bits"
    """One byte; each range of bits has its own map. Bits not named may be anything."""
    WORDS = "words"
    """One of the keys of ``words``, blanks taken off; the facts behind it hold."""
    UNIT = "unit"
    """A unit of hardware.scale.units; ``blank`` tells what blanks mean, else they are refused."""
    WEIGHT = "weight"
    """The weight, or one of the ``words`` that stand in its place."""
    TARE = "tare"
    NUMBER = "number"
    """A number that is not the weight (price, amount, another weight): it must be one, and is not kept."""
    ANSWER = "answer"
    """Printable text that answers a command."""
    ERROR = "error"
    """Printable text that names an error."""
    CHECK = "check"
    ANYTHING = "anything"
    """Bytes without meaning here; any value, or those of ``alphabet``."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a status says. Where two columns state the same fact the later one holds.

    ``out_of_range``: overload, or underload when the sign is minus. ``expanded``: the last digit is an
    auxiliary one. ``extra``: what only this protocol says, by name.
    """

    stable: bool | None = None
    kind: Kind | None = None
    negative: bool | None = None
    overload: bool | None = None
    underload: bool | None = None
    out_of_range: bool | None = None
    zero: bool | None = None
    unit: Word | None = None
    decimals: Decimals | None = None
    expanded: bool | None = None
    error: Word | None = None
    answer: Word | None = None
    extra: Annotated[dict[ExtraName, ExtraText], Meta(max_length=MOST_EXTRA)] | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes ``from`` … ``to`` (left out: one byte); or the next ``width`` bytes, or those ``until`` a text.

    ``decimals``: of a number whose point is never sent and never moves. ``signed``: it begins with + or -.
    ``flush``: it stands at the right, no blank behind it. ``solid``: no blank in it at all. ``keep``: the
    bytes are kept as well, in hexadecimal, under this name in ``Indication.extra``.
    """

    name: Word
    first: Place | None = field(name="from", default=None)
    to: Place | None = None
    width: Length | None = None
    until: Word | None = None
    meaning: Meaning
    equals: tuple[str, ...] = ()
    map: dict[str, Facts] = {}
    words: dict[str, Facts] = {}
    bits: dict[str, dict[str, Facts]] = {}
    blank: Facts | None = None
    alphabet: Word | None = None
    form: Form | None = None
    decimals: Decimals | None = None
    signed: bool = False
    flush: bool = False
    solid: bool = False
    keep: ExtraName | None = None

    @property
    def begin(self) -> int:
        """First byte of a placed column."""
        return self.first or 0

    @property
    def last(self) -> int:
        """Last byte of a placed column."""
        return self.begin if self.to is None else self.to


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bytes ``from`` … ``to`` say how long the frame is: that number plus ``more`` bytes."""

    first: Length = field(name="from")
    to: Length
    order: Literal["little", "big"]
    more: Length


class Framing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How frames are cut: see ``hardware.scale.framing.Cut``. ``start`` and ``end`` in hexadecimal.

    ``in_phase``: frames that must follow each other without a byte between before the first is believed.
    """

    kind: Literal["length", "end", "terminator", "counted", "gap"]
    start: tuple[Hex, ...] = ()
    end: Hex | None = None
    length: Length | None = None
    longest: Length | None = None
    count: Count | None = None
    gap_ms: Annotated[int, Meta(ge=1, le=1000)] | None = None
    in_phase: Annotated[int, Meta(ge=1, le=5)] = 1


class CheckRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which check, over which bytes. ``optional``: the same frame without it is valid too."""

    kind: Word
    first: Place = field(name="from")
    to: Place
    optional: bool = False


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way a frame of this protocol looks; the first shape that fits is taken.

    ``facts`` hold for every frame of this shape. A shape that is cut in its own way has a ``framing`` of its
    own, and then a ``check`` of its own or none; it is tried before those of the common framing.
    """

    name: Word
    facts: Facts = Facts()
    framing: Framing | None = None
    check: CheckRange | None = None
    column: Annotated[tuple[Column, ...], Meta(min_length=1)]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Line settings by likelihood, the factory setting first."""

    baud_rates: Annotated[tuple[Annotated[int, Meta(ge=300, le=921600)], ...], Meta(min_length=1)]
    settings: Annotated[tuple[Annotated[str, Meta(pattern="^[78][NEO][12]$")], ...], Meta(min_length=1)]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command the protocol knows: documentation, never sent by this program on its own."""

    send: Hex
    does: Word
    changes_scale: bool


class Asking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the weight is asked for once a person chose that: see ``hardware.scale.contract.Poll``.

    ``ask``: harmless commands of this profile. ``proceed``: what must come back before the next of them.
    """

    ask: Annotated[tuple[Hex, ...], Meta(min_length=1, max_length=4)]
    every_ms: Annotated[int, Meta(ge=100, le=10_000)]
    proceed: Hex | None = None
    answer_ms: Annotated[int, Meta(ge=20, le=5000)] = 300


class Vector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes and everything they mean; a key left out says that the frame does not state it.

    ``refused``: the bytes must give nothing at all. ``extra``: where left out it is not looked at.
    """

    hex: Hex
    source: Word
    note: Word | None = None
    refused: bool = False
    value: Figure | None = None
    raw_text: Word | None = None
    unit: Word | None = None
    stable: bool | None = None
    kind: Kind = Kind.UNKNOWN
    overload: bool = False
    underload: bool = False
    zero: bool | None = None
    tare: Figure | None = None
    auxiliary: Word | None = None
    error: Word | None = None
    answer: Word | None = None
    extra: dict[ExtraName, ExtraText] | None = None
    check: Check = Check.NONE


class ProfileFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile file as a whole. ``notes`` are for people. ``transport``: its kind of line."""

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{1,39}$")]
    version: Word
    title: Word
    confidence: Literal["captured", "manual", "code", "unconfirmed"]
    sources: Annotated[tuple[Word, ...], Meta(min_length=1)]
    polled: bool
    transport: Literal["serial", "hid", "modbus"] = "serial"
    notes: tuple[Word, ...] = ()
    line: Line
    framing: Framing
    """Of all shapes that have none of their own."""
    check: CheckRange | None = None
    shape: Annotated[tuple[Shape, ...], Meta(min_length=1)]
    command: tuple[Command, ...] = ()
    poll: Asking | None = None
    vector: Annotated[tuple[Vector, ...], Meta(min_length=1)]
