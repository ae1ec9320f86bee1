"""`steelyard law add`: one more law pack for an appliance.

Rules this file obeys:

* Where the core runs it is asked: it alone writes the record, names the pack there and uses it from then on.
* Where none runs the pack is put on the shelf only; the next start proves it again and names it before it
  counts. Which of the two it is the lock of the record says, not a guess by time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_app.cli.common import DEVICE_FAILED, NO, console, fail, in_words, print_json
from firmware_app.cli.law.check import ConfigFile, SignatureFile
from firmware_app.cli.law.common import AsJson, read_pack, read_signature
from firmware_app.cli.packs import packs_of
from firmware_app.ledger.home import held
from firmware_app.rules.base import RulesError
from firmware_app.rules.shelf import offered, put, refuse_conflict
from firmware_app.service import config
from firmware_app.service.client import CoreClient, CoreSilent
from firmware_app.service.messages import Refused
from firmware_app.service.messages.law import AddLawPack, LawPackAdded

COUNTS, WAITS = "counts", "waits_for_start"
"""From now on; from the next start on."""


@in_words
def add_pack(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="File of the pack.")],
    signature: SignatureFile = None,
    file_config: ConfigFile = config.DEFAULT_PATH,
    as_json: AsJson = False,
) -> None:
    """Puts a signed pack on the shelf; the record names it before anything is judged by it.

    Leaves with 1 where it is refused, and nothing has changed then.
    """
    loaded = config.load(file_config)
    data, word = read_pack(file), read_signature(file, signature)
    try:
        offer = offered(data, word, loaded.config.law.keys())
        if held(loaded.data_dir):
            added = _through_core(loaded, data, word)
            new, state = added.new, COUNTS
        else:
            there = refuse_conflict(offer.pack, packs_of(loaded.data_dir))
            new, state = not there and put(loaded.data_dir, offer), COUNTS if there else WAITS
    except RulesError as error:
        fail(f"{file}: {error}", NO)
    pack = offer.pack
    if as_json:
        print_json(
            {
                "id": pack.id,
                "version": pack.version,
                "sha256": pack.sha256,
                "publisher": offer.publisher,
                "new": new,
                "state": state,
            }
        )
        return
    when = {COUNTS: "it counts", WAITS: "it counts from the next start of the program on"}[state]
    words = f"{pack.id} version {pack.version} by {offer.publisher}: "
    words += when if new else f"was there before; {when}"
    console.print(f"{words}; in force from {pack.effective}", markup=False, soft_wrap=True)


def _through_core(loaded: config.Loaded, data: bytes, word: bytes) -> LawPackAdded:
    try:
        with CoreClient(loaded.run_dir) as core:
            reply = core.ask(AddLawPack(data, word))
    except CoreSilent as error:
        fail(f"{error} The program holds the record and does not answer: nothing was added", DEVICE_FAILED)
    if not isinstance(reply, LawPackAdded):
        fail(reply.words if isinstance(reply, Refused) else "the program answered something else", NO)
    return reply
