"""The data directory: where the ledger, its key and the county's card lie.

::

    DATA/ledger.db      the ledger, with ledger.db-wal and ledger.db-shm beside it
    DATA/ledger.lock    held by the one process that writes
    DATA/device.key     the device's private key, mode 0600
    DATA/county.json    the county that was joined, for the uploader; the truth is in the chain

Rules this file obeys:

* One writer: whoever opens for writing holds the lock until it closes or dies.
* A ledger without its key, or a key of another ledger, is refused and never replaced.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from firmware_app import durable
from firmware_app.ledger.clock import Clock
from firmware_app.ledger.county.contract import County
from firmware_app.ledger.database import failures_named
from firmware_app.ledger.errors import BadFormat, KeyFileError, LedgerInUse, NotEnrolled
from firmware_app.ledger.reader import LedgerReader
from firmware_app.ledger.signing.signer import Signer, create_key, open_key
from firmware_app.ledger.signing.signers import SignerKind, open_signer
from firmware_app.ledger.store import Ledger

LEDGER, LOCK, KEY, COUNTY = "ledger.db", "ledger.lock", "device.key", "county.json"
MAX_COUNTY_FILE = 8192


class HomeLedger(Ledger):
    """The ledger of a data directory, with its lock."""

    _lock: int = -1

    def __enter__(self) -> HomeLedger:
        return self

    def close(self) -> None:
        super().close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def open_ledger(
    data_dir: Path, *, clock: Clock, software: str, device: str | None = None, signer: Signer | None = None
) -> HomeLedger:
    """The ledger of a data directory, for its one writer; made with its key where there is none.

    ``device``: id of a new ledger (made from its key if None); that of an old one must agree.
    ``signer``: a key that is not a file. Raises LedgerInUse, KeyFileError,
    StoreFailed, NewerLedger, WrongKey, BadFormat.
    """
    with failures_named(data_dir):
        durable.make_directory(data_dir, 0o750)
    lock = _lock(data_dir / LOCK)
    try:
        path = data_dir / LEDGER
        key = signer or _key(data_dir)
        ledger = HomeLedger.create_or_open(path, signer=key, clock=clock, software=software, device=device)
        ledger._lock = lock
    except BaseException:
        os.close(lock)
        raise
    try:
        with failures_named(data_dir):
            durable.sync_directory(data_dir)
    except BaseException:
        ledger.close()
        raise
    # The truth is in the chain; a disk that is full must not keep the appliance from starting.
    with contextlib.suppress(OSError):
        _refresh_card(data_dir, ledger.county)
    return ledger


def read_ledger(data_dir: Path) -> LedgerReader:
    """The ledger of a data directory, to look only, also while the core runs; raises as LedgerReader.open."""
    return LedgerReader.open(data_dir / LEDGER)


def read_county(data_dir: Path) -> County:
    """The county's card; raises NotEnrolled, BadFormat."""
    path = data_dir / COUNTY
    try:
        document = path.read_bytes()
    except FileNotFoundError as error:
        raise NotEnrolled(f"{path}: this device has not joined a county; see steelyard enrol") from error
    try:
        return msgspec.json.decode(document[:MAX_COUNTY_FILE], type=County)
    except msgspec.DecodeError as error:
        raise BadFormat(f"{path}: {error}") from error


def join_county(data_dir: Path, ledger: Ledger, county: County) -> None:
    """Records the enrolment in the chain, then puts the card beside it; nothing twice."""
    if ledger.county != county:
        ledger.append("enrolment", county)
    with failures_named(data_dir / COUNTY):
        _refresh_card(data_dir, county)


def _refresh_card(data_dir: Path, county: County | None) -> None:
    if county is None:
        return
    path, document = data_dir / COUNTY, msgspec.json.encode(county) + b"\n"
    if path.exists() and path.read_bytes() == document:
        return
    durable.write(path, document)


def device_signer(data_dir: Path, kind: SignerKind, options: Mapping[str, Any]) -> Signer | None:
    """The device's key in hardware, made where neither key nor ledger is; None for ``file``.

    Raises SignerUnavailable, SignerFailed, ValueError.
    """
    return open_signer(kind, options, create=not (data_dir / LEDGER).exists())


def _key(data_dir: Path) -> Signer:
    path = data_dir / KEY
    durable.clear_parts(path)
    if path.exists():
        return open_key(path)
    if (data_dir / LEDGER).exists():
        raise KeyFileError(
            f"{path}: missing, but there is a ledger that it signed; restore the key,"
            " or name the signer that holds it ([device] signer)"
        )
    return create_key(path)


def held(data_dir: Path) -> bool:
    """Whether a program writes this ledger now; where there is none, nobody does. Raises StoreFailed."""
    path = data_dir / LOCK
    if not path.exists():
        return False
    try:
        os.close(_lock(path))
    except LedgerInUse:
        return True
    return False


def _lock(path: Path) -> int:
    with failures_named(path):
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise LedgerInUse(
            f"{path}: another process (the core?) writes this ledger; stop it first, on the appliance"
            " with: systemctl stop steelyard-core"
        ) from error
    return lock
