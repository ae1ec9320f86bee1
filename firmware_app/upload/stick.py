"""The record by hand: what waits goes onto a USB stick; the county's receipts and files come back on it.

Rules this file obeys:

* The stick is hostile, and pulled out at any moment: see `ledger.county.bundle`. The core never sees
  it; it hands out its own entries and verifies every receipt and file as one from the network.
* Written means read back from the stick: many a stick says yes and keeps nothing.
* Writing twice replaces the bundle by a later one; taking receipts or files twice changes nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.ledger.county.bundle import (
    MAX_BUNDLE,
    BadBundle,
    bundle_name,
    claimed_manifest,
    opened,
    read_receipts,
    receipts_name,
)
from firmware_app.ledger.county.carried import CarriedFile, carried_files, downlink_name
from firmware_app.ledger.county.receipt import receipt_typ
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.errors import BadFormat, LedgerError
from firmware_app.service import messages
from firmware_app.upload.county_files import hand_over, proven

PAGE = 200
CHUNK = 1 << 20
MAX_WORDS = 200


class Core(Protocol):
    """The core as `service.client.CoreClient` reaches it."""

    def ask(self, command: messages.Command) -> messages.Reply: ...


class StickFailed(SteelyardError):
    """The stick cannot be written or read; the record is as it was.

    ``code``: full, locked, gone, forgets, nothing (for this appliance), link or broken.
    """

    def __init__(self, words: str, code: str = "broken") -> None:
        super().__init__(words)
        self.code = code


class NotTaken(SteelyardError):
    """The core would not do it; the message has its words, ``code`` its code."""

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(words)
        self.code = code


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle on a stick. ``new``: entries in it that have no receipt yet."""

    file: str
    device: str
    first: int
    last: int
    new: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What the receipts brought. ``received``: highest entry with a receipt, before and now."""

    device: str
    before: int
    received: int


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the county's files on a stick: the names of those that are new here, and of those that
    were refused with the words for it; what was here already is in neither."""

    taken: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def write_bundle(core: Core, directory: Path, progress: Callable[[int, int], None] | None = None) -> Written:
    """Writes all that waits for a receipt; ``progress`` is told how many of how many.

    Raises StickFailed, NotTaken, CoreSilent.
    """
    received = _entries(core, 0, 1).received
    reply = core.ask(messages.SignBundle())
    if not isinstance(reply, messages.Bundle):
        raise _not_taken(reply)
    manifest = claimed_manifest(reply.manifest)
    path = directory / bundle_name(manifest.device)
    digest = hashlib.sha256()
    try:
        with durable.writing(path) as file:

            def put(data: bytes) -> None:
                file.write(data)
                digest.update(data)

            put(reply.manifest.encode() + b"\n")
            after = manifest.first - 1
            while after < manifest.last:
                page = _entries(core, after, min(PAGE, manifest.last - after)).jws
                if not page:
                    raise NotTaken(f"the core hands out no entry after {after}")
                put("".join(f"{line}\n" for line in page).encode())
                after += len(page)
                if progress is not None:
                    progress(after - manifest.first + 1, manifest.last - manifest.first + 1)
        with opened(path, MAX_BUNDLE) as file:
            kept = _read_back(file)
    except OSError as error:
        raise _stick_failed(directory, error) from error
    if kept != digest.digest():
        raise StickFailed(
            f"{directory}: the stick does not give back what was written: take another", "forgets"
        )
    new = manifest.last - max(received, manifest.first - 1)
    return Written(file=str(path), device=manifest.device, first=manifest.first, last=manifest.last, new=new)


def take_receipts(core: Core, directory: Path) -> Taken:
    """Hands the receipts on a stick to the core, which verifies and keeps them.

    Raises StickFailed, BadBundle, NotTaken, CoreSilent.
    """
    device, before = _device(core)
    try:
        lines = read_receipts(directory, device)
    except FileNotFoundError as error:
        raise StickFailed(
            f"{directory}: no receipts for {device} here ({receipts_name(device)}): was the bundle imported"
            " at the county?",
            "nothing",
        ) from error
    except OSError as error:
        raise _stick_failed(directory, error) from error
    if not any(map(_is_receipt, lines)):
        raise BadBundle(f"{receipts_name(device)}: holds no receipt")
    statements: list[str] = []
    for line in lines:
        if not _is_receipt(line):
            statements.append(line)
            continue
        reply = core.ask(messages.KeepReceipt(line, tuple(statements)))
        if not isinstance(reply, messages.Ok):
            raise _not_taken(reply)
    return Taken(device=device, before=before, received=_entries(core, 0, 1).received)


