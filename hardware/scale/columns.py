"""Reads one column of a frame: where it stands, and what it says.

Rules this file obeys:

* A reader answers False for "this is not such a frame"; it repairs nothing and raises nothing.
* Facts go into one mapping; where two columns state the same fact the later one holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from hardware.scale.numbers import BLANK, POINTLESS, Form, read_number
from hardware.scale.schema import Column, Facts, Meaning, Shape
from hardware.scale.units import SPELLINGS

_NO_NUMBER = re.compile(r"[ -~\0]*")
EXTRA = "extra."
"""In front of the name of a fact that only this protocol has."""
_BINARY = POINTLESS - {Form.DIGITS}


class Sayings(msgspec.Struct):
    """What the columns of one frame said so far."""

    facts: dict[str, Any]
    texts: dict[Meaning, str]


_Read = Callable[[str, Sayings], bool]


class Slot(NamedTuple):
    """A column made ready: where it is, and what reads it (False: not this shape)."""

    width: int | None
    until: str | None
    first: int
    last: int
    check: bool
    read: _Read

    def cut(self, frame: str, at: int) -> tuple[int, int] | None:
        """First byte and the byte behind the last, counted from 0; None where the frame is too short."""
        if self.width is not None:
            begin, end = at, at + self.width
        elif self.until is not None:
            begin, end = at, frame.find(self.until, at)
        else:
            begin = self.first - 1 if self.first > 0 else len(frame) + self.first
            end = self.last if self.last > 0 else len(frame) + self.last + 1
        return (begin, end) if 0 <= begin < end <= len(frame) else None


def slot_of(column: Column) -> Slot:
    """The column made ready for reading."""
    check = column.meaning is Meaning.CHECK
    return Slot(column.width, column.until, column.begin, column.last, check, _reader(column))


def _reader(column: Column) -> _Read:
    read = _READERS[column.meaning](column)
    return read if column.keep is None else _keeping(EXTRA + column.keep, read)


def _keeping(key: str, read: _Read) -> _Read:
    def keep(text: str, found: Sayings) -> bool:
        found.facts[key] = text.encode("latin-1").hex(" ").upper()
        return read(text, found)

    return keep


def _fixed_reader(column: Column) -> _Read:
    allowed = frozenset(column.equals)
    return lambda text, _found: text in allowed


def _words_reader(column: Column) -> _Read:
    read = _table_reader(_words(column))
    return lambda text, found: read(text.strip(BLANK), found)


def _map_reader(column: Column) -> _Read:
    return _table_reader({text: stated(facts) for text, facts in column.map.items()})


def _unkept_reader(column: Column) -> _Read:
    form, decimals = column.form or Form.DECIMAL, column.decimals or 0
    return lambda text, _found: read_number(form, text, decimals, minus=False) is not None


def _anything_reader(column: Column) -> _Read:
    letters = frozenset(column.alphabet or ())
    return lambda text, _found: not letters or letters.issuperset(text)


def _words(column: Column) -> dict[str, dict[str, Any]]:
    return {text: stated(facts) for text, facts in column.words.items()}


def _number_reader(column: Column) -> _Read:
    meaning, words = column.meaning, _words(column)
    binary, stands = column.form in _BINARY, _standing(column)

    def read(text: str, found: Sayings) -> bool:
        if binary:
            found.texts[meaning] = text
            return True
        bare = text.strip(BLANK)
        if bare in words:
            found.facts.update(words[bare])
        elif bare or meaning is Meaning.WEIGHT:
            found.texts[meaning] = text
            return stands(text)
        return _NO_NUMBER.fullmatch(text) is not None

    return read


def _standing(column: Column) -> Callable[[str], bool]:
    """Whether a number's text stands in its column as the profile says."""
    first = "[+-]" if column.signed else ""
    rest = "[!-~]*" if column.solid else r"[ -~\0]*" + ("[!-~]" if column.flush else "")
    wanted = re.compile(first + rest)
    return lambda text: wanted.fullmatch(text) is not None


def _unit_reader(column: Column) -> _Read:
    instead = None if column.blank is None else stated(column.blank)

    def read(text: str, found: Sayings) -> bool:
        word = text.strip(BLANK)
        if word in SPELLINGS:
            found.facts["unit"] = SPELLINGS[word]
            return True
        found.facts.update(instead or {})
        return not word and instead is not None

    return read


def stated(facts: Facts) -> dict[str, Any]:
    """The facts that are not left out; those of ``extra`` each under EXTRA and its own name."""
    told = {name: value for name, value in msgspec.structs.asdict(facts).items() if value is not None}
    extra = told.pop("extra", {})
    return {**told, **{EXTRA + name: text for name, text in extra.items()}}


def extras_of(shape: Shape) -> frozenset[str]:
    """The names that frames of this shape may have in ``Indication.extra``."""
    columns = {column.keep for column in shape.column if column.keep is not None}
    tables = [shape.facts, *(facts for column in shape.column for facts in _facts_of(column))]
    return frozenset(columns.union(*(facts.extra or () for facts in tables)))


def _facts_of(column: Column) -> list[Facts]:
    bits = [facts for table in column.bits.values() for facts in table.values()]
    blank = [] if column.blank is None else [column.blank]
    return [*column.map.values(), *column.words.values(), *bits, *blank]


def _table_reader(table: Mapping[str, dict[str, Any]]) -> _Read:
    def read(text: str, found: Sayings) -> bool:
        if text not in table:
            return False
        found.facts.update(table[text])
        return True

    return read


def _bits_reader(column: Column) -> _Read:
    fields = []
    for place, table in column.bits.items():
        low, high = bit_range(place)
        facts = {int(number): stated(each) for number, each in table.items()}
        fields.append((low, (1 << (high - low + 1)) - 1, facts))

    def read(text: str, found: Sayings) -> bool:
        for low, mask, facts in fields:
            number = ord(text) >> low & mask
            if number not in facts:
                return False
            found.facts.update(facts[number])
        return True

    return read


def bit_range(place: str) -> tuple[int, int]:
    """``"5"`` → (5, 5), ``"0-2"`` → (0, 2); raises ValueError."""
    low, _, high = place.partition("-")
    pair = int(low), int(high or low)
    if not 0 <= pair[0] <= pair[1] <= 7:
        raise ValueError(f"{place!r} is no range of bits 0 to 7")
    return pair


def _text_reader(column: Column) -> _Read:
    meaning = column.meaning

    def read(text: str, found: Sayings) -> bool:
        found.texts[meaning] = text.strip(BLANK) if meaning is Meaning.ERROR else text
        return meaning is Meaning.CHECK or text.isprintable()

    return read


_READERS: Mapping[Meaning, Callable[[Column], _Read]] = {
    Meaning.FIXED: _fixed_reader,
    Meaning.MAP: _map_reader,
    Meaning.WORDS: _words_reader,
    Meaning.UNIT: _unit_reader,
    Meaning.BITS: _bits_reader,
    Meaning.WEIGHT: _number_reader,
    Meaning.TARE: _number_reader,
    Meaning.NUMBER: _unkept_reader,
    Meaning.ANSWER: _text_reader,
    Meaning.ERROR: _text_reader,
    Meaning.CHECK: _text_reader,
    Meaning.ANYTHING: _anything_reader,
}
