#!/usr/bin/env python3
"""Checks a county's transparency log without any Steelyard code.

Needs Python 3.11 or later, check_bytes.py beside it, and the package ``cryptography``. The formats are those
of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature) and RFC 6962; what is logged is in
docs/transparency-log.md.

    python check_log.py FOLDER --log VKEY
    python check_log.py FOLDER --log VKEY --witness VKEY --older checkpoint-of-last-month
    python check_log.py FOLDER --log VKEY --ledger ledger.ndjson --entry SHA256

FOLDER holds ``checkpoint`` and ``tile/...`` as the county serves them (``wget -r`` or an export). Exit 0: the
checkpoint is signed, the tiles are exactly the tree that it speaks of, every older checkpoint is its
beginning, every entry is in it. Exit 1: says what is not so. Exit 2: wrong use, or nothing to read.

What it cannot know by itself: whether others are shown the same log. That is what witnesses are for, and
comparing checkpoints (--older) with others who keep theirs.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from check_bytes import NoFile, Wrong, lines, opened, told, whole
from check_bytes import decode as decode_url
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH, HASH_BYTES = 256, 32
LOG, WITNESS = 1, 4
MAX_FILE = 1 << 20
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
NAME = re.compile(r"[^\s+]{1,200}")
HEX = re.compile(r"[0-9a-f]{64}")


class VKey(NamedTuple):
    """A key as a vkey writes it: name, type (1 of a log, 4 of a witness), public key."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]


class Head(NamedTuple):
    """What a checkpoint says, and when which witness cosigned it (POSIX seconds).

    ``unread``: signatures by keys that nobody named; nothing rests on them and nothing guards them.
    """

    origin: str
    size: int
    root: bytes
    witnessed: dict[str, int]
    unread: int = 0


def decode(text: str) -> bytes:
    """Canonical base64 only: stray bits in the last character would let a byte change unseen."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Wrong("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong("not canonical base64")
    return data


def read_hashes(texts: object) -> list[bytes]:
    """Hashes written in base64, as proofs have them."""
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts) or len(texts) > 63:
        raise Wrong("a proof is a list of hashes in base64")
    hashes = [decode(text) for text in texts]
    if any(len(each) != HASH_BYTES for each in hashes):
        raise Wrong("a proof holds something that is no SHA-256")
    return hashes


def read_vkey(text: str) -> VKey:
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Wrong("a vkey is name+id+key")
    raw = decode(parts[2])
    if len(raw) != 33 or raw[0] not in (LOG, WITNESS) or not NAME.fullmatch(parts[0]):
        raise Wrong("a vkey of no known type")
    key = VKey(parts[0], raw[0], raw[1:])
    if key.id.hex() != parts[1]:
        raise Wrong("a vkey whose id does not belong to it")
    return key


# ----------------------------------------------------------------------------------------------- the tree


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1, level by level: a last hash without a neighbour goes up as it is."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def root_by_path(index: int, size: int, start: bytes, path: Sequence[bytes]) -> bytes:
    """The root that a leaf hash and its audit path lead to (RFC 9162 2.1.3.2); raises Wrong."""
    if not 0 <= index < size:
        raise Wrong(f"leaf {index} is not in a log of {size}")
    found, last = start, size - 1
    for sibling in path:
        if last == 0:
            raise Wrong("a proof of inclusion with too many hashes")
        if index % 2 or index == last:
            found = node(sibling, found)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            found = node(found, sibling)
        index, last = index // 2, last // 2
    if last:
        raise Wrong("a proof of inclusion with too few hashes")
    return found


def check_growth(old: Head, new: Head, path: Sequence[bytes]) -> None:
    """Raises Wrong unless the path shows that ``old`` is the beginning of ``new`` (RFC 9162 2.1.4.2)."""
    if old.size > new.size or (old.size == new.size and (old.root != new.root or path)):
        raise Wrong(f"the log of {new.size} does not go on from the one of {old.size}")
    if old.size in (0, new.size):
        if path:
            raise Wrong("a proof of growth where nothing is to prove")
        return
    hashes = list(path) if old.size & (old.size - 1) else [old.root, *path]
    if not hashes:
        raise Wrong("a proof of growth with too few hashes")
    index, last = old.size - 1, new.size - 1
    while index % 2:
        index, last = index // 2, last // 2
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise Wrong("a proof of growth with too many hashes")
        if index % 2 or index == last:
            before, after = node(sibling, before), node(sibling, after)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            after = node(after, sibling)
        index, last = index // 2, last // 2
    if last or (before, after) != (old.root, new.root):
        raise Wrong(f"the log of {new.size} does not go on from the one of {old.size}")


# ----------------------------------------------------------------------------------------- the checkpoint


def read_head(text: str, log: VKey, witnesses: Sequence[VKey] = ()) -> Head:
    """A checkpoint signed by its log; raises Wrong, also where a known witness's line does not verify."""
    body, gap, signatures = text.rpartition("\n\n")
    fields = body.split("\n")
    if (
        not gap
        or not signatures.endswith("\n")
        or len(fields) != 3
        or re.search(r"[\x00-\x09\x0b-\x1f]", text)
    ):
        raise Wrong("not a checkpoint: three lines, a blank one, and signatures")
    if fields[0] != log.name:
        raise Wrong(f"a checkpoint of the log {fields[0][:60]}, not of {log.name}")
    if not NUMBER.fullmatch(fields[1]):
        raise Wrong("the size in the checkpoint is no number")
    root = decode(fields[2])
    if len(root) != HASH_BYTES:
        raise Wrong("the root in the checkpoint is no SHA-256")
    signed, witnessed, unread = False, {}, 0
    for line in signatures[:-1].split("\n"):
        dash, name, value = [*line.split(" "), "", ""][:3] if line.count(" ") == 2 else ("", "", "")
        if dash != "—" or not NAME.fullmatch(name):
            raise Wrong("a line under the checkpoint that is no signature")
        raw = decode(value)
        known = [log, *witnesses]
        unread += all((name, raw[:4]) != (key.name, key.id) for key in known)
        if (name, raw[:4]) == (log.name, log.id):
            check_signature(log, raw[4:], f"{body}\n".encode())
            signed = True
        for witness in witnesses:
            if (name, raw[:4]) == (witness.name, witness.id):
                time = int.from_bytes(raw[4:12], "big")
                check_signature(witness, raw[12:], f"cosignature/v1\ntime {time}\n{body}\n".encode())
                witnessed[name] = time
    if not signed:
        raise Wrong("the checkpoint is not signed by its log")
    return Head(fields[0], int(fields[1]), root, witnessed, unread)


