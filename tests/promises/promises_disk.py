"""What a disk may hold after a power cut: a pure model of POSIX files and names, fed by a log of operations.

Rules this file obeys:

* No I/O. A `Log` is written by whoever plays a file system (promises_vfs for SQLite, promises_files for
  Python); `states` tells what may be found after a cut behind each of its operations.
* A file's bytes are safe after its own sync, a name after the sync of its directory, and nothing else is
  (POSIX.1-2017 fsync). What was not synced may be there in any selection, whatever the order it was done in.
* A write may be torn at every multiple of 512 or of 4096 bytes of the file; a part that was lost reads as it
  read before, zeros where the file had not been so long. An aligned sector of 512 bytes is all there or not.
* Renaming is atomic: the new name means the old file or the new one, never none.
* What a failed sync did not bring to the disk no later sync brings there either (the page is clean by then).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

SECTOR, PAGE = 512, 4096
EVERY_SELECTION_UP_TO = 6
"""So many unsynced operations are tried in every selection (64); of more, those that `selections` names."""


@dataclass(frozen=True)
class Write:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    file: int
    size: int


@dataclass(frozen=True)
class Names:
    """Entries of one directory that change together: a file's number, or None for a name that goes."""

    directory: str
    changes: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Sync:
    file: int
    well: bool = True


@dataclass(frozen=True)
class SyncDirectory:
    directory: str
    well: bool = True


@dataclass(frozen=True)
class Told:
    """Not an operation: at this moment somebody was told ``fact``, and it is promised from here on."""

    fact: object


Pending = Write | Truncate | Names
Event = Pending | Sync | SyncDirectory | Told
State = dict[str, bytes]
"""Path → bytes, relative to the root of the disk."""


@dataclass
class Log:
    """The operations in the order in which they were done."""

    events: list[Event] = field(default_factory=list)
    _files: Iterator[int] = field(default_factory=itertools.count)
    names: dict[str, int] = field(default_factory=dict)

    def begin(self, state: State) -> None:
        """What lies on the disk already, safely."""
        for name, data in state.items():
            file = self.new_file()
            directory = str(PurePosixPath(name).parent)
            self.add(Write(file, 0, data))
            self.add(Sync(file))
            self.named(directory, (name, file))
            self.add(SyncDirectory(directory))

    def new_file(self) -> int:
        return next(self._files)

    def add(self, event: Event) -> None:
        self.events.append(event)

    def told(self, fact: object) -> None:
        self.events.append(Told(fact))

    def named(self, directory: str, *changes: tuple[str, int | None]) -> None:
        """Notes the change and knows the names from here on."""
        for name, file in changes:
            if file is None:
                self.names.pop(name, None)
            else:
                self.names[name] = file
        self.add(Names(directory, changes))


@dataclass
class Platter:
    """What is safe, and what is not yet."""

    bytes_of: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)

    def take(self, event: Event) -> None:
        match event:
            case Sync(file=file, well=well):
                mine = self._take(lambda each: not isinstance(each, Names) and each.file == file)
                for each in mine if well else ():
                    _apply(self.bytes_of, each)
            case SyncDirectory(directory=directory, well=well):
                if well:
                    for each in self._take(lambda e: isinstance(e, Names) and e.directory == directory):
                        _rename(self.names, each)
            case Told():
                return
            case _:
                self.pending.append(event)

    def _take(self, wanted: Callable[[Pending], bool]) -> list[Pending]:
        mine = [each for each in self.pending if wanted(each)]
        self.pending = [each for each in self.pending if not wanted(each)]
        return mine

    def after(self, kept: tuple[Pending, ...]) -> State:
        """The files that a cut leaves, if of the unsynced operations just these reached the disk."""
        bytes_of, names = dict(self.bytes_of), dict(self.names)
        for each in kept:
            if isinstance(each, Names):
                _rename(names, each)
            else:
                _apply(bytes_of, each)
        return {name: bytes_of.get(file, b"") for name, file in names.items()}


def states(log: Log, *, every: bool) -> Iterator[tuple[int, State]]:
    """For a cut after each operation: (number of events before it, what may be found), each state once.

    ``every``: all selections and tears of the module's rules; else none, all, every second one, and the
    last write torn.
    """
    platter = Platter()
    told, seen = 0, set()
    for number, event in enumerate(log.events, 1):
        platter.take(event)
        if isinstance(event, Told):
            told += 1
        for kept in selections(platter.pending, every=every):
            state = platter.after(kept)
            mark = (told, hash(frozenset(state.items())))
            if mark not in seen:
                seen.add(mark)
                yield number, state


def selections(pending: list[Pending], *, every: bool) -> Iterator[tuple[Pending, ...]]:
    """Which of the unsynced operations reached the disk: none, all, one, all but one, the first or last so
    many, every second one; every selection of few; and each write torn, with all others or none."""
    whole = tuple(pending)
    yield ()
    yield whole
    yield whole[::2]
    yield whole[1::2]
    torn = [each for each in whole if isinstance(each, Write)]
    for write in torn if every else torn[-1:]:
        at = whole.index(write)
        for part in tears(write, every=every):
            yield (part,)
            yield (*whole[:at], part, *whole[at + 1 :])
            yield (*whole[:at], part)
    if not every:
        return
    for k in range(len(whole)):
        yield whole[:k]
        yield whole[k:]
        yield whole[k : k + 1]
        yield whole[:k] + whole[k + 1 :]
    if len(whole) <= EVERY_SELECTION_UP_TO:
        for size in range(2, len(whole)):
            yield from itertools.combinations(whole, size)


def tears(write: Write, *, every: bool) -> Iterator[Write]:
    """The write's beginning or end up to a boundary of a sector or page: the first, middle and last one."""
    end = write.offset + len(write.data)
    for size in (SECTOR, PAGE):
        cuts = list(range((write.offset // size + 1) * size, end, size))
        chosen = {cuts[0], cuts[len(cuts) // 2], cuts[-1]} if cuts else set()
        for cut in sorted(chosen) if every else sorted(chosen)[:1]:
            yield Write(write.file, write.offset, write.data[: cut - write.offset])
            yield Write(write.file, cut, write.data[cut - write.offset :])


def _apply(bytes_of: dict[int, bytes], change: Write | Truncate) -> None:
    before = bytes_of.get(change.file, b"")
    if isinstance(change, Truncate):
        bytes_of[change.file] = before[: change.size].ljust(change.size, b"\0")
        return
    end = change.offset + len(change.data)
    grown = before.ljust(change.offset, b"\0")
    bytes_of[change.file] = grown[: change.offset] + change.data + grown[end:]


def _rename(names: dict[str, int], change: Names) -> None:
    for name, file in change.changes:
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file
