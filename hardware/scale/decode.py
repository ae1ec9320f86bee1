"""From the bytes of one frame to an Indication, as the columns of a profile say.

Rules this file obeys:

* A byte that no column allows makes the frame no frame; nothing is repaired.
* The value is made from the digits as sent by placing a point, never by arithmetic on floats.
* Overload, underload, an error, an answer and a failed check carry no number, whatever the digits say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from hardware.scale.checks import CHECKS
from hardware.scale.contract import Check, Indication, Kind
from hardware.scale.framing import Judged
from hardware.scale.numbers import BLANK, POINTLESS, Form, Number, read_number
from hardware.scale.schema import CheckRange, Column, Facts, Meaning, Shape
from hardware.scale.units import SPELLINGS

_NO_NUMBER = re.compile(r"[ -~\0]*")
_BINARY = POINTLESS - {Form.DIGITS}


class _Found(msgspec.Struct):
    """What the columns of one frame said so far."""

    facts: dict[str, Any]
    texts: dict[Meaning, str]


_Read = Callable[[str, _Found], bool]


class _Slot(NamedTuple):
    """A column made ready: where it is, and what reads it (False: not this shape)."""

    column: Column
    check: bool
    read: _Read

    def cut(self, frame: bytes, at: int) -> tuple[int, int] | None:
        """First byte and the byte behind the last, counted from 0; None where the frame is too short."""
        column = self.column
        if column.width is not None:
            begin, end = at, at + column.width
        elif column.until is not None:
            begin, end = at, frame.find(column.until.encode("latin-1"), at)
        else:
            first, last = column.begin, column.last
            begin = first - 1 if first > 0 else len(frame) + first
            end = last if last > 0 else len(frame) + last + 1
        return (begin, end) if 0 <= begin < end <= len(frame) else None


class Found(NamedTuple):
    """What a shape says of a frame, and the check it carries."""

    indication: Indication
    check: str


class ShapeReader:
    """Reads frames of one shape."""

    def __init__(self, shape: Shape) -> None:
        self._slots = tuple(_slot(column) for column in shape.column)
        self._facts = _stated(shape.facts)
        self._numbers = {c.meaning: c for c in shape.column if c.form is not None}

    def read(self, frame: bytes, with_check: bool) -> Found | None:
        """The Indication in ``frame``, profile id and check still blank; None when it has another shape."""
        found = _Found(dict(self._facts), {})
        at = 0
        for slot in self._slots:
            if slot.check and not with_check:
                continue
            place = slot.cut(frame, at)
            if place is None or not slot.read(frame[place[0] : place[1]].decode("latin-1"), found):
                return None
            at = place[1]
        if at != len(frame):
            return None
        indication = self._indication(found)
        return None if indication is None else Found(indication, found.texts.get(Meaning.CHECK, ""))

    def _indication(self, found: _Found) -> Indication | None:
        facts, texts = found.facts, found.texts
        weight = texts.get(Meaning.WEIGHT, "")
        minus = facts.get("negative", False) or weight.lstrip(BLANK).startswith("-")
        out = facts.get("out_of_range", False)
        overload = facts.get("overload", False) or (out and not minus)
        underload = facts.get("underload", False) or (out and minus)
        answer = texts.get(Meaning.ANSWER, facts.get("answer"))
        empty = Indication(
            profile="",
            value=None,
            unit=facts.get("unit"),
            kind=facts.get("kind", Kind.UNKNOWN),
            stable=facts.get("stable"),
            overload=overload,
            underload=underload,
            zero=facts.get("zero"),
            error=texts.get(Meaning.ERROR, facts.get("error")),
            answer=answer,
        )
        if overload or underload or empty.error is not None or answer is not None:
            return empty
        if Meaning.WEIGHT not in texts:
            return empty
        number = self._number(Meaning.WEIGHT, found)
        if number is None:
            return None
        tare: Decimal | None = None
        if Meaning.TARE in texts:
            sent = self._number(Meaning.TARE, found)
            if sent is None:
                return None
            tare = sent.value
        return msgspec.structs.replace(
            empty,
            value=number.value,
            raw_text=number.text,
            tare=tare,
            auxiliary=number.text[-1] if facts.get("expanded") else number.auxiliary,
        )

    def _number(self, meaning: Meaning, found: _Found) -> Number | None:
        column = self._numbers.get(meaning)
        if column is None or column.form is None:
            return None
        decimals = found.facts.get("decimals") if column.decimals is None else column.decimals
        # The minus of a status belongs to the weight; a tare is never below zero.
        minus = meaning is Meaning.WEIGHT and found.facts.get("negative", False)
        return read_number(column.form, found.texts.get(meaning, ""), decimals, minus)


class FrameReader:
    """Reads frames of one cut of a profile: its shapes and their check."""

    def __init__(
        self, profile: str, shapes: Iterable[Shape], check: CheckRange | None, full_length: int | None
    ) -> None:
        self._profile = profile
        self._shapes = tuple(ShapeReader(shape) for shape in shapes)
        self._check = check
        self._full_length = full_length

    def judge(self, frame: bytes) -> Judged[Indication] | None:
        """The Indication in ``frame``; one with a failed check has no value and is not taken whole."""
        unchecked = self._full_length is not None and len(frame) < self._full_length
        for shape in self._shapes:
            found = shape.read(frame, with_check=not unchecked)
            if found is not None:
                break
        else:
            return None
        if self._check is None or unchecked:
            return Judged(msgspec.structs.replace(found.indication, profile=self._profile), whole=True)
        begin, end = self._check.first - 1, self._check.to
        due = CHECKS[self._check.kind].of(frame[begin : end if end > 0 else len(frame) + end + 1])
        sent = found.check.encode("latin-1")
        if sent == due:
            good = msgspec.structs.replace(found.indication, profile=self._profile, check=Check.OK)
            return Judged(good, whole=True)
        words = f"the check of the frame fails: {_hex(sent)} sent, {_hex(due)} due"
        return Judged(
            Indication(profile=self._profile, value=None, error=words, check=Check.BAD), whole=False
        )


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _slot(column: Column) -> _Slot:
    return _Slot(column, column.meaning is Meaning.CHECK, _reader(column))


def _reader(column: Column) -> _Read:
    return _READERS[column.meaning](column)


def _fixed_reader(column: Column) -> _Read:
    allowed = frozenset(column.equals)
    return lambda text, _found: text in allowed


def _words_reader(column: Column) -> _Read:
    read = _table_reader(_words(column))
    return lambda text, found: read(text.strip(BLANK), found)


def _map_reader(column: Column) -> _Read:
    return _table_reader({text: _stated(facts) for text, facts in column.map.items()})


def _unkept_reader(column: Column) -> _Read:
    form, decimals = column.form or Form.DECIMAL, column.decimals or 0
    return lambda text, _found: read_number(form, text, decimals, minus=False) is not None


def _anything_reader(column: Column) -> _Read:
    letters = frozenset(column.alphabet or ())
    return lambda text, _found: not letters or letters.issuperset(text)


def _words(column: Column) -> dict[str, dict[str, Any]]:
    return {text: _stated(facts) for text, facts in column.words.items()}


def _number_reader(column: Column) -> _Read:
    meaning, words = column.meaning, _words(column)
    binary, stands = column.form in _BINARY, _standing(column)

    def read(text: str, found: _Found) -> bool:
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
    instead = None if column.blank is None else _stated(column.blank)

    def read(text: str, found: _Found) -> bool:
        word = text.strip(BLANK)
        if word in SPELLINGS:
            found.facts["unit"] = SPELLINGS[word]
            return True
        found.facts.update(instead or {})
        return not word and instead is not None

    return read


def _stated(facts: Facts) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(facts).items() if value is not None}


def _table_reader(table: Mapping[str, dict[str, Any]]) -> _Read:
    def read(text: str, found: _Found) -> bool:
        if text not in table:
            return False
        found.facts.update(table[text])
        return True

    return read


def _bits_reader(column: Column) -> _Read:
    fields = []
    for place, table in column.bits.items():
        low, high = bit_range(place)
        facts = {int(number): _stated(each) for number, each in table.items()}
        fields.append((low, (1 << (high - low + 1)) - 1, facts))

    def read(text: str, found: _Found) -> bool:
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

    def read(text: str, found: _Found) -> bool:
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
