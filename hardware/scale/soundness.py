"""Refuses a profile whose tables contradict each other, before any byte is decoded with it.

Rules this file obeys:

* Every byte of a shape belongs to exactly one column.
* A key that has no use where it stands is a mistake, not decoration.
* A complaint names the profile, the shape, the column and what is due.
"""

from __future__ import annotations

from collections.abc import Iterable

from hardware.scale.asking import complaints_about_asking
from hardware.scale.checks import CHECKS
from hardware.scale.columns import bit_range, extras_of
from hardware.scale.contract import ProfileError
from hardware.scale.numbers import POINTLESS
from hardware.scale.schema import (
    MOST_EXTRA,
    CheckRange,
    Column,
    Facts,
    Framing,
    Meaning,
    ProfileFile,
    Shape,
)
from hardware.scale.strict import nearest

_FRAMING_NEEDS = {
    "length": {"start", "length"},
    "end": {"start", "end", "longest"},
    "terminator": {"end", "longest"},
    "counted": {"start", "count", "longest"},
    "gap": {"gap_ms", "longest"},
}
_COLUMN_NEEDS = {
    Meaning.FIXED: "equals",
    Meaning.MAP: "map",
    Meaning.BITS: "bits",
    Meaning.WORDS: "words",
    Meaning.WEIGHT: "form",
    Meaning.TARE: "form",
    Meaning.NUMBER: "form",
}
_COLUMN_MAY = {
    Meaning.WEIGHT: {"words", "decimals", "signed", "flush", "solid"},
    Meaning.TARE: {"decimals"},
    Meaning.NUMBER: {"decimals"},
    Meaning.UNIT: {"blank"},
    Meaning.ANYTHING: {"alphabet"},
}
_COLUMN_KEYS = (
    "equals",
    "map",
    "bits",
    "words",
    "form",
    "decimals",
    "blank",
    "alphabet",
    "signed",
    "flush",
    "solid",
)


def refuse_unsound(file: ProfileFile) -> None:
    """Raises ProfileError for the first contradiction found in ``file``."""
    for words in _complaints(file):
        raise ProfileError(f"{file.id}: {words}")


def _complaints(file: ProfileFile) -> Iterable[str]:
    yield from complaints_about_asking(file)
    yield from _of_framing(file.framing)
    common = tuple(shape for shape in file.shape if shape.framing is None)
    yield from _of_cut(file.framing, file.check, common)
    for shape in file.shape:
        if shape.framing is not None:
            yield from _of_framing(shape.framing)
            yield from _of_cut(shape.framing, shape.check, (shape,))
        elif shape.check is not None:
            yield f"shape {shape.name!r}: a check of its own needs a framing of its own"


def _of_framing(framing: Framing) -> Iterable[str]:
    needed = _FRAMING_NEEDS[framing.kind]
    for key in ("start", "end", "length", "longest", "count", "gap_ms"):
        if bool(getattr(framing, key)) != (key in needed):
            yield f"framing of kind {framing.kind!r} {_verb(key in needed)} {key!r}"


def _of_cut(framing: Framing, check: CheckRange | None, shapes: tuple[Shape, ...]) -> Iterable[str]:
    for shape in shapes:
        for words in _of_shape(shape, framing.length):
            yield f"shape {shape.name!r}: {words}"
    columns = [[c for c in shape.column if c.meaning is Meaning.CHECK] for shape in shapes]
    if check is not None:
        yield from _of_check(framing, check, columns)
    elif any(columns):
        yield "a column is a check, but there is no table [check]"


def _of_check(framing: Framing, check: CheckRange, columns: list[list[Column]]) -> Iterable[str]:
    if check.kind not in CHECKS:
        yield f"no check {check.kind!r}; {nearest(check.kind, CHECKS)}"
        return
    width = CHECKS[check.kind].width
    for found in columns:
        if len(found) != 1 or _width(found[0]) != width:
            yield f"every shape needs one column of meaning 'check', {width} wide"
            return
        place = found[0].begin
        same_side = (check.to > 0) == (place > 0)
        if (
            check.first < 1
            or not check.to
            or (same_side and not (check.first <= check.to < place or place > check.to < 0))
        ):
            yield "the check covers columns in front of its own, counted from the front"
        one_byte = width == 1 and all(len(bytes.fromhex(start)) == 1 for start in framing.start)
        if check.optional and not (one_byte and framing.length == found[0].last):
            yield "an optional check is the last byte of a frame of fixed length that starts with one byte"


