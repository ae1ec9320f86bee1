"""Judging a batch: pure, from what the county knows of a device and the lines that came.

Rules this file obeys:

* Known entries are acknowledged again; what is new must continue the chain without a gap.
* Only what the device has really signed can be a fork: nobody can accuse a device in its place.
* A batch is taken whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from county_gateway.errors import BadBatch, EntryBad, ForkFound, GapFound
from firmware_app.ledger.chain import Chain, claimed_seq
from firmware_app.ledger.county.contract import MAX_BATCH
from firmware_app.ledger.entry import Entry, read_entry
from firmware_app.ledger.errors import BadFormat, BadSignature, ChainError, Fork, Gap, WrongKey
from firmware_app.ledger.jose import sha256_hex

HashOf = Callable[[int], str | None]
"""The hash of the entry of that number that the county holds, None where it holds none."""


class Batch(msgspec.Struct, frozen=True):
    """A good batch. ``last_seq``, ``last_hash``: its last entry, upon which the receipt is given."""

    new: tuple[Entry, ...]
    known: int
    chain: Chain
    last_seq: int
    last_hash: str


def split(body: bytes) -> tuple[str, ...]:
    """The lines of a body; raises BadBatch."""
    if not body.endswith(b"\n"):
        raise BadBatch("empty or cut off: each line ends with a line feed")
    try:
        lines = tuple(body[:-1].decode("ascii").split("\n"))
    except UnicodeDecodeError as error:
        raise BadBatch("not ASCII") from error
    if len(lines) > MAX_BATCH:
        raise BadBatch(f"{len(lines)} entries: at most {MAX_BATCH}")
    return lines


def judge(chain: Chain, hash_of: HashOf, lines: Sequence[str]) -> Batch:
    """What the batch adds to the chain; raises EntryBad, GapFound, ForkFound.

    ``chain``: as far as the county holds it; ``lines``: at least one.
    """
    new: list[Entry] = []
    known = 0
    last_seq, last_hash = 0, ""
    for line in lines:
        # Behind a new entry comes the next new one, nearly always: it is followed without being asked first.
        seq = None if new else claimed_seq(line)
        if seq is None or seq > chain.head.seq:
            try:
                chain, entry = chain.follow(line)
            except ChainError as error:
                seq = claimed_seq(line)
                if seq is None or seq > chain.head.seq:
                    raise _refusal(error, line, chain) from error
            else:
                new.append(entry)
                last_seq, last_hash = entry.seq, entry.hash
                continue
        _same_as_known(chain, hash_of, new, seq, line)
        known += 1
        last_seq, last_hash = seq, sha256_hex(line)
    return Batch(tuple(new), known, chain, last_seq, last_hash)


def _refusal(error: ChainError, line: str, chain: Chain) -> GapFound | ForkFound | EntryBad:
    if isinstance(error, Gap):
        return GapFound(error.expected)
    if isinstance(error, Fork):
        # Signed by the device upon another past than the county's: the two part before this entry.
        return ForkFound(error.seq, line, sha256_hex(line), chain.head.hash)
    return EntryBad(error.seq, str(error))


def _same_as_known(chain: Chain, hash_of: HashOf, new: Sequence[Entry], seq: int, line: str) -> None:
    known = next((entry.hash for entry in new if entry.seq == seq), None) or hash_of(seq)
    if known == sha256_hex(line):
        return
    try:
        entry = read_entry(line, chain.key)
    except (BadFormat, BadSignature, WrongKey) as error:
        raise EntryBad(seq, str(error)) from error
    if entry.payload.device != chain.device:
        raise EntryBad(seq, f"of device {entry.payload.device}, not of {chain.device}")
    raise ForkFound(seq, line, entry.hash, known or "")
