"""`steelyard law sign`: the publisher's word on a law pack, in a file beside it.

Rules this file obeys:

* The private key is read from the file given and goes nowhere: nothing of it is printed, kept or told.
* Only a pack that proves itself is signed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app import durable
from firmware_app.cli.common import console, in_words, print_json
from firmware_app.cli.law.common import SIGNATURE, AsJson, read_pack
from firmware_app.ledger.signing.signer import create_key, open_key
from firmware_app.rules.bounds import MAX_PACK
from firmware_app.rules.pack import BadPack, load_pack
from firmware_app.rules.publisher import publisher_key, sign_pack, statement


@in_words
def sign_file(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File of the pack.")],
    key: Annotated[Path, typer.Option("--key", help="File of the publisher's private key, mode 0600.")],
    name: Annotated[str, typer.Option("--name", help="Name of the publisher, such as law.example.org.")],
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make the key file first; an existing one is never overwritten.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Signs a law pack that proves itself, and prints the public key that appliances are to pin."""
    content = read_pack(file)
    if len(content) > MAX_PACK:
        raise BadPack(f"{file}: more than {MAX_PACK} bytes, which no appliance takes")
    pack = load_pack(content, str(file))
    signer = create_key(key) if new_key else open_key(key)
    public = publisher_key(name, signer)
    note = sign_pack(statement(pack.id, pack.version, content), public, signer)
    out = file.with_name(file.name + SIGNATURE)
    durable.write(out, note.encode())
    if as_json:
        print_json({"file": str(out), "publisher": str(public), "sha256": pack.sha256})
        return
    console.print(f"{pack.id} version {pack.version}: signed in {out}", markup=False, soft_wrap=True)
    console.print(f'[law]\npublishers = ["{public}"]', markup=False, soft_wrap=True)