def _of_shape(shape: Shape, length: int | None) -> Iterable[str]:
    fields = [c.width is not None or c.until is not None for c in shape.column]
    if any(fields):
        yield from _of_fields(shape, length)
    else:
        yield from _of_places(shape, length)
    for column in shape.column:
        for words in _of_column(column):
            yield f"column {column.name!r}: {words}"
    if len([c for c in shape.column if c.meaning is Meaning.WEIGHT]) > 1:
        yield "has two columns of meaning 'weight'"
    names = extras_of(shape)
    if len(names) > MOST_EXTRA:
        yield f"keeps {len(names)} facts of its own: {MOST_EXTRA} at most"
    stated = any(facts.decimals is not None for c in shape.column for facts in _facts(c))
    stated = stated or shape.facts.decimals is not None
    for column in shape.column:
        if (
            column.form in POINTLESS
            and column.meaning is not Meaning.NUMBER
            and column.decimals is None
            and not stated
        ):
            yield f"a number of form {column.form.value!r} needs 'decimals', or a column that states it"


def _of_fields(shape: Shape, length: int | None) -> Iterable[str]:
    for column in shape.column:
        ways = [column.first is not None or column.to is not None, column.width is not None]
        if sum([*ways, column.until is not None]) != 1 or ways[0]:
            yield f"column {column.name!r}: in a frame of fields each column has either 'width' or 'until'"
    widths = [c.width for c in shape.column]
    if length is not None and sum(width or 0 for width in widths) != length and None not in widths:
        yield f"ends at {sum(width or 0 for width in widths)}: a frame of fixed length ends at {length}"


def _of_places(shape: Shape, length: int | None) -> Iterable[str]:
    due = 1
    for column in shape.column:
        if column.first is None:
            yield f"column {column.name!r}: needs 'from', 'width' or 'until'"
            return
        if column.first != due:
            yield f"column {column.name!r} begins at {column.first}; the next byte to be told of is {due}"
        due = column.last + 1
    last = shape.column[-1].last
    if length is not None and last != length:
        yield f"ends at {last}: a frame of fixed length ends at {length}"
    if length is None and last < -1:
        yield f"ends at {last}: the last column of a frame of open length ends at -1"
    if len([c for c in shape.column if _width(c) is None]) != (last == -1):
        yield "one column, and only of a frame of open length, reaches to a place counted from the end"


def _of_column(column: Column) -> Iterable[str]:
    width = _width(column)
    if column.first is not None and 0 in (column.begin, column.last):
        yield "columns count from 1, or from -1 at the end"
    if column.begin < 0 < column.last or (width is not None and width < 1):
        yield "ends before it begins"
    needed, may = _COLUMN_NEEDS.get(column.meaning), _COLUMN_MAY.get(column.meaning, set())
    for key in _COLUMN_KEYS:
        there = getattr(column, key) not in (None, False, (), {})
        if there != (key == needed) and key not in may:
            yield f"meaning {column.meaning.value!r} {_verb(key == needed)} {key!r}"
    for text in (*column.equals, *column.map):
        if width is not None and len(text) != width:
            yield f"{text!r} is not {width} bytes wide"
    for text in (*column.equals, *column.map, *column.words, column.alphabet or "", column.until or ""):
        if any(ord(character) > 0xFF for character in text):
            yield f"{text!r} has a character that is no byte"
    if column.meaning is Meaning.BITS and width != 1:
        yield "bits are of one byte"
    for place, table in column.bits.items():
        yield from _of_bits(place, table)


def _of_bits(place: str, table: dict[str, Facts]) -> Iterable[str]:
    try:
        low, high = bit_range(place)
        numbers = [int(number) for number in table]
    except ValueError as error:
        yield str(error)
        return
    if not all(0 <= number < 1 << (high - low + 1) for number in numbers):
        yield f"bits {place!r} cannot be one of {numbers}"


def _verb(needed: bool) -> str:
    return "needs" if needed else "has no use for"


def _width(column: Column) -> int | None:
    """Bytes of a column; None when only the frame tells."""
    if column.first is None:
        return column.width
    return column.last - column.begin + 1 if (column.begin > 0) == (column.last > 0) else None


def _facts(column: Column) -> Iterable[Facts]:
    yield from (*column.map.values(), *column.words.values())
    if column.blank is not None:
        yield column.blank
    for table in column.bits.values():
        yield from table.values()
