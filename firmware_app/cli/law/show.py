"""`steelyard law show`: one law pack, whose it is, and its rows with source and confidence."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer

from firmware_app.cli.common import in_words, print_json
from firmware_app.cli.judge.common import Rows, show
from firmware_app.cli.law.common import (
    AsJson,
    confidences,
    is_builtin,
    kind_of,
    rows_of,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.quantity import plain
from firmware_app.rules.base import Row
from firmware_app.rules.rows import Pack
from firmware_app.rules.shelf import BadShelf

OF_EVERY_ROW = ("clause", "source", "confidence")


@in_words
def show_pack(
    *,
    pack_id: Annotated[str, typer.Argument(metavar="ID", help="Name of the pack, such as jjg539-2016.")],
    version: Annotated[
        str | None, typer.Option("--version", help="Which one; the latest where none is named.")
    ] = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Every row with clause, source and confidence.")
    ] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """What a law pack says of itself; with --rows every figure and where it was read."""
    pack = _found(packs_of(data), pack_id, version)
    if as_json:
        print_json(_facts(pack, rows))
        return
    show(
        [
            ("pack", f"{pack.id} version {pack.version}, {kind_of(pack)}"),
            ("title", pack.title),
            ("in force", f"from {pack.effective}" + (f" to {pack.expires}" if pack.expires else "")),
            ("dates from", pack.source),
            (
                "stands on",
                f"{pack.adoption.clause} ({pack.adoption.confidence.value}): {pack.adoption.source}",
            ),
            ("rows", ", ".join(f"{count} {name}" for name, count in confidences(pack).items())),
            ("vectors", f"{len(pack.vectors)}, all hold"),
            ("came with", "the program" if is_builtin(pack) else "a publisher's signature"),
            ("SHA-256", pack.sha256),
        ]
    )
    if rows:
        show([line for way, row in rows_of(pack) for line in _lines(way, row)])


def _found(packs: tuple[Pack, ...], pack_id: str, version: str | None) -> Pack:
    named = [pack for pack in packs if pack.id == pack_id and version in (None, pack.version)]
    if not named:
        known = ", ".join(sorted({f"{pack.id} {pack.version}" for pack in packs}))
        raise BadShelf(f"no pack {pack_id[:60]!r} of that version here: there are {known}")
    return max(named, key=lambda pack: pack.succession)


def _facts(pack: Pack, rows: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": pack.id,
        "version": pack.version,
        "kind": kind_of(pack),
        "title": pack.title,
        "effective": pack.effective,
        "expires": pack.expires,
        "source": pack.source,
        "adoption": pack.adoption,
        "builtin": is_builtin(pack),
        "sha256": pack.sha256,
        "rows": confidences(pack),
    }
    if rows:
        facts["every_row"] = [{"row": way, **msgspec.to_builtins(row)} for way, row in rows_of(pack)]
    return facts


def _lines(way: str, row: Row) -> Rows:
    return [
        ("", ""),
        (way, _says(row) or "as the clause says"),
        (row.confidence.value, row.clause),
        ("", row.source),
    ]


def _says(row: Row) -> str:
    """The figures of a row, without what every row has."""
    facts = {name: getattr(row, name) for name in row.__struct_fields__ if name not in OF_EVERY_ROW}
    return "; ".join(f"{name} {_text(value)}" for name, value in facts.items() if value is not None)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, tuple):
        return ", ".join(_text(each) for each in value)
    return str(value)
