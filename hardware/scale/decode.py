"""From the bytes of one frame to an Indication, as the columns of a profile say.

Rules this file obeys:

* A byte that no column allows makes the frame no frame; nothing is repaired.
* The value is made from the digits as sent by placing a point, never by arithmetic on floats.
* Overload, underload, an error, an answer and a failed check carry no number, whatever the digits say.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from hardware.scale.checks import CHECKS
from hardware.scale.columns import EXTRA, Sayings, extras_of, slot_of, stated
from hardware.scale.contract import Check, Indication, Kind
from hardware.scale.framing import Judged
from hardware.scale.numbers import BLANK, Number, read_number
from hardware.scale.schema import CheckRange, Meaning, Shape


class Found(NamedTuple):
    """What a shape says of a frame, and the check it carries."""

    indication: Indication
    check: str


class ShapeReader:
    """Reads frames of one shape."""

    def __init__(self, shape: Shape) -> None:
        self._slots = tuple(slot_of(column) for column in shape.column)
        self._facts = stated(shape.facts)
        self._extras = tuple(sorted(extras_of(shape)))
        self._numbers = {c.meaning: c for c in shape.column if c.form is not None}

    def read(self, frame: bytes, with_check: bool) -> Found | None:
        """The Indication in ``frame``, profile id and check still blank; None when it has another shape."""
        found = Sayings(dict(self._facts), {})
        text, at = frame.decode("latin-1"), 0
        for slot in self._slots:
            if slot.check and not with_check:
                continue
            place = slot.cut(text, at)
            if place is None or not slot.read(text[place[0] : place[1]], found):
                return None
            at = place[1]
        if at != len(frame):
            return None
        indication = self._indication(found)
        return None if indication is None else Found(indication, found.texts.get(Meaning.CHECK, ""))

    def _indication(self, found: Sayings) -> Indication | None:
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
            extra=tuple((name, facts[EXTRA + name]) for name in self._extras if EXTRA + name in facts),
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

    def _number(self, meaning: Meaning, found: Sayings) -> Number | None:
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
