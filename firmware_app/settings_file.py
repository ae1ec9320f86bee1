"""TOML files that people write: read once, every key checked, every error a sentence.

A settings file is described by a msgspec Struct; ``Annotated[…, Meta(ge=…, le=…, description="unit")]``
gives range and unit. Unknown keys are refused and the nearest known key is named, because a key that is
silently ignored is a parameter that nobody set.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from firmware_app.errors import SteelyardError

T = TypeVar("T")

MAX_BYTES = 4 << 20


class BadSettings(SteelyardError):
    """A settings file cannot be used; the message names file and key and says what is expected."""


def load(path: Path, kind: type[T]) -> T:
    """The file as ``kind``; raises BadSettings."""
    return parse(read(path), kind, str(path))


def read(path: Path) -> bytes:
    """The bytes of the file, bounded; raises BadSettings."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise BadSettings(f"{path}: larger than {MAX_BYTES} bytes")
    return data


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256, the identity of a settings file in the record."""
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes, kind: type[T], where: str) -> T:
    """TOML bytes as ``kind``; raises BadSettings whose message begins with ``where``."""
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{where}: not a TOML file: {error}") from error
    _refuse_unknown(tree, kind, where, "")
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise BadSettings(_in_words(where, str(error), kind)) from error


def _refuse_unknown(tree: object, kind: Any, where: str, at: str) -> None:
    """Walks structs, lists of structs and mappings of structs in parallel with the tree."""
    kind = _bare(kind)
    if isinstance(tree, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        for key, value in tree.items():
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(fields))}"
                raise BadSettings(f"{where}: unknown key {at}{key}; {hint}")
            _refuse_unknown(value, fields[key], where, f"{at}{key}.")
        return
    inner = typing.get_args(kind)
    if isinstance(tree, list) and inner:
        for number, value in enumerate(tree, start=1):
            _refuse_unknown(value, inner[0], where, f"{at.rstrip('.')}[{number}].")
    elif isinstance(tree, dict) and len(inner) == 2:
        for key, value in tree.items():
            _refuse_unknown(value, inner[1], where, f"{at}{key}.")


def _bare(kind: Any) -> Any:
    """The type without Annotated and without ``| None``."""
    if typing.get_origin(kind) is typing.Annotated:
        return _bare(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kinds = [item for item in typing.get_args(kind) if item is not type(None)]
        return _bare(kinds[0]) if len(kinds) == 1 else kind
    return kind


def _in_words(where: str, error: str, kind: type) -> str:
    text, _, place = error.partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    unit = _description(kind, key)
    return f"{where}: {key or 'file'}: {text}{f' ({unit})' if unit else ''}"


def _description(kind: Any, key: str) -> str:
    """What the key means and in which unit, as its Meta says."""
    for name in key.split("."):
        kind = _bare(kind)
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return ""
        found = [field.type for field in msgspec.structs.fields(kind) if field.encode_name == name]
        if not found:
            return ""
        kind = found[0]
    for note in getattr(kind, "__metadata__", ()):
        if isinstance(note, msgspec.Meta) and note.description:
            return note.description
    return ""
