"""`steelyard record-sheet`: the record of an on-site examination as a sheet, made from the ledger."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from firmware_app import durable
from firmware_app.cli.common import NO, WRONG_USE, console, fail, in_words, print_json
from firmware_app.cli.ledger import DEFAULT_DATA
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.entry import Entry
from firmware_app.ledger.errors import BadFormat, BadSignature, KeyFileError, WrongKey
from firmware_app.ledger.home import KEY, read_ledger
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.signing.signer import open_key
from firmware_app.ledger.slip.claim import make_slip, slip_text, verify_slip
from firmware_app.procedures.verification.closing import document
from firmware_app.procedures.verification.record import KIND
from firmware_app.service.photos.desk import FOLDER
from hardware.camera.contract import MAX_BYTES


class Written(msgspec.Struct, frozen=True):
    """What `--json` prints. ``slip``: whether the sheet carries the QR code of its slip.

    ``photos``: how many the entry cites; ``photos_missing``: hashes of those not lying beside the ledger
    as they were taken.
    """

    entry: int
    file: str
    bytes: int
    slip: bool
    photos: int = 0
    photos_missing: tuple[str, ...] = ()


@in_words
def record_sheet(
    entry: Annotated[int, typer.Argument(help="Number of an entry of kind verification.", min=1)],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; verification-ENTRY.pdf if not given.")
    ] = None,
    slip: Annotated[
        str, typer.Option(help="Text of the slip's QR code, where the device's key is no file.")
    ] = "",
    data: Annotated[Path, typer.Option("--data", help="Data directory of the appliance.")] = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Writes the record of an on-site examination as PDF, one page of A4, from its entry in the ledger.

    Works beside a running core; the same entry gives the same bytes each time. Leaves with 1 where the entry
    has no sheet.

    Example: steelyard record-sheet 41 --out record.pdf
    """
    # What sets a page takes longer to load than all other commands take to run.
    from firmware_app.procedures.verification.sheet import page

    with read_ledger(data) as ledger:
        found = ledger.entry(entry)
        if found is None:
            fail(f"entry {entry}: the ledger ends at {ledger.head_seq}", NO)
        if found.payload.kind != KIND:
            fail(f"entry {entry} is of kind {found.payload.kind}: only {KIND} has a record sheet", NO)
        text = _checked(slip, found, ledger) if slip else _slip(found, ledger, data)
    try:
        sheet = page.record_sheet(found, text)
    except page.BadSheet as error:
        fail(str(error), NO)
    file = out or Path(document(entry))
    durable.write(file, sheet)
    cited = [each["sha256"] for each in found.payload.body["photos"]]
    missing = tuple(each for each in cited if not _lies(data / FOLDER / f"{each}.jpg", each))
    if as_json:
        print_json(Written(entry, str(file), len(sheet), bool(text), len(cited), missing))
        return
    without = "" if text else "; without QR code: the device's key is no file, give --slip"
    console.print(f"{file}: record sheet of entry {entry}{without}", markup=False)
    if cited:
        lie = len(cited) - len(missing)
        console.print(
            f"photos: {lie} of {len(cited)} lie in {data / FOLDER} as they were taken", markup=False
        )


def _lies(file: Path, sha256: str) -> bool:
    """Whether the photo is there and is the one that the entry cites."""
    try:
        with file.open("rb") as opened:
            taken = opened.read(MAX_BYTES + 1)
    except OSError:
        return False
    return hashlib.sha256(taken).hexdigest() == sha256


def _slip(found: Entry, ledger: LedgerReader, data: Path) -> str:
    """The slip of the entry, as it was made then; empty where the key is not in the data directory."""
    try:
        signer = open_key(data / KEY)
    except KeyFileError:
        return ""
    county = _county(ledger, found.seq)
    return slip_text(make_slip(signer, found), None if county is None else county.url)


def _county(ledger: LedgerReader, seq: int) -> County | None:
    """The county that was joined when the entry was written."""
    joined = [each for each in ledger.of_kind("enrolment", 0) if each.seq < seq]
    return msgspec.convert(joined[-1].payload.body, County) if joined else None


def _checked(text: str, found: Entry, ledger: LedgerReader) -> str:
    """The text, if it is the slip of this entry."""
    try:
        genuine = verify_slip(text, ledger.key).stands_for(found.hash)
    except (BadFormat, BadSignature, WrongKey) as error:
        fail(f"--slip: {error}", WRONG_USE)
    if not genuine:
        fail(f"--slip: this is the slip of another entry than {found.seq}", WRONG_USE)
    return text
