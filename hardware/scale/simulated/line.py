"""A pty that behaves like a serial line: it can be plugged in and pulled out under a fixed path.

Rules this file obeys:

* The path is a link that appears and vanishes whole, as /dev/serial/by-id does.
* Bytes nobody reads are thrown away, as a UART does; the writer never blocks.
"""

from __future__ import annotations

import array
import fcntl
import os
import termios
import tty
from pathlib import Path

UNREAD_LIMIT = 512


class PtyLine:
    """The scale's end of the line; ``link`` is where the other end is found while it is plugged in."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        return self._ends is not None

    def fileno(self) -> int | None:
        """What to wait on for bytes from the host; None while unplugged."""
        return self._ends[0] if self._ends else None

    def plug(self) -> None:
        """Makes a new pty and links it; raises OSError."""
        if self._ends:
            return
        near, far = os.openpty()
        tty.setraw(far)
        os.set_blocking(near, False)
        fresh = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(far))
        fresh.replace(self._link)
        self._ends = near, far

    def unplug(self) -> None:
        """Removes link and pty: whoever has it open sees a hang-up."""
        ends, self._ends = self._ends, None
        if ends:
            self._link.unlink(missing_ok=True)
            for end in ends:
                os.close(end)

    def send(self, data: bytes) -> None:
        """Sends ``data`` if the line is plugged in."""
        if not self._ends or not data:
            return
        near, far = self._ends
        if _unread(far) > UNREAD_LIMIT:
            termios.tcflush(far, termios.TCIFLUSH)
        try:
            os.write(near, data)
        except BlockingIOError:
            return

    def receive(self) -> bytes:
        """What the host sent, empty when nothing did."""
        if not self._ends:
            return b""
        try:
            return os.read(self._ends[0], 256)
        except (BlockingIOError, InterruptedError):
            return b""


def _unread(far: int) -> int:
    count = array.array("i", [0])
    fcntl.ioctl(far, termios.FIONREAD, count)
    return count[0]
