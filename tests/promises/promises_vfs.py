"""SQLite's side of the disk: an apsw VFS over the real one that writes down what is done, or fails.

It behaves as SQLite's own unix VFS in what matters here: the directory of a journal or log is synced with the
file's first sync, and a deletion is synced where SQLite asks for it (sqlite/src/os_unix.c, unixSync,
unixDelete). Asking a file's size never fails: it is in memory, and SQLite ignores it where apsw would not.
The shared index beside a log is no part of the record and is not written down.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import apsw
from promises_disk import Sync, SyncDirectory, Truncate, Write
from promises_faults import Desk

_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
_numbers = itertools.count()


class Vfs(apsw.VFS):
    """The default VFS while it lives: what the product opens goes through it, until `unregister`."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        super().__init__(f"promises-{next(_numbers)}", "unix", makedefault=True)

    def xOpen(self, name, flags):
        self.desk.sql("open")
        return _File(self.desk, name, flags)

    def xDelete(self, name, sync):
        self.desk.sql("delete")
        super().xDelete(name, sync)
        within = self.desk.within(name)
        if within is not None:
            self.desk.log.named(within.directory, (within.name, None))
            if sync:
                self.desk.log.add(SyncDirectory(within.directory))

    def xAccess(self, name, flags):
        self.desk.sql("access")
        return super().xAccess(name, flags)

    def xFullPathname(self, name):
        return super().xFullPathname(name)


class _File(apsw.VFSFile):
    def __init__(self, desk, name, flags):
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self._desk = desk
        self._within = desk.within(path)
        fresh = not path.exists()
        super().__init__("unix", name, flags)
        self._sync_directory = bool(flags[0] & _JOURNALS) and bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        if self._within is not None and fresh and path.exists():
            desk.log.named(self._within.directory, (self._within.name, desk.log.new_file()))

    def xRead(self, amount, offset):
        self._desk.sql("read")
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):
        failing = self._desk.fails("write")
        if failing is not None:
            # The part that still found room.
            data = bytes(data)[: len(data) // 2]
        if data:
            super().xWrite(data, offset)
            if self._within is not None:
                self._desk.log.add(Write(self._number, offset, bytes(data)))
        if failing is not None:
            raise failing

    def xTruncate(self, size):
        self._desk.sql("truncate")
        super().xTruncate(size)
        if self._within is not None:
            self._desk.log.add(Truncate(self._number, size))

    def xSync(self, flags):
        failing = self._desk.fails("sync")
        if failing is None:
            super().xSync(flags)
        if self._within is None:
            return
        self._desk.log.add(Sync(self._number, well=failing is None))
        if failing is not None:
            raise failing
        if self._sync_directory:
            self._sync_directory = False
            self._desk.log.add(SyncDirectory(self._within.directory))

    def xLock(self, level):
        self._desk.sql("lock")
        super().xLock(level)

    @property
    def _number(self):
        return self._desk.log.names[self._within.name]
