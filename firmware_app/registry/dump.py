"""The registry as the TOML file that `registry.load_registry` reads, put in the place of the one before.

Rules this file obeys:

* What is written is read back and compared before it takes the place of anything.
* The file before stays beside it, so that a mistaken import is undone by one rename.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from firmware_app import durable, settings_file
from firmware_app.quantity import show_mass
from firmware_app.registry.registry import MAX_FILE, BadRegistry, Registry, parse_registry

BEFORE = ".before"
HEADING = "# Stalls and scales, written by `steelyard registry import`.\n"


def dump(registry: Registry) -> bytes:
    """The bytes of the file; raises BadRegistry where they would not give the same registry back."""
    lines = [HEADING]
    for table, entries in (("stall", registry.stalls), ("scale", registry.scales)):
        for entry in entries:
            lines += [f"\n[[{table}]]\n", *_lines(entry)]
    data = "".join(lines).encode()
    if len(data) > MAX_FILE:
        raise BadRegistry(f"{len(data)} bytes of registry: at most {MAX_FILE}; split the market")
    if parse_registry(data) != registry:
        raise BadRegistry("the registry cannot be written faithfully; nothing was changed")
    return data


def save(path: Path, registry: Registry) -> None:
    """Puts the registry into the file, whole or not at all; raises BadRegistry, OSError."""
    data = dump(registry)
    if path.exists():
        durable.write(path.with_name(path.name + BEFORE), path.read_bytes())
    durable.write(path, data)


def _lines(entry: msgspec.Struct) -> Iterator[str]:
    for field in msgspec.structs.fields(type(entry)):
        value = getattr(entry, field.name)
        if value == field.default:
            continue
        key = settings_file.key(type(entry), field.name)
        yield f"{key} = {_value(value)}\n"


def _value(value: object) -> str:
    if isinstance(value, Decimal):
        return _quoted(show_mass(value).replace("\u00a0", " "))
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """A basic string of TOML: that of JSON, with DEL escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