def take_files(core: Core, directory: Path, run_dir: Path) -> Files:
    """Hands the county's files on a stick to the core, as they come over the network; see `upload.fetch`.

    Raises StickFailed (``nothing`` where there are none), BadBundle, NotTaken, CoreSilent.
    """
    device, _ = _device(core)
    ask = core.ask(messages.AskDownlink())
    if not isinstance(ask, messages.DownlinkAsk):
        raise _not_taken(ask)
    held = {each.name: each.version for each in ask.held}
    taken: list[str] = []
    refused: list[tuple[str, str]] = []
    try:
        for each in carried_files(directory, device):
            name = each.claimed.name
            if each.claimed.version <= held.get(name, 0):
                continue
            try:
                proven(each.statement, each.content, ask.keys)
            except LedgerError as error:
                refused.append((name, str(error)[:MAX_WORDS]))
                continue
            reply = _hand_over(core, run_dir, each)
            if isinstance(reply, messages.Ok):
                taken.append(name)
            elif isinstance(reply, messages.Refused) and reply.code == "bad_downlink":
                refused.append((name, reply.words[:MAX_WORDS]))
            else:
                raise _not_taken(reply)
    except FileNotFoundError as error:
        words = f"{directory}: nothing for {device} here ({downlink_name(device)})"
        raise StickFailed(words, "nothing") from error
    except OSError as error:
        raise _stick_failed(directory, error) from error
    return Files(taken=tuple(taken), refused=tuple(refused))


def _is_receipt(line: str) -> bool:
    """Whether it says to be a receipt; else it is one of the county's statements of its keys."""
    try:
        receipt_typ(line)
    except BadFormat:
        return False
    return True


def _entries(core: Core, after: int, limit: int) -> messages.Entries:
    reply = core.ask(messages.ReadEntries(after, limit))
    if not isinstance(reply, messages.Entries):
        raise _not_taken(reply)
    return reply


def _device(core: Core) -> tuple[str, int]:
    """The appliance's id, and its highest entry with a receipt."""
    first = _entries(core, 0, 1)
    if not first.jws:
        raise NotTaken("the core hands out no entry")
    return unverified_payload(first.jws[0]).device, first.received


def _read_back(file: BinaryIO) -> bytes:
    """SHA-256 of what the stick itself has; of what is in memory the kernel is asked to let go first."""
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    digest = hashlib.sha256()
    while data := file.read(CHUNK):
        digest.update(data)
    return digest.digest()


def _hand_over(core: Core, run_dir: Path, file: CarriedFile) -> messages.Reply | None:
    try:
        return hand_over(core.ask, run_dir, file.claimed.name, file.statement, file.content)
    except OSError as error:
        # The appliance's own disk, and not the stick.
        raise NotTaken(f"{run_dir}: {error.strerror or error}", "io_error") from error


def _not_taken(reply: messages.Reply | None) -> NotTaken:
    if isinstance(reply, messages.Refused):
        return NotTaken(f"{reply.words} ({reply.code})", reply.code)
    return NotTaken("no answer of the core")


def _stick_failed(directory: Path, error: OSError) -> StickFailed:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StickFailed(
            f"{directory}: the stick is full; what was on it is as it was. Take another or make room",
            "full",
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StickFailed(f"{directory}: the stick cannot be written: is its lock switch on?", "locked")
    if error.errno == errno.ELOOP:
        return StickFailed(f"{directory}: a link lies there in place of a file; it was not followed", "link")
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        words = f"{directory}: the stick is gone or broken ({error.strerror}); put it in again"
        return StickFailed(words, "gone")
    return StickFailed(f"{directory}: {error.strerror}")


__all__ = [
    "BadBundle",
    "Files",
    "NotTaken",
    "StickFailed",
    "Taken",
    "Written",
    "take_files",
    "take_receipts",
    "write_bundle",
]
