"""Files that survive a power cut: the one place that puts a file of the appliance on the disk.

Rules this file obeys:

* When a function returns, the disk has it: the bytes by ``fsync`` of the file, the name by ``fsync`` of its
  directory (POSIX promises the one without the other; see fsync(2)).
* Under its name a file is the old one or the new one, whole, never a mixture and never empty.
* Whatever fails leaves the old file and no other; whatever a power cut leaves behind is cleared by the next
  writer, and can never be in its way: a machine that always starts alike comes back with the same process id.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def write(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Puts ``data`` in place of what the file held. ``mode``: less the umask. Raises OSError."""
    with writing(path, mode) as file:
        file.write(data)


@contextmanager
def writing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of ``path`` once the block is left well; raises OSError."""
    with _part(path, mode) as part:
        with part.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    sync_directory(path.parent)


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Puts a file where there is none; raises FileExistsError where there is one, and OSError."""
    with _part(path, mode) as part:
        with part.open("r+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the name is taken: of two processes one has made the file, and knows it.
        os.link(part, path)
    sync_directory(path.parent)


def append(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Puts ``data`` behind what the file holds, made where there is none; raises OSError.

    A power cut or failure within may leave any part of ``data`` there: the reader must know an end that is
    torn.
    """
    handle = os.open(path, _APPEND, mode)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    # Always: whoever made the file may have been killed before its name was on the disk.
    sync_directory(path.parent)


def make_directory(path: Path, mode: int = 0o777) -> None:
    """Makes a directory, and those above it, where there is none; raises OSError."""
    if not path.parent.is_dir():
        make_directory(path.parent, mode)
    path.mkdir(mode, exist_ok=True)
    # One above it that may not be read was not made here.
    with contextlib.suppress(PermissionError):
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory survive a power cut; raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear_parts(path: Path) -> None:
    """Takes away what writers of this file that are dead have left beside it."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        number = left.name.removeprefix(f".{path.name}.").removesuffix(".part")
        if number.isdecimal() and not _lives(int(number)):
            with contextlib.suppress(OSError):
                left.unlink()


@contextmanager
def _part(path: Path, mode: int) -> Iterator[Path]:
    """An empty file beside ``path`` that is gone afterwards, if it was not renamed."""
    clear_parts(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    os.close(os.open(part, _NEW, mode))
    try:
        yield part
    finally:
        # What stands in the way of the next writer is his to clear; here the failure itself is told.
        with contextlib.suppress(OSError):
            part.unlink()


def _lives(process: int) -> bool:
    """Whether another process of that number runs; one's own number was a dead one's."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
