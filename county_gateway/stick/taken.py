"""Bundles that came by hand: taken through the door of those from the network, answered on the stick.

Rules this file obeys:

* The stick is hostile: its file is copied here first, bounded, and only the copy is read.
* Every batch is taken as one from the network is, whole or not at all: importing twice changes nothing, and
  an import that was broken off goes on where it stood.
* What the manifest promises and the file does not hold is said; what came until there stays.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from county_gateway.county import County
from county_gateway.errors import UnknownDevice
from county_gateway.log.receipts import read_seen
from firmware_app import durable
from firmware_app.ledger.county.bundle import (
    MAX_BUNDLE,
    NAME,
    BadBundle,
    Manifest,
    claimed_manifest,
    opened,
    read_manifest,
    receipts_name,
    texts,
)
from firmware_app.ledger.county.contract import MAX_BATCH, MAX_BATCH_BYTES

MOST_NAMES = 1000
"""So many names on a stick are looked through, no more."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one bundle. ``new``: entries that the county did not hold; ``receipts``: the file."""

    device: str
    first: int
    last: int
    new: int
    receipts: str


def bundles_on(directory: Path) -> tuple[Path, ...]:
    """The bundles straight below a directory, by name; raises OSError."""
    found: list[Path] = []
    for number, path in enumerate(directory.iterdir()):
        if number == MOST_NAMES:
            break
        if NAME.fullmatch(path.name):
            found.append(path)
    return tuple(sorted(found))


def import_bundle(
    county: County, path: Path, answer_to: Path, progress: Callable[[int], None] | None = None
) -> Imported:
    """Takes a bundle in, and puts the receipts for its device into the directory ``answer_to``.

    Raises BadBundle, GatewayError as `County.accept` does, and OSError.
    """
    with tempfile.TemporaryFile() as copy:
        with opened(path, MAX_BUNDLE) as file:
            shutil.copyfileobj(_bounded(file), copy, 1 << 16)
        copy.seek(0)
        lines = texts(copy)
        manifest = _manifest(county, lines)
        seen = read_seen(manifest.log) if manifest.log else None
        new, number = 0, manifest.first - 1
        receipts: tuple[str, ...] = ()
        for batch in _batches(lines):
            accepted = county.accept("".join(f"{line}\n" for line in batch).encode(), seen)
            new, number = new + accepted.stored, number + len(batch)
            receipts = (*accepted.county_keys, accepted.receipt)
            if progress is not None:
                progress(number)
    if number != manifest.last:
        raise BadBundle(
            f"{path.name}: the device put in entries up to {manifest.last}, the file ends at {number}:"
            " carry it once more"
        )
    where = answer_to / receipts_name(manifest.device)
    durable.write(where, "".join(f"{line}\n" for line in receipts).encode())
    return Imported(
        device=manifest.device, first=manifest.first, last=manifest.last, new=new, receipts=str(where)
    )


def _manifest(county: County, lines: Iterator[str]) -> Manifest:
    first = next(lines, None)
    if first is None:
        raise BadBundle("the file is empty: was the stick pulled out while it was written?")
    claimed = claimed_manifest(first)
    with county.store.reading() as store:
        chains = store.chains(claimed.device)
    if not chains:
        raise UnknownDevice(f"{claimed.device} has not joined this county")
    for held in reversed(chains):
        try:
            return read_manifest(first, held.chain.key)
        except BadBundle as error:
            refused = error
    raise refused


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == MAX_BATCH or size + len(line) + 1 > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield batch


class _Bounded:
    """A file that ends where it must, though it grows while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_BUNDLE

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(data)
        return data


def _bounded(file: BinaryIO) -> _Bounded:
    return _Bounded(file)
