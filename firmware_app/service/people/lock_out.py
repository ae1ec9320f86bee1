"""How often a PIN may be guessed: counted on the disk before it is looked at, and waited for in running time.

::

    DATA/sign-in-counts.json     mode 0600

Rules this file obeys:

* A try is counted as a failure, on the disk, before the PIN is checked; a right PIN takes the count back. A
  power cut within cannot make a try uncounted.
* A wait runs by the monotonic clock of this process and no other: setting the clock changes nothing. What
  is left of it is kept once a minute, so a restart or power cut makes it longer by up to a minute, and never
  shorter.
* The first wait comes with the fifth failure in a row and is a minute; each further failure doubles it up to
  256 minutes. Whoever never stops has about 2,000 tries a year at one number.
* A number that nobody has is counted too, in one of 64 places by a keyed hash: the file stays small, and what
  was typed (perhaps a PIN in the wrong field) cannot be read back from it.
* Failures at many numbers slow everybody down: after twenty without a success each costs half a minute.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_app import durable

NAME = "sign-in-counts.json"
MODE = 0o600
MAX_FILE = 1 << 20
FREE = 5
"""The failure in a row with which waiting begins."""
FIRST_S = 60
LONGEST_S = 256 * 60
FREE_OF_ALL = 20
PAUSE_OF_ALL_S = 30
PLACES = 64
KEEP_NS = 60_000_000_000
DAMAGED_S = 3600
"""A file of counts that cannot be read locks everybody for so long: nobody gains by spoiling it."""
ALL = "*"

Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Failures since the last success, and what was left of the wait when it was kept."""

    failures: Annotated[int, Meta(ge=0)] = 0
    left_s: Seconds = 0.0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    counts: dict[str, Count]


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row at one number."""
    return 0 if failures < FREE else min(LONGEST_S, FIRST_S << min(failures - FREE, 16))


class LockOut:
    """The counts of one appliance; ``now_ns`` is monotonic."""

    def __init__(self, data_dir: Path, now_ns: int) -> None:
        self._path = data_dir / NAME
        self._kept_ns = now_ns
        self.damaged = False
        read = self._read()
        self._key = read.key
        self._failures = {name: each.failures for name, each in read.counts.items()}
        self._until_ns = {name: now_ns + _ns(each.left_s) for name, each in read.counts.items()}

    def _read(self) -> _File:
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_FILE + 1)
            return msgspec.json.decode(data, type=_File)
        except FileNotFoundError:
            return _File(secrets.token_hex(32), {})
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self.damaged = True
            return _File(secrets.token_hex(32), {ALL: Count(FREE_OF_ALL, DAMAGED_S)})

    def wait_s(self, number: str, now_ns: int, *, known: bool) -> int:
        """Whole seconds until a try at this number is taken; 0 where one is now."""
        until = max(self._until_ns.get(ALL, 0), self._until_ns.get(self._place(number, known=known), 0))
        return max(0, math.ceil((until - now_ns) / 1e9))

    def failures(self, number: str, *, known: bool) -> int:
        """Failures in a row at this number."""
        return self._failures.get(self._place(number, known=known), 0)

    def left(self, number: str, *, known: bool) -> int:
        """Tries before the next wait, once there is none now."""
        return max(1, FREE - self.failures(number, known=known))

    def count(self, number: str, now_ns: int, *, known: bool) -> None:
        """One try, as a failure until it is known to be none; on disk when this returns. Raises OSError."""
        place = self._place(number, known=known)
        before = dict(self._failures), dict(self._until_ns)
        for name in (place, ALL):
            self._failures[name] = self._failures.get(name, 0) + 1
        self._until_ns[place] = now_ns + _ns(wait_after(self._failures[place]))
        pause = PAUSE_OF_ALL_S if self._failures[ALL] >= FREE_OF_ALL else 0
        self._until_ns[ALL] = max(self._until_ns.get(ALL, 0), now_ns + _ns(pause))
        try:
            self._keep(now_ns)
        except OSError:
            self._failures, self._until_ns = before
            raise

    def clear(self, number: str, now_ns: int) -> None:
        """A right PIN at a registered number: its count is over, and that of all; raises OSError."""
        for name in (number, ALL):
            self._failures.pop(name, None)
            self._until_ns.pop(name, None)
        self._keep(now_ns)

    def forgive(self, number: str, now_ns: int) -> None:
        """A keeper lets a registered number try again; raises OSError."""
        self._failures.pop(number, None)
        self._until_ns.pop(number, None)
        self._keep(now_ns)

    def turn(self, now_ns: int) -> None:
        """Once a minute keeps how far the waits have run; raises OSError."""
        if now_ns - self._kept_ns >= KEEP_NS:
            waiting = any(until > self._kept_ns for until in self._until_ns.values())
            self._kept_ns = now_ns
            if waiting:
                self._keep(now_ns)

    def _keep(self, now_ns: int) -> None:
        counts = {
            name: Count(failures, max(0.0, (self._until_ns.get(name, 0) - now_ns) / 1e9))
            for name, failures in self._failures.items()
        }
        durable.write(self._path, msgspec.json.encode(_File(self._key, counts)), MODE)
        self._kept_ns = now_ns

    def _place(self, number: str, *, known: bool) -> str:
        if known:
            return number
        digest = hmac.digest(bytes.fromhex(self._key), number.encode(errors="replace"), hashlib.sha256)
        return f"unknown-{digest[0] % PLACES}"


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
