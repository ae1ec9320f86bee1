"""The desk between the product and its disk: which paths are watched, and which call fails with what.

Rules this file obeys:

* Every call of SQLite or Python on a watched path is counted; the fault hits calls by their number.
* A fault is one errno: ENOSPC and EROFS hit what writes, EIO hits every call.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import apsw
from promises_disk import Log

WRITING = {"write", "sync", "truncate", "open", "delete", "name", "lock"}
_SQLITE = {errno.ENOSPC: apsw.FullError, errno.EROFS: apsw.ReadOnlyError, errno.EIO: apsw.IOError}


class Within(NamedTuple):
    """A watched path: its directory and name, both relative to the root."""

    directory: str
    name: str


@dataclass
class Desk:
    """``fault``: errno with which calls fail; ``first``, ``last``: the calls that do, by number from 1."""

    root: Path
    log: Log = field(default_factory=Log)
    fault: int = 0
    first: int = 0
    last: int = 0
    calls: int = 0
    hits: int = 0

    def within(self, path) -> Within | None:
        """Where a path stands on this disk; None for another disk, and for what is no part of the record."""
        full = Path(os.path.abspath(path))  # noqa: PTH100 - nothing is resolved on a disk that may fail
        if not full.is_relative_to(self.root) or full.name.endswith("-shm"):
            return None
        name = full.relative_to(self.root)
        return Within(str(name.parent), str(name))

    def fails(self, call: str) -> Exception | None:
        """Counts the call; the error it fails with, as SQLite's VFS tells it."""
        number = self._count(call)
        return None if number is None else _SQLITE[number](os.strerror(number))

    def sql(self, call: str) -> None:
        """Counts a call of SQLite's that fails without having done anything."""
        failing = self.fails(call)
        if failing is not None:
            raise failing

    def os(self, call: str, path) -> None:
        """Counts a call of Python's that fails without having done anything."""
        number = self._count(call)
        if number is not None:
            raise OSError(number, os.strerror(number), str(path))

    def _count(self, call: str) -> int | None:
        self.calls += 1
        if not self.fault or not self.first <= self.calls <= self.last:
            return None
        if self.fault != errno.EIO and call not in WRITING:
            return None
        self.hits += 1
        return self.fault
