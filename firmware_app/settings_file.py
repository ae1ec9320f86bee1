"""TOML files that people write: bounded, every key checked, every error a sentence.

Rules this file obeys:

* A msgspec Struct says what may stand in a file; ``Annotated[…, Meta(ge=…, le=…, description="unit")]``
  gives range and unit. An unknown key is refused, because a key that is silently ignored is a parameter
  that nobody set.
* A complaint names the file, the key with the way to it, what stands there and what to give instead. An
  entry of a list is called by its number and its first field.
* A struct refuses what no single key can say with a ValueError from ``__post_init__``.
"""

from __future__ import annotations

import datetime
import difflib
import enum
import hashlib
import json
import math
import tomllib
import types
import typing
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from firmware_app.errors import SteelyardError
from firmware_app.quantity import BadAmount, Grams, grams

T = TypeVar("T")

MAX_BYTES = 4 << 20
MAX_SHOWN = 60
"""Characters of a wrong value that a complaint repeats."""

TOML_TIMES = (datetime.datetime, datetime.date, datetime.time)
UNIONS = (typing.Union, types.UnionType)
TABLE, TABLES = "a table", "a list of tables"
WORDS: dict[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    datetime.date: "a date such as 2027-10-31",
}


class BadSettings(SteelyardError):
    """A settings file cannot be used; the message names file and key and says what is expected."""


class Key(msgspec.Struct, frozen=True):
    """In Annotated: the key of the field in the file, where that is not the name of the field."""

    name: str


class Read(msgspec.Struct, frozen=True):
    """In Annotated: makes the value of the text in the file; ``by`` raises ValueError with a sentence."""

    by: Callable[[str], Any]


def mass(text: str) -> Grams:
    """The amount above zero in ``text``, in grams; raises BadAmount."""
    value = grams(text)
    if value <= 0:
        raise BadAmount(f"{text!r} must be above zero")
    return value


Mass = Annotated[Grams, Read(mass), Meta(description="a mass with its unit, such as 15 kg")]
"""A mass above zero, in grams."""


