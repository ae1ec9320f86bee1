"""Keeps the last zero of the pan on disk, and compares it with the first one after a power-up.

Rules this file obeys:

* The file is written whole or not at all, at most every ten minutes; a file that cannot be read or written
  costs the comparison and nothing else.
* The comparison is made once, with the first zero of this run, and stands until the next one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from firmware_app import durable
from firmware_app.weighing.calibration import Calibration
from firmware_app.weighing.last_zero import LastZero, ZeroShift, shift

NAME = "last_zero.json"
EVERY_NS = 600_000_000_000
MAX_BYTES = 1000


class ZeroBook:
    """The last zero of one pan; ``now`` gives RFC 3339, ``shift`` None until there are two to compare."""

    def __init__(self, data_dir: Path, calibration: Calibration, now: Callable[[], str]) -> None:
        self._path = data_dir / NAME
        self._calibration = calibration
        self._now = now
        self._last = self._read()
        self._written_ns: int | None = None
        self._kept: float | None = None
        self.shift: ZeroShift | None = None

    def take(self, counts: float | None, now_ns: int) -> None:
        """The zero in use now; None while there is none."""
        if counts is None:
            return
        if self._written_ns is None:
            if self._last is not None:
                self.shift = shift(counts, self._last, self._calibration)
        elif counts == self._kept or now_ns - self._written_ns < EVERY_NS:
            return
        self._written_ns, self._kept = now_ns, counts
        # A full disk is told elsewhere; the comparison of the next start is all that is lost here.
        with contextlib.suppress(OSError):
            zero = LastZero(counts, self._now(), self._calibration.id)
            durable.write(self._path, msgspec.json.encode(zero))

    def _read(self) -> LastZero | None:
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(MAX_BYTES), type=LastZero)
        except (OSError, msgspec.DecodeError):
            return None
