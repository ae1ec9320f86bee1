"""Refuses a profile whose tables contradict each other, before any byte is decoded with it.

Rules this file obeys:

* Every byte of a shape belongs to exactly one column.
* A key that has no use where it stands is a mistake, not decoration.
* A complaint names the profile, the shape, the column and what is due.
"""

from __future__ import annotations

from collections.abc import Iterable

from hardware.scale.contract import ProfileError
from hardware.scale.decode import bit_range
from hardware.scale.framing import CHECKS
from hardware.scale.schema import CheckRange, Column, Facts, Form, Meaning, ProfileFile, Shape
from hardware.scale.strict import nearest

_FRAMING_NEEDS = {
    "length": {"start", "length"},
    "end": {"start", "end", "longest"},
    "terminator": {"end", "longest"},
}
_COLUMN_NEEDS = {
    Meaning.FIXED: "equals",
    Meaning.MAP: "map",
    Meaning.BITS: "bits",
    Meaning.WEIGHT: "form",
    Meaning.TARE: "form",
}


def refuse_unsound(file: ProfileFile) -> None:
    """Raises ProfileError for the first contradiction found in ``file``."""
    for words in _complaints(file):
        raise ProfileError(f"{file.id}: {words}")


def _complaints(file: ProfileFile) -> Iterable[str]:
    needed = _FRAMING_NEEDS[file.framing.kind]
    for key in ("start", "end", "length", "longest"):
        if bool(getattr(file.framing, key)) != (key in needed):
            yield f"framing of kind {file.framing.kind!r} {_verb(key in needed)} {key!r}"
    for shape in file.shape:
        for words in _of_shape(shape, file.framing.length):
            yield f"shape {shape.name!r}: {words}"
    columns = [[c for c in shape.column if c.meaning is Meaning.CHECK] for shape in file.shape]
    if file.check is not None:
        yield from _of_check(file, file.check, columns)
    elif any(columns):
        yield "a column is a check, but there is no table [check]"


def _of_check(file: ProfileFile, check: CheckRange, columns: list[list[Column]]) -> Iterable[str]:
    if check.kind not in CHECKS:
        yield f"no check {check.kind!r}; {nearest(check.kind, CHECKS)}"
        return
    width = CHECKS[check.kind].width
    for found in columns:
        if len(found) != 1 or found[0].first < 1 or _width(found[0]) != width:
            yield f"every shape needs one column of meaning 'check', {width} wide, counted from the front"
            return
        if found[0] != columns[0][0]:
            yield "the check stands at different columns in different shapes"
    place = columns[0][0]
    if not 1 <= check.first <= check.to < place.first:
        yield "the check covers columns in front of its own, counted from the front"
    one_byte = width == 1 and all(len(bytes.fromhex(start)) == 1 for start in file.framing.start)
    if check.optional and not (one_byte and file.framing.length == place.last):
        yield "an optional check is one byte, the last of a frame of fixed length that starts with one byte"


def _of_shape(shape: Shape, length: int | None) -> Iterable[str]:
    due = 1
    for column in shape.column:
        if column.first != due:
            yield f"column {column.name!r} begins at {column.first}; the next byte to be told of is {due}"
        for words in _of_column(column):
            yield f"column {column.name!r}: {words}"
        due = column.last + 1
    last = shape.column[-1].last
    if length is not None and last != length:
        yield f"ends at {last}: a frame of fixed length ends at {length}"
    if length is None and last < -1:
        yield f"ends at {last}: the last column of a frame of open length ends at -1"
    if len([c for c in shape.column if _width(c) is None]) != (last == -1):
        yield "one column, and only of a frame of open length, reaches to a place counted from the end"
    if len([c for c in shape.column if c.meaning is Meaning.WEIGHT]) > 1:
        yield "has two columns of meaning 'weight'"
    stated = any(facts.decimals is not None for c in shape.column for facts in _facts(c))
    if any(c.form is Form.DIGITS for c in shape.column) and not stated:
        yield "a number of form 'digits' needs a column that states 'decimals'"


def _of_column(column: Column) -> Iterable[str]:
    width = _width(column)
    if 0 in (column.first, column.last):
        yield "columns count from 1, or from -1 at the end"
    if column.first < 0 < column.last or (width is not None and width < 1):
        yield "ends before it begins"
    needed = _COLUMN_NEEDS.get(column.meaning)
    for key in ("equals", "map", "bits", "form"):
        if bool(getattr(column, key)) != (key == needed):
            yield f"meaning {column.meaning.value!r} {_verb(key == needed)} {key!r}"
    for text in (*column.equals, *column.map):
        if width is not None and len(text) != width:
            yield f"{text!r} is not {width} bytes wide"
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
    """Bytes of a column; None when it is counted from the front at one side and from the end at the other."""
    return column.last - column.first + 1 if (column.first > 0) == (column.last > 0) else None


def _facts(column: Column) -> Iterable[Facts]:
    yield from column.map.values()
    for table in column.bits.values():
        yield from table.values()
