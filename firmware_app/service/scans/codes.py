"""The scanner: a thread that reads it, and what was read since the core looked last.

The thread does nothing but read: what a code means is decided where the core asks for it.
"""

from __future__ import annotations

import queue
import threading

from hardware.scanner_contract import LineState, Refused, Scan, Scanner

READ_S = 0.1
QUEUE_CODES = 16
"""Bounded: three seconds of what a driver lets through; what comes on top can be scanned again."""


class Codes:
    """One scanner, read in a thread of its own until closed."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._codes: queue.Queue[Scan | Refused] = queue.Queue(QUEUE_CODES)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, name="scanner", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> bool:
        """Whether the scanner is not there, or nobody reads it any more."""
        return self._scanner.state is not LineState.OPEN or not self._thread.is_alive()

    def take(self) -> list[Scan | Refused]:
        """What was read since the last call."""
        found = []
        while True:
            try:
                found.append(self._codes.get_nowait())
            except queue.Empty:
                return found

    def _read(self) -> None:
        while not self._closing.is_set():
            for code in self._scanner.read(READ_S):
                if not self._codes.full():
                    self._codes.put(code)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(timeout=2)
        self._scanner.close()
