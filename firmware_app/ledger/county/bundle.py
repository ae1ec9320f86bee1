"""The bundle: entries on their way to the county by hand, and receipts on their way back.

::

    steelyard-DEVICE.bundle     a manifest, then the texts of entries first … last, one a line
    steelyard-DEVICE.receipts   receipts, one a line

Rules this file obeys:

* What lies on a stick is hostile until proven: only these two names are looked for, straight below the place
  that was named; no link is followed, nothing but a plain file is read, and sizes are bounded before reading.
* A file is written whole beside its name and put in its place at once: a stick pulled out half-way holds the
  old file or the new one.
* The manifest says what should be there; the chain itself says that it is. Importing twice changes nothing.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta

from firmware_app.ledger.entry import DeviceId, Entry, Seq, Sha256Hex
from firmware_app.ledger.errors import BadFormat, LedgerError
from firmware_app.ledger.jose import MAX_JWS, PublicJwk, unverified, verified
from firmware_app.ledger.signing.signer import Signer, seal

TYP = "steelyard-bundle+jws"
MAX_BUNDLE = 1 << 30
"""More than ten years of a busy market (10,000 entries of 5 kB in 30 days are 50 MB)."""
MAX_RECEIPTS_FILE = 1 << 20
MOST_RECEIPTS = 64
NAME = re.compile(r"steelyard-([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.bundle", re.ASCII)


class BadBundle(LedgerError):
    """What lies on the stick is no bundle or no receipts, or was cut off or changed."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the device signs: entries ``first`` … ``last`` are in this file.

    ``entry``: SHA-256 of the text of the last; ``log``: what the device has seen of the county's log, as it
    says it over the network (docs/transparency-log.md), empty where it knows none.
    """

    device: DeviceId
    first: Seq
    last: Seq
    entry: Sha256Hex
    log: Annotated[str, Meta(max_length=240)] = ""


def bundle_name(device: str) -> str:
    """The name of a device's bundle on a stick."""
    return f"steelyard-{device}.bundle"


def receipts_name(device: str) -> str:
    """The name of the file of receipts for a device."""
    return f"steelyard-{device}.receipts"


def make_manifest(signer: Signer, first: int, last: Entry, log: str = "") -> str:
    """The device's word, a compact JWS, on what a bundle that ends with ``last`` holds."""
    manifest = Manifest(device=last.payload.device, first=first, last=last.seq, entry=last.hash, log=log)
    return seal(signer, TYP, msgspec.json.encode(manifest))


def claimed_manifest(jws: str) -> Manifest:
    """What an unverified manifest says, to learn whose key to verify it with; raises BadBundle."""
    try:
        return _decode(unverified(jws, TYP)[1])
    except BadFormat as error:
        raise BadBundle(f"manifest: {error}") from error


def read_manifest(jws: str, key: PublicJwk) -> Manifest:
    """The manifest, if ``key`` signed it; raises BadBundle."""
    try:
        return _decode(verified(jws, TYP, key))
    except LedgerError as error:
        raise BadBundle(f"manifest: {error}") from error


@contextmanager
def opened(path: Path, most: int) -> Iterator[BinaryIO]:
    """A plain file of at most so many bytes; raises BadBundle where it is anything else, and OSError."""
    # A link is not followed and a pipe not waited for.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise BadBundle(f"{path.name}: no plain file")
        if found.st_size > most:
            raise BadBundle(f"{path.name}: {found.st_size} bytes, more than the {most} that are read")
        yield file


def texts(file: BinaryIO) -> Iterator[str]:
    """The lines of a file, each bounded and ended as it should be; raises BadBundle."""
    number = 0
    while line := file.readline(MAX_JWS + 2):
        number += 1
        if not line.endswith(b"\n"):
            raise BadBundle(
                f"line {number}: cut off or too long: was the stick pulled out while it was written?"
            )
        try:
            yield line[:-1].decode("ascii")
        except UnicodeDecodeError as error:
            raise BadBundle(f"line {number}: not ASCII") from error


def read_receipts(directory: Path, device: str) -> tuple[str, ...]:
    """The texts of the receipts for a device, unverified; raises BadBundle, and OSError where none are."""
    with opened(directory / receipts_name(device), MAX_RECEIPTS_FILE) as file:
        found: list[str] = []
        for line in texts(file):
            if len(found) == MOST_RECEIPTS:
                raise BadBundle(f"more than {MOST_RECEIPTS} receipts")
            found.append(line)
    if not found:
        raise BadBundle("no receipt in the file")
    return tuple(found)


def _decode(raw: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
        rewritten = msgspec.json.encode(manifest)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFormat(str(error)) from error
    if rewritten != raw or manifest.first > manifest.last:
        raise BadFormat("not written in the one way there is")
    return manifest
