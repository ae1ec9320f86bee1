"""`steelyard slip`: is a slip genuine, and on paper, please."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from firmware_app.cli.common import NO, WRONG_USE, console, fail, in_words, print_json
from firmware_app.cli.ledger import DEFAULT_DATA
from firmware_app.cli.print_slip import print_slip
from firmware_app.ledger.chain import begin
from firmware_app.ledger.county.key_list import key_for
from firmware_app.ledger.errors import BadFormat, BadSignature, WrongKey
from firmware_app.ledger.home import read_ledger
from firmware_app.ledger.jose import PublicJwk, read_public_jwk
from firmware_app.ledger.slip.claim import Slip, verify_slip

app = typer.Typer(no_args_is_help=True)
MAX_KEY_FILE = 256 * 1024
MAX_KEY_LIST = 64 << 20


class Answer(msgspec.Struct, frozen=True):
    """What `--json` prints. ``entry_held``: None where there is no ledger to compare with."""

    genuine: bool
    why: str
    entry_held: bool | None = None
    slip: Slip | None = None


@app.callback()
def slips() -> None:
    """Slips: prints one again, or tells whether one is genuine.

    Example: steelyard slip print 41
    """


app.command("print")(print_slip)


@app.command()
@in_words
def verify(
    text: Annotated[str, typer.Argument(help="Text of the slip's QR code.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The device's public key (JWK), an export of its ledger, or a county's key list."),
    ] = None,
    county_kid: Annotated[
        str | None, typer.Option(help="Thumbprint that the county of the key list is known by.")
    ] = None,
    data: Annotated[
        Path, typer.Option(help="Data directory whose ledger holds the key; not used with --key.")
    ] = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Verifies the text of a slip's QR code; leaves with 1 where it is not genuine.

    Example: steelyard slip verify "STEELYARD2:02418..." --key ledger.ndjson
    """
    answer = _look(text, key, data, county_kid)
    if as_json:
        print_json(answer)
    elif answer.slip is not None and answer.genuine:
        slip = answer.slip
        console.print(
            f"genuine: {slip.verdict}, scale {slip.scale or 'not named'}, {slip.at}",
            markup=False,
            soft_wrap=True,
        )
        console.print(f"device {slip.device}, entry {slip.seq}: {answer.why}", markup=False, soft_wrap=True)
    if not answer.genuine:
        if as_json:
            raise typer.Exit(NO)
        fail(f"not genuine: {answer.why}", NO)


def _look(text: str, key: Path | None, data: Path, county_kid: str | None) -> Answer:
    try:
        jwk, why = _key(text, key, data, county_kid)
        slip = verify_slip(text, jwk)
    except (BadFormat, BadSignature, WrongKey) as error:
        return Answer(genuine=False, why=str(error))
    if key is not None:
        return Answer(genuine=True, why=why, slip=slip)
    with read_ledger(data) as ledger:
        entry = ledger.entry(slip.seq)
    if entry is None or not slip.stands_for(entry.hash):
        return Answer(genuine=False, why="the ledger holds no such entry", entry_held=False, slip=slip)
    return Answer(
        genuine=True, why="signed by this device; its ledger holds the entry", entry_held=True, slip=slip
    )


def _key(text: str, file: Path | None, data: Path, county_kid: str | None) -> tuple[PublicJwk, str]:
    """The key to verify with, and who vouches for it."""
    if file is None:
        with read_ledger(data) as ledger:
            return ledger.key, "signed by this device"
    with file.open("rb") as opened:
        document = opened.readline(MAX_KEY_FILE)
    if document.startswith(b"{"):
        written = file.read_bytes()[:MAX_KEY_LIST]
        if written.rstrip().count(b"\n") > 0:
            return _listed(text, written, county_kid)
    try:
        if document.startswith(b"{"):
            return read_public_jwk(document), "signed by this key"
        chain, _ = begin(document.decode("ascii").rstrip("\n"))
    except (BadFormat, BadSignature, WrongKey, UnicodeDecodeError):
        # A damaged key says nothing of the slip: it must not be told as a forgery.
        fail(f"{file}: neither a public JWK, nor an exported ledger, nor a county's key list", WRONG_USE)
    return chain.key, "signed by this key"


def _listed(text: str, written: bytes, county_kid: str | None) -> tuple[PublicJwk, str]:
    key, county = key_for(text, written.decode("ascii", "replace").splitlines(), county_kid)
    if not key.trusted:
        raise WrongKey(f"{key.device} signed it with a key that {key.county} has revoked")
    compare = "" if county_kid is not None else " (compare it)"
    return key.jwk, f"its key is vouched for by {key.county}, county key {county.kid}{compare}"
