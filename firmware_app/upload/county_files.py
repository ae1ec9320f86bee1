"""A file of the county on its way to the core, whichever way it came: over the network or on a stick.

Rules this file obeys:

* What no key of the county has signed, as the core names them, is not carried at all, and the core proves it
  again.
* A file is put aside whole under one name in the run directory, and taken away when the core has answered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from firmware_app import durable
from firmware_app.ledger.county.downlink import STATEMENT_TYP, Statement, check_content, read_statement
from firmware_app.ledger.errors import WrongKey
from firmware_app.ledger.jose import PublicJwk, unverified
from firmware_app.service import messages
from firmware_app.service.messages.county import ASIDE


class Core(Protocol):
    """The core as a courier asks it; None where it is silent."""

    def __call__(self, command: messages.Command) -> messages.Reply | None: ...


def proven(statement: str, content: bytes, keys: Sequence[PublicJwk]) -> Statement:
    """The county's statement upon these bytes; raises BadFormat, BadSignature, WrongKey.

    ``keys``: those whose statements count.
    """
    kid = unverified(statement, STATEMENT_TYP)[0].kid
    key = next((each for each in keys if each.kid == kid), None)
    if key is None:
        raise WrongKey("not signed by a key of the county")
    said = read_statement(statement, key)
    check_content(said, content)
    return said


def hand_over(core: Core, run_dir: Path, name: str, statement: str, content: bytes) -> messages.Reply | None:
    """What the core says of the file, None where it is silent; raises OSError."""
    path = run_dir / ASIDE.format(name)
    try:
        durable.write(path, content, 0o660)
        return core(messages.TakeDownlink(name, statement))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
