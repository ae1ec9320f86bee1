"""Which USB sticks are in: what is mounted straight below one directory, and nothing else.

Rules this file obeys:

* A directory that nothing is mounted on is no stick: written to, the appliance's own disk would have it, and
  somebody would carry an empty stick to the county.
* No link is followed, no more than so many names are looked at, and what goes away while it is looked at is
  not there.
"""

from __future__ import annotations

import os
import stat
from itertools import islice
from pathlib import Path

import msgspec

MOST_NAMES = 64
"""Of the directory of mounts, which is the appliance's own: more are somebody's mistake."""


class Stick(msgspec.Struct, frozen=True):
    """A stick that is in. ``mount``: number of the file system, by which another stick is known."""

    path: Path
    mount: int


class Sticks:
    """``directory``: below it sticks are mounted, each on a directory of its own.

    ``simulated``: a plain directory below counts as a stick, for demonstrations and tests.
    """

    def __init__(self, directory: Path, *, simulated: bool = False) -> None:
        self._directory = directory
        self._simulated = simulated

    def found(self) -> tuple[Stick, ...]:
        """The sticks that are in now, by name; none where the directory is not there."""
        try:
            own = os.lstat(self._directory)
            with os.scandir(self._directory) as names:
                found = [self._stick(Path(each.path), own.st_dev) for each in islice(names, MOST_NAMES)]
        except OSError:
            return ()
        return tuple(sorted((each for each in found if each is not None), key=lambda each: each.path))

    def _stick(self, path: Path, own: int) -> Stick | None:
        try:
            found = os.lstat(path)
        except OSError:
            return None
        if not stat.S_ISDIR(found.st_mode):
            return None
        mounted = found.st_dev != own
        return Stick(path, found.st_dev) if mounted or self._simulated else None

    def there(self, stick: Stick) -> bool:
        """Whether that very stick is still in."""
        return stick in self.found()
