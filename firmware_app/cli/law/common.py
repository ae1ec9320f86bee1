"""What the law commands share: the configuration, the shelf as it counts, the files of a pack.

Rules this file obeys:

* What is shown is what judges: packs of the shelf count only where the record names them.
* Files are read bounded; a private key is read by ``law sign`` alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app import settings_file
from firmware_app.rules.base import Confidence, Row
from firmware_app.rules.bounds import MAX_PACK, MAX_SIGNATURE
from firmware_app.rules.pack import builtin_packs
from firmware_app.rules.rows import Pack
from firmware_app.rules.shelf import SUFFIX, BadShelf, Standing, read_file

SIGNATURE = ".sig"
"""What is put behind the name of a pack's file for the file of its signature."""

AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


def is_builtin(pack: Pack) -> bool:
    """Whether a pack was delivered with the program."""
    return any(pack.sha256 == each.sha256 for each in builtin_packs())


def kind_of(pack: Pack) -> str:
    """What the pack's file says under ``kind``."""
    return str(type(pack).__struct_config__.tag)


def rows_of(value: object, at: str = "") -> list[tuple[str, Row]]:
    """Every row of a pack with the way to it, in the order of the file's shape."""
    found: list[tuple[str, Row]] = []
    for name in getattr(value, "__struct_fields__", ()):
        member = getattr(value, name)
        way = f"{at}.{name}" if at else name
        several = isinstance(member, tuple)
        for number, each in enumerate(member if several else (member,), start=1):
            here = f"{way} {number}" if several else way
            if isinstance(each, Row):
                found.append((here, each))
            else:
                found += rows_of(each, here)
    return found


def confidences(pack: Pack) -> dict[str, int]:
    """How many rows of the pack are how sure."""
    rows = [row.confidence for _, row in rows_of(pack)]
    return {each.value: rows.count(each) for each in Confidence}


def read_pack(file: Path) -> bytes:
    """The bytes of a pack, at most one more than is taken; raises BadShelf, OSError.

    ``file``: a pack, or pack and signature in one as they lie on a shelf (``.law``).
    """
    return _one(file).data if file.suffix == SUFFIX else settings_file.read(file, MAX_PACK)


def read_signature(file: Path, signature: Path | None) -> bytes:
    """The bytes of the signature, by default in the file beside the pack's; raises BadShelf, OSError."""
    if signature is None and file.suffix == SUFFIX:
        return _one(file).signature
    path = signature or file.with_name(file.name + SIGNATURE)
    if not path.exists():
        raise BadShelf(f"{path}: no signature there: a pack comes with the .sig file of its publisher")
    return settings_file.read(path, MAX_SIGNATURE)


def _one(file: Path) -> Standing:
    found = read_file(file)
    if found.why:
        raise BadShelf(f"{file}: {found.why}")
    return found
