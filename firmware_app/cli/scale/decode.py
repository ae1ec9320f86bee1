"""`steelyard scale decode`: from bytes in a file or on the command line to indications, or to candidates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import NO, fail, print_json
from firmware_app.cli.scale.common import AsJson, scale_in_words, shelf, show
from hardware.scale.bits import Setting
from hardware.scale.contract import Check, Decoder, Indication
from hardware.scale.listen import MAX_HEARD, NO_RATE, Chunk, Heard, propose
from hardware.scale.recorder import is_recording, read_recording

MAX_HEX = 4_000_000
"""Characters of hexadecimal text taken from the command line or a file."""
BLOCK = 65536
AUTO = "auto"
_HEX = re.compile(rb"(?:0[xX])?[0-9A-Fa-f]{2}(?:[\s,;]*(?:0[xX])?[0-9A-Fa-f]{2})*[\s,;]*")
_HEX_ONLY = re.compile(rb"[0-9A-Fa-fxX,;\s]*")


@scale_in_words
def decode(
    profile: Annotated[
        str, typer.Option("--profile", help="Protocol, see `steelyard scale list`; auto: which it may be.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(help="Recording, raw bytes, or text of hexadecimal bytes.", show_default=False),
    ] = None,
    hex_text: Annotated[str | None, typer.Option("--hex", help='Bytes, such as "02 2B 30".')] = None,
    as_json: AsJson = False,
) -> None:
    """Decodes bytes: one line a frame; exit code 1 when no frame decodes.

    With --profile auto: one line a candidate, with score and example value; nothing is decided.

    Example: steelyard scale decode --profile yaohua-tf0 --hex "02 2B 30 30 31 35 36 30 30 31 39 03" --json
    """
    if (file is None) == (hex_text is None):
        fail("give either --hex or a file")
    blocks = [_from_hex(hex_text.encode())] if hex_text is not None else _blocks_of(file or Path())
    if profile == AUTO:
        _candidates(blocks, as_json)
        return
    decoder = shelf().decoder(profile)
    good = 0
    for indication in _indications(decoder, blocks):
        good += indication.check is not Check.BAD
        show(indication, as_json)
    if not good:
        fail(f"no frame of {profile} is in these bytes", NO)


def _candidates(blocks: Iterable[bytes], as_json: bool) -> None:
    data = b""
    for block in blocks:
        data += block
        if len(data) >= MAX_HEARD:
            break
    heard = Heard(Setting(NO_RATE, "8N1"), (Chunk(0, data[:MAX_HEARD]),), transport="")
    found = propose((heard,), shelf(), fewest=1).candidates
    for candidate in found:
        if as_json:
            print_json(candidate)
            continue
        value = "no value" if candidate.value is None else f"{candidate.value} {candidate.unit or ''}".strip()
        typer.echo(f"{candidate.score:5.1f}  {candidate.profile:24}  {value:14}  {'; '.join(candidate.why)}")
    if not found:
        fail(f"no known protocol has a frame in the first {MAX_HEARD} of these bytes", NO)


def _indications(decoder: Decoder, blocks: Iterable[bytes]) -> Iterator[Indication]:
    for block in blocks:
        yield from decoder.feed(block)
    yield from decoder.finish()


def _blocks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a recording, of a text that is nothing but hexadecimal, or of a raw file."""
    if is_recording(path):
        yield from (event.data for event in read_recording(path))
        return
    with path.open("rb") as file:
        first = file.read(BLOCK)
        if _HEX_ONLY.fullmatch(first):
            yield _from_hex(first + file.read(MAX_HEX + 1))
            return
        while first:
            yield first
            first = file.read(BLOCK)


def _from_hex(text: bytes) -> bytes:
    if len(text) > MAX_HEX:
        fail(f"more than {MAX_HEX} characters of hexadecimal text: give raw bytes in a file")
    if not _HEX.fullmatch(text.strip()):
        fail('that is not hexadecimal: write two characters a byte, such as "02 2B 30"')
    return bytes.fromhex(re.sub(rb"0[xX]|[\s,;]", b"", text).decode())
