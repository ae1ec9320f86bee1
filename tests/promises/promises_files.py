"""Python's side of the disk: ``os`` and ``open`` as the product calls them, written down, or failing."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from promises_disk import Sync, SyncDirectory, Truncate, Write
from promises_faults import Desk


@contextlib.contextmanager
def watched(desk: Desk) -> Iterator[None]:
    """While inside, calls upon paths of the desk's disk go through it; all others are as ever."""
    calls = _Calls(desk)
    names = (
        "open",
        "write",
        "fsync",
        "ftruncate",
        "replace",
        "rename",
        "link",
        "unlink",
        "remove",
        "mkdir",
        "close",
    )
    real = {name: getattr(os, name) for name in names}
    real_open = io.open
    for name in names:
        setattr(os, name, getattr(calls, name))
    io.open = calls.io_open  # type: ignore[assignment]
    try:
        yield
    finally:
        io.open = real_open
        for name, call in real.items():
            setattr(os, name, call)


class _Calls:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._real = {name: getattr(os, name) for name in dir(os)}
        self._open = io.open
        self._paths: dict[int, Path] = {}

    def open(self, path, flags, mode=0o777, **more):
        within = self._desk.within(path)
        if within is None:
            return self._real["open"](path, flags, mode, **more)
        self._desk.os("open" if flags & (os.O_CREAT | os.O_TRUNC) else "look", path)
        fresh = not os.path.lexists(path)
        handle = self._real["open"](path, flags, mode, **more)
        self._paths[handle] = Path(path)
        if flags & os.O_CREAT and fresh:
            self._desk.log.named(within.directory, (within.name, self._desk.log.new_file()))
        elif flags & os.O_TRUNC:
            self._desk.log.add(Truncate(self._desk.log.names[within.name], 0))
        return handle

    def close(self, handle):
        self._paths.pop(handle, None)
        return self._real["close"](handle)

    def write(self, handle, data):
        path = self._paths.get(handle)
        if path is None:
            return self._real["write"](handle, data)
        before = os.fstat(handle).st_size
        try:
            self._desk.os("write", path)
        except OSError:
            self._written(handle, path, bytes(data)[: len(data) // 2], before)
            raise
        return self._written(handle, path, bytes(data), before)

    def _written(self, handle, path, data, size):
        import fcntl

        appending = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_APPEND
        offset = size if appending else os.lseek(handle, 0, os.SEEK_CUR)
        written = self._real["write"](handle, data)
        if written:
            self._desk.log.add(Write(self._number(path), offset, data[:written]))
        return written

    def ftruncate(self, handle, size):
        path = self._paths.get(handle)
        if path is not None:
            self._desk.os("truncate", path)
            self._desk.log.add(Truncate(self._number(path), size))
        self._real["ftruncate"](handle, size)

    def fsync(self, handle):
        path = self._paths.get(handle)
        if path is None:
            self._real["fsync"](handle)
            return
        directory = stat.S_ISDIR(os.fstat(handle).st_mode)
        within = self._desk.within(path)
        try:
            self._desk.os("sync", path)
        except OSError:
            self._desk.log.add(
                SyncDirectory(within.name, well=False) if directory else Sync(self._number(path), well=False)
            )
            raise
        self._desk.log.add(SyncDirectory(within.name) if directory else Sync(self._number(path)))

    def replace(self, old, new, **more):
        was, becomes = self._desk.within(old), self._desk.within(new)
        if was is not None:
            self._desk.os("name", new)
        self._real["replace"](old, new, **more)
        if was is not None:
            number = self._desk.log.names[was.name]
            self._desk.log.named(becomes.directory, (becomes.name, number), (was.name, None))

    rename = replace

    def link(self, old, new, **more):
        was, becomes = self._desk.within(old), self._desk.within(new)
        if was is not None:
            self._desk.os("name", new)
        self._real["link"](old, new, **more)
        if was is not None:
            self._desk.log.named(becomes.directory, (becomes.name, self._desk.log.names[was.name]))

    def unlink(self, path, **more):
        within = self._desk.within(path)
        if within is not None and os.path.lexists(path):
            self._desk.os("delete", path)
        self._real["unlink"](path, **more)
        if within is not None:
            self._desk.log.named(within.directory, (within.name, None))

    remove = unlink

    def mkdir(self, path, *mode, **more):
        if self._desk.within(path) is not None:
            self._desk.os("name", path)
        self._real["mkdir"](path, *mode, **more)

    def io_open(
        self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, **more
    ):
        """Files to be written are built upon the calls above; those to be read only count their opening."""
        ours = file in self._paths if isinstance(file, int) else self._desk.within(file) is not None
        if not ours:
            return self._open(file, mode, buffering, encoding, errors, newline, closefd, **more)
        if not set(mode) & set("wax+"):
            if not isinstance(file, int):
                self._desk.os("look", file)
            return self._open(file, mode, buffering, encoding, errors, newline, closefd, **more)
        handle = file if isinstance(file, int) else os.open(file, _flags(mode), 0o666)
        raw = _Raw(self, handle)
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    def _number(self, path):
        return self._desk.log.names[self._desk.within(path).name]


class _Raw(io.RawIOBase):
    def __init__(self, calls: _Calls, handle: int) -> None:
        self._calls, self._handle = calls, handle

    def fileno(self):
        return self._handle

    def readable(self):
        return True

    writable = seekable = readable

    def readinto(self, buffer):
        data = os.read(self._handle, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        return self._calls.write(self._handle, bytes(data))

    def seek(self, offset, whence=0):
        return os.lseek(self._handle, offset, whence)

    def truncate(self, size=None):
        size = self.tell() if size is None else size
        self._calls.ftruncate(self._handle, size)
        return size

    def close(self):
        if not self.closed:
            # What is still in a buffer is written first, as the interpreter would.
            super().close()
            self._calls.close(self._handle)


def _flags(mode: str) -> int:
    if "w" in mode:
        flags = os.O_CREAT | os.O_TRUNC
    elif "x" in mode:
        flags = os.O_CREAT | os.O_EXCL
    else:
        flags = os.O_CREAT | os.O_APPEND if "a" in mode else 0
    return flags | os.O_CLOEXEC | (os.O_RDWR if "+" in mode else os.O_WRONLY)
