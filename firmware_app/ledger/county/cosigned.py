"""Who has cosigned the county's log, of the witnesses that an appliance knows.

Rules this file obeys:

* Pure: a signed note that is already verified, and the keys of witnesses; names come out.
* A witness counts once, by its key, and only with a signature that verifies (C2SP tlog-cosignature, v1); a
  bad one is none, and does not make the others worth less.
"""

from __future__ import annotations

from collections.abc import Sequence

from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.note import COSIGNATURE_TYPE, Note, VerifierKey, read_vkey, verified_by
from firmware_app.ledger.errors import BadFormat, BadSignature

MOST_WITNESSES = 8


class BadWitnesses(SteelyardError):
    """What is configured of witnesses cannot be meant; the message says why."""


def read_witnesses(lines: Sequence[str], needed: int) -> tuple[VerifierKey, ...]:
    """The witnesses' keys; raises BadWitnesses.

    ``lines``: as ``python -m county_gateway.witness begin`` prints them; ``needed``: so many must cosign.
    """
    try:
        keys = tuple(read_vkey(line) for line in lines)
    except BadFormat as error:
        raise BadWitnesses(f"witnesses: {error}") from error
    if any(key.type != COSIGNATURE_TYPE for key in keys):
        raise BadWitnesses("witnesses: the key of a log is no witness's key")
    if len({key.public for key in keys}) != len(keys) or len({key.name for key in keys}) != len(keys):
        raise BadWitnesses("witnesses: each has a name and a key of its own")
    if not (1 <= needed <= len(keys) if keys else needed <= 1):
        raise BadWitnesses(f"witnesses_needed: 1 to {len(keys)}, as many as there are")
    return keys


def cosigners(note: Note, witnesses: Sequence[VerifierKey]) -> tuple[str, ...]:
    """The names of the witnesses whose cosignature a checkpoint bears."""
    return tuple(key.name for key in witnesses if _cosigned(note, key))


def _cosigned(note: Note, key: VerifierKey) -> bool:
    try:
        return verified_by(note, key) is not None
    except BadSignature:
        return False
