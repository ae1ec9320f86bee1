"""`steelyard law check`: whether a file is a law pack, holds its vectors, and who vouches for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import DONE, NO, in_words, print_json
from firmware_app.cli.judge.common import show
from firmware_app.cli.law.common import (
    AsJson,
    confidences,
    kind_of,
    read_pack,
    read_signature,
)
from firmware_app.cli.packs import DEFAULT_DATA, DataDir, packs_of
from firmware_app.ledger.county.note import VerifierKey
from firmware_app.rules.base import RulesError
from firmware_app.rules.pack import load_pack
from firmware_app.rules.publisher import read_publisher
from firmware_app.rules.shelf import offered, refuse_conflict
from firmware_app.service import config

SignatureFile = Annotated[
    Path | None, typer.Option("--signature", help="File of the signature; FILE.sig where none is named.")
]
ConfigFile = Annotated[Path, typer.Option("--config", help="Configuration that pins the publishers.")]


@in_words
def check_pack(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File of the pack.")],
    signature: SignatureFile = None,
    publisher: Annotated[
        list[str] | None,
        typer.Option("--publisher", help="A publisher's key; else the configuration's."),
    ] = None,
    file_config: ConfigFile = config.DEFAULT_PATH,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Shape, vectors and signature of a law pack, and whether it could be added; nothing is changed.

    Exit code 1 where it could not.
    """
    content = read_pack(file)
    pack = load_pack(content, str(file))
    said, vouched = _vouched(file, content, signature, pinned(publisher, file_config))
    clash = _clash(data, content)
    facts = {
        "id": pack.id,
        "version": pack.version,
        "kind": kind_of(pack),
        "sha256": pack.sha256,
        "vectors": len(pack.vectors),
        "rows": confidences(pack),
        "signature": said,
        "shelf": clash,
        "could_be_added": vouched and not clash,
    }
    if as_json:
        print_json(facts)
    else:
        show(
            [
                ("pack", f"{pack.id} version {pack.version}, {kind_of(pack)}: {pack.title}"),
                ("in force", f"from {pack.effective}" + (f" to {pack.expires}" if pack.expires else "")),
                ("shape", "good"),
                ("vectors", f"{len(pack.vectors)}, all hold"),
                ("rows", ", ".join(f"{count} {name}" for name, count in confidences(pack).items())),
                ("signature", said),
                ("shelf", clash or "nothing stands against it"),
                ("SHA-256", pack.sha256),
            ]
        )
    raise typer.Exit(DONE if facts["could_be_added"] else NO)


def pinned(named: list[str] | None, file_config: Path) -> tuple[VerifierKey, ...]:
    """The publishers' keys: those named, else those of the configuration; none where there is no file."""
    if named:
        return tuple(read_publisher(each) for each in named)
    return config.load(file_config).config.law.keys() if file_config.exists() else ()


def _vouched(
    file: Path, content: bytes, signature: Path | None, publishers: tuple[VerifierKey, ...]
) -> tuple[str, bool]:
    try:
        offer = offered(content, read_signature(file, signature), publishers)
    except RulesError as error:
        return str(error).removeprefix("signature: "), False
    return f"good, by {offer.publisher}", True


def _clash(data: Path, content: bytes) -> str:
    """Why the shelf would refuse it, empty where nothing stands against it."""
    try:
        refuse_conflict(load_pack(content), packs_of(data))
    except RulesError as error:
        return str(error)
    return ""