def read(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of the file, at most one more than ``most``, which ``parse`` refuses; raises OSError."""
    with path.open("rb") as file:
        return file.read(most + 1)


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256, the identity of a settings file in the record."""
    return hashlib.sha256(data).hexdigest()


def parse(
    data: bytes,
    kind: type[T],
    where: str,
    error: type[SteelyardError] = BadSettings,
    most: int = MAX_BYTES,
) -> T:
    """TOML bytes as ``kind``; raises ``error`` whose message begins with ``where``."""
    if len(data) > most:
        raise error(f"{where}: more than {most} bytes: this is not the file that is meant")
    try:
        return typing.cast(T, _value(tomllib.loads(data.decode("utf-8")), kind, "", ""))
    except UnicodeDecodeError as wrong:
        raise error(f"{where}: not UTF-8 text: {wrong}") from wrong
    except _Wrong as wrong:
        raise error(f"{where}: {wrong}") from wrong
    except (ValueError, RecursionError) as wrong:
        # tomllib lets both through: a number of over 4300 digits, brackets nested by the thousand.
        raise error(f"{where}: not a TOML file: {wrong}") from wrong


def described(kind: type[msgspec.Struct], key: str) -> str:
    """What the key means or in which unit it is, as its Meta says; empty where that says nothing."""
    return _description(_parts(_fields(kind)[key].type)[1])


def wanted(kind: type[msgspec.Struct], key: str) -> str:
    """What is to stand under the key, with range, length and unit."""
    return _wanted(_fields(kind)[key].type)


def key(kind: type[msgspec.Struct], name: str) -> str:
    """The key in the file of the field ``name``."""
    return next(key for key, field in _fields(kind).items() if field.name == name)


class _Wrong(Exception):
    """What stands in the file is refused; the message has everything but the file."""


def _value(value: object, kind: Any, at: str, joint: str = ".") -> Any:
    """``value`` as ``kind``; ``at`` is the way to it, ``joint`` stands between that and a key inside."""
    bare, notes = _parts(kind)
    origin, inner = typing.get_origin(bare), typing.get_args(bare)
    if isinstance(value, list | dict) and not _fits(len(value), notes):
        raise _refusal(value, kind, at)
    if isinstance(value, list) and origin in (list, tuple) and inner[1:] in ((), (...,)):
        entries = enumerate(value, start=1)
        return origin([_value(item, inner[0], _entry(at, n, item, inner[0]), ": ") for n, item in entries])
    if isinstance(value, dict) and origin is dict:
        within = f"{at}{joint}"
        return {_plain(k, inner[0], at): _value(v, inner[1], f"{within}{k}") for k, v in value.items()}
    members = inner if origin in UNIONS else (bare,)
    structs = [each for each in members if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    if isinstance(value, dict) and structs:
        return _struct(value, structs, at, joint)
    return _plain(value, kind, at)


def _struct(table: dict[str, object], kinds: list[type[msgspec.Struct]], at: str, joint: str) -> Any:
    """The table as the struct, or as the one of several that its tag names."""
    within = f"{at}{joint}" if at else ""
    tag_field = kinds[0].__struct_config__.tag_field
    if tag_field:
        tags = {each.__struct_config__.tag: each for each in kinds}
        tag = table.get(tag_field)
        if not isinstance(tag, str) or tag not in tags:
            stands = f" = {_shown(tag)}:" if tag_field in table else " is missing:"
            raise _Wrong(f"{within}{tag_field}{stands} give one of {_listed(tags)}")
        kinds = [tags[tag]]
    fields = _fields(kinds[0])
    for key in table:
        if key not in fields and key != tag_field:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            place = f"{at}: " if at else ""
            raise _Wrong(f"{place}unknown key {key[:MAX_SHOWN]!r}; {hint}known: {_listed(fields)}")
    values = {}
    for key, field in fields.items():
        if key in table:
            values[field.name] = _value(table[key], field.type, within + key)
        elif field.required:
            raise _Wrong(f"{within}{key} is missing: give {_wanted(field.type)}")
    try:
        return kinds[0](**values)
    except ValueError as error:
        raise _Wrong(f"{at}: {error}" if at else str(error)) from error


def _plain(value: object, kind: Any, at: str) -> Any:
    """What holds no struct, as msgspec sees it; no setting is NaN or infinite."""
    for note in _parts(kind)[1]:
        if isinstance(note, Read):
            if not isinstance(value, str):
                raise _refusal(value, kind, at)
            try:
                value = note.by(value)
            except ValueError as error:
                raise _Wrong(f"{at}: {error}") from error
    try:
        read = msgspec.convert(value, kind, builtin_types=TOML_TIMES)
        if isinstance(read, float | Decimal) and not math.isfinite(read):
            raise ValueError
    except (msgspec.ValidationError, ValueError) as error:
        raise _refusal(value, kind, at) from error
    return read


def _refusal(value: object, kind: Any, at: str) -> _Wrong:
    bare, notes = _parts(kind)
    # Where a text stands already, "text in quotes" would send people looking for the wrong mistake.
    wanted = (_description(notes) if bare is str and isinstance(value, str) else "") or _wanted(kind)
    heading = f", each under its own [[{at}]]" if wanted.startswith(TABLES) and at.isidentifier() else ""
    return _Wrong(f"{at} = {_shown(value)}: give {wanted}{heading}")


def _wanted(kind: Any) -> str:
    """What is to stand where ``kind`` is wanted, with range, length and unit."""
    bare, notes = _parts(kind)
    origin, inner = typing.get_origin(bare), typing.get_args(bare)
    if origin is Literal:
        words = f"one of {_listed(inner)}"
    elif isinstance(bare, type) and issubclass(bare, enum.Enum):
        words = f"one of {_listed(each.value for each in bare)}"
    elif any(isinstance(note, Read) for note in notes):
        words = WORDS[str]
    elif origin in (list, tuple):
        words = TABLES if _wanted(inner[0]) == TABLE else "a list"
    elif origin in UNIONS:
        words = " or ".join(dict.fromkeys(_wanted(each) for each in inner))
    else:
        words = WORDS.get(bare, TABLE)
    description = _description(notes)
    counted = "characters" if words == WORDS[str] else "entries"
    words += "".join(_bounds(note, counted) for note in notes)
    return f"{words} ({description})" if description else words


def _bounds(note: object, counted: str) -> str:
    """The range that a Meta allows, or the length in what is ``counted``."""
    if isinstance(note, Meta):
        for low, high, what in ((note.ge, note.le, ""), (note.min_length, note.max_length, f" {counted}")):
            if low is not None and high is not None:
                return f", {low:g} … {high:g}{what}"
            if low is not None or high is not None:
                return f", at least {low:g}{what}" if high is None else f", at most {high:g}{what}"
    return ""


def _description(notes: Iterable[object]) -> str:
    return next((note.description for note in notes if isinstance(note, Meta) and note.description), "")


def _parts(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type without Annotated and ``| None``, and what Annotated adds to it."""
    notes: tuple[Any, ...] = ()
    while True:
        some = [each for each in typing.get_args(kind) if each is not types.NoneType]
        if typing.get_origin(kind) is Annotated:
            kind, notes = some[0], (*notes, *some[1:])
        elif typing.get_origin(kind) in UNIONS and len(some) == 1:
            kind = some[0]
        else:
            return kind, notes


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields by their keys in the file."""
    keyed = {}
    for field in msgspec.structs.fields(kind):
        names = [note.name for note in _parts(field.type)[1] if isinstance(note, Key)]
        keyed[names[0] if names else field.encode_name] = field
    return keyed


def _entry(at: str, number: int, item: object, kind: Any) -> str:
    """The way to an entry of a list: its number, and its first field where that is a text."""
    bare = _parts(kind)[0]
    if isinstance(item, dict) and isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        name = item.get(next(iter(_fields(bare))))
        if isinstance(name, str) and name:
            return f"{at} {number} ({name[:MAX_SHOWN]})"
    return f"{at} {number}"


def _fits(length: int, notes: Iterable[object]) -> bool:
    """Whether a list or table of that length is allowed."""
    bounds = [(note.min_length or 0, note.max_length) for note in notes if isinstance(note, Meta)]
    return all(low <= length and (high is None or length <= high) for low, high in bounds)


def _shown(value: object) -> str:
    """The value as it stands in the file, shortened; a date has no quotes there."""
    text = str(value) if isinstance(value, TOML_TIMES) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _listed(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words if word != "")