def check_signature(key: VKey, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Wrong(f"the signature of {key.name} does not fit the checkpoint") from None


# ---------------------------------------------------------------------------------------------- the tiles


def tile_path(level: str, number: int, width: int) -> str:
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(reversed(parts))}" + (f".p/{width}" if width < WIDTH else "")


def read_row(folder: Path, level: str, count: int, size: int) -> bytes:
    """The bytes of all tiles of a level with ``count`` members of ``size`` bytes; raises Wrong."""
    row = []
    for number in range((count + WIDTH - 1) // WIDTH):
        width = min(WIDTH, count - number * WIDTH)
        name = tile_path(level, number, width)
        content = read_file(folder / name, name)
        if len(content) != width * size:
            raise Wrong(f"{name} has {len(content)} bytes, not {width * size}")
        row.append(content)
    return b"".join(row)


def read_file(path: Path, name: str) -> bytes:
    try:
        return whole(path, MAX_FILE)
    except NoFile as error:
        raise Wrong(f"{name}: {str(error).removeprefix(f'{path}: ')}") from None


def split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def check_tiles(folder: Path, head: Head) -> list[bytes]:
    """The leaf hashes of the log, every tile and bundle found to be what follows from them; raises Wrong."""
    leaves = split(read_row(folder, "0", head.size, HASH_BYTES), HASH_BYTES)
    for at, entry in enumerate(split(read_row(folder, "entries", head.size, 2 + HASH_BYTES), 2 + HASH_BYTES)):
        if entry[:2] != b"\x00\x20" or leaf(entry[2:]) != leaves[at]:
            raise Wrong(f"entry {at} of the log is another one than its leaf")
    level, below = 1, leaves
    while len(below) >= WIDTH:
        full = len(below) // WIDTH
        above = [root_of(below[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        if read_row(folder, str(level), full, HASH_BYTES) != b"".join(above):
            raise Wrong(f"the tiles of level {level} do not follow from those below")
        level, below = level + 1, above
    if root_of(leaves) != head.root:
        raise Wrong("the tiles are not the tree that the checkpoint speaks of")
    return leaves


def entries_of(ledger: str) -> list[str]:
    """The SHA-256 of each entry in an export of a ledger (check the export itself with check_ledger.py)."""
    hashes = []
    with opened(ledger) as file:
        for number, line in lines(file):
            try:
                header = decode_url(line.partition(".")[0])
            except Wrong as wrong:
                raise Wrong(f"{ledger}: line {number}: {wrong}") from None
            if b'"typ":"steelyard-entry+jws"' in header:
                hashes.append(hashlib.sha256(line.encode()).hexdigest())
    if not hashes:
        raise Wrong(f"{ledger}: holds no entry")
    return hashes


class Found(NamedTuple):
    """A good log."""

    head: Head
    older: list[int]
    positions: dict[str, int]


def check(
    folder: Path,
    log: VKey,
    witnesses: Sequence[VKey] = (),
    *,
    need: int = 0,
    older: Sequence[str] = (),
    entries: Sequence[str] = (),
) -> Found:
    """What the folder holds; raises Wrong. ``older``: texts of checkpoints; ``entries``: SHA-256 in hex."""
    text = read_file(folder / "checkpoint", "checkpoint").decode("utf-8", "replace")
    head = read_head(text, log, witnesses)
    if len(head.witnessed) < need:
        raise Wrong(f"{len(head.witnessed)} of the witnesses have cosigned it, {need} must have")
    leaves = check_tiles(folder, head)
    sizes = []
    for kept in older:
        old = read_head(kept, log, witnesses)
        if old.size > head.size:
            raise Wrong(f"the log has {head.size} entries; an older checkpoint speaks of {old.size}")
        if root_of(leaves[: old.size]) != old.root:
            raise Wrong(f"the log does not begin with the {old.size} entries of an older checkpoint")
        sizes.append(old.size)
    places = {value: at for at, value in enumerate(leaves)}
    positions = {}
    for entry in entries:
        place = places.get(leaf(bytes.fromhex(entry)))
        if place is None:
            raise Wrong(f"the entry {entry} is not in the log")
        positions[entry] = place
    return Found(head, sizes, positions)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a county's transparency log.")
    parser.add_argument("folder", help="folder with checkpoint and tile/")
    parser.add_argument("--log", required=True, help="key of the log (vkey), from elsewhere than the folder")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness (vkey); repeat")
    parser.add_argument("--need", type=int, default=0, help="at least so many of them must have cosigned")
    parser.add_argument("--older", action="append", default=[], help="file with an older checkpoint; repeat")
    parser.add_argument("--entry", action="append", default=[], help="SHA-256 of an entry, in hex; repeat")
    parser.add_argument("--ledger", help="ledger.ndjson: all its entries must be in the log")
    options = parser.parse_args(arguments)
    try:
        log, witnesses = read_vkey(options.log), [read_vkey(each) for each in options.witness]
    except Wrong as wrong:
        parser.error(str(wrong))
    if log.type != LOG or any(each.type != WITNESS for each in witnesses):
        parser.error("--log takes the key of a log, --witness that of a witness")
    if not all(HEX.fullmatch(each) for each in options.entry):
        parser.error("--entry takes 64 hex digits")

    def look() -> list[str]:
        if not Path(options.folder).is_dir():
            raise NoFile(f"{options.folder}: no such folder")
        older = [whole(each, MAX_FILE).decode("utf-8", "replace") for each in options.older]
        entries = [*options.entry, *(entries_of(options.ledger) if options.ledger else [])]
        return in_words(
            check(Path(options.folder), log, witnesses, need=options.need, older=older, entries=entries)
        )

    return told(look)


def in_words(found: Found) -> list[str]:
    """What a good log holds, for people."""
    head = found.head
    return [
        f"GOOD     log {head.origin}, {head.size} entries",
        f"root     {base64.b64encode(head.root).decode()}",
        *(f"witness  {name} at {moment(time)}" for name, time in head.witnessed.items()),
        *([f"unread   {head.unread} signatures by keys that were not named"] * bool(head.unread)),
        *(f"older    {size} entries: the same beginning" for size in found.older),
        *([f"entries  {len(found.positions)} of those asked for are in it"] * bool(found.positions)),
    ]


def moment(time: int) -> str:
    """POSIX seconds as a time; a witness may have signed one that no calendar holds."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"second {time}"


if __name__ == "__main__":
    sys.exit(main())
