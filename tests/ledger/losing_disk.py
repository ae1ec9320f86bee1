"""A disk that loses what was not synced when the power is cut.

A SQLite VFS over the real one: each write remembers what it overwrote until the file's next sync. A
scheduled cut lets the chosen operation and all after it fail; `Disk.after_the_cut` then undoes what was
not synced: all of it, or every second write, as a disk that reorders would leave it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import apsw


@dataclass
class Disk:
    """``cut_at``: number of the operation at which the power goes; None lets it run."""

    cut_at: int | None = None
    operations: int = 0
    unsynced: dict[str, list[tuple[int, bytes, int]]] = field(default_factory=dict)

    def operate(self) -> None:
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            raise apsw.IOError("power cut")

    def after_the_cut(self, file: Path, target: Path, *, every_second: bool) -> None:
        """Puts into ``target`` what the disk holds of ``file`` once the power is back."""
        content = bytearray(file.read_bytes())
        for number, (offset, before, size) in reversed(list(enumerate(self.unsynced.get(str(file), [])))):
            if not (every_second and number % 2):
                content[offset : offset + size] = before.ljust(size, b"\0")
        target.write_bytes(content)


class LosingFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name, flags):
        super().__init__("", name, flags)
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else name

    def xWrite(self, data, offset):
        self._disk.operate()
        size = super().xFileSize()
        before = super().xRead(min(len(data), max(0, size - offset)), offset) if offset < size else b""
        self._disk.unsynced.setdefault(self._name, []).append((offset, before, len(data)))
        super().xWrite(data, offset)

    def xSync(self, flags):
        self._disk.operate()
        super().xSync(flags)
        self._disk.unsynced.pop(self._name, None)

    def xTruncate(self, size):
        self._disk.operate()
        super().xTruncate(size)


_names = itertools.count()


class LosingVfs(apsw.VFS):
    def __init__(self, disk: Disk):
        self.vfs_name = f"losing-{next(_names)}"
        self._disk = disk
        super().__init__(self.vfs_name, "")

    def xOpen(self, name, flags):
        return LosingFile(self._disk, name, flags)
