"""From a plain mapping (TOML, configuration) to a Struct, refusing unknown keys by naming the nearest known.

Rules this file obeys:

* Nothing is guessed and nothing is silently ignored: a key that is not known is a mistake of the writer.
* The caller chooses which error of the room is raised.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that names the known word nearest to ``name`` and all others."""
    words = sorted(known)
    near = difflib.get_close_matches(name, words, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}known: {', '.join(words) or 'none'}"


def convert(raw: Mapping[str, Any], shape: type[T], where: str, error: type[Exception]) -> T:
    """``raw`` as a ``shape``; raises ``error`` for an unknown key, a wrong type or a value out of range."""
    _refuse_unknown(raw, _type_info(cast("Hashable", shape)), where, error)
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as wrong:
        raise error(f"{where}: {wrong}") from wrong


@functools.cache
def _type_info(shape: Hashable) -> inspect.Type:
    return inspect.type_info(shape)


def _refuse_unknown(raw: object, kind: inspect.Type, where: str, error: type[Exception]) -> None:
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            if not isinstance(each, inspect.NoneType):
                _refuse_unknown(raw, each, where, error)
    elif isinstance(kind, inspect.StructType) and isinstance(raw, Mapping):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, value in raw.items():
            if key not in fields:
                raise error(f"{where}: unknown key {key!r}; {nearest(str(key), fields)}")
            _refuse_unknown(value, fields[key], f"{where}: {key}", error)
    elif isinstance(kind, inspect.VarTupleType | inspect.ListType) and isinstance(raw, list | tuple):
        for number, item in enumerate(raw, start=1):
            _refuse_unknown(item, kind.item_type, f"{where} {number}", error)
    elif isinstance(kind, inspect.DictType) and isinstance(raw, Mapping):
        for key, value in raw.items():
            _refuse_unknown(value, kind.value_type, f"{where} {key!r}", error)
