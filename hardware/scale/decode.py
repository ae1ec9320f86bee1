"""From the bytes of one frame to an Indication, as the columns of a profile say.

Rules this file obeys:

* A byte that no column allows makes the frame no frame; nothing is repaired.
* The value is made from the digits as sent by placing a point, never by arithmetic on floats.
* Overload, underload, an error, an answer and a failed check carry no number, whatever the digits say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from hardware.scale.contract import Check, Indication, Kind
from hardware.scale.framing import CHECKS, Judged
from hardware.scale.schema import CheckRange, Column, Facts, Form, Meaning, Shape

_BLANK = " \0"
_DIGITS = re.compile(r"[ \0]*([0-9]+)")
_DECIMAL = re.compile(r"[ \0]*([+-]?)[ \0]*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)[ \0]*")
_POUNDS_OUNCES = re.compile(r" *(-?) *([0-9]+):([0-9]{1,2}(?:\.[0-9]+)?)")
_NO_NUMBER = re.compile(r"[ -~\0]*")
_OUNCES_PER_POUND = 16


class _Found(msgspec.Struct):
    """What the columns of one frame said so far."""

    facts: dict[str, Any]
    texts: dict[Meaning, str]


_Read = Callable[[str, _Found], bool]


class _Slot(NamedTuple):
    """A column made ready: where it is, and what reads it (False: not this shape)."""

    first: int
    last: int
    check: bool
    read: _Read

    def cut(self, frame: bytes) -> str | None:
        begin = self.first - 1 if self.first > 0 else len(frame) + self.first
        end = self.last if self.last > 0 else len(frame) + self.last + 1
        return frame[begin:end].decode("latin-1") if 0 <= begin < end <= len(frame) else None


class ShapeReader:
    """Reads frames of one shape."""

    def __init__(self, shape: Shape) -> None:
        self._slots = tuple(_slot(column) for column in shape.column)
        self._forms = {c.meaning: c.form for c in shape.column if c.form is not None}

    def read(self, frame: bytes, with_check: bool) -> Indication | None:
        """The Indication in ``frame``, profile id and check still blank; None when it has another shape."""
        found = _Found({}, {})
        slots = self._slots if with_check else [slot for slot in self._slots if not slot.check]
        if not _covers(slots[-1], len(frame)):
            return None
        for slot in slots:
            text = slot.cut(frame)
            if text is None or not slot.read(text, found):
                return None
        return self._indication(found)

    def _indication(self, found: _Found) -> Indication | None:
        facts, texts = found.facts, found.texts
        weight = texts.get(Meaning.WEIGHT, "")
        minus = facts.get("negative", False) or weight.lstrip(_BLANK).startswith("-")
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
            error=facts.get("error"),
            answer=answer,
        )
        if overload or underload or empty.error is not None or answer is not None:
            return empty if _NO_NUMBER.fullmatch(weight) else None
        number = self._number(Meaning.WEIGHT, found)
        if number is None:
            return None
        raw_text, value = number
        tare = self._number(Meaning.TARE, found) if texts.get(Meaning.TARE, "").strip(_BLANK) else ("", None)
        if tare is None:
            return None
        return msgspec.structs.replace(
            empty,
            value=value,
            raw_text=raw_text,
            tare=tare[1],
            auxiliary=raw_text[-1] if facts.get("expanded") else None,
        )

    def _number(self, meaning: Meaning, found: _Found) -> tuple[str, Decimal] | None:
        text = found.texts.get(meaning, "")
        # The minus of a status belongs to the weight; a tare is never below zero.
        minus = meaning is Meaning.WEIGHT and found.facts.get("negative", False)
        match self._forms.get(meaning):
            case Form.DIGITS:
                return _digits(text, found.facts.get("decimals"), minus)
            case Form.DECIMAL:
                return _decimal(text, minus)
            case Form.POUNDS_OUNCES:
                return _pounds_ounces(text)
            case _:
                return None


class FrameReader:
    """Reads frames of one profile: shapes and the check."""

    def __init__(
        self, profile: str, shapes: tuple[Shape, ...], check: CheckRange | None, full_length: int | None
    ) -> None:
        self._profile = profile
        self._shapes = tuple(ShapeReader(shape) for shape in shapes)
        self._check = check
        self._full_length = full_length
        self._at = {c.meaning: c for c in shapes[0].column}.get(Meaning.CHECK)

    def judge(self, frame: bytes) -> Judged[Indication] | None:
        """The Indication in ``frame``; one with a failed check has no value and is not taken whole."""
        unchecked = self._full_length is not None and len(frame) < self._full_length
        for shape in self._shapes:
            indication = shape.read(frame, with_check=not unchecked)
            if indication is not None:
                break
        else:
            return None
        if self._check is None or self._at is None or unchecked:
            return Judged(msgspec.structs.replace(indication, profile=self._profile), whole=True)
        begin, end = self._check.first - 1, self._check.to
        due = CHECKS[self._check.kind].of(frame[begin:end])
        sent = frame[self._at.first - 1 : self._at.last]
        if sent == due:
            good = msgspec.structs.replace(indication, profile=self._profile, check=Check.OK)
            return Judged(good, whole=True)
        words = f"the check of the frame fails: {_hex(sent)} sent, {_hex(due)} due"
        return Judged(
            Indication(profile=self._profile, value=None, error=words, check=Check.BAD), whole=False
        )


def _covers(last: _Slot, length: int) -> bool:
    return last.last in (-1, length)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _digits(text: str, decimals: int | None, minus: bool) -> tuple[str, Decimal] | None:
    found = _DIGITS.fullmatch(text)
    if found is None or decimals is None:
        return None
    digits = found[1].zfill(decimals + 1)
    cut = len(digits) - decimals
    return found[1], Decimal(f"{'-' if minus else ''}{digits[:cut]}.{digits[cut:]}")


def _decimal(text: str, minus: bool) -> tuple[str, Decimal] | None:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    sign, digits = found.groups()
    if minus and not sign:
        sign = "-"
    return text.strip(_BLANK), Decimal(sign + digits.replace(",", "."))


def _pounds_ounces(text: str) -> tuple[str, Decimal] | None:
    found = _POUNDS_OUNCES.fullmatch(text)
    if found is None or Decimal(found[3]) >= _OUNCES_PER_POUND:
        return None
    ounces = int(found[2]) * _OUNCES_PER_POUND + Decimal(found[3])
    return text.strip(_BLANK), -ounces if found[1] else ounces


def _slot(column: Column) -> _Slot:
    return _Slot(column.first, column.last, column.meaning is Meaning.CHECK, _reader(column))


def _reader(column: Column) -> _Read:
    match column.meaning:
        case Meaning.FIXED:
            allowed = frozenset(column.equals)
            return lambda text, _found: text in allowed
        case Meaning.MAP:
            return _map_reader({text: _stated(facts) for text, facts in column.map.items()})
        case Meaning.BITS:
            return _bits_reader(column.bits)
        case Meaning.WEIGHT | Meaning.TARE | Meaning.ANSWER as meaning:
            return _text_reader(meaning)
        case Meaning.CHECK | Meaning.ANYTHING:
            return lambda _text, _found: True


def _stated(facts: Facts) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(facts).items() if value is not None}


def _map_reader(table: Mapping[str, dict[str, Any]]) -> _Read:
    def read(text: str, found: _Found) -> bool:
        if text not in table:
            return False
        found.facts.update(table[text])
        return True

    return read


def _bits_reader(bits: Mapping[str, Mapping[str, Facts]]) -> _Read:
    fields = []
    for place, table in bits.items():
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


def _text_reader(meaning: Meaning) -> _Read:
    def read(text: str, found: _Found) -> bool:
        found.texts[meaning] = text
        return meaning is not Meaning.ANSWER or text.isprintable()

    return read
