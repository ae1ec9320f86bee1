"""The record by hand: what waits goes onto a USB stick, and the county's receipts come back on it.

Rules this file obeys:

* The stick is hostile, and pulled out at any moment: see `firmware_app.ledger.bundle`. The core never sees
  it; it hands out its own entries and verifies every receipt as one from the network.
* Writing twice replaces the bundle by a later one; taking receipts twice changes nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from firmware_app import durable
from firmware_app.errors import SteelyardError
from firmware_app.ledger.bundle import BadBundle, bundle_name, claimed_manifest, read_receipts, receipts_name
from firmware_app.ledger.entry import unverified_payload
from firmware_app.ledger.errors import BadFormat
from firmware_app.ledger.receipt import receipt_typ
from firmware_app.service import messages

PAGE = 200


class Core(Protocol):
    """The core as `service.client.CoreClient` reaches it."""

    def ask(self, command: messages.Command) -> messages.Reply: ...


class StickFailed(SteelyardError):
    """The stick cannot be written or read; the record is as it was. ``full``: for want of room."""

    def __init__(self, words: str, *, full: bool = False) -> None:
        super().__init__(words)
        self.full = full


class NotTaken(SteelyardError):
    """The core would not do it; the message has its words."""


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


def write_bundle(core: Core, directory: Path, progress: Callable[[int, int], None] | None = None) -> Written:
    """Writes all that waits for a receipt; ``progress`` is told how many of how many.

    Raises StickFailed, NotTaken, CoreSilent.
    """
    received = _entries(core, 0, 1).received
    reply = core.ask(messages.SignBundle())
    if not isinstance(reply, messages.Bundle):
        raise NotTaken(_words(reply))
    manifest = claimed_manifest(reply.manifest)
    path = directory / bundle_name(manifest.device)
    try:
        with durable.writing(path) as file:
            file.write(reply.manifest.encode() + b"\n")
            after = manifest.first - 1
            while after < manifest.last:
                page = _entries(core, after, min(PAGE, manifest.last - after)).jws
                if not page:
                    raise NotTaken(f"the core hands out no entry after {after}")
                file.write("".join(f"{line}\n" for line in page).encode())
                after += len(page)
                if progress is not None:
                    progress(after - manifest.first + 1, manifest.last - manifest.first + 1)
    except OSError as error:
        raise _stick_failed(directory, error) from error
    new = manifest.last - max(received, manifest.first - 1)
    return Written(file=str(path), device=manifest.device, first=manifest.first, last=manifest.last, new=new)


def take_receipts(core: Core, directory: Path) -> Taken:
    """Hands the receipts on a stick to the core, which verifies and keeps them.

    Raises StickFailed, BadBundle, NotTaken, CoreSilent.
    """
    first = _entries(core, 0, 1)
    if not first.jws:
        raise NotTaken("the core hands out no entry")
    device = unverified_payload(first.jws[0]).device
    try:
        lines = read_receipts(directory, device)
    except FileNotFoundError as error:
        raise StickFailed(
            f"{directory}: no receipts for {device} here ({receipts_name(device)}): was the bundle imported"
            " at the county?"
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
            raise NotTaken(_words(reply))
    return Taken(device=device, before=first.received, received=_entries(core, 0, 1).received)


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
        raise NotTaken(_words(reply))
    return reply


def _words(reply: messages.Reply) -> str:
    return f"{reply.words} ({reply.code})" if isinstance(reply, messages.Refused) else "no answer of the core"


def _stick_failed(directory: Path, error: OSError) -> StickFailed:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StickFailed(
            f"{directory}: the stick is full; what was on it is as it was. Take another or make room",
            full=True,
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StickFailed(f"{directory}: the stick cannot be written: is its lock switch on?")
    if error.errno == errno.ELOOP:
        return StickFailed(f"{directory}: a link lies there in place of a file; it was not followed")
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return StickFailed(f"{directory}: the stick is gone or broken ({error.strerror}); put it in again")
    return StickFailed(f"{directory}: {error.strerror}")


__all__ = ["BadBundle", "NotTaken", "StickFailed", "Taken", "Written", "take_receipts", "write_bundle"]
