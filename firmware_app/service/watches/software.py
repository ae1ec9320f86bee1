"""The watch over the program itself: measured at the start and daily; a falsified one judges nothing.

Rules this file obeys:

* Three hashes must agree: what runs (measured as it started), what lies on the disk now, and what was
  installed, where the installation left its record (OIML D 31:2023 6.2.6.1).
* A change is an entry whoever made it; what is falsified is recorded first and then obeyed.
* It measures sources and packs, not Python's own compiled copies of them: those lie on the read-only root.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from firmware_app.ledger.errors import StoreFailed
from firmware_app.ledger.store import Ledger

CHANGED, FALSIFIED = "software_changed", "software_falsified"
"""Kinds of the entries."""
RECORD = "software.sha256"
"""Beside the configuration: the hash that the installation measured, one line."""
EVERY_NS = 24 * 3600 * 10**9
WORDS = "the program on this appliance is not the one that was installed; it judges nothing"
"""For programs and logs; people read the kiosk's own words."""
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
UNREADABLE = "unreadable"


class Change(msgspec.Struct, frozen=True):
    """Body of ``software_changed``: the identity in the entries before, and the one from here on."""

    old: str
    new: str


class Falsified(msgspec.Struct, frozen=True):
    """Body of ``software_falsified``. ``running``: as it started; ``found``: on the disk; ``installed``: as
    the installation recorded it, empty where it left no record, ``unreadable`` where that is none."""

    running: str
    found: str
    installed: str


class SoftwareWatch:
    """``running``: the identity that entries carry; ``measure``: the disk now; ``record``: see RECORD."""

    def __init__(self, ledger: Ledger, running: str, measure: Callable[[], str], record: Path) -> None:
        self._ledger = ledger
        self._running = running
        self._measure = measure
        self._record = record
        self._next_ns: int | None = None
        self.falsified: Falsified | None = None

    @property
    def code(self) -> str:
        """Why nothing may be judged, empty where the program is what it should be."""
        return "" if self.falsified is None else FALSIFIED

    def start(self, now_ns: int) -> None:
        """Records a change since the last run, and measures; raises StoreFailed."""
        last = self._ledger.entry(self._ledger.head_seq)
        if last is not None and last.payload.software != self._running:
            self._ledger.append(CHANGED, Change(last.payload.software, self._running))
        self.turn(now_ns)

    def turn(self, now_ns: int) -> bool:
        """Measures once a day, in tens of milliseconds; True where it has just found it falsified."""
        if self._next_ns is not None and now_ns < self._next_ns:
            return False
        self._next_ns = now_ns + EVERY_NS
        found, installed = self._measured(), installed_hash(self._record)
        if found == self._running and installed in ("", found):
            self.falsified = None
            return False
        told = Falsified(running=self._running, found=found, installed=installed)
        if told == self.falsified:
            return False
        self.falsified = told
        # On a full disk nothing is judged either; tomorrow it is found and recorded again.
        with contextlib.suppress(StoreFailed):
            self._ledger.append(FALSIFIED, told)
        return True

    def _measured(self) -> str:
        try:
            return self._measure()
        except OSError:
            return UNREADABLE


def installed_hash(record: Path) -> str:
    """What the installation recorded, empty where there is nothing, ``unreadable`` where that is no hash."""
    try:
        with record.open("rb") as file:
            text = file.read(256).decode("ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        return UNREADABLE
    return text if _HASH.fullmatch(text) else UNREADABLE
